"""What a delivery says and about whom: the vocabulary of history.

Deliveries of a feed are ordered by (as-of date, time of receipt, batch id), never by the time of loading, so that any order of the
same loads ends in the same belief. A delivery speaks about the keys of its rows; a *full* one speaks about all keys (who is absent is
gone), one that covers an *area* about the keys of that area. A quarantined row is not an absent one.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from connectors.feed import ID_TYPES, Feed
from connectors.quoting import identifier, literal
from warehouse import identity
from warehouse.history.tables import BOOKKEEPING, OPEN_TIME, core_columns, key_columns, name_column, table

FULL = "full"
ROWS = "rows"
# An area is a township: 6 + 3 digits of the village code.
AREA_DIGITS = 9


@dataclass(frozen=True)
class Delivery:
    """One batch as history sees it. ``rows`` and ``rejects`` are names of relations or bracketed SELECTs (``rejects``: ``_row`` of the
    refused rows, None when there are none); ``as_of`` and ``received`` ISO texts; ``coverage``: FULL, ROWS or an area's code.
    """

    feed: Feed
    batch_id: str
    rows: str
    rejects: str | None
    present: frozenset[str]
    as_of: str
    received: str
    coverage: str

    @property
    def order(self) -> tuple[str, str, str]:
        return self.as_of, self.received, self.batch_id

    @property
    def as_of_sql(self) -> str:
        return f"DATE {literal(self.as_of)}"


def coverage_of(feed: Feed, is_correction: bool) -> str:
    """What a delivery speaks about unless it is known to be an area's."""
    return FULL if feed.mode == "snapshot" and not is_correction else ROWS


def staged_sql(delivery: Delivery, good: bool = True) -> str:
    """SELECT of the good rows (or the refused ones) with their subject's citizen id."""
    subject, method = identity.subject_sql(delivery.feed, set(delivery.present))
    bad = f"{'ANTI' if good else 'SEMI'} JOIN {delivery.rejects} AS bad USING (_row)" if delivery.rejects else ""
    where = "" if good or delivery.rejects else "WHERE FALSE"
    return f"SELECT *, {subject} AS _subject, {method} AS _method FROM {delivery.rows} AS r {bad} {where}"


def keyed_sql(delivery: Delivery, source: str, wanted: list[str] | None = None, people: str = "core.identity") -> str:
    """SELECT of the staged rows with identifiers replaced by keys, columns named as in the history table.

    ``source``: a relation as :func:`staged_sql` gives it, or fewer rows of it; ``wanted`` limits the columns, and with them the joins
    to ``people`` (:func:`warehouse.identity.register`).
    """
    feed = delivery.feed
    joins: list[str] = []
    columns: list[str] = []
    for column in core_columns(feed):
        if wanted is not None and column.name not in wanted:
            continue
        name, of = column.name, column.of
        if of.type in ID_TYPES:
            is_subject = name == "person_key"
            if of.name not in delivery.present and not is_subject:
                columns.append(f"CAST(NULL AS BIGINT) AS {identifier(name)}")
                continue
            value = "s._subject" if is_subject else f"s.{identifier(of.name)}"
            alias = f"i{len(joins)}"
            joins.append(
                f"LEFT JOIN {people} AS {alias} ON {alias}.value = {value} AND {alias}.kind = {literal(identity.KINDS[of.type])}"
            )
            key = f"{alias}.person_key"
            if is_subject and feed.person_number:
                # A registered person without a usable id is still a person: the registry's own number stands in.
                key = f"coalesce({key}, keyed_hash('person_number:' || s.{identifier(feed.person_number)}))"
            columns.append(f"{key} AS {identifier(name)}")
        elif of.name in delivery.present:
            columns.append(f"s.{identifier(name)}")
        else:
            columns.append(f"CAST(NULL AS {column.type}) AS {identifier(name)}")
    columns += ["s._method AS link_method", "s._row", "s._hash"]
    return f"SELECT {', '.join(columns)} FROM {source} AS s {' '.join(joins)}"


def insert_rows(
    con: duckdb.DuckDBPyConnection,
    delivery: Delivery,
    source: str,
    valid_from: str,
    valid_to: str,
    recorded: str,
    join: str = "",
    people: str = "core.identity",
) -> int:
    """Insert staged rows of ``source`` as believed rows; returns how many. The bounds are SQL that may name ``k`` (the row) and what
    ``join`` adds.
    """
    names = [column.name for column in core_columns(delivery.feed)]
    payload = ", ".join(f"k.{identifier(name)}" for name in names)
    columns = ", ".join(identifier(name) for name in names + [name for name, _ in BOOKKEEPING])
    inserted = con.execute(
        f"INSERT INTO {table(delivery.feed)} ({columns}) SELECT {payload}, k.link_method, {valid_from}, {valid_to}, "
        f"TIMESTAMP {literal(recorded)}, {OPEN_TIME}, {literal(delivery.batch_id)}, k._row, k._hash "
        f"FROM ({keyed_sql(delivery, source, people=people)}) AS k {join}"
    ).fetchone()
    return int(inserted[0]) if inserted else 0


def spare(con: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
    """Temp tables ``spared_keys`` and ``spared_names`` (name): of whom the delivery's refused rows may speak.

    A refused row is not an absent one: it spares who has its key, and without a readable key whoever bears its name.
    """
    feed, name = delivery.feed, name_column(delivery.feed)
    keys = [identifier(key) for key in key_columns(feed)]
    # Identifiers of refused rows get no place in core.identity.
    refused = keyed_sql(delivery, f"({staged_sql(delivery, good=False)})", [*key_columns(feed), str(name)])
    con.execute(f"CREATE OR REPLACE TEMP TABLE refused AS {refused}")
    keyless = " OR ".join(f"{key} IS NULL" for key in keys)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE spared_keys AS SELECT {', '.join(keys)} FROM refused WHERE NOT ({keyless})"
    )
    borne = identifier(name) if name else "CAST(NULL AS VARCHAR)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE spared_names AS SELECT DISTINCT {borne} AS name FROM refused WHERE ({keyless}) AND {borne} IS NOT NULL"
    )


def equal_keys(left: str, right: str, feed: Feed) -> str:
    return " AND ".join(f"{left}.{identifier(key)} = {right}.{identifier(key)}" for key in key_columns(feed))
