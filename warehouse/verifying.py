"""What people find out about clues, in the warehouse: worklists go out; the answers come back through the ordinary way of a feed."""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.feed import Feed
from warehouse import audit
from warehouse.feedback import lists
from warehouse.monitor import worklists
from warehouse.monitor.reference import run_date


def write(con: duckdb.DuckDBPyConnection, home: Path, feeds: dict[str, Feed]) -> int:
    """Write the worklists that have changed, in one transaction; returns how many. The marts are built."""
    as_of = run_date(con)
    if as_of is None:
        return 0
    con.execute("BEGIN")
    written = len(worklists.write_lists(con, feeds, home / "outbox", as_of))
    if written:
        audit.commit(con, home, "lists", "worklists", detail={"files": written})
    else:
        con.execute("COMMIT")
    return written


def deliver(home: Path, feeds: dict[str, Feed]) -> None:
    """Take the worklists to the departments' outboxes. Opens the warehouse."""
    lists.deliver(home, worklists.kind(), sorted({feed.department for feed in feeds.values()}))
