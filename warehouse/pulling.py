"""A pull becomes a batch, as a dropped file does (:mod:`warehouse.intake`)."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors import pull, settings
from connectors.feed import Feed
from warehouse import scratch, sealing, sources
from warehouse.batch import Batch, open_mark, unfinished, utc_now

log = logging.getLogger("fupin")


@contextmanager
def _one_at_a_time(home: Path, feed: Feed) -> Iterator[None]:
    path = home / "run" / f"pull-{feed.name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(path, "a+b") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def collect(home: Path, feed: Feed, as_of: dt.date | None = None) -> list[str]:
    """References of all batches that await ``feed`` after its system has been asked for news.

    While a batch is unfinished nothing is fetched: the watermark moves only with a commit. ``as_of``: a past day (backfill).
    """
    with _one_at_a_time(home, feed):
        waiting = [batch.reference for batch in unfinished(home, feed.name)]
        if waiting:
            return waiting
        workdir = home / "landing" / ".pulling" / (feed.name if as_of is None else f"{feed.name}-{as_of}")
        workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
        request = pull.Request(
            feed,
            workdir,
            watermark=None if as_of else sources.watermark(home, feed.name),
            as_of=as_of,
            memory_bytes=int(settings.number("pull_memory_bytes", 512 * 1024**2)),
            spill=scratch.spill(home),
        )
        # What an interrupted pull has fetched waits sealed for the next attempt.
        sealing.unseal_folder(workdir, home)
        try:
            pulled = pull.pull(request)
        except BaseException:
            sealing.seal_folder(workdir, home)
            raise
        if pulled is None:
            shutil.rmtree(workdir, ignore_errors=True)
            return []
        reference = _land(home, feed, pulled, as_of)
        return [reference] if reference else []


def _land(home: Path, feed: Feed, pulled: pull.Pulled, as_of: dt.date | None) -> str | None:
    """Make the workdir a batch; None if the same rows were taken on the same day already."""
    reading = pulled.reading
    received = utc_now()
    # Unchanged rows on another day are news: they say that nothing has changed. On the same day they say nothing.
    day = as_of.isoformat() if as_of else (reading.as_of or received[:10])
    if as_of:
        reading.as_of, reading.as_of_source = as_of.isoformat(), "backfill"
    with open(pulled.source, "rb") as handle:
        reading.sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
    reading.size_bytes = pulled.source.stat().st_size
    base = home / "landing" / feed.name
    (base / ".open").mkdir(parents=True, exist_ok=True, mode=0o700)
    identity = hashlib.sha256(f"{reading.sha256} {pulled.watermark} {day}".encode()).hexdigest()
    batch_id, duplicate_of = sources.batch_id(base, identity)
    if duplicate_of is not None:
        log.info("feed %s: the source has nothing new since batch %s", feed.name, duplicate_of)
        shutil.rmtree(pulled.source.parent)
        return None
    folder = base / batch_id
    data: dict[str, Any] = {
        "batch_id": batch_id,
        "feed": feed.name,
        "department": feed.department,
        "original_name": pulled.label,
        "original_name_safe": pulled.label,
        "sha256": reading.sha256,
        "size_bytes": reading.size_bytes,
        "source": pulled.source.name,
        "received_at": received,
        "state": "received",
        "watermark": pulled.watermark,
        "reading": reading.to_json(),
    }
    # The one rename that follows makes it a batch: killed before, the pull goes on where it was.
    Batch(pulled.source.parent, data).save()
    open_mark(folder).touch(mode=0o600)
    os.rename(pulled.source.parent, folder)
    sealing.seal_batch(Batch(folder, data), home)
    return f"{feed.name}/{batch_id}"
