"""The child processes of the launcher: started, started again when one dies, stopped in order."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from connectors.errors import TerminalError
from connectors.settings import ROOT

# Together below the fifteen seconds after which whoever stopped us loses patience.
GRACE_SECONDS = 9.0
LAST_GRACE_SECONDS = 4.0


@dataclass(frozen=True)
class Patience:
    """A component that dies is started again after ``wait`` seconds, twice as many each time; no more than ``restarts``
    times within ``window`` seconds."""

    restarts: int = 4
    window: float = 600.0
    wait: float = 1.0


class Components:
    """Processes by name. ``commands``: their command lines; the first of them is stopped last, since the others talk to it.

    ``logs``: the folder of their output, ``<name>.log`` each; ``say``: where one line about each restart goes.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        logs: Path,
        say: Callable[[str], None],
        patience: Patience | None = None,
    ) -> None:
        self._commands = commands
        self._environment = dict(environment)
        self._logs = logs
        self._say = say
        self._patience = patience or Patience()
        self._deaths: dict[str, deque[float]] = {name: deque() for name in commands}
        self._due: dict[str, float] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run something that ends by itself; raises TerminalError with the place of its log when it fails."""
        process = self._spawn(name, command)
        try:
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        if code != 0:
            raise TerminalError(f"{name} ended with {_reason(code)}; see {self.log_path(name)}")

    def start(self) -> None:
        """Start all of them."""
        for name, command in self._commands.items():
            self.running[name] = self._spawn(name, command)

    def revive(self) -> None:
        """Start again whatever has died and waited long enough; to be called every moment, never waits.

        Raises TerminalError when a component has died too often.
        """
        now = time.monotonic()
        for name, process in self.running.items():
            if name in self._due:
                if now >= self._due[name]:
                    del self._due[name]
                    self.running[name] = self._spawn(name, self._commands[name], again=True)
            elif (code := process.poll()) is not None:
                self._due[name] = now + self._wait(name, code, now)
                # What it left behind would hold the port or its database, or do a task's work a second time.
                _kill_session(process.pid)

    def stop(self) -> None:
        """Stop all: whoever starts new work first, the first one last since running tasks report to it."""
        first, *others = self._commands
        self._terminate(others, GRACE_SECONDS)
        self._terminate([first], LAST_GRACE_SECONDS)
        for name, process in self.running.items():
            if name not in self._due:  # its session is gone, and its number may be another's by now
                _kill_session(process.pid)
                process.wait()
        self.running.clear()
        self._due.clear()

    def log_path(self, name: str) -> Path:
        """Where a component's output goes."""
        return self._logs / f"{name}.log"

    def _wait(self, name: str, code: int, now: float) -> float:
        """Seconds until the next try."""
        deaths, patience = self._deaths[name], self._patience
        deaths.append(now)
        while deaths[0] < now - patience.window:
            deaths.popleft()
        if len(deaths) > patience.restarts:
            raise TerminalError(
                f"{name} ended with {_reason(code)}, {len(deaths)} times within {patience.window / 60:g} min: given up; "
                f"see {self.log_path(name)}"
            )
        seconds = patience.wait * 2 ** (len(deaths) - 1)
        self._say(
            f"{dt.datetime.now():%Y-%m-%d %H:%M:%S} {name} ended with {_reason(code)}: starting it again in {seconds:g} s "
            f"({len(deaths)} of {patience.restarts}); see {self.log_path(name)}"
        )
        return seconds

    def _terminate(self, names: Sequence[str], seconds: float) -> None:
        processes = [self.running[name] for name in names if name in self.running]
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + seconds
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.05, deadline - time.monotonic()))

    def _spawn(self, name: str, command: Sequence[str], again: bool = False) -> subprocess.Popen[bytes]:
        path = self.log_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Why it died stands at the end of the log: a restart writes below it.
        if path.exists() and not again:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal reaches the whole group: our children are stopped by us, in order.
                start_new_session=True,
            )


def _reason(code: int) -> str:
    with contextlib.suppress(ValueError):
        if code < 0:
            return signal.Signals(-code).name
    return f"exit code {code}"


def _kill_session(leader: int) -> None:
    """Kill every process of the session that ``leader`` began, itself included: tasks change their group, not their session."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == leader:
                process.kill()
