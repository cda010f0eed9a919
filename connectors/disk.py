"""Files that last, and whether they are what they were."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def link_or_copy(path: Path, target: Path) -> None:
    """A second name for the file ``path``; where there can be none (another disk, one without links), a copy with its times."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copy2(path, target)
