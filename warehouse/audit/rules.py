"""Rules, parameters and code lists that are not what they were when the log last spoke of them."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import duckdb

from connectors.settings import ROOT
from warehouse import audit

SQL = ROOT / "sql"
PARAMETERS = "codes/parameter.csv"


def present(root: Path = SQL) -> dict[str, str]:
    """By name: of each parameter its value, of each rule and code list the beginning of its SHA-256."""
    paths = sorted([*(root / "rules").glob("*.sql"), *(root / "codes").glob("*.csv")])
    found = {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in paths}
    if PARAMETERS in found:
        with open(root / PARAMETERS, encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                until = f"（至 {row['valid_to']}）" if row["valid_to"] < "9999" else ""
                found[f"{row['code']} {row['valid_from']}"] = f"{row['value'] or '未设'} {row['unit']}{until}"
    return found


def note(con: duckdb.DuckDBPyConnection, home: Path, root: Path = SQL) -> None:
    """Write an entry if anything differs from what the log knows, before a build judges by it: what was set, what has gone."""
    known: dict[str, str | None] = {}
    for (detail,) in con.execute("SELECT detail FROM ops.audit WHERE what = 'rules' ORDER BY number").fetchall():
        known.update(json.loads(detail))
    now = present(root)
    changed = {name: now.get(name) for name in sorted(known.keys() | now.keys()) if now.get(name) != known.get(name)}
    if changed:
        audit.note(con, home, "rules", "sql", detail=changed)
