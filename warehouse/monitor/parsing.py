"""What a SELECT reads and where it says so, by sqlglot; parsed once per text and kept for the processes after this one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from connectors import settings
from connectors.errors import DeclarationError
from warehouse.batch import write_json

KEPT = "parsed.json"


@dataclass(frozen=True)
class Reference:
    """Where a SELECT names a table: ``text[start:end]``; ``in_fact``: inside a CTE that tells a fact of a whole feed."""

    name: str
    start: int
    end: int
    has_alias: bool
    in_fact: bool


@dataclass(frozen=True)
class Parsed:
    """``inputs``: the tables that are read (``schema.name``); the rest, of a file with a Scope only: see :class:`warehouse.monitor.order.Table`."""

    inputs: tuple[str, ...]
    references: tuple[Reference, ...] = ()
    facts: tuple[str, ...] = ()
    facts_sql: str = ""


class Kept:
    """What was parsed before, in ``run/parsed.json`` of the data root: by the digest of the text and of all that reads it. A second and more of every
    build and publication otherwise."""

    def __init__(self) -> None:
        self.path = settings.home() / "run" / KEPT
        self._reader = Path(__file__).read_bytes() + sqlglot.__version__.encode()
        self._wanted: dict[str, Parsed] = {}
        try:
            self._before = {key: _from_json(one) for key, one in json.loads(self.path.read_bytes()).items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            # Never written, or damaged: everything is parsed again.
            self._before = {}

    def parse(self, text: str, name: str, is_scoped: bool) -> Parsed:
        key = hashlib.sha256(b"\x1f".join((self._reader, str(is_scoped).encode(), text.encode()))).hexdigest()
        self._wanted[key] = self._before.get(key) or parse(text, name, is_scoped)
        return self._wanted[key]

    def save(self) -> None:
        """Keep what is wanted today, where there is a data root and anything is new."""
        if self._wanted.keys() - self._before.keys() and self.path.parent.is_dir():
            try:
                write_json(self.path, {key: asdict(one) for key, one in self._wanted.items()})
            except OSError:
                # A disk that is full or read-only costs the second, no more.
                return


def _from_json(parts: Mapping[str, Any]) -> Parsed:
    return Parsed(
        inputs=tuple(parts["inputs"]),
        references=tuple(Reference(**reference) for reference in parts["references"]),
        facts=tuple(parts["facts"]),
        facts_sql=parts["facts_sql"],
    )


def parse(text: str, name: str, is_scoped: bool) -> Parsed:
    """Raises DeclarationError, which names the file, unless ``text`` is exactly one SELECT whose tables all carry a schema."""
    try:
        statements = [statement for statement in sqlglot.parse(text, read="duckdb") if statement is not None]
    except sqlglot.ParseError as error:
        raise DeclarationError(f"{name}: is no valid SQL ({str(error).splitlines()[0]})") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise DeclarationError(f"{name}: must be one bare SELECT")
    common = {cte.alias_or_name for cte in statements[0].find_all(exp.CTE)}
    inputs = set()
    for table in statements[0].find_all(exp.Table):
        if table.db:
            inputs.add(f"{table.db}.{table.name}")
        elif table.name not in common:
            raise DeclarationError(f"{name}: table {table.name} needs its schema")
    if not is_scoped:
        return Parsed(tuple(sorted(inputs)))
    facts = _facts(statements[0])
    return Parsed(tuple(sorted(inputs)), _references(statements[0], facts), tuple(facts), _facts_sql(facts))


def _facts(query: exp.Expr) -> dict[str, exp.CTE]:
    """The CTEs that aggregate whole inputs without GROUP BY, by name: what they tell is nobody's own."""
    facts: dict[str, exp.CTE] = {}
    for cte in query.args["with_"].expressions if query.args.get("with_") else []:
        select = cte.this
        if (
            not isinstance(select, exp.Select)
            or select.args.get("group")
            or not any(
                found.find_ancestor(exp.Select) is select and not isinstance(found.parent, exp.Window)
                for column in select.expressions
                for found in column.find_all(exp.AggFunc)
            )
        ):
            continue
        read = list(select.find_all(exp.Table))
        if all(table.db or table.name in facts for table in read):
            facts[cte.alias_or_name] = cte
    return facts


def _references(query: exp.Expr, facts: Mapping[str, exp.CTE]) -> tuple[Reference, ...]:
    found = []
    for table in query.find_all(exp.Table):
        if not table.db:
            continue
        around: exp.Expr | None = table
        while around is not None and not (isinstance(around, exp.CTE) and facts.get(around.alias_or_name) is around):
            around = around.parent
        found.append(
            Reference(
                f"{table.db}.{table.name}",
                table.args["db"].meta["start"],
                table.this.meta["end"] + 1,
                bool(table.alias),
                around is not None,
            )
        )
    return tuple(sorted(found, key=lambda one: one.start))


def _facts_sql(facts: Mapping[str, exp.CTE]) -> str:
    """One row, one column: the digest of all facts that read more than ``ref``."""
    wanted = [
        name for name, cte in facts.items() if any(table.db not in ("ref", "") for table in cte.find_all(exp.Table))
    ]
    if not wanted:
        return ""
    ctes = ", ".join(f"{name} AS ({cte.this.sql(dialect='duckdb', comments=False)})" for name, cte in facts.items())
    return f"WITH {ctes} SELECT hash({', '.join(f'(SELECT hash(list(f)) FROM {name} AS f)' for name in wanted)})"
