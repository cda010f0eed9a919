"""Does a file say that it holds only what changed (增量)? Then nobody who is not in it is gone.

A full list has no mark; a file is taken as a delta only for one of a few words in its name, its sheet's name or a title row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from connectors.feed import Feed
from connectors.layout import FOOTER_ROW, Rows
from connectors.reading import Reading, shown

MARK = re.compile(r"增量|变更表|变动表|新增名单")
# «全量（含增量）», «存量和增量»: a full list. Who leaves cannot be told by naming him: such a table needs somebody's eyes.
AGAINST = re.compile(r"全量|存量|增减|减少|退出|注销")
# A longer cell is an instruction to whoever fills in the table.
TITLE_CHARACTERS = 40
_FOOTER = re.compile(FOOTER_ROW)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _titles(titles: Rows) -> Iterable[str]:
    for row in titles:
        cells = [cell for cell in row if cell.strip()]
        if len(cells) <= 2:
            yield from (cell for cell in cells if len(cell) <= TITLE_CHARACTERS and not _FOOTER.fullmatch(cell))


def describe(reading: Reading, feed: Feed, titles: Rows, original_name: str) -> None:
    """Fill in ``delta`` and say so. Feeds that are no full lists have no use for it: what they do not name stays in any case."""
    if feed.mode != "snapshot":
        return
    places = [
        ("文件名", original_name),
        ("工作表名", reading.sheet or ""),
        *(("标题行", cell) for cell in _titles(titles)),
    ]
    said = [(place, found.group()) for place, text in places if (found := MARK.search(_plain(text)))]
    against = [found.group() for _, text in places if (found := AGAINST.search(_plain(text)))]
    if not said:
        return
    place, word = said[0]
    if against:
        reading.notes.append(
            f"{place}注明“{word}”，但同时写了“{against[0]}”，没有按增量处理。增量文件只能列出新增和变更的记录。"
        )
        return
    take(reading, place, word)


def take(reading: Reading, place: str, word: str) -> None:
    """Take the table as a delta, because ``place`` says ``word``."""
    reading.delta = True
    reading.notes.append(f"按增量处理：{place}注明“{shown(word)}”，只更新列出的记录，未列出的记录不视为减少。")
