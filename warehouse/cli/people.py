"""``fupin people``: decisions about who is who, for engineers. People are named by registry number (人编号) or ``key:<person_key>``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from connectors import settings
from connectors.errors import TerminalError, without_row_text
from warehouse.cli.tables import print_json, print_table

if TYPE_CHECKING:
    import duckdb

COLUMNS = (
    "decision_id", "kind", "person_key", "other_key", "feed", "method", "decided_at", "decided_by", "why", "undone_at", "undone_by",
    "undone_why",
)  # fmt: skip


def add_commands(commands: Any) -> None:
    """Add ``people`` to the command line."""
    people = commands.add_parser("people", help="who is who: merge, split, undo, list")
    actions = people.add_subparsers(dest="action", required=True, metavar="ACTION")
    same = actions.add_parser("same", help="two keys are one person")
    same.add_argument("person", metavar="PERSON", help="registry number, or key:NUMBER")
    same.add_argument("other", metavar="PERSON")
    split = actions.add_parser(
        "split", help="one id is used by two people: the rows with the name of ROW are somebody else's"
    )
    split.add_argument("feed", metavar="FEED")
    split.add_argument(
        "row", metavar="BATCH:ROW", help="one row of the other person, as the ledger and the receipt number it"
    )
    undo = actions.add_parser("undo", help="take a decision back")
    undo.add_argument("decision", metavar="DECISION")
    for action in (same, split, undo):
        action.add_argument("--why", required=True, metavar="TEXT")
    actions.add_parser("list", help="every decision, undone ones too").add_argument("--json", action="store_true")
    people.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out one action; raises FupinError in plain words."""
    from connectors.feed import load_feeds
    from warehouse import audit
    from warehouse.database import open_warehouse
    from warehouse.history.schema import prepare
    from warehouse.identity import decisions
    from warehouse.merging import load_time

    feeds = load_feeds()
    home = settings.home()
    with without_row_text("deciding about people"), open_warehouse(home) as con:
        prepare(con, home, feeds)
        if arguments.action == "list":
            return _list(con, arguments.json)
        when, who = load_time(con), audit.person()
        con.execute("BEGIN")
        if arguments.action == "undo":
            decisions.undo(con, arguments.decision, who, arguments.why, when)
            decision = arguments.decision
        elif arguments.action == "same":
            decision = decisions.decide(
                con, "same_person", who, arguments.why, when,
                person_key=_person(con, arguments.person), other_key=_person(con, arguments.other),
            )  # fmt: skip
        else:
            if arguments.feed not in feeds:
                raise TerminalError(f"there is no feed {arguments.feed}")
            key, name = _row(con, arguments.feed, arguments.row)
            decision = decisions.decide(con, "two_people", who, arguments.why, when, person_key=key, name=name)
        counts = decisions.resolve(con, feeds)
        audit.commit(con, home, "decide", f"{arguments.action} {decision}", who=who, why=arguments.why, detail=counts)
    print(
        f"{arguments.action} {decision}: {counts['person_alias']} keys stand for others, {counts['person_split']} ids are shared"
    )
    print("the marts follow with the next build (fupin build, fupin publish; in Airflow the DAG marts)")
    return 0


def _list(con: duckdb.DuckDBPyConnection, as_json: bool) -> int:
    rows = con.execute(
        f"SELECT {', '.join(COLUMNS)} FROM core.identity_decision ORDER BY decided_at, decision_id"
    ).fetchall()
    if as_json:
        print_json([dict(zip(COLUMNS, row, strict=True)) for row in rows])
    else:
        print_table(COLUMNS, rows)
    return 0


def _person(con: duckdb.DuckDBPyConnection, named: str) -> int:
    if named.startswith("key:") and named[4:].isdigit():
        return int(named[4:])
    found = con.execute(
        "SELECT DISTINCT person_key FROM core.registry_person_now WHERE person_id = ?", [named]
    ).fetchall()
    if len(found) != 1:
        # The number itself may be a citizen id that somebody typed: it is not repeated.
        raise TerminalError(
            f"no registered person has this number (人编号 or key:NUMBER): {len(named)} characters given"
        )
    return int(found[0][0])


def _row(con: duckdb.DuckDBPyConnection, feed_name: str, place: str) -> tuple[int, str]:
    """(person_key that the row's id gave, the row's name)."""
    from connectors.feed import load_feeds
    from warehouse.history.tables import OPEN_TIME, name_column, table

    feed = load_feeds()[feed_name]
    name = name_column(feed)
    batch, _, row = place.rpartition(":")
    if not feed.subject or name is None or not row.isdigit():
        raise TerminalError(f"{feed_name} has no people, or {place} is no BATCH:ROW")
    found = con.execute(
        f'SELECT person_key, "{name}" FROM {table(feed)} WHERE batch_id = ? AND source_row = ? AND recorded_to = {OPEN_TIME}',
        [batch, int(row)],
    ).fetchone()
    if found is None or None in found:
        raise TerminalError(f"{feed_name} has no believed row {place} with an id and a name")
    return int(found[0]), str(found[1])
