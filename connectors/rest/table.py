"""Pages become rows: ``text.parquet``, written by DuckDB from the pages with their numbers in quotes."""

from __future__ import annotations

import os
import re
import shutil
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

import duckdb

from connectors.errors import TerminalError, without_row_text
from connectors.pull import TEXT
from connectors.quoting import identifier, literal
from connectors.reading import Problem, shown
from connectors.rest.declaration import Source, Watermark
from connectors.rest.numbers import quote_numbers

PREPARED = "pages.ndjson"
SPILL = ".spill"
# Bytes of pages that may wait for the quoting thread: bounds memory where the network is faster.
AHEAD_BYTES = 4 * 1024**2
# DuckDB reads lines through buffers of this size or that of the longest line; larger ones are faster, each thread has some.
BUFFER = 16 * 1024**2
BUFFERS_A_THREAD = 6
THREAD_BYTES = 32 * 1024**2
CHINA = "INTERVAL 8 HOUR"
Path_ = tuple[str, ...]


def _type(paths: Sequence[Path_]) -> str:
    """DuckDB's type that takes exactly ``paths`` out of a record, every leaf as text."""
    heads: dict[str, list[Path_]] = {}
    for path in paths:
        heads.setdefault(path[0], []).append(path[1:])
    members = (f"{identifier(name)} {_type(rest) if rest[0] else 'VARCHAR'}" for name, rest in heads.items())
    return f"STRUCT({', '.join(members)})"


def moment_sql(clock: str, text: str) -> str:
    """SQL: a watermark's text as a number that grows with time (microseconds since 1970 unless ``clock`` is ``number``), else NULL.

    A time without an offset is China's.
    """
    if clock == "number":
        return f"try_cast({text} AS HUGEINT)"
    if clock != "time":
        return f"try_cast({text} AS BIGINT)::HUGEINT * {1_000_000 if clock == 'epoch_s' else 1_000}"
    return (
        f"CASE WHEN regexp_full_match({text}, '\\d{{14}}') THEN epoch_us(try_strptime({text}, '%Y%m%d%H%M%S') - {CHINA}) "
        f"WHEN regexp_full_match({text}, '.*\\d:\\d\\d.*(Z|[+-]\\d\\d(:?\\d\\d)?)') THEN epoch_us(try_cast({text} AS TIMESTAMPTZ)) "
        f"ELSE epoch_us(try_cast({text} AS TIMESTAMP) - {CHINA}) END::HUGEINT"
    )


