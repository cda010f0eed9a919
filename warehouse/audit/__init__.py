"""The log of what was done with the data: who, when, where, what, why; append-only, each entry sealed together with the one before it.

A seal is an HMAC-SHA-256 over the entry and the seal before; its key lies in ``secrets/``. Whoever can write the warehouse but has not the key
changes nothing unseen (:mod:`warehouse.audit.proof`). Number and seal of the last entry stand beside the warehouse as well (``audit.head``) and
in the manifest of every snapshot, so that a log whose end was cut off is shorter than they say. An entry names feeds, batches, tables and
counts, never a person: whom a look concerned is kept as a keyed hash (:func:`token`), by which one who knows the number finds it again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse import keys
from warehouse.audit.person import person
from warehouse.batch import utc_now

__all__ = ["COLUMNS", "Head", "commit", "head", "note", "person", "token"]

COLUMNS = ("number", "done_at", "who", "place", "what", "target", "about", "why", "detail", "seal")
# Long digit runs are ids, certificates, telephones: no reason needs one.
_DIGITS = re.compile(r"\d{7,}[\dXx]?")
WHY_CHARACTERS = 200
_SEAL = re.compile(r"[0-9]{20} [0-9a-f]{64} [0-9a-f]{64}\n")


@dataclass(frozen=True)
class Head:
    """The last entry: its number (0: none yet) and its seal."""

    number: int = 0
    seal: str = "0" * 64


def secret(home: Path) -> bytes:
    return keys.secret("audit_key", home).encode()


def seal(key: bytes, before: str, content: tuple[Any, ...]) -> str:
    """The seal of an entry: ``content`` is what stands in all columns but the last, ``before`` the seal of the entry before."""
    said = [part.isoformat(timespec="microseconds") if isinstance(part, dt.datetime) else part for part in content]
    return hmac.new(key, json.dumps([before, *said], ensure_ascii=False).encode(), hashlib.sha256).hexdigest()


def token(home: Path, key: str) -> str:
    """What stands in the log for whatever has the number ``key``: 16 hexadecimal digits."""
    return hmac.new(secret(home), b"about\0" + key.encode(), hashlib.sha256).hexdigest()[:16]


def head(con: duckdb.DuckDBPyConnection) -> Head:
    """The last entry of the log."""
    number, last = con.execute("SELECT max(number), arg_max(seal, number) FROM ops.audit").fetchone() or (None, None)
    return Head(number, last) if number is not None else Head()


def commit(
    con: duckdb.DuckDBPyConnection,
    home: Path,
    what: str,
    target: str,
    *,
    who: str | None = None,
    why: str = "",
    about: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """End the caller's transaction with an entry about it. ``who``: this process's person by default; ``about``: a :func:`token`."""
    before = head(con)
    if before.number == 0 and not anchor_path(home).exists():
        _write_anchor(home, before)
    content = (
        before.number + 1,
        dt.datetime.fromisoformat(utc_now()),
        who or person(),
        f"{socket.gethostname()} {os.environ.get('AIRFLOW_CTX_DAG_ID') or 'fupin'}",
        what,
        target,
        about,
        _DIGITS.sub("****", " ".join(why.split()))[:WHY_CHARACTERS],
        json.dumps(detail or {}, ensure_ascii=False, sort_keys=True, default=str),
    )
    after = Head(before.number + 1, seal(secret(home), before.seal, content))
    con.execute(f"INSERT INTO ops.audit VALUES ({', '.join('?' for _ in COLUMNS)})", [*content, after.seal])
    con.execute("COMMIT")
    _advance(con, home, before, after)


def note(con: duckdb.DuckDBPyConnection, home: Path, what: str, target: str, **more: Any) -> None:
    """Write an entry in a transaction of its own: about what is not in the warehouse, before it is done."""
    con.execute("BEGIN")
    commit(con, home, what, target, **more)


def anchor_path(home: Path) -> Path:
    return home / "warehouse" / "audit.head"


def anchor(home: Path) -> Head | None:
    """What the file beside the warehouse knows of the log; None if it is missing or not what was written."""
    try:
        line = anchor_path(home).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
    if not _SEAL.fullmatch(line):
        return None
    number, last, sealed = line.split()
    known = Head(int(number), last)
    return known if hmac.compare_digest(sealed, _anchor_seal(home, known)) else None


def _anchor_seal(home: Path, known: Head) -> str:
    return seal(secret(home), "anchor", (known.number, known.seal))


def _write_anchor(home: Path, known: Head) -> None:
    """In place and of one length, so that a power cut leaves the old line or the new one, without a sync of its own: the log may be longer
    than the anchor says, never shorter."""
    line = f"{known.number:020d} {known.seal} {_anchor_seal(home, known)}\n"
    handle = os.open(anchor_path(home), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(handle, line.encode("ascii"), 0)
        if known.number == 0:
            os.fsync(handle)
    finally:
        os.close(handle)


def _advance(con: duckdb.DuckDBPyConnection, home: Path, before: Head, after: Head) -> None:
    """The anchor follows a log that continues what it knows, and no other: else the next entry would hide that one was taken away."""
    known = anchor(home)
    if known is None or known.number > before.number:
        return
    if known.number < before.number:
        # A process died between its commit and its anchor.
        row = con.execute("SELECT seal FROM ops.audit WHERE number = ?", [known.number]).fetchone()
        continues = known.number == 0 or row == (known.seal,)
    else:
        continues = known == before
    if continues:
        _write_anchor(home, after)
