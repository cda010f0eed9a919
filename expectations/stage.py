"""A recognised file becomes typed rows: one pass from text to ``rows.parquet``, and the rejects beside it.

DuckDB reads the text in parallel and in order, so a row's place in the Parquet file is its place among the file's good records;
rows that yield no record (blank lines, structurally broken ones) shift the numbers of those behind them. That keeps numbering
off the hot path. Rows that are no data (totals, repeated headers, footers) are marked, not dropped, for the same reason.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from connectors.feed import Feed
from connectors.layout import FOOTER_ROW, TOTAL_ROW
from connectors.quoting import identifier, literal
from connectors.reader import misread, reader_sql, structure_sql
from connectors.reading import Reading
from expectations import normalise
from expectations.normalise import Cell
from expectations.parquet import encrypted, key_of, parquet_path, parquet_sql, put

MANY_GAPS = 64
BROKEN = {
    "TOO MANY COLUMNS": "ROW_STRUCTURE",
    "MISSING COLUMNS": "ROW_STRUCTURE",
    "UNQUOTED VALUE": "ROW_STRUCTURE",
    "LINE SIZE OVER MAXIMUM": "CELL_TOO_LONG",
}


class Misread(Exception):
    """DuckDB saw other records than the scan did: the file has to be read again with care."""


@dataclass
class Staged:
    """What staging found. ``filled``: by column, how many cells in the file are not NULL; ``skipped``: rows that are no data,
    ``{row, kind}``; ``problems``: reasons to block the whole batch."""

    rows_read: int
    present: set[str]
    filled: dict[str, int] = field(default_factory=dict)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)


def _skip_sql(feed: Feed, reading: Reading) -> str:
    """SQL of why a record is no data row, NULL for data. The costly patterns are asked only where the key cell looks odd."""
    indices = sorted(reading.mapping.values())
    key_name = next((name for name in feed.key if name in reading.mapping), feed.columns[0].name)
    key_index = reading.mapping.get(key_name, indices[0])
    key = f"c{key_index}"
    head = [f"c{index}" for index in range(min(6, len(reading.header)))]
    every = f"concat_ws('', {', '.join(f'c{index}' for index in range(len(reading.header)))})"
    total = " OR ".join(f"regexp_full_match({cell}, {literal(TOTAL_ROW)})" for cell in head)
    footer = " OR ".join(f"regexp_full_match({cell}, {literal(FOOTER_ROW)})" for cell in head[:3])
    header = literal(reading.header[key_index])
    # Titles and headers of two levels stand again on every printed page.
    again = [(row[key_index] if key_index < len(row) else "", "".join(row)) for row in reading.titles if any(row)]
    odd = f" OR {key} IN ({', '.join(literal(cell) for cell, _ in again)})" if again else ""
    page = f"WHEN {every} IN ({', '.join(literal(text) for _, text in again)}) THEN 'header' " if again else ""
    # A page number; or a count, which a total row may have in the place of a number: «3人», «12».
    counted = " OR ".join(f"ends_with({key}, {literal(word)})" for word in "页人户个笔条")
    looked_at = (
        f"{key} IS NULL{odd} OR {key} = {header} OR contains({key}, '计') OR contains({key}, '：') OR contains({key}, ':') "
        f"OR {counted} OR strlen({key}) < 4"
    )
    odd_one = (
        f"CASE WHEN {looked_at} THEN "
        f"CASE WHEN strlen(trim({every}, ' 　')) = 0 THEN 'blank' WHEN {key} = {header} THEN 'header' {page}"
        f"WHEN {total} THEN 'total' WHEN {footer} THEN 'footer' END END"
    )
    # A form's line that nobody has filled in.
    empty = " OR ".join(
        f"({joined})"
        for key, word in (("skip_empty", " OR "), ("skip_all_empty", " AND "))
        if (
            joined := word.join(
                _blank(reading.mapping[name]) for name in feed.source.get(key, ()) if name in reading.mapping
            )
        )
    )
    if not empty:
        return odd_one
    return f"coalesce({odd_one}, CASE WHEN {empty} THEN 'unfilled' END)"


def _blank(place: int) -> str:
    return f"(c{place} IS NULL OR strlen(trim(c{place}, ' 　')) = 0)"


def stage(con: duckdb.DuckDBPyConnection, folder: Path, feed: Feed, reading: Reading, key: str | None = None) -> Staged:
    """Write ``rows.parquet`` and ``shape.json`` of the batch ``folder``; leave the temp view ``staged_rows`` in ``con``.

    ``key``: the name of the key in ``con`` under which the rows, and later the rejects, are encrypted; None: they are not.

    ``con`` must keep insertion order. Bad rows raise nothing: they stand in ``Staged.broken`` (row → reject code) or marked in the rows.
    Raises Misread if the records are not those that the scan counted.
    """
    normalise.install(con)
    cells = [
        Cell(column, f"c{reading.mapping[column.name]}", reading.units.get(column.name) or column.unit)
        for column in feed.columns
        if column.name in reading.mapping
    ]
    source = reader_sql(reading)
    typed = normalise.typed_sql(cells, source, {"_skip": _skip_sql(feed, reading)})
    # The as-of date differs in every delivery; it says when, not what. The key always counts: a merge compares by hash alone.
    content = [
        identifier(cell.column.name)
        for cell in cells
        if cell.column.name != feed.as_of_column or cell.column.name in feed.key
    ]
    rows = folder / ".".join(["rows", *([key] if key else []), "parquet"])
    temporary = folder / ".rows.parquet"
    options = ", ".join(["FORMAT parquet, COMPRESSION snappy, RETURN_STATS", *encrypted(key)])
    try:
        written = con.execute(
            f"COPY (SELECT *, hash({', '.join(content)}) AS _hash FROM ({typed})) TO '{temporary}' ({options})"
        ).fetchone()
    except duckdb.InvalidInputException:
        # DuckDB 1.5.5 keeps the beginning of a line that it refuses, and stumbles over a character cut in half.
        raise Misread from None
    assert written is not None
    _, count, _, _, statistics, _ = written
    if misread(con, reading, int(count)):
        raise Misread
    broken = _broken_rows(con, reading)
    shape = {"first_row": reading.first_row, "gaps": _thresholds(reading.first_row, sorted({*reading.gaps, *broken}))}
    (folder / "shape.json").write_text(json.dumps(shape), encoding="ascii")
    (folder / "shape.json").chmod(0o600)
    put(temporary, rows)
    problems = normalise.problem_columns(cell.column.name for cell in cells)
    con.execute(f"CREATE OR REPLACE TEMP VIEW staged_rows AS SELECT *, {problems} FROM ({rows_sql(folder)})")
    counted = con.execute(f"SELECT _skip, count(*) FROM {parquet_sql(rows)} GROUP BY _skip").fetchall()
    data = sum(count for kind, count in counted if kind is None)
    skipped: list[dict[str, Any]] = []
    if any(kind is not None for kind, _ in counted):
        found = con.execute(
            f"SELECT _row, _skip FROM ({rows_sql(folder, data_only=False)}) WHERE _skip IS NOT NULL ORDER BY _row"
        )
        skipped = [{"row": row, "kind": kind} for row, kind in found.fetchall()]
    skipped += [{"row": row, "kind": "total_or_footer"} for row, kind in broken.items() if kind is None]
    skipped += [{"row": row, "kind": "blank"} for row in reading.gaps]
    skipped.sort(key=lambda item: int(item["row"]))
    faulty = {row: kind for row, kind in broken.items() if kind is not None}
    present = {cell.column.name for cell in cells}
    counts = {name: statistics[identifier(name)] for name in present}
    filled = {name: int(found["num_values"]) - int(found["null_count"]) for name, found in counts.items()}
    staged = Staged(rows_read=data + len(faulty), present=present, filled=filled, skipped=skipped, broken=faulty)
    if staged.rows_read == 0 and any(item["kind"] == "unfilled" for item in skipped):
        wanted = [feed.column(name).label for name in feed.source.get("skip_empty", ())]
        wanted += ["”或“".join(feed.column(name).label for name in feed.source.get("skip_all_empty", ()))]
        labels = "”和“".join(filter(None, wanted))
        staged.problems.append({"code": "HEADER_ONLY", "message": f"没有一行填写了“{labels}”。请填写后重新报送。"})
    elif staged.rows_read == 0:
        staged.problems.append(
            {"code": "HEADER_ONLY", "message": "文件只有表头，没有数据行。如果本期确实没有数据，请与数据工程师联系。"}
        )
    return staged


def _broken_rows(con: duckdb.DuckDBPyConnection, reading: Reading) -> dict[int, str | None]:
    """Sender's row number → reject code of structurally broken rows; None for a total or footer with its own number of cells.

    The rows' text stays inside DuckDB.
    """
    if not reading.structure_rows:
        return {}
    first_cell = f"trim(split_part(csv_line, {literal(reading.text_delimiter)}, 1), '\" 　')"
    found = con.execute(
        f"SELECT line, error_type, regexp_full_match({first_cell}, {literal(TOTAL_ROW)}) OR regexp_full_match({first_cell}, {literal(FOOTER_ROW)}) "
        f"FROM ({structure_sql(reading)})"
    ).fetchall()
    return {int(row): None if is_footer else BROKEN.get(str(kind), "ROW_STRUCTURE") for row, kind, is_footer in found}


def _thresholds(first_row: int, gaps: list[int]) -> list[int]:
    """For each row without a record, the ordinal of the first record behind it."""
    return [row - first_row - before for before, row in enumerate(row for row in gaps if row >= first_row)]


def rows_sql(folder: Path, *, data_only: bool = True) -> str:
    """SELECT of a batch's staged rows with ``_row``, the sender's row number; ``data_only`` leaves out totals, footers and headers."""
    shape = json.loads((folder / "shape.json").read_text(encoding="ascii"))
    source = f"{parquet_sql(parquet_path(folder, 'rows'), 'file_row_number = true')} AS p"
    ordinal = "p.file_row_number"
    gaps = shape["gaps"]
    if len(gaps) <= MANY_GAPS:
        shift = "".join(f" + CAST({ordinal} >= {threshold} AS INTEGER)" for threshold in gaps)
    else:
        source += (
            f" ASOF LEFT JOIN (SELECT threshold, max(shift) AS shift FROM (SELECT unnest({gaps}) AS threshold, "
            # Neighbouring gaps share a threshold: the last of them counts.
            f"unnest(range(1, {len(gaps) + 1})) AS shift) GROUP BY threshold) AS g ON {ordinal} >= g.threshold"
        )
        shift = " + coalesce(g.shift, 0)"
    row = f"{ordinal} + {shape['first_row']}{shift} AS _row"
    if data_only:
        return f"SELECT p.* EXCLUDE (file_row_number, _skip), {row} FROM {source} WHERE p._skip IS NULL"
    return f"SELECT p.* EXCLUDE (file_row_number), {row} FROM {source}"


def write_rejects(con: duckdb.DuckDBPyConnection, folder: Path, reading: Reading, staged: Staged, rejected: str) -> int:
    """Write ``rejects.parquet`` (_row, reasons, cells) from the table ``rejected``; returns how many rows are in it.

    ``cells`` is the row as the department wrote it: the file is read a second time, and only if anything was rejected.
    """
    rows = parquet_path(folder, "rows")
    target = folder / rows.name.replace("rows", "rejects", 1)
    broken = staged.broken
    count = int((con.execute(f"SELECT count(DISTINCT _row) FROM {rejected}").fetchone() or (0,))[0]) + len(broken)
    if not count:
        for left in folder.glob("rejects*.parquet"):
            left.unlink()
        return 0
    con.execute('CREATE OR REPLACE TEMP TABLE broken_rows (_row BIGINT, code VARCHAR, "column" VARCHAR, rule VARCHAR)')
    if broken:
        con.executemany("INSERT INTO broken_rows VALUES (?, ?, NULL, NULL)", list(broken.items()))
    cells = ", ".join(f"c{index}" for index in range(len(reading.header)))
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE reject_reasons AS SELECT _row, list(struct_pack(code := code, "column" := "column", rule := rule) '
        f'ORDER BY code, "column", rule) AS reasons FROM (FROM {rejected} UNION ALL FROM broken_rows) GROUP BY _row'
    )
    # Ordinal ↔ row comes from the staged file; the texts from the source itself.
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE reject_ordinals AS SELECT r._row, p.ordinal FROM reject_reasons AS r JOIN "
        f"(SELECT _row, row_number() OVER (ORDER BY _row) - 1 AS ordinal FROM ({rows_sql(folder, data_only=False)})) AS p ON p._row = r._row"
    )
    temporary = folder / ".rejects.parquet"
    options = ", ".join(["FORMAT parquet", *encrypted(key_of(target))])
    lines = (
        f" UNION ALL SELECT line, string_split(rtrim(csv_line, '\r\n'), {literal(reading.text_delimiter)}) FROM ({structure_sql(reading)})"
        if broken
        else ""
    )
    con.execute(
        f"COPY (SELECT r._row, r.reasons, t.cells FROM reject_reasons AS r LEFT JOIN ("
        f"  SELECT o._row, s.cells FROM (SELECT row_number() OVER () - 1 AS ordinal, [{cells}] AS cells FROM {reader_sql(reading, rejects=False)}) AS s "
        f"  JOIN reject_ordinals AS o USING (ordinal){lines}) AS t USING (_row) ORDER BY r._row) TO '{temporary}' ({options})"
    )
    put(temporary, target)
    return count
