"""``make demo``: a synthetic county's files through the real scheduler, from the inboxes to a published snapshot.

Airflow is started (or the one that already runs on this data root is used), ten departments' files are dropped, and the
end is waited for: every file has its receipt, every feed's DAG has a successful run, and the published snapshot holds
every merged batch. Run again, the same files are duplicates and nothing changes.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb

from connectors import settings
from connectors.errors import FupinError, TerminalError, TransientError, without_row_text
from warehouse.upkeep.api import AirflowApi, state_path
from warehouse.upkeep.environment import ROOT, airflow_folder

SEED = 20201118
PEOPLE = 20_000
LOOK_SECONDS = 1.0
TELL_SECONDS = 10.0
EARLY_SECONDS = 600.0
STOP_SECONDS = 40.0


@dataclass
class Sent:
    """One file that was dropped into an inbox."""

    department: str
    name: str
    sha256: str


def _say(text: str) -> None:
    print(text, flush=True)


def _run(*words: str) -> None:
    """Run one of the platform's own commands with its output shown; raises TerminalError when it fails."""
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise TerminalError(f"{' '.join(words[:2])} failed with {done.returncode}")


def _url() -> str | None:
    """Where the launcher of this data root says that Airflow is, if one runs."""
    try:
        return str(json.loads(state_path().read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError):
        return None


def _answers(url: str | None) -> bool:
    if url is None:
        return False
    try:
        return all(status == "healthy" for status in AirflowApi(url).health().values())
    except FupinError:
        return False


@contextlib.contextmanager
def _airflow(deadline: float, prepare: Any) -> Iterator[AirflowApi]:
    """A running Airflow; one that is started here is stopped at the end. ``prepare`` is called while it starts."""
    if _answers(url := _url()) and url is not None:
        _say(f"using the Airflow that runs at {url}")
        prepare()
        yield AirflowApi(url)
        return
    path = settings.home() / "run" / "demo-airflow.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as log:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "warehouse.upkeep.up"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _say("starting Airflow (scheduler, triggerer, DAG processor, API server)")
        prepare()
        while (url := _url()) is None:
            if launcher.poll() is not None:
                raise TerminalError(f"Airflow did not start: {path.read_text(encoding='utf-8').strip()}")
            if time.monotonic() > deadline:
                raise TerminalError(f"Airflow was not up in time; see {path}")
            time.sleep(0.2)
        _say(f"Airflow is up at {url}")
        yield AirflowApi(url)
    finally:
        if launcher.poll() is None:
            _say("stopping Airflow")
            launcher.terminate()
        try:
            launcher.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            launcher.kill()


def _drop(county: Path) -> list[Sent]:
    """Deliver the county's files as a careful sender does: under a temporary name, then renamed."""
    sent = []
    for source in sorted((county / "ingest").glob("*/*")):
        if source.name.startswith("."):
            continue
        department = source.parent.name
        inbox = settings.home() / "ingest" / department
        inbox.mkdir(parents=True, exist_ok=True)
        temporary = inbox / f".{source.name}.part"
        shutil.copyfile(source, temporary)
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.replace(temporary, inbox / source.name)
        sent.append(Sent(department, source.name, digest))
    return sent


def _batches() -> list[dict[str, Any]]:
    """What every batch folder says of itself."""
    found = []
    for path in (settings.home() / "landing").glob("*/*/batch.json"):
        with contextlib.suppress(OSError, ValueError):
            found.append(json.loads(path.read_text(encoding="utf-8")))
    return found


def _without_receipt(sent: list[Sent], since: str) -> list[str]:
    """The files of ``sent`` whose batch (received after ``since``) has no receipt yet."""
    done = {
        batch["sha256"]
        for batch in _batches()
        if batch.get("receipted_at") and str(batch.get("received_at", "")) >= since
    }
    return [f"{file.department}/{file.name}" for file in sent if file.sha256 not in done]


def _unpublished() -> list[str]:
    """Merged batches that the published snapshot does not name."""
    try:
        manifest = (settings.home() / "published" / "current" / "manifest.json").read_text(encoding="utf-8")
    except OSError:
        manifest = ""
    return [
        f"{batch['feed']}/{batch['batch_id']}"
        for batch in _batches()
        if batch.get("state") == "merged" and batch["batch_id"] not in manifest
    ]


def _failure(api: AirflowApi, run: dict[str, Any]) -> TerminalError:
    path = f"/dags/{run['dag_id']}/dagRuns/{run['dag_run_id']}/taskInstances"
    tasks = [task for task in api.all(path, "task_instances") if task["state"] == "failed"]
    names = ", ".join(task["task_id"] + (f"[{task['map_index']}]" if task["map_index"] >= 0 else "") for task in tasks)
    return TerminalError(f"DAG {run['dag_id']} failed in {names or 'no task'}; logs are in {airflow_folder() / 'logs'}")


def _wait(api: AirflowApi, sent: list[Sent], begun: dt.datetime, deadline: float) -> None:
    """Wait for receipts, successful runs and the snapshot; raises TerminalError on a failed run or when time is up."""
    since = begun.replace(tzinfo=None).isoformat()
    hashes = {file.sha256 for file in sent}
    told = time.monotonic()
    while True:
        waiting: list[str] = []
        summary = "Airflow's API"
        try:
            # A run of the clock may have begun just before the files came, and take them.
            early = (begun - dt.timedelta(seconds=EARLY_SECONDS)).isoformat()
            runs = [
                run
                for run in api.all("/dags/~/dagRuns", "dag_runs", run_after_gte=early)
                if run["end_date"] is None or dt.datetime.fromisoformat(run["end_date"]) > begun
            ]
            for run in runs:
                if run["state"] == "failed":
                    raise _failure(api, run)
            # Only feeds whose files have come are woken.
            feeds = {str(batch["feed"]) for batch in _batches() if batch["sha256"] in hashes}
            missing = sorted(feeds - {run["dag_id"] for run in runs if run["state"] == "success"})
            active = sorted({run["dag_id"] for run in runs if run["state"] in ("queued", "running")})
            receipts = _without_receipt(sent, since)
            unpublished = _unpublished()
            for what, names in (
                ("receipts of", receipts),
                ("successful runs of", missing),
                ("the snapshot with", unpublished),
                ("the end of", active),
            ):
                if names:
                    waiting.append(f"{what} {', '.join(names)}")
            if not waiting:
                return
            summary = (
                f"{len(sent) - len(receipts)} of {len(sent)} receipts, {len(feeds) - len(missing)} of {len(feeds)} DAGs done, "
                f"{len(unpublished)} batches to publish; running: {', '.join(active) or 'nothing'}"
            )
        except TransientError as error:
            waiting.append(str(error))
        now = time.monotonic()
        if now > deadline:
            raise TerminalError("not finished in time; still waiting for " + "; ".join(waiting))
        if now - told > TELL_SECONDS:
            told = now
            _say(f"  … {summary}")
        time.sleep(LOOK_SECONDS)


def _marts(snapshot: Path) -> list[tuple[str, int]]:
    """Table → rows of the published snapshot."""
    with (
        without_row_text("reading the snapshot"),
        duckdb.connect(str(snapshot / "statistics.duckdb"), read_only=True) as connection,
    ):
        names = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        return [
            (name, int((connection.execute(f'SELECT count(*) FROM "{schema}"."{name}"').fetchone() or (0,))[0]))
            for schema, name in names
        ]


def _report(seconds: float) -> None:
    home = settings.home()
    fupin = Path(sys.executable).with_name("fupin")
    if fupin.is_relative_to(ROOT):
        fupin = fupin.relative_to(ROOT)
    _say("\nbatches")
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "warehouse.cli.main", "batches"], cwd=ROOT, check=False)
    snapshot = (home / "published" / "current").resolve()
    _say(f"\nmarts of snapshot {snapshot.name}")
    for name, rows in _marts(snapshot):
        _say(f"  {name:<32} {rows:>10,} rows")
    _say(f"""
done in {seconds:.0f} s. Where to look:
  receipts   {home / "outbox"}/<department>/*.xlsx
  snapshot   {home / "published" / "current"}/
  query      {fupin} query "FROM household_status LIMIT 5"
  Airflow    make up""")


def _stop_on_signal(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run(people: int, seed: int, seconds: float) -> None:
    """The whole demonstration; raises FupinError when it does not reach its end within ``seconds``."""
    started = time.monotonic()
    deadline = started + seconds
    county = settings.home() / "demo"

    def simulate() -> None:
        _say(f"simulating a county of {people:,} people (seed {seed}) in {county}")
        shutil.rmtree(county, ignore_errors=True)
        _run("warehouse.cli.main", "simulate", f"--people={people}", f"--seed={seed}", f"--out={county}", "--dirt=real")

    with _airflow(deadline, simulate) as api:
        begun = dt.datetime.now(dt.UTC)
        sent = _drop(county)
        _say(f"{len(sent)} files dropped into {settings.home() / 'ingest'}; their DAGs start by themselves")
        _wait(api, sent, begun, deadline)
    _report(time.monotonic() - started)


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m warehouse.upkeep.demo", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--timeout", type=float, default=400.0, help="seconds until it is given up")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop_on_signal)
    try:
        run(arguments.people, arguments.seed, arguments.timeout)
    except FupinError as error:
        print(f"fupin: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"fupin: {error.strerror}: {error.filename}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
