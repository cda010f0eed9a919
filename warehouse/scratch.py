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

# A folder younger than this may be about to be locked.
UNLOCKED_SECONDS = 60.0


def folder(home: Path) -> Path:
    return home / "run" / "scratch"


def clear(base: Path) -> None:
    """Remove what a process left in ``base`` that was killed; what a living one holds stays."""
    for left in base.iterdir() if base.is_dir() else ():
        try:
            # It may get its name, or be gone, at any moment.
            if left.name.startswith(".") and time.time() - left.stat().st_mtime < UNLOCKED_SECONDS:
                continue
            with open(left / ".lock", "a+b") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
        except NotADirectoryError:
            left.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue


@contextmanager
def temporary(base: Path) -> Iterator[Path]:
    """A folder in ``base`` that nobody else can read, gone with the block, or when the next one is made after a kill."""
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    clear(base)
    root, lock = _locked(base)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)
        os.close(lock)


def _locked(base: Path) -> tuple[Path, int]:
    """A new folder in ``base``, and the lock that says that somebody holds it."""
    made = base / f".{secrets.token_hex(8)}"
    made.mkdir(mode=0o700)
    lock = os.open(made / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # Seen by others only when it is locked.
    return made.rename(base / made.name[1:]), lock


# What this process holds, by place and process: a child has its own.
_held: dict[tuple[Path, int], tuple[Path, int]] = {}


def spill(home: Path) -> Path:
    """The folder for what does not fit into the memory of this process; what a killed one left is removed."""
    base, who = home / "run" / "spill", os.getpid()
    if (base, who) not in _held or not _held[base, who][0].is_dir():
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        clear(base)
        _held[base, who] = _locked(base)
    return _held[base, who][0]


@contextmanager
def setting(**values: str) -> Iterator[None]:
    """Settings of ``[fupin]`` that hold in this process as long as the block lasts."""
    names = {f"AIRFLOW__FUPIN__{name.upper()}": value for name, value in values.items()}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def scratch_root(home: Path) -> Iterator[Path]:
    """An empty data root with the keys of ``home``, on its disk; inside, it is the one that ``settings.home()`` names."""
    with temporary(folder(home)) as root:
        (home / "secrets").mkdir(parents=True, exist_ok=True, mode=0o700)
        (root / "secrets").symlink_to(home / "secrets")
        with setting(home=str(root)):
            yield root
