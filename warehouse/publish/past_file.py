"""``history.duckdb``: the history of every feed in one file, made from the last snapshot's file and what has changed since.

History only grows: rows are added, and rows end (``recorded_to``). A feed's rows and what was known of them are summed up in a keyed
digest, so that it is proved rather than believed that the last file holds the beginning of what is to be published; where it is not (a
decision about people, another declaration), that feed is written anew. Rows lie in the order of their pseudonyms, deliveries one after
the other: in the order of the department's list, which others have, pseudonyms could be told from it line by line.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from connectors import disk
from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse.columns import Entry
from warehouse.history.tables import OPEN_TIME, table
from warehouse.history.views import Decided, make_views, source_sql
from warehouse.publish import dictionary, guard, manifest
from warehouse.publish.past import PERSON, Labels, Past, code_labels, pasts
from warehouse.publish.pseudonym import token_sql

DATABASE = guard.HISTORY
# The file's own name: the macros in it are found wherever it is opened or attached under that name.
CATALOG = "history"
SAME, GROWN, ANEW = "same", "grown", "anew"
ROW = "_row"


@dataclass(frozen=True)
class Chapter:
    """One feed's history as it is to be published: ``facts`` go into the manifest, ``before`` are those of the last snapshot."""

    past: Past
    source: str
    facts: dict[str, Any]
    before: dict[str, Any]
    state: str

    @property
    def target(self) -> str:
        return f"{CATALOG}.{self.past.name.split('.')[0]}.{identifier(self.past.feed.name)}"

    @property
    def added(self) -> str:
        """The condition that only rows fulfil which the last snapshot did not have."""
        until = self.before.get("until")
        return f"recorded_from > TIMESTAMP {literal(until)}" if until else "TRUE"


@dataclass(frozen=True)
class Last:
    """The file of the last snapshot: where it is, what its manifest says of its bytes and of its feeds."""

    path: Path
    sha256: str
    feeds: Mapping[str, Any]


def survey(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], key: str, before: Mapping[str, Any]
) -> list[Chapter]:
    """Every feed's history beside what the last snapshot's manifest says of it (``before``, by feed); one look at each table.

    Raises TerminalError when the warehouse is older than the declarations.
    """
    decided = Decided.of(con)
    found = pasts(feeds.values())
    _complete(con, found)
    return [_chapter(con, past, source_sql(past.feed, decided, f", t.rowid AS {ROW}"), key, before) for past in found]


def _complete(con: duckdb.DuckDBPyConnection, found: Sequence[Past]) -> None:
    have = set(
        con.execute(
            "SELECT (table_name, column_name) FROM duckdb_columns() WHERE database_name = current_database() AND schema_name = 'core'"
        ).fetchall()
    )
    for past in found:
        for column in past.published:
            if ((past.feed.name, column.source),) not in have:
                raise TerminalError(
                    f"{table(past.feed)} has no column {column.source}: the declaration is newer than the warehouse (fupin build)"
                )


@cache
def _inspection() -> str:
    """Digest of the guard: what it let pass under other rules is inspected again."""
    return disk.digest(Path(guard.__file__))


def _chapter(con: duckdb.DuckDBPyConnection, past: Past, source: str, key: str, before: Mapping[str, Any]) -> Chapter:
    described = [past.title, *map(asdict, past.entries)]
    definition = manifest.digest([described, past.select(table(past.feed), key), _inspection()])
    last = before.get(past.feed.name) or {}
    if last.get("definition") != definition:
        last = {}
    rows, until = int(last.get("rows", 0)), literal(last.get("until") or "0001-01-01")
    what = ", ".join(["row_hash", "valid_from", "valid_to", *map(identifier, past.people)])
    # As the last snapshot knew it: what has ended since had not ended.
    known_then = f"CASE WHEN recorded_to > TIMESTAMP {until} THEN {OPEN_TIME} ELSE recorded_to END"
    row = con.execute(
        f"WITH seen AS (SELECT *, hash({ROW}, recorded_from, {what}) AS mark FROM ({source})) "
        f"SELECT count(*), count(*) FILTER (recorded_to = {OPEN_TIME}), sum(hash({what})) FILTER (recorded_to = {OPEN_TIME}), "
        f"sum(hash(mark, recorded_to)), sum(hash(mark, {known_then})) FILTER ({ROW} < {rows}), "
        f"CAST(greatest(max(recorded_from), max(recorded_to) FILTER (recorded_to <> {OPEN_TIME})) AS VARCHAR), "
        f"coalesce(min(recorded_from) FILTER ({ROW} >= {rows}) > TIMESTAMP {until}, TRUE) FROM seen"
    ).fetchone()
    assert row is not None
    count, believed, belief, knowledge, beginning, newest, is_later = row
    facts = {
        "rows": count,
        "columns": list(past.columns),
        # Keyed: the digest of a single row could be guessed.
        "believed": manifest.digest([key, believed, str(belief)]),
        "known": manifest.digest([key, count, str(knowledge)]),
        "until": newest,
        "definition": definition,
    }
    if not last:
        state = ANEW
    elif last["known"] == facts["known"]:
        state = SAME
    else:
        is_beginning = last["known"] == manifest.digest([key, rows, str(beginning)])
        state = GROWN if is_beginning and is_later else ANEW
    return Chapter(past, source, facts, last, state)


