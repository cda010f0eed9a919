"""Workbooks of every kind: which sheets hold a feed's table, and their rows as one reading."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from connectors import encoding as enc
from connectors import layout, parts, tables, workbook
from connectors.feed import Feed
from connectors.reading import Problem, Reading, listed, shown
from connectors.tables import Found
from connectors.workbook import Sheet

KINDS = {
    "xlsx": "Excel 工作簿（.xlsx）",
    "xlsb": "Excel 二进制工作簿（.xlsb）",
    "xls": "Excel 97-2003 工作簿（.xls）",
    "ods": "OpenDocument 表格（.ods）",
    "html": "网页表格（HTML）",
    "xml": "XML 电子表格 2003",
}
NAMES = {"xlsx": (".xlsx", ".xlsm"), "xls": (".xls", ".et"), "html": (".htm", ".html")}


def read_workbook(
    path: Path, kind: str, original_name: str, feeds: Sequence[Feed], workdir: Path, only: str | None
) -> Reading:
    """Read all sheets of ``path`` that hold one feed's table; texts go to ``workdir``. Raises Problem for an unreadable file.

    Tables of several feeds: nothing but ``several`` is filled in.
    """
    head = Reading(format=kind, suffix=f".{kind}", encoding="utf-8", size_bytes=path.stat().st_size)
    if not original_name.lower().endswith(NAMES.get(kind, (f".{kind}",))):
        head.notes.append(f"文件内容是{KINDS[kind]}，已照此读取。")
    sheets = workbook.unpack(path, workdir, kind)
    try:
        chosen = _choose(sheets, feeds, kind, only)
        several = sorted({found.layout.feed.name for _, found in chosen})
        if len(several) > 1:
            head.several = several
            return head
        reading = _read_sheets(chosen, feeds, original_name, workdir, kind)
    finally:
        for sheet in sheets:
            if sheet.path is not None:
                sheet.path.unlink(missing_ok=True)
    reading.format, reading.suffix, reading.encoding, reading.size_bytes = (
        head.format,
        head.suffix,
        head.encoding,
        head.size_bytes,
    )
    reading.sha256 = ""  # of the workbook itself, not of the text that was scanned
    reading.notes = [*head.notes, *reading.notes, *_sheet_notes(sheets, [sheet for sheet, _ in chosen], only)]
    return reading


def _read_sheets(
    chosen: Sequence[tuple[Sheet, Found]], feeds: Sequence[Feed], original_name: str, workdir: Path, kind: str
) -> Reading:
    feed = next(feed for feed in feeds if feed.name == chosen[0][1].layout.feed.name)
    done: list[parts.Part] = []
    folders: list[Path] = []
    try:
        for number, (sheet, found) in enumerate(chosen):
            folder = workdir / f"sheet-{number}"
            folder.mkdir(mode=0o700, exist_ok=True)
            folders.append(folder)
            reading = Reading(sheet=sheet.name)
            done.append(parts.Part(sheet.name, reading))
            tables.describe(reading, found, original_name)
            assert sheet.path is not None
            try:
                tables.scan_text(reading, sheet.path, found, folder, careful=False)
            except Problem as problem:
                reading.refuse(problem)
            if reading.notes and reading.notes[0].startswith("文件编码"):
                del reading.notes[0]
            parts.refuse_second_table(reading, feeds, folder)
            parts.fill_down(reading, feed, folder)
            _say_hidden(reading, sheet)
        if len(done) > 1:
            return parts.combine(done, feed, "表格" if kind == "html" else "工作表", workdir)
        reading.notes.insert(0, f"读取了工作表“{shown(chosen[0][0].name)}”。")
        parts.adopt(reading, workdir)
        return reading
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def _choose(sheets: Sequence[Sheet], feeds: Sequence[Feed], kind: str, only: str | None) -> list[tuple[Sheet, Found]]:
    """The sheets that hold a feed's table, in their order; of the feed ``only`` if there are several. Raises Problem UNKNOWN_HEADER, EMPTY_FILE, …"""
    filled = [sheet for sheet in sheets if sheet.path is not None and sheet.rows]
    if not filled and kind == "html":
        raise Problem("WORKBOOK_FAKE", f"文件内容是网页，里面没有表格。{workbook.SAVE_AS}")
    if not sheets:
        raise workbook.damaged("没有工作表")
    if not filled:
        raise Problem("EMPTY_FILE", "工作簿里没有可见的、有内容的工作表。")
    fitting: list[tuple[Sheet, Found]] = []
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
                found = tables.recognise(head, len(head) < enc.HEAD_BYTES, plain, delimiters=(",",), quote='"')
                fitting.append((sheet, found))
        except Problem as problem:
            refused.append(problem)
    complete = [pair for pair in fitting if not pair[1].layout.missing]
    if complete:
        # A township's sheet that lost a column must not drop out without a word; a summary that shares a few headers may.
        names = {found.layout.feed.name for _, found in complete}
        names = {only} if only in names else names
        return [
            (sheet, found) for sheet, found in fitting
            if found.layout.feed.name in names and (not found.layout.missing or _is_damaged(found.layout))
        ]  # fmt: skip
    if fitting:
        return [max(fitting, key=lambda pair: pair[1].layout.rank)]
    raise refused[0] if refused else Problem("UNKNOWN_HEADER", "没有找到约定名称的工作表。")


def _is_damaged(found: layout.Layout) -> bool:
    required = sum(column.required for column in found.feed.columns)
    return 2 * len(found.missing) <= required


def _say_hidden(reading: Reading, sheet: Sheet) -> None:
    if sheet.hidden_rows:
        reading.notes.append(f"工作表中有 {sheet.hidden_rows} 个隐藏行，也已作为数据读取。")
    if sheet.empty_formulas:
        reading.notes.append(
            f"有 {sheet.empty_formulas} 个公式单元格没有计算结果，按空白处理。请在 Excel 中打开并保存一次。"
        )


def _sheet_notes(sheets: Sequence[Sheet], read: Sequence[Sheet], only: str | None) -> list[str]:
    notes = []
    hidden = [sheet.name for sheet in sheets if not sheet.visible]
    if hidden:
        notes.append(f"隐藏的工作表没有读取：{listed(hidden)}。")
    unread = [sheet.name for sheet in sheets if sheet.visible and sheet.rows and sheet not in read]
    if unread:
        why = "不属于这种数据，另行处理" if only else "不是约定的表，没有读取"
        notes.append(f"下列工作表{why}：{listed(unread)}。")
    return notes
