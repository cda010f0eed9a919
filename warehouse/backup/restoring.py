"""The way back: the last backup in a scratch root, the deliveries since replayed from landing, everything compared, and only then put in place.

Landing is taken from the data root where it is still there, else from the backup; so nothing that was received is lost with the warehouse. What people
decided since the backup (who is who, exports) is in no delivery: it is as it was when the backup was made.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors import disk
from connectors.errors import TerminalError, scrubbed, without_row_text
from connectors.feed import Feed, load_feeds
from warehouse import audit, merging, sources, withdrawing
from warehouse.backup import store
from warehouse.backup.making import LAST
from warehouse.batch import UNRECOGNISED, Batch, batches, open_mark, utc_now
from warehouse.database import attach_file, connect, open_warehouse, table_hashes, warehouse_path, writer_lock
from warehouse.history.schema import ensure
from warehouse.scratch import scratch_root

Progress = Callable[[str], None]

# Beside the warehouse that was put in place.
BEFORE = "before-restore.duckdb"


@dataclass(frozen=True)
class Deed:
    """What a delivery has to go through once more."""

    at: str
    what: str
    batch: Batch


@scrubbed
def restore(home: Path, folder: Path | None, until: str, progress: Progress) -> dict[str, Any]:
    """Put the warehouse as it was at ``until`` (ISO text, UTC) in place; returns ``backup``, ``replayed`` (deeds), ``waiting`` (deliveries merged
    later, which the next sync takes in again), ``content_hash`` and ``seconds``. The warehouse that was there stays beside it.

    Raises TerminalError when the backup is not what was written, or what is restored from it is not what it must be: nothing is changed then.
    """
    begun = time.monotonic()
    with without_row_text("restoring"), _restored(home, folder or store.base(home), until, progress) as (root, found):
        with writer_lock(home):
            _place(home, root)
    with open_warehouse(home) as con:
        audit.note(con, home, "restore", found["backup"], detail={**found, "until": until})
    return {**found, "seconds": round(time.monotonic() - begun, 1)}


@scrubbed
def drill(home: Path, folder: Path | None, progress: Progress) -> dict[str, Any]:
    """Restore the last backup into a scratch root up to now and compare with the warehouse; returns what :func:`restore` does.

    Raises TerminalError when a restored warehouse would say anything else than the present one.
    """
    begun = time.monotonic()
    feeds = load_feeds()
    with without_row_text("drilling"):
        with open_warehouse(home) as con:
            ensure(con, feeds.values())
            until, wanted = utc_now(), merging.content_hash(con, feeds)
        with _restored(home, folder or store.base(home), until, progress) as (_, found):
            pass
        if found["content_hash"] != wanted:
            raise TerminalError(
                f"a warehouse restored from {found['backup']} would not be the present one: {found['content_hash']} instead of {wanted}"
            )
        found["seconds"] = round(time.monotonic() - begun, 1)
        with open_warehouse(home) as con:
            audit.note(con, home, "drill", found["backup"], detail=found)
    return found


@contextmanager
def _restored(home: Path, folder: Path, until: str, progress: Progress) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A scratch root with the warehouse as it was at ``until``, compared with its backup and with landing; and what was done."""
    said = store.newest(folder, until)
    name = store.name_of(said["made_at"])
    progress(f"backup {name}: {len(said['files'])} files are what was written")
    feeds = load_feeds()
    with scratch_root(home) as root:
        _lay_out(root, folder / name, said, home)
        _compare(root, said)
        progress(f"{len(said['tables'])} tables are what was backed up")
        with open_warehouse(root) as con:
            ensure(con, feeds.values())
        waiting = [batch for batch in batches(root) if _came_later(batch, until)]
        deeds = _since(root, until)
        for deed in deeds:
            progress(f"{deed.what} {deed.batch.reference}")
            _do(root, deed, feeds)
        for batch in waiting:
            _wait(batch)
        yield (
            root,
            {
                "backup": name,
                "replayed": len(deeds),
                "waiting": len(waiting),
                "content_hash": _totals(root, feeds),
            },
        )


def _lay_out(root: Path, backup: Path, said: dict[str, Any], home: Path) -> None:
    for name in said["files"]:
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if name.startswith("warehouse/"):
            shutil.copyfile(backup / name, target)
            target.chmod(0o600)
        elif target.name != LAST:
            disk.link_or_copy(backup / name, target)
    # What is still there is newer than the backup.
    for batch in batches(home):
        if batch.is_open and not _is_told(batch):
            continue
        target = root / "landing" / batch.reference
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True, mode=0o700)
        for path in batch.folder.glob("[!.]*"):
            if path.is_file():
                disk.link_or_copy(path, target / path.name)


def _is_told(batch: Batch) -> bool:
    """Is the batch at an end that the ledger knows?"""
    return batch.state in ("merged", "withdrawn", "request")


def _compare(root: Path, said: dict[str, Any]) -> None:
    with connect(root) as con:
        attach_file(con, root, warehouse_path(root), "restored")
        found = table_hashes(con, "restored")
    if wrong := [name for name in sorted(said["tables"].keys() | found) if said["tables"].get(name) != found.get(name)]:
        raise TerminalError(f"{len(wrong)} tables are not what was backed up, first {wrong[0]}")


