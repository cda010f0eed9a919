"""The three sheets of a receipt: 摘要 (what happened, what to do), 退回行 (the rows to correct), 识别说明 (what was assumed)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter

from connectors.feed import Feed, normalise_header, split_unit
from warehouse.batch import BEIJING
from warehouse.feedback import style
from warehouse.feedback.reasons import Explainer
from warehouse.feedback.style import AMBER, GREEN, GREY, RED, Styles, put

OWN_HEADERS = ("行号", "错误原因", "批次号")
REASON_WIDTH = 46
ROWS_PER_SHEET = 1_048_575
SKIPPED_SHOWN = 500
AS_OF_SOURCES = {
    "column": "取自文件中的数据日期列",
    "title": "取自标题行",
    "file_name": "取自文件名",
    "received": "文件里没有写，按收到文件的日期计",
    "correction": "与所更正的批次相同",
}
SKIPPED = {
    "total": "合计、小计行",
    "header": "重复的表头",
    "footer": "表尾（填表人、说明等）",
    "total_or_footer": "合计行或表尾",
    "blank": "空行",
    "unfilled": "没有填写的行",
}


@dataclass
class Receipt:
    """What the sheets need: the batch, its feed (None if unrecognised), the header, reasons as (code, column, rule, rows, first row)."""

    batch: Mapping[str, Any]
    feed: Feed | None
    header: Sequence[str]
    explainer: Explainer
    reasons: Sequence[tuple[str, str | None, str | None, int, int]] = ()
    reading: Mapping[str, Any] = field(default_factory=dict)

    def count(self, name: str) -> int:
        return int(self.batch.get(name) or 0)


def local_time(text: object) -> str:
    """A ledger time (UTC) as the county's clock shows it."""
    try:
        return (dt.datetime.fromisoformat(str(text)).replace(tzinfo=None) + BEIJING).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return "" if text is None else str(text)


def verdict(receipt: Receipt) -> tuple[str, str, str]:
    """(short word, one plain sentence, colour) of what happened to the delivery."""
    batch = receipt.batch
    read, landed, back = receipt.count("rows_read"), receipt.count("rows_landed"), receipt.count("rows_quarantined")
    match batch.get("state"):
        case "duplicate":
            when = local_time(batch["duplicate_received_at"]) + " " if batch.get("duplicate_received_at") else "以前"
            return (
                "重复报送",
                f"内容与{when}收到的批次 {batch.get('duplicate_of') or ''} 完全相同，没有重复入库，不需要再做什么。",
                GREY,
            )
        case "withdrawn":
            when = local_time(batch.get("withdrawn_at"))
            return "已撤回", f"这个文件已于 {when} 撤回，其中的内容不再算数。同一文件可以重新报送。", GREY
        case "request":
            return "已撤回", f"批次 {batch.get('withdraws')} 已按要求撤回，其中的内容不再算数。", GREEN
        case "blocked" if batch.get("withdraws"):
            return "没有撤回", "没有找到要撤回的报送，什么都没有改变。", RED
        case "blocked":
            return "整批退回", "这个文件没有入库，请按下面的说明改正后重新报送整个文件。", RED
    if back and not landed:
        return "整批退回", f"{read} 行全部有错误，没有一行入库，请改正后重新报送。", RED
    if back:
        return (
            "部分退回",
            f"共 {read} 行，{landed} 行已接收，{back} 行有错误退回。请在“退回行”中改正后重新报送。",
            AMBER,
        )
    return "已接收", f"共 {read} 行，全部接收，不需要再做什么。", GREEN


def summary(book: xlsxwriter.Workbook, styles: Styles, receipt: Receipt) -> None:
    """Sheet 摘要."""
    sheet = book.add_worksheet("摘要")
    batch, feed = receipt.batch, receipt.feed
    widths = (22, 30, 10, 50)
    for index, size in enumerate(widths):
        sheet.set_column(index, index, size)
    title = f"{feed.department_title} · {feed.title}" if feed else "未能识别的文件"
    style.page(sheet, f"数据报送回执 {title}")
    row = _title(sheet, styles, f"数据报送回执　{title}")
    word, sentence, color = verdict(receipt)
    row = _wide(sheet, row, f"{word}：{sentence}", styles.verdict[color], sum(widths), line_height=24)
    row += 1

    facts = [
        ("文件名", batch.get("original_name")),
        ("批次号", batch.get("batch_id")),
        ("收到时间", local_time(batch.get("received_at"))),
        ("数据日期", _as_of(batch)),
    ]
    if batch.get("correction_of"):
        facts.append(("更正的批次", batch["correction_of"]))
    for name, value in facts:
        row = _pair(sheet, styles, row, name, value, widths)
    row += 1
    if batch.get("rows_read") is not None:
        row = _counts(sheet, styles, receipt, row)
    problems = list(batch.get("problems") or receipt.reading.get("problems") or [])
    if problems:
        row = _section(sheet, styles, row, f"{verdict(receipt)[0]}的原因（共 {len(problems)} 条，请一次改完）")
        for number, problem in enumerate(problems, 1):
            row = _wide(
                sheet, row, f"{number}. {problem.get('message') or problem.get('code')}", styles.reason, sum(widths)
            )
        row += 1
    if receipt.reasons:
        row = _reasons(sheet, styles, receipt, row)
    if steps := _steps(receipt):
        row = _section(sheet, styles, row, "怎样改正并重新报送")
        for number, step in enumerate(steps, 1):
            row = _wide(sheet, row, f"{number}. {step}", styles.step, sum(widths), line_height=17)


