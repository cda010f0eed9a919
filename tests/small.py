"""What makes a story cheap to set up: a part of ``sql/``, and a data root that is made once and copied."""

from __future__ import annotations

import shutil
from pathlib import Path

from warehouse.monitor.order import SQL, parse


def sql_for(folder: Path, *wanted: str) -> Path:
    """A folder like ``sql/`` with the marts ``wanted`` and what they read, and without rules: a clue in it is one that a story has written.

    For stories that are told by few marts; the files themselves are those of ``sql/``.
    """
    waiting = list(wanted)
    while waiting:
        schema, stem = (name := waiting.pop()).split(".")
        path = SQL / {"mart": "marts"}.get(schema, schema) / f"{stem}.sql"
        link = folder / path.parent.name / path.name
        # What is no file there is a table of history, or a code list.
        if path.exists() and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
            waiting += parse(path, name).inputs
    return folder


def copy_root(made: Path, home: Path) -> None:
    """The data root ``made`` once more, as ``home``."""
    shutil.copytree(made, home, symlinks=True, dirs_exist_ok=True)
