"""``[source]`` of a feed with ``kind = "database"``: which keys there are and what they may hold. Documented in connectors/README.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.errors import DeclarationError

KEYS = frozenset(
    "kind connection table query incremental overlap_seconds key_order chunk_rows statement_timeout_seconds as_of".split()
)
_CONNECTION = re.compile(r"[A-Za-z0-9_.\-]{1,200}")
# What a bounded SELECT never holds: a second statement, MySQL's comments that are executed, a backslash before a colon.
_FOREIGN = (";", "/*!", "\\:")


@dataclass(frozen=True)
class Settings:
    """The checked keys; exactly one of ``table`` and ``query`` is set."""

    connection: str
    table: str = ""
    query: str = ""
    incremental: str = ""
    overlap_seconds: int = 60
    key_order: tuple[str, ...] = ()
    chunk_rows: int = 200_000
    statement_timeout_seconds: int = 600
    as_of: str = ""

    @classmethod
    def of(cls, source: Mapping[str, Any]) -> Settings:
        given = {key: value for key, value in source.items() if key != "kind"}
        given["key_order"] = tuple(given.get("key_order", ()))
        given["query"] = str(given.get("query", "")).strip().removesuffix(";").strip()
        return cls(**given)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _within(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def validate(path: Path, mode: str, source: Mapping[str, Any]) -> None:
    """Check the table ``[source]`` of the declaration ``path``. Raises DeclarationError that names file and key."""
    query = source.get("query")
    text = query.strip().removesuffix(";") if isinstance(query, str) else ""
    order = source.get("key_order", [])
    checks = [
        (set(source) <= KEYS, f"unknown keys {sorted(set(source) - KEYS)}"),
        (
            isinstance(source.get("connection"), str) and bool(_CONNECTION.fullmatch(source["connection"])),
            "connection must be the id of an Airflow connection",
        ),
        (("table" in source) != ("query" in source), "exactly one of table and query must be given"),
        ("table" not in source or _is_name(source["table"]), "table must be a name, «table» or «schema.table»"),
        (
            query is None or bool(re.match(r"(?is)(select|with)\b", text)),
            "query must be one SELECT",
        ),
        (
            not any(mark in text for mark in _FOREIGN),
            f"query must be one SELECT, without any of {' '.join(_FOREIGN)}",
        ),
        ("incremental" not in source or _is_name(source["incremental"]), "incremental must name a column"),
        (
            "incremental" not in source or mode != "snapshot",
            'incremental needs mode = "upsert" or "append": in a snapshot a row that is not read has ended',
        ),
        (
            "overlap_seconds" not in source or "incremental" in source,
            "overlap_seconds needs incremental",
        ),
        (
            _within(source.get("overlap_seconds", 0), 0, 30 * 86400),
            "overlap_seconds must be a whole number from 0 to 2592000",
        ),
        (
            isinstance(order, list) and all(map(_is_name, order)) and len(set(order)) == len(order),
            "key_order must list columns, each once",
        ),
        ("chunk_rows" not in source or bool(order), "chunk_rows needs key_order"),
        (_within(source.get("chunk_rows", 1000), 1000, 10_000_000), "chunk_rows must be from 1000 to 10000000"),
        (
            _within(source.get("statement_timeout_seconds", 1), 1, 86400),
            "statement_timeout_seconds must be from 1 to 86400",
        ),
        ("as_of" not in source or _is_name(source["as_of"]), "as_of must name a column"),
    ]
    for passed, message in checks:
        if not passed:
            raise DeclarationError(f"{path.name}: [source] {message}")
