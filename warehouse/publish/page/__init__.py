"""The leader's page: one self-contained ``index.html`` in every snapshot, made of the snapshot's own de-identified marts.

``figures/*.sql`` ask the marts, ``page.html.j2`` lays the answers out. Nothing comes from anywhere else, neither network nor clock, so
the same snapshot is the same file. Every figure is a link to its definition at the page's end, which names the mart.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from warehouse.publish.page import charts
from warehouse.publish.page.definitions import Definitions

NAME = "index.html"
HERE = Path(__file__).parent
_TABLE = re.compile(r"\b(?:FROM|JOIN)\s+((?:mart|ref)\.\w+)")
# Sections whose rows belong to an area; the others speak of the whole county.
BY_AREA = ("target", "headcount", "guarantee", "clue", "clue_month", "clue_rule", "supervised", "loan", "project")


def read(database: Path) -> dict[str, Any]:
    """The figures of a published database: section → its rows as dicts; for BY_AREA and ``village``: section → area code → rows."""
    found: dict[str, Any] = {}
    with duckdb.connect(str(database), read_only=True) as con:
        there = {
            name for (name,) in con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        }
        for path in sorted((HERE / "figures").glob("*.sql")):
            sql = path.read_text(encoding="utf-8")
            # Of a mart that the snapshot has not, nobody has reported anything.
            if set(_TABLE.findall(sql)) - there:
                found[path.stem] = []
                continue
            result = con.execute(sql)
            names = [column[0] for column in result.description or ()]
            found[path.stem] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    found["towns"] = [row for row in found["headcount"] if row["area_level"] == "乡"]
    found["town_loans"] = [row for row in found["loan"] if len(row["area_code"]) > 6]
    found["villages"] = found["village"]
    for section in (*BY_AREA, "village"):
        by_area: dict[str, list[dict[str, Any]]] = {}
        for row in found[section]:
            by_area.setdefault(row["area_code"], []).append(row)
        found[section] = by_area
    return found


@cache
def version() -> str:
    """SHA-256 of what makes the page of the figures: a new page is worth a new snapshot."""
    parts = sorted(path for path in HERE.rglob("*") if path.suffix in (".css", ".j2", ".js", ".py", ".sql"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in parts)).hexdigest()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(charts=charts, bar=_share)
    return environment


def _share(part: Any, whole: Any) -> str:
    """``part`` of ``whole`` as a width in per cent; nothing of nothing is no width."""
    return f"{min(float(part or 0) / float(whole), 1) * 100:.2f}" if whole else "0"


def write(folder: Path, database: Path, snapshot_id: str, as_of: dt.date | None) -> Path:
    """Write ``folder/index.html`` from the published ``database``; the bytes depend on nothing but its content and the arguments."""
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    text = (
        _environment()
        .get_template("page.html.j2")
        .render(
            read(database),
            snapshot_id=snapshot_id,
            as_of=as_of,
            style=Markup(style),
            script=Markup(script),
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            the=Definitions(),
        )
    )
    path = folder / NAME
    path.write_text(text, encoding="utf-8")
    return path
