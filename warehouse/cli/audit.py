"""``fupin audit`` and ``fupin verify``: what was done with the data, and whether warehouse and log are still what was written."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from typing import Any

from connectors import settings
from connectors.errors import FupinError
from warehouse.cli.tables import print_json, print_table

SHOWN = ("number", "done_at", "who", "place", "what", "target", "about", "why", "detail")
DETAIL_WIDTH = 240
WHATS = (
    "load",
    "withdraw",
    "release",
    "decide",
    "lists",
    "rules",
    "publish",
    "reveal",
    "export",
    "rotate",
    "backup",
    "restore",
    "drill",
    "migrate",
)


def add_commands(commands: Any) -> None:
    """Add ``audit`` and ``verify`` to the command line."""
    log = commands.add_parser("audit", help="the log: who did what with the data, when, where and why")
    log.add_argument("--what", nargs="+", choices=WHATS, default=[], metavar="WHAT", help=", ".join(WHATS))
    log.add_argument("--who", nargs="+", default=[], metavar="PERSON")
    log.add_argument("--about", metavar="NUMBER", help="who looked at the household or person with this number")
    log.add_argument("--since", type=dt.date.fromisoformat, metavar="DATE")
    log.add_argument("--json", action="store_true")
    log.set_defaults(run=_audit)
    verify = commands.add_parser(
        "verify",
        help="read every table and print the content hash; name the first entry of the log that is not what was written",
    )
    verify.set_defaults(run=_verify)


def _audit(arguments: argparse.Namespace) -> int:
    from warehouse import audit
    from warehouse.batch import BEIJING
    from warehouse.database import open_warehouse, relations

    home = settings.home()
    about = audit.token(home, arguments.about) if arguments.about else None
    since = dt.datetime.combine(arguments.since or dt.date(2000, 1, 1), dt.time()) - BEIJING
    with open_warehouse(home, write=False) as con:
        if "ops.audit" not in relations(con):
            raise FupinError("the log is gone: fupin verify names its first missing entry")
        rows = con.execute(
            f"SELECT {', '.join(SHOWN)} FROM ops.audit WHERE (? OR list_contains(?, what)) AND (? OR list_contains(?, who)) "
            "AND (?::VARCHAR IS NULL OR about = ?) AND done_at >= ? ORDER BY number",
            [not arguments.what, arguments.what, not arguments.who, arguments.who, about, about, since],
        ).fetchall()
    if arguments.json:
        print_json([dict(zip(SHOWN, row, strict=True)) for row in rows])
    else:
        # The first entry about rules names every one of them.
        print_table(
            SHOWN,
            [
                (*row[:-1], row[-1] if len(row[-1]) <= DETAIL_WIDTH else f"{row[-1][:DETAIL_WIDTH]}… (--json)")
                for row in rows
            ],
        )
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from connectors.feed import load_feeds
    from warehouse import audit
    from warehouse.audit import proof
    from warehouse.database import open_warehouse, require_warehouse
    from warehouse.history.schema import ensure
    from warehouse.merging import content_hash
    from warehouse.publish import manifest
    from warehouse.publish.snapshot import published

    home = settings.home()
    # Hashing reads every block of every table, so it finds a flipped bit too.
    require_warehouse(home)
    feeds = load_feeds()
    with open_warehouse(home) as con:
        # One written before by other declarations has not the table of every feed.
        ensure(con, feeds.values())
        print_json({"content_hash": content_hash(con, feeds)})
        sys.stdout.flush()
        if found := proof.problem(con, home, manifest.said_of_log(published(home))):
            raise FupinError(f"审计日志不完整 / the log of what was done: {found}")
        number = audit.head(con).number
        print(f"audit: {number} entries, none changed, none missing", file=sys.stderr)
    return 0
