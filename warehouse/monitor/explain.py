"""Behind a figure: the rows that it counts or adds up, and what they rest on — batches, rule versions, parameters.

``sql/explain/<mart>.sql`` lists for an aggregated mart every row behind every figure: the mart's key columns, ``figure`` (the column's name),
``household_id``, ``person_key``, ``record`` and ``amount``. A figure is the number of its rows, or the sum of their amounts where they have any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse.monitor.judge import newest_batches
from warehouse.monitor.order import CLUES, JUDGED, SQL, Table, build_order, parse

ROW = ("household_id", "person_key", "record", "amount")
_DERIVED = re.compile(r"^-- Derived:\s*(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Explanation:
    """``value``: the mart's figure as it stands; ``rows``: household_id, person_key, record, amount; ``total``: their number, or the sum of the
    amounts; ``batches``: feed, batch_id, as_of; ``rules``: rule_id, version, hits; ``parameters``: code, value."""

    value: Any
    total: Any
    rows: list[tuple[Any, ...]]
    batches: list[tuple[Any, ...]] = field(default_factory=list)
    rules: list[tuple[Any, ...]] = field(default_factory=list)
    parameters: list[tuple[Any, ...]] = field(default_factory=list)


def explained(root: Path = SQL) -> dict[str, Table]:
    """The explaining SELECTs by the name of their mart."""
    return {path.stem: parse(path, f"explain.{path.stem}") for path in sorted((root / "explain").glob("*.sql"))}


def derived(table: Table) -> set[str]:
    """Columns that the file says follow from others: «-- Derived: rate = covered ÷ due; share = …»."""
    text = table.path.read_text(encoding="utf-8")
    return {part.split("=")[0].strip() for line in _DERIVED.findall(text) for part in line.split(";") if part.strip()}


def key_columns(con: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    """The key columns of the mart, as the explaining SELECT gives them."""
    names = [name for name, *_ in con.execute(f"DESCRIBE {table.select}").fetchall()]
    return [name for name in names if name not in (*ROW, "figure")]


def upstream(name: str, root: Path = SQL) -> tuple[set[str], set[str]]:
    """The SQL files and the other relations on which a table rests: names of tables, names of what no file makes."""
    tables = {table.name: table for table in build_order(root)}
    found, bare, waiting = set(), set(), [name]
    while waiting:
        one = waiting.pop()
        if one in JUDGED:
            one = CLUES
        if one not in tables:
            bare.add(one)
        elif one not in found:
            found.add(one)
            waiting.extend(tables[one].inputs)
    return found, bare


def explain(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], mart: str, key: Sequence[str], column: str
) -> Explanation:
    """What is behind ``column`` of the row of ``mart`` whose key columns have the values ``key`` (texts, in the mart's order).

    Raises TerminalError for a mart, key or column that there is not.
    """
    tables = {table.name: table for table in build_order()}
    name = f"mart.{mart.removeprefix('mart.')}"
    if name not in tables:
        raise TerminalError(f"there is no mart {mart}")
    table = explained().get(name.removeprefix("mart."))
    described = [column_name for column_name, *_ in con.execute(f"DESCRIBE {name}").fetchall()]
    if column not in described:
        raise TerminalError(f"{name} has no column {column}; it has: {', '.join(described)}")
    keys = key_columns(con, table) if table else _row_key(described)
    if len(key) != len(keys):
        raise TerminalError(f"the key of {name} is {'/'.join(keys)}")
    where = " AND ".join(f"CAST({identifier(k)} AS VARCHAR) IS NOT DISTINCT FROM ?" for k in keys)
    values = [value or None for value in key]
    figures = con.execute(f"SELECT {identifier(column)} FROM {name} WHERE {where}", values).fetchall()
    if not figures:
        raise TerminalError(f"{name} has no row {'/'.join(key)}")
    if table is not None:
        if column in derived(table):
            raise TerminalError(f"{name}.{column} follows from others: {_formula(table, column)}")
        rows = con.execute(
            f"SELECT {', '.join(ROW)} FROM ({table.select}) WHERE {where} AND figure = ? ORDER BY ALL",
            [*values, column],
        ).fetchall()
        amounts = [row[-1] for row in rows if row[-1] is not None]
        total = sum(amounts) if amounts else len(rows)
    else:
        rows, total = _source_rows(con, feeds, name, keys[0], key[0]), figures[0][0]
    return Explanation(figures[0][0], total, rows, *ground(con, feeds, name))


def _row_key(described: Sequence[str]) -> list[str]:
    """Row-level marts are asked by household, person or clue."""
    for name in ("clue_id", "person_key", "household_id", "village_code"):
        if name in described:
            return [name]
    return [described[0]]


def _formula(table: Table, column: str) -> str:
    text = table.path.read_text(encoding="utf-8")
    parts = [part.strip() for line in _DERIVED.findall(text) for part in line.split(";")]
    return next(part for part in parts if part.split("=")[0].strip() == column)


def _source_rows(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], name: str, key: str, value: str
) -> list[tuple[Any, ...]]:
    """The rows of all feeds below ``name`` that speak of one household, person or village; ``record`` is feed, batch and row."""
    parts = []
    _, bare = upstream(name)
    for feed in sorted(feeds):
        if f"core.{feed}_now" not in bare:
            continue
        columns = {column for column, *_ in con.execute(f"DESCRIBE core.{identifier(feed + '_now')}").fetchall()}
        if key in columns:
            known = [f"{identifier(c)}" if c in columns else f"NULL AS {c}" for c in ROW[:2]]
            parts.append(
                f"SELECT {', '.join(known)}, '{feed} ' || batch_id || ' ' || source_row AS record, NULL AS amount "
                f"FROM core.{identifier(feed + '_now')} WHERE CAST({identifier(key)} AS VARCHAR) = {literal(value)}"
            )
    return con.execute(f"{' UNION ALL '.join(parts)} ORDER BY ALL").fetchall() if parts else []


def ground(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], name: str
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What a table rests on: newest batches of its feeds, the rules it reads, the parameters its SQL names as they stand today."""
    found, bare = upstream(name)
    tables = {table.name: table for table in build_order()}
    names = [feed for feed in feeds if {f"core.{feed}", f"core.{feed}_now"} & bare]
    batches = newest_batches(con, names)
    judged = [one.removeprefix("rule.").split("_")[0].upper() for one in found if one.startswith("rule.")]
    rules = con.execute(
        "SELECT rule_id, rule_version, hits FROM ops.rule_run WHERE list_contains(?, rule_id) ORDER BY rule_id",
        [judged],
    ).fetchall()
    text = "\n".join(tables[one].select for one in found)
    parameters = [
        (code, value)
        for code, value in con.execute(
            "SELECT p.code, p.value FROM ref.parameter AS p CROSS JOIN ref.run AS r WHERE r.as_of >= p.valid_from AND r.as_of < p.valid_to ORDER BY p.code"
        ).fetchall()
        if f"'{code}'" in text
    ]
    return batches, rules, parameters


def disagreements(con: duckdb.DuckDBPyConnection, mart: str, table: Table) -> list[str]:
    """Where the listed rows and the figures of a mart differ: at most five lines for each figure; nothing, if all is well."""
    keys = key_columns(con, table)
    described = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE mart.{mart}").fetchall()}
    numeric = [
        name
        for name, kind in described.items()
        if name not in keys
        and kind.startswith(("BIGINT", "DECIMAL", "DOUBLE", "INTEGER", "HUGEINT"))
        and name not in derived(table)
    ]
    key_list = ", ".join(map(identifier, keys))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE listed AS SELECT {key_list}, figure, count(*) AS n, sum(amount) AS amount FROM ({table.select}) GROUP BY ALL"
    )
    lines = []
    unknown = con.execute("SELECT DISTINCT figure FROM listed WHERE NOT list_contains(?, figure)", [numeric]).fetchall()
    lines += [f"{mart}: explains {figure}, which is no figure of the mart" for (figure,) in unknown]
    for name in numeric:
        same = " AND ".join(f"m.{identifier(k)} IS NOT DISTINCT FROM l.{identifier(k)}" for k in keys)
        lines += [
            f"{mart}.{name} {'/'.join(map(str, row[:-2]))}: figure {row[-2]}, rows {row[-1]}"
            for row in con.execute(
                f"SELECT {', '.join(f'coalesce(m.{identifier(k)}, l.{identifier(k)})' for k in keys)}, m.{identifier(name)}, coalesce(l.amount, l.n) "
                f"FROM mart.{mart} AS m FULL JOIN (SELECT * FROM listed WHERE figure = {literal(name)}) AS l ON {same} "
                f"WHERE coalesce(m.{identifier(name)}, 0) <> coalesce(l.amount, l.n, 0) LIMIT 5"
            ).fetchall()
        ]
    con.execute("DROP TABLE listed")
    return lines
