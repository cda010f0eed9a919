"""Write a snapshot, give it its name, make it the current one, remove old ones."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from connectors import settings
from connectors.feed import Feed
from warehouse import keys
from warehouse.database import second
from warehouse.publish import dictionary, guard, lineage, manifest, page, past, past_file
from warehouse.publish.plan import Relation, plan
from warehouse.publish.pseudonym import fingerprint

KEEP_SNAPSHOTS = 30
SNAPSHOT = re.compile(r"[0-9]{8}-[0-9a-f]{8,64}")
DATABASE = "statistics.duckdb"


def published(home: Path) -> Path:
    return home / "published"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One publication at a time, so that what lies about under a temporary name is nobody's."""
    with open(folder / ".lock", "a+b") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def content_hashes(con: duckdb.DuckDBPyConnection, relations: Sequence[Relation]) -> dict[str, dict[str, Any]]:
    """Rows and content hash of each relation, whatever the order of its rows."""
    found = {}
    for relation in relations:
        count, total = con.execute(
            f"SELECT count(*), coalesce(sum(CAST(hash(t) AS HUGEINT)), 0) FROM ({relation.raw}) AS t"
        ).fetchone() or (0, 0)
        found[relation.name] = {
            "rows": count,
            "columns": list(relation.columns),
            "content_hash": manifest.digest([count, int(total)]),
        }
    return found


def _name(folder: Path, as_of: dt.date | None, content: str, knowledge: str) -> str:
    """``YYYYMMDD-`` and the content hash's beginning, longer only when another snapshot has taken the short name: another content, or
    the same content known in another way (a delivery came and was taken back)."""
    day = as_of.strftime("%Y%m%d") if as_of else "00000000"
    full = content[:8] + manifest.digest([content, knowledge])
    for length in range(8, 65, 8):
        name = f"{day}-{full[:length]}"
        known = manifest.read(folder / name)
        if known is None or (known.get("content_hash"), known.get("knowledge_hash")) == (content, knowledge):
            return name
    return f"{day}-{full[:64]}"


def publish(
    con: duckdb.DuckDBPyConnection, home: Path, feeds: Mapping[str, Feed], keep: int | None = None
) -> dict[str, Any]:
    """Publish the marts of the warehouse that ``con`` has as its default database; reading it is enough.

    Returns ``snapshot_id``, ``as_of``, ``content_hash``, ``tables`` (name → rows) and ``is_new``. Raises TerminalError when the
    guard finds anything; the current snapshot then stays. ``keep``: snapshots to keep ([fupin] keep_snapshots, default 30).
    """
    base = published(home)
    base.mkdir(parents=True, exist_ok=True)
    os.chmod(base, 0o755)
    key = keys.secret("publication_key", home)
    with _alone(base):
        for leftover in base.glob(".tmp-*"):
            _remove(leftover)
        relations = plan(con, feeds, key)
        row = con.execute("SELECT as_of FROM ref.run").fetchone()
        as_of: dt.date | None = row[0] if row else None
        tables = content_hashes(con, relations)
        last = past_file.last_of(base / "current")
        chapters = past_file.survey(con, feeds, key, last.feeds if last else {})
        described: list[dictionary.Described] = [*relations, *(chapter.past for chapter in chapters), past.Labels()]
        content = manifest.digest(
            {
                "as_of": as_of,
                "tables": tables,
                "history": {chapter.past.name: chapter.facts["believed"] for chapter in chapters},
                "dictionary": manifest.digest(dictionary.rows(described)),
                "page": page.version(),
                "key": fingerprint(key),
            }
        )
        # When something became known depends on when it was loaded, so it decides nothing but whether this snapshot is published already.
        knowledge = manifest.digest({chapter.past.name: chapter.facts["known"] for chapter in chapters})
        snapshot_id = _name(base, as_of, content, knowledge)
        is_new = not (base / snapshot_id).exists()
        if is_new:
            batches = manifest.batches(con)
            ids = [batch for (batch,) in con.execute("SELECT DISTINCT batch_id FROM ops.batch").fetchall()]
            temporary = base / f".tmp-{snapshot_id}"
            try:
                (temporary / "parquet").mkdir(parents=True)
                # Two files side by side: neither fills a machine.
                with second(con) as other, ThreadPoolExecutor(1) as beside:
                    history = beside.submit(past_file.write, other, temporary, chapters, key, last)
                    _write(con, temporary, relations, _reusable(base, relations, tables))
                    page.write(temporary, temporary / DATABASE, snapshot_id, as_of)
                    inspected = history.result()
                dictionary.write(temporary, described, as_of, lineage.told(con))
                head = {
                    "snapshot_id": snapshot_id,
                    "as_of": as_of,
                    "content_hash": content,
                    "knowledge_hash": knowledge,
                    "published_at": dt.datetime.now(dt.UTC).isoformat(timespec="microseconds"),
                    "code_version": manifest.code_version(),
                    "duckdb_version": duckdb.__version__,
                    "key_fingerprint": fingerprint(key),
                    "audit": manifest.head_of_log(con),
                    "batches": batches,
                    "sources": manifest.sources(),
                    "tables": tables,
                    "history": {chapter.past.feed.name: chapter.facts for chapter in chapters},
                    "definitions": {relation.name: manifest.digest(relation.select) for relation in relations},
                    "files": {
                        str(path.relative_to(temporary)): {
                            "bytes": path.stat().st_size,
                            "sha256": manifest.file_digest(path),
                        }
                        for path in sorted(temporary.rglob("*"))
                        if path.is_file()
                    },
                }
                manifest.write(temporary, head)
                guard.enforce(temporary, feeds, ids, inspected)
                _seal(temporary)
                os.rename(temporary, base / snapshot_id)
                _sync(base)
            except BaseException:
                _remove(temporary)
                raise
        make_current(base, snapshot_id)
        retain(base, int(keep if keep is not None else settings.number("keep_snapshots", KEEP_SNAPSHOTS)))
    return {
        "snapshot_id": snapshot_id,
        "as_of": str(as_of) if as_of else None,
        "content_hash": content,
        "is_new": is_new,
        "tables": {name: facts["rows"] for name, facts in tables.items()},
    }


