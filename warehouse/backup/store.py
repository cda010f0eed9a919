"""A folder of backups: which there are, and whether one is still what was written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from connectors import disk, settings
from connectors.errors import TerminalError

MANIFEST = "manifest.json"
_BACKUP = re.compile(r"[0-9]{8}T[0-9]{12}")


def base(home: Path) -> Path:
    """Where backups go: ``[fupin] backups``, by default ``backups/`` of the data root, which is no protection against the loss of its disk."""
    return Path(settings.get("backups") or home / "backups").absolute()


def name_of(made_at: str) -> str:
    """The folder of the backup made at this time (ISO text, UTC)."""
    return re.sub(r"[-:.]", "", made_at)


def backups(folder: Path) -> list[dict[str, Any]]:
    """The manifests of all whole backups, oldest first."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if _BACKUP.fullmatch(path.name) and (path / MANIFEST).is_file():
            found.append(json.loads((path / MANIFEST).read_text(encoding="utf-8")))
    return sorted(found, key=lambda one: str(one["made_at"]))


def newest(folder: Path, until: str) -> dict[str, Any]:
    """The last backup made by ``until`` (ISO text, UTC). Raises TerminalError when there is none, or it is not what was written."""
    there = backups(folder)
    found = [one for one in there if one["made_at"] <= until]
    if not found:
        first = f"the first is of {there[0]['made_at']} UTC" if there else "there is none"
        raise TerminalError(f"no backup was made by {until} UTC in {folder}: {first}")
    said = found[-1]
    if wrong := broken(folder / name_of(said["made_at"]), said):
        raise TerminalError(
            f"the backup {name_of(said['made_at'])} is not what was written: {len(wrong)} files, first {wrong[0]}; "
            "an earlier one is restored by --to with an earlier time"
        )
    return said


def broken(folder: Path, said: dict[str, Any]) -> list[str]:
    """Files of a backup that are missing or changed."""
    return [
        name
        for name, facts in said["files"].items()
        if not (folder / name).is_file() or disk.digest(folder / name) != facts["sha256"]
    ]
