"""One Airflow component as a child of the launcher: ``python -m warehouse.upkeep.component scheduler``.

The launcher starts components through this module and not through the ``airflow`` command for three reasons: they end
when the launcher is killed, the scheduler has Great Expectations imported before it forks its workers (5 s and 230 MB
per task otherwise), and ``prepare`` migrates the database and creates the pools in one process.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys

LAUNCHER = "FUPIN_LAUNCHER"
# What every task needs, imported once in the scheduler instead of once per task in its forks. Only what starts no
# thread may stand here (duckdb does), and none of our own modules: a correction of those shall reach the next task.
PRELOADED = (
    "great_expectations",
    "sqlglot",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.standard.decorators.python",
    "airflow.providers.common.io.assets.file",
    "airflow.dag_processing.bundles.local",
    "airflow.dag_processing.dagbag",
)
_PR_SET_PDEATHSIG = 1


def _end_with_launcher() -> None:
    """Ask Linux for SIGTERM when the launcher dies, however it dies; elsewhere the launcher's own stop has to do."""
    launcher = os.environ.pop(LAUNCHER, None)
    if launcher is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(launcher):  # it died before the line above
        sys.exit(1)


def prepare() -> None:
    """Bring Airflow's database to this version and create the pools; both may be repeated."""
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    from warehouse.upkeep.pools import POOLS

    initdb()
    for name, (slots, description) in POOLS.items():
        Pool.create_or_update_pool(name=name, slots=slots, description=description, include_deferred=False)


def _declare_dead() -> None:
    """Say that the scheduler before this one is gone, so that its tasks are scheduled anew at once.

    Airflow itself would find out when half a minute without a heartbeat has passed, and look for tasks without a scheduler
    only every five minutes. Schedulers of other machines on a shared database are none of our business.
    """
    from airflow.jobs.job import Job, JobState
    from airflow.utils.net import get_hostname
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        session.execute(
            update(Job)
            .where(Job.job_type == "SchedulerJob", Job.state == JobState.RUNNING, Job.hostname == get_hostname())
            .values(state=JobState.FAILED)
        )


def main() -> None:
    """Run the component named by the first argument, with Airflow's own options after it."""
    _end_with_launcher()
    name = sys.argv[1]
    if name == "prepare":
        prepare()
        return
    if name == "scheduler":
        # Great Expectations brings numpy, whose OpenBLAS would start its threads before the fork.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        for module in PRELOADED:
            importlib.import_module(module)
        _declare_dead()
    from airflow.__main__ import main as airflow

    sys.argv = ["airflow", *sys.argv[1:]]
    airflow()


if __name__ == "__main__":
    main()
