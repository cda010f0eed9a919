"""What leaves the office: a published table for one recipient, asked for by one person and approved by another.

Each file has pseudonyms of its recipient's own, which cannot be joined with anybody else's, and says whose it is, openly and in every
pseudonym (:mod:`warehouse.exports.mark`). Requests, decisions and files are entries of the log.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import TerminalError
from warehouse import audit
from warehouse.batch import utc_now
from warehouse.publish.snapshot import DATABASE

FORMATS = ("xlsx", "parquet")
DAYS = 14
COLUMNS = (
    "request_id", "requested_at", "requested_by", "recipient", "why", "relation", "columns", "format", "expires_at", "decision", "decided_at",
    "decided_by", "decided_why", "written_at", "written_by", "snapshot_id", "rows", "sha256",
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One row of ``ops.export``."""

    request_id: str
    requested_at: dt.datetime
    requested_by: str
    recipient: str
    why: str
    relation: str
    columns: list[str]
    format: str
    expires_at: dt.datetime
    decision: str | None
    decided_at: dt.datetime | None
    decided_by: str | None
    decided_why: str | None
    written_at: dt.datetime | None
    written_by: str | None
    snapshot_id: str | None
    rows: int | None
    sha256: str | None


def requests(con: duckdb.DuckDBPyConnection, request_id: str | None = None) -> list[Request]:
    """All requests, oldest first, or the one with this id. Raises TerminalError if there is none."""
    found = con.execute(
        f"SELECT {', '.join(f'{chr(34)}{name}{chr(34)}' for name in COLUMNS)} FROM ops.export WHERE ?::VARCHAR IS NULL OR request_id = ? "
        "ORDER BY requested_at, request_id",
        [request_id, request_id],
    ).fetchall()
    if request_id is not None and not found:
        raise TerminalError(f"there is no export {request_id} (fupin export list)")
    return [Request(*row) for row in found]


def published_columns(snapshot: Path, relation: str) -> tuple[str, list[str]]:
    """(``schema.name``, its columns) of a table of the snapshot's statistics, named with or without its schema.

    Raises TerminalError for any other: neither history nor the warehouse can be asked for.
    """
    with duckdb.connect(str(snapshot / DATABASE), read_only=True) as con:
        rows = con.execute(
            "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal "
            "AND schema_name <> 'main' AND ? IN (table_name, schema_name || '.' || table_name) ORDER BY column_index",
            [relation],
        ).fetchall()
    if not rows:
        raise TerminalError(f"there is no published table {relation} (published/current/dictionary.xlsx lists them)")
    return str(rows[0][0]), [str(column) for _, column in rows]


def request(
    con: duckdb.DuckDBPyConnection,
    home: Path,
    snapshot: Path,
    relation: str,
    columns: Sequence[str],
    recipient: str,
    why: str,
    who: str,
    *,
    fmt: str = FORMATS[0],
    days: int = DAYS,
) -> str:
    """Ask for ``columns`` (all when empty) of a table of ``snapshot`` for ``recipient``; returns the request's id.

    It falls after ``days``. Raises TerminalError for what is not published, no recipient or no reason.
    """
    name, known = published_columns(snapshot, relation)
    if unknown := [column for column in columns if column not in known]:
        raise TerminalError(f"{name} has no column {', '.join(unknown)}; it has: {', '.join(known)}")
    wanted = [column for column in known if not columns or column in columns]
    return ask(con, home, name, wanted, recipient, why, who, fmt=fmt, days=days)


def ask(
    con: duckdb.DuckDBPyConnection,
    home: Path,
    name: str,
    wanted: Sequence[str],
    recipient: str,
    why: str,
    who: str,
    *,
    fmt: str = FORMATS[0],
    days: int = DAYS,
) -> str:
    """Write the request for the columns ``wanted`` of ``name`` down; returns its id. Raises TerminalError for no recipient or no reason."""
    recipient, why = " ".join(recipient.split()), " ".join(why.split())
    if not recipient or not why or days < 1:
        raise TerminalError("an export needs a recipient, a reason and at least one day")
    now = dt.datetime.fromisoformat(utc_now())
    request_id = "E" + hashlib.sha256(repr([now, who, recipient, name, list(wanted)]).encode()).hexdigest()[:8]
    con.execute("BEGIN")
    con.execute(
        f"INSERT INTO ops.export ({', '.join(COLUMNS[:9])}) VALUES ({', '.join('?' * 9)})",
        [request_id, now, who, recipient, why, name, list(wanted), fmt, now + dt.timedelta(days=days)],
    )
    _log(
        con, home, request_id, "request", who, why, recipient=recipient, relation=name, columns=list(wanted), format=fmt
    )
    return request_id


def decide(con: duckdb.DuckDBPyConnection, home: Path, request_id: str, who: str, why: str, *, approved: bool) -> None:
    """Approve a request or refuse it. Raises TerminalError if ``who`` asked himself, or it is decided or has fallen."""
    (asked,) = requests(con, request_id)
    if asked.requested_by == who:
        raise TerminalError(
            f"申请人不能审批自己的申请 / {request_id} was requested by {who}: somebody else has to decide"
        )
    if asked.decision:
        raise TerminalError(f"{request_id} is {asked.decision} already, by {asked.decided_by}")
    _refuse_fallen(asked)
    decision = "approved" if approved else "refused"
    con.execute("BEGIN")
    con.execute(
        "UPDATE ops.export SET decision = ?, decided_at = ?, decided_by = ?, decided_why = ? WHERE request_id = ?",
        [decision, dt.datetime.fromisoformat(utc_now()), who, " ".join(why.split()), request_id],
    )
    _log(con, home, request_id, decision, who, why)


def granted(con: duckdb.DuckDBPyConnection, request_id: str) -> Request:
    """The request, if it may be written. Raises TerminalError otherwise."""
    (asked,) = requests(con, request_id)
    if asked.decision != "approved":
        state = "refused" if asked.decision else "not approved yet"
        raise TerminalError(f"{request_id} is {state}: nothing leaves without a second person's approval")
    if asked.written_at is None:
        _refuse_fallen(asked)
    return asked


def written(
    con: duckdb.DuckDBPyConnection, home: Path, asked: Request, who: str, snapshot_id: str, rows: int, sha256: str
) -> None:
    """Write down what file was made. Raises TerminalError if it had been made before, and was another."""
    if asked.written_at is not None:
        if (asked.snapshot_id, asked.sha256) != (snapshot_id, sha256):
            raise TerminalError(
                f"{asked.request_id} was written already, from {asked.snapshot_id}: one approval, one file"
            )
        return
    con.execute("BEGIN")
    con.execute(
        'UPDATE ops.export SET written_at = ?, written_by = ?, snapshot_id = ?, "rows" = ?, sha256 = ? WHERE request_id = ?',
        [dt.datetime.fromisoformat(utc_now()), who, snapshot_id, rows, sha256, asked.request_id],
    )
    _log(con, home, asked.request_id, "written", who, "", snapshot_id=snapshot_id, rows=rows, sha256=sha256)


def _refuse_fallen(asked: Request) -> None:
    if asked.expires_at < dt.datetime.fromisoformat(utc_now()):
        raise TerminalError(f"{asked.request_id} has fallen: it was valid until {asked.expires_at:%Y-%m-%d}")


def _log(
    con: duckdb.DuckDBPyConnection, home: Path, request_id: str, step: str, who: str, why: str, **detail: Any
) -> None:
    audit.commit(con, home, "export", request_id, who=who, why=why, detail={"step": step, **detail})
