"""The feeds' part of the warehouse's schema: history tables, which follow from the declarations, and the views that read them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import duckdb

from connectors.errors import DeclarationError
from connectors.feed import Feed
from connectors.quoting import identifier
from expectations import normalise
from warehouse import identity, keys, migrations
from warehouse.history import tables, views
from warehouse.history.tables import BOOKKEEPING, core_columns, table
from warehouse.history.views import ensure_views


def prepare(con: duckdb.DuckDBPyConnection, home: Path, feeds: Mapping[str, Feed]) -> None:
    """The opened warehouse with its tables, the macros of ``sql/macros`` and ``keyed_hash``: whatever resolves people needs all three."""
    ensure(con, feeds.values())
    normalise.install(con)
    identity.install(con, keys.secret("identity_key", home))


def ensure(con: duckdb.DuckDBPyConnection, feeds: Iterable[Feed]) -> None:
    """:func:`create_tables`, unless the warehouse was made by this code for these declarations: asking costs a hundredth of it."""
    feeds = tuple(feeds)
    wanted = _made_by(feeds)
    try:
        found = con.execute("SELECT made_by FROM ops.schema").fetchone()
    except duckdb.CatalogException:
        found = None
    if found == (wanted,):
        return
    create_tables(con, feeds)
    con.execute("CREATE OR REPLACE TABLE ops.schema AS SELECT ? AS made_by", [wanted])


# The declarations last asked for (load_feeds gives the same objects until a file changes), and what they make.
_last: tuple[tuple[Feed, ...], str] = ((), "")


def _made_by(feeds: tuple[Feed, ...]) -> str:
    """Hash of the code that makes tables and views and of the declarations."""
    global _last
    known, made_by = _last
    if (
        not made_by
        or len(known) != len(feeds)
        or any(one is not other for one, other in zip(known, feeds, strict=True))
    ):
        said = repr([replace(feed, path=Path(feed.path.name)) for feed in feeds])
        made_by = hashlib.sha256(f"{_code()} {said}".encode()).hexdigest()[:16]
        _last = (feeds, made_by)
    return made_by


@cache
def _code() -> str:
    code = hashlib.sha256()
    for module in (__name__, *(one.__name__ for one in (tables, views, normalise))):
        code.update(Path(str(sys.modules[module].__file__)).read_bytes())
    return code.hexdigest()


def create_tables(con: duckdb.DuckDBPyConnection, feeds: Iterable[Feed]) -> None:
    """Make all tables with their views; add columns that a declaration has gained.

    Raises DeclarationError where a declaration changed a column's type: history must not be reinterpreted in silence.
    """
    migrations.apply(con)
    feeds = list(feeds)
    existing: dict[str, dict[str, str]] = {}
    for name, column, kind in con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'core' AND NOT internal"
    ).fetchall():
        existing.setdefault(name, {})[column] = kind
    for feed in feeds:
        wanted = [(column.name, column.type) for column in core_columns(feed)] + list(BOOKKEEPING)
        have = existing.get(feed.name)
        if have is None:
            body = ", ".join(f"{identifier(name)} {kind}" for name, kind in wanted)
            con.execute(f"CREATE TABLE {table(feed)} ({body})")
        else:
            for name, kind in wanted:
                if name not in have:
                    con.execute(f"ALTER TABLE {table(feed)} ADD COLUMN {identifier(name)} {kind}")
                elif have[name] != kind:
                    raise DeclarationError(
                        f"{feed.path.name}: column {name} is {have[name]} in the warehouse and {kind} in the declaration"
                    )
    ensure_views(con, feeds)
