"""``fupin rules``, ``explain``, ``clues``, ``worklists``: what the rules found, what is behind a figure or a hit, how far people have come."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from contextlib import nullcontext
from typing import Any

from connectors import settings
from connectors.errors import TerminalError
from connectors.feed import load_feeds
from warehouse.cli.tables import print_json, print_table

RUN = (
    "rule_id", "rule_version", "rule_title", "severity", "owner", "subjects", "hits", "clear", "unknown", "unset", "missing_feeds",
    "unset_parameters",
)  # fmt: skip
CLUE = (
    "clue_id", "rule_id", "severity", "owner_title", "town", "clue_state", "is_frozen", "opened_on", "due_date", "is_overdue", "concluded_on",
    "unadopted_count",
)  # fmt: skip
HIT = ("rule_id", "subject", "household_id", "village_code", "verdict", "evidence")


def add_commands(commands: Any) -> None:
    """Add the commands to the parser's ``commands``."""
    rules = commands.add_parser("rules", help="what each rule found; with --as-of, once more on a past day")
    rules.add_argument("rules", nargs="*", metavar="RULE", help="such as N01; all by default")
    rules.add_argument("--as-of", type=dt.date.fromisoformat, help="the rules of that day on the data of that day")
    rules.add_argument("--known-on", type=dt.date.fromisoformat, help="with what had been loaded by that day")
    rules.add_argument("--without", nargs="+", default=[], metavar="FEED", help="as if these feeds had never come")
    rules.add_argument("--hits", action="store_true", help="list the subjects instead of counting them")
    rules.add_argument("--json", action="store_true")
    rules.set_defaults(run=_rules)
    explain = commands.add_parser("explain", help="the rows behind a figure of a mart, or the evidence of a hit")
    explain.add_argument("what", metavar="MART|RULE")
    explain.add_argument(
        "key", metavar="KEY", help="values of the mart's key columns, separated by /; or the rule's subject"
    )
    explain.add_argument("column", metavar="COLUMN", nargs="?")
    explain.add_argument("--json", action="store_true")
    explain.set_defaults(run=_explain)
    clues = commands.add_parser("clues", help="the clues and what people have found out about them")
    clues.add_argument("--rule", nargs="+", default=[], metavar="RULE", help="such as N01")
    clues.add_argument("--town", nargs="+", default=[], metavar="TOWN", help="name or nine-digit code")
    clues.add_argument(
        "--state", nargs="+", default=[], metavar="STATE", help="such as 待核查; or open, closed, overdue, frozen"
    )
    clues.add_argument("--json", action="store_true")
    clues.set_defaults(run=_clues)
    worklists = commands.add_parser("worklists", help="write the worklists that have changed into the outboxes")
    worklists.set_defaults(run=_worklists)


def _rules(arguments: argparse.Namespace) -> int:
    from expectations import normalise
    from warehouse.cli.reveal import revealing
    from warehouse.database import open_warehouse
    from warehouse.monitor.past import past
    from warehouse.monitor.rules import all_rules

    feeds = load_feeds()
    wanted = {name.upper() for name in arguments.rules}
    if unknown := sorted(wanted - {rule.rule_id for rule in all_rules()}):
        raise TerminalError(f"there is no rule {', '.join(unknown)}")
    with revealing("hits", *sorted(wanted)) if arguments.hits else open_warehouse(settings.home(), write=False) as con:
        then: Any = nullcontext()
        if arguments.as_of or arguments.known_on or arguments.without:
            normalise.install(con)
            (today,) = con.execute("SELECT as_of FROM ref.run").fetchone() or (None,)
            names = [rule.name for rule in all_rules() if not wanted or rule.rule_id in wanted]
            then = past(
                con,
                feeds,
                arguments.as_of or arguments.known_on or today,
                arguments.known_on,
                names,
                without=arguments.without,
            )
        with then:
            columns, source = (HIT, "ops.rule_hit") if arguments.hits else (RUN, "ops.rule_run")
            rows = con.execute(
                f"SELECT {', '.join(columns)} FROM {source} WHERE ? OR list_contains(?, rule_id) ORDER BY ALL",
                [not wanted, sorted(wanted)],
            ).fetchall()
    if arguments.json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)
    return 0


