"""How a workbook looks that is filled in: what is known is locked, what is asked is yellow, and a page tells how it goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xlsxwriter

from warehouse.feedback import names, style
from warehouse.feedback.style import BLUE, FONT, GREY, RED, Styles, put

# Title, how to fill in, bands, headers: the rows above the first one that is filled in.
FIRST_ROW = 4
BANDS = ("#2E7D32", "#5E4B9C", "#8A5A00")


class Looks:
    """Formats of a list, beside those of a receipt. ``bands``: of what is known (blue), of three parts beside it, of what is asked (red)."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self.how = self.make(text_wrap=True, font_color="#333333")
        self.bands = [
            self.make(bold=True, font_size=11, font_color="#FFFFFF", bg_color=color, align="center", border=1, border_color="#FFFFFF")
            for color in (BLUE, *BANDS, RED)
        ]  # fmt: skip
        self.head = self.lined(bold=True, bg_color="#EEF2F7", align="center", text_wrap=True)
        self.token = self.lined(font_color=GREY, font_size=8, num_format="@")
        # A village's full name may be longer than its column: smaller letters instead of half of it.
        self.known = self.lined(num_format="@", shrink=True)
        self.name = self.lined(num_format="@", shrink=True, bold=True)
        yellow = {"bg_color": "#FFF9C4", "locked": False, "border": 1, "border_color": "#C9B458"}
        self.choose = self.make(num_format="@", bold=True, align="center", **yellow)
        self.write = self.make(num_format="@", **yellow)
        self.date = self.make(num_format="yyyy-mm-dd", align="center", **yellow)
        self.done = book.add_format({"bg_color": "#D7F0DB"})
        self.lacking = book.add_format({"bg_color": "#F7B7B2"})

    def make(self, **keys: Any) -> Any:
        """A format in the list's font."""
        return self._book.add_format({"font_name": FONT, "font_size": 10, "valign": "vcenter", **keys})

    def lined(self, **keys: Any) -> Any:
        """The same with a thin border."""
        return self.make(border=1, border_color="#D0D5DB", **keys)


@contextmanager
def opened(path: Path, spill: Path, title: str, as_of: str, identity: str) -> Iterator[xlsxwriter.Workbook]:
    """A new workbook at ``path``: text is never a formula or a link. ``as_of``: ISO; ``spill``: folder for the writer's temporary files."""
    options = {
        "constant_memory": True,
        "tmpdir": str(spill),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": title, "created": dt.datetime.fromisoformat(as_of)})
        book.set_custom_property(names.BATCH_PROPERTY, identity)
        yield book


def band(sheet: Any, column: int, width: int, text: str, form: Any) -> None:
    """The heading over ``width`` columns."""
    if width > 1:
        sheet.merge_range(2, column, 2, column + width - 1, "", form)
    put(sheet, 2, column, text, form)


def protect(sheet: Any) -> None:
    """No password: it only keeps a slip of the hand out of what is known."""
    sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})


def explanation(
    book: xlsxwriter.Workbook, styles: Styles, subject: str, sections: Sequence[tuple[str, Sequence[str]]]
) -> None:
    """The page 说明: ``sections`` of numbered sentences about filling in and handing back a ``subject``."""
    sheet = book.add_worksheet("说明")
    style.page(sheet, f"{subject} 说明")
    sheet.set_column(0, 0, 100)
    sheet.set_row(0, 32)
    put(sheet, 0, 0, f"怎样填写和交回{subject}", styles.title)
    row = 1
    for heading, sentences in sections:
        sheet.set_row(row, 26)
        put(sheet, row, 0, heading, styles.section)
        row += 1
        for number, sentence in enumerate(sentences, 1):
            text = f"{number}. {sentence}"
            sheet.set_row(row, 17 * style.lines(text, 97) + 3)
            put(sheet, row, 0, text, styles.step)
            row += 1
    sheet.protect()
