"""Sheet 摘要: what happened to the delivery, why, and what to do now."""

from __future__ import annotations

from typing import Any

import xlsxwriter

from warehouse.feedback import style
from warehouse.feedback.content import Receipt, as_of, local_time, verdict
from warehouse.feedback.style import Styles, put


def write(book: xlsxwriter.Workbook, styles: Styles, receipt: Receipt) -> None:
    """Sheet 摘要."""
    sheet = book.add_worksheet("摘要")
    batch, feed = receipt.batch, receipt.feed
    widths = (22, 30, 10, 50)
    for index, size in enumerate(widths):
        sheet.set_column(index, index, size)
    title = f"{feed.department_title} · {feed.title}" if feed else "未能识别的文件"
    style.page(sheet, f"数据报送回执 {title}")
    row = style.title(sheet, styles, f"数据报送回执　{title}")
    word, sentence, color = verdict(receipt)
    row = style.wide(sheet, row, f"{word}：{sentence}", styles.verdict[color], sum(widths), line_height=24)
    row += 1

    facts = [
        ("文件名", batch.get("original_name")),
        ("批次号", batch.get("batch_id")),
        ("收到时间", local_time(batch.get("received_at"))),
        ("数据日期", as_of(batch)),
    ]
    if batch.get("correction_of"):
        facts.append(("更正的批次", batch["correction_of"]))
    if receipt.reading.get("delta"):
        facts.append(("报送范围", "增量：只更新列出的记录，未列出的记录不视为减少"))
    for name, value in facts:
        row = style.pair(sheet, styles, row, name, value, widths)
    row += 1
    if batch.get("rows_read") is not None:
        row = _counts(sheet, styles, receipt, row)
    problems = list(batch.get("problems") or receipt.reading.get("problems") or [])
    if problems:
        row = style.section(sheet, styles, row, f"{verdict(receipt)[0]}的原因（共 {len(problems)} 条，请一次改完）")
        for number, problem in enumerate(problems, 1):
            row = style.wide(
                sheet, row, f"{number}. {problem.get('message') or problem.get('code')}", styles.reason, sum(widths)
            )
        row += 1
    if receipt.reasons:
        row = _reasons(sheet, styles, receipt, row)
    if steps := _steps(receipt):
        row = style.section(sheet, styles, row, "怎样改正并重新报送")
        for number, step in enumerate(steps, 1):
            row = style.wide(sheet, row, f"{number}. {step}", styles.step, sum(widths), line_height=17)


def _counts(sheet: Any, styles: Styles, receipt: Receipt, row: int) -> int:
    row = style.section(sheet, styles, row, "行数")
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
    row = style.section(sheet, styles, row, "退回的原因（一行有几处错误时各计一次）")
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
