"""Sheet 退回行: the rows to correct, in the sender's own columns, each with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

from connectors.feed import normalise_header, split_unit
from warehouse.feedback import style
from warehouse.feedback.content import Receipt
from warehouse.feedback.style import Styles, put

OWN_HEADERS = ("行号", "错误原因", "批次号")
REASON_WIDTH = 46
ROWS_PER_SHEET = 1_048_575
# Cells beyond the header, of a row that could not be split: so many of them get a width of their own.
EXTRA_SHOWN = 20


def header_cells(receipt: Receipt) -> tuple[list[int], list[str]]:
    """Indices of the original columns to show, and their headers.

    What an earlier receipt had added is left out. A unit that only a title line stated goes into the header, for the title is
    not in the reject sheet and an amount without its unit would come back ten thousand times too small.
    """
    names = {index: name for name, index in (receipt.reading.get("mapping") or {}).items()}
    units = receipt.reading.get("units") or {}
    ours = {normalise_header(header) for header in OWN_HEADERS}
    is_receipt = normalise_header("错误原因") in {normalise_header(cell) for cell in receipt.header}
    indices, headers = [], []
    for index, cell in enumerate(receipt.header):
        name = names.get(index)
        if name is None and is_receipt and normalise_header(cell) in ours:
            continue
        unit = units.get(name) if name else None
        column = receipt.explainer.columns.get(name or "")
        declared = column.unit if column else None
        if unit and unit != declared and split_unit(normalise_header(cell))[1] is None:
            cell = f"{cell}（{unit}）"
        indices.append(index)
        headers.append(cell)
    return indices, headers


def write(
    book: xlsxwriter.Workbook,
    styles: Styles,
    receipt: Receipt,
    rows: Iterable[tuple[int, list[dict[str, Any]], list[str | None]]],
) -> int:
    """Sheets 退回行, 退回行2 …: the sender's own cells, the bad ones marked; returns the number of rows written. Streams."""
    indices, headers = header_cells(receipt)
    mapping = receipt.reading.get("mapping") or {}
    place = {index: position for position, index in enumerate(indices)}
    explained: dict[tuple[str, str | None, str | None], Any] = {}
    title = f"退回行 {receipt.feed.title if receipt.feed else ''}"
    number = 0
    sheet: Any = None
    widths = [max(9.0, min(style.width(header) + 3, 30)) for header in headers]
    for source_row, reasons, cells in rows:
        if number % ROWS_PER_SHEET == 0:
            sheet = _sheet(book, styles, headers, title, 1 + number // ROWS_PER_SHEET)
        line = number % ROWS_PER_SHEET + 1
        texts, bad = [], set()
        for item in reasons:
            key = (item["code"], item["column"], item["rule"])
            if key not in explained:
                explained[key] = receipt.explainer.explain(*key)
            reason = explained[key]
            texts.append(reason.full)
            bad |= {place[mapping[name]] for name in reason.columns if mapping.get(name) in place}
        texts = list(dict.fromkeys(texts))
        text = (
            texts[0]
            if len(texts) == 1
            else "\n".join(f"{index}. {sentence}" for index, sentence in enumerate(texts, 1))
        )
        sheet.set_row(line, 15 * style.lines(text, REASON_WIDTH) + 3)
        sheet.write_number(line, 0, source_row, styles.row_number)
        put(sheet, line, 1, text, styles.reason)
        put(sheet, line, 2, receipt.batch.get("batch_id"), styles.faint)
        known = cells or []
        for position, index in enumerate(indices):
            value = known[index] if index < len(known) else None
            put(sheet, line, 3 + position, value, styles.bad_cell if position in bad else styles.cell)
            if number < 200 and value:
                widths[position] = max(widths[position], min(style.width(str(value)) + 2, 30))
        for extra, value in enumerate(known[len(receipt.header) :], len(indices)):
            put(sheet, line, 3 + extra, value, styles.bad_cell)
            if extra == len(widths) < EXTRA_SHOWN + len(indices):
                widths.append(max(9.0, min(style.width(str(value or "")) + 2, 30)))
        number += 1
        if number % ROWS_PER_SHEET == 0 or number == 200:
            _widths(sheet, widths)
    if sheet is not None:
        _widths(sheet, widths)
        sheet.autofilter(0, 0, (number - 1) % ROWS_PER_SHEET + 1, 2 + len(indices))
    return number


def _sheet(book: xlsxwriter.Workbook, styles: Styles, headers: Sequence[str], title: str, number: int) -> Any:
    sheet = book.add_worksheet("退回行" if number == 1 else f"退回行{number}")
    style.page(sheet, title, landscape=True)
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 2)
    sheet.set_row(0, 18 * max([1, *(style.lines(header, 30) for header in headers)]) + 8)
    put(sheet, 0, 0, OWN_HEADERS[0], styles.own_head)
    put(sheet, 0, 1, OWN_HEADERS[1], styles.own_head)
    put(sheet, 0, 2, OWN_HEADERS[2], styles.grey_head)
    for position, header in enumerate(headers):
        put(sheet, 0, 3 + position, header, styles.head)
    return sheet


def _widths(sheet: Any, widths: Sequence[float]) -> None:
    sheet.set_column(0, 0, 7)
    sheet.set_column(1, 1, REASON_WIDTH)
    sheet.set_column(2, 2, 18)
    for position, size in enumerate(widths):
        sheet.set_column(3 + position, 3 + position, size)
