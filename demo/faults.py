"""The planted errors of real files: what must be quarantined, each with its code.

faults.toml lists them per feed. A :class:`Fault` is an SQL expression over the canonical columns of one row. It is planted
only where no clerk could argue that the row is right, and only in rows about people that no county figure and no situation
depends on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from connectors.feed import Column, Feed
from demo.layouts import Layout, house_style


@dataclass(frozen=True)
class Fault:
    """A planted error. ``value`` None: the row's structure; ``row`` 'copy' / 'conflict': a second row is appended."""

    column: str | None
    code: str
    value: str | None
    condition: str = "TRUE"
    row: str = "cell"
    only_once: bool = False


def _ids(column: str, required: bool) -> list[Fault]:
    cell, full = f'"{column}"', f'length("{column}") = 18'
    found = [
        Fault(column, "ID_CHECKSUM", f"left({cell}, 17) || CASE right({cell}, 1) WHEN '5' THEN '6' ELSE '5' END", full),
        Fault(column, "ID_SCI_NOTATION", f"left({cell}, 1) || '.' || substr({cell}, 2, 5) || 'E+17'", full),
        Fault(
            column, "ID_BIRTHDATE", f"id_of(CAST(left({cell}, 10) || '0230' || substr({cell}, 15, 3) AS BIGINT))", full
        ),
        Fault(column, "ID_PLACEHOLDER", f"left({cell}, 6) || '999999999999'", full),
        Fault(column, "ID_LENGTH", f"left({cell}, 17)", full),
        Fault(column, "ID_LENGTH", f"{cell} || '0'", full),
    ]
    return [*found, Fault(column, "ID_MISSING", "'未办理'", full)] if required else found


def _value(entry: Mapping[str, Any]) -> str:
    """SQL of the cell that an entry of faults.toml describes."""
    if "text" in entry:
        return f"'{entry['text']}'"
    if "money" in entry:
        return f"yuan(CAST(replace({entry['money']}, '.', '') AS BIGINT) + {entry['more']})"
    if "day" in entry:
        return f'CAST(CAST("{entry["day"]}" AS DATE) + {entry["more"]} AS VARCHAR)'
    return str(entry["sql"])


def _faults(entry: Mapping[str, Any]) -> list[Fault]:
    if "id" in entry:
        return _ids(entry["id"], entry["required"])
    more = {name: entry[name] for name in ("row", "only_once") if name in entry}
    return [Fault(entry["column"], entry["code"], _value(entry), entry.get("where", "TRUE"), **more)]


@cache
def _declared() -> dict[str, dict[str, list[Fault]]]:
    """faults.toml: ``sent`` | ``identity`` → feed → faults."""
    found = tomllib.loads((Path(__file__).parent / "faults.toml").read_text(encoding="utf-8"))
    return {
        when: {feed: [fault for entry in entries for fault in _faults(entry)] for feed, entries in feeds.items()}
        for when, feeds in found.items()
    }


DUPLICATE = Fault(None, "DUPLICATE_ROW", None, row="copy")
STRUCTURE = [Fault(None, "ROW_STRUCTURE", None, row="too_many"), Fault(None, "ROW_STRUCTURE", None, row="too_few")]


def faults(feed: Feed, file_format: str, identity: bool = False) -> list[Fault]:
    """All faults to plant in a feed's file; structure faults exist in text files only, coarse birth dates with ``identity``."""
    declared = _declared()
    more = declared["identity"].get(feed.name, []) if identity else []
    return [*declared["sent"].get(feed.name, []), *more, DUPLICATE, *(STRUCTURE if file_format == "csv" else [])]


def fault_value(fault: Fault, column: Column, layout: Layout) -> str:
    """SQL of the faulty cell: a literal stays as it is, a computed canonical value takes the department's spelling."""
    assert fault.value is not None
    if fault.value.startswith("'") or column.type in ("citizen_id", "student_no", "text", "year", "number", "integer"):
        return fault.value
    return house_style(column, layout).replace(f'"{column.name}"', f"({fault.value})")
