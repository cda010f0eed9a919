"""``fupin``: the platform without a scheduler. Exit 0 on success, 1 on a failure with one line, 2 on wrong usage; never a traceback."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from connectors import settings
from connectors.errors import FupinError
from warehouse.cli.tables import print_json, print_table, progress


def _simulate(arguments: argparse.Namespace) -> int:
    from demo.simulate import simulate

    summary = simulate(
        people=arguments.people, seed=arguments.seed, out=arguments.out, dirt=arguments.dirt, fmt=arguments.format,
        changed=arguments.changed, delta=arguments.delta, identity=arguments.identity, monitoring=arguments.monitoring,
        progress=progress,
    )  # fmt: skip
    print_json(summary)
    return 0


def _sync(arguments: argparse.Namespace) -> int:
    from warehouse import syncing

    summaries = syncing.sync(arguments.feeds, progress)
    if arguments.json:
        print_json(summaries)
    elif summaries:
        names = (
            "feed",
            "batch_id",
            "state",
            "as_of",
            "rows_read",
            "rows_landed",
            "rows_quarantined",
            "rows_inserted",
            "rows_ended",
            "reason",
        )
        print_table(names, [[summary.get(name) for name in names] for summary in summaries])
    else:
        print("no whole file in any inbox; nothing to do")
    return 0


def _inspect(arguments: argparse.Namespace) -> int:
    from connectors.feed import load_feeds
    from warehouse.cli import inspect

    if not arguments.file.is_file():
        raise FupinError(f"no such file: {arguments.file}")
    feeds = load_feeds()
    if arguments.feed and arguments.feed not in feeds:
        raise FupinError(f"no such feed: {arguments.feed}")
    # In a department's inbox only its own feeds are thought of; elsewhere all are.
    folder = arguments.file.resolve().parent.name
    is_inbox = any(feed.department == folder for feed in feeds.values())
    own = [feed for feed in feeds.values() if is_inbox and feed.is_from(folder)]
    wanted = [feeds[arguments.feed]] if arguments.feed else own or list(feeds.values())
    with inspect.inspected(arguments.file, wanted) as seen:
        if arguments.json:
            inspect.write_json(seen, sys.stdout)
        else:
            inspect.write_tables(seen)
        return 0 if seen.is_good else 1


def _build(arguments: argparse.Namespace) -> int:
    from warehouse import tasks

    print_table(("mart", "rows"), [[mart, rows] for mart, rows in tasks.build(progress).items()])
    return 0


def _link(arguments: argparse.Namespace) -> int:
    from warehouse import syncing, tasks

    counts = tasks.link(arguments.retrain)
    syncing.follow(progress)
    print_json(counts)
    return 0


def _publish(arguments: argparse.Namespace) -> int:
    if arguments.reproduce:
        from warehouse import reproducing

        found = reproducing.reproduce(settings.home(), arguments.reproduce, progress)
        print_json(found)
        return 1 if found["differs"] else 0
    from warehouse import tasks

    print_json(tasks.publish())
    return 0


def _query(arguments: argparse.Namespace) -> int:
    from warehouse.cli import query

    return int(query.run(arguments.sql, arguments.as_of, arguments.format, sys.stdout, arguments.known_on) or 0)


def _batches(arguments: argparse.Namespace) -> int:
    from warehouse.database import open_warehouse

    names = (
        "feed",
        "batch_id",
        "state",
        "as_of",
        "received_at",
        "rows_read",
        "rows_landed",
        "rows_quarantined",
        "original_name",
        "reason",
    )
    with open_warehouse(settings.home(), write=False) as con:
        rows = con.execute(f"SELECT {', '.join(names)} FROM ops.batch ORDER BY received_at, feed, batch_id").fetchall()
    if arguments.json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(names, rows)
    return 0


def _migrate(arguments: argparse.Namespace) -> int:
    from warehouse import rewriting

    print_json(rewriting.rewrite(settings.home()))
    return 0


def _release(arguments: argparse.Namespace) -> int:
    from warehouse import releasing

    releasing.release(settings.home(), arguments.batch, arguments.why)
    print(f"{arguments.batch} will be taken in by the next run of its feed (fupin sync)")
    return 0


def _withdraw(arguments: argparse.Namespace) -> int:
    from warehouse import syncing

    print_json(syncing.withdraw(arguments.batch, arguments.why, progress))
    return 0


def _status(arguments: argparse.Namespace) -> int:
    import datetime as dt
    from dataclasses import asdict

    from connectors.feed import load_feeds
    from warehouse.batch import utc_now
    from warehouse.upkeep import status

    lines = status.examine(settings.home(), load_feeds(), dt.datetime.fromisoformat(utc_now()))
    if arguments.json:
        print_json([asdict(line) for line in lines])
    else:
        print_table(
            ("what", "state", "told", "cure"), [(line.what, line.state, line.told, line.cure) for line in lines]
        )
    return int(any(line.state == status.BAD for line in lines))


def _check(arguments: argparse.Namespace) -> int:
    from warehouse import tasks

    for line in tasks.check(arguments.feed):
        print(line)
    return 0


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        # Looking it up takes longer than all other options.
        from importlib import metadata

        print(f"fupin {metadata.version('fupin')}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """The command line; ``fupin COMMAND --help`` documents each."""
    from warehouse.cli import archive, audit, backup, export, keys, monitoring, people, serve, shell

    top = argparse.ArgumentParser(
        prog="fupin", description="扶贫开发大数据平台: from the departments' files to a published snapshot."
    )
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    simulate = commands.add_parser("simulate", help="write a synthetic county: department files and the planted truth")
    simulate.add_argument("--people", type=int, required=True)
    simulate.add_argument("--seed", type=int, required=True)
    simulate.add_argument("--out", type=Path, required=True)
    simulate.add_argument("--dirt", choices=("none", "real"), default="real")
    simulate.add_argument(
        "--format",
        choices=("csv", "mixed"),
        default=None,
        help="csv: every file as UTF-8 CSV (default: mixed when dirt is real)",
    )
    simulate.add_argument(
        "--changed", type=float, default=0.0, help="the same county a month later with this percentage of rows changed"
    )
    simulate.add_argument(
        "--delta", action="store_true", help="with --changed: only the changed rows, in files marked 增量"
    )
    simulate.add_argument(
        "--monitoring",
        action="store_true",
        help="every feed, with situations planted for each monitoring rule (truth/clues.parquet)",
    )
    simulate.add_argument(
        "--identity",
        action="store_true",
        help="with people without ids, variants of names, shared and changed ids, and four more feeds",
    )
    simulate.set_defaults(run=_simulate)

    sync = commands.add_parser("sync", help="collect, organise, merge, receipts, marts, snapshot — without a scheduler")
    sync.add_argument("feeds", nargs="*", metavar="FEED")
    sync.add_argument("--json", action="store_true")
    sync.set_defaults(run=_sync)

    inspect = commands.add_parser("inspect", help="what a file would become, and why; nothing is taken or changed")
    inspect.add_argument("file", type=Path)
    inspect.add_argument("--feed", default=None, metavar="FEED", help="read it as this feed only")
    inspect.add_argument("--json", action="store_true", help="with every row that would land or be sent back")
    inspect.set_defaults(run=_inspect)

    check = commands.add_parser("check", help="test the connection of a feed; nothing is fetched or changed")
    check.add_argument("feed", metavar="FEED")
    check.set_defaults(run=_check)

    link = commands.add_parser("link", help="look for the people of rows without an id; then marts and snapshot")
    link.add_argument(
        "--retrain", action="store_true", help="learn from the county's present data instead of the stored model"
    )
    link.set_defaults(run=_link)
    commands.add_parser("build", help="rebuild the marts").set_defaults(run=_build)
    publish = commands.add_parser("publish", help="publish the marts as a snapshot")
    publish.add_argument(
        "--reproduce",
        default=None,
        metavar="ID",
        help="make that snapshot again from its deliveries' bytes and compare",
    )
    publish.set_defaults(run=_publish)

    query = commands.add_parser("query", help="SQL on the published snapshot")
    query.add_argument("sql")
    query.add_argument(
        "--as-of", default=None, metavar="DATE", help="the newest snapshot whose data are not later than DATE"
    )
    query.add_argument(
        "--known-on",
        default=None,
        metavar="DATE",
        help="as it was known then: only snapshots published by the end of DATE",
    )
    query.add_argument(
        "--format",
        choices=("table", "csv", "excel", "json"),
        default="table",
        help="excel: the CSV that Excel and WPS take for UTF-8",
    )
    query.set_defaults(run=_query)

    shell.add_commands(commands)
    serve.add_commands(commands)

    batches = commands.add_parser("batches", help="the ledger of deliveries")
    batches.add_argument("--json", action="store_true")
    batches.set_defaults(run=_batches)

    status = commands.add_parser(
        "status",
        help="health: late feeds, waiting files, refused and unfinished batches, space, snapshot, log, last backup",
    )
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)

    release = commands.add_parser(
        "release", help="let a blocked batch pass the comparison with its predecessor (row count, unit)"
    )
    release.add_argument("batch", metavar="FEED/BATCH")
    release.add_argument("--why", default="", metavar="TEXT", help="the reason, for the log")
    release.set_defaults(run=_release)

    withdraw = commands.add_parser(
        "withdraw", help="take back a merged batch (the wrong file was sent): history as if it had never come"
    )
    withdraw.add_argument("batch", metavar="FEED/BATCH")
    withdraw.add_argument("--why", required=True, metavar="TEXT", help="the reason, for the ledger")
    withdraw.set_defaults(run=_withdraw)

    commands.add_parser(
        "migrate",
        help="the warehouse in the present schema, its file anew as this DuckDB writes it; every table compared",
    ).set_defaults(run=_migrate)

    people.add_commands(commands)
    monitoring.add_commands(commands)
    archive.add_commands(commands)
    audit.add_commands(commands)
    export.add_commands(commands)
    keys.add_commands(commands)
    backup.add_commands(commands)
    return top


def main(words: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    arguments = parser().parse_args(words)
    try:
        return int(arguments.run(arguments))
    except FupinError as error:
        print(f"fupin {arguments.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        # The class only: a foreign message may carry a row.
        print(f"fupin {arguments.command}: unexpected {type(error).__name__}", file=sys.stderr)
        if os.environ.get("FUPIN_DEBUG"):
            raise
        return 1


if __name__ == "__main__":
    sys.exit(main())
