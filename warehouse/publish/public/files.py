"""The files of the public tables: CSV that spreadsheet programs read as Chinese, and one workbook."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import xlsxwriter

from connectors.quoting import identifier, literal
from warehouse import columns
from warehouse.audiences import Table

HIDDEN = "*"
WORKBOOK = "公开统计表.xlsx"
AREA = ("area_level", "area_code", "area", "as_of")
NOTES = (
    "本文件只有汇总数，没有任何个人或家庭的信息。",
    "“*”：人数（户数）少于起点，或由它可以算出少于起点的数，不公布。曾经不公布的，以后也不再公布。",
    "公布的数随机取整到 3 的倍数，与实际数相差不超过 2；各数分别取整，相加不一定等于合计。比率由取整后的数算出。",
    "空白：没有数据，不等于零。",
)


def source(snapshot: Path, table: Table) -> str:
    """The rows of the table's mart in a snapshot that the audience is shown."""
    parquet = snapshot / "parquet" / f"{table.relation.split('.')[1]}.parquet"
    conditions = [f"area_level IN ({', '.join(map(literal, table.levels))})", "regexp_full_match(area_code, '[0-9]+')"]
    conditions += [f"{identifier(name)} IN ({', '.join(map(literal, told))})" for name, told in table.rows.items()]
    return f"(FROM read_parquet({literal(str(parquet))}) WHERE {' AND '.join(conditions)})"


def part_sql(table: Table) -> str:
    """SQL of the part of a table's grouping that a row speaks of; empty where there is none."""
    return f"concat_ws('|', {', '.join(map(identifier, table.by))})" if table.by else "''"


def headings(table: Table) -> dict[str, str]:
    """Column → its Chinese heading, in the file's order."""
    known = columns.dictionary()
    return {name: known[name].label for name in (*AREA, *table.by, *table.counts, *table.rates)}


def file_name(table: Table) -> str:
    return f"{table.title}.csv"


def read(con: duckdb.DuckDBPyConnection, period: int, path: Path, key: str, table: Table) -> None:
    """What the published file ``path`` says of each count, into the table ``said``; counts that it had not are not said."""
    with open(path, encoding="utf-8-sig", newline="") as handle:
        there = next(csv.reader(handle), [])
    heads = headings(table)
    counts = [count for count in table.counts if heads[count] in there]
    if not counts or any(heads[column] not in there for column in ("area_code", *table.by)):
        return
    shown = ", ".join(
        f"{identifier(heads[column])} AS {identifier(column)}" for column in ("area_code", *table.by, *counts)
    )
    con.execute(
        f"INSERT INTO said SELECT {period}, {literal(key)}, area_code, {part_sql(table)}, measure, told FROM (UNPIVOT (SELECT {shown} "
        f"FROM read_csv({literal(str(path))}, header = true, all_varchar = true)) ON {', '.join(map(identifier, counts))} "
        "INTO NAME measure VALUE told)"
    )


def write(
    folder: Path, con: duckdb.DuckDBPyConnection, snapshot: Path, tables: Mapping[str, Table], as_of: dt.date | None
) -> None:
    """CSV files and the workbook of what ``variable.value`` shows; the bytes follow from the content."""
    folder.mkdir()
    told = [(table, con.execute(_rows_sql(name, table, snapshot, as_of)).fetchall()) for name, table in tables.items()]
    for table, rows in told:
        with open(folder / file_name(table), "w", encoding="utf-8-sig", newline="") as handle:
            csv.writer(handle).writerows([tuple(headings(table).values()), *rows])
    _workbook(folder / WORKBOOK, told, as_of)


def _rows_sql(name: str, table: Table, snapshot: Path, as_of: dt.date | None) -> str:
    """SELECT of the file's rows as text: a count, HIDDEN, or nothing where there is no data."""
    shown = ", ".join(
        f"max(value) FILTER (measure = {literal(count)}) AS {identifier(count)}" for count in table.counts
    )
    cells = [_cell(f"shown.{identifier(count)}", count) for count in table.counts]
    for part, whole in table.rates.values():
        ratio = f"shown.{identifier(part)} / nullif(shown.{identifier(whole)}, 0)"
        cells.append(_cell(f"CAST(CASE WHEN {ratio} > 1 THEN 1 ELSE {ratio} END AS DECIMAL(6, 4))", part, whole))
    # A spreadsheet program would take a name that begins so for a formula.
    area = r"regexp_replace(coalesce(area, ''), '^[-=+@\t]', '''\0')"
    by = [identifier(column) for column in table.by]
    return (
        f"SELECT area_level, marts.area_code, {', '.join([area, literal(str(as_of or '')), *by, *cells])} "
        f"FROM (SELECT *, {part_sql(table)} AS part FROM {source(snapshot, table)}) AS marts LEFT JOIN (SELECT area_code, part, {shown} "
        f"FROM variable WHERE table_name = {literal(name)} GROUP BY ALL) AS shown USING (area_code, part) "
        f"ORDER BY {', '.join(['length(marts.area_code)', 'marts.area_code', *by])}"
    )


def _cell(shown: str, *counts: str) -> str:
    unknown = " OR ".join(f"marts.{identifier(count)} IS NULL" for count in counts)
    return f"CASE WHEN {unknown} THEN '' ELSE coalesce(CAST({shown} AS VARCHAR), '{HIDDEN}') END"


def _workbook(path: Path, told: Sequence[tuple[Table, list[tuple[str, ...]]]], as_of: dt.date | None) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        # A fixed time: the same tables are the same file.
        created = dt.datetime.combine(as_of or dt.date(2000, 1, 1), dt.time())
        book.set_properties({"title": "公开统计表", "created": created})
        head = book.add_format({"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "text_wrap": True})
        about = book.add_worksheet("说明")
        about.set_column(0, 0, 100, book.add_format({"text_wrap": True}))
        for number, line in enumerate(NOTES):
            about.write_string(number, 0, line)
        for table, rows in told:
            sheet = book.add_worksheet(table.title)
            sheet.freeze_panes(1, 0)
            sheet.repeat_rows(0)
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            sheet.set_column(0, len(headings(table)) - 1, 14)
            for index, text in enumerate(headings(table).values()):
                sheet.write_string(0, index, text, head)
            first = len(AREA) + len(table.by)
            for number, row in enumerate(rows, 1):
                for index, text in enumerate(row):
                    # A rate as a number would have sixteen digits in the file, which the guard takes for an id.
                    if index >= first and text.isdecimal():
                        sheet.write_number(number, index, int(text))
                    else:
                        sheet.write_string(number, index, text)
