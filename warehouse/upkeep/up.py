"""Start Airflow for this checkout and keep it running: ``make up`` or ``python -m warehouse.upkeep.up``.

``airflow standalone`` leaves its children behind and opens log servers on every interface, so the four components are
started here, on 127.0.0.1 only, and stopped together: by Ctrl-C, SIGTERM, the end of any one of them, or our own death.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import psutil

from connectors import settings
from connectors.errors import FupinError, TerminalError, TransientError
from connectors.feed import load_feeds
from warehouse.upkeep import keys
from warehouse.upkeep.api import AirflowApi, first_user, passwords_path, state_path
from warehouse.upkeep.component import LAUNCHER
from warehouse.upkeep.environment import ROOT, airflow_environment, airflow_folder, configured
from warehouse.upkeep.ports import reserved_port

COMPONENTS: dict[str, tuple[str, ...]] = {
    # The API server comes first: the others ask it for everything, and it takes longest.
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),
    "triggerer": ("--skip-serve-logs",),
    "dag-processor": (),
}
START_SECONDS = 180.0
# Together below the fifteen seconds after which whoever stopped us loses patience.
GRACE_SECONDS = 9.0
API_GRACE_SECONDS = 4.0


class Stopped(BaseException):
    """A signal asked us to stop; no Exception, so that no library's broad ``except`` swallows it."""


def _stop_on_signal(number: int, frame: FrameType | None) -> None:
    raise Stopped


class Components:
    """The child processes of one launcher."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = {**environment, LAUNCHER: str(os.getpid())}
        self._logs = airflow_folder() / "logs"
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, name: str) -> None:
        """Run a component that ends by itself; raises TerminalError with the place of its log when it fails."""
        process = self._spawn(name, ())
        try:
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        if code != 0:
            raise TerminalError(f"{name} ended with {code}; see {self.log_path(name)}")

    def start(self) -> None:
        """Start the four components."""
        for name, options in COMPONENTS.items():
            self.running[name] = self._spawn(name, options)

    def ended(self) -> str | None:
        """The name of a component that has ended by itself, if any."""
        return next((name for name, process in self.running.items() if process.poll() is not None), None)

    def stop(self) -> None:
        """Stop all: whoever starts new work first, the API server last since running tasks report to it."""
        family = {name: self._family(process) for name, process in self.running.items()}
        workers = [name for name in self.running if name != "api-server"]
        self._terminate(workers, GRACE_SECONDS)
        self._terminate(["api-server"], API_GRACE_SECONDS)
        for name, process in self.running.items():
            # A component's workers share its session; tasks that left it are known from the list above.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            for member in family[name]:
                with contextlib.suppress(psutil.Error):
                    member.kill()
            process.wait()
        self.running.clear()

    def _terminate(self, names: list[str], seconds: float) -> None:
        processes = [self.running[name] for name in names if name in self.running]
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + seconds
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.05, deadline - time.monotonic()))

    def _family(self, process: subprocess.Popen[bytes]) -> list[psutil.Process]:
        try:
            return psutil.Process(process.pid).children(recursive=True)
        except psutil.Error:
            return []

    def log_path(self, name: str) -> Path:
        """Where a component's output goes."""
        return self._logs / f"{name}.log"

    def _spawn(self, name: str, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
        path = self.log_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.replace(path.with_suffix(".log.1"))
        with path.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "warehouse.upkeep.component", name, *options],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal reaches the whole group: our children are stopped by us, in order.
                start_new_session=True,
            )


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
    path = passwords_path()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({first_user(): secrets.token_urlsafe(12)}, file)


def _wait_until_ready(components: Components, api: AirflowApi) -> None:
    """Wait until every component is healthy and every feed's DAG is known; raises FupinError otherwise."""
    begun = last = time.monotonic()
    missing = "api-server"
    feeds = load_feeds()
    inboxes = {f"inbox_{feed.department}" for feed in feeds.values() if feed.dropped}
    expected = {*feeds, *inboxes, "marts", "freshness", "identity"}
    warm = False
    while True:
        if (name := components.ended()) is not None:
            raise TerminalError(f"{name} ended while starting; see {components.log_path(name)}")
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
    """Run until a signal (0) or until a component ends (1); raises FupinError when Airflow cannot be started.

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
            components = Components(airflow_environment(taken))
            url = f"http://127.0.0.1:{taken}"
            try:
                _say("starting Airflow (about half a minute)")
                components.run("prepare")
                components.start()
                _wait_until_ready(components, AirflowApi(url))
                fresh = state.with_suffix(".tmp")
                fresh.write_text(json.dumps({"pid": os.getpid(), "url": url}), encoding="utf-8")
                fresh.replace(state)
                _tell(url, time.monotonic() - begun)
                while (name := components.ended()) is None:
                    time.sleep(0.5)
                print(f"{name} ended by itself; see {components.log_path(name)}", file=sys.stderr, flush=True)
                return 1
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
