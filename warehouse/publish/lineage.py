"""From which columns of which feed a published column takes its values, read from the SQL.

``python -m warehouse.publish.lineage --write`` reads the files of ``sql/`` that have changed, with sqlglot, into ``lineage.json`` (of each
column the columns of its inputs; half a minute for all); a publication only follows the steps from mart to feed. Conditions and joins decide
which rows are looked at and are not followed; «*» is the number of rows of a table.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from connectors.feed import Feed, load_feeds
from warehouse.history.tables import core_columns
from warehouse.monitor.order import Table, build_order

PATH = Path(__file__).with_name("lineage.json")
ROWS = "*"
# (table, column)
Source = tuple[str, str]
Schema = Mapping[str, Mapping[str, str]]


def schema_of(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """``schema.table`` → column → type of a warehouse in which everything has been built."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in con.execute(
        "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE NOT internal AND database_name = current_database() ORDER BY ALL"
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def print_of(table: Table, schema: Schema) -> str:
    """Says whether the lineage of ``table`` has to be read again: its SQL or a column of its inputs is another."""
    inputs = [(name, list(schema.get(name, ()))) for name in sorted(table.inputs)]
    return hashlib.sha256(repr((table.select, inputs)).encode()).hexdigest()[:16]


def read(table: Table, schema: Schema) -> dict[str, list[Source]]:
    """Column of ``table`` → the columns of its inputs from which it takes its values, ROWS → the tables whose rows are its rows."""
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage

    nested: dict[str, dict[str, Mapping[str, str]]] = {}
    for name in table.inputs:
        nested.setdefault(name.split(".")[0], {})[name.split(".")[1]] = schema.get(name, {})
    query = parse_one(table.select, read="duckdb")
    common = {cte.alias_or_name: cte.this for cte in query.find_all(exp.CTE)}

    def rows(select: Any, seen: frozenset[str] = frozenset()) -> Iterator[Source]:
        """The tables from which a SELECT takes its rows, through CTEs and subqueries."""
        for scope in (select.left, select.right) if isinstance(select, exp.SetOperation) else (select,):
            if isinstance(scope, exp.SetOperation):
                yield from rows(scope, seen)
                continue
            first = scope.args.get("from_")
            of = first.this if first else None
            if isinstance(of, exp.Subquery):
                yield from rows(of.this, seen)
            elif isinstance(of, exp.Table) and of.db:
                yield f"{of.db}.{of.name}", ROWS
            elif isinstance(of, exp.Table) and of.name in common and of.name not in seen:
                yield from rows(common[of.name], seen | {of.name})

    found: dict[str, list[Source]] = {ROWS: sorted(set(rows(query)))}
    nodes = lineage(None, table.select, schema=nested, dialect="duckdb")
    for column, node in nodes.items():
        sources: set[Source] = set()
        for leaf in node.walk():
            if isinstance(leaf.expression, exp.Table):
                sources.add((f"{leaf.expression.db}.{leaf.expression.name}", leaf.name.rsplit(".", 1)[-1].strip('"')))
            elif leaf.expression.find(exp.Star) and isinstance(leaf.source, exp.Query):
                sources.update(rows(leaf.source))
        found[column] = sorted(sources)
    return found


@cache
def kept(path: Path = PATH) -> dict[str, Any]:
    """``schema.table`` → ``print`` and ``columns`` as they were last read; empty without a file."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def outdated(schema: Schema, path: Path = PATH) -> list[Table]:
    """The tables whose lineage is not what the SQL says."""
    known = kept(path)
    return [table for table in _tables() if known.get(table.name, {}).get("print") != print_of(table, schema)]


def _tables() -> list[Table]:
    return [table for table in build_order() if not table.is_rule and not table.is_step]


def trace(feeds: Mapping[str, Feed], path: Path = PATH) -> dict[Source, list[Source]]:
    """(mart, column) → the feeds' columns, sorted; what no feed brings (parameters, the run's date, what rules found) as ``schema.table``."""
    known = kept(path)
    own = {}
    for feed in feeds.values():
        for name in (f"core.{feed.name}", f"core.{feed.name}_now"):
            own[name] = (feed.name, {column.name: column.of.name for column in core_columns(feed)})
    followed: dict[Source, frozenset[Source]] = {}

    def follow(source: Source) -> frozenset[Source]:
        if source not in followed:
            table, column = source
            if table in own:
                feed, declared = own[table]
                followed[source] = frozenset({(feed, declared.get(column, column))})
            elif table in known:
                steps = known[table]["columns"].get(column, ())
                # A column of constants says which rows are meant.
                followed[source] = frozenset(
                    one for step in steps for one in follow((step[0], step[1])) or follow((step[0], ROWS))
                )
            else:
                followed[source] = frozenset({source})
        return followed[source]

    return {
        (table, column): sorted(follow((table, column)))
        for table, facts in known.items()
        if table.startswith("mart.")
        for column in facts["columns"]
        if column != ROWS
    }


def load(con: duckdb.DuckDBPyConnection, traced: Mapping[Source, list[Source]]) -> None:
    """Temporary table ``publish_lineage``."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE publish_lineage (published_table VARCHAR, published_column VARCHAR, source_table VARCHAR, source_column VARCHAR)"
    )
    if rows := [(*of, *source) for of, sources in sorted(traced.items()) for source in sources]:
        con.execute(
            "INSERT INTO publish_lineage SELECT unnest(?), unnest(?), unnest(?), unnest(?)",
            [list(part) for part in zip(*rows, strict=True)],
        )


def told(con: duckdb.DuckDBPyConnection, shown: int = 8) -> dict[Source, str]:
    """(mart, column) → its sources in words, from ``publish_lineage``: at most ``shown`` of them."""
    found = con.execute(
        "SELECT published_table, published_column, list(source_table || '.' || source_column ORDER BY source_table, source_column) "
        "FROM publish_lineage GROUP BY ALL"
    ).fetchall()
    return {
        (table, column): "，".join(names[:shown]) + (f" 等 {len(names)} 列" if len(names) > shown else "")
        for table, column, names in found
    }


def write(schema: Schema, path: Path = PATH) -> int:
    """Read what is outdated; returns how many tables."""
    known, late = dict(kept(path)), outdated(schema, path)
    for table in late:
        known[table.name] = {"print": print_of(table, schema), "columns": read(table, schema)}
    current = {table.name: known[table.name] for table in sorted(_tables(), key=lambda one: one.name)}
    lines = [f"{json.dumps(name)}: {json.dumps(facts, separators=(',', ':'))}" for name, facts in current.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    kept.cache_clear()
    return len(late)


def main(words: list[str] | None = None) -> int:
    """Command line: --write or --check."""
    from warehouse.history.schema import create_tables
    from warehouse.monitor import build

    parser = argparse.ArgumentParser(description="where the columns of the marts come from")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="write warehouse/publish/lineage.json")
    choice.add_argument("--check", action="store_true", help="exit 1 if it is not current")
    arguments = parser.parse_args(words)
    feeds = load_feeds()
    with duckdb.connect() as con:
        create_tables(con, feeds.values())
        build(con, feeds)
        schema = schema_of(con)
    if arguments.write:
        print(f"{write(schema)} tables read")
        return 0
    late = outdated(schema)
    for table in late:
        print(f"{table.name} has changed: run python -m warehouse.publish.lineage --write")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
