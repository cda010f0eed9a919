"""Who is shown what (``audiences.toml``): statisticians, the public, departments and townships. What is not declared is not shown."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from connectors.errors import DeclarationError
from warehouse import columns
from warehouse.monitor.order import SQL

PATH = Path(__file__).with_name("audiences.toml")
LEVELS = ("县", "乡", "村")
# What tells who somebody is; it stands in no relation that is published.
PEOPLE = {"citizen_id": "公民身份号码", "name": "姓名"}
Declared = TypeVar("Declared")
# An identifier leaves only as one of PEOPLE.
SENSITIVITIES = set(columns.SENSITIVITIES) - {"identifier"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Statistics:
    """The content of a snapshot: ``relations`` as patterns, ``earliest``: column → the year that stands for all before it."""

    title: str
    relations: Sequence[str]
    sensitivities: Sequence[str]
    earliest: Mapping[str, int] = field(default_factory=dict)

    def shows(self, relation: str) -> bool:
        return any(fnmatchcase(relation, pattern) for pattern in self.relations)

    def cut(self, column: str, expression: str) -> str:
        """SQL of ``column`` as it is shown, from the SQL of its value."""
        year = self.earliest.get(column)
        # DuckDB's greatest() passes over what is unknown.
        return f"nullif(greatest(coalesce({expression}, 9999), {year}), 9999)" if year else expression


@dataclass(frozen=True)
class Table:
    """One public table. ``sums``: (whole, parts) of counts, a whole of another table as ``table.count``; ``rests``: (whole, part)."""

    title: str
    relation: str
    levels: Sequence[str]
    counts: Sequence[str]
    by: Sequence[str] = ()
    rows: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    rates: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sums: Sequence[str] = ()
    rests: Sequence[Sequence[str]] = ()

    @property
    def equations(self) -> list[tuple[str, list[str]]]:
        """The declared sums as (whole, parts)."""
        pairs = (text.partition("=") for text in self.sums)
        return [(whole.strip(), [part.strip() for part in parts.split("+")]) for whole, _, parts in pairs]


@dataclass(frozen=True)
class Public:
    """What may hang on a notice board. ``smallest``: the parameter below whose value a count is not shown."""

    title: str
    sensitivities: Sequence[str]
    smallest: str
    tables: Mapping[str, Table]


@dataclass(frozen=True)
class List:
    """One list of named people for ``department``; ``by_town``: only ever for one township."""

    title: str
    department: str
    relation: str
    columns: Sequence[str]
    people: Sequence[str] = ()
    rows: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    by_town: bool = False


@dataclass(frozen=True)
class Operations:
    title: str
    sensitivities: Sequence[str]
    lists: Mapping[str, List]


@dataclass(frozen=True)
class Audiences:
    statistics: Statistics
    public: Public
    operations: Operations


@cache
def audiences(path: Path = PATH) -> Audiences:
    """The declarations of ``path``. Raises DeclarationError that names audience, relation and column of what cannot be shown."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path.name}: is no valid TOML ({error})") from None
    public, operations = dict(raw.pop("public", {})), dict(raw.pop("operations", {}))
    statistics = _made(Statistics, "statistics", raw.pop("statistics", {}))
    if raw:
        raise DeclarationError(f"{path.name}: there is no audience {', '.join(sorted(raw))}")
    public["tables"] = {
        name: _made(Table, f"public.tables.{name}", keys) for name, keys in public.get("tables", {}).items()
    }
    operations["lists"] = {
        name: _made(List, f"operations.lists.{name}", keys) for name, keys in operations.get("lists", {}).items()
    }
    made = Audiences(statistics, _made(Public, "public", public), _made(Operations, "operations", operations))
    for name, audience in (("statistics", statistics), ("public", made.public), ("operations", made.operations)):
        _check_sensitivities(name, audience.sensitivities)
    _check_columns("statistics", statistics.earliest, statistics.sensitivities)
    for name, table in made.public.tables.items():
        _check_table(f"public.tables.{name}", table, made.public)
    for name, listed in made.operations.lists.items():
        _check_list(f"operations.lists.{name}", listed, made.operations)
    return made


def _made(kind: type[Declared], where: str, keys: Mapping[str, Any]) -> Declared:
    try:
        return kind(**keys)
    except TypeError as error:
        # «Table.__init__() missing 1 required positional argument: 'counts'»
        raise DeclarationError(f"audiences.toml: [{where}] {str(error).partition('() ')[2]}") from None


def _check_sensitivities(where: str, sensitivities: Sequence[str]) -> None:
    if wrong := set(sensitivities) - SENSITIVITIES:
        raise DeclarationError(f"audiences.toml: [{where}] may not be shown {', '.join(sorted(wrong))} columns")


def _check_table(where: str, table: Table, public: Public) -> None:
    _check_relation(where, table.relation)
    _check_columns(where, [*table.counts, *table.by, *table.rows, *table.rates], public.sensitivities)
    if wrong := [column for column in table.counts if columns.dictionary()[column].type != "BIGINT"]:
        raise DeclarationError(f"audiences.toml: [{where}] only counts can be rounded, not {', '.join(wrong)}")
    if unknown := set(table.levels) - set(LEVELS):
        raise DeclarationError(f"audiences.toml: [{where}] levels are {', '.join(LEVELS)}, not {', '.join(unknown)}")
    known = {*table.counts, *(f"{name}.{one}" for name, other in public.tables.items() for one in other.counts)}
    named = [one for whole, parts in table.equations for one in (whole, *parts)]
    named += [one for pair in (*table.rests, *table.rates.values()) for one in pair]
    if unknown := set(named) - known:
        raise DeclarationError(f"audiences.toml: [{where}] adds up counts that no table shows: {', '.join(unknown)}")


def _check_list(where: str, listed: List, operations: Operations) -> None:
    _check_relation(where, listed.relation)
    town = ["town_code"] if listed.by_town else []
    _check_columns(where, [*listed.columns, *listed.rows, *town], operations.sensitivities)
    if unknown := set(listed.people) - set(PEOPLE):
        raise DeclarationError(f"audiences.toml: [{where}] people may be {', '.join(PEOPLE)}, not {', '.join(unknown)}")


def _check_relation(where: str, relation: str) -> None:
    schema, _, stem = relation.partition(".")
    if schema != "mart" or not _NAME.fullmatch(stem) or not (SQL / "marts" / f"{stem}.sql").is_file():
        raise DeclarationError(f"audiences.toml: [{where}] there is no mart {relation}")


def _check_columns(where: str, named: Sequence[str] | Mapping[str, Any], sensitivities: Sequence[str]) -> None:
    known = columns.dictionary()
    if unknown := [name for name in named if name not in known]:
        raise DeclarationError(f"audiences.toml: [{where}] columns.toml declares no {', '.join(unknown)}")
    if forbidden := [name for name in named if known[name].sensitivity not in sensitivities]:
        told = ", ".join(f"{name} ({known[name].sensitivity})" for name in forbidden)
        raise DeclarationError(f"audiences.toml: [{where}] may not be shown {told}")
