"""A county small enough to publish in a moment: one household of two in one village."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from connectors.feed import load_feeds
from warehouse.history.schema import create_tables
from warehouse.history.tables import OPEN_DATE, OPEN_TIME
from warehouse.monitor import build
from warehouse.monitor.order import SQL

FEEDS = load_feeds()
# Of people, households, villages and deliveries: enough for a story of snapshots.
FEW = ("mart.person_status", "mart.household_status", "mart.village_incidence", "mart.feed_quality")
# The feeds whose past such a story publishes: among them those in whose codes the marts speak.
KNOWN = {
    name: FEEDS[name]
    for name in (
        "subsistence_allowance",
        "village",
        "visit",
        "registry_household",
        "registry_person",
        "housing_assessment",
    )
}
VILLAGE = "210782102200"
CANARIES = ("219900196001010018", "13912345678", "6222021234567890123", "牛犇犇", "21078200001234", "2107820000123401")


def insert(con: duckdb.DuckDBPyConnection, feed: str, **values: Any) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    con.execute(
        f"INSERT INTO core.{feed} ({names}, valid_from, valid_to, recorded_from, recorded_to) "
        f"VALUES ({', '.join('?' for _ in values)}, DATE '2019-06-30', {OPEN_DATE}, TIMESTAMP '2019-07-01', {OPEN_TIME})",
        list(values.values()),
    )


def deliver(
    con: duckdb.DuckDBPyConnection, feed: str, as_of: str = "2019-06-30", state: str = "merged", source: str = "column"
) -> None:
    con.execute(
        "INSERT INTO ops.batch (batch_id, feed, state, as_of, as_of_source, received_at, rows_read, rows_landed, rows_quarantined, original_name) "
        "VALUES (left(md5(? || ?), 16), ?, ?, ?, ?, TIMESTAMP '2019-07-03 01:00:00', 2, 2, 0, '牛犇犇 219900196001010018.csv')",
        [feed, as_of, feed, state, as_of, source],
    )


def fill(connection: duckdb.DuckDBPyConnection, root: Path = SQL) -> None:
    """One household of two, every feed delivered, everything of ``root`` built."""
    create_tables(connection, FEEDS.values())
    for feed in FEEDS:
        deliver(connection, feed)
    insert(connection, "registry_household", household_id=CANARIES[4], village_code=VILLAGE, head_name=CANARIES[3], person_key=11,
           poverty_status_code="0", phone=CANARIES[1], bank_account=CANARIES[2], net_income_per_head_yuan=3000, member_count=2)  # fmt: skip
    for key in (11, 12):
        insert(connection, "registry_person", person_id=CANARIES[5][:-1] + str(key % 10), household_id=CANARIES[4], name=CANARIES[3], person_key=key,
               sex_code="1", birth_date="1960-01-01", relation_code="01", phone=CANARIES[1])  # fmt: skip
        insert(connection, "household_registration", person_key=key, name=CANARIES[3], village_code=VILLAGE, birth_date="1960-01-01",
               hukou_nature_code="1", sex_code="1", address="某镇某村12号")  # fmt: skip
    insert(
        connection,
        "village",
        village_code=VILLAGE,
        village="某村",
        town="某镇",
        is_poor_village=True,
        rural_person_count=2,
    )
    build(connection, FEEDS, root=root)