# What --state understands beside the states themselves.
STATES = {"open": "is_open", "closed": "NOT is_open", "overdue": "is_overdue", "frozen": "is_frozen"}


def _clues(arguments: argparse.Namespace) -> int:
    from warehouse.database import open_warehouse

    where, values = ["TRUE"], []
    for names, columns in ((arguments.rule, ("rule_id",)), (arguments.town, ("town", "town_code"))):
        if names:
            where.append("(" + " OR ".join(f"list_contains(?, {column})" for column in columns) + ")")
            values += [[name.upper() for name in names]] * len(columns)
    if arguments.state:
        plain = [state for state in arguments.state if state not in STATES]
        where.append(
            "("
            + " OR ".join(["list_contains(?, clue_state)", *(STATES[s] for s in arguments.state if s in STATES)])
            + ")"
        )
        values.append(plain)
    with open_warehouse(settings.home(), write=False) as con:
        known = {state for (state,) in con.execute("SELECT DISTINCT clue_state FROM mart.clue").fetchall()}
        rows = con.execute(
            f"SELECT {', '.join(CLUE)} FROM mart.clue WHERE {' AND '.join(where)} ORDER BY rule_id, due_date NULLS LAST, clue_id",
            values,
        ).fetchall()
    if unknown := [state for state in arguments.state if state not in STATES and state not in known]:
        print(f"no clue is in the state {', '.join(unknown)}; there are: {', '.join(sorted(known))}", file=sys.stderr)
    if arguments.json:
        print_json([dict(zip(CLUE, row, strict=True)) for row in rows])
    else:
        print_table(CLUE, rows)
    return 0


def _worklists(arguments: argparse.Namespace) -> int:
    from warehouse import tasks

    print(f"{tasks.worklists()} worklists written")
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    from warehouse.cli.reveal import revealing
    from warehouse.monitor.explain import ROW, explain, ground
    from warehouse.monitor.rules import all_rules

    feeds = load_feeds()
    rules = {rule.rule_id: rule for rule in all_rules()}
    with revealing(*filter(None, (arguments.what, arguments.column)), about=arguments.key) as con:
        if arguments.what.upper() in rules:
            rule = rules[arguments.what.upper()]
            found = con.execute(
                f"SELECT {', '.join(HIT)} FROM ops.rule_hit WHERE rule_id = ? AND subject = ?",
                [rule.rule_id, arguments.key],
            ).fetchall()
            if not found:
                raise TerminalError(f"{rule.rule_id} has found nothing about {arguments.key}")
            batches, _, parameters = ground(con, feeds, rule.name)
            run = con.execute(
                "SELECT rule_version, parameters FROM ops.rule_run WHERE rule_id = ?", [rule.rule_id]
            ).fetchall()
            content: dict[str, Any] = {
                **dict(zip(HIT, found[0], strict=True)), "evidence": json.loads(found[0][-1]), "rule_version": run[0][0],
                "batches": batches, "parameters": parameters,
            }  # fmt: skip
        else:
            if not arguments.column:
                raise TerminalError("fupin explain MART KEY COLUMN")
            told = explain(con, feeds, arguments.what, arguments.key.split("/"), arguments.column)
            content = {
                "figure": told.value, "rows_or_sum": told.total, "rows": [dict(zip(ROW, row, strict=True)) for row in told.rows],
                "batches": told.batches, "rules": told.rules, "parameters": told.parameters,
            }  # fmt: skip
    if arguments.json:
        print_json(content)
        return 0
    for name, value in content.items():
        if name == "rows":
            print_table(ROW, [tuple(row.values()) for row in value])
        elif name == "batches":
            print_table(("feed", "batch_id", "as_of", "batches"), value)
        elif name == "parameters":
            print_table(("parameter", "value"), value)
        elif name == "rules":
            print_table(("rule_id", "rule_version", "hits"), value)
        else:
            print(f"{name}: {json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict) else value}")
    return 0
