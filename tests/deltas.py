"""Deliveries of a department as they end in history, drawn by a seed: rows that change, end and are added, and families that move and part."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import duckdb

from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, core_columns, key_columns, table

CHANGE, END, ADD = "change", "end", "add"
BIRTH = "2019-06-01"
NUMBERS = ("BIGINT", "DECIMAL(18,2)", "DOUBLE", "INTEGER")


def deliver(con: duckdb.DuckDBPyConnection, feed: Feed, chosen: str, changes: Sequence[str], how: str = CHANGE) -> int:
    """The rows of ``chosen`` (a condition on ``t``) end on the day of the feed's newest delivery and go on with ``changes`` (``… AS column`` of
    REPLACE); ``how`` END: they do not go on; ADD: they stay, and what they would become comes in addition where its key is free.

    Written and closed as a merge does, with a ledger row. Returns the number of rows chosen.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE delivery AS SELECT greatest(max(merged_at), max(withdrawn_at)) + INTERVAL 1 SECOND AS loaded, "
        f"max(as_of) FILTER (WHERE feed = {literal(feed.name)} AND state = 'merged') AS as_of, md5(CAST(count(*) AS VARCHAR) || {literal(feed.name)}) AS batch "
        "FROM ops.batch"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE told AS SELECT t.*, t.rowid AS rid FROM {table(feed)} AS t "
        f"WHERE t.recorded_to = {OPEN_TIME} AND t.valid_to = {OPEN_DATE} AND ({chosen})"
    )
    (rows,) = con.execute("SELECT count(*) FROM told").fetchone() or (0,)
    now = ", ".join([*changes, "d.as_of AS valid_from", "d.loaded AS recorded_from", "d.batch AS batch_id"])
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE begun AS SELECT told.* EXCLUDE (rid) REPLACE ({now}) FROM told, delivery AS d "
        f"QUALIFY row_number() OVER (PARTITION BY {', '.join(identifier(key) for key in key_columns(feed))} ORDER BY told.rid) = 1"
    )
    if how == ADD:
        same = " AND ".join(
            f"t.{identifier(key)} IS NOT DISTINCT FROM begun.{identifier(key)}" for key in key_columns(feed)
        )
        con.execute(
            f"DELETE FROM begun USING {table(feed)} AS t WHERE t.recorded_to = {OPEN_TIME} AND t.valid_to = {OPEN_DATE} AND {same}"
        )
    else:
        con.execute(
            f"INSERT INTO {table(feed)} SELECT told.* EXCLUDE (rid) REPLACE (d.as_of AS valid_to, d.loaded AS recorded_from) "
            "FROM told, delivery AS d WHERE d.as_of > told.valid_from"
        )
        con.execute(
            f"UPDATE {table(feed)} SET recorded_to = (SELECT loaded FROM delivery) WHERE rowid IN (SELECT rid FROM told)"
        )
    if how != END:
        con.execute(f"INSERT INTO {table(feed)} FROM begun")
    con.execute(
        "INSERT INTO ops.batch (batch_id, feed, state, as_of, as_of_source, received_at, merged_at) "
        f"SELECT batch, {literal(feed.name)}, 'merged', as_of, 'name', loaded, loaded FROM delivery"
    )
    return int(rows)


