"""How history is read: the present, a past day, a past day as it was known — always with the person whom a row is about *today*.

A row's own id gave it a key when it was loaded. That two keys are one person, that one id is used by two people, or that a row without
an id was linked, is decided later and may be taken back; the views ask. Where nothing was decided they cost nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from connectors.feed import ID_TYPES, Feed
from connectors.quoting import identifier, literal
from warehouse.database import scalar
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
    decided = Decided.of(con)
    for feed in feeds:
        columns = ",".join(f"{column.name} {column.type}" for column in core_columns(feed))
        source = source_sql(feed, decided)
        print_ = hashlib.sha256(f"{source} {columns}".encode()).hexdigest()[:16]
        name = f"{feed.name}_now"
        if made.get(name) == print_:
            continue
        make_views(con, "core", feed.name, source)
        con.execute(f"COMMENT ON VIEW core.{identifier(name)} IS {literal(print_)}")


def make_views(con: duckdb.DuckDBPyConnection, schema: str, name: str, source: str) -> None:
    """``<schema>.<name>_now``, ``_as_of(as_of)`` and ``_as_known(as_of, known_on)`` over ``source``, a SELECT without WHERE that calls its
    history ``t``."""
    then = "t.valid_from <= CAST(as_of AS DATE) AND t.valid_to > CAST(as_of AS DATE)"
    believed = f"t.recorded_to = {OPEN_TIME}"
    for made, condition in (
        (f"VIEW {schema}.{identifier(name + '_now')} AS", f"t.valid_to = {OPEN_DATE} AND {believed}"),
        (f"MACRO {schema}.{identifier(name + '_as_of')}(as_of) AS TABLE", f"{then} AND {believed}"),
        (
            f"MACRO {schema}.{identifier(name + '_as_known')}(as_of, known_on) AS TABLE",
            # What was loaded in the course of the day was known on it.
            f"{then} AND t.recorded_from < CAST(known_on AS DATE) + 1 AND t.recorded_to >= CAST(known_on AS DATE) + 1",
        ),
    ):
        con.execute(f"CREATE OR REPLACE {made} {source} WHERE {condition}")


@dataclass(frozen=True)
class Decided:
    """What has been decided about people at all: where nothing was, nothing is asked."""

    aliased: bool
    split: bool
    linked: frozenset[str]

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection) -> Decided:
        linked = {name for (name,) in con.execute("SELECT DISTINCT feed FROM core.record_link").fetchall()}
        return cls(_any(con, "core.person_alias"), _any(con, "core.person_split"), frozenset(linked))


def _any(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    return bool(scalar(con, f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT 1)"))


def source_sql(feed: Feed, decided: Decided, also: str = "") -> str:
    """SELECT over the feed's history ``t`` with keys resolved; ``also``: further columns, each with its comma."""
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
        if decided.split and name == "person_key" and own_name:
            joins.append(
                f"LEFT JOIN core.person_split AS s ON s.person_key = {of} AND s.name = t.{identifier(own_name)}"
            )
            choices.append("s.spine_key")
        if decided.aliased:
            joins.append(f"LEFT JOIN core.person_alias AS a{number} ON a{number}.person_key = {of}")
            choices.append(f"a{number}.spine_key")
        choices.append(of)
        if feed.name in decided.linked and name == "person_key":
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
    return f"SELECT {columns}{also} FROM {table(feed)} AS t {' '.join(joins)}"
