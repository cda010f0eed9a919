"""How history is read: the present, a past day, a past day as it was known — always with the person whom a row is about *today*.

A row's own id gave it a key when it was loaded. That two keys are one person, that one id is used by two people, or that a row without
an id was linked, is decided later and may be taken back; the views ask. Where nothing was decided they cost nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import duckdb

from connectors.feed import ID_TYPES, Feed
from expectations.normalise import identifier, literal
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, core_columns, key_columns, name_column, table


def record_sql(feed: Feed, of: str = "") -> str:
    """SQL of the number that stands for a record of the feed: a hash of its key."""
    return f"hash({', '.join(of + identifier(key) for key in key_columns(feed))})"


def ensure_views(con: duckdb.DuckDBPyConnection, feeds: Iterable[Feed]) -> None:
    """Make ``core.<feed>_now``, ``_as_of(as_of)`` and ``_as_known(as_of, known_on)`` fit the tables and what is decided."""
    made = dict(
        con.execute(
            "SELECT view_name, comment FROM duckdb_views() WHERE database_name = current_database() AND schema_name = 'core'"
        ).fetchall()
    )
    aliased, split = (_any(con, f"core.{name}") for name in ("person_alias", "person_split"))
    linked = {name for (name,) in con.execute("SELECT DISTINCT feed FROM core.record_link").fetchall()}
    for feed in feeds:
        columns = ",".join(f"{column.name} {column.type}" for column in core_columns(feed))
        source = _source(feed, aliased, split, feed.name in linked)
        print_ = hashlib.sha256(f"{source} {columns}".encode()).hexdigest()[:16]
        name = f"{feed.name}_now"
        if made.get(name) == print_:
            continue
        believed = f"recorded_to = {OPEN_TIME}"
        then = "valid_from <= CAST(as_of AS DATE) AND valid_to > CAST(as_of AS DATE)"
        con.execute(
            f"CREATE OR REPLACE VIEW core.{identifier(name)} AS {source} WHERE t.valid_to = {OPEN_DATE} AND t.{believed}"
        )
        con.execute(
            f"CREATE OR REPLACE MACRO core.{identifier(feed.name + '_as_of')}(as_of) AS TABLE {source} WHERE {then} AND {believed}"
        )
        # What was loaded in the course of the day was known on it.
        con.execute(
            f"CREATE OR REPLACE MACRO core.{identifier(feed.name + '_as_known')}(as_of, known_on) AS TABLE {source} WHERE {then} "
            f"AND recorded_from < CAST(known_on AS DATE) + 1 AND recorded_to >= CAST(known_on AS DATE) + 1"
        )
        con.execute(f"COMMENT ON VIEW core.{identifier(name)} IS {literal(print_)}")


def _any(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    row = con.execute(f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT 1)").fetchone()
    return bool(row and row[0])


def _source(feed: Feed, aliased: bool, split: bool, linked: bool) -> str:
    """SELECT over the feed's history with keys resolved."""
    joins, replaced = [], []
    people = [
        column.name
        for column in core_columns(feed)
        if column.of.type in ID_TYPES and column.name.endswith("person_key")
    ]
    own_name = name_column(feed)
    for number, name in enumerate(people):
        of = f"t.{identifier(name)}"
        choices = []
        if split and name == "person_key" and own_name:
            joins.append(
                f"LEFT JOIN core.person_split AS s ON s.person_key = {of} AND s.name = t.{identifier(own_name)}"
            )
            choices.append("s.spine_key")
        if aliased:
            joins.append(f"LEFT JOIN core.person_alias AS a{number} ON a{number}.person_key = {of}")
            choices.append(f"a{number}.spine_key")
        choices.append(of)
        if linked and name == "person_key":
            joins.append(
                # The rows with an id are kept out by the equation itself: a second condition on them would compare every pair.
                f"LEFT JOIN core.record_link AS l ON l.feed = {literal(feed.name)} "
                f"AND l.record = CASE WHEN {of} IS NULL THEN {record_sql(feed, 't.')} END"
            )
            choices.append("l.person_key")
            replaced.append("coalesce(l.method, t.link_method) AS link_method")
        if len(choices) > 1:
            replaced.append(f"coalesce({', '.join(choices)}) AS {identifier(name)}")
    columns = f"t.* REPLACE ({', '.join(replaced)})" if replaced else "t.*"
    return f"SELECT {columns} FROM {table(feed)} AS t {' '.join(joins)}"
