"""A text table: recognised by its beginning, scanned to its end.

Delimiter, quote, encoding, header row and feed are the combination whose header fits best; nothing is guessed from the data but
single quotes. Workbooks come this way too, once their sheets are text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connectors import encoding as enc
from connectors import increments, layout, text
from connectors.blocks import Restart
from connectors.feed import Feed
from connectors.layout import Layout
from connectors.reading import Problem, Reading

DELIMITERS = (",", "\t", ";", "|", "^", "~")
DELIMITER_NAMES = {"\t": "制表符", ";": "分号", "|": "竖线", "^": "“^”", "~": "“~”"}
ENCODING_LABELS = {"utf-8": "UTF-8", "gb18030": "GB18030", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
SAMPLE_RECORDS = 300
MAX_COLUMNS = 500
# No title, whatever it is.
_LONG = re.compile(r"\d{11}")


def read_text(
    reading: Reading, path: Path, head: bytes, original_name: str, feeds: Sequence[Feed], workdir: Path, careful: bool
) -> None:
    """Recognise and scan a delivered text file. Raises Problem for what makes the whole file unreadable."""
    reading.suffix = ".csv"
    if original_name.lower().endswith((".xlsx", ".xls", ".xlsm", ".et")):
        reading.notes.append("文件名像工作簿，内容是文本表格，已按 CSV 读取。")
    found = recognise(head, reading.size_bytes <= len(head), feeds)
    # DuckDB reads these once more before staging counts its records, so nothing may be left to that count.
    careful = careful or bool(found.layout.feed.source.get("fill_down"))
    # The header first: whatever the scan then refuses, the file has a feed and all that is wrong with its columns is said.
    describe(reading, found, original_name)
    try:
        scan_text(reading, path, found, workdir, careful)
    except Restart:
        # Only characters that UTF-8 and GB18030 may share stood in the head; the rest of the file has decided.
        plain = replace(found.dialect, encoding="gb18030", bom=0, sure=True)
        scan_text(reading, path, replace(found, dialect=plain), workdir, careful)


@dataclass(frozen=True)
class Found:
    """A table at the beginning of a text; ``lines`` are physical lines, ``ends`` says how many of them each record ends behind."""

    dialect: enc.Dialect
    lines: list[str]
    records: list[list[str]]
    ends: list[int]
    layout: Layout
    line_end: bytes
    line_ends: list[bytes]


def recognise(
    head: bytes,
    complete: bool,
    feeds: Sequence[Feed],
    delimiters: Sequence[str] = DELIMITERS,
    quote: str | None = None,
) -> Found:
    """Encoding, delimiter, quote, header and feed: the combination whose header fits best.

    A feed's pins are tried for that feed only; ``quote`` pins it for all. Raises Problem for a table that no feed knows.
    """
    if not feeds:
        raise Problem("UNKNOWN_HEADER", "本部门还没有约定报送内容。请与数据工程师联系。")
    groups: dict[tuple[str | None, str | None, str | None], list[Feed]] = {}
    for feed in feeds:
        pins = (feed.source.get("encoding"), feed.source.get("delimiter"), feed.source.get("quote", quote))
        groups.setdefault(pins, []).append(feed)
    best: tuple[Any, enc.Dialect, list[str], list[list[str]], list[int], list[Layout]] | None = None
    refused: Problem | None = None
    for (encoding, delimiter, pinned), members in groups.items():
        dialect = enc.head_encoding(head, encoding)
        try:
            lines = enc.head_lines(head, dialect, complete)
        except Problem as problem:
            refused = problem
            continue
        for candidate in (delimiter,) if delimiter else delimiters:
            mark = pinned if pinned is not None else "'" if _single_quoted(lines, candidate) else '"'
            tried = replace(dialect, delimiter=candidate, quote=mark)
            records, ends = enc.head_records(lines, candidate, mark, SAMPLE_RECORDS)
            layouts = layout.find_layouts(records, members)
            widest = max(map(len, records[: layout.TITLE_ROWS]), default=0)
            rank = (layouts[0].is_recognised, layouts[0].rank) if layouts else (False, (0, 0, 0, 0))
            if best is None or (rank, widest) > best[0]:
                best = ((rank, widest), tried, lines, records, ends, layouts)
    if best is None or (refused is not None and not best[0][0][0]):
        assert refused is not None
        raise refused
    _, dialect, lines, records, ends, layouts = best
    if max(map(len, records[: layout.TITLE_ROWS]), default=0) > MAX_COLUMNS:
        raise Problem("TOO_MANY_COLUMNS", f"表格超过 {MAX_COLUMNS} 列，不像是约定的表。请检查导出的格式。")
    try:
        chosen = layout.choose(records, layouts, feeds)
    except Problem:
        _refuse_nul(lines)
        raise
    _refuse_nul(lines[: ends[chosen.header_row - 1]])  # further down the scan finds them
    return Found(dialect, lines, records, ends, chosen, *enc.line_ends(head))


def _single_quoted(lines: Sequence[str], delimiter: str) -> bool:
    """Whether cells stand in single quotes: on nearly every line of the sample's second half, and no double quote beside them.

    Excel's own apostrophe for «text» stands before a cell only, never behind it.
    """
    sample = [line for line in lines[:SAMPLE_RECORDS] if line.strip()]
    sample = sample[len(sample) // 2 :]
    mark = re.escape(delimiter)
    wrapped = re.compile(f"(?:^|{mark})'(?:[^']|'')*'(?={mark}|$)")
    if not sample or not any("'" in line for line in sample) or any('"' in line for line in sample):
        return False
    return sum(wrapped.search(line) is not None for line in sample) >= 0.8 * len(sample)


def _refuse_nul(lines: Sequence[str]) -> None:
    row = next((number for number, line in enumerate(lines, 1) if "\0" in line), None)
    if row is not None:
        raise Problem("NUL_BYTES", f"第 {row} 行附近含有空字节（NUL），文件可能已损坏或不是文本。请重新导出。")


def describe(reading: Reading, found: Found, original_name: str) -> None:
    records, chosen = found.records, found.layout
    sample = records[chosen.header_row :]
    fitted = replace(chosen, header=_fit(chosen.header, sample))
    titles = records[: chosen.header_row - chosen.levels]
    layout.describe(reading, fitted, titles, sample, original_name)
    increments.describe(reading, fitted.feed, titles, original_name)
    levels = records[chosen.header_row - 2 : chosen.header_row] if chosen.levels == 2 else []
    above = [
        row for row in titles if 1 <= sum(bool(cell.strip()) for cell in row) <= 2 and not _LONG.search("".join(row))
    ]
    reading.titles = [
        [" ".join(cell.split()) if "\n" in cell else cell for cell in row[: len(fitted.header)]]
        for row in [*above, *levels]
    ]
    reading.encoding, reading.delimiter, reading.quote = (
        found.dialect.encoding,
        found.dialect.delimiter,
        found.dialect.quote,
    )


def scan_text(reading: Reading, path: Path, found: Found, workdir: Path, careful: bool) -> None:
    """Scan a recognised text to its end and fill in how its records are to be read."""
    dialect = found.dialect
    head_records = found.layout.header_row
    head_lines = found.ends[head_records - 1]
    width = len(reading.header)
    top = found.lines[:head_lines]
    # What DuckDB would have to skip must be plain lines; otherwise only the data records are handed to it.
    odd_top = (
        head_lines != head_records
        or any(dialect.quote and dialect.quote in line and not enc.is_sound(line, dialect) for line in top)
        or set(found.line_ends[:head_lines]) != {found.line_end}
    )
    scanner = text.Scanner(
        path, dialect, workdir, head_lines=head_lines, head_records=head_records, width=width, careful=careful
    )
    scan = scanner.run(found.line_end, rewrite=dialect.encoding != "utf-8" or odd_top)
    reading.sha256, reading.size_bytes = scan.sha256, scan.size
    reading.encoding = dialect.encoding
    reading.text_delimiter, reading.text_quote = dialect.delimiter, dialect.quote
    reading.text_path = str(workdir / "text.csv" if scan.text else path)
    reading.skip = 0 if scan.text else head_lines
    reading.first_row = head_records + 1
    reading.rows = scan.rows
    reading.gaps = scan.gaps
    reading.structure_rows = scan.structure_rows
    reading.structure_path = str(workdir / "structure.csv") if scan.structure_rows else None
    _text_notes(reading, dialect, scan)
    refuse_empty(reading)
    if scan.structure_rows > scan.rows and scan.structure_rows > 2:
        reading.refuse(
            Problem(
                "ROWS_BROKEN",
                f"大部分数据行（{scan.structure_rows} 行）的单元格数与表头（{width} 列）不一致，可能是内容里有没加引号的分隔符。请重新导出。",
            )
        )


def _fit(header: list[str], sample: Sequence[Sequence[str]]) -> list[str]:
    """The header as wide as the data: nameless cells at its end are dropped or added if every sampled row says so."""
    widths = {len(row) for row in sample if any(cell.strip() for cell in row)}
    if len(widths) == 1 and (width := widths.pop()) != len(header):
        if width > len(header) and all(not cell.strip() for row in sample for cell in row[len(header) :]):
            return [*header, *[""] * (width - len(header))]
        if width < len(header) and not any(cell.strip() for cell in header[width:]):
            return header[:width]
    return header


def _text_notes(reading: Reading, dialect: enc.Dialect, scan: text.Scan) -> None:
    label = ENCODING_LABELS.get(dialect.encoding, dialect.encoding)
    delimiter = DELIMITER_NAMES.get(dialect.delimiter)
    reading.notes.insert(0, f"文件编码 {label}" + (f"，以{delimiter}分隔。" if delimiter else "。"))
    if scan.mixed_line_ends:
        reading.notes.append("文件混用了不同的换行符，已统一。")
    if scan.line_breaks:
        reading.notes.append(f"有 {scan.line_breaks} 行的单元格内含换行，已改为空格。")
    if scan.gaps:
        reading.notes.append(f"有 {len(scan.gaps)} 个空行，已跳过。")


def refuse_empty(reading: Reading) -> None:
    if not reading.rows and not reading.structure_rows:
        reading.refuse(Problem("HEADER_ONLY", "文件只有表头，没有数据行。如果本期确实没有数据，请与数据工程师联系。"))
