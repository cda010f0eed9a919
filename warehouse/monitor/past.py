"""A past day once more: the tables and rules as they stood on a day, with what was known on another.

Everything the SQL files read is laid out in a database in memory as it was believed then, and the ordinary build runs there. So a rule
of an old version finds on old data what it found at the time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse.database import relations
from warehouse.history.tables import OPEN_TIME
from warehouse.monitor.build import Progress, build
from warehouse.monitor.order import JUDGED, SQL, build_order

NAME = "past"
# What a build keeps in ``ops``: this one has none before it.
KEPT = ("rule_run", "rule_hit", "clue", "clue_round", "built")


@contextmanager
def past(
    con: duckdb.DuckDBPyConnection,
    feeds: Mapping[str, Feed],
    as_of: dt.date,
    known_on: dt.date | None = None,
    wanted: Iterable[str] | None = None,
    progress: Progress | None = None,
    root: Path = SQL,
    without: Iterable[str] = (),
) -> Iterator[None]:
    """Inside, the default database of ``con`` is one in memory that holds what a build on ``as_of`` made, had it known what was loaded by the
    end of ``known_on`` (default: what is known now). ``wanted``: only these tables (``mart.x``, ``rule.x``) and what they need;
    ``without``: as if these feeds had never come.

    ``con`` has the warehouse as its default database, reading is enough. Raises TerminalError when nothing was known then.
    """
    (here,) = con.execute("SELECT current_database()").fetchone() or ("",)
    con.execute(f"ATTACH ':memory:' AS {NAME}")
    try:
        _lay_out(con, feeds, as_of, known_on, root, set(without))
        con.execute(f"USE {NAME}")
        if not (con.execute("SELECT count(*) FROM ops.batch WHERE state = 'merged'").fetchone() or (0,))[0]:
            raise TerminalError(f"到 {known_on or as_of} 为止没有数据 / nothing was known by then")
        build(con, feeds, as_of, progress, root=root, wanted=wanted)
        yield
    finally:
        con.execute(f"USE {identifier(here)}")
        con.execute(f"DETACH {NAME}")


def _lay_out(
    con: duckdb.DuckDBPyConnection,
    feeds: Mapping[str, Feed],
    as_of: dt.date,
    known_on: dt.date | None,
    root: Path,
    without: set[str],
) -> None:
    """Copies of every relation that the SQL files read and none of them makes, as believed then."""
    for schema in ("core", "ops", "ref", "mart"):
        con.execute(f"CREATE SCHEMA {NAME}.{schema}")
    made = {table.name for table in build_order(root)}
    read = {name for table in build_order(root) for name in table.inputs} - made - JUDGED
    end = f"DATE {literal(str(known_on))} + 1" if known_on else OPEN_TIME
    con.execute(
        f"CREATE TABLE {NAME}.ops.batch AS SELECT * REPLACE (CASE WHEN state = 'withdrawn' AND withdrawn_at >= {end} THEN 'merged' ELSE state END AS state) "
        f"FROM ops.batch WHERE coalesce(merged_at, received_at) < {end} AND (as_of IS NULL OR as_of <= DATE {literal(str(as_of))}) "
        "AND NOT list_contains(?, feed)",
        [sorted(without)],
    )
    for name in sorted(read & relations(con).keys()):
        schema, relation = name.split(".")
        feed = relation.removesuffix("_now")
        if schema == "ref" or name == "ops.batch":
            continue
        source = name
        if schema == "core" and feed in feeds:
            if relation == feed:
                source = (
                    f"(SELECT * REPLACE (CASE WHEN recorded_to >= {end} THEN {OPEN_TIME} ELSE recorded_to END AS recorded_to) FROM {name} "
                    f"WHERE recorded_from < {end})"
                )
            else:
                known = literal(str(known_on or dt.date(9999, 12, 30)))
                source = f"core.{identifier(feed + '_as_known')}(DATE {literal(str(as_of))}, DATE {known})"
        elif schema == "ops" and relation in ("reject", "refused", "link", "late_link", "column_fill"):
            source = f"(SELECT * FROM {name} WHERE batch_id IN (SELECT batch_id FROM {NAME}.ops.batch))"
        con.execute(f"CREATE TABLE {NAME}.{name} AS SELECT * FROM {source} {'LIMIT 0' if feed in without else ''}")
    for name in KEPT:
        con.execute(f"CREATE TABLE IF NOT EXISTS {NAME}.ops.{name} AS SELECT * FROM ops.{name} LIMIT 0")
