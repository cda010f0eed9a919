"""``fupin keys``: which keys a data root has, and new ones for data at rest."""

from __future__ import annotations

import argparse
from typing import Any

from connectors import settings
from warehouse.cli.tables import print_json, print_table, progress


def add_commands(commands: Any) -> None:
    """Add ``keys list`` and ``keys rotate`` to the command line."""
    top = commands.add_parser("keys", help="the keys of data at rest: which there are, and new ones")
    actions = top.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="every key: from where it comes, and its ids, the present one first").set_defaults(
        run=_list
    )
    rotate = actions.add_parser("rotate", help="write everything anew under a new key, then forget the old one")
    rotate.add_argument(
        "name", nargs="?", default=None, metavar="NAME", help="landing_key or warehouse_key (default: both)"
    )
    rotate.set_defaults(run=_rotate)


def _list(arguments: argparse.Namespace) -> int:
    from warehouse import keys, rotation

    home = settings.home()
    rows = []
    for name in (*rotation.NAMES, *rotation.BOUND):
        origin = (
            "the site" if keys.given(name) is not None else "secrets/" if keys.path(name, home).exists() else "none yet"
        )
        ids = " ".join(keys.ring(name, home)) if origin != "none yet" else ""
        rows.append([name, origin, ids])
    print_table(("key", "from", "ids"), rows)
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    from warehouse import rotation

    names = [arguments.name] if arguments.name else rotation.NAMES
    print_json([rotation.rotate(settings.home(), name, progress) for name in names])
    progress("earlier backups lie under the old key: fupin backup")
    return 0
