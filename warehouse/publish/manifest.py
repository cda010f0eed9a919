"""The manifest of a snapshot: what it is made of, so that any published number can be made again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb

from connectors.settings import ROOT
from warehouse.monitor.order import SQL, build_order

NAME = "manifest.json"


def file_digest(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest(content: Any) -> str:
    """SHA-256 of JSON-able content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


def code_version() -> str:
    """Commit of the checkout if it is one, else the package's version."""
    head = ROOT / ".git" / "HEAD"
    try:
        text = head.read_text(encoding="ascii").strip()
        if text.startswith("ref: "):
            text = (ROOT / ".git" / text.removeprefix("ref: ")).read_text(encoding="ascii").strip()
        return text
    except OSError:
        pass
    try:
        return metadata.version("fupin")
    except metadata.PackageNotFoundError:
        return "unknown"


def batches(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The merged batches behind the marts."""
    rows = con.execute(
        "SELECT feed, batch_id, CAST(as_of AS VARCHAR), rows_landed FROM ops.batch WHERE state = 'merged' ORDER BY feed, as_of, batch_id"
    ).fetchall()
    return [dict(zip(("feed", "batch_id", "as_of", "rows_landed"), row, strict=True)) for row in rows]


def sources() -> dict[str, str]:
    """Digest of every SQL file and code list: the rule and parameter versions."""
    paths = [table.path for table in build_order() if not table.is_step] + sorted((SQL / "codes").glob("*.csv"))
    return {str(path.relative_to(SQL)): file_digest(path) for path in paths}


def read(folder: Path) -> dict[str, Any] | None:
    """The manifest of a snapshot folder, None when there is none that can be read."""
    try:
        content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def write(folder: Path, content: Mapping[str, Any]) -> None:
    (folder / NAME).write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
