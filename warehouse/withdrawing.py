"""Taking back a delivery: the wrong file was sent, and history must end as if it had never come; the ledger keeps that it did.

An engineer says ``fupin withdraw FEED/BATCH``; a department drops a file whose name is ``撤回_<批次号>`` (its text is the reason), which
becomes a batch of its own with a receipt.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.reading import Reading
from expectations import normalise
from warehouse import audit, identity, keys, sources
from warehouse.batch import Batch
from warehouse.database import open_warehouse
from warehouse.history.replay import replay
from warehouse.history.schema import ensure
from warehouse.merging import delivery_of, load_time, others_of, record

_REQUEST = re.compile(r"^\W*撤回.*?(?<![0-9a-f])([0-9a-f]{16}(?:-\d+)?)(?![0-9a-f])")
REASON_CHARACTERS = 200


def requested(name: str) -> str | None:
    """The batch id that a file of this name asks to take back, if it is such a request."""
    found = _REQUEST.match(name)
    return found.group(1) if found else None


def request(
    home: Path, target: str, content: Path, department: str, siblings: Iterable[Feed]
) -> tuple[str | None, dict[str, Any]]:
    """The feed whose batch ``target`` is (None: ``department`` has sent no such batch) and what batch.json has to say of the request."""
    feed = next((one.name for one in siblings if _is_of(home, department, one.name, target)), None)
    raw = content.read_bytes()
    with open(content, "rb") as source:
        text = source.read(4 * REASON_CHARACTERS).decode("utf-8", "replace")
    why = re.sub(r"\d{7,}[\dXx]?", "****", " ".join(text.split()))[:REASON_CHARACTERS]
    reading = Reading(
        format="request", size_bytes=len(raw), sha256=hashlib.sha256(f"撤回 {target} ".encode() + raw).hexdigest()
    )
    if feed is None:
        reading.problems.append({
            "code": "WITHDRAWAL_UNKNOWN",
            "message": f"没有批次号为 {target} 的报送。请从回执“摘要”页抄写批次号，文件名写成“撤回_批次号.txt”。",
        })  # fmt: skip
    return feed, {"withdraws": target, "why": why or "报送部门要求撤回", "reading": reading.to_json()}


def _is_of(home: Path, department: str, feed: str, batch_id: str) -> bool:
    """Did the department send this batch? Several may send files of one feed."""
    if not (home / "landing" / feed / batch_id / "batch.json").is_file():
        return False
    return bool(Batch.load(home, f"{feed}/{batch_id}").data["department"] == department)


def refusal(home: Path, batch: Batch) -> dict[str, str] | None:
    """Why the request ``batch`` cannot be met, as a problem for its sender."""
    target = Batch.load(home, f"{batch.data['feed']}/{batch.data['withdraws']}")
    if target.state in ("merged", "withdrawn"):
        return None
    return {
        "code": "WITHDRAWAL_POINTLESS",
        "message": f"批次 {batch.data['withdraws']} 没有入库（{target.state}），不需要撤回。",
    }


def grant(home: Path, batch: Batch, feed: Feed, feeds: dict[str, Feed]) -> None:
    """Carry out the request ``batch`` and put it into the ledger."""
    withdraw(
        home, f"{feed.name}/{batch.data['withdraws']}", feeds, str(batch.data["department"]), str(batch.data["why"])
    )
    with open_warehouse(home) as con:
        record(con, {**batch.data, "state": "request", "reason": f"WITHDRAWS {batch.data['withdraws']}"})
    batch.save(state="request", reason=f"WITHDRAWS {batch.data['withdraws']}")


def withdraw(home: Path, reference: str, feeds: dict[str, Feed], who: str, why: str) -> dict[str, int]:
    """Take back the merged batch ``<feed>/<batch>``, after the corrections that were sent to it, each in one transaction; returns
    ``rows_ended`` and ``rows_inserted`` (what stands again) of all.

    Raises TerminalError when the batch is not merged. Called again it only finishes what was left undone.
    """
    batch = Batch.load(home, reference)
    feed = feeds.get(str(batch.data["feed"]))
    if feed is None:
        raise TerminalError(f"{reference} belongs to no declared feed: nothing of it is in the warehouse")
    counts = {"rows_inserted": 0, "rows_ended": 0}
    with open_warehouse(home) as con:
        ensure(con, feeds.values())
        corrections = con.execute(
            "SELECT batch_id FROM ops.batch WHERE feed = ? AND correction_of = ? AND state = 'merged' ORDER BY batch_id",
            [feed.name, batch.data["batch_id"]],
        ).fetchall()
    for (correction,) in corrections:
        for name, number in withdraw(home, f"{feed.name}/{correction}", feeds, who, why).items():
            counts[name] += number
    with open_warehouse(home) as con:
        found = con.execute(
            "SELECT state, withdrawn_at FROM ops.batch WHERE feed = ? AND batch_id = ?",
            [feed.name, batch.data["batch_id"]],
        ).fetchone()
        state = found[0] if found else batch.state
        if state == "merged":
            done, when = _take_back(con, home, batch, feed, feeds, who, why)
            counts = {name: number + done[name] for name, number in counts.items()}
        elif found and state == "withdrawn":
            when = found[1].isoformat(timespec="microseconds")
        else:
            raise TerminalError(f"{reference} is {state}: only a merged batch can be withdrawn")
    batch.save(state="withdrawn", withdrawn_at=when, withdrawn_by=who, withdrawn_why=why)
    sources.forget(home, feed.name)
    return counts


def _take_back(
    con: duckdb.DuckDBPyConnection, home: Path, batch: Batch, feed: Feed, feeds: dict[str, Feed], who: str, why: str
) -> tuple[dict[str, int], str]:
    normalise.install(con)
    identity.install(con, keys.secret("identity_key", home))
    when = str(batch.data.get("withdrawn_at") or load_time(con))
    delivery = delivery_of(batch, feed)
    others = others_of(con, home, feed, delivery)
    con.execute("BEGIN")
    con.execute(
        "UPDATE ops.batch SET state = 'withdrawn', withdrawn_at = ?, withdrawn_by = ?, withdrawn_why = ? WHERE feed = ? AND batch_id = ?",
        [dt.datetime.fromisoformat(when), who, why, feed.name, delivery.batch_id],
    )
    counts = replay(con, delivery, others, when, withdrawn=True)
    for name in ("ops.link", "ops.column_fill"):
        con.execute(f"DELETE FROM {name} WHERE feed = ? AND batch_id = ?", [feed.name, delivery.batch_id])
    identity.forget(con, delivery.batch_id, feeds.values())
    audit.commit(con, home, "withdraw", batch.reference, who=who, why=why, detail=counts)
    return counts, when
