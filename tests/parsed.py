"""What was parsed of ``sql/`` is kept from one process of the tests to the next and given to new data roots, as each has it from its second build on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from connectors.settings import ROOT

KEPT = ROOT / "build" / "tests" / "parsed.json"


def know_sql(home: Path) -> None:
    """Spare the data root ``home`` seconds of its first build. What is kept of another ``sql/`` is parsed again."""
    (home / "run").mkdir(parents=True, exist_ok=True, mode=0o700)
    if KEPT.exists():
        shutil.copyfile(KEPT, home / "run" / KEPT.name)


def remember(home: Path) -> None:
    """Keep what ``home`` knows for the processes after this one."""
    known = home / "run" / KEPT.name
    if known.exists():
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        draft = KEPT.with_suffix(f".{os.getpid()}")
        shutil.copyfile(known, draft)
        draft.replace(KEPT)
