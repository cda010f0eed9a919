"""Are the files of an archive still those that were filed? SHA-256 of every file in a folder, held against the index in the warehouse.

A file is a document's if the index names its path within the folder, if it is called like a document's number, or if its name stands once
in the index; the first of these that fits counts. What comes out is the index's own layout, filled in, for the next delivery.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.quoting import identifier, literal

FEED = "archive_document"
OK, CHANGED, MISSING, NO_SUM = "ok", "changed", "missing", "no_sum"
NOT_IN_INDEX, AMBIGUOUS, UNREADABLE = "not_in_index", "ambiguous", "unreadable"
STATES = (OK, CHANGED, MISSING, NO_SUM, NOT_IN_INDEX, AMBIGUOUS, UNREADABLE)
BAD = (CHANGED, MISSING, UNREADABLE)
DOCUMENT = ("state", "archive_level_code", "unit_no", "document_no", "archive_type_code", "year")
FILE = ("state", "sha256", "bytes", "path")


@dataclass(frozen=True)
class Found:
    """One file: path within the folder, with slashes; ``sha256`` is None where it could not be read whole."""

    path: str
    sha256: str | None
    size: int


def digests(folder: Path) -> Iterator[Found]:
    """Every regular file below ``folder`` in order of its path; links are not followed, hidden files and half-written ones (``….part``) are left out.

    Raises TerminalError if ``folder`` is none.
    """
    if not folder.is_dir():
        raise TerminalError("there is no such folder")
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and not name.endswith(".part") and not path.is_symlink():
                if (found := _digest(path, path.relative_to(folder).as_posix())) is not None:
                    yield found


def _digest(path: Path, told: str) -> Found | None:
    """The file's sum; None for what is no regular file. A file that changes while it is read has none."""
    size = 0
    try:
        # A pipe would keep a reader waiting for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as handle:
            before = os.fstat(handle.fileno())
            if not stat.S_ISREG(before.st_mode):
                return None
            size = before.st_size
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
            after = os.fstat(handle.fileno())
    except OSError:
        return Found(told, None, size)
    whole = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return Found(told, digest if whole else None, size)