def _title(sheet: Any, styles: Styles, text: str) -> int:
    sheet.set_row(0, 32)
    put(sheet, 0, 0, text, styles.title)
    return 1


def _section(sheet: Any, styles: Styles, row: int, text: str) -> int:
    sheet.set_row(row, 24)
    for column in range(4):
        put(sheet, row, column, text if column == 0 else "", styles.section)
    return row + 1


def _wide(sheet: Any, row: int, text: str, form: Any, columns: float, line_height: float = 18) -> int:
    """A line over all four columns, as high as its text needs."""
    text = style.inert(text)
    sheet.set_row(row, line_height * style.lines(text, columns) + 4)
    sheet.merge_range(row, 0, row, 3, "", form)
    sheet.write_string(row, 0, text, form)
    return row + 1


def _pair(sheet: Any, styles: Styles, row: int, name: str, value: object, widths: Sequence[float]) -> int:
    text = style.inert(value)
    sheet.set_row(row, 18 * style.lines(text, sum(widths[1:])) + 2)
    put(sheet, row, 0, name, styles.key)
    sheet.merge_range(row, 1, row, 3, "", styles.text)
    put(sheet, row, 1, text, styles.text)
    return row + 1


def _as_of(batch: Mapping[str, Any]) -> str:
    if not batch.get("as_of"):
        return "没有读出"
    source = str(batch.get("as_of_source") or "")
    return f"{batch['as_of']}（{AS_OF_SOURCES.get(source, source)}）" if source else str(batch["as_of"])


def _counts(sheet: Any, styles: Styles, receipt: Receipt, row: int) -> int:
    row = _section(sheet, styles, row, "行数")
    names = [
        ("读取", "rows_read", "文件中的数据行"),
        ("接收", "rows_landed", "通过检查的行"),
        ("退回", "rows_quarantined", "有错误的行，见“退回行”"),
    ]
    names.append(("跳过", "rows_skipped", "合计、表尾、重复表头、空行、没有填写的行，不算数据，见“识别说明”"))
    if receipt.batch.get("state") == "merged":
        names += [
            ("其中新增或变更", "rows_inserted", "入库时新写入的行"),
            ("其中未变", "rows_unchanged", "与库中现有内容相同的行"),
            ("终止的旧记录", "rows_ended", "库中被新内容取代或名单中不再出现的记录"),
        ]
    for name, key, meaning in names:
        sheet.set_row(row, 19)
        put(sheet, row, 0, name, styles.key)
        sheet.write_number(row, 1, receipt.count(key), styles.number)
        sheet.merge_range(row, 2, row, 3, "", styles.text)
        put(sheet, row, 2, meaning, styles.text)
        row += 1
    return row + 1


def _reasons(sheet: Any, styles: Styles, receipt: Receipt, row: int) -> int:
    row = _section(sheet, styles, row, "退回的原因（一行有几处错误时各计一次）")
    for position, name in enumerate(("列", "错误", "行数", "怎样改正")):
        put(sheet, row, position, name, styles.head)
    row += 1
    for code, column, rule, count, first in receipt.reasons:
        reason = receipt.explainer.explain(code, column, rule)
        where = "、".join(receipt.explainer.label(name) for name in reason.columns) or "整行"
        cure = f"{reason.cure}（首见第 {first} 行）"
        height = max(style.lines(where, 22), style.lines(reason.title, 30), style.lines(cure, 50))
        sheet.set_row(row, 17 * height + 3)
        put(sheet, row, 0, where, styles.key)
        put(sheet, row, 1, reason.title, styles.reason)
        sheet.write_number(row, 2, count, styles.number)
        put(sheet, row, 3, cure, styles.text)
        row += 1
    return row + 1


