"""Write a snapshot, give it its name, make it the current one, remove old ones."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from connectors import disk, settings
from connectors.feed import Feed
from connectors.quoting import literal
from warehouse import keys
from warehouse.database import second
from warehouse.publish import dictionary, guard, lineage, manifest, page, past, past_file, public
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


@dataclass(frozen=True)
class Found:
    """What is to be published. ``content``: digest of everything that readers see, ``knowledge``: of when it became known."""

    as_of: dt.date | None
    relations: Sequence[Relation]
    tables: Mapping[str, Any]
    chapters: Sequence[past_file.Chapter]
    described: Sequence[dictionary.Described]
    content: str
    knowledge: str


def _name(folder: Path, found: Found) -> str:
    """``YYYYMMDD-`` and the content hash's beginning, longer only when another snapshot has taken the short name: another content, or
    the same content known in another way (a delivery came and was taken back)."""
    day = found.as_of.strftime("%Y%m%d") if found.as_of else "00000000"
    full = found.content[:8] + manifest.digest([found.content, found.knowledge])
    same = (found.content, found.knowledge)
    for length in range(8, 65, 8):
        name = f"{day}-{full[:length]}"
        known = manifest.read(folder / name)
        if known is None or (known.get("content_hash"), known.get("knowledge_hash")) == same:
            return name
    return f"{day}-{full[:64]}"


def publish(
    con: duckdb.DuckDBPyConnection,
    home: Path,
    feeds: Mapping[str, Feed],
    keep: int | None = None,
    marts: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Publish the marts of the warehouse that ``con`` has as its default database; reading it is enough.

    Returns ``snapshot_id``, ``as_of``, ``content_hash``, ``tables`` (name → rows) and ``is_new``. Raises TerminalError when the
    guard finds anything; the current snapshot then stays. ``keep``: snapshots to keep ([fupin] keep_snapshots, default 30). ``marts``
    makes the marts where they are not made yet: the history needs none of them and is written meanwhile.
    """
    base = published(home)
    base.mkdir(parents=True, exist_ok=True)
    os.chmod(base, 0o755)
    key = keys.secret("publication_key", home)
    with _alone(base):
        for leftover in base.glob(".tmp-*"):
            _remove(leftover)
        temporary = base / ".tmp-new"
        (temporary / "parquet").mkdir(parents=True)
        try:
            ids = [batch for (batch,) in con.execute("SELECT DISTINCT batch_id FROM ops.batch").fetchall()]
            # Two files side by side: neither fills a machine.
            with second(con) as other, ThreadPoolExecutor(1) as beside, ThreadPoolExecutor(1) as watch:
                last = past_file.last_of(base / "current")
                survey = beside.submit(past_file.survey, other, feeds, key, last.feeds if last else {})
                history = beside.submit(lambda: past_file.write(other, temporary, survey.result(), key, last))
                try:
                    marts()
                finally:
                    closed = beside.submit(past_file.close, other)
                found = _found(con, feeds, key, survey.result())
                snapshot_id = _name(base, found)
                is_new = not (base / snapshot_id).exists()
                if is_new:
                    database = temporary / DATABASE
                    _write(con, temporary, found.relations, _reusable(base, found.relations, found.tables))
                    page.write(temporary, database, snapshot_id, found.as_of)
                    findings = watch.submit(guard.inspect_statistics, database, feeds, ids)
                    dictionary.write(temporary, found.described, found.as_of, lineage.told(con))
                    public.write(temporary, base, found.as_of, found.tables, key)
                inspected = history.result()
                closed.result()
            if is_new:
                manifest.write(temporary, _head(con, temporary, found, snapshot_id, key))
                guard.enforce(temporary, feeds, ids, inspected, {database: findings.result()})
                _seal(temporary)
                os.rename(temporary, base / snapshot_id)
                disk.sync(base)
        finally:
            _remove(temporary)
        make_current(base, snapshot_id)
        retain(base, int(keep if keep is not None else settings.number("keep_snapshots", KEEP_SNAPSHOTS)))
    return {
        "snapshot_id": snapshot_id,
        "as_of": str(found.as_of) if found.as_of else None,
        "content_hash": found.content,
        "is_new": is_new,
        "tables": {name: facts["rows"] for name, facts in found.tables.items()},
    }