def _ledger(root: Path) -> dict[str, str]:
    with open_warehouse(root, write=False) as con:
        rows = con.execute("SELECT feed || '/' || batch_id, state FROM ops.batch").fetchall()
    return dict(rows)


def _came_later(batch: Batch, until: str) -> bool:
    return _is_told(batch) and str(batch.data.get("merged_at") or batch.data["received_at"]) > until


def _since(root: Path, until: str) -> list[Deed]:
    """What landing knows to have been done by ``until`` and the restored ledger does not, in its order."""
    ledger = _ledger(root)
    found = []
    for batch in batches(root):
        known, data = ledger.get(batch.reference), batch.data
        if _came_later(batch, until):
            continue
        if data.get("merged_at") and known not in ("merged", "withdrawn"):
            found.append(Deed(str(data["merged_at"]), "load", batch))
        if batch.state == "withdrawn" and known != "withdrawn" and data["withdrawn_at"] <= until:
            found.append(Deed(str(data["withdrawn_at"]), "withdraw", batch))
        # It stands in the ledger, and its sender has been told.
        ended = str(data.get("receipted_at") or "9999")
        if batch.state in ("blocked", "duplicate", "request") and known != batch.state and ended <= until:
            found.append(Deed(ended, "record", batch))
    return sorted(found, key=lambda deed: (deed.at, deed.batch.reference))


def _do(root: Path, deed: Deed, feeds: dict[str, Feed]) -> None:
    batch = Batch.load(root, deed.batch.reference)
    name = str(batch.data["feed"])
    feed = feeds.get(name)
    if feed is None and name != UNRECOGNISED:
        raise TerminalError(f"the feed of {batch.reference} is not declared any more")
    if deed.what == "load":
        # With the time of its former load, which it still has.
        batch.save(state="validated")
        merging.merge(root, batch, feed, feeds)
    elif deed.what == "withdraw":
        data = batch.data
        withdrawing.withdraw(root, batch.reference, feeds, str(data["withdrawn_by"]), str(data["withdrawn_why"]))
    elif batch.state == "request":
        with open_warehouse(root) as con:
            merging.record(con, batch.data)
    else:
        merging.merge(root, batch, feed, feeds)


def _wait(batch: Batch) -> None:
    """A delivery that came after the time that is restored is not lost: it waits as if it had just been validated."""
    for name in ("merged_at", "withdrawn_at", "withdrawn_by", "withdrawn_why", "receipted_at"):
        batch.data.pop(name, None)
    batch.save(state="received" if batch.state == "request" else "validated")
    open_mark(batch.folder).parent.mkdir(exist_ok=True, mode=0o700)
    open_mark(batch.folder).touch(mode=0o600)


def _totals(root: Path, feeds: dict[str, Feed]) -> str:
    """The content hash; raises TerminalError unless the ledger has as many rows of every merged delivery as landing says."""
    with open_warehouse(root, write=False) as con:
        found = dict(
            con.execute("SELECT feed || '/' || batch_id, rows_landed FROM ops.batch WHERE state = 'merged'").fetchall()
        )
        content = merging.content_hash(con, feeds)
    for batch in batches(root):
        if batch.state == "merged" and found.pop(batch.reference, None) != batch.data["rows_landed"]:
            raise TerminalError(f"the restored ledger does not have the rows of {batch.reference}")
    if found:
        raise TerminalError(f"the restored ledger has {len(found)} deliveries that landing has not, first {min(found)}")
    return content


def _place(home: Path, root: Path) -> None:
    """Landing first, the warehouse last, each thing in one rename: killed in between, the same is called again."""
    for batch in batches(root):
        target = home / "landing" / batch.reference
        if not target.exists():
            made = target.with_name(f".{target.name}.restored")
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(parents=True, mode=0o700)
            for path in batch.folder.iterdir():
                disk.link_or_copy(path, made / path.name)
            made.rename(target)
        elif (target / "batch.json").read_bytes() != (batch.folder / "batch.json").read_bytes():
            shutil.copyfile(batch.folder / "batch.json", target / ".batch.json.restored")
            os.replace(target / ".batch.json.restored", target / "batch.json")
        if batch.is_open:
            open_mark(target).parent.mkdir(exist_ok=True, mode=0o700)
            open_mark(target).touch(mode=0o600)
    for feed in sorted({batch.folder.parent.name for batch in batches(root)}):
        sources.forget(home, feed)
    target, fresh = warehouse_path(home), warehouse_path(home).with_name(".restored.duckdb")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The log may be longer than its proof, never shorter.
    os.replace(_copied(audit.anchor_path(root), fresh.with_suffix(".head")), audit.anchor_path(home))
    _copied(warehouse_path(root), fresh)
    if target.exists():
        (target.parent / BEFORE).unlink(missing_ok=True)
        os.link(target, target.parent / BEFORE)
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    os.replace(fresh, target)
    disk.sync(target.parent)


def _copied(path: Path, target: Path) -> Path:
    shutil.copyfile(path, target)
    target.chmod(0o600)
    disk.sync(target)
    return target
