"""What has changed since the last build: a table is built again when its SQL or something it reads is another, and only then.

The version of a table follows from its SELECT and the versions of its inputs; that of a feed's history from the batches it consists of and
from who is who. So nothing has to be hashed but small tables. Where a table was made again and is what it was, its content keeps its former version, and
whoever reads it is not made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import duckdb

from warehouse.database import relations
from warehouse.identity.decisions import WHO_IS_WHO
from warehouse.monitor.order import CLUES, JUDGED, Table

MARKS = "core.citizen_mark"


def digest(parts: Iterable[object]) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:24]


# The date of a feed's last batch changes with every file; most ask only whether the feed can be relied on.
READY = "ref.feed_state:ready"


def _kept(name: str, table: Table | None) -> str:
    """The name under which the version of an input of ``table`` is kept."""
    return READY if name == "ref.feed_state" and (table is None or "last_as_of" not in table.select) else name


def _version(table: Table, more: str, inputs: Mapping[str, str]) -> str:
    return digest((table.select, table.is_view, more, *(f"{name}={inputs[name]}" for name in sorted(inputs))))


class Versions:
    """The versions of everything a build reads or makes, by name: ``made``, ``before``: in the last build, that of a table's making and that of its
    content; ``known``: the present content's; ``people``: that of who is who.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, feeds: Iterable[str]) -> None:
        self.con = con
        rows = con.execute("SELECT name, version, content FROM ops.built").fetchall()
        self.made: Mapping[str, str] = {name: version for name, version, _ in rows}
        self.before: Mapping[str, str] = {name: content for name, _, content in rows if content is not None}
        self.known: dict[str, str] = {}
        self.making: dict[str, str] = {}
        self.existing = relations(con)
        self.people = digest(self._content(f"core.{name}") for name in WHO_IS_WHO if f"core.{name}" in self.existing)
        merged = dict(
            con.execute(
                "SELECT feed, md5(string_agg(batch_id || coalesce(CAST(merged_at AS VARCHAR), ''), ',' ORDER BY batch_id)) FROM ops.batch "
                "WHERE state IN ('merged', 'withdrawn') GROUP BY feed"
            ).fetchall()
        )
        for feed in feeds:
            version = digest((merged.get(feed, ""), self.people))
            for suffix in ("", "_now"):
                self.known[f"core.{feed}{suffix}"] = version

    def _content(self, name: str, columns: str = "*") -> str:
        row = self.con.execute(f"SELECT count(*), bit_xor(hash(t)) FROM (SELECT {columns} FROM {name}) AS t").fetchone()
        return digest(row or ())

    def of(self, name: str, table: Table | None = None) -> str:
        """The version of an input: known, or that of its content (small tables of ``ref``, ``ops`` and identity)."""
        if _kept(name, table) == READY:
            if READY not in self.known:
                self.known[READY] = self._content(name, "feed, is_present, is_stale")
            return self.known[READY]
        if name not in self.known:
            # A key stands for its number, and the marks follow from that: taking a million numbers apart would tell no more.
            columns = "citizen_key" if name == MARKS else "*"
            self.known[name] = self._content(name, columns) if name in self.existing else ""
        return self.known[name]

    def wanted(self, table: Table, more: str = "") -> str:
        """The version that ``table`` will have."""
        return _version(table, more, {name: self.of(name, table) for name in self.inputs(table)})

    def changed(self, table: Table, more: str = "") -> set[str] | None:
        """The inputs that are not what they were when ``table`` was last made; None: something else has changed, or is not known."""
        inputs = self.inputs(table)
        before = {name: self.before.get(_kept(name, table), "") for name in inputs}
        if table.name not in self.made or self.made[table.name] != _version(table, more, before):
            return None
        return {name for name in inputs if self.of(name, table) != before[name]}

    @staticmethod
    def inputs(table: Table) -> list[str]:
        return sorted({CLUES if name in JUDGED else name for name in table.inputs})

    def is_current(self, table: Table, version: str) -> bool:
        """Is the table there, as it would be built now?"""
        return self.made.get(table.name) == version and (table.is_rule or table.is_step or self.is_there(table))

    def is_there(self, table: Table) -> bool:
        return table.name in self.existing

    def note(self, name: str, version: str, content: str | None = None) -> None:
        """The table was made at this version; ``content``: that of what is in it, where that is another."""
        self.making[name] = version
        self.known[name] = content or version

    def save(self, names: Iterable[str]) -> None:
        """Keep the versions of ``names`` and of all that was read for the next build, inside the caller's transaction."""
        self.con.execute("DELETE FROM ops.built")
        kept = {name for name in names if name in self.known} | (self.known.keys() - self.making.keys())
        rows = [(name, self.making.get(name, ""), self.known[name]) for name in sorted(kept)]
        if rows:
            self.con.execute(
                "INSERT INTO ops.built SELECT unnest(?), unnest(?), unnest(?)",
                [list(part) for part in zip(*rows, strict=True)],
            )