def changes_of(feed: Feed, rng: random.Random) -> list[str]:
    """One change for each column of a feed that is neither key nor place nor text: numbers grow, dates move, codes are another row's."""
    fixed = {*key_columns(feed), "person_key", "household_id", "hukou_no", "village_code"}
    found = []
    for column in core_columns(feed):
        if column.name in fixed or column.name.endswith("_key"):
            continue
        name = f"told.{identifier(column.name)}"
        if column.type.replace(" ", "") in NUMBERS:
            if rng.random() < 0.5:
                found.append(
                    f"CAST({name} * {rng.choice(('0', '0.5', '1.5', '3'))} AS {column.type}) AS {identifier(column.name)}"
                )
        elif column.type == "DATE":
            if rng.random() < 0.3:
                found.append(
                    f"CAST({name} - INTERVAL {rng.choice((1, 30, 400))} DAY AS DATE) AS {identifier(column.name)}"
                )
        elif column.name.endswith("_code"):
            found.append(
                f"CASE WHEN hash(told.rid) % 3 = 0 THEN lag({name}, 1, {name}) OVER (ORDER BY told.rid) ELSE {name} END AS {identifier(column.name)}"
            )
        elif column.type == "BOOLEAN" and rng.random() < 0.5:
            found.append(
                f"CASE WHEN hash(told.rid) % 2 = 0 THEN NOT {name} ELSE {name} END AS {identifier(column.name)}"
            )
    return found


def change_families(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], seed: int, one_in: int) -> int:
    """Every row of one family in ``one_in`` changes, in every feed that speaks of people or households, dated like the feed's newest delivery.

    Returns the number of rows.
    """
    rng = random.Random(seed)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE drawn AS SELECT person_key, household_id FROM core.member WHERE hash(family_key, {seed}) % {one_in} = 0"
    )
    rows = 0
    for feed in feeds.values():
        columns = {column.name for column in core_columns(feed)}
        if conditions := [
            f"t.{key} IN (SELECT {key} FROM temp.drawn)" for key in ("person_key", "household_id") if key in columns
        ]:
            rows += deliver(con, feed, " OR ".join(conditions), changes_of(feed, rng))
    con.execute("DROP TABLE temp.drawn")
    return rows


def draw(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], seed: int) -> list[str]:
    """Deliveries of about half of all feeds: a few rows change, end or begin, families marry, part and have children, a row loses its id."""
    rng = random.Random(seed)
    # A handful of rows now and then: what is true of most parts of a list is not true of so few.
    few = seed % 2 == 1
    done = []
    for feed in feeds.values():
        columns = {column.name for column in core_columns(feed)}
        keys = [key for key in ("person_key", "household_id", "hukou_no") if key in columns]
        (there,) = con.execute(f"SELECT count(*) FROM {table(feed)}").fetchone() or (0,)
        if not keys or not there or rng.random() > (0.2 if few else 0.5):
            continue
        one_in = rng.choice((97, 197)) if there > 1000 and not few else 997 if few else 20
        by = rng.choice(keys)
        chosen = f"hash(t.{by}, {seed}) % {one_in} = {rng.randrange(one_in)} AND t.{by} IS NOT NULL"
        drawn = rng.random()
        how, changes = CHANGE, changes_of(feed, rng)
        if drawn < 0.2:
            how, changes = END, []
        elif drawn < 0.4 and feed.name == "household_registration":
            how, changes = (
                ADD,
                [
                    f"CAST(hash(told.person_key, {seed}) >> 2 AS BIGINT) AS person_key",
                    f"CAST({literal(BIRTH)} AS DATE) AS birth_date",
                ],
            )
        elif drawn < 0.4 and "person_key" in columns and feed.name not in ("registry_person", "registry_household"):
            how, changes = ADD, ["lead(told.person_key, 1, told.person_key) OVER (ORDER BY told.rid) AS person_key"]
        elif drawn < 0.6 and feed.name == "household_registration":
            changes = [
                "CASE WHEN hash(told.rid) % 2 = 0 THEN told.hukou_no || '9' ELSE lag(told.hukou_no, 1, told.hukou_no) OVER (ORDER BY told.rid) END AS hukou_no"
            ]
        elif drawn < 0.6 and "household_id" in columns and "household_id" not in key_columns(feed):
            changes = ["coalesce(lag(told.household_id) OVER (ORDER BY told.rid), told.household_id) AS household_id"]
        elif drawn < 0.65 and "person_key" in columns and "person_key" not in key_columns(feed):
            changes = ["CAST(NULL AS BIGINT) AS person_key"]
        done.append(f"{feed.name} {how}: {deliver(con, feed, chosen, changes, how)}")
    return done
