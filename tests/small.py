"""What makes a story cheap to set up: a part of ``sql/``, and a data root that is made once and copied."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from warehouse.monitor import build_order


def sql_for(folder: Path, *wanted: str) -> Path:
    """A folder like ``sql/`` with the marts ``wanted`` and what they read, and without rules: a clue in it is one that a story has written.

    For stories that are told by few marts; the files themselves are those of ``sql/``.
    """
    needed = set(wanted)
    for table in reversed(build_order()):
        if not table.is_rule and not table.is_step and table.name in needed:
            needed |= table.inputs
            copy = folder / table.path.parent.name / table.path.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(table.path)
    return folder


def copy_root(made: Path, home: Path) -> None:
    """The data root ``made`` once more, as ``home``; what nobody writes again, the extension's 20 MB, is linked."""

    def copied(source: str, target: str) -> None:
        os.link(source, target) if source.endswith(".duckdb_extension") else shutil.copy2(source, target)

    shutil.copytree(made, home, symlinks=True, copy_function=copied, dirs_exist_ok=True)
