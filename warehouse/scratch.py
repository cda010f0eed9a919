"""A data root for a while: what is made again or restored is made there first, away from everybody, and nothing of it stays."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Not copied: the keys must be the same ones, the extension is 20 MB that nobody writes again.
SHARED = ("secrets", "run/extensions")
# A folder younger than this may be about to be locked.
UNLOCKED_SECONDS = 60.0


def folder(home: Path) -> Path:
    return home / "run" / "scratch"


def clear(base: Path) -> None:
    """Remove what a process left in ``base`` that was killed; what a living one holds stays."""
    for left in base.iterdir() if base.is_dir() else ():
        if left.name.startswith(".") and time.time() - left.stat().st_mtime < UNLOCKED_SECONDS:
            continue
        with open(left / ".lock", "a+b") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def temporary(base: Path) -> Iterator[Path]:
    """A folder in ``base`` that nobody else can read, gone with the block, or when the next one is made after a kill."""
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    clear(base)
    made = base / f".{secrets.token_hex(8)}"
    made.mkdir(mode=0o700)
    with open(made / ".lock", "a+b") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        # Seen by others only when it is locked.
        root = made.rename(base / made.name[1:])
        try:
            yield root
        finally:
            shutil.rmtree(root, ignore_errors=True)


@contextmanager
def scratch_root(home: Path) -> Iterator[Path]:
    """An empty data root with the keys of ``home``, on its disk; inside, it is the one that ``settings.home()`` names."""
    named = os.environ.get("AIRFLOW__FUPIN__HOME")
    with temporary(folder(home)) as root:
        for name in SHARED:
            (home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            (root / name).parent.mkdir(exist_ok=True, mode=0o700)
            (root / name).symlink_to(home / name)
        os.environ["AIRFLOW__FUPIN__HOME"] = str(root)
        try:
            yield root
        finally:
            if named is None:
                del os.environ["AIRFLOW__FUPIN__HOME"]
            else:
                os.environ["AIRFLOW__FUPIN__HOME"] = named
