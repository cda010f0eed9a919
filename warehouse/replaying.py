"""The log's deeds once more in another data root: deliveries from their original bytes, withdrawals, links and builds, in their order and with
their times.

What landing does not hold is taken over from the warehouse: the log itself, what people decided about people, how links were weighed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed, load_feeds
from connectors.pull import TEXT
from warehouse import merging, monitor, organising, sealing, withdrawing
from warehouse.batch import UNRECOGNISED, Batch
from warehouse.database import attach, open_warehouse, relations
from warehouse.history.schema import prepare
from warehouse.identity import decisions, linkage

LOAD, WITHDRAW, LINK, DECIDE, BUILD = "load", "withdraw", "link", "decide", "build"
# The schema of a scratch warehouse with what was taken over; it is gone when everything is played.
TAKEN = "replay"


@dataclass(frozen=True)
class Deed:
    """One entry of the log that changed what is published, or a build that came after entry ``number``."""

    number: int
    what: str
    target: str
    done_at: dt.datetime
    detail: Mapping[str, Any]


def deeds(con: duckdb.DuckDBPyConnection, until: int) -> list[Deed]:
    """What was done by entry ``until`` of the log, in its order; builds with nothing done since the one before are left out."""
    found = [
        Deed(number, LINK if target == LINK else what, target, done_at, json.loads(detail))
        for number, what, target, done_at, detail in con.execute(
            "SELECT number, what, target, done_at, detail FROM ops.audit WHERE number <= ? AND what IN (?, ?, ?) ORDER BY number",
            [until, LOAD, WITHDRAW, DECIDE],
        ).fetchall()
    ]
    for number, built_at in con.execute(
        "SELECT entries, built_at FROM ops.build WHERE entries <= ?", [until]
    ).fetchall():
        found.append(Deed(number, BUILD, "", built_at, {}))
    found.sort(key=lambda deed: (deed.number, deed.what == BUILD))
    before = [None, *found]
    return [one for one, last in zip(found, before, strict=False) if one.what != BUILD or (last and last.what != BUILD)]


def take_over(home: Path, scratch: Path) -> None:
    """Give the warehouse of ``scratch``, which is made, what only that of ``home`` knows."""
    with open_warehouse(home, write=False) as con:
        attach(con, scratch, TAKEN)
        con.execute(f"CREATE SCHEMA {TAKEN}.{TAKEN}")
        for name, source in (
            ("identity_decision", "core.identity_decision"),
            ("link_model", "core.link_model"),
            ("request", "(SELECT * FROM ops.batch WHERE state = 'request')"),
        ):
            con.execute(f"CREATE TABLE {TAKEN}.{TAKEN}.{name} AS FROM {source}")
        con.execute(f"DETACH {TAKEN}")


def play(home: Path, scratch: Path, wanted: list[Deed]) -> Iterator[Deed]:
    """Do all that is ``wanted`` in ``scratch``, which is the present data root, from the landing folder of ``home``; yields each deed before it is done.

    Raises TerminalError where a delivery does not become what it became.
    """
    feeds = load_feeds()
    take_over(home, scratch)
    for deed in wanted:
        yield deed
        if deed.what == LOAD:
            _load(home, scratch, deed, feeds)
        elif deed.what == WITHDRAW:
            _withdraw(home, scratch, deed, feeds)
        elif deed.what in (LINK, BUILD):
            with open_warehouse(scratch) as con:
                prepare(con, scratch, feeds)
                _decide(con, deed.done_at)
                if deed.what == BUILD or "core.person" not in relations(con):
                    decisions.resolve(con, feeds)
                    monitor.build(con, feeds)
                if deed.what == LINK:
                    _link(con, feeds, deed)
    with open_warehouse(scratch) as con:
        con.execute(f"DROP SCHEMA {TAKEN} CASCADE")


def _load(home: Path, scratch: Path, deed: Deed, feeds: dict[str, Feed]) -> None:
    was = Batch.load(home, deed.target).data
    state = str(deed.detail["state"])
    batch = Batch(scratch / "landing" / deed.target, {**was, **deed.detail})
    batch.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    feed = None if was["feed"] == UNRECOGNISED else feeds[was["feed"]]
    if state == "merged":
        for name in (batch.source, batch.folder / TEXT):
            sealing.link(home / "landing" / deed.target / name.name, name)
        # What it was compared with then let it pass.
        batch.save(state="received", accepted=True, reread=True, problems=[], reason=None)
        organising.organise(batch, feed)
        if batch.state != "validated":
            raise TerminalError(f"{deed.target} is {batch.state} when it is read again: {batch.data['reason']}")
        state = "validated"
    batch.save(state=state, **{name: was.get(name) for name in ("staged_at", "validated_at")})
    merging.merge(scratch, batch, feed, feeds)


def _withdraw(home: Path, scratch: Path, deed: Deed, feeds: dict[str, Feed]) -> None:
    was = Batch.load(home, deed.target).data
    withdrawing.withdraw(scratch, deed.target, feeds, str(was["withdrawn_by"]), str(was["withdrawn_why"]))
    with open_warehouse(scratch) as con:
        con.execute(
            f"INSERT INTO ops.batch BY NAME SELECT * FROM {TAKEN}.request WHERE feed = ? AND reason = ? AND received_at <= ?",
            [was["feed"], f"WITHDRAWS {was['batch_id']}", deed.done_at],
        )


def _decide(con: duckdb.DuckDBPyConnection, when: dt.datetime) -> None:
    """The decisions that had been made by ``when``, as they stood then."""
    con.execute("DELETE FROM core.identity_decision")
    undone = ", ".join(
        f"CASE WHEN undone_at <= $1 THEN {name} END AS {name}" for name in ("undone_at", "undone_by", "undone_why")
    )
    con.execute(
        f"INSERT INTO core.identity_decision BY NAME SELECT * REPLACE ({undone}) FROM {TAKEN}.identity_decision WHERE decided_at <= $1",
        [when],
    )


def _link(con: duckdb.DuckDBPyConnection, feeds: dict[str, Feed], deed: Deed) -> None:
    con.execute("BEGIN")
    con.execute("DELETE FROM core.link_model")
    con.execute(f"INSERT INTO core.link_model BY NAME FROM {TAKEN}.link_model WHERE trained_at <= ?", [deed.done_at])
    linkage.link(con, feeds, deed.done_at.isoformat(timespec="microseconds"))
    con.execute("COMMIT")
