"""One unit's worklist: a line per clue with what is known, yellow cells for the answer, what was not adopted, and a page that explains it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from warehouse.feedback import forms, style
from warehouse.feedback.forms import FIRST_ROW, band
from warehouse.feedback.style import AMBER, RED, Styles, put

SHEET, UNADOPTED_SHEET = "核查清单", "未采用"


@dataclass(frozen=True)
class Column:
    """A column of the sheet; ``name``: that of the content (also of what is filled in already), empty where only a blank cell is asked."""

    header: str
    width: float
    name: str = ""
    part: str = "请在这里填写"


CLUE = (
    Column("线索编号", 17, "clue_id", "线索"), Column("状态令牌", 17, "token", "线索"), Column("规则", 20, "rule", "线索"),
    Column("等级", 6, "severity", "线索"), Column("办理状态", 15, "state", "线索"), Column("发现日期", 11, "opened_on", "线索"),
    Column("应办日期", 11, "due_date", "线索"),
)  # fmt: skip
KIND = (Column("对象", 12, "subject_kind", "对象"),)
OBJECT = (Column("对象编号", 20, "object_number", "对象"), Column("对象名称", 22, "object_name", "对象"))
PERSON = (
    Column("姓名", 10, "person_name", "对象"), Column("公民身份号码", 21, "masked_id", "对象"), Column("户编号", 17, "household_id", "对象"),
    Column("户主", 10, "head_name", "对象"),
)  # fmt: skip
GROUND = (
    Column("村", 20, "village", "对象"), Column("规则看到的情况", 46, "evidence", "依据"), Column("政策依据", 34, "policy_basis", "依据"),
    Column("已有的答复", 34, "history", "依据"),
)  # fmt: skip
ANSWER = (
    Column("核查结论", 10), Column("整改情况", 10), Column("复核意见", 12), Column("申诉情况", 10), Column("核查人", 11, "verifier_name"),
    Column("核查日期", 13, "verified_date"), Column("复核人", 11), Column("复核日期", 13), Column("核查说明", 32),
)  # fmt: skip
CHOICES = {
    "核查结论": ("属实", "不属实", "待查"),
    "整改情况": ("整改中", "已整改"),
    "复核意见": ("复核通过", "复核不通过"),
    "申诉情况": ("申诉中", "申诉已结"),
}
TOKENS = ("clue_id", "token")
WRAPPED = ("evidence", "policy_basis", "history", "rule")
DATES = ("核查日期", "复核日期")
HOW = (
    "每一行是平台发现的一条疑点，不是结论。请逐条入户或查档核实，在黄色格里选“核查结论”，填核查人、核查日期；不属实的在“核查说明”写明理由。属实的接着填“整改情况”，"
    "已整改的由另一人填“复核意见”“复核人”。没有办的行空着。填好后把本文件放回本单位的报送文件夹。"
)
EXPLANATION = (
    ("这张表是做什么的", (
        "平台用规则比对各部门的数据，找出可能有问题的人、户、贷款、项目，列成疑点线索。线索只是提示：外地就读、证号录错、已经补办，都会让规则误报。",
        "在有人核实并署名以前，任何人的身份和待遇都不因线索而改变。申诉期间，即使线索属实也不得据以退出或停发。",
        "表里只有还没有办结的线索。规则不再发现问题的线索自动消除，不用答复。",
    )),
    ("怎样填", (
        "“核查结论”：属实、不属实、待查（还要继续查）。不属实必须在“核查说明”里写明理由；待查请写明还缺什么。",
        "“整改情况”：属实的线索填整改中或已整改。可以和结论一起填，也可以以后再填。",
        "“复核意见”：线索已整改后，由核查人以外的另一人填复核通过或不通过，并填复核人、复核日期。复核人和核查人是同一人的，复核不算。",
        "“申诉情况”：本人或农户不服的填申诉中，处理完再填申诉已结。申诉中的线索不算逾期、不督办。",
        "“核查人”“核查日期”必须填写。等待复核的行已经填好了核查人，复核人只填复核的几格即可。",
        "“等级”红、橙、黄分别要在发现后 3、10、30 个工作日内作出结论，见“应办日期”。",
        "公民身份号码只显示前四位和后两位，够您与证件核对即可；请不要在表里填写完整号码、银行账号。",
    )),
    ("怎样交回", (
        "存盘，把这个文件放进本单位的报送文件夹，和报送其他数据一样。文件名可以改，不要另存成图片或 PDF。",
        "不必一次填完：没有选任何一项的行按没有填处理，以后还会列出来。几个人可以各填一份副本，分别交回。",
        "请不要改动“线索编号”“状态令牌”和表头；其余各列平台不接收，改了也没有作用。",
        "两个人就同一条线索各交了一份：先收到的算数，后一份列在下一份清单的“未采用”页，请两人商量后在新的清单里再填。",
        "填错了：新的清单还没有出来时，由同一核查人改好原表重新交回；已经出来的，在新的清单里填。",
        "有几份时，以日期最新的一份为准；旧的一份里还没有别人答复过的行，照常交回也算数。",
    )),
    ("保密", (
        "表里有姓名和家庭情况，只发给负责核查的人，不要上传到群里或外网，核查完请删除副本。",
    )),
)  # fmt: skip
UNADOPTED = (
    ("编号", 17), ("规则", 24), ("答复人", 11), ("答复日期", 12), ("答复", 44), ("没有采用的原因", 34), ("线索现在的状态", 16),
)  # fmt: skip


class Looks(forms.Looks):
    """The formats of clues."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        super().__init__(book)
        self.text = self.lined(num_format="@", text_wrap=True, font_size=9)
        self.urgent = self.lined(num_format="@", bold=True, align="center", font_color="#FFFFFF", bg_color=RED)
        self.soon = self.lined(num_format="@", bold=True, align="center", font_color=AMBER)
        self.late = self.lined(num_format="@", bold=True, shrink=True, font_color=RED)


