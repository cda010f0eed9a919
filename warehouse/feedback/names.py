"""File names of receipts: the sender's own name, made harmless, and one file per batch however often it is written."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
import zipfile
from pathlib import Path

SUFFIX = ".回执.xlsx"
# One file system's limit is enough for all: 255 bytes for a name.
MAX_BYTES = 255
MAX_COPIES = 10_000
BATCH_PROPERTY = "fupin_batch"
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|]')
_BATCH = re.compile(rf'name="{BATCH_PROPERTY}"[^>]*>\s*<vt:lpwstr>([^<]*)</vt:lpwstr>')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")


def _cut(text: str, limit: int) -> str:
    return text.encode("utf-8")[:limit].decode("utf-8", "ignore")


def safe_stem(original: str) -> str:
    """``original`` as the beginning of a file name: no path, no control or invisible characters, short enough for a copy number."""
    text = original.encode("utf-8", "replace").decode("utf-8")
    text = "".join(
        "_" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else character
        for character in text
    )
    text = _FORBIDDEN.sub("_", text).replace("..", "__").strip(" ")
    text = re.sub(r"^[.~$\-=+@]+", lambda found: "_" * len(found.group()), text).rstrip(". ")
    if _RESERVED.match(text):
        text = "_" + text
    if not text.strip("_ "):
        text = "未命名"
    room = MAX_BYTES - len((f"({MAX_COPIES})" + SUFFIX).encode())
    if len(text.encode()) > room:
        # The end of a long name tells files apart as often as its beginning.
        mark = "…" + hashlib.sha256(original.encode("utf-8", "replace")).hexdigest()[:8]
        text = _cut(text, room - len(mark.encode())) + mark
    return text


def batch_of(receipt: Path) -> str | None:
    """The batch that a receipt belongs to, None for any other file."""
    try:
        with zipfile.ZipFile(receipt) as archive:
            text = archive.read("docProps/custom.xml").decode("utf-8", "replace")
    except (OSError, KeyError, zipfile.BadZipFile):
        return None
    found = _BATCH.search(text)
    return found.group(1) if found else None


def place(temporary: Path, outbox: Path, original: str, batch: str) -> Path:
    """Move a finished receipt to its name in ``outbox``; returns it.

    A receipt of the same batch is replaced; another batch's is never touched: the next copy number is taken. Two processes that
    want the same free name cannot both get it, because a hard link fails where a name exists.
    """
    stem = safe_stem(original)
    for copy in range(1, MAX_COPIES):
        target = outbox / (stem + (f"({copy})" if copy > 1 else "") + SUFFIX)
        if not target.exists() and not target.is_symlink():
            try:
                os.link(temporary, target)
            except FileExistsError:
                pass
            except OSError:
                # A file system without hard links: shared folders of some servers.
                os.replace(temporary, target)
                return target
            else:
                temporary.unlink()
                return target
        if not target.is_symlink() and batch_of(target) == batch:
            os.replace(temporary, target)
            return target
    raise OSError("no free name for the receipt")