def _steps(receipt: Receipt) -> list[str]:
    batch = receipt.batch
    if batch.get("state") in ("duplicate", "withdrawn", "request") or batch.get("withdraws"):
        return []
    if batch.get("state") == "blocked":
        return [
            "按上面的原因逐条改正原文件（或从业务系统重新导出）。",
            "把整个文件重新放进报送文件夹。文件名可以不变。",
        ]
    if not receipt.count("rows_quarantined"):
        return []
    return [
        "打开“退回行”，黄底红字的是有错误的单元格，左边写着错在哪里、怎样改。",
        "直接在“退回行”里改正。其余单元格不用动；证件号码列已设为文本，可以直接录入。",
        "确实不该报的行可以删去整行。“行号”“错误原因”“批次号”三列请保留，不要改动。",
        "改完存盘，把这个工作簿放回报送文件夹即可，只需报退回的行，已接收的行不用再报。",
    ]


def reject_header(receipt: Receipt) -> tuple[list[int], list[str]]:
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


def rejects(
    book: xlsxwriter.Workbook,
    styles: Styles,
    receipt: Receipt,
    rows: Iterable[tuple[int, list[dict[str, Any]], list[str | None]]],
) -> int:
    """Sheets 退回行, 退回行2 …: the sender's own cells, the bad ones marked; returns the number of rows written. Streams."""
    indices, headers = reject_header(receipt)
    mapping = receipt.reading.get("mapping") or {}
    place = {index: position for position, index in enumerate(indices)}
    explained: dict[tuple[str, str | None, str | None], Any] = {}
    title = f"退回行 {receipt.feed.title if receipt.feed else ''}"
    number = 0
    sheet: Any = None
    widths = [max(9.0, min(style.width(header) + 3, 30)) for header in headers]
    for source_row, reasons, cells in rows:
        if number % ROWS_PER_SHEET == 0:
            sheet = _reject_sheet(book, styles, headers, title, 1 + number // ROWS_PER_SHEET)
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
        for extra, value in enumerate(known[len(receipt.header) :]):
            put(sheet, line, 3 + len(indices) + extra, value, styles.bad_cell)
        number += 1
        if number % ROWS_PER_SHEET == 0 or number == 200:
            _reject_widths(sheet, widths)
    if sheet is not None:
        _reject_widths(sheet, widths)
        sheet.autofilter(0, 0, (number - 1) % ROWS_PER_SHEET + 1, 2 + len(indices))
    return number


def _reject_sheet(book: xlsxwriter.Workbook, styles: Styles, headers: Sequence[str], title: str, number: int) -> Any:
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


def _reject_widths(sheet: Any, widths: Sequence[float]) -> None:
    sheet.set_column(0, 0, 7)
    sheet.set_column(1, 1, REASON_WIDTH)
    sheet.set_column(2, 2, 18)
    for position, size in enumerate(widths):
        sheet.set_column(3 + position, 3 + position, size)


def reading(book: xlsxwriter.Workbook, styles: Styles, receipt: Receipt) -> None:
    """Sheet 识别说明: what the reader assumed, which columns it took, which rows it left out."""
    sheet = book.add_worksheet("识别说明")
    widths = (20, 34, 24, 34)
    for index, size in enumerate(widths):
        sheet.set_column(index, index, size)
    style.page(sheet, "识别说明")
    row = _title(sheet, styles, "识别说明　文件是这样读的，如有不对请与数据工程师联系")
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
        ("数据日期", _as_of(batch)),
        ("没有入库的列", "、".join(found.get("undeclared") or []) or "无"),
    ]
    for name, value in facts:
        if value:
            row = _pair(sheet, styles, row, name, value, widths)
    row += 1
    for heading, entries, form in (
        ("说明", found.get("notes") or [], styles.text),
        ("提醒（不影响接收，请核对）", [_warning(entry) for entry in batch.get("warnings") or []], styles.warning),
    ):
        if entries:
            row = _section(sheet, styles, row, heading)
            for entry in entries:
                row = _wide(sheet, row, str(entry), form, sum(widths))
            row += 1
    if receipt.feed and found.get("mapping"):
        row = _mapping(sheet, styles, receipt, row)
    skipped = list(batch.get("skipped") or [])
    if skipped:
        row = _section(sheet, styles, row, f"跳过的行（共 {len(skipped)} 行）")
        for column, name in enumerate(("行号", "种类")):
            put(sheet, row, column, name, styles.head)
        row += 1
        for item in skipped[:SKIPPED_SHOWN]:
            sheet.write_number(row, 0, int(item["row"]), styles.row_number)
            put(sheet, row, 1, SKIPPED.get(str(item["kind"]), item["kind"]), styles.text)
            row += 1
        if len(skipped) > SKIPPED_SHOWN:
            row = _wide(sheet, row, f"其余 {len(skipped) - SKIPPED_SHOWN} 行从略。", styles.step, sum(widths))


def _warning(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return str(entry)
    count = entry.get("count") or entry.get("rows")
    return f"{entry.get('message') or entry.get('code')}" + (
        f"（{count} 行，规则 {entry.get('rule')}）" if count else ""
    )


def _mapping(sheet: Any, styles: Styles, receipt: Receipt, row: int) -> int:
    row = _section(sheet, styles, row, "列的对应")
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
