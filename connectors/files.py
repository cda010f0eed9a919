"""Reads a delivered file: what it is, whose it is, how its rows are to be read, and every reason to refuse it.

The answer is a :class:`~connectors.reading.Reading`; rows are read by DuckDB with :func:`~connectors.reader.reader_sql`. Content
decides, never the file's name: a CSV called ``.xlsx`` is a CSV. Nothing here raises for a bad file: its problems stand in the
reading, in Chinese, all of them that could be found.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connectors import encoding as enc
from connectors import layout, settings, text, workbook
from connectors.blocks import Restart
from connectors.errors import scrubbed
from connectors.feed import Feed
from connectors.layout import Layout
from connectors.reader import misread, reader_sql, row_number_sql, structure_rejects, structure_sql
from connectors.reading import Problem, Reading, listed, shown

__all__ = [
    "Problem",
    "Reading",
    "inspect_file",
    "misread",
    "read_file",
    "reader_sql",
    "row_number_sql",
    "structure_rejects",
    "structure_sql",
]

DELIMITERS = (",", "\t", ";", "|")
DELIMITER_NAMES = {"\t": "制表符", ";": "分号", "|": "竖线"}
ENCODING_LABELS = {"utf-8": "UTF-8", "gb18030": "GB18030", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
SAMPLE_RECORDS = 300
MAX_COLUMNS = 500
MAX_FILE_BYTES = 20 * 1024**3


@scrubbed
def read_file(
    path: Path, original_name: str, feeds: Sequence[Feed], workdir: Path, *, careful: bool = False
) -> Reading:
    """Recognise ``path`` as a file of one of ``feeds`` (a department's).

    May write ``text.csv`` and ``structure.csv`` into ``workdir`` (mode 0600). ``original_name`` is a label: only a date is looked
    for in it. ``careful``: parse every quoted line (after :func:`~connectors.reader.misread`). Raises TransientError or
    TerminalError for the machine's own failures, with no text of the file in them.
    """
    reading = Reading(size_bytes=path.stat().st_size)
    try:
        if reading.size_bytes > int(settings.number("max_file_bytes", MAX_FILE_BYTES)):
            raise Problem("FILE_TOO_LARGE", f"文件有 {reading.size_bytes / 1024**3:.1f} GB，超过上限。请拆分后报送。")
        with open(path, "rb") as source:
            head = source.read(enc.HEAD_BYTES)
        if len(head) == reading.size_bytes and not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
            raise Problem("EMPTY_FILE", "文件是空的，没有任何内容。请重新导出。")
        reading.suffix = ".bin"  # until the content has shown what it is
        if workbook.is_workbook(head, path):
            _read_workbook(reading, path, original_name, feeds, workdir)
        else:
            _read_text(reading, path, head, original_name, feeds, workdir, careful)
    except Problem as problem:
        reading.refuse(problem)
    if not reading.sha256:
        with open(path, "rb") as source:
            reading.sha256 = hashlib.file_digest(source, "sha256").hexdigest()
    return reading


@scrubbed
def inspect_file(path: Path, feeds: Sequence[Feed]) -> dict[str, Any]:
    """What the reader sees in ``path``, as JSON-able data without any cell of a data row; nothing is consumed or kept."""
    with tempfile.TemporaryDirectory(prefix="fupin-inspect-") as folder:
        reading = read_file(path, path.name, feeds, Path(folder))
    seen = reading.to_json()
    for key in ("text_path", "structure_path", "text_delimiter", "text_quote", "skip"):
        del seen[key]
    feed = next((feed for feed in feeds if feed.name == reading.feed), None)
    seen["header"] = [shown(cell) for cell in reading.header]
    seen["feed_title"] = feed.title if feed else None
    seen["department"] = feed.department if feed else None
    return seen


# ---- text -----------------------------------------------------------------------------------------------------------


def _read_text(
    reading: Reading, path: Path, head: bytes, original_name: str, feeds: Sequence[Feed], workdir: Path, careful: bool
) -> None:
    reading.suffix = ".csv"
    if original_name.lower().endswith((".xlsx", ".xls", ".xlsm", ".et")):
        reading.notes.append("文件名像工作簿，内容是文本表格，已按 CSV 读取。")
    found = _recognise_text(head, reading.size_bytes <= len(head), feeds)
    # The header first: whatever the scan then refuses, the file has a feed and all that is wrong with its columns is said.
    _describe(reading, found, original_name)
    try:
        _scan_text(reading, path, found, workdir, careful)
    except Restart:
        # Only characters that UTF-8 and GB18030 may share stood in the head; the rest of the file has decided.
        plain = replace(found.dialect, encoding="gb18030", bom=0, sure=True)
        _scan_text(reading, path, replace(found, dialect=plain), workdir, careful)


@dataclass(frozen=True)
class _Found:
    """A table at the beginning of a text; ``lines`` are physical lines, ``ends`` says how many of them each record ends behind."""

    dialect: enc.Dialect
    lines: list[str]
    records: list[list[str]]
    ends: list[int]
    layout: Layout
    line_end: bytes
    line_ends: list[bytes]


def _recognise_text(
    head: bytes, complete: bool, feeds: Sequence[Feed], delimiters: Sequence[str] = DELIMITERS
) -> _Found:
    """Encoding, delimiter, header and feed: the combination whose header fits best. A feed's pins are tried for that feed only."""
    if not feeds:
        raise Problem("UNKNOWN_HEADER", "本部门还没有约定报送内容。请与数据工程师联系。")
    groups: dict[tuple[str | None, str | None, str | None], list[Feed]] = {}
    for feed in feeds:
        pins = (feed.source.get("encoding"), feed.source.get("delimiter"), feed.source.get("quote"))
        groups.setdefault(pins, []).append(feed)
    best: tuple[Any, enc.Dialect, list[str], list[list[str]], list[int], list[Layout]] | None = None
    refused: Problem | None = None
    for (encoding, delimiter, quote), members in groups.items():
        dialect = enc.head_encoding(head, encoding)
        try:
            lines = enc.head_lines(head, dialect, complete)
        except Problem as problem:
            refused = problem
            continue
        for candidate in (delimiter,) if delimiter else delimiters:
            tried = replace(dialect, delimiter=candidate, quote='"' if quote is None else quote)
            records, ends = enc.head_records(lines, candidate, tried.quote, SAMPLE_RECORDS)
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
    return _Found(dialect, lines, records, ends, chosen, *enc.line_ends(head))


def _refuse_nul(lines: Sequence[str]) -> None:
    row = next((number for number, line in enumerate(lines, 1) if "\0" in line), None)
    if row is not None:
        raise Problem("NUL_BYTES", f"第 {row} 行附近含有空字节（NUL），文件可能已损坏或不是文本。请重新导出。")


def _describe(reading: Reading, found: _Found, original_name: str) -> None:
    records, chosen = found.records, found.layout
    sample = records[chosen.header_row :]
    fitted = replace(chosen, header=_fit(chosen.header, sample))
    layout.describe(reading, fitted, records[: chosen.header_row - chosen.levels], sample, original_name)
    reading.encoding, reading.delimiter, reading.quote = (
        found.dialect.encoding,
        found.dialect.delimiter,
        found.dialect.quote,
    )


def _scan_text(reading: Reading, path: Path, found: _Found, workdir: Path, careful: bool) -> None:
    """Scan a recognised text to its end and fill in how its records are to be read."""
    dialect = found.dialect
    head_records = found.layout.header_row
    head_lines = found.ends[head_records - 1]
    width = len(reading.header)
    top = found.lines[:head_lines]
    # What DuckDB would have to skip must be plain lines; otherwise only the data records are handed to it.
    odd_top = (
        head_lines != head_records
        or any(dialect.quote and line.count(dialect.quote) % 2 for line in top)
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
    _refuse_empty(reading)
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


def _refuse_empty(reading: Reading) -> None:
    if not reading.rows and not reading.structure_rows:
        reading.refuse(Problem("HEADER_ONLY", "文件只有表头，没有数据行。如果本期确实没有数据，请与数据工程师联系。"))


# ---- workbooks ------------------------------------------------------------------------------------------------------


def _read_workbook(reading: Reading, path: Path, original_name: str, feeds: Sequence[Feed], workdir: Path) -> None:
    reading.format, reading.suffix, reading.encoding = "xlsx", ".xlsx", "utf-8"
    if not original_name.lower().endswith((".xlsx", ".xlsm")):
        reading.notes.append("文件内容是 Excel 工作簿，已按 .xlsx 读取。")
    sheets = workbook.unpack(path, workdir)
    try:
        sheet, found = _choose_sheet(sheets, feeds)
        _describe(reading, found, original_name)
        _scan_text(reading, sheet.path or path, found, workdir, careful=False)
        if reading.text_path == str(sheet.path):
            (workdir / "text.csv").unlink(missing_ok=True)
            sheet.path.rename(workdir / "text.csv")  # type: ignore[union-attr]
            reading.text_path = str(workdir / "text.csv")
    finally:
        for other in sheets:
            if other.path is not None:
                other.path.unlink(missing_ok=True)
        # Of the workbook itself, not of the text that was scanned.
        reading.sha256, reading.size_bytes = "", path.stat().st_size
    reading.suffix, reading.sheet = ".xlsx", sheet.name
    reading.notes[0:1] = [f"读取了工作表“{shown(sheet.name)}”。"] if reading.notes[0].startswith("文件编码") else []
    skipped = [other.name for other in sheets if not other.visible]
    if skipped:
        reading.notes.append(f"隐藏的工作表没有读取：{listed(skipped)}。")
    unread = [other.name for other in sheets if other.visible and other.rows and other is not sheet]
    if unread:
        reading.notes.append(f"下列工作表不是约定的表，没有读取：{listed(unread)}。")
    if sheet.hidden_rows:
        reading.notes.append(f"工作表中有 {sheet.hidden_rows} 个隐藏行，也已作为数据读取。")
    if sheet.empty_formulas:
        reading.notes.append(
            f"有 {sheet.empty_formulas} 个公式单元格没有计算结果，按空白处理。请在 Excel 中打开并保存一次。"
        )


def _choose_sheet(sheets: Sequence[workbook.Sheet], feeds: Sequence[Feed]) -> tuple[workbook.Sheet, _Found]:
    """The one sheet that holds a feed's table. Raises Problem SHEETS_SEVERAL, UNKNOWN_HEADER, …"""
    filled = [sheet for sheet in sheets if sheet.path is not None and sheet.rows]
    if not filled:
        raise Problem("EMPTY_FILE", "工作簿里没有可见的、有内容的工作表。")
    fitting: list[tuple[workbook.Sheet, _Found]] = []
    refused: list[Problem] = []
    for sheet in filled:
        wanted = [feed for feed in feeds if feed.source.get("sheet") in (None, sheet.name)]
        assert sheet.path is not None
        with open(sheet.path, "rb") as source:
            head = source.read(enc.HEAD_BYTES)
        # The text is our own: pins that describe a delivered CSV do not apply to it.
        plain = [
            replace(feed, source={key: feed.source[key] for key in ("kind", "header_row") if key in feed.source})
            for feed in wanted
        ]
        try:
            if plain:
                fitting.append((sheet, _recognise_text(head, len(head) < enc.HEAD_BYTES, plain, delimiters=(",",))))
        except Problem as problem:
            refused.append(problem)
    complete = [(sheet, found) for sheet, found in fitting if not found.layout.missing]
    if len(complete) > 1:
        names = "、".join(f"“{shown(sheet.name)}”" for sheet, _ in complete)
        raise Problem(
            "SHEETS_SEVERAL",
            f"有 {len(complete)} 个工作表都像是要报送的数据：{names}。请合并成一个工作表，或分成几个文件报送。",
        )
    if complete:
        return complete[0]
    if fitting:
        return max(fitting, key=lambda pair: pair[1].layout.rank)
    raise refused[0] if refused else Problem("UNKNOWN_HEADER", "没有找到约定名称的工作表。")
