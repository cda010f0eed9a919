"""Two thousand damaged files: each row lands as it stands in the file, or is sent back, or the file is refused with a reason.

Every seventh runs with the other tests, all of it with ``FUPIN_EVERY_FUZZ=1``. A failure names the seed and what was done;
``FUPIN_FUZZ_SEED=123`` runs that one alone.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.feed import Feed
from connectors.files import misread, read_file, reader_sql, row_number_sql, structure_rejects
from connectors.reading import Reading
from expectations import stage
from tests import fuzz
from tests.unit.test_files_support import feed

CSV_FILES, WORKBOOKS = 1_700, 300
EVERY = bool(os.environ.get("FUPIN_EVERY_FUZZ"))
ONE = os.environ.get("FUPIN_FUZZ_SEED")
STEP = 1 if EVERY else 7
SLOW_SECONDS = 30
MEMORY_BYTES = 600 * 1024**2
# Refusals whose message must name the row.
PLACED = {"NUL_BYTES", "ENCODING_INVALID", "UNTERMINATED_QUOTE", "TABLES_SEVERAL"}


class Bench:
    """Reads one damaged file after another the way the platform does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.feed: Feed = feed(folder)
        self.con = duckdb.connect(config={"threads": 1})
        self.outcomes: Counter[str] = Counter()
        self.seconds = 0.0  # of the platform's reading alone, not of the judging here

    def read(self, content: bytes) -> tuple[Reading, list[tuple[Any, ...]]]:
        """The reading and what lands of it: (row, every cell). Nothing lands of a refused file."""
        source, work = self.folder / "source.bin", self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        source.write_bytes(content)
        for careful in (False, True):
            started = time.monotonic()
            reading = read_file(source, "台账.csv", [self.feed], work, careful=careful)
            self.seconds = time.monotonic() - started
            if reading.problems:
                return reading, []
            self.con.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
            try:
                rows = self.con.execute(f"SELECT row_number() OVER () - 1, * FROM {reader_sql(reading)}").fetchall()
            except duckdb.InvalidInputException:  # as staging takes it
                assert not careful
                continue
            if not misread(self.con, reading, len(rows)):
                break
        else:
            raise AssertionError("misread twice")
        broken = [row for row, _ in structure_rejects(self.con, reading)]
        numbers = self.con.execute(
            row_number_sql(reading, f"(SELECT unnest(range({len(rows)})) AS n)", "n", broken) + " ORDER BY n"
        ).fetchall()
        return reading, [
            (number[-1], *("" if cell is None else cell for cell in row[1:]))
            for number, row in zip(numbers, rows, strict=True)
        ]

    def accounts(self, reading: Reading, rows: list[tuple[Any, ...]]) -> None:
        """Every row number behind the header is landed, sent back or blank, each once; or there is a reason and a place."""
        if reading.problems:
            self.outcomes["refused"] += 1
            for problem in reading.problems:
                self.outcomes[problem["code"]] += 1
                assert re.search(r"[\u4e00-\u9fff]{4}", problem["message"])
                assert problem["code"] not in PLACED or re.search(r"第 \d+ 行", problem["message"])
            return
        broken = [row for row, _ in structure_rejects(self.con, reading)]
        self.outcomes["landed rows"] += len(rows)
        self.outcomes["rows sent back"] += len(broken)
        blank = [row for row in reading.gaps if row >= reading.first_row]
        numbers = sorted([row[0] for row in rows] + broken + blank)
        assert numbers == list(range(reading.first_row, reading.first_row + len(numbers)))
        assert len(rows) == reading.rows and len(broken) == reading.structure_rows
        assert reading.rows + reading.structure_rows > 0

    def stage(self, reading: Reading, rows: list[tuple[Any, ...]], untouched: set[tuple[str, ...]]) -> None:
        """The typed rows of undamaged cells are what the cells say."""
        folder = self.folder / "batch"
        folder.mkdir(exist_ok=True)
        with duckdb.connect(config={"threads": 1}) as con:
            staged = stage.stage(con, folder, self.feed, reading)
            found = con.execute("SELECT _row, citizen_id, CAST(amount_yuan AS VARCHAR) FROM staged_rows").fetchall()
        data = len(found) + len(staged.broken)
        assert data == staged.rows_read and len(rows) - len(found) == sum(
            item["kind"] not in ("blank", "total_or_footer") for item in staged.skipped
        )
        cells = {row[0]: row[1:] for row in rows}
        for row, identity, amount in found:
            if cells[row] in untouched and len(cells[row]) == len(fuzz.HEADER):
                source = dict(
                    zip(reading.mapping, (cells[row][index] for index in reading.mapping.values()), strict=True)
                )
                assert identity == source["citizen_id"]
                assert amount == (
                    None
                    if source["amount_yuan"] in ("-", "")
                    else f"{Decimal(source['amount_yuan'].replace(',', '')):.2f}"
                )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def run(bench: Bench, count: int, check: Callable[[int], list[str]]) -> None:
    """Check every seed within time and memory; a failure says which and what was done to it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    failures: list[str] = []
    for seed in [int(ONE)] if ONE else range(0, count, STEP):
        done: list[str] = []
        try:
            done = check(seed)
            assert bench.seconds < SLOW_SECONDS, f"{done} took {bench.seconds:.0f} s"
        except Exception as error:
            failures.append(f"seed {seed}: {type(error).__name__}: {str(error)[:400]}")
    assert not failures, f"{len(failures)} failures\n" + "\n".join(failures[:10])
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < MEMORY_BYTES


def test_damaged_text_files(bench: Bench) -> None:
    def check(seed: int) -> list[str]:
        case = fuzz.damaged_csv(seed)
        reading, rows = bench.read(case.content)
        bench.accounts(reading, rows)
        if reading.problems:
            return case.done
        records = fuzz.csv_records(case)
        width = len(reading.header)
        landed = Counter(row[1:] for row in rows)
        if records is not None and (reading.delimiter, reading.quote) == (case.delimiter, case.quote):
            sound = Counter(cells for cells, _ in records if cells is not None and len(cells) == width)
            invented = landed - sound
            assert not invented, f"{case.done}: landed but not in the file: {list(invented)[:2]}"
            data = records[reading.header_row :]
            plain = Counter(
                cells for cells, raw in data
                if cells is not None and len(cells) == width and not set(raw) & {case.quote, "\0"} and raw.strip(" \t\u3000\xa0")
            )  # fmt: skip
            lost = plain - landed
            assert not lost, f"{case.done}: in the file but not landed: {list(lost)[:2]}"
        whole = {cells for cells in case.untouched if len(cells) == width}
        missing = [cells for cells in whole if cells not in landed]
        assert not missing, f"{case.done}: untouched but not landed: {missing[:2]}"
        if seed % 20 == 0:
            bench.stage(reading, rows, whole)
        return case.done

    run(bench, CSV_FILES, check)
    assert ONE or (bench.outcomes["refused"] > 20 * 10 / STEP / 2 and bench.outcomes["landed rows"] > 1_000), (
        bench.outcomes
    )


def test_damaged_workbooks(bench: Bench) -> None:
    def check(seed: int) -> list[str]:
        case = fuzz.damaged_xlsx(seed)
        reading, rows = bench.read(case.content)
        bench.accounts(reading, rows)
        cells = fuzz.xlsx_cells(case.content)
        if reading.problems or cells is None or reading.format != "xlsx":
            return case.done
        for row, *found in rows:
            for column, text in enumerate(found):
                known = cells.get((row, column))
                assert known is None or known == text, f"{case.done}: row {row}, column {column}"
        last = max(row for row, _ in cells)
        assert not rows or rows[-1][0] >= last or all(not text for (row, _), text in cells.items() if row > rows[-1][0])
        return case.done

    run(bench, WORKBOOKS, check)
    assert ONE or (bench.outcomes["refused"] and bench.outcomes["landed rows"]), bench.outcomes
