"""The Airflow DAGs ``backup``, every night, and ``restore_drill``, every week: is what was backed up the warehouse? Both alert when they fail."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, task

from warehouse.upkeep.retries import DEFAULTS

with DAG(
    dag_id="backup",
    dag_display_name="每日备份 backup",
    description="Back up warehouse, log and landing",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("20 2 * * *", timezone="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["upkeep"],
):

    @task
    def make() -> dict[str, Any]:
        """A backup of now; merges wait while the warehouse is copied."""
        from warehouse import tasks

        return tasks.backup()

    make()

with DAG(
    dag_id="restore_drill",
    dag_display_name="恢复演练 restore_drill",
    description="Restore the last backup into a scratch root, replay landing since, compare with the warehouse",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("20 4 * * 0", timezone="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["upkeep"],
):

    @task
    def drill() -> dict[str, Any]:
        """Nothing is changed; raises when a restored warehouse would say anything else."""
        from warehouse import tasks

        return tasks.drill()

    drill()
