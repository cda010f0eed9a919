"""The manifest of a snapshot: what it is made of, so that any published number can be made again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from connectors import disk
from warehouse import audit
from warehouse.monitor.order import SQL, build_order

NAME = "manifest.json"


def digest(content: Any) -> str:
    """SHA-256 of JSON-able content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


def batches(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The merged batches behind the marts."""
    rows = con.execute(
        "SELECT feed, batch_id, CAST(as_of AS VARCHAR), rows_landed FROM ops.batch WHERE state = 'merged' ORDER BY feed, as_of, batch_id"
    ).fetchall()
    return [dict(zip(("feed", "batch_id", "as_of", "rows_landed"), row, strict=True)) for row in rows]


def sources() -> dict[str, str]:
    """Digest of every SQL file and code list: the rule and parameter versions."""
    paths = [table.path for table in build_order() if not table.is_step] + sorted((SQL / "codes").glob("*.csv"))
    return {str(path.relative_to(SQL)): disk.digest(path) for path in paths}


def read(folder: Path) -> dict[str, Any] | None:
    """The manifest of a snapshot folder, None when there is none that can be read."""
    try:
        content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def write(folder: Path, content: Mapping[str, Any]) -> None:
    (folder / NAME).write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")


def log(con: duckdb.DuckDBPyConnection, home: Path, folder: Path) -> None:
    """Write into the log that the snapshot ``folder`` is the current one, unless that is the last it knows."""
    last = con.execute("SELECT target FROM ops.audit WHERE what = 'publish' ORDER BY number DESC LIMIT 1").fetchone()
    if last != (folder.name,):
        audit.note(con, home, "publish", folder.name, detail={"manifest": disk.digest(folder / NAME)})


def head_of_log(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What a manifest says of the log before its own publication: ``entries`` and the last one's ``seal``."""
    last = audit.head(con)
    return {"entries": last.number, "seal": last.seal} if last.number else {"entries": 0}


def said_of_log(base: Path) -> dict[str, tuple[str, audit.Head | None]]:
    """By snapshot: the SHA-256 of its manifest, and what that says of the log (None: nothing)."""
    found = {}
    for path in sorted(base.glob(f"[0-9]*/{NAME}")):
        said = (read(path.parent) or {}).get("audit")
        number, seal = (said.get("entries"), said.get("seal")) if isinstance(said, dict) else (None, None)
        known = audit.Head(number, str(seal)) if isinstance(number, int) and number > 0 else None
        found[path.parent.name] = (disk.digest(path), known)
    return found
