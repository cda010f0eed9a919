"""What people decide about people, in the warehouse: answers become decisions, lists and questions go out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from connectors.feed import Feed
from warehouse import audit
from warehouse.database import open_warehouse
from warehouse.feedback import lists
from warehouse.history.schema import prepare
from warehouse.identity import decisions, questions, review
from warehouse.identity.decisions import WHO_IS_WHO
from warehouse.merging import load_time
from warehouse.monitor.reference import run_date


def follow(con: duckdb.DuckDBPyConnection, feeds: dict[str, Feed], when: str, outbox: Path) -> dict[str, int]:
    """Apply the answers of review lists, recompute who is who, write the lists that have changed, inside the caller's transaction.

    Returns ``decided`` (made or undone), ``pending`` (records that wait), ``lists`` (files written) and what ``resolve`` counts.
    ``outbox``: the folder of all departments' outboxes. Follow with :func:`deliver`.
    """
    counts = {"decided": review.apply(con, feeds, when), **decisions.resolve(con, feeds)}
    questions.forget(con, feeds)
    as_of = run_date(con)
    counts["lists"] = len(review.write_lists(con, feeds, outbox, as_of)) if as_of else 0
    counts["pending"] = review.pending(con, feeds)
    return counts


def deliver(home: Path, feeds: dict[str, Feed]) -> None:
    """Take new lists to the department's outbox elsewhere, if it has one. One that fails is tried again by the next run."""
    if review.REGISTRY in feeds:
        lists.deliver(home, review.kind(feeds), [feeds[review.REGISTRY].department])


def ask(home: Path, feeds: dict[str, Feed]) -> list[dict[str, str]]:
    """The questions to engineers that are due; see :func:`warehouse.identity.questions.ask`."""
    with open_warehouse(home) as con:
        prepare(con, home, feeds)
        con.execute("BEGIN")
        due = questions.ask(con, feeds, load_time(con))
        con.execute("COMMIT")
    return due


def settle(home: Path, feeds: dict[str, Feed], question: str, answer: str, who: str) -> dict[str, int]:
    """Write down an engineer's answer and what follows; returns ``decided`` and ``changed``."""
    with open_warehouse(home) as con:
        prepare(con, home, feeds)
        con.execute("BEGIN")
        before = who_is_who(con)
        counts = {"decided": questions.settle(con, question, answer, who, load_time(con))}
        if counts["decided"]:
            decisions.resolve(con, feeds)
        counts["changed"] = int(who_is_who(con) != before)
        audit.commit(con, home, "decide", f"question {question}", who=who, detail={"answer": answer, **counts})
    return counts


def who_is_who(con: duckdb.DuckDBPyConnection) -> list[Any]:
    """A fingerprint of who is who: equal before and after means that no mart has to be rebuilt."""
    parts = " UNION ALL ".join(
        f"SELECT '{name}' AS part, count(*), bit_xor(hash(t)) FROM core.{name} AS t" for name in WHO_IS_WHO
    )
    return con.execute(f"{parts} ORDER BY part").fetchall()