def _reusable(base: Path, relations: Sequence[Relation], tables: Mapping[str, Any]) -> dict[str, Path]:
    """Table → its Parquet file in the current snapshot, where neither its rows nor its definition (key included) have changed."""
    current = base / "current"
    known = manifest.read(current) or {}
    found = {}
    for relation in relations:
        path = current / "parquet" / f"{relation.stem}.parquet"
        if (
            known.get("tables", {}).get(relation.name) == tables[relation.name]
            and known.get("definitions", {}).get(relation.name) == manifest.digest(relation.select)
            and path.is_file()
            # A file that has rotted meanwhile is written anew.
            and known.get("files", {}).get(f"parquet/{path.name}", {}).get("sha256") == manifest.file_digest(path)
        ):
            found[relation.name] = path.resolve()
    return found


def _write(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    relations: Sequence[Relation],
    unchanged: Mapping[str, Path],
) -> None:
    """Parquet from the warehouse, the database from the Parquet; the two go side by side, for neither fills a machine.

    A file that is ``unchanged`` since the last snapshot is linked: snapshots are never written again.
    """
    parquet = folder / "parquet"
    spill = folder / "spill"
    limits: dict[str, Any] = {"memory_limit": "1GB", "preserve_insertion_order": False, "temp_directory": str(spill)}
    with duckdb.connect(str(folder / DATABASE), config=limits) as out, ThreadPoolExecutor(1) as loader:
        # Pseudonyms are random: methods that look for repetition in text cost a second and find nothing.
        out.execute("SET disabled_compression_methods = 'fsst,dict_fsst,zstd'")
        for schema in sorted({relation.name.split(".")[0] for relation in relations}):
            out.execute(f"CREATE SCHEMA {schema}")
        loads = []
        for relation in relations:
            target = parquet / f"{relation.stem}.parquet"
            if relation.name in unchanged:
                os.link(unchanged[relation.name], target)
            else:
                con.execute(f"COPY ({relation.select}) TO {_literal(target)} (FORMAT parquet, COMPRESSION zstd)")
            loads.append(loader.submit(_load, out, relation, target))
        for load in loads:
            load.result()
        out.execute("CHECKPOINT")
    shutil.rmtree(spill, ignore_errors=True)


def _load(out: duckdb.DuckDBPyConnection, relation: Relation, source: Path) -> None:
    statements = [
        f"CREATE TABLE {relation.name} AS SELECT * FROM read_parquet({_literal(source)})",
        f"CREATE VIEW main.{relation.stem} AS SELECT * FROM {relation.name}",
        *dictionary.comments(relation.name, relation),
    ]
    out.execute(f"BEGIN; {'; '.join(statements)}; COMMIT")


def _seal(folder: Path) -> None:
    """Everything on disk, read-only for whoever may come."""
    for path in sorted(folder.rglob("*"), reverse=True):
        os.chmod(path, 0o755 if path.is_dir() else 0o444)
        _sync(path)
    os.chmod(folder, 0o755)
    _sync(folder)


def make_current(base: Path, snapshot_id: str) -> None:
    """Point ``published/current`` at ``snapshot_id`` in one step."""
    link = base / "current"
    if link.is_symlink() and os.readlink(link) == snapshot_id:
        return
    temporary = base / ".current"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(snapshot_id)
    os.replace(temporary, link)
    _sync(base)


def snapshots(base: Path) -> list[dict[str, Any]]:
    """Heads (``snapshot_id``, ``as_of``, ``published_at``, …) of all complete snapshots, oldest publication first."""
    found = []
    for folder in base.iterdir() if base.is_dir() else ():
        if SNAPSHOT.fullmatch(folder.name) and folder.is_dir():
            head = manifest.read(folder)
            if head is not None:
                found.append({**head, "snapshot_id": folder.name})
    return sorted(found, key=lambda head: (str(head.get("published_at")), head["snapshot_id"]))


def retain(base: Path, keep: int) -> list[str]:
    """Remove all but the ``keep`` last published snapshots, never the current one; returns the names removed."""
    link = base / "current"
    current = os.readlink(link) if link.is_symlink() else None
    names = [head["snapshot_id"] for head in snapshots(base)]
    old = [name for name in names[: max(len(names) - max(keep, 1), 0)] if name != current]
    for name in old:
        # Out of sight in one step, so that nobody opens half a snapshot.
        hidden = base / f".tmp-old-{name}"
        os.rename(base / name, hidden)
        _remove(hidden)
    return old


def _remove(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)
