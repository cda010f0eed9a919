"""Is the log still what was written? The first entry that is not, in one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from warehouse.audit import COLUMNS, Head, anchor, anchor_path, seal, secret
from warehouse.database import relations

AT_ONCE = 10_000


def problem(con: duckdb.DuckDBPyConnection, home: Path, manifests: dict[str, tuple[str, Head | None]]) -> str | None:
    """What is wrong with the log, with the number of the first bad entry; None if nothing is.

    ``manifests``: by snapshot, the SHA-256 of its manifest and what that says of the log (None: it was published before there was one).
    """
    known = anchor(home)
    marks = [(head, f"the manifest of {name}") for name, (_, head) in sorted(manifests.items()) if head]
    if known:
        marks.append((known, anchor_path(home).name))
    seals: list[str] = [Head().seal]
    published: dict[str, tuple[int, str]] = {}
    key = secret(home)
    for entry in _entries(con):
        content = dict(zip(COLUMNS, entry, strict=True))
        number, expected = content["number"], len(seals)
        if number is None or number < expected:
            return f"entry {number} stands twice: one was put in"
        if number > expected:
            return f"entry {expected} is missing: it was taken out"
        if seal(key, seals[-1], entry[:-1]) != content["seal"]:
            return f"entry {number} is not what was written: it was changed, put in or moved"
        seals.append(content["seal"])
        if content["what"] == "publish":
            published[content["target"]] = (number, json.loads(content["detail"])["manifest"])
    last = len(seals) - 1
    for head, where in marks:
        if head.number > last:
            return f"entry {last + 1} is missing: the log ends with entry {last}, but {where} knows entry {head.number}"
        if seals[head.number] != head.seal:
            return f"entry {head.number} is not the one that {where} knows"
    if last and known is None:
        return f"the log's end cannot be proved: {anchor_path(home).name} is missing or was changed"
    for name, (number, digest) in sorted(published.items()):
        if name in manifests and manifests[name][0] != digest:
            return f"the manifest of {name} is not what was published (entry {number})"
    return _unlogged(con) if last else None


def _entries(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    # Somebody may have dropped all of it.
    if "ops.audit" not in relations(con):
        return
    con.execute(f"SELECT {', '.join(COLUMNS)} FROM ops.audit ORDER BY number, rowid")
    while rows := con.fetchmany(AT_ONCE):
        yield from rows


def _unlogged(con: duckdb.DuckDBPyConnection) -> str | None:
    """A delivery that was merged since there is a log, and of which it says nothing."""
    row = con.execute(
        "SELECT feed || '/' || batch_id FROM ops.batch AS b WHERE state = 'merged' AND merged_at > (SELECT min(done_at) FROM ops.audit) "
        "AND NOT EXISTS (SELECT 1 FROM ops.audit AS a WHERE a.what = 'load' AND a.target = b.feed || '/' || b.batch_id) ORDER BY ALL LIMIT 1"
    ).fetchone()
    return f"the log has no entry of {row[0]}, which is merged" if row else None