def last_of(folder: Path) -> Last | None:
    """The file of the snapshot in ``folder``, None when there is none that its manifest describes."""
    known = manifest.read(folder) or {}
    path = folder / DATABASE
    if not known.get("history") or not path.is_file():
        return None
    return Last(path.resolve(), known["files"][DATABASE]["sha256"], known["history"])


def write(
    con: duckdb.DuckDBPyConnection, folder: Path, chapters: Sequence[Chapter], key: str, last: Last | None
) -> dict[str, str]:
    """Write ``history.duckdb`` into ``folder``, which exists: the last one itself when nothing has changed, else from it, unless it has rotted.

    Returns for each table that need not be inspected as a whole the condition on the rows that need it. :func:`close` has to follow.
    """
    target = folder / DATABASE
    states = {chapter.state for chapter in chapters}
    if last is not None and (states <= {ANEW} or set(last.feeds) - {chapter.past.feed.name for chapter in chapters}):
        last = None
    if last is not None:
        is_same = states == {SAME}
        os.link(last.path, target) if is_same else shutil.copyfile(last.path, target)
        if disk.digest(target) != last.sha256:
            target.unlink()
            last = None
        elif is_same:
            return {chapter.past.name: "FALSE" for chapter in chapters}
    # A file that nobody opens before it is complete needs no log beside it.
    con.execute(f"ATTACH {literal(str(target))} AS {CATALOG} (RECOVERY_MODE no_wal_writes)")
    inspected: dict[str, str] = {}
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {CATALOG}.core")
    anew = []
    for chapter in chapters:
        if last is not None and chapter.state == SAME:
            inspected[chapter.past.name] = "FALSE"
        elif last is not None and chapter.state == GROWN and _grow(con, chapter, key):
            inspected[chapter.past.name] = chapter.added
        else:
            anew.append(chapter)
    if anew:
        _people(con, anew, key)
    con.execute("BEGIN")
    try:
        for chapter in anew:
            _make(con, chapter, key)
        _labels(con, [chapter.past for chapter in chapters])
        con.execute("COMMIT")
    except BaseException:
        # Or nobody could let go of the file.
        con.execute("ROLLBACK")
        raise
    return inspected


def close(con: duckdb.DuckDBPyConnection) -> None:
    """Write the file to its end and let go of it. While another connection is in a transaction that has seen the file, it cannot be."""
    con.execute("DROP TABLE IF EXISTS temp.published_person; DROP TABLE IF EXISTS temp.ended")
    attached = con.execute("SELECT count(*) FROM duckdb_databases() WHERE database_name = ?", [CATALOG]).fetchone()
    if attached and attached[0]:
        con.execute(f"CHECKPOINT {CATALOG}")
        con.execute(f"DETACH {CATALOG}")


def _people(con: duckdb.DuckDBPyConnection, chapters: Sequence[Chapter], key: str) -> None:
    """Temp table ``published_person``: the pseudonym of everybody in ``chapters``, computed once however many rows are about them."""
    everybody = " UNION ALL ".join(
        f"SELECT {identifier(name)} AS person_key FROM ({chapter.source})"
        for chapter in chapters
        for name in chapter.past.people
    )
    everybody = everybody or "SELECT CAST(NULL AS BIGINT) AS person_key"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE published_person AS SELECT person_key, {token_sql(PERSON, 'person_key', key)} AS token "
        f"FROM (SELECT DISTINCT person_key FROM ({everybody}) WHERE person_key IS NOT NULL)"
    )


