"""A small warehouse with the real feeds' declarations, into which a story's rows are delivered."""

from __future__ import annotations

import itertools
from typing import Any

import duckdb

from connectors.feed import ID_TYPES, load_feeds
from connectors.quoting import identifier, literal
from expectations import normalise
from expectations.normalise import sql_type
from warehouse import identity
from warehouse.history.deliveries import Delivery, coverage_of
from warehouse.history.merge import merge
from warehouse.history.replay import replay
from warehouse.history.schema import create_tables
from warehouse.identity import decisions

FEEDS = load_feeds()


class County:
    """Deliveries by feed; ids are given as 18 digits of the division 2199xx."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        normalise.install(self.con)
        identity.install(self.con, "k" * 16)
        create_tables(self.con, FEEDS.values())
        self.merged: dict[str, Delivery] = {}
        self.loads = itertools.count(1)

    def _time(self, load: int) -> str:
        return f"2026-01-01 00:00:{load:02d}"

    def deliver(
        self,
        feed_name: str,
        as_of: str,
        rows: list[dict[str, Any]],
        refused: list[dict[str, Any]] | None = None,
        area: str | None = None,
    ) -> str:
        """Merge ``rows``, beside ``refused`` ones that the checks have set aside, as the list of the township ``area`` alone; the batch."""
        feed, load = FEEDS[feed_name], next(self.loads)
        batch, file = f"b{load:02d}", f"file{load}"
        everything = [*rows, *(refused or [])]
        present = list(dict.fromkeys(name for row in everything for name in row)) or list(feed.key)
        lines = []
        for number, row in enumerate(everything, start=2):
            cells = [f"{number}::BIGINT AS _row"]
            for name in present:
                value = row.get(name)
                told = "NULL" if value is None else literal(str(value))
                cells.append(f"CAST({told} AS {sql_type(feed.column(name))}) AS {identifier(name)}")
                if feed.column(name).type in ID_TYPES:
                    method = "NULL" if value is None else "'id18'"
                    cells.append(f"CAST({method} AS VARCHAR) AS {identifier(name + '__method')}")
            lines.append("SELECT " + ", ".join(cells))
        body = " UNION ALL ".join(lines)
        content = ", ".join(identifier(name) for name in present)
        self.con.execute(f"CREATE TEMP TABLE {file} AS SELECT *, hash({content}) AS _hash FROM ({body})")
        delivery = Delivery(
            feed, batch, file, f"(SELECT _row FROM {file} WHERE _row >= {2 + len(rows)})" if refused else None,
            frozenset(present), as_of, f"{load:02d}", area or coverage_of(feed, is_correction=False),
        )  # fmt: skip
        others = [one for one in self.merged.values() if one.feed.name == feed_name]
        self.con.execute("BEGIN")
        merge(self.con, delivery, self._time(load), len(rows), lambda: others)
        self.con.execute(
            "INSERT INTO ops.batch (batch_id, feed, state, as_of, merged_at) VALUES (?, ?, 'merged', ?, ?)",
            [batch, feed_name, as_of, self._time(load)],
        )
        self.con.execute("COMMIT")
        self.merged[batch] = delivery
        self.resolve()
        return batch

    def withdraw(self, batch: str) -> None:
        gone = self.merged.pop(batch)
        others = [one for one in self.merged.values() if one.feed.name == gone.feed.name]
        self.con.execute("BEGIN")
        self.con.execute("UPDATE ops.batch SET state = 'withdrawn' WHERE batch_id = ?", [batch])
        replay(self.con, gone, others, self._time(next(self.loads)), withdrawn=True)
        identity.forget(self.con, batch, FEEDS.values())
        self.con.execute("COMMIT")
        self.resolve()

    def decide(self, kind: str, **subject: Any) -> str:
        decision = decisions.decide(self.con, kind, "测试", "测试", self._time(next(self.loads)), **subject)
        self.resolve()
        return decision

    def undo(self, decision: str) -> None:
        decisions.undo(self.con, decision, "测试", "弄错了", self._time(next(self.loads)))
        self.resolve()

    def resolve(self) -> None:
        self.con.execute("BEGIN")
        decisions.resolve(self.con, FEEDS)
        self.con.execute("COMMIT")

    def key(self, citizen_id: str) -> int:
        row = self.con.execute("SELECT person_key FROM core.identity WHERE value = ?", [citizen_id]).fetchone()
        assert row is not None, "this id never came"
        return int(row[0])

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()

    def whole(self) -> list[tuple[Any, ...]]:
        """What every feed that a story touches says today: the state that two stories are compared by."""
        found = []
        for name in sorted({delivery.feed.name for delivery in self.merged.values()}):
            found += self.ask(
                f"SELECT '{name}', * EXCLUDE (recorded_from, recorded_to, batch_id, source_row) FROM core.{name}_now ORDER BY ALL"
            )
        return found