def columns(has_people: bool, has_objects: bool) -> tuple[Column, ...]:
    """The sheet's columns: people and things only where the list has any."""
    return (*CLUE, *KIND, *(PERSON if has_people else ()), *(OBJECT if has_objects else ()), *GROUND, *ANSWER)


def write(
    path: Path, spill: Path, title: str, identity: str, as_of: str, wanted: Sequence[Column], rows: Iterable[Sequence[Any]], count: int,
    unadopted: Iterable[Sequence[Any]],
) -> None:  # fmt: skip
    """Write the list of the unit ``title`` to ``path``.

    ``wanted``: of :func:`columns`; ``rows``: ``count`` times the texts of the columns that have a name, text or None; ``unadopted``: the texts
    of UNADOPTED. ``as_of``: ISO; it stands in the title, from which the reader takes the answers' date. ``identity``: which list it is;
    ``spill``: folder for the writer's temporary files.
    """
    with forms.opened(path, spill, "核查清单", as_of, identity) as book:
        styles, looks = Styles(book), Looks(book)
        _list(book, styles, looks, title, as_of, wanted, rows, count)
        _unadopted(book, styles, looks, list(unadopted))
        forms.explanation(book, styles, "核查清单", EXPLANATION)


def _list(
    book: xlsxwriter.Workbook, styles: Styles, looks: Looks, title: str, as_of: str, wanted: Sequence[Column], rows: Iterable[Sequence[Any]],
    count: int,
) -> None:  # fmt: skip
    sheet = book.add_worksheet(SHEET)
    style.page(sheet, f"核查清单 {title}", landscape=True)
    sheet.set_paper(8)  # A3: what is known and what is asked do not fit on A4 in a size that can be read
    sheet.repeat_rows(FIRST_ROW - 2, FIRST_ROW - 1)
    sheet.freeze_panes(FIRST_ROW, 3)
    for place, column in enumerate(wanted):
        sheet.set_column(place, place, column.width)
    answer = len(wanted) - len(ANSWER)
    sheet.set_row(0, 32)
    put(sheet, 0, 0, f"核查清单　{title}　数据日期 {as_of}　共 {count} 条", styles.title)
    sheet.set_row(1, 36)
    sheet.merge_range(1, 0, 1, 12, "", looks.how)
    put(sheet, 1, 0, HOW, looks.how)
    sheet.set_row(2, 20)
    parts = list(dict.fromkeys(column.part for column in wanted))
    for number, part in enumerate(parts):
        places = [place for place, column in enumerate(wanted) if column.part == part]
        band(sheet, places[0], len(places), part, looks.bands[-1 if part == parts[-1] else number])
    sheet.set_row(3, 20)
    for place, column in enumerate(wanted):
        put(sheet, 3, place, column.header, looks.head)
    cells = [(column, _form(looks, column)) for column in wanted]
    for row, texts in enumerate(rows, FIRST_ROW):
        _row(sheet, looks, row, cells, texts)
    last = max(FIRST_ROW, FIRST_ROW + count - 1)
    sheet.autofilter(3, 0, last, len(wanted) - 1)
    for place, column in enumerate(wanted[answer:], answer):
        if column.header in CHOICES:
            sheet.data_validation(FIRST_ROW, place, last, place, {
                "validate": "list", "source": list(CHOICES[column.header]),
                "error_title": "请从下拉框里选", "error_message": f"{column.header}只能是下拉框里的一项，或者空着。",
            })  # fmt: skip
    _marks(sheet, looks, wanted, last)
    forms.protect(sheet)


