"""Children of the launcher that die: started again, given up, stopped; small real processes instead of Airflow's."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from connectors.errors import TerminalError
from warehouse.upkeep.components import Components, Patience

STEADY = "import time; print('begun', flush=True); time.sleep(60)"
FAILING = "import sys; print('database is locked'); sys.exit(3)"
# A scheduler with a task: the child leaves the group as Airflow's tasks do, and says where it is.
PARENT = (
    "import os, time\n"
    "if os.fork() == 0:\n    os.setpgid(0, 0)\n    print(os.getpid(), flush=True)\n"
    "time.sleep(60)"
)  # fmt: skip
QUICK = Patience(restarts=2, window=30, wait=0.05)

Start = Callable[..., Components]


def wait(condition: Callable[[], bool], components: Components | None = None) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        if components:
            components.revive()
        time.sleep(0.02)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def start(tmp_path: Path, said: list[str]) -> Iterator[Start]:
    started = []

    def begin(patience: Patience = QUICK, **programs: str) -> Components:
        commands = {name: [sys.executable, "-c", program] for name, program in programs.items()}
        components = Components(commands, os.environ, tmp_path / "logs", said.append, patience)
        started.append(components)
        components.start()
        return components

    yield begin
    for components in started:
        components.stop()


def test_a_killed_component_is_started_again_and_the_others_stay(start: Start, said: list[str]) -> None:
    components = start(api=STEADY, scheduler=STEADY)
    wait(lambda: components.log_path("scheduler").read_text() == "begun\n")
    api, scheduler = components.running["api"], components.running["scheduler"]
    scheduler.kill()
    wait(lambda: components.running["scheduler"] is not scheduler, components)
    assert components.running["api"] is api and api.poll() is None
    assert len(said) == 1 and "scheduler ended with SIGKILL: starting it again in 0.05 s (1 of 2)" in said[0]
    wait(lambda: components.log_path("scheduler").read_text() == "begun\nbegun\n")


def test_what_a_dead_component_left_behind_is_ended_first(start: Start) -> None:
    components = start(scheduler=PARENT)
    log = components.log_path("scheduler")
    wait(lambda: log.read_text().endswith("\n"))
    task = psutil.Process(int(log.read_text()))
    components.running["scheduler"].send_signal(signal.SIGKILL)
    wait(lambda: log.read_text().count("\n") == 2, components)
    assert not task.is_running() or task.status() == psutil.STATUS_ZOMBIE


def test_what_keeps_dying_is_given_up_with_the_place_of_its_log(start: Start, said: list[str]) -> None:
    components = start(api=STEADY, scheduler=FAILING)
    with pytest.raises(
        TerminalError, match="scheduler ended with exit code 3, 3 times within 0.5 min: given up"
    ) as gone:
        wait(lambda: False, components)
    log = components.log_path("scheduler")
    assert str(log) in str(gone.value)
    assert log.read_text().count("database is locked") == 3, "each death can be read in one log"
    assert [line.split("again in ")[1].split(" s")[0] for line in said] == ["0.05", "0.1"]


def test_deaths_long_ago_are_forgotten(start: Start, said: list[str]) -> None:
    components = start(Patience(restarts=1, window=0.2, wait=0.3), scheduler=FAILING)
    wait(lambda: len(said) == 3, components)
    assert all("in 0.3 s (1 of 1)" in line for line in said)


def test_a_stop_ends_all_with_their_tasks_also_while_one_waits_for_its_next_try(start: Start, said: list[str]) -> None:
    components = start(Patience(wait=60), api=STEADY, scheduler=PARENT, triggerer=FAILING)
    log = components.log_path("scheduler")
    wait(lambda: log.exists() and log.read_text().endswith("\n"))
    wait(lambda: len(said) == 1, components)
    family = [
        psutil.Process(int(log.read_text())),
        *(psutil.Process(components.running[name].pid) for name in ("api", "scheduler")),
    ]
    components.stop()
    assert components.running == {}
    wait(lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family))


def test_the_log_of_the_last_start_is_kept(start: Start) -> None:
    first = start(scheduler=STEADY)
    wait(lambda: first.log_path("scheduler").read_text() == "begun\n")
    first.stop()
    second = start(scheduler="print('second')")
    wait(lambda: second.log_path("scheduler").read_text() == "second\n")
    assert second.log_path("scheduler").with_suffix(".log.1").read_text() == "begun\n"