def compare(con: duckdb.DuckDBPyConnection, found: list[Found], everything: bool = False) -> None:
    """Leave the temp tables ``archive_checked`` (a document of the index each, with ``state`` and ``found_sha256``) and ``archive_stray``
    (a file each that is no document's or could not be read: FILE).

    A document is looked for if the index says that there is a file of it; it is missing if it is of a unit (household, village …) of which
    the folder holds some file, or with ``everything`` anyway. ``con``: the warehouse.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE archive_found AS SELECT row_number() OVER () AS number, *, "
        "regexp_replace(path, '^.*/', '') AS name, regexp_replace(regexp_replace(path, '^.*/', ''), '(.)\\.[^.]*$', '\\1') AS stem "
        "FROM (SELECT unnest(?::VARCHAR[]) AS path, unnest(?::VARCHAR[]) AS sha256, unnest(?::BIGINT[]) AS bytes)",
        [[one.path for one in found], [one.sha256 for one in found], [one.size for one in found]],
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE archive_index AS SELECT row_number() OVER (ORDER BY unit_no, document_no) AS id, unit_no, document_no, "
        "lower(sha256) AS sha256, replace(storage_name, '\\', '/') AS storage, regexp_replace(replace(storage_name, '\\', '/'), '^.*/', '') AS name "
        "FROM core.archive_document_now WHERE sha256 IS NOT NULL OR storage_name IS NOT NULL"
    )
    # Names by which a file may be known, in the order in which they count; whatever two documents are called tells neither.
    con.execute(
        "CREATE OR REPLACE TEMP TABLE archive_match AS WITH called AS ("
        "  SELECT 1 AS way, storage AS called, id FROM archive_index WHERE storage IS NOT NULL UNION ALL "
        "  SELECT 2, document_no, id FROM archive_index UNION ALL SELECT 3, name, id FROM archive_index WHERE name IS NOT NULL"
        "), known AS (SELECT way, called, min(id) AS id, count(*) AS documents FROM called GROUP BY way, called"
        "), asked AS (SELECT number, 1 AS way, path AS called FROM archive_found UNION ALL SELECT number, 2, stem FROM archive_found UNION ALL "
        "  SELECT number, 3, name FROM archive_found"
        ") SELECT a.number, arg_min(k.id, (k.documents > 1, k.way)) AS id, min(k.documents) = 1 AS is_told "
        "FROM asked AS a JOIN known AS k ON k.way = a.way AND k.called = a.called GROUP BY a.number"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE archive_checked AS WITH sums AS ("
        # Of several copies one that is as it was filed is enough.
        "  SELECT m.id, arg_min(f.sha256, (f.sha256 IS DISTINCT FROM i.sha256, f.sha256)) AS found_sha256, bool_or(f.sha256 IS NULL) AS is_unreadable "
        "  FROM archive_match AS m JOIN archive_found AS f ON f.number = m.number JOIN archive_index AS i ON i.id = m.id WHERE m.is_told GROUP BY m.id"
        "), unit AS (SELECT DISTINCT i.unit_no FROM sums JOIN archive_index AS i ON i.id = sums.id"
        ") SELECT i.unit_no, i.document_no, s.found_sha256, CASE "
        f"WHEN s.id IS NULL THEN {literal(MISSING)} WHEN s.found_sha256 IS NULL THEN {literal(UNREADABLE)} "
        f"WHEN i.sha256 IS NULL THEN {literal(NO_SUM)} WHEN s.found_sha256 = i.sha256 THEN {literal(OK)} ELSE {literal(CHANGED)} END AS state "
        "FROM archive_index AS i LEFT JOIN sums AS s ON s.id = i.id LEFT JOIN unit AS u ON u.unit_no = i.unit_no "
        "WHERE ? OR u.unit_no IS NOT NULL",
        [everything],
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE archive_stray AS SELECT CASE WHEN f.sha256 IS NULL THEN {literal(UNREADABLE)} "
        f"WHEN m.number IS NULL THEN {literal(NOT_IN_INDEX)} ELSE {literal(AMBIGUOUS)} END AS state, f.sha256, f.bytes, f.path "
        "FROM archive_found AS f LEFT JOIN archive_match AS m ON m.number = f.number WHERE NOT coalesce(m.is_told, FALSE)"
    )


def rows(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, int], list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """After :func:`compare`: how many of each state, the documents that are not in order (DOCUMENT), the files of no document (FILE)."""
    counts = dict.fromkeys(STATES, 0)
    counts |= dict(
        con.execute(
            "SELECT state, count(*) FROM (SELECT state FROM archive_checked UNION ALL SELECT state FROM archive_stray) GROUP BY state"
        ).fetchall()
    )
    documents = con.execute(
        f"SELECT {', '.join(DOCUMENT)} FROM archive_checked JOIN core.archive_document_now USING (unit_no, document_no) "
        "WHERE state <> ? ORDER BY ALL",
        [OK],
    ).fetchall()
    files = con.execute(f"SELECT {', '.join(FILE)} FROM archive_stray ORDER BY state, path").fetchall()
    return counts, documents, files


def write_delivery(con: duckdb.DuckDBPyConnection, feed: Feed, folder: Path, checked_on: str) -> Path | None:
    """After :func:`compare`: write what was checked as a file of the feed into ``folder``; None where nothing was.

    ``checked_on``: ISO. The file's name bears the date of the data, so that it never pushes the county's run date forward. A file that could not
    be read was not checked. Raises TerminalError if there is no such folder or the file is there already.
    """
    if not folder.is_dir():
        raise TerminalError("there is no such folder to write to")
    (as_of,) = con.execute("SELECT strftime(as_of, '%Y%m%d') FROM ref.run").fetchone() or (None,)
    path = folder / f"档案核对_{as_of}.csv"
    if path.exists():
        raise TerminalError(f"{path.name} is there already: deliver it or put it away first")
    given = {"checked_sha256": "c.found_sha256", "checked_date": f"DATE {literal(checked_on)}"}
    cells = ", ".join(
        f"{given.get(column.name, 'd.' + identifier(column.name))} AS {identifier(column.label)}"
        for column in feed.columns
    )
    temporary = folder / f".{path.name}.part"
    try:
        written = con.execute(
            f"COPY (SELECT {cells} FROM archive_checked AS c JOIN core.archive_document_now AS d USING (unit_no, document_no) "
            f"WHERE c.state <> {literal(UNREADABLE)} ORDER BY d.unit_no, d.document_no) TO {literal(str(temporary))} (FORMAT csv, HEADER)"
        ).fetchone()
        if not written or not written[0]:
            return None
        os.chmod(temporary, 0o600)
        os.link(temporary, path)
    except FileExistsError:
        raise TerminalError(f"{path.name} is there already: deliver it or put it away first") from None
    finally:
        temporary.unlink(missing_ok=True)
    return path
