"""``fupin archive check`` and ``gaps``: are the archive's files still those that were filed, and what is missing of it."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

from connectors import settings
from connectors.feed import load_feeds
from warehouse.cli.tables import print_json, print_table

GAP = (
    "town_code", "village_code", "archive_level_code", "unit_no", "archive_type_code", "archive_type", "archive_year", "reason", "filed_date",
    "checked_date",
)  # fmt: skip


def add_commands(commands: Any) -> None:
    """Add ``archive`` to the command line."""
    actions = commands.add_parser("archive", help="the archives of households, villages, towns and county").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )  # fmt: skip
    check = actions.add_parser(
        "check", help="SHA-256 of the files in a folder, against the index; exit 1 if any differs"
    )
    check.add_argument("folder", type=Path, metavar="FOLDER")
    check.add_argument(
        "--all", action="store_true", dest="everything",
        help="what the folder lacks is missing, whatever its unit; without it only of units of which the folder holds some file",
    )  # fmt: skip
    check.add_argument("--out", type=Path, metavar="FOLDER", help="write the result there as the index's next delivery")
    check.add_argument(
        "--names", action="store_true", help="name the files that are in no index (names may be people's)"
    )
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=_check)
    gaps = actions.add_parser("gaps", help="every document that is due and not in order")
    gaps.add_argument("--town", nargs="+", default=[], metavar="TOWN", help="name or nine-digit code")
    gaps.add_argument("--json", action="store_true")
    gaps.set_defaults(run=_gaps)


def _check(arguments: argparse.Namespace) -> int:
    from warehouse import archive
    from warehouse.database import open_warehouse

    # Reading the files may take hours: the warehouse is not held meanwhile.
    found = list(archive.digests(arguments.folder))
    with open_warehouse(settings.home(), write=False) as con:
        archive.compare(con, found, arguments.everything)
        counts, documents, files = archive.rows(con)
        written = None
        if arguments.out is not None:
            feed = load_feeds()[archive.FEED]
            written = archive.write_delivery(con, feed, arguments.out, dt.date.today().isoformat())
    columns = archive.FILE if arguments.names else archive.FILE[:-1]
    files = [row[: len(columns)] for row in files]
    if arguments.json:
        print_json({
            "files": len(found), "counts": counts, "documents": [dict(zip(archive.DOCUMENT, row, strict=True)) for row in documents],
            "strays": [dict(zip(columns, row, strict=True)) for row in files], "delivery": written.name if written else None,
        })  # fmt: skip
    else:
        print_table(("state", "number"), list(counts.items()))
        for names, lines in ((archive.DOCUMENT, documents), (columns, files)):
            if lines:
                print()
                print_table(names, lines)
        if written:
            print(f"\n{written.name} is written: drop it into the inbox like any other index")
    return 1 if any(counts[state] for state in archive.BAD) else 0


def _gaps(arguments: argparse.Namespace) -> int:
    from warehouse.cli.reveal import revealing

    labels = {
        code: words[0] for code, words in load_feeds()["archive_document"].column("archive_type_code").codes.items()
    }
    with revealing("archive_gap") as con:
        rows = con.execute(
            "SELECT due.town_code, due.village_code, due.archive_level_code, due.unit_no, due.archive_type_code, label.archive_type, "
            "due.archive_year, due.document_state, due.filed_date, due.checked_date FROM core.archive_due AS due "
            "LEFT JOIN (SELECT unnest(?) AS code, unnest(?) AS archive_type) AS label ON label.code = due.archive_type_code "
            "LEFT JOIN (SELECT town_code, min(town_name) AS town FROM ref.division GROUP BY town_code) AS town ON town.town_code = due.town_code "
            "WHERE due.document_state <> '完好' AND (? OR list_contains(?, due.town_code) OR list_contains(?, town.town)) ORDER BY ALL",
            [list(labels), list(labels.values()), not arguments.town, arguments.town, arguments.town],
        ).fetchall()
    if arguments.json:
        print_json([dict(zip(GAP, row, strict=True)) for row in rows])
    else:
        print_table(GAP, rows)
    return 0
