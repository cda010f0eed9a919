"""Reads a delivered file: what it is, whose it is, how its rows are to be read, and every reason to refuse it.

The answer is a :class:`~connectors.reading.Reading`; rows are read by DuckDB with :func:`~connectors.reader.reader_sql`. Content
decides, never the file's name: a CSV called ``.xlsx`` is a CSV. Nothing here raises for a bad file: its problems stand in the
reading, in Chinese, all of them that could be found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from connectors import archive, books, parts, settings, tables, workbook
from connectors import encoding as enc
from connectors.errors import scrubbed
from connectors.feed import Feed
from connectors.reader import misread, reader_sql, row_number_sql, structure_rejects, structure_sql
from connectors.reading import Problem, Reading

__all__ = [
    "Problem",
    "Reading",
    "misread",
    "read_file",
    "reader_sql",
    "row_number_sql",
    "structure_rejects",
    "structure_sql",
]

MAX_FILE_BYTES = 20 * 1024**3


@scrubbed
def read_file(
    path: Path,
    original_name: str,
    feeds: Sequence[Feed],
    workdir: Path,
    *,
    careful: bool = False,
    only: str | None = None,
) -> Reading:
    """Recognise ``path`` as a file of one of ``feeds`` (a department's).

    May write ``text.csv`` and ``structure.csv`` into ``workdir`` (mode 0600). ``original_name`` is a label: only a date is looked
    for in it. ``careful``: parse every quoted line (after :func:`~connectors.reader.misread`). A file with tables of several feeds
    has only ``several`` filled in: read it once for each of them, whose name is then ``only``. Raises TransientError or TerminalError for the machine's own
    failures, with no text of the file in them.
    """
    reading = _read(path, original_name, feeds, workdir, careful, only)
    if not reading.sha256:
        with open(path, "rb") as source:
            reading.sha256 = hashlib.file_digest(source, "sha256").hexdigest()
    return reading


def _read(
    path: Path, original_name: str, feeds: Sequence[Feed], workdir: Path, careful: bool, only: str | None
) -> Reading:
    reading = Reading(size_bytes=path.stat().st_size)
    try:
        if reading.size_bytes > int(settings.number("max_file_bytes", MAX_FILE_BYTES)):
            raise Problem("FILE_TOO_LARGE", f"文件有 {reading.size_bytes / 1024**3:.1f} GB，超过上限。请拆分后报送。")
        with open(path, "rb") as source:
            head = source.read(enc.HEAD_BYTES)
        if len(head) == reading.size_bytes and not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
            raise Problem("EMPTY_FILE", "文件是空的，没有任何内容。请重新导出。")
        reading.suffix = ".bin"  # until the content has shown what it is
        kind = workbook.kind_of(head, path)
        if kind is None:
            tables.read_text(reading, path, head, original_name, feeds, workdir, careful)
            feed = next(feed for feed in feeds if feed.name == reading.feed)
            parts.fill_down(reading, feed, workdir)
            return reading
        reading.format, reading.suffix, reading.encoding = kind, f".{kind}", "utf-8"
        if kind == "zip":
            found = archive.read_archive(path, original_name, feeds, workdir, only, _read)
        else:
            found = books.read_workbook(path, kind, original_name, feeds, workdir, only)
        for each in fields(Reading):
            setattr(reading, each.name, getattr(found, each.name))
    except Problem as problem:
        reading.refuse(problem)
    return reading
