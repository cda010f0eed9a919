"""One township's review list: a row per record, its candidates side by side, a drop-down for the answer; and a page that explains it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from warehouse.feedback import forms, style
from warehouse.feedback.forms import FIRST_ROW, band
from warehouse.feedback.style import AMBER, GREY, Styles, put

SHEET = "核对表"
# (header, width) of what is known of the record, of each candidate, and of what the clerk fills in.
RECORD = (
    ("核对编号", 17),
    ("数据来源", 15),
    ("姓名", 10),
    ("出生日期", 12),
    ("性别", 6),
    ("村", 20),
    ("监护人或户主", 14),
)
CANDIDATE = (("姓名", 10), ("出生日期", 12), ("性别", 6), ("村", 20), ("户主", 10), ("公民身份号码", 21))
# Candidates beyond those, a line each.
FURTHER = (("其他候选", 62),)
ANSWER = (("结论", 11), ("另有其人的身份证号", 22), ("核对人", 11), ("核对日期", 13), ("备注", 24))
NOBODY = "无法提供候选"
# Which cell of a candidate is compared with which of the record's. A guardian who is not the head tells nothing.
COMPARED = {0: 2, 1: 3, 2: 4, 3: 5, 4: 6}
DIFFERING = (0, 1, 2, 3)
HOW = (
    "每一行是一条没有可用证件号码的记录，右边是库中可能的人。请核实是哪一个，在黄色的“结论”格里选，再填核对人和核对日期；"
    "知道是候选以外的哪个人，选“另有其人”并填他的身份证号；拿不准的选“不确定”或先空着。绿字与记录相同，橙底与记录不同。填好后把本文件放回报送文件夹。"
)
EXPLANATION = (
    ("这张表是做什么的", (
        "各部门报来的记录里，有些没有身份证号或号码不能用。平台按姓名、出生日期、性别、村、户主找出了可能是同一个人的候选，但把握不够，请人工判断。",
        "判断之后，这条记录的教育、医保、住房等情况才会记到这个人名下；判断错了，会记到别人名下。没有把握时请选“不确定”。",
    )),
    ("怎样填", (
        "先看左边蓝色部分：记录本身写了什么、来自哪一种数据。再看候选1、候选2、候选3（按可能性从大到小排列，可能不足三个）和“其他候选”。",
        "“数据来源”后面注明“线索少”的，记录写得太少，候选只是姓名相同或相近的人；注明“无法提供候选”的，库里找不到姓名相近的人。",
        "绿字：与记录相同。橙底：与记录不同。有一方没有写的不着色。名字同音、少一个字，出生日期差一天或农历公历之差，都可能仍是同一个人。",
        "公民身份号码只显示前四位和后两位，够您与户口簿、身份证核对即可。完整号码只填在黄色的“另有其人的身份证号”一格，别处不要填写。",
        "“结论”从下拉框里选：候选、另有其人、都不是、不确定。您知道是候选以外的哪个人，选“另有其人”，并填他的身份证号；知道候选都不对、但不知道是谁，选“都不是”。",
        "“核对人”必须填写姓名，“核对日期”填年月日，有话写在“备注”。",
    )),
    ("怎样交回", (
        "存盘，把这个文件放进市扶贫办的报送文件夹，和报送其他数据一样。文件名可以改，不要另存成图片或 PDF。",
        "不必一次填完：没有选结论的行按没有填处理，以后会再列出来。几个人可以各填一份副本，分别交回。",
        "请不要改动“核对编号”和表头；其余各列平台不接收，改了也没有作用。",
        "填错了：在同一行改选正确的结论，重新交回即可，以最后交回的为准；改选“不确定”就是撤回原来的结论。",
        "同一乡镇有几份时，以日期最新的一份为准；旧的一份已经填好的也可以照常交回。",
    )),
    ("保密", (
        "表里有姓名和出生日期，只发给负责核对的人，不要上传到群里或外网，核对完请删除副本。",
    )),
)  # fmt: skip


class Looks(forms.Looks):
    """The formats of what is compared."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        super().__init__(book)
        self.same = self.lined(font_color="#1B7A2F", num_format="@", shrink=True)
        self.other = self.lined(font_color=AMBER, bg_color="#FFF1DC", num_format="@", shrink=True)
        self.further = self.lined(num_format="@", font_size=9, text_wrap=True)
        self.nobody = self.lined(font_color=GREY, bg_color="#F0F0F0", shrink=True)


def write(
    path: Path, spill: Path, town: str, identity: str, as_of: str, rows: Iterable[Sequence[Any]], count: int, shown: int
) -> None:
    """Write the list of ``town`` to ``path``.

    ``rows``: ``count`` times the seven texts of a record, its number of candidates, ``shown`` times the six texts of a candidate, and one
    text with a line for each further candidate; all text or None. ``as_of``: ISO; it stands in the title, from which the reader takes
    the answers' date. ``identity``: which list it is; ``spill``: folder for the writer's temporary files.
    """
    with forms.opened(path, spill, "人员核对表", as_of, identity) as book:
        styles, looks = Styles(book), Looks(book)
        _list(book, styles, looks, town, as_of, rows, count, shown)
        forms.explanation(book, styles, "人员核对表", EXPLANATION)


