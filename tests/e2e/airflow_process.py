"""A running Airflow for end-to-end tests: the launcher itself, on a data root and a port of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from connectors.settings import ROOT
from tests.parsed import know_sql
from warehouse.upkeep.api import AirflowApi

START_SECONDS = 200.0
# Not 8080: a developer's own Airflow may run there.
FIRST_PORT = 21800


class RunningAirflow:
    """A launcher that has said it is up."""

    def __init__(self, process: subprocess.Popen[bytes], home: Path, output: Path) -> None:
        self.process = process
        self.home = home
        self.output = output
        state = json.loads((home / "run" / "up.json").read_text(encoding="utf-8"))
        self.url: str = state["url"]
        with environment(home):
            self.api = AirflowApi(self.url)
            self.api.get("/dags", limit=1)  # logs in while the environment names this data root

    def family(self) -> list[psutil.Process]:
        """The launcher and everything below it."""
        launcher = psutil.Process(self.process.pid)
        return [launcher, *launcher.children(recursive=True)]

    def component(self, name: str) -> psutil.Process:
        """The process of one of the four components."""
        return next(child for child in psutil.Process(self.process.pid).children() if name in child.cmdline() or
                    name.replace("-", "_") in " ".join(child.cmdline()))  # fmt: skip

    def drop(self, department: str, name: str, content: bytes) -> None:
        """Deliver a file as a careful sender does."""
        inbox = self.home / "ingest" / department
        temporary = inbox / f".{name}.part"
        temporary.write_bytes(content)
        os.replace(temporary, inbox / name)

    def batches(self, feed: str = "*") -> list[dict[str, Any]]:
        """batch.json of all batches, in order of receipt."""
        found = [json.loads(path.read_text("utf-8")) for path in (self.home / "landing").glob(f"{feed}/*/batch.json")]
        return sorted(found, key=lambda batch: batch["received_at"])

    def runs(self, dag: str = "~") -> list[dict[str, Any]]:
        """All runs of one DAG, or of all."""
        return self.api.all(f"/dags/{dag}/dagRuns", "dag_runs")

    def wait(self, what: str, condition: Callable[[], Any], seconds: float) -> Any:
        """Wait until ``condition()`` is true and return it; fails with the launcher's output and the DAGs' states."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert self.process.poll() is None, self.output.read_text("utf-8")
            if time.monotonic() > deadline:
                states = [f"{run['dag_id']} {run['state']}" for run in self.runs()]
                raise AssertionError(f"no {what} within {seconds:.0f} s; runs: {states}")
            time.sleep(0.2)
        return found


def running(process: psutil.Process) -> bool:
    """Whether it does anything still: a process that ended and that nobody has cleared away does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def environment(home: Path) -> Iterator[None]:
    """This process, looking at the data root ``home``."""
    before = os.environ.get("AIRFLOW__FUPIN__HOME")
    changed = {
        name: os.environ.pop(name)
        for name in list(os.environ)
        if name.startswith("AIRFLOW__") and name != "AIRFLOW__FUPIN__HOME"
    }
    os.environ["AIRFLOW__FUPIN__HOME"] = str(home)
    try:
        yield
    finally:
        os.environ.update(changed)
        if before is not None:
            os.environ["AIRFLOW__FUPIN__HOME"] = before


def launch(
    home: Path, port: int = FIRST_PORT, name: str = "up.txt", settings: Mapping[str, str] | None = None
) -> tuple[subprocess.Popen[bytes], Path]:
    """Start ``make up`` for the data root ``home`` with a site's ``settings``; returns the process and the file with its output."""
    home.mkdir(parents=True, exist_ok=True)
    know_sql(home)
    output = home / name
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")}
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "warehouse.upkeep.up", "--port", str(port)],
            cwd=ROOT,
            env={**clean, **(settings or {}), "AIRFLOW__FUPIN__HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process, output


def wait_until_up(process: subprocess.Popen[bytes], home: Path, output: Path) -> RunningAirflow:
    """The running Airflow, once the launcher says so."""
    deadline = time.monotonic() + START_SECONDS
    while not (home / "run" / "up.json").exists():
        assert process.poll() is None, output.read_text("utf-8")
        assert time.monotonic() < deadline, output.read_text("utf-8")
        time.sleep(0.2)
    return RunningAirflow(process, home, output)


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a launcher, however it is doing."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
