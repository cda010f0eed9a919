"""``fupin export``: what leaves the office: one asks, another approves, then a file is written for one recipient."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from connectors import settings
from connectors.errors import TerminalError
from warehouse.cli.tables import print_json, print_table

LISTED = (
    "request_id", "requested_at", "requested_by", "recipient", "relation", "format", "expires_at", "decision", "decided_by", "written_at", "rows",
    "sha256", "why",
)  # fmt: skip
TRACED = (
    "request_id",
    "recipient",
    "why",
    "requested_by",
    "decided_by",
    "written_by",
    "written_at",
    "tokens",
    "of",
    "named",
    "certain",
)


def add_commands(commands: Any) -> None:
    """Add ``export`` to the command line."""
    actions = commands.add_parser(
        "export", help="a published table for one recipient: request, approve, refuse, write, list, trace"
    ).add_subparsers(dest="action", required=True, metavar="ACTION")
    request = actions.add_parser("request", help="ask for a table of the current snapshot, or a list of named people")
    what = request.add_mutually_exclusive_group(required=True)
    what.add_argument("--table", metavar="TABLE", help="such as person_status")
    what.add_argument(
        "--list", metavar="LIST", help="a list that audiences.toml declares, such as schooling; encrypted"
    )
    request.add_argument("--town", default="", metavar="CODE", help="of a list: this township alone (nine digits)")
    request.add_argument("--columns", nargs="+", default=[], metavar="COLUMN", help="all by default")
    request.add_argument("--for", required=True, dest="recipient", metavar="RECIPIENT")
    request.add_argument("--why", required=True, metavar="TEXT")
    request.add_argument("--format", choices=("xlsx", "parquet"), default="xlsx")
    request.add_argument("--days", type=int, default=14, help="how long the request stands (default: 14)")
    for name, help_ in (("approve", "let it be written; not by who asked"), ("refuse", "do not let it be written")):
        decide = actions.add_parser(name, help=help_)
        decide.add_argument("request", metavar="REQUEST")
        decide.add_argument("--why", default="", required=name == "refuse", metavar="TEXT")
    write = actions.add_parser("write", help="write the file of an approved request")
    write.add_argument("request", metavar="REQUEST")
    write.add_argument("--out", type=Path, metavar="FOLDER", help="exports/ of the data root by default")
    actions.add_parser("list", help="every request").add_argument("--json", action="store_true")
    trace = actions.add_parser("trace", help="whose is this file, or this piece of one? Parquet, workbook or text")
    trace.add_argument("file", type=Path, metavar="FILE")
    trace.add_argument("--json", action="store_true")
    for action in actions.choices.values():
        action.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out one action; raises FupinError in plain words."""
    from connectors.feed import load_feeds
    from warehouse import audit, exports
    from warehouse.cli.query import find_snapshot
    from warehouse.database import open_warehouse, require_warehouse
    from warehouse.exports import operations, write
    from warehouse.history.schema import ensure

    home, who, feeds = settings.home(), audit.person(), load_feeds()
    require_warehouse(home)
    with open_warehouse(home) as con:
        ensure(con, feeds.values())
        if arguments.action == "request" and arguments.list:
            request_id = operations.request(
                con, home, arguments.list, arguments.town, arguments.recipient, arguments.why, who, days=arguments.days
            )
            print(f"{request_id}: somebody else approves it (fupin export approve {request_id})")
        elif arguments.action == "request":
            request_id = exports.request(
                con, home, find_snapshot(home), arguments.table, arguments.columns, arguments.recipient, arguments.why, who,
                fmt=arguments.format, days=arguments.days,
            )  # fmt: skip
            print(f"{request_id}: somebody else approves it (fupin export approve {request_id})")
        elif arguments.action in ("approve", "refuse"):
            approved = arguments.action == "approve"
            exports.decide(con, home, arguments.request, who, arguments.why, approved=approved)
            print(f"{arguments.request} is {'approved' if approved else 'refused'}")
        elif arguments.action == "write" and operations.is_list(exports.requests(con, arguments.request)[0]):
            file, password = operations.write(
                con, home, feeds, arguments.request, arguments.out or home / "exports", who
            )
            print(file)
            print(f"password, shown this once and kept nowhere: {password}")
        elif arguments.action == "write":
            print(write.write(con, home, feeds, arguments.request, arguments.out or home / "exports", who))
        elif arguments.action == "list":
            rows = [[getattr(asked, name) for name in LISTED] for asked in exports.requests(con)]
            _show(LISTED, rows, arguments.json)
        else:
            return _trace(write.trace(con, home, _file(arguments.file)), arguments.json)
    return 0


def _file(path: Path) -> Path:
    if not path.is_file():
        raise TerminalError(f"no such file: {path}")
    return path


def _trace(found: list[Any], as_json: bool) -> int:
    rows = [
        [*(getattr(one.request, name) for name in TRACED[:7]), one.tokens, one.of, one.named, one.is_certain] for one in found
    ]  # fmt: skip
    _show(TRACED, rows, as_json)
    return 0 if found else 1


def _show(names: tuple[str, ...], rows: list[list[Any]], as_json: bool) -> None:
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(names, rows)
