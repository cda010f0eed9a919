"""Writing the departments' files, and the truth about every row of them.

The feed's canonical table ``c_<feed>`` (n, pno, its columns as text, is_spare) becomes ``d_<feed>`` with the
department's spelling, the planted dirt and the appended rows; then a file. Text files are assembled in SQL and encoded
chunk by chunk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

import duckdb
import xlsxwriter

from connectors.feed import Column, Feed
from demo.faults import Fault, fault_value, faults
from demo.layouts import Layout, headers_of, house_style
from demo.spellings import Spelling, spellings

CHUNK = 4000  # rows whose text is joined at once
NUMERIC = ("money", "number", "integer", "year")
PLAIN_NUMBER = re.compile(r"-?\d{1,13}(\.\d+)?")
ERROR_SHARE = 0.005
# A slot of 9 % of the rows is drawn; where the drawn spelling does not fit the row it stays as it is: about 5 % remain.
SPELLING_SHARE = 0.09


def rows_of(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple]:
    return con.execute(sql).fetchall()


def quote(path: Path) -> str:
    """A path as an SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def plan(
    con: duckdb.DuckDBPyConnection, feed: Feed, layout: Layout, file_format: str, identity: bool = False
) -> tuple[list[Spelling], list[Fault]]:
    """Deal spellings and faults over the rows of ``c_<feed>``: table ``plan`` (n, tk, ek), both indices or NULL."""
    writable, planted = spellings(feed, layout), faults(feed, file_format, identity)
    fits = " ".join(
        f"WHEN {k} THEN {s.condition} AND ({s.value}) IS DISTINCT FROM ({house_style(feed.column(s.column), layout)})"
        for k, s in enumerate(writable)
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE plan AS
        SELECT n, is_spare, CASE WHEN CASE k {fits} ELSE FALSE END THEN k END AS tk FROM (
          SELECT *, CASE WHEN u(n, '{feed.name} spelling') < {SPELLING_SHARE * 1e6:.0f}
            THEN dice(n, '{feed.name} kind', {len(writable)}) END AS k
          FROM c_{feed.name}) ORDER BY n"""
    )
    con.execute("CREATE OR REPLACE TEMP TABLE chosen (n BIGINT, ek INTEGER)")
    total = rows_of(con, "SELECT count(*) FROM plan")[0][0]
    each = max(1, round(total * ERROR_SHARE / len(planted)))
    for k, fault in enumerate(planted):
        con.execute(
            f"""INSERT INTO chosen SELECT n, {k} FROM plan JOIN c_{feed.name} USING (n)
            WHERE plan.is_spare AND tk IS NULL AND ({fault.condition}) AND n NOT IN (SELECT n FROM chosen)
            ORDER BY hash(n, getvariable('seed'), '{feed.name}', {k}), n LIMIT {1 if fault.only_once else each}"""
        )
    return writable, planted


def _cell_sql(column: Column, layout: Layout, writable: list[Spelling], planted: list[Fault]) -> str:
    """The written cell of ``column``: the department's spelling, or what was planted in this row."""
    cases = [f"WHEN tk = {k} THEN {s.value}" for k, s in enumerate(writable) if s.column == column.name]
    cases += [
        f"WHEN ek = {k} THEN {fault_value(f, column, layout)}"
        for k, f in enumerate(planted)
        if f.column == column.name and f.row == "cell"
    ]
    base = house_style(column, layout)
    return f"CASE {' '.join(cases)} ELSE {base} END" if cases else base


def spoil(
    con: duckdb.DuckDBPyConnection, feed: Feed, layout: Layout, writable: list[Spelling], planted: list[Fault]
) -> None:
    """Table ``d_<feed>``: n, pno, kind (index of the fault that this row is, or NULL), tk and the written cells."""
    cells = ", ".join(f'{_cell_sql(c, layout, writable, planted)} AS "{c.name}"' for c in feed.columns)
    # The row of which a copy is appended is itself no error.
    copied = ", ".join(str(k) for k, f in enumerate(planted) if f.row == "copy") or "NULL"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE d_{feed.name} AS
        SELECT n, pno, tk, CASE WHEN ek IN ({copied}) THEN NULL ELSE ek END AS ek, {cells}
        FROM c_{feed.name} JOIN plan USING (n) LEFT JOIN chosen USING (n) ORDER BY n"""
    )
    for k, fault in enumerate(planted):
        if fault.row not in ("copy", "conflict"):
            continue
        change = (
            f'REPLACE ({fault_value(fault, feed.column(fault.column), layout)} AS "{fault.column}")'
            if fault.column
            else ""
        )
        con.execute(
            f"""INSERT INTO d_{feed.name}
            SELECT (SELECT max(n) FROM d_{feed.name}) + row_number() OVER (ORDER BY hash(n, 'appended'), n), pno, tk,
              {k}, {", ".join(f'"{c.name}"' for c in feed.columns)}
            FROM (SELECT d.* EXCLUDE (ek) {change} FROM d_{feed.name} d JOIN chosen USING (n) WHERE chosen.ek = {k})"""
        )


class Sheet:
    """The rows around the data: where the header stands and at which row of the file a data row ends up."""

    def __init__(self, feed: Feed, layout: Layout, as_of: date) -> None:
        width = len(feed.columns)
        self.headers = headers_of(feed, layout)
        self.above: list[list[str]] = [[title, *[""] * (width - 1)] for title in layout.titles]
        if layout.note:
            self.above.append([layout.note, *[""] * (width - 1)])
        self.header_row = len(self.above) + 1
        self.layout, self.as_of, self.feed = layout, as_of, feed

    def row_sql(self, n: str = "n") -> str:
        """SQL of the file's row (1-based, titles and header counted) of data row ``n``."""
        later = [
            f"CASE WHEN {n} > {limit} THEN 1 ELSE 0 END"
            for limit in (self.layout.repeat_after, self.layout.blank_after)
            if limit
        ]
        return " + ".join([f"{n} + {self.header_row}", *later])

    def below(self, con: duckdb.DuckDBPyConnection) -> list[list[str]]:
        """The 合计 row (sums of the canonical amounts in the file's unit) and the footer."""
        rows: list[list[str]] = []
        if self.layout.has_total:
            scale = " / 10000" if self.layout.in_wan else ""
            sums = [
                f'CAST(sum(CAST("{c.name}" AS DECIMAL(18,2))){scale} AS VARCHAR)' if c.type == "money" else "''"
                for c in self.feed.columns
            ]
            found = rows_of(con, f"SELECT {', '.join(sums)} FROM c_{self.feed.name}")[0]
            rows.append(["合计", *[cell or "" for cell in found[1:]]])
        if self.layout.has_footer:
            day = self.as_of
            footer = ["填表人：王某某", "审核人：李某某", f"填报日期：{day.year}年{day.month}月{day.day}日"]
            rows.append([*footer, *[""] * (len(self.headers) - len(footer))])
        return rows


def _quoted(cell: str, delimiter: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in (delimiter, '"', "\n")) else cell


def _lines(con: duckdb.DuckDBPyConnection, sheet: Sheet, planted: list[Fault]) -> Iterator[str]:
    """The file as texts of whole lines."""
    feed, layout = sheet.feed, sheet.layout
    delimiter = layout.delimiter
    mark = "chr(9)" if delimiter == "\t" else f"'{delimiter}'"

    def line(cells: list[str]) -> str:
        return delimiter.join(_quoted(cell, delimiter) for cell in cells) + "\r\n"

    def cell(name: str) -> str:
        quoted = f"""'"' || replace("{name}", '"', '""') || '"'"""
        special = f"""regexp_matches("{name}", '["\r\n{delimiter}]')"""
        return f"""CASE WHEN {special} THEN {quoted} ELSE coalesce("{name}", '') END"""

    names = [column.name for column in feed.columns]
    whole = f"concat_ws({mark}, {', '.join(map(cell, names))})"
    many = f"concat_ws({mark}, {', '.join([cell(names[0]), cell(names[1]), repr(''), *map(cell, names[2:])])})"
    few = f"concat_ws({mark}, {', '.join([cell(names[0]), *map(cell, names[2:])])})"
    broken = " ".join(
        f"WHEN ek = {k} THEN {many if f.row == 'too_many' else few}"
        for k, f in enumerate(planted)
        if f.row.startswith("too_")
    )
    text = f"CASE {broken} ELSE {whole} END" if broken else whole
    header = line(sheet.headers)
    yield "".join(map(line, sheet.above)) + header
    inserted = {layout.repeat_after: header, layout.blank_after: "\r\n"}
    cuts = " ".join(f"WHEN n <= {limit} THEN {k}" for k, limit in enumerate(sorted(filter(None, inserted))))
    part = f"CASE {cuts} ELSE 9 END" if cuts else "9"
    last = None
    found = con.execute(
        f"""SELECT {part} AS part, max(n), string_agg({text}, chr(13) || chr(10) ORDER BY n) FROM d_{feed.name}
        GROUP BY part, n // {CHUNK} ORDER BY part, n // {CHUNK}"""
    )
    while chunk := found.fetchone():
        if last is not None and chunk[0] != last[0]:
            yield inserted[last[1]]
        last = chunk
        yield chunk[2] + "\r\n"
    yield "".join(map(line, sheet.below(con)))


def write_text(con: duckdb.DuckDBPyConnection, sheet: Sheet, planted: list[Fault], path: Path) -> None:
    """Write ``d_<feed>`` as CSV in the department's encoding."""
    with open(path, "w", encoding=sheet.layout.encoding, newline="") as out:
        out.writelines(_lines(con, sheet, planted))


def write_sheet(con: duckdb.DuckDBPyConnection, sheet: Sheet, path: Path) -> None:
    """Write ``d_<feed>`` as a workbook: merged titles, numbers and dates as real cells, ids and codes as text."""
    columns, width = sheet.feed.columns, len(sheet.feed.columns)
    with xlsxwriter.Workbook(
        str(path),
        {"constant_memory": True, "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False},
    ) as book:
        # A fixed creation time keeps equal seeds equal to the byte.
        book.set_properties({"created": datetime.combine(sheet.as_of, time())})
        page = book.add_worksheet("Sheet1")
        bold, day_format = (
            book.add_format({"bold": True, "align": "center"}),
            book.add_format({"num_format": "yyyy/m/d"}),
        )
        for row, cells in enumerate(sheet.above):
            page.merge_range(row, 0, row, width - 1, cells[0], bold)
        page.write_row(sheet.header_row - 1, 0, sheet.headers, bold)
        names = ", ".join(f'"{column.name}"' for column in columns)
        found = con.execute(f"SELECT {sheet.row_sql()} AS row, {names} FROM d_{sheet.feed.name} ORDER BY n")
        row = sheet.header_row
        while rows := found.fetchmany(CHUNK):
            for row, *cells in rows:
                for k, cell in enumerate(cells):
                    if cell is None or cell == "":
                        continue
                    kind = columns[k].type
                    if kind in NUMERIC and PLAIN_NUMBER.fullmatch(cell):
                        page.write_number(row - 1, k, float(cell))
                    elif kind == "date" and sheet.layout.date_cells and re.fullmatch(r"\d{4}-\d\d-\d\d", cell):
                        page.write_datetime(row - 1, k, date.fromisoformat(cell), day_format)
                    else:
                        page.write_string(row - 1, k, cell)
        for k, cells in enumerate(sheet.below(con)):
            page.write_row(row + k, 0, cells)


def settle(temporary: Path, final: Path) -> None:
    """Let a whole file appear under its name at once."""
    os.replace(temporary, final)