def _order(past: Past) -> str:
    """ORDER BY that says nothing of the order in the department's file; rows without a pseudonym by their published content."""
    tokens = [identifier(column.entry.name) for column in past.published if column.token]
    # A number is sorted in two thirds of the time.
    first = [f"hash({token})" for token in tokens[:1]]
    nobody = " AND ".join(f"{token} IS NULL" for token in tokens) or "TRUE"
    content = ", ".join(map(identifier, past.columns))
    return f"ORDER BY {', '.join([*first, *tokens[1:], f'CASE WHEN {nobody} THEN hash({content}) END'])}"


def _column(entry: Entry) -> str:
    """Definition of a column. Pseudonyms are random, other texts repeat: to look for the best method would take a fifth of the time."""
    method = "uncompressed" if entry.contents == "token" else "dictionary"
    return f"{identifier(entry.name)} {entry.type}" + (
        f" USING COMPRESSION {method}" if entry.type == "VARCHAR" else ""
    )


def _make(con: duckdb.DuckDBPyConnection, chapter: Chapter, key: str) -> None:
    past = chapter.past
    rows = past.select(chapter.source, key, "published_person")
    con.execute(f"CREATE OR REPLACE TABLE {chapter.target} ({', '.join(map(_column, past.entries))})")
    if chapter.facts["rows"]:
        con.execute(f"INSERT INTO {chapter.target} {rows} {_order(past)}")
    con.execute("; ".join(dictionary.comments(chapter.target, past)))
    make_views(con, f"{CATALOG}.core", past.feed.name, f"SELECT t.* FROM {chapter.target} AS t")


def _grow(con: duckdb.DuckDBPyConnection, chapter: Chapter, key: str) -> bool:
    """Add the rows that are new and end those that have ended; False, and nothing done, where they are not found in the last file.

    Rows that are alike in everything published may stand for one another.
    """
    past, rows, until = chapter.past, chapter.before["rows"], literal(chapter.before.get("until") or "0001-01-01")
    since = f"{ROW} < {rows} AND recorded_to > TIMESTAMP {until} AND recorded_to < {OPEN_TIME}"
    mark = f"hash({', '.join(identifier(name) for name in past.columns if name != 'recorded_to')})"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE ended AS SELECT {mark} AS mark, recorded_to, row_number() OVER (PARTITION BY {mark}) AS nth "
        f"FROM ({past.select(f'SELECT * FROM ({chapter.source}) WHERE {since}', key)})"
    )
    count = con.execute("SELECT count(*) FROM ended").fetchone()
    con.execute("BEGIN")
    if count and count[0]:
        done = con.execute(
            f"UPDATE {chapter.target} AS t SET recorded_to = e.recorded_to FROM ("
            f"SELECT f.rid, ended.recorded_to FROM (SELECT rid, mark, row_number() OVER (PARTITION BY mark) AS nth FROM ("
            f"SELECT rowid AS rid, {mark} AS mark FROM {chapter.target} WHERE recorded_to = {OPEN_TIME}) "
            f"SEMI JOIN ended USING (mark)) AS f JOIN ended USING (mark, nth)) AS e WHERE t.rowid = e.rid"
        ).fetchone()
        if done != count:
            con.execute("ROLLBACK")
            return False
    added = past.select(f"SELECT * FROM ({chapter.source}) WHERE {ROW} >= {rows}", key)
    con.execute(f"INSERT INTO {chapter.target} {added} {_order(past)}")
    con.execute("COMMIT")
    return True


def _labels(con: duckdb.DuckDBPyConnection, found: Sequence[Past]) -> None:
    rows = code_labels(found)
    relation = Labels()
    target = f"{CATALOG}.{relation.name}"
    con.execute(
        f"CREATE OR REPLACE TABLE {target} ({', '.join(f'{entry.name} {entry.type}' for entry in relation.entries)})"
    )
    con.execute(
        f"INSERT INTO {target} SELECT unnest(?), unnest(?), unnest(?), unnest(?)",
        [list(part) for part in zip(*rows, strict=True)],
    )
    con.execute("; ".join(dictionary.comments(target, relation)))
