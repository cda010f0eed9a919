"""``fupin backup`` and ``fupin restore``."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

from connectors import settings
from connectors.errors import FupinError
from warehouse.cli.tables import print_json, progress


def add_commands(commands: Any) -> None:
    """Add ``backup`` and ``restore`` to the command line."""
    backup = commands.add_parser(
        "backup", help="back up warehouse, log and landing, encrypted as they are; no key is in it"
    )
    backup.add_argument("--to", type=Path, default=None, metavar="DIR", help="default: [fupin] backups")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser(
        "restore", help="the warehouse as it was at a time: the last backup before, and the deliveries since once more"
    )
    restore.add_argument(
        "--to", default=None, metavar="TIME", help="2026-11-26T08:30 (Beijing), 2026-11-26 (its end), or now"
    )
    restore.add_argument(
        "--from", dest="folder", type=Path, default=None, metavar="DIR", help="default: [fupin] backups"
    )
    restore.add_argument(
        "--drill", action="store_true", help="only try: compare with the present warehouse, change nothing"
    )
    restore.set_defaults(run=_restore)


def _backup(arguments: argparse.Namespace) -> int:
    from warehouse import backup

    print_json(backup.make(settings.home(), arguments.to))
    return 0


def _until(text: str) -> str:
    """A time of the county's clock as ISO text in UTC."""
    from warehouse.batch import BEIJING, utc_now

    if text == "now":
        return utc_now()
    try:
        when = dt.datetime.fromisoformat(text)
    except ValueError:
        raise FupinError(f"{text} is no time: 2026-11-26T08:30, 2026-11-26 or now") from None
    if len(text) == len("2026-11-26"):
        when += dt.timedelta(days=1)
    when = when.astimezone(dt.UTC).replace(tzinfo=None) if when.tzinfo else when - BEIJING
    return when.isoformat(timespec="microseconds")


def _restore(arguments: argparse.Namespace) -> int:
    from warehouse import backup

    home, folder = settings.home(), arguments.folder
    if arguments.drill:
        print_json(backup.drill(home, folder, progress))
        return 0
    if arguments.to is None:
        raise FupinError("--to TIME says which warehouse is wanted (or --drill)")
    print_json(backup.restore(home, folder, _until(arguments.to), progress))
    progress("now: fupin sync (marts and snapshot follow, and what waits is taken in)")
    return 0
