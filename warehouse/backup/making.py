"""Make a backup: complete before it gets its name, so that whatever happens meanwhile the last one is good.

The warehouse is copied behind the writer's lock (merges wait for as long as the copy takes, reading and validating do not); landing afterwards, so
that it has every delivery that the warehouse has. Files of landing never change: one is copied once, or linked where it may be, and is a link in every
later backup.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from connectors import disk, settings
from connectors.errors import TransientError, scrubbed, without_row_text
from connectors.feed import load_feeds
from warehouse import audit, sealing
from warehouse.backup import store
from warehouse.batch import Batch, utc_now, write_json
from warehouse.database import WAREHOUSE, alone, attach_file, connect, open_warehouse, table_hashes, warehouse_path
from warehouse.history.schema import ensure
from warehouse.merging import content_hash
from warehouse.scratch import temporary

KEEP = 30
# What belongs to a feed's landing folder beside its batches; the first is added to in place.
LAST, LATEST = ".last.json", ".latest.gx.json"


@scrubbed
def make(home: Path, folder: Path | None = None) -> dict[str, Any]:
    """Make a backup in ``folder`` (default: :func:`store.base`) and remove all but the last [fupin] keep_backups (default 30); returns ``backup``,
    ``made_at``, ``content_hash``, ``files``, ``new_bytes``.

    Raises TransientError when the disk is full: nothing of it is left, and the earlier ones stay.
    """
    folder = folder or store.base(home)
    with without_row_text("backing up"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with temporary(folder / ".partial") as partial:
            content = partial / "backup"
            (content / "warehouse").mkdir(parents=True, mode=0o700)
            try:
                said = _fill(home, folder, content)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                raise TransientError(f"no space left for a backup in {folder}: the earlier ones stay") from None
            target = folder / store.name_of(said["made_at"])
            os.rename(content, target)
            disk.sync(folder)
        _retain(folder, int(settings.number("keep_backups", KEEP)))
    with open_warehouse(home) as con:
        ensure(con, load_feeds().values())
        audit.note(con, home, "backup", target.name, detail={"manifest": disk.digest(target / store.MANIFEST)})
    return {
        "backup": target.name,
        **{name: said[name] for name in ("made_at", "content_hash", "new_bytes")},
        "files": len(said["files"]),
    }


def _fill(home: Path, folder: Path, content: Path) -> dict[str, Any]:
    copied = content / "warehouse" / warehouse_path(home).name
    _require_space(folder, warehouse_path(home))
    with alone(home) as (con, _):
        con.execute(f"CHECKPOINT {WAREHOUSE}")
        con.execute(f"DETACH {WAREHOUSE}")
        made_at = utc_now()
        shutil.copyfile(warehouse_path(home), copied)
        shutil.copyfile(audit.anchor_path(home), content / "warehouse" / audit.anchor_path(home).name)
    earlier = store.backups(folder)
    last = folder / store.name_of(earlier[-1]["made_at"]) if earlier else folder
    known = earlier[-1]["files"] if earlier else {}
    files: dict[str, dict[str, Any]] = {}
    new = 0
    for path in _files(home):
        name = str(path.relative_to(home))
        facts = _keep(path, content / name, last / name, known.get(name))
        if facts is not None:
            new += facts["bytes"] if facts.pop("is_new") else 0
            files[name] = facts
    with connect(home) as con:
        said = _proved(con, home, copied)
    for path in sorted((content / "warehouse").iterdir()):
        path.chmod(0o600)
        files[f"warehouse/{path.name}"] = {"bytes": path.stat().st_size, "sha256": disk.digest(path)}
        new += path.stat().st_size
    said |= {
        "made_at": made_at,
        "code_version": settings.code_version(),
        "duckdb_version": duckdb.__version__,
        "new_bytes": new,
    }
    write_json(content / store.MANIFEST, {**said, "files": files})
    for path in sorted(content.rglob("*"), reverse=True):
        # A link is on the disk already.
        if path.is_dir() or path.stat().st_nlink == 1:
            disk.sync(path)
    disk.sync(content)
    return {**said, "files": files}


def _require_space(folder: Path, warehouse: Path) -> None:
    free, needed = shutil.disk_usage(folder).free, warehouse.stat().st_size + 64 * 2**20
    if free < needed:
        raise TransientError(
            f"no space left for a backup in {folder}: {free // 2**20} MB free, {needed // 2**20} MB needed"
        )


def _proved(con: duckdb.DuckDBPyConnection, home: Path, copied: Path) -> dict[str, Any]:
    """What the copy holds, read from it: a copy that cannot be read is no backup."""
    key = attach_file(con, home, copied, "copied")
    con.execute("USE copied")
    feeds = load_feeds()
    said = {
        "warehouse_key": key,
        "content_hash": content_hash(con, feeds),
        "tables": table_hashes(con, "copied"),
        "audit": vars(audit.head(con)),
    }
    con.execute("USE memory")
    con.execute("DETACH copied")
    return said


def _files(home: Path) -> Iterator[Path]:
    """Every file of landing that is kept: of batches that are sealed, what they are; claims, pulls and plain text that somebody works on are not."""
    for feed in sorted((home / "landing").glob("[!.]*")):
        yield from (path for path in (feed / LAST, feed / LATEST) if path.is_file())
        for folder in sorted(feed.glob("[!.]*")):
            if not (folder / "batch.json").is_file():
                continue
            batch = Batch.load(home, f"{feed.name}/{folder.name}")
            if not batch.is_open:
                # In a data root of a former version nothing was sealed.
                sealing.seal_batch(batch, home)
            kept = [path for path in sorted(folder.glob("[!.]*")) if path.is_file()]
            # One that is about to be sealed is in the next backup.
            if all(path.suffix in (sealing.SUFFIX, ".parquet", ".json") or path.name == "only" for path in kept):
                yield from kept


def _keep(path: Path, target: Path, last: Path, known: dict[str, Any] | None) -> dict[str, Any] | None:
    """Put a file of landing into the backup; None if it has gone meanwhile."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        status = path.stat()
        if known and (known["bytes"], known["mtime_ns"]) == (status.st_size, status.st_mtime_ns) and last.is_file():
            os.link(last, target)
            return {**known, "is_new": False}
        if path.name == LAST:
            shutil.copy2(path, target)
        else:
            disk.link_or_copy(path, target)
    except FileNotFoundError:
        return None
    status = target.stat()
    return {
        "bytes": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "sha256": disk.digest(target),
        "is_new": True,
    }


def _retain(folder: Path, keep: int) -> None:
    names = [store.name_of(one["made_at"]) for one in store.backups(folder)]
    for name in names[: -max(keep, 1)]:
        # Out of sight in one step: half a backup must not be taken for one.
        hidden = folder / f".old-{name}"
        os.rename(folder / name, hidden)
    for hidden in folder.glob(".old-*"):
        shutil.rmtree(hidden, ignore_errors=True)
