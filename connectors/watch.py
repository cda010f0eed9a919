"""The doorbell: wakes a department's DAGs when whole files lie in its inbox.

Airflow keeps only the first of several asset events that arrive close together, so an event says «look», never «take
this file»: the DAG's first task takes whatever is there. The trigger therefore needs no memory across restarts; a file
that is still there rings again.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Hashable
from pathlib import Path
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from connectors.drop import is_unfinished

# What is seen of a file: size and mtime in nanoseconds.
Look = tuple[int, int]

FIRST_REPEAT_SECONDS = 5.0
LAST_REPEAT_SECONDS = 900.0


def look(inboxes: Path) -> dict[str, dict[str, Look]]:
    """Department → file name → look, for everything but folders in all inboxes; a folder that is not there has none."""
    seen: dict[str, dict[str, Look]] = {}
    try:
        departments = [entry.path for entry in os.scandir(inboxes) if entry.is_dir()]
    except OSError:
        return seen
    for department in departments:
        files: dict[str, Look] = {}
        try:
            with os.scandir(department) as entries:
                for entry in entries:
                    # A link is never followed, it may point at any file of this machine; it rings: its sender is told.
                    if is_unfinished(entry.name) or entry.is_dir(follow_symlinks=False):
                        continue
                    status = entry.stat(follow_symlinks=False)
                    files[entry.name] = (status.st_size, status.st_mtime_ns)
        except OSError:
            pass  # taken away between two system calls, or a folder we may not read: the next look decides
        seen[os.path.basename(department)] = files
    return seen


class Bell:
    """Decides when one department's doorbell rings.

    A file rings when it has come to rest, and again after 5, 10, 20 … 900 s while it stays: what the first task could
    not take (it looked too early, it was killed) is never forgotten, and a file nobody takes does not flood Airflow.
    """

    def __init__(self) -> None:
        self._rung: dict[str, tuple[Look, float, float]] = {}

    def rings(self, settled: dict[str, Look], now: float) -> int:
        """How many files ring at time ``now`` (seconds of any steady clock)."""
        count = 0
        rung: dict[str, tuple[Look, float, float]] = {}
        for name, seen in settled.items():
            before = self._rung.get(name)
            if before is None or before[0] != seen:
                rung[name] = (seen, now + FIRST_REPEAT_SECONDS, FIRST_REPEAT_SECONDS)
                count += 1
            elif now >= before[1]:
                wait = min(2 * before[2], LAST_REPEAT_SECONDS)
                rung[name] = (seen, now + wait, wait)
                count += 1
            else:
                rung[name] = before
        self._rung = rung
        return count


class InboxTrigger(BaseEventTrigger):
    """Fires while whole files lie in ``ingest/<department>``; never opens, moves or deletes one.

    ``folder``: the department's inbox, absolute. ``poke``: seconds between two looks; a file is whole when two looks in
    a row see the same size and mtime. All inboxes of one data root share one scan.
    """

    def __init__(self, *, folder: str, poke: float = 1.0) -> None:
        super().__init__()
        self.folder = folder
        self.poke = poke

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {"folder": self.folder, "poke": self.poke}

    def shared_stream_key(self) -> Hashable | None:
        return "fupin-inboxes", os.path.dirname(self.folder), self.poke

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[dict[str, dict[str, Look]]]:
        """Department → settled files, once per look, for ever."""
        inboxes = Path(kwargs["folder"]).parent
        before: dict[str, dict[str, Look]] = {}
        while True:
            now = await asyncio.to_thread(look, inboxes)
            yield {
                department: {name: seen for name, seen in files.items() if before.get(department, {}).get(name) == seen}
                for department, files in now.items()
            }
            before = now
            await asyncio.sleep(kwargs["poke"])

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        bell = Bell()
        department = os.path.basename(self.folder)
        async for settled in shared_stream:
            if count := bell.rings(settled.get(department, {}), time.monotonic()):
                # A count, no names: a file's name may hold a person's, and events stay in Airflow's database.
                yield TriggerEvent({"department": department, "files": count})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        async for event in self.filter_shared_stream(self.open_shared_stream(self.serialize()[1])):
            yield event