class Table:
    """Collects pages (:meth:`add`), then writes their rows (:meth:`write`); a context manager that leaves only ``text.parquet``."""

    def __init__(self, workdir: Path, source: Source, memory_bytes: int, spill: Path | None) -> None:
        self.path = workdir / TEXT
        self._prepared = workdir / PREPARED
        self._source = source
        self._spill = spill or workdir / SPILL
        # Python's share is free again when DuckDB begins.
        self._memory_bytes = max(memory_bytes * 3 // 4, 128 * 1024**2)
        self._longest = 0
        self._pages = 0
        self._waiting: deque[tuple[int, Future[None]]] = deque()
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._handle: IO[bytes] = open(self._prepared, "wb")
        self._con: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._handle.close()
        if self._con is not None:
            self._con.close()
        self._prepared.unlink(missing_ok=True)
        shutil.rmtree(self._prepared.with_name(SPILL), ignore_errors=True)

    def add(self, page: bytes) -> None:
        """Put a page (UTF-8 JSON) in line; NumPy works beside the network."""
        self._pages += 1
        self._waiting.append((len(page), self._pool.submit(self._prepare, self._pages, page)))
        while sum(size for size, _ in self._waiting) > AHEAD_BYTES:
            self._waiting.popleft()[1].result()

    def _prepare(self, number: int, page: bytes) -> None:
        # A line break stands outside of texts only, where a blank does as well.
        line = quote_numbers(page.removeprefix(b"\xef\xbb\xbf")).replace(b"\n", b" ").replace(b"\r", b" ")
        self._longest = max(self._longest, len(line))
        self._handle.write(b'{"page":%d,"body":' % number + line + b"}\n")

    def _connect(self) -> duckdb.DuckDBPyConnection:
        if self._con is None:
            self._spill.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._con = duckdb.connect(
                config={
                    "memory_limit": f"{self._memory_bytes // 1024**2}MiB",
                    "temp_directory": str(self._spill),
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                }
            )
            self._con.execute("SET enable_progress_bar = false")
        return self._con

    def _records(self, paths: Sequence[Path_]) -> str:
        """FROM clause of all records ``r`` with the number of their page, in order."""
        kind = _type(paths) + "[]"
        place = "body"
        for name in reversed(self._source.records.split(".") if self._source.records else []):
            kind = f"STRUCT({identifier(name)} {kind})"
        for name in self._source.records.split(".") if self._source.records else []:
            place += f".{identifier(name)}"
        buffer = max(min(BUFFER, self._memory_bytes // 32), self._longest + 1024)
        threads = self._memory_bytes // (BUFFERS_A_THREAD * buffer + THREAD_BYTES)
        self._connect().execute(f"SET threads = {max(1, min(threads, os.cpu_count() or 1))}")
        return (
            f"(SELECT page, unnest({place}) AS r FROM read_json({literal(str(self._prepared))}, format = 'newline_delimited', "
            f"maximum_object_size = {buffer}, columns = {{'page': 'INTEGER', 'body': {literal(kind)}}}))"
        )

    def write(self, paths: Sequence[Path_], mark: Path_ | None, rows: int) -> None:
        """Write ``c0`` … for ``paths`` (and ``mark`` for the watermark's field). Raises Problem for records of another shape.

        Raises TerminalError when DuckDB sees another number of rows than the pages had.
        """
        while self._waiting:
            self._waiting.popleft()[1].result()
        self._handle.flush()
        cells = [f"nullif({_cell(path)}, '') AS c{index}" for index, path in enumerate(paths)]
        if mark is not None:
            cells.append(f"{_cell(mark)} AS mark")
        wanted = list(dict.fromkeys([*paths, *([mark] if mark else [])]))
        problem: Problem | None = None
        with without_row_text("reading the pages"):
            try:
                self._connect().execute(
                    f"COPY (SELECT {', '.join(cells)} FROM {self._records(wanted)}) TO {literal(str(self.path))} "
                    "(FORMAT parquet, COMPRESSION snappy)"
                )
            except duckdb.InvalidInputException as error:
                problem = _shape(str(error))
        if problem is not None:
            raise problem
        with without_row_text("counting the rows"):
            found = self._one(f"SELECT count(*) FROM read_parquet({literal(str(self.path))})")
        if found != rows:
            raise TerminalError(f"the pages have {rows} rows, DuckDB sees {found}")

    def _one(self, sql: str) -> object:
        row = self._connect().execute(sql).fetchone()
        return row[0] if row else None

    def overlap(self, paths: Sequence[Path_], key: Sequence[int]) -> int:
        """How many rows came identical on two pages: the list moved while it was read. ``key``: places of the key among ``paths``."""
        columns = ", ".join(f"c{index}" for index in key)
        with without_row_text("comparing the pages"):
            doubled = self._one(
                f"SELECT count(*) - count(DISTINCT hash({columns})) FROM read_parquet({literal(str(self.path))})"
            )
            if not doubled:
                return 0
            rows = ", ".join(_cell(path) for path in paths)
            found = self._one(
                f"SELECT count(*) FROM (SELECT hash({rows}) AS h FROM {self._records(paths)} GROUP BY h HAVING min(page) < max(page))"
            )
        return int(str(found))

    def newest(self, watermark: Watermark, now: float) -> tuple[str | None, int, int]:
        """(the newest watermark that is not in the future, rows that claim a future one, rows without a readable one)."""
        limit = f"WHERE moment <= {int(now * 1_000_000)}" if watermark.clock != "number" else ""
        future = f"count(*) FILTER (moment > {int(now * 1_000_000)})" if watermark.clock != "number" else "0"
        with without_row_text("looking for the watermark"):
            row = self._connect().execute(
                f"SELECT arg_max(mark, moment) FILTER ({limit or 'WHERE true'}), {future}, count(*) FILTER (moment IS NULL) "
                f"FROM (SELECT mark, {moment_sql(watermark.clock, 'mark')} AS moment FROM read_parquet({literal(str(self.path))}))"
            ).fetchone()  # fmt: skip
        assert row is not None
        return row[0], int(row[1]), int(row[2])

    def moment(self, clock: str, text: str) -> int | None:
        """A watermark as a number that grows with time; None if it is none."""
        row = self._connect().execute(f"SELECT {moment_sql(clock, '$1')}", [text]).fetchone()
        return int(row[0]) if row and row[0] is not None else None


def _cell(path: Path_) -> str:
    return "r." + ".".join(identifier(name) for name in path)


def _shape(message: str) -> Problem:
    """DuckDB's refusal of a record, without the record."""
    if found := re.search(r'has duplicate key "([^"\n]{1,200})"', message):
        name = shown(found[1])
        return Problem("FIELD_REPEATED", f"接口的一条记录里字段“{name}”出现两次，无法判断取哪一个，本次没有接收。")
    return Problem("RECORD_SHAPE", "接口的记录中，应为对象的字段有时不是对象，本次没有接收。")


def tree(names: Mapping[str, object] | Sequence[str]) -> dict[str, dict]:
    """Dotted names as a tree of their parts; names without a dot are left out."""
    root: dict[str, dict] = {}
    for name in names:
        if "." in name:
            node = root
            for part in name.split("."):
                node = node.setdefault(part, {})
    return root
