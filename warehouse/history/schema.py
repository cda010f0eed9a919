"""The warehouse's schema: ledger, history tables, identity, and the views that read them."""

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
from expectations import normalise
from expectations.normalise import identifier
from warehouse import identity, keys
from warehouse.history import tables, views
from warehouse.history.tables import BOOKKEEPING, core_columns, table
from warehouse.history.views import ensure_views
from warehouse.identity import tables as identity_tables

LEDGER = """
CREATE SCHEMA IF NOT EXISTS ops; CREATE SCHEMA IF NOT EXISTS ref; CREATE SCHEMA IF NOT EXISTS core; CREATE SCHEMA IF NOT EXISTS mart;
CREATE TABLE IF NOT EXISTS ops.batch (
  batch_id VARCHAR, feed VARCHAR, department VARCHAR, original_name VARCHAR, sha256 VARCHAR, size_bytes BIGINT, state VARCHAR,
  received_at TIMESTAMP, staged_at TIMESTAMP, validated_at TIMESTAMP, merged_at TIMESTAMP, as_of DATE, as_of_source VARCHAR,
  rows_read BIGINT, rows_landed BIGINT, rows_quarantined BIGINT, rows_skipped BIGINT,
  rows_inserted BIGINT, rows_ended BIGINT, rows_unchanged BIGINT, duplicate_of VARCHAR, correction_of VARCHAR, reason VARCHAR);
CREATE TABLE IF NOT EXISTS ops.batch_figure (
  batch_id VARCHAR, feed VARCHAR, column_name VARCHAR, column_label VARCHAR, median_yuan DOUBLE, total_yuan DECIMAL(38, 2), empty_rows BIGINT);
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS coverage VARCHAR;
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS withdrawn_at TIMESTAMP;
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS withdrawn_by VARCHAR;
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS withdrawn_why VARCHAR;
CREATE TABLE IF NOT EXISTS ops.reject (batch_id VARCHAR, feed VARCHAR, source_row BIGINT, code VARCHAR, "column" VARCHAR, rule VARCHAR);
CREATE TABLE IF NOT EXISTS ops.refused (batch_id VARCHAR, feed VARCHAR, source_row BIGINT, kind VARCHAR, person_key BIGINT, word VARCHAR, birth_date DATE);
CREATE TABLE IF NOT EXISTS ops.column_fill (
  batch_id VARCHAR, feed VARCHAR, "column" VARCHAR, is_required BOOLEAN, "rows" BIGINT, filled BIGINT);
CREATE TABLE IF NOT EXISTS ops.late_link (batch_id VARCHAR, feed VARCHAR, method VARCHAR, "rows" BIGINT);
CREATE TABLE IF NOT EXISTS ops.link (batch_id VARCHAR, feed VARCHAR, method VARCHAR, "rows" BIGINT);
CREATE TABLE IF NOT EXISTS ops.audit (
  number BIGINT, done_at TIMESTAMP, who VARCHAR, place VARCHAR, what VARCHAR, target VARCHAR, about VARCHAR, why VARCHAR, detail VARCHAR, seal VARCHAR);
CREATE TABLE IF NOT EXISTS ops.build (entries BIGINT, built_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS ops.export (
  request_id VARCHAR, requested_at TIMESTAMP, requested_by VARCHAR, recipient VARCHAR, why VARCHAR, relation VARCHAR, columns VARCHAR[],
  format VARCHAR, expires_at TIMESTAMP, decision VARCHAR, decided_at TIMESTAMP, decided_by VARCHAR, decided_why VARCHAR, written_at TIMESTAMP,
  written_by VARCHAR, snapshot_id VARCHAR, "rows" BIGINT, sha256 VARCHAR);
-- Every delivery looks for its people by value: plain text is found in half the time.
CREATE TABLE IF NOT EXISTS core.identity (kind VARCHAR, value VARCHAR USING COMPRESSION uncompressed, person_key BIGINT, batch_id VARCHAR);
"""


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
    for module in (__name__, *(one.__name__ for one in (tables, views, identity_tables, normalise))):
        code.update(Path(str(sys.modules[module].__file__)).read_bytes())
    return code.hexdigest()


def create_tables(con: duckdb.DuckDBPyConnection, feeds: Iterable[Feed]) -> None:
    """Make ledger, history and identity tables with their views; add columns that a declaration has gained.

    Raises DeclarationError where a declaration changed a column's type: history must not be reinterpreted in silence.
    """
    con.execute(LEDGER)
    identity_tables.create(con)
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
