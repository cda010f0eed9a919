"""Deliveries of a department as they end in history, drawn by a seed: rows that change, end and are added, and families that move and part."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import duckdb

from connectors.feed import Feed
from expectations.normalise import identifier, literal
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, core_columns, key_columns, table

# A row's place and dates stay what they are unless they are what changes.
NUMBERS = ("BIGINT", "DECIMAL(18,2)", "DOUBLE", "INTEGER")


def deliver(con: duckdb.DuckDBPyConnection, feed: Feed, chosen: str, changes: Sequence[str], ends: bool = False) -> int:
    """The rows of ``chosen`` (a condition on ``t``) end on the run date; unless ``ends``, they go on with ``changes`` (``column AS …`` of REPLACE).

    Written and closed as a merge does, with a ledger row of the same day as the feed's newest. Returns the number of rows.
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
    stays = f"SELECT told.* EXCLUDE (rid) REPLACE (d.as_of AS valid_to, d.loaded AS recorded_from) FROM told, delivery AS d WHERE d.as_of > told.valid_from"
    now = ", ".join([*changes, "d.as_of AS valid_from", "d.loaded AS recorded_from", "d.batch AS batch_id"])
    con.execute(f"INSERT INTO {table(feed)} {stays}")
    if not ends:
        con.execute(f"INSERT INTO {table(feed)} SELECT told.* EXCLUDE (rid) REPLACE ({now}) FROM told, delivery AS d")
    con.execute(f"UPDATE {table(feed)} SET recorded_to = (SELECT loaded FROM delivery) WHERE rowid IN (SELECT rid FROM told)")
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
                found.append(f"CAST({name} * {rng.choice(('0', '0.5', '1.5', '3'))} AS {column.type}) AS {identifier(column.name)}")
        elif column.type == "DATE":
            if rng.random() < 0.3:
                found.append(f"CAST({name} - INTERVAL {rng.choice((1, 30, 400))} DAY AS DATE) AS {identifier(column.name)}")
        elif column.name.endswith("_code"):
            found.append(
                f"CASE WHEN hash(told.rid) % 3 = 0 THEN lag({name}, 1, {name}) OVER (ORDER BY told.rid) ELSE {name} END AS {identifier(column.name)}"
            )
        elif column.type == "BOOLEAN" and rng.random() < 0.5:
            found.append(f"CASE WHEN hash(told.rid) % 2 = 0 THEN NOT {name} ELSE {name} END AS {identifier(column.name)}")
    return found


def draw(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], seed: int) -> list[str]:
    """One round of deliveries: a few families move, marry or part, and a few rows of a third of all feeds change, end or begin."""
    rng = random.Random(seed)
    done = []
    for feed in feeds.values():
        columns = {column.name for column in core_columns(feed)}
        keys = [key for key in ("person_key", "household_id", "hukou_no") if key in columns]
        if not keys or rng.random() > 0.4:
            continue
        part = rng.randrange(97)
        by = rng.choice(keys)
        chosen = f"hash(t.{by}, {seed}) % 197 = {part} AND t.{by} IS NOT NULL"
        how = rng.random()
        if how < 0.2:
            rows = deliver(con, feed, chosen, (), ends=True)
        elif how < 0.5 and "household_id" in columns and "household_id" not in key_columns(feed):
            # Into the household of the row before: a marriage, or a loan under another household's number.
            move = "coalesce(lag(told.household_id) OVER (ORDER BY told.rid), told.household_id) AS household_id"
            rows = deliver(con, feed, chosen, [move])
        elif how < 0.6 and feed.name == "household_registration":
            move = "CASE WHEN hash(told.rid) % 2 = 0 THEN told.hukou_no || '9' ELSE lag(told.hukou_no, 1, told.hukou_no) OVER (ORDER BY told.rid) END AS hukou_no"
            rows = deliver(con, feed, chosen, [move])
        else:
            rows = deliver(con, feed, chosen, changes_of(feed, rng))
        done.append(f"{feed.name}: {rows}")
    return done
