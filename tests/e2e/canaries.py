"""Everybody of a county as a canary: whatever tells who somebody is, looked for wherever it may not be."""

from __future__ import annotations

import re
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from connectors.feed import Feed
from connectors.quoting import identifier
from warehouse.database import open_warehouse

NUMBER = re.compile(r"[0-9]{11,}[Xx]?")
ILLNESS = re.compile(r"\b[A-TV-Z][0-9]{2}\.[0-9x]{1,4}\b")
CHINESE = re.compile("[一-龥㐀-䶵]+")
# What is a person's alone, and may be known to nobody but who sent it.
PERSONAL = {"citizen_id", "phone", "account", "student_no", "disability_cert"}


@dataclass
class Canaries:
    """``numbers``: ids, phones and accounts, ``others``: the offices' own numbers; ``names``: of three characters, for shorter ones are words
    too; ``illnesses``: codes."""

    numbers: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    illnesses: set[str] = field(default_factory=set)

    def in_text(self, text: str) -> set[str]:
        """What of them stands in ``text``; numbers also within longer ones."""
        wanted = self.numbers | self.others
        found = set()
        for run in map(str.upper, NUMBER.findall(text)):
            sizes = {len(run), *(size for size in (11, 12, 15, 16, 18, 19) if size < len(run))}
            found |= {run[start : start + size] for size in sizes for start in range(len(run) - size + 1)} & wanted
        found |= self.illnesses & set(ILLNESS.findall(text))
        for run in CHINESE.findall(text):
            found |= self.names & {run[start : start + 3] for start in range(len(run) - 2)}
        return found


def canaries(home: Path, feeds: Iterable[Feed]) -> Canaries:
    """Of everybody who is in the warehouse of ``home``."""
    found = Canaries()
    with open_warehouse(home, write=False) as con:
        found.numbers |= {str(value).upper() for (value,) in con.execute("SELECT value FROM core.identity").fetchall()}
        for feed in feeds:
            there = {name for name, *_ in con.execute(f"DESCRIBE core.{identifier(feed.name)}").fetchall()}
            for column in (column for column in feed.columns if column.name in there):
                values = _values(con, feed, column.name)
                if column.type == "name":
                    found.names |= {value for value in values if len(value) == 3 and CHINESE.fullmatch(value)}
                elif column.name == "diagnosis_code":
                    found.illnesses |= {value for value in values if ILLNESS.fullmatch(value)}
                elif column.sensitivity == "identifier":
                    known = found.numbers if column.type in PERSONAL else found.others
                    known |= {value.upper() for value in values if NUMBER.fullmatch(value)}
    return found


def _values(con: duckdb.DuckDBPyConnection, feed: Feed, column: str) -> set[str]:
    name = identifier(column)
    sql = f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM core.{identifier(feed.name)} WHERE {name} IS NOT NULL"
    return {value for (value,) in con.execute(sql).fetchall()}


def found_in(path: Path, everybody: Canaries) -> set[str]:
    """Who and what of ``everybody`` can be read in the file ``path``."""
    return {one for text in texts(path) for one in everybody.in_text(text)}


def texts(path: Path) -> Iterator[str]:
    """Whatever can be read out of a file: its name, its bytes, the parts of a package, the rows of a database or of Parquet."""
    yield path.name
    content = path.read_bytes()
    # In random bytes every character stands somewhere, but no number.
    for encoding in ("latin-1",) if b"\0" in content[:4096] else ("utf-8", "gb18030"):
        yield content.decode(encoding, "replace")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as package:
            for name in package.namelist():
                yield f"{name} {package.read(name).decode('utf-8', 'replace')}"
    elif content.startswith(b"SQLite format 3"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            yield "\n".join(database.iterdump())
    elif path.suffix == ".duckdb" and content[8:12] == b"DUCK":
        with _plain(path) as con:
            for (table,) in con.execute(
                "SELECT DISTINCT schema_name || '.' || table_name FROM duckdb_tables()"
            ).fetchall():
                yield "\n".join(map(str, con.execute(f"SELECT DISTINCT t::VARCHAR FROM {table} AS t").fetchall()))
    elif content.startswith(b"PAR1"):
        with duckdb.connect() as con:
            yield "\n".join(map(str, con.execute(f"SELECT DISTINCT t::VARCHAR FROM '{path}' AS t").fetchall()))


def _plain(path: Path) -> duckdb.DuckDBPyConnection:
    """A database that has no key; an encrypted one as an empty one."""
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error:
        return duckdb.connect()
