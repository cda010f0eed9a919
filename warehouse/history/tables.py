"""The tables of the warehouse: one history table per feed, derived from its declaration, and the ledger.

A history row says: from ``valid_from`` (an as-of date, included) to ``valid_to`` (excluded) the department's record had this
content, as believed from ``recorded_from`` to ``recorded_to``. Citizen ids never stand in it: an id column becomes the BIGINT
key of ``core.identity``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from connectors.errors import DeclarationError
from connectors.feed import ID_TYPES, Column, Feed
from expectations.normalise import identifier, sql_type

OPEN_DATE = "DATE '9999-12-31'"
OPEN_TIME = "TIMESTAMP '9999-12-31 00:00:00'"

LEDGER = """
CREATE SCHEMA IF NOT EXISTS ops; CREATE SCHEMA IF NOT EXISTS ref; CREATE SCHEMA IF NOT EXISTS core; CREATE SCHEMA IF NOT EXISTS mart;
CREATE TABLE IF NOT EXISTS ops.batch (
  batch_id VARCHAR, feed VARCHAR, department VARCHAR, original_name VARCHAR, sha256 VARCHAR, size_bytes BIGINT, state VARCHAR,
  received_at TIMESTAMP, staged_at TIMESTAMP, validated_at TIMESTAMP, merged_at TIMESTAMP, as_of DATE, as_of_source VARCHAR,
  rows_read BIGINT, rows_landed BIGINT, rows_quarantined BIGINT, rows_skipped BIGINT,
  rows_inserted BIGINT, rows_ended BIGINT, rows_unchanged BIGINT, duplicate_of VARCHAR, correction_of VARCHAR, reason VARCHAR);
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS coverage VARCHAR;
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS withdrawn_at TIMESTAMP;
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS withdrawn_by VARCHAR;
ALTER TABLE ops.batch ADD COLUMN IF NOT EXISTS withdrawn_why VARCHAR;
CREATE TABLE IF NOT EXISTS ops.reject (batch_id VARCHAR, feed VARCHAR, source_row BIGINT, code VARCHAR, "column" VARCHAR, rule VARCHAR);
CREATE TABLE IF NOT EXISTS ops.link (batch_id VARCHAR, feed VARCHAR, method VARCHAR, "rows" BIGINT);
CREATE TABLE IF NOT EXISTS core.identity (kind VARCHAR, value VARCHAR, person_key BIGINT, batch_id VARCHAR);
"""

BOOKKEEPING = (
    ("link_method", "VARCHAR"),
    ("valid_from", "DATE"),
    ("valid_to", "DATE"),
    ("recorded_from", "TIMESTAMP"),
    ("recorded_to", "TIMESTAMP"),
    ("batch_id", "VARCHAR"),
    ("source_row", "BIGINT"),
    ("row_hash", "UBIGINT"),
)


@dataclass(frozen=True)
class CoreColumn:
    """A column of ``core.<feed>``; ``of`` is the declared column it holds (the subject's key may hold several)."""

    name: str
    type: str
    of: Column


def key_name(feed: Feed, column: Column) -> str:
    """Name under which an id column's key stands: the subject's is ``person_key``."""
    if feed.subject and column.name == feed.subject[0]:
        return "person_key"
    if column.name.endswith("citizen_id"):
        return column.name.removesuffix("citizen_id") + "person_key"
    return column.name.removesuffix("_no").removesuffix("_id") + "_key"


def core_columns(feed: Feed) -> list[CoreColumn]:
    """The declared columns as they stand in the history table, in order."""
    return [
        CoreColumn(key_name(feed, column), "BIGINT", column)
        if column.type in ID_TYPES
        else CoreColumn(column.name, sql_type(column), column)
        for column in feed.columns
    ]


def key_columns(feed: Feed) -> list[str]:
    """The feed's key as it stands in the history table."""
    names = {column.of.name: column.name for column in core_columns(feed)}
    return [names[name] for name in feed.key]


def table(feed: Feed) -> str:
    return f"core.{identifier(feed.name)}"


def create_tables(con: duckdb.DuckDBPyConnection, feeds: Iterable[Feed]) -> None:
    """Make ledger, history tables, their ``_now`` views and ``_as_of`` / ``_as_known`` macros; add columns that a declaration has gained.

    Raises DeclarationError where a declaration changed a column's type: history must not be reinterpreted in silence.
    """
    con.execute(LEDGER)
    existing: dict[str, dict[str, str]] = {}
    for name, column, kind in con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'core' AND NOT internal"
    ).fetchall():
        existing.setdefault(name, {})[column] = kind
    macros = {
        name
        for (name,) in con.execute(
            "SELECT function_name FROM duckdb_functions() WHERE database_name = current_database() AND schema_name = 'core'"
        ).fetchall()
    }
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
        if have is None or any(name not in have for name, _ in wanted) or f"{feed.name}_as_known" not in macros:
            _views(con, feed)


def _views(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """The present, the past as it is believed today, and the past as it was believed on a day (both days included)."""
    history = table(feed)
    con.execute(
        f"CREATE OR REPLACE VIEW core.{identifier(feed.name + '_now')} AS SELECT * FROM {history} "
        f"WHERE valid_to = {OPEN_DATE} AND recorded_to = {OPEN_TIME}"
    )
    con.execute(
        f"CREATE OR REPLACE MACRO core.{identifier(feed.name + '_as_of')}(as_of) AS TABLE SELECT * FROM {history} "
        f"WHERE valid_from <= CAST(as_of AS DATE) AND valid_to > CAST(as_of AS DATE) AND recorded_to = {OPEN_TIME}"
    )
    # What was loaded in the course of the day was known on it.
    con.execute(
        f"CREATE OR REPLACE MACRO core.{identifier(feed.name + '_as_known')}(as_of, known_on) AS TABLE SELECT * FROM {history} "
        f"WHERE valid_from <= CAST(as_of AS DATE) AND valid_to > CAST(as_of AS DATE) "
        f"AND recorded_from < CAST(known_on AS DATE) + 1 AND recorded_to >= CAST(known_on AS DATE) + 1"
    )
