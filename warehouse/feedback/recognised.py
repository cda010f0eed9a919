"""Sheet 识别说明: what the reader assumed, which columns it took, which rows it left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xlsxwriter

from warehouse.feedback import style
from warehouse.feedback.content import Receipt, as_of
from warehouse.feedback.style import Styles, put

SKIPPED_SHOWN = 500
SKIPPED = {
    "total": "合计、小计行",
    "header": "重复的表头",
    "footer": "表尾（填表人、说明等）",
    "total_or_footer": "合计行或表尾",
    "blank": "空行",
    "unfilled": "没有填写的行",
}


def write(book: xlsxwriter.Workbook, styles: Styles, receipt: Receipt) -> None:
    """Sheet 识别说明: what the reader assumed, which columns it took, which rows it left out."""
    sheet = book.add_worksheet("识别说明")
    widths = (20, 34, 24, 34)
    for index, size in enumerate(widths):
        sheet.set_column(index, index, size)
    style.page(sheet, "识别说明")
    row = style.title(sheet, styles, "识别说明　文件是这样读的，如有不对请与数据工程师联系")
    found, batch = receipt.reading, receipt.batch
    delimiters = {",": "逗号", "\t": "制表符", ";": "分号", "|": "竖线", "，": "全角逗号"}
    facts = [
        (
            "文件种类",
            {"csv": "文本表格（CSV）", "xlsx": "Excel 工作簿"}.get(str(found.get("format")), found.get("format")),
        ),
        ("文字编码", found.get("encoding") if found.get("format") == "csv" else None),
        (
            "分隔符",
            delimiters.get(str(found.get("delimiter")), found.get("delimiter"))
            if found.get("format") == "csv"
            else None,
        ),
        ("工作表", found.get("sheet")),
        ("表头所在行", f"第 {found['header_row']} 行" if found.get("header_row") else None),
        ("数据日期", as_of(batch)),
        ("没有入库的列", "、".join(found.get("undeclared") or []) or "无"),
    ]
    for name, value in facts:
        if value:
            row = style.pair(sheet, styles, row, name, value, widths)
    row += 1
    for heading, entries, form in (
        ("说明", found.get("notes") or [], styles.text),
        ("提醒（不影响接收，请核对）", [_warning(entry) for entry in batch.get("warnings") or []], styles.warning),
    ):
        if entries:
            row = style.section(sheet, styles, row, heading)
            for entry in entries:
                row = style.wide(sheet, row, str(entry), form, sum(widths))
            row += 1
    if receipt.feed and found.get("mapping"):
        row = _mapping(sheet, styles, receipt, row)
    skipped = list(batch.get("skipped") or [])
    if skipped:
        row = style.section(sheet, styles, row, f"跳过的行（共 {len(skipped)} 行）")
        for column, name in enumerate(("行号", "种类")):
            put(sheet, row, column, name, styles.head)
        row += 1
        for item in skipped[:SKIPPED_SHOWN]:
            sheet.write_number(row, 0, int(item["row"]), styles.row_number)
            put(sheet, row, 1, SKIPPED.get(str(item["kind"]), item["kind"]), styles.text)
            row += 1
        if len(skipped) > SKIPPED_SHOWN:
            row = style.wide(sheet, row, f"其余 {len(skipped) - SKIPPED_SHOWN} 行从略。", styles.step, sum(widths))


def _warning(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return str(entry)
    count = entry.get("count") or entry.get("rows")
    return f"{entry.get('message') or entry.get('code')}" + (
        f"（{count} 行，规则 {entry.get('rule')}）" if count else ""
    )


def _mapping(sheet: Any, styles: Styles, receipt: Receipt, row: int) -> int:
    row = style.section(sheet, styles, row, "列的对应")
    for position, name in enumerate(("文件中的列", "平台中的列", "单位", "是否必填")):
        put(sheet, row, position, name, styles.head)
    row += 1
    units = receipt.reading.get("units") or {}
    for name, index in sorted(receipt.reading["mapping"].items(), key=lambda item: int(item[1])):
        column = receipt.explainer.columns.get(name)
        if column is None:
            continue
        put(sheet, row, 0, receipt.header[index] if index < len(receipt.header) else "", styles.text)
        put(sheet, row, 1, column.label, styles.text)
        put(sheet, row, 2, units.get(name) or column.unit or "", styles.text)
        put(sheet, row, 3, "必填" if column.required else "", styles.text)
        row += 1
    return row + 1
