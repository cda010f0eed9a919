"""How a receipt looks, and how foreign text gets into a cell: always as inert text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

CELL_LIMIT = 32_767
CUT = "…（原文过长，此处截断）"
FONT = "Microsoft YaHei"
BLUE, GREEN, AMBER, RED, GREY = "#1F4E79", "#2E7D32", "#B26A00", "#B3261E", "#5F6368"
_BIDI = {0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0x200E, 0x200F}
# C0 characters become their pictures (␀ ␁ …); a line break may stay, it is only layout.
_VISIBLE = (
    {code: 0x2400 + code for code in range(32) if code != 10}
    | {127: 0x2421}
    | dict.fromkeys(_BIDI, 0xFFFD)
    | {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
)
_VISIBLE |= dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)


def inert(value: object) -> str:
    """``value`` as text that a workbook can hold: control characters visible, length within Excel's limit; never interpreted."""
    text = "" if value is None else str(value)
    text = text.translate(_VISIBLE)
    return text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - len(CUT)] + CUT


def put(sheet: Worksheet, row: int, column: int, value: object, style: Format | None = None) -> None:
    """Write text as text: nothing that begins with = + - @ becomes a formula, nothing a link."""
    text = inert(value)
    if text:
        sheet.write_string(row, column, text, style)
    else:
        sheet.write_blank(row, column, None, style)


class _Widths(dict[str, int]):
    """Columns that a character takes, each looked up once."""

    def __missing__(self, character: str) -> int:
        self[character] = 2 if unicodedata.east_asian_width(character) in "WFA" else 1
        return self[character]


_WIDTHS = _Widths()


def width(text: str) -> int:
    """Columns that ``text`` takes: a Chinese character takes two; the longest line counts."""
    return max((sum(map(_WIDTHS.__getitem__, line)) for line in text.split("\n")), default=0)


def lines(text: str, columns: float) -> int:
    """Lines that ``text`` takes when wrapped at ``columns``."""
    return sum(max(1, -(-width(line) // max(int(columns) - 1, 1))) for line in text.split("\n"))


class Styles:
    """The few formats that all sheets share."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        def make(**keys: Any) -> Format:
            return book.add_format({"font_name": FONT, "font_size": 10, "valign": "vcenter", "text_wrap": True, **keys})

        line = {"border": 1, "border_color": "#D0D5DB"}
        self.title = make(font_size=16, bold=True, font_color=BLUE, text_wrap=False)
        self.verdict = {
            color: make(font_size=13, bold=True, font_color="#FFFFFF", bg_color=color, indent=1)
            for color in (GREEN, AMBER, RED, GREY)
        }
        self.section = make(font_size=12, bold=True, font_color=BLUE, bottom=2, bottom_color=BLUE, text_wrap=False)
        self.head = make(bold=True, font_color="#FFFFFF", bg_color=BLUE, align="center", **line)
        self.own_head = make(bold=True, font_color="#FFFFFF", bg_color=RED, align="center", **line)
        self.grey_head = make(font_color="#FFFFFF", bg_color=GREY, align="center", **line)
        self.key = make(bold=True, bg_color="#EEF2F7", **line)
        self.text = make(num_format="@", **line)
        self.number = make(num_format="#,##0", align="center", **line)
        self.row_number = make(num_format="0", align="center", bg_color="#F5F6F8", **line)
        self.reason = make(font_color=RED, bg_color="#FDF1F0", **line)
        self.cell = make(num_format="@", text_wrap=False, **line)
        self.bad_cell = make(
            num_format="@",
            bold=True,
            font_color=RED,
            bg_color="#FFE08A",
            text_wrap=False,
            **{**line, "border_color": "#B26A00"},
        )
        self.faint = make(num_format="@", font_color=GREY, font_size=8, text_wrap=False, **line)
        self.step = make(indent=1)
        self.warning = make(font_color=AMBER, **line)


def page(sheet: Worksheet, title: str, *, landscape: bool = False) -> None:
    """A4, one page wide, numbered."""
    sheet.set_paper(9)
    if landscape:
        sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{title.replace('&', '&&')}&R第 &P 页，共 &N 页")
    sheet.hide_gridlines(2)


def title(sheet: Worksheet, styles: Styles, text: str) -> int:
    """The sheet's title in row 0; like all below it returns the next free row."""
    sheet.set_row(0, 32)
    put(sheet, 0, 0, text, styles.title)
    return 1


def section(sheet: Worksheet, styles: Styles, row: int, text: str) -> int:
    """A heading over four columns."""
    sheet.set_row(row, 24)
    for column in range(4):
        put(sheet, row, column, text if column == 0 else "", styles.section)
    return row + 1


def wide(sheet: Worksheet, row: int, text: str, form: Format, columns: float, line_height: float = 18) -> int:
    """A line over all four columns, as high as its text needs."""
    text = inert(text)
    sheet.set_row(row, line_height * lines(text, columns) + 4)
    sheet.merge_range(row, 0, row, 3, "", form)
    sheet.write_string(row, 0, text, form)
    return row + 1


def pair(sheet: Worksheet, styles: Styles, row: int, name: str, value: object, widths: Sequence[float]) -> int:
    """A name and its value; ``widths``: of the four columns."""
    text = inert(value)
    sheet.set_row(row, 18 * lines(text, sum(widths[1:])) + 2)
    put(sheet, row, 0, name, styles.key)
    sheet.merge_range(row, 1, row, 3, "", styles.text)
    put(sheet, row, 1, text, styles.text)
    return row + 1
