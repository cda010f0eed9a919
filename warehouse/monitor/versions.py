"""What has changed since the last build: a table is built again when its SQL or something it reads is another, and only then.

The version of a table follows from its SELECT and the versions of its inputs; that of a feed's history from the batches it consists of and
from who is who. So nothing has to be hashed but small tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import duckdb

from warehouse.database import relations
from warehouse.identity.tables import WHO_IS_WHO
from warehouse.monitor.order import CLUES, JUDGED, Table

MARKS = "core.citizen_mark"
TABLE = "CREATE TABLE IF NOT EXISTS ops.built (name VARCHAR, version VARCHAR)"


def digest(parts: Iterable[object]) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:24]


class Versions:
    """The versions of everything a build reads or makes; ``made`` before an earlier build, by name."""

    def __init__(self, con: duckdb.DuckDBPyConnection, feeds: Iterable[str]) -> None:
        con.execute(TABLE)
        self.con = con
        self.made: Mapping[str, str] = dict(con.execute("SELECT name, version FROM ops.built").fetchall())
        self.known: dict[str, str] = {}
        self._existing = relations(con)
        people = [self._content(f"core.{name}") for name in WHO_IS_WHO if f"core.{name}" in self._existing]
        merged = dict(
            con.execute(
                "SELECT feed, md5(string_agg(batch_id || coalesce(CAST(merged_at AS VARCHAR), ''), ',' ORDER BY batch_id)) FROM ops.batch "
                "WHERE state IN ('merged', 'withdrawn') GROUP BY feed"
            ).fetchall()
        )
        for feed in feeds:
            version = digest((merged.get(feed, ""), *people))
            for suffix in ("", "_now"):
                self.known[f"core.{feed}{suffix}"] = version

    def _content(self, name: str, columns: str = "*") -> str:
        row = self.con.execute(f"SELECT count(*), bit_xor(hash(t)) FROM (SELECT {columns} FROM {name}) AS t").fetchone()
        return digest(row or ())

    def of(self, name: str, table: Table | None = None) -> str:
        """The version of an input: known, or that of its content (small tables of ``ref``, ``ops`` and identity)."""
        if name == "ref.feed_state" and (table is None or "last_as_of" not in table.select):
            # The date of the last batch changes with every file; most ask only whether the feed can be relied on.
            name, columns = "ref.feed_state", "feed, is_present, is_stale"
            if "feed_state:ready" not in self.known:
                self.known["feed_state:ready"] = self._content(name, columns)
            return self.known["feed_state:ready"]
        if name == MARKS:
            # A key stands for its number, and the marks follow from that: taking a million numbers apart would tell no more.
            self.known.setdefault(name, self._content(name, "citizen_key") if name in self._existing else "")
        if name not in self.known:
            self.known[name] = self._content(name) if name in self._existing else ""
        return self.known[name]

    def wanted(self, table: Table, more: str = "") -> str:
        """The version that ``table`` will have."""
        inputs = [CLUES if name in JUDGED else name for name in sorted(table.inputs)]
        return digest((table.select, table.is_view, more, *(f"{name}={self.of(name, table)}" for name in inputs)))

    def is_current(self, table: Table, version: str) -> bool:
        """Is the table there, as it would be built now?"""
        return self.made.get(table.name) == version and (table.is_rule or table.is_step or table.name in self._existing)

    def note(self, name: str, version: str) -> None:
        """The table has this version now."""
        self.known[name] = version

    def save(self, names: Iterable[str]) -> None:
        """Keep the versions of ``names`` for the next build, inside the caller's transaction."""
        self.con.execute("DELETE FROM ops.built")
        rows = [(name, self.known[name]) for name in names if name in self.known]
        if rows:
            self.con.execute(
                "INSERT INTO ops.built SELECT unnest(?), unnest(?)", [list(part) for part in zip(*rows, strict=True)]
            )
