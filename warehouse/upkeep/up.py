"""Start Airflow for this checkout and keep it running: ``make up`` or ``python -m warehouse.upkeep.up``.

``airflow standalone`` leaves its children behind and opens log servers on every interface, so the four components are
started here, on 127.0.0.1 only, and stopped together: by Ctrl-C, SIGTERM, or our own death. One that dies is started again; when
it keeps dying, all of them are stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import secrets
import signal
import sys
import time
from types import FrameType

from connectors import settings
from connectors.errors import FupinError, TerminalError, TransientError
from connectors.feed import load_feeds
from warehouse.upkeep import keys
from warehouse.upkeep.api import AirflowApi, first_user, local_users, passwords_path, state_path
from warehouse.upkeep.component import LAUNCHER
from warehouse.upkeep.components import Components
from warehouse.upkeep.environment import airflow_environment, airflow_folder, configured
from warehouse.upkeep.ports import reserved_port

_COMPONENT = (sys.executable, "-m", "warehouse.upkeep.component")
COMPONENTS: dict[str, tuple[str, ...]] = {
    # The API server comes first: the others ask it for everything, and it takes longest.
    "api-server": (*_COMPONENT, "api-server"),
    "scheduler": (*_COMPONENT, "scheduler", "--skip-serve-logs"),
    "triggerer": (*_COMPONENT, "triggerer", "--skip-serve-logs"),
    "dag-processor": (*_COMPONENT, "dag-processor"),
}
START_SECONDS = 180.0


class Stopped(BaseException):
    """A signal asked us to stop; no Exception, so that no library's broad ``except`` swallows it."""


def _stop_on_signal(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _say(text: str) -> None:
    """Print at once; whoever read our output may be gone (a closed terminal), which must not keep us from stopping."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _folders() -> None:
    """Make the folders that senders and readers look for; secrets and Airflow's own are for their owner only."""
    home = settings.home()
    for name in ("run", "published"):
        (home / name).mkdir(parents=True, exist_ok=True)
    for department in {feed.department for feed in load_feeds().values()}:
        for folder in (home / "ingest" / department, home / "outbox" / department):
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(0o770)  # the department's group writes here, whatever our umask
    for folder in (home / "secrets", airflow_folder()):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
    for name in keys.NAMES:
        keys.airflow_secret(name)
    _passwords()


def _passwords() -> None:
    """A password for every local user who has none yet. Airflow would make it too, and print it into its log."""
    path = passwords_path()
    known = json.loads(path.read_text("utf-8") or "{}") if path.exists() else {}
    fresh = {user: secrets.token_urlsafe(12) for user in local_users() if user not in known}
    if fresh:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump({**known, **fresh}, file)
        temporary.replace(path)


def _wait_until_ready(components: Components, api: AirflowApi) -> None:
    """Wait until every component is healthy and every feed's DAG is known; raises FupinError otherwise."""
    begun = last = time.monotonic()
    missing = "api-server"
    feeds = load_feeds()
    inboxes = {f"inbox_{feed.department}" for feed in feeds.values() if feed.dropped}
    expected = {*feeds, *inboxes, "marts", "freshness", "identity", "backup", "restore_drill"}
    warm = False
    while True:
        components.revive()
        try:
            if not warm:
                api.warm()
                warm = True
            unhealthy = [name for name, status in api.health().items() if status != "healthy"]
            missing = ", ".join(unhealthy)
            if not unhealthy:
                if errors := api.get("/importErrors")["import_errors"]:
                    raise TerminalError(f"DAG file {errors[0]['filename']} cannot be imported; see Airflow's pages")
                missing = ", ".join(sorted(expected - {dag["dag_id"] for dag in api.all("/dags", "dags")}))
                if not missing:
                    return
        except TransientError:
            pass
        now = time.monotonic()
        if now - begun > START_SECONDS:
            raise TerminalError(f"Airflow was not ready after {START_SECONDS:.0f} s; still missing: {missing}")
        if now - last > 10:
            last = now
            _say(f"  … {now - begun:.0f} s, waiting for {missing}")
        time.sleep(0.5)


def _tell(url: str, seconds: float) -> None:
    home = settings.home()
    departments = sorted({feed.department for feed in load_feeds().values()})
    _say(
        f"""Airflow is up after {seconds:.0f} s.
  pages      {url}   user {first_user()}, password in {passwords_path()}
  inboxes    {home / "ingest"}/<department>   ({", ".join(departments)})
  receipts   {home / "outbox"}/<department>
  published  {home / "published" / "current"}
  logs       {airflow_folder() / "logs"}
Ctrl-C stops it."""
    )


def run(port: int) -> int:
    """Run until a signal (0); raises FupinError when Airflow cannot be started or a component keeps dying.

    ``port``: where the search for a free port begins. One launcher per data root: the lock goes with the process.
    """
    begun = time.monotonic()
    _folders()
    state = state_path()
    with (state.parent / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TerminalError(f"Airflow already runs on the data root {settings.home()}") from None
        state.unlink(missing_ok=True)
        with reserved_port(port) as taken:
            environment = {**airflow_environment(taken), LAUNCHER: str(os.getpid())}
            components = Components(COMPONENTS, environment, airflow_folder() / "logs", _say)
            url = f"http://127.0.0.1:{taken}"
            try:
                _say("starting Airflow (about half a minute)")
                components.run("prepare", [*_COMPONENT, "prepare"])
                components.start()
                _wait_until_ready(components, AirflowApi(url))
                fresh = state.with_suffix(".tmp")
                fresh.write_text(json.dumps({"pid": os.getpid(), "url": url}), encoding="utf-8")
                fresh.replace(state)
                _tell(url, time.monotonic() - begun)
                while True:
                    components.revive()
                    time.sleep(0.5)
            except Stopped:
                return 0
            finally:
                # A second signal must not interrupt the stop and leave children behind.
                for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)
                state.unlink(missing_ok=True)
                _say("stopping Airflow")
                components.stop()


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m warehouse.upkeep.up", description=__doc__)
    parser.add_argument("--port", type=int, help="first port to try (default: [api] port of airflow.cfg)")
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop_on_signal)
    os.umask(0o027)
    try:
        return run(arguments.port or int(configured("api", "port", "8080")))
    except Stopped:
        return 0
    except FupinError as error:
        print(f"fupin: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"fupin: {error.strerror}: {error.filename}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