def _list(
    book: xlsxwriter.Workbook, styles: Styles, looks: Looks, town: str, as_of: str, rows: Iterable[Sequence[Any]], count: int, shown: int
) -> None:  # fmt: skip
    sheet = book.add_worksheet(SHEET)
    style.page(sheet, f"人员核对表 {town}", landscape=True)
    sheet.set_paper(8)  # A3: three candidates do not fit on A4 in a size that can be read
    sheet.repeat_rows(FIRST_ROW - 2, FIRST_ROW - 1)
    sheet.freeze_panes(FIRST_ROW, 3)
    columns = [*RECORD, *CANDIDATE * shown, *FURTHER, *ANSWER]
    for place, (_, size) in enumerate(columns):
        sheet.set_column(place, place, size)
    answer = len(columns) - len(ANSWER)
    sheet.set_row(0, 32)
    put(sheet, 0, 0, f"人员核对表　{town}　数据日期 {as_of}　共 {count} 条", styles.title)
    sheet.set_row(1, 36)
    # As wide as a screen, so that it can be read without scrolling.
    sheet.merge_range(1, 0, 1, len(RECORD) + len(CANDIDATE) - 1, "", looks.how)
    put(sheet, 1, 0, HOW, looks.how)
    sheet.set_row(2, 20)
    band(sheet, 0, len(RECORD), "报来的记录", looks.bands[0])
    for number in range(shown):
        band(sheet, len(RECORD) + number * len(CANDIDATE), len(CANDIDATE), f"候选{number + 1}", looks.bands[number + 1])
    put(sheet, 2, answer - 1, "", looks.bands[0])
    band(sheet, answer, len(ANSWER), "请在这里填写", looks.bands[-1])
    sheet.set_row(3, 20)
    for place, (header, _) in enumerate(columns):
        put(sheet, 3, place, header, looks.head)
    row = FIRST_ROW
    for row, texts in enumerate(rows, FIRST_ROW):
        sheet.set_row(row, max(21, 14 * (1 + str(texts[-1] or "").count("\n"))))
        _row(sheet, looks, row, texts, shown, answer)
    last = FIRST_ROW + count - 1
    sheet.autofilter(3, 0, last, len(columns) - 1)
    first, cell = FIRST_ROW + 1, xlsxwriter.utility.xl_col_to_name
    sheet.conditional_format(
        FIRST_ROW, answer + 2, last, answer + 2,
        {"type": "formula", "criteria": f'=AND(${cell(answer)}{first}<>"",${cell(answer + 2)}{first}="")', "format": looks.lacking},
    )  # fmt: skip
    sheet.conditional_format(
        FIRST_ROW, answer + 1, last, answer + 1,
        {"type": "formula", "criteria": f'=(${cell(answer)}{first}="另有其人")<>(${cell(answer + 1)}{first}<>"")', "format": looks.lacking},
    )  # fmt: skip
    sheet.conditional_format(
        FIRST_ROW, answer, last, answer,
        {"type": "formula", "criteria": f'=${cell(answer)}{first}<>""', "format": looks.done},
    )  # fmt: skip
    forms.protect(sheet)


def _row(sheet: Any, looks: Looks, row: int, texts: Sequence[Any], shown: int, answer: int) -> None:
    record, options, candidates = texts[: len(RECORD)], int(texts[len(RECORD)]), texts[len(RECORD) + 1 : -1]
    for place, text in enumerate(record):
        put(sheet, row, place, text, looks.token if place == 0 else looks.name if place == 2 else looks.known)
    for number in range(shown):
        for place in range(len(CANDIDATE)):
            text = candidates[number * len(CANDIDATE) + place]
            stated = record[COMPARED[place]] if place in COMPARED else None
            form = looks.known
            if number >= options:
                form = looks.nobody
                text = NOBODY if options == 0 and number == 0 and place == 0 else None
            elif text and text == stated:
                form = looks.same
            elif text and stated and place in DIFFERING:
                form = looks.other
            put(sheet, row, len(RECORD) + number * len(CANDIDATE) + place, text, form)
    put(sheet, row, answer - 1, texts[-1], looks.further)
    for place, form in enumerate((looks.choose, looks.write, looks.write, looks.date, looks.write)):
        sheet.write_blank(row, answer + place, None, form)
    sheet.data_validation(row, answer, row, answer, {
        "validate": "list", "source": [*(f"候选{number + 1}" for number in range(options)), "另有其人", "都不是", "不确定"],
        "error_title": "请从下拉框里选", "error_message": "结论只能是下拉框里的一项；没有把握请选“不确定”，或者空着。",
    })  # fmt: skip
