"""Several tables of one feed become one batch: a sheet per township, a file per township in a zip.

Rows are numbered on: the first part keeps its own numbers, each further part follows behind the last. So that a receipt stays
clear, every row carries where it stood («沟帮子镇 第 5 行») in a column of its own, and the notes say which numbers belong
to which part. DuckDB does the writing; a part's texts are clean by then.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors import layout
from connectors.feed import Feed
from connectors.reader import reader_sql, row_number_sql, structure_rejects, structure_sql
from connectors.reading import Problem, Reading, shown

# What the parts must not contradict each other in.
_SINGULAR = {"as_of": "数据日期", "correction_of": "批次号"}


@dataclass
class Part:
    """One table, read by itself; ``label`` is its sheet or file name."""

    label: str
    reading: Reading


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def adopt(reading: Reading, workdir: Path, source: Path | None = None) -> None:
    """Move the texts of ``reading`` into ``workdir`` under their fixed names; ``source``: what stays where it is."""
    if reading.text_path and Path(reading.text_path) != source:
        Path(reading.text_path).replace(workdir / "text.csv")
        reading.text_path = str(workdir / "text.csv")
    if reading.structure_path:
        Path(reading.structure_path).replace(workdir / "structure.csv")
        reading.structure_path = str(workdir / "structure.csv")


def connection(workdir: Path) -> duckdb.DuckDBPyConnection:
    """A small DuckDB of our own that keeps file order and spills beside the file."""
    spill = workdir / ".spill"
    return duckdb.connect(config={"threads": 1, "memory_limit": "1GB", "temp_directory": str(spill)})


def copy(con: duckdb.DuckDBPyConnection, sql: str, target: Path, delimiter: str = ",") -> None:
    """Write a SELECT of text columns as headerless CSV that the reader takes back unchanged, mode 0600."""
    target.touch(mode=0o600)
    dialect = f"DELIMITER {literal(delimiter)}, QUOTE '\"', ESCAPE '\"'"
    con.execute(f"COPY ({sql}) TO {literal(str(target))} (FORMAT csv, HEADER false, {dialect}, USE_TMP_FILE false)")
    target.chmod(0o600)


def numbered(con: duckdb.DuckDBPyConnection, reading: Reading) -> str:
    """SELECT of the data records ``c0`` … with ``_n`` (place in the file, from 0) and ``_row`` (sender's row number)."""
    source = f"(SELECT *, row_number() OVER () - 1 AS _n FROM {reader_sql(reading, rejects=False)})"
    return row_number_sql(reading, source, "_n", [row for row, _ in structure_rejects(con, reading)])


def last_row(reading: Reading) -> int:
    """The last row number of a part's data."""
    blanks = sum(row >= reading.first_row for row in reading.gaps)
    return reading.first_row + reading.rows + blanks + reading.structure_rows - 1


def combine(parts: Sequence[Part], feed: Feed, kind: str, workdir: Path) -> Reading:
    """One reading of all ``parts`` (all of ``feed``), its text in ``workdir``; ``kind`` is 工作表 or 文件.

    Every problem of a part stands in the result, with the part's name.
    """
    first = parts[0].reading
    whole = Reading(
        feed=feed.name, format=first.format, suffix=first.suffix, encoding="utf-8", header_row=first.header_row,
        first_row=first.first_row, sheet="、".join(shown(part.label) for part in parts[:20]),
    )  # fmt: skip
    names = [
        feed_column
        for part in parts
        for feed_column in sorted(part.reading.mapping, key=part.reading.mapping.__getitem__)
    ]
    names = list(dict.fromkeys(names))
    whole.mapping = {name: place for place, name in enumerate(names)}
    whole.header = [
        next(part.reading.header[part.reading.mapping[name]] for part in parts if name in part.reading.mapping)
        for name in names
    ] + [f"{kind}与行号"]
    for part in parts:
        for problem in part.reading.problems:
            if problem["code"] != "HEADER_ONLY":
                whole.refuse(Problem(problem["code"], f"{kind}“{shown(part.label)}”：{problem['message']}"))
    _agree(whole, parts, kind)
    whole.undeclared = list(dict.fromkeys(cell for part in parts for cell in part.reading.undeclared))
    whole.notes = _notes(parts, kind)
    if not any(part.reading.rows or part.reading.structure_rows for part in parts) and not whole.problems:
        whole.refuse(
            Problem("HEADER_ONLY", f"每个{kind}都只有表头，没有数据行。如果本期确实没有数据，请与数据工程师联系。")
        )
    if not whole.problems:
        _write(whole, parts, names, workdir)
        whole.notes += [
            f"{kind}“{part['label']}”的数据行编为第 {part['first']}–{part['last']} 行（原第 {part['source_first']} 行起）。"
            for part in whole.parts
        ]
    return whole


def _agree(whole: Reading, parts: Sequence[Part], kind: str) -> None:
    """Units and dates that the parts state must be one and the same; nothing is converted behind a department's back."""
    for part in parts:
        for name, unit in part.reading.units.items():
            whole.units.setdefault(name, unit)
    for part in parts:
        differing = [name for name in part.reading.mapping if part.reading.units.get(name) != whole.units.get(name)]
        if differing:
            message = f"各{kind}的金额单位不同（{kind}“{shown(part.label)}”与其他{kind}不一致）。请统一单位后重新报送。"
            whole.refuse(Problem("UNIT_AMBIGUOUS", message))
            break
    for attribute, title in _SINGULAR.items():
        found = {getattr(part.reading, attribute) for part in parts} - {None}
        if len(found) > 1:
            whole.refuse(Problem("PARTS_DIFFER", f"各{kind}的{title}不同。请统一，或分开报送。"))
        elif found:
            setattr(whole, attribute, found.pop())
    whole.delta = all(part.reading.delta for part in parts)
    if not whole.delta and any(part.reading.delta for part in parts):
        whole.refuse(Problem("PARTS_DIFFER", f"有的{kind}注明是增量，有的没有。请分开报送。"))
    whole.as_of_source = next((part.reading.as_of_source for part in parts if part.reading.as_of), None)


def _notes(parts: Sequence[Part], kind: str) -> list[str]:
    notes = [f"共读取 {len(parts)} 个{kind}，合并为一批；行号连续编排，每行最后一列写明原来的{kind}和行号。"]
    common = set(parts[0].reading.notes).intersection(*(part.reading.notes for part in parts))
    notes += [note for note in parts[0].reading.notes if note in common]
    for part in parts:
        notes += [f"{kind}“{shown(part.label)}”：{note}" for note in part.reading.notes if note not in common]
        if not part.reading.rows and not part.reading.structure_rows:
            notes.append(f"{kind}“{shown(part.label)}”只有表头，没有数据行。")
    return notes


def _write(whole: Reading, parts: Sequence[Part], names: Sequence[str], workdir: Path) -> None:
    """``text.csv`` and ``structure.csv`` of all parts, one behind the other."""
    target, broken = workdir / "text.csv", workdir / "structure.csv"
    piece = workdir / ".piece.csv"
    for path in (target, broken):
        path.unlink(missing_ok=True)
    next_row = parts[0].reading.first_row
    with connection(workdir) as con, open(_private(target), "ab") as text, open(_private(broken), "ab") as structure:
        for part in parts:
            reading = part.reading
            if not reading.rows and not reading.structure_rows:
                continue
            shift = next_row - reading.first_row
            own = "NULL" if not reading.parts else f"c{len(reading.header) - 1}"
            where = f"{literal(shown(part.label))} || ' ' || coalesce({own}, '第 ' || _row || ' 行')"
            cells = [f"c{reading.mapping[name]}" if name in reading.mapping else "NULL" for name in names]
            copy(con, f"SELECT {', '.join(cells)}, {where} FROM ({numbered(con, reading)}) ORDER BY _n", piece)
            _append(piece, text)
            whole.rows += reading.rows
            whole.gaps += [row + shift for row in reading.gaps if row >= reading.first_row]
            if reading.structure_rows:
                line = f"replace(csv_line, {literal(reading.text_delimiter)}, ',')"
                copy(
                    con,
                    f"SELECT line + {shift}, error_type, {line} FROM ({structure_sql(reading)}) ORDER BY line",
                    piece,
                )
                _append(piece, structure)
                whole.structure_rows += reading.structure_rows
            whole.parts.append({
                "label": shown(part.label), "first": next_row, "last": last_row(reading) + shift, "source_first": reading.first_row,
            })  # fmt: skip
            next_row = last_row(reading) + shift + 1
    shutil.rmtree(workdir / ".spill", ignore_errors=True)
    whole.text_path = str(target)
    if whole.structure_rows:
        whole.structure_path = str(broken)
    else:
        broken.unlink()


def _private(path: Path) -> Path:
    path.touch(mode=0o600)
    return path


def _append(piece: Path, target: object) -> None:
    with open(piece, "rb") as source:
        shutil.copyfileobj(source, target, 1 << 20)  # type: ignore[arg-type]
    piece.unlink()


# ---- one table ------------------------------------------------------------------------------------------------------


def fill_down(reading: Reading, feed: Feed, workdir: Path) -> None:
    """Give blank cells of the columns that the feed allows the value of the row above, as merged cells mean it.

    Never across a blank or broken row, nor from or into a total or footer: there the cell stays blank.
    """
    allowed = [name for name in feed.source.get("fill_down", ()) if name in reading.mapping]
    others = [
        f"c{reading.mapping[column.name]}" for column in feed.columns
        if column.required and column.name in reading.mapping and column.name not in allowed
    ]  # fmt: skip
    if not allowed or not reading.rows or reading.problems:
        return
    every = [f"c{index}" for index in range(len(reading.header))]
    filled = {reading.mapping[name] for name in allowed}
    headers = " AND ".join(f"c{index} IS DISTINCT FROM {literal(reading.header[index])}" for index in sorted(filled))
    data = " OR ".join(f"{cell} IS NOT NULL" for cell in others) or "true"
    no_total = " AND ".join(
        f"NOT coalesce(regexp_full_match({cell}, {literal(layout.TOTAL_ROW)}) OR regexp_full_match({cell}, {literal(layout.FOOTER_ROW)}), false)"
        for cell in every[:6]
    )
    group = "sum(CAST(NOT _data OR _row <> coalesce(_before, 0) + 1 AS INTEGER)) OVER (ORDER BY _n)"
    with connection(workdir) as con:
        source = numbered(con, reading)
        marked = f"SELECT *, ({data}) AND {headers} AND {no_total} AS _data, lag(_row) OVER (ORDER BY _n) AS _before FROM ({source})"
        grouped = f"SELECT *, {group} AS _group FROM ({marked})"
        cells = [
            f"CASE WHEN _data THEN coalesce({cell}, last_value(CASE WHEN _data THEN {cell} END IGNORE NULLS) OVER same) ELSE {cell} END AS {cell}"
            if index in filled
            else cell
            for index, cell in enumerate(every)
        ]
        done = f"SELECT {', '.join(cells)}, _n FROM ({grouped}) WINDOW same AS (PARTITION BY _group ORDER BY _n ROWS UNBOUNDED PRECEDING)"
        counts = con.execute(
            f"SELECT {', '.join(f'count(f.c{index}) - count(s.c{index})' for index in sorted(filled))} FROM ({done}) AS f JOIN ({source}) AS s USING (_n)"
        ).fetchone()
        if counts and any(counts):
            piece = workdir / ".filled.csv"
            copy(con, f"SELECT {', '.join(every)} FROM ({done}) ORDER BY _n", piece, reading.text_delimiter)
            piece.replace(workdir / "text.csv")
            reading.text_path, reading.skip, reading.text_quote = str(workdir / "text.csv"), 0, '"'
    shutil.rmtree(workdir / ".spill", ignore_errors=True)
    for index, count in zip(sorted(filled), counts or (), strict=False):
        if count:
            reading.notes.append(f"“{shown(reading.header[index])}”有 {count} 个空单元格（合并单元格）按上一行填充。")


def refuse_second_table(reading: Reading, feeds: Sequence[Feed], workdir: Path) -> None:
    """A different header further down begins another table: its rows would land under the wrong columns."""
    if not reading.rows or reading.problems:
        return
    cells = [f"c{index}" for index in sorted(reading.mapping.values())[:4]]
    aliases = ", ".join(literal(alias) for feed in feeds for column in feed.columns for alias in column.aliases)
    with connection(workdir) as con:
        likely = " OR ".join(f"{cell} IN ({aliases})" for cell in cells)
        every = ", ".join(f"coalesce(c{index}, '')" for index in range(len(reading.header)))
        found = con.execute(
            f"SELECT _row, [{every}] FROM ({numbered(con, reading)}) WHERE {likely} LIMIT 1000"
        ).fetchall()
    for row, header in found:
        other = layout.find_layouts([header], feeds, header_row=1)
        if other and not other[0].missing and (other[0].feed.name, other[0].mapping) != (reading.feed, reading.mapping):
            message = f"第 {row} 行另有一个表头，与第 {reading.header_row} 行的列不同，像是两张表放在了一起。请分成两个工作表或文件报送。"
            reading.refuse(Problem("TABLES_SEVERAL", message))
            return
