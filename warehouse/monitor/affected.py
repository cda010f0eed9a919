"""Whom the deliveries since the last build concern, and what is to be made anew of them alone.

A person, his household in the registry and his household register make a family as soon as any believed row names two of them together, before or
after the deliveries. Of a table whose SELECT is local (``Table.scope``) only the rows of affected families are made anew: the SELECT runs over
*parts*, its inputs cut down to those families, as they are now and as they were. Any other table is made whole; whoever reads it
still works with parts if all that has changed in it belongs to affected families.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import duckdb

from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse.database import scalar
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, core_columns, table
from warehouse.history.views import Decided, record_sql, source_sql
from warehouse.monitor.order import KEYS, Table
from warehouse.monitor.versions import Versions, digest

# Where more than one person in so many is affected, making everything whole is cheaper.
MANY = 5
LOADED = "ops.batch:loaded"
NEW, OLD = "new", "old"
# Bookkeeping that the parts themselves are cut by.
_TIMES = ("valid_from", "valid_to", "recorded_from", "recorded_to")


class Affected:
    """``parts``: the names of inputs that have changed only in rows of affected families; an input that has changed and is not among them has
    changed anywhere. ``is_usable``: False where everything must be made whole."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        feeds: Mapping[str, Feed],
        order: Sequence[Table],
        versions: Versions,
        anew: bool = False,
    ) -> None:
        self.con = con
        self.feeds = feeds
        self.tables = {one.name: one for one in order}
        self.scoped = [one for one in order if one.scope]
        self.parts: set[str] = set()
        self.is_usable = False
        self._made: set[str] = set()
        self._keys: dict[str, list[str]] = {}
        self._facts: dict[str, str] = {}
        since = versions.before.get(LOADED)
        loaded: dt.datetime | None = scalar(con, "SELECT greatest(max(merged_at), max(withdrawn_at)) FROM ops.batch")
        versions.known[LOADED] = loaded.isoformat() if loaded else ""
        versions.known["who is who"] = versions.people
        self.rows = self._count(versions)
        versions.known |= {f"rows:{name}": str(number) for name, number in self.rows.items()}
        if (
            anew
            or not since
            or any(versions.of(name) != versions.before.get(name) for name in ("ref.run", "ref.parameter"))
            or versions.before.get("who is who") != versions.people
        ):
            return
        self.since = f"TIMESTAMP {literal(since)}"
        self.changed = (
            f"(t.recorded_from > {self.since} OR (t.recorded_to > {self.since} AND t.recorded_to < {OPEN_TIME}))"
        )
        self.decided = Decided.of(con)
        self.linked = {name for (name,) in con.execute("SELECT DISTINCT feed FROM core.household_link").fetchall()}
        self.is_usable = bool(touched := self._touched(versions)) and self._close(touched)
        if not self.is_usable:
            self._drop()

    # Whom the deliveries concern

    def _count(self, versions: Versions) -> dict[str, int]:
        """The number of rows of each history."""
        there = [feed for feed in self.feeds.values() if f"core.{feed.name}" in versions.existing]
        counts = " UNION ALL ".join(f"SELECT {literal(feed.name)}, count(*) FROM {table(feed)}" for feed in there)
        return dict(self.con.execute(counts).fetchall()) if there else {}

    def _touched(self, versions: Versions) -> list[Feed]:
        """The feeds with rows that were written or closed since; one that only said again what was known has not changed at all."""
        candidates = [
            feed
            for feed in self.feeds.values()
            if versions.before.get(f"core.{feed.name}") not in (None, versions.known[f"core.{feed.name}"])
        ]
        if not candidates:
            return []
        withdrawn = {
            name
            for (name,) in self.con.execute(
                f"SELECT DISTINCT feed FROM ops.batch WHERE withdrawn_at > {self.since}"
            ).fetchall()
        }
        parts = []
        for feed in candidates:
            have = _keys_of(feed)
            keys = ", ".join(
                f"{f't.{key}' if key in have else 'NULL'} AS {key}"
                for key in ("person_key", "household_id", "hukou_no")
            )
            # The history is read with the keys that rows had when they came; where somebody is known under two, both are affected.
            for place, source in enumerate(self._sources(feed)):
                parts.append(
                    f"SELECT {literal(feed.name)} AS feed, {place} AS place, {keys}, t.recorded_from > {self.since} AS is_new, "
                    f"{self._is_nobodys(feed)} AS is_nobodys FROM {source} AS t WHERE {self.changed}"
                )
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE changed_row AS {' UNION ALL '.join(parts)}")
        found = {
            name: counted
            for name, *counted in self.con.execute(
                "SELECT feed, count(*), count(*) FILTER (WHERE is_nobodys), count(*) FILTER (WHERE is_new) FROM temp.changed_row "
                "WHERE place = 0 GROUP BY feed"
            ).fetchall()
        }
        touched = []
        for feed in candidates:
            name = feed.name
            changed, nobodys, new = found.get(name, (0, 0, 0))
            names = (f"core.{name}", f"core.{name}_now")
            # History only grows; where it does not, what has changed cannot be told.
            is_told = name not in withdrawn and str(self.rows.get(name, 0) - new) == versions.before.get(f"rows:{name}")
            if changed:
                touched.append(feed)
                if not nobodys and is_told:
                    self.parts.update(names)
            elif is_told:
                for one in names:
                    versions.known[one] = versions.before[one]
        return touched

    def _close(self, touched: Sequence[Feed]) -> bool:
        """Temp tables ``affected_<key>``: every family of which a changed row speaks, whole. False: too many."""
        con = self.con
        for key in KEYS:
            kind = "BIGINT" if key == "person_key" else "VARCHAR"
            con.execute(f"CREATE OR REPLACE TEMP TABLE affected_{key} ({key} {kind})")
        seeds = {key: [f"SELECT {key} FROM temp.changed_row"] for key in ("person_key", "household_id", "hukou_no")}
        ties: dict[str, list[str]] = {"household_id": [], "hukou_no": []}
        for feed in self.feeds.values():
            have = _keys_of(feed)
            for source in self._sources(feed):
                for key in ties.keys() & set(have):
                    if "person_key" in have:
                        ties[key].append(
                            f"SELECT person_key, {key} FROM {source} AS t WHERE t.recorded_to > {self.since}"
                        )
            if feed.name in self.linked:
                # Who is found by a head's name and village: the row itself stands for a person where it names none.
                own = (
                    "coalesce(t.person_key, CAST(l.record >> 1 AS BIGINT))"
                    if "person_key" in have
                    else "CAST(l.record >> 1 AS BIGINT)"
                )
                linked = (
                    f"FROM core.household_link AS l JOIN {table(feed)} AS t ON l.record = {record_sql(feed, 't.')} "
                    f"WHERE l.feed = {literal(feed.name)}"
                )
                if feed in touched:
                    seeds["household_id"].append(f"SELECT l.household_id {linked} AND {self.changed}")
                for household in ["l.household_id", *(["t.household_id"] if "household_id" in have else [])]:
                    ties["household_id"].append(f"SELECT {own}, {household} {linked} AND t.recorded_to > {self.since}")
        for key, found in ties.items():
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE tie_{key} AS SELECT * FROM ({' UNION ALL '.join(found)}) "
                f"WHERE person_key IS NOT NULL AND {key} IS NOT NULL"
            )
        for key, found in seeds.items():
            con.execute(
                f"INSERT INTO affected_{key} SELECT DISTINCT {key} FROM ({' UNION ALL '.join(found)}) WHERE {key} IS NOT NULL"
            )
        named = scalar(con, "SELECT (SELECT count(*) FROM tie_hukou_no) + (SELECT count(*) FROM tie_household_id)")
        # (what is found, where, by what): asked again only when there is more of that by which it is found.
        person, both = "person_key", "SELECT {} FROM tie_{} SEMI JOIN affected_{} USING ({})"
        ways = [(key, both.format(key, key, person, person), person) for key in ties]
        ways += [(person, both.format(person, key, key, key), key) for key in ties]
        if self.decided.aliased:
            keys = "SELECT person_key AS one, spine_key AS other FROM core.person_alias UNION ALL SELECT spine_key, person_key FROM core.person_alias"
            other = f"SELECT other AS person_key FROM ({keys}) SEMI JOIN affected_person_key AS a ON a.person_key = one"
            ways.append((person, other, person))
        grown = {key: int(scalar(con, f"SELECT count(*) FROM affected_{key}")) for key in seeds}
        asked: dict[str, int] = {}
        while again := [one for one in ways if asked.get(one[1]) != grown[one[2]]]:
            for key, way, by in again:
                asked[way] = grown[by]
                grown[key] += self._add(key, way)
            if grown[person] * MANY > named:
                return False
        con.execute(
            "INSERT INTO affected_family_key SELECT 'P' || CAST(person_key AS VARCHAR) FROM affected_person_key "
            "UNION ALL SELECT 'R' || household_id FROM affected_household_id UNION ALL SELECT 'H' || hukou_no FROM affected_hukou_no"
        )
        return True

    def _add(self, key: str, found: str) -> int:
        """Returns how many are new."""
        new = f"SELECT DISTINCT {key} FROM ({found}) ANTI JOIN affected_{key} USING ({key})"
        return int(scalar(self.con, f"INSERT INTO affected_{key} {new}"))

    def _sources(self, feed: Feed) -> list[str]:
        """The relations that hold the feed's rows: with the people whom they are about today, and as they came where that is another."""
        if feed.name in self.decided.linked:
            return [f"({source_sql(feed, self.decided)})", table(feed)]
        if self._is_resolved(feed) and "person_key" in _keys_of(feed):
            decided = "SELECT person_key FROM core.person_alias UNION ALL SELECT person_key FROM core.person_split"
            return [table(feed), f"({source_sql(feed, self.decided)} WHERE t.person_key IN ({decided}))"]
        return [table(feed)]

    def _is_resolved(self, feed: Feed) -> bool:
        return self.decided.aliased or self.decided.split or feed.name in self.decided.linked

    def _is_nobodys(self, feed: Feed) -> str:
        """SQL: the row names no family, and is not linked to any."""
        keys = _keys_of(feed)
        if not keys:
            return "TRUE"
        return f"(coalesce({', '.join(f'CAST(t.{key} AS VARCHAR)' for key in keys)}) IS NULL AND NOT {self._is_linked(feed)})"

    def _is_linked(self, feed: Feed, more: str = "") -> str:
        """SQL: ``core.household_link`` knows the household of the row."""
        if feed.name not in self.linked:
            return "FALSE"
        known = f"SELECT record FROM core.household_link WHERE feed = {literal(feed.name)}{more}"
        return f"({record_sql(feed, 't.')} IN ({known}))"

    # Parts

    def of_affected(self, columns: Sequence[str], of: str = "t.") -> str:
        """SQL: a row with these key columns belongs to an affected family."""
        return (
            "("
            + " OR ".join(f"coalesce({of}{key} IN (SELECT {key} FROM temp.affected_{key}), FALSE)" for key in columns)
            + ")"
            if columns
            else "FALSE"
        )

    def keys(self, name: str) -> list[str]:
        """The key columns of a table or view."""
        if name not in self._keys:
            columns = [column for column, *_ in self.con.execute(f"DESCRIBE {name}").fetchall()]
            self._keys[name] = [key for key in KEYS if key in columns]
        return self._keys[name]

    def part(self, name: str, side: str) -> str:
        """The relation that holds what ``name`` says (``side`` NEW) or said (OLD) of affected families."""
        own = self.tables.get(name)
        feed = self.feeds.get(name.removeprefix("core.").removesuffix("_now"))
        if own is None and feed is not None and name.startswith("core."):
            return self._part_of_feed(feed, name, side)
        if name not in self.parts:
            side = NEW
        relation = _named(side, name)
        if relation in self._made:
            return relation
        if own is not None and own.is_view and own.scope:
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {relation} AS {self.select(own, side)}")
        else:
            self.con.execute(
                f"CREATE OR REPLACE TEMP TABLE {relation} AS SELECT * FROM {name} AS t WHERE {self.of_affected(self.keys(name))}"
            )
        self._made.add(relation)
        return relation

    def _part_of_feed(self, feed: Feed, name: str, side: str) -> str:
        relation = _named(side, name)
        if relation in self._made:
            return relation
        is_now = name.endswith("_now")
        resolved = is_now and self._is_resolved(feed)
        rows = _named("rows", feed.name + ("_resolved" if resolved else ""))
        if rows not in self._made:
            source = f"({source_sql(feed, self.decided)})" if resolved else table(feed)
            ours = " AND household_id IN (SELECT household_id FROM temp.affected_household_id)"
            self.con.execute(
                f"CREATE OR REPLACE TEMP TABLE {rows} AS SELECT {self._columns(feed)} FROM {source} AS t "
                f"WHERE t.recorded_to > {self.since} AND ({self.of_affected(_keys_of(feed))} OR {self._is_linked(feed, ours)})"
            )
            self._made.add(rows)
        believed = f"recorded_to = {OPEN_TIME}" if side == NEW else f"recorded_from <= {self.since}"
        current = f" AND valid_to = {OPEN_DATE}" if is_now else ""
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW {relation} AS SELECT * REPLACE ({OPEN_TIME} AS recorded_to) FROM temp.{rows} WHERE {believed}{current}"
        )
        self._made.add(relation)
        return relation

    def _columns(self, feed: Feed) -> str:
        """Only what some local SELECT names is worth reading."""
        text = "\n".join(
            one.select for one in self.scoped if one.inputs & {f"core.{feed.name}", f"core.{feed.name}_now"}
        )
        names = [column.name for column in core_columns(feed) if column.name in text or column.name in KEYS]
        names += [name for name in ("link_method", "batch_id", "source_row", "row_hash") if name in text]
        return ", ".join(f"t.{identifier(name)}" for name in (*names, *_TIMES))

    def select(self, table: Table, side: str) -> str:
        """``table``'s SELECT over parts."""
        text = table.select
        for one in reversed(table.references):
            if not one.in_fact and self._belongs_to_families(one.name):
                alias = "" if one.has_alias else f" AS {one.name.split('.')[1]}"
                text = f"{text[: one.start]}{self.part(one.name, side)}{alias}{text[one.end :]}"
        return text

    def _belongs_to_families(self, name: str) -> bool:
        schema, relation = name.split(".")
        feed = self.feeds.get(relation.removesuffix("_now"))
        if schema == "core" and feed is not None and name not in self.tables:
            return bool(_keys_of(feed))
        return name in self.tables and bool(self.keys(name))

    # Tables made in part, or whole and compared

    def fact(self, table: Table) -> str:
        """The digest of what ``table`` takes from whole inputs."""
        if table.name not in self._facts:
            self._facts[table.name] = digest([scalar(self.con, table.facts_sql)]) if table.facts_sql else ""
        return self._facts[table.name]

    def remember(self, table: Table) -> None:
        """Keep the rows of affected families as they were, before the table changes."""
        relation = _named(OLD, table.name)
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {relation} AS SELECT * FROM {table.name} AS t WHERE {self.of_affected(self.keys(table.name))}"
        )
        self._made.add(relation)

    def rest(self, table: Table) -> object:
        """Digest of the rows of everybody else."""
        return self._content(f"(SELECT * FROM {table.name} AS t WHERE NOT {self.of_affected(self.keys(table.name))})")

    def is_same(self, table: Table) -> bool:
        """Do the affected rows say what they said?"""
        return self._content(self.part(table.name, NEW)) == self._content(_named(OLD, table.name))

    def make(self, table: Table) -> bool | None:
        """Make the rows of affected families anew: True; None: nothing has changed; False: the table must be made whole after all."""
        con = self.con
        column = table.scope_column
        ours = f"(SELECT {table.scope} FROM temp.affected_{table.scope})"
        relation = _named(NEW, table.name)
        self.parts.add(table.name)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {relation} AS {self.select(table, NEW)}")
        # A row of no family may sum up many of them.
        if scalar(con, f"SELECT count(*) FROM {relation} WHERE {column} IS NULL") or scalar(
            con, f"SELECT count(*) FROM (SELECT 1 FROM {table.name} WHERE {column} IS NULL LIMIT 1)"
        ):
            self.parts.discard(table.name)
            con.execute(f"DROP TABLE temp.{relation}")
            return False
        # An input that could not be cut down yields more than was asked for.
        con.execute(f"DELETE FROM {relation} WHERE {column} NOT IN {ours}")
        self._made.add(relation)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {_named(OLD, table.name)} AS SELECT * FROM {table.name} WHERE {column} IN {ours}"
        )
        self._made.add(_named(OLD, table.name))
        if self.is_same(table):
            self.parts.discard(table.name)
            return None
        con.execute(f"DELETE FROM {table.name} WHERE {column} IN {ours}")
        con.execute(f"INSERT INTO {table.name} SELECT * FROM {relation}")
        return True

    def _content(self, relation: str) -> object:
        return scalar(
            self.con, f"SELECT (count(*), bit_xor(hash(r)), sum(CAST(hash(r) AS HUGEINT))) FROM {relation} AS r"
        )

    def _drop(self) -> None:
        for name in (*(f"affected_{key}" for key in KEYS), "tie_household_id", "tie_hukou_no", "changed_row"):
            self.con.execute(f"DROP TABLE IF EXISTS temp.{name}")

    def close(self) -> None:
        """Leave nothing behind in the temporary schema."""
        if self.is_usable:
            kinds = dict(
                self.con.execute(
                    "SELECT table_name, 'TABLE' FROM duckdb_tables() WHERE temporary UNION ALL SELECT view_name, 'VIEW' FROM duckdb_views() WHERE temporary"
                ).fetchall()
            )
            for relation in sorted(self._made, key=lambda one: kinds.get(one.strip('"')) != "VIEW"):
                if kind := kinds.get(relation.strip('"')):
                    self.con.execute(f"DROP {kind} temp.{relation}")
            self._drop()


def _named(side: str, name: str) -> str:
    return identifier(f"{side} {name}")


def _keys_of(feed: Feed) -> list[str]:
    names = {column.name for column in core_columns(feed)}
    return [key for key in KEYS if key in names]