def _row(sheet: Any, looks: Looks, row: int, cells: Sequence[tuple[Column, Any]], texts: Sequence[Any]) -> None:
    """``cells``: each column with its format."""
    height, forms_of = 1, {"severity": _severity, "state": _state}
    values = dict(zip([column.name for column, _ in cells if column.name], texts, strict=True))
    for place, (column, form) in enumerate(cells):
        value = values.get(column.name)
        if value and column.name in WRAPPED:
            height = max(height, style.lines(value, column.width * 1.1))
        elif value and column.name in forms_of:
            form = forms_of[column.name](looks, value)
        put(sheet, row, place, value, form)
    sheet.set_row(row, max(21, 13 * height + 4))


def _form(looks: Looks, column: Column) -> Any:
    if column in ANSWER:
        return looks.choose if column.header in CHOICES else looks.date if column.header in DATES else looks.write
    if column.name in TOKENS:
        return looks.token
    return looks.text if column.name in WRAPPED else looks.name if column.name == "person_name" else looks.known


def _severity(looks: Looks, value: str) -> Any:
    return {"红": looks.urgent, "橙": looks.soon}.get(value, looks.known)


def _state(looks: Looks, value: str) -> Any:
    return looks.late if "（" in value else looks.known


def _marks(sheet: Any, looks: Looks, wanted: Sequence[Column], last: int) -> None:
    """Green: answered; red: an answer that lacks what it needs."""
    cell = {
        column.header: f"${xlsxwriter.utility.xl_col_to_name(place)}{FIRST_ROW + 1}"
        for place, column in enumerate(wanted)
    }
    answered = "OR(" + ",".join(f'{cell[name]}<>""' for name in CHOICES) + ")"
    for header, lacks in (
        ("核查人", answered),
        ("核查日期", answered),
        ("复核人", f'{cell["复核意见"]}<>""'),
        ("核查说明", f'{cell["核查结论"]}="不属实"'),
    ):
        place = next(number for number, column in enumerate(wanted) if column.header == header)
        criteria = f'=AND({lacks},{cell[header]}="")'
        sheet.conditional_format(
            FIRST_ROW, place, last, place, {"type": "formula", "criteria": criteria, "format": looks.lacking}
        )
    for header in CHOICES:
        place = next(number for number, column in enumerate(wanted) if column.header == header)
        sheet.conditional_format(
            FIRST_ROW, place, last, place, {"type": "formula", "criteria": f'={cell[header]}<>""', "format": looks.done}
        )


def _unadopted(book: xlsxwriter.Workbook, styles: Styles, looks: Looks, rows: Sequence[Sequence[Any]]) -> None:
    """The answers that do not count; no sheet where all do. Its headers are not those of the list: the workbook is read back."""
    if not rows:
        return
    sheet = book.add_worksheet(UNADOPTED_SHEET)
    style.page(sheet, "未采用的答复", landscape=True)
    for place, (_, width) in enumerate(UNADOPTED):
        sheet.set_column(place, place, width)
    sheet.set_row(0, 32)
    put(sheet, 0, 0, f"没有采用的答复　共 {len(rows)} 份（仅供查看，需要更改请在“{SHEET}”页填写）", styles.title)
    for place, (header, _) in enumerate(UNADOPTED):
        put(sheet, 1, place, header, looks.head)
    for row, texts in enumerate(rows, 2):
        for place, text in enumerate(texts):
            put(sheet, row, place, text, looks.token if place == 0 else looks.text)
    sheet.protect()