def _found(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], key: str, chapters: Sequence[past_file.Chapter]
) -> Found:
    relations = plan(con, feeds, key)
    row = con.execute("SELECT as_of FROM ref.run").fetchone()
    as_of: dt.date | None = row[0] if row else None
    tables = content_hashes(con, relations)
    described: list[dictionary.Described] = [*relations, *(chapter.past for chapter in chapters), past.Labels()]
    content = manifest.digest(
        {
            "as_of": as_of,
            "tables": tables,
            "history": {chapter.past.name: chapter.facts["believed"] for chapter in chapters},
            "dictionary": manifest.digest(dictionary.rows(described)),
            "page": page.version(),
            "public": public.version(),
            "key": fingerprint(key),
        }
    )
    # When something became known depends on when it was loaded, so it decides nothing but whether this snapshot is published already.
    knowledge = manifest.digest({chapter.past.name: chapter.facts["known"] for chapter in chapters})
    return Found(as_of, relations, tables, chapters, described, content, knowledge)


def _head(con: duckdb.DuckDBPyConnection, folder: Path, found: Found, snapshot_id: str, key: str) -> dict[str, Any]:
    """What the manifest says of the snapshot in ``folder``, which is complete but for it."""
    return {
        "snapshot_id": snapshot_id,
        "as_of": found.as_of,
        "content_hash": found.content,
        "knowledge_hash": found.knowledge,
        "published_at": dt.datetime.now(dt.UTC).isoformat(timespec="microseconds"),
        "code_version": settings.code_version(),
        "duckdb_version": duckdb.__version__,
        "key_fingerprint": fingerprint(key),
        "audit": manifest.head_of_log(con),
        "batches": manifest.batches(con),
        "sources": manifest.sources(),
        "tables": found.tables,
        "public": public.state(found.tables, key),
        "history": {chapter.past.feed.name: chapter.facts for chapter in found.chapters},
        "definitions": {relation.name: manifest.digest(relation.select) for relation in found.relations},
        "files": {
            str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": disk.digest(path)}
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
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
            and known.get("files", {}).get(f"parquet/{path.name}", {}).get("sha256") == disk.digest(path)
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
    with duckdb.connect(config=limits) as out, ThreadPoolExecutor(1) as loader:
        # A file that nobody opens before it is complete needs no log beside it.
        out.execute(
            f"ATTACH {literal(str(folder / DATABASE))} AS statistics (RECOVERY_MODE no_wal_writes); USE statistics"
        )
        # Pseudonyms are random: methods that look for repetition in text cost a second and find nothing.
        out.execute("SET disabled_compression_methods = 'fsst,dict_fsst,zstd'")
        for schema in sorted({relation.name.split(".")[0] for relation in relations}):
            out.execute(f"CREATE SCHEMA {schema}")
        out.execute("BEGIN")
        loads = []
        for relation in relations:
            target = parquet / f"{relation.stem}.parquet"
            if relation.name in unchanged:
                os.link(unchanged[relation.name], target)
            else:
                con.execute(f"COPY ({relation.select}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
            loads.append(loader.submit(_load, out, relation, target))
        for load in loads:
            load.result()
        out.execute("COMMIT; CHECKPOINT; USE memory; DETACH statistics")
    shutil.rmtree(spill, ignore_errors=True)


def _load(out: duckdb.DuckDBPyConnection, relation: Relation, source: Path) -> None:
    out.execute(f"CREATE TABLE {relation.name} AS SELECT * FROM read_parquet({literal(str(source))})")
    out.execute(f"CREATE VIEW main.{relation.stem} AS SELECT * FROM {relation.name}")
    out.execute("; ".join(dictionary.comments(relation.name, relation)))


def _seal(folder: Path) -> None:
    """Everything on disk, read-only for whoever may come."""
    for path in sorted(folder.rglob("*"), reverse=True):
        os.chmod(path, 0o755 if path.is_dir() else 0o444)
        disk.sync(path)
    os.chmod(folder, 0o755)
    disk.sync(folder)


def make_current(base: Path, snapshot_id: str) -> None:
    """Point ``published/current`` at ``snapshot_id`` in one step."""
    link = base / "current"
    if link.is_symlink() and os.readlink(link) == snapshot_id:
        return
    temporary = base / ".current"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(snapshot_id)
    os.replace(temporary, link)
    disk.sync(base)


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
