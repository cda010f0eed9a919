"""Which feed a table belongs to and where its header stands; what the title rows say about units and dates.

Works on the first rows of a table (lists of cell texts), whatever kind of file they come from.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.feed import Column, Feed, normalise_header, split_unit
from connectors.reading import Problem, Reading, listed, shown

TITLE_ROWS = 30
# Columns that our own reject sheet adds in front of the department's; they come back with a corrected file.
RECEIPT_HEADERS = {"行号": "row", "错误原因": "reason", "批次号": "batch"}
# Where a row of several sheets or files stood; our own column too.
LOCATION_HEADERS = frozenset({"工作表与行号", "文件与行号"})
# Rows that are no data although they stand among them (SQL regular expressions on whole cells).
TOTAL_ROW = r"[\s　]*(.{0,12}(小计|合计|总计|累计)|合[\s　]*计|小[\s　]*计|总[\s　]*计)[\s　]*[:：]?[\s　]*"
FOOTER_ROW = (
    r"[\s　]*(填表人?|填报人?|制表人?|审核人?|审批人?|负责人|单位负责人|联系人|经办人|备注|说明|注|填报单位|填报日期|打印日期|报送单位)[\s　]*[:：].*"
    r"|[\s　]*(共[\s　]*\d+[\s　]*页[\s　,，]*)?第[\s　]*\d+[\s　]*页([\s　,，/]*共[\s　]*\d+[\s　]*页)?[\s　]*"
)
BATCH_ID = re.compile(r"[0-9a-f]{16}(?:-(?:dup)?\d+)?")
AREA_UNITS = {"m2": "㎡", "平方米": "㎡"}

Rows = Sequence[Sequence[str]]


@dataclass
class Layout:
    """A feed's table found in some rows; ``header_row`` is 1-based, ``mapping`` is column name → index in ``header``."""

    feed: Feed
    header_row: int
    header: list[str]
    mapping: dict[str, int]
    missing: list[str]
    duplicated: dict[str, list[int]]
    units: dict[str, str]
    undeclared: list[int]
    receipt: dict[str, int] = field(default_factory=dict)
    levels: int = 1

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Larger is better: complete before incomplete, then more matches, then fewer strangers, then fewer header levels."""
        return (not self.missing, len(self.mapping), -len(self.undeclared), -self.levels)

    @property
    def is_recognised(self) -> bool:
        required = sum(column.required for column in self.feed.columns)
        filled = len(self.mapping) + len(self.undeclared)
        enough = len(self.mapping) >= 2 or len(self.mapping) == len(self.feed.columns)
        return enough and (not self.missing or 2 * len(self.mapping) >= filled or 2 * len(self.missing) <= required)


def _says_something(column: Column, unit: str) -> bool:
    """Whether a header's unit bracket changes how the numbers are read: (月) behind a count of months does not."""
    if column.type == "money":
        return True
    declared = AREA_UNITS.get(column.unit or "", column.unit)
    return column.type == "number" and declared is not None and AREA_UNITS.get(unit, unit) != declared


@dataclass(frozen=True)
class _Header:
    """A row that may be a header; ``filled``: of each cell with text, by index, how it is compared, the same without its unit, the unit."""

    row: int
    cells: list[str]
    filled: dict[int, tuple[str, str, str | None]]
    levels: int = 1

    @classmethod
    def of(cls, row: int, cells: Sequence[str]) -> _Header:
        plain = ((index, normalise_header(cell)) for index, cell in enumerate(cells) if cell.strip())
        return cls(row, list(cells), {index: (whole, *split_unit(whole)) for index, whole in plain})

    def below(self, upper: _Header) -> _Header:
        """A header over two rows (收入情况 → 工资性收入): the lower cell where there is one, else the one merged down from above."""
        width = max(len(upper.cells), len(self.cells))
        above, below = ([*one.cells, *[""] * (width - len(one.cells))] for one in (upper, self))
        cells = [below[index] if index in self.filled else above[index] for index in range(width)]
        return _Header(self.row, cells, dict(sorted((upper.filled | self.filled).items())), levels=2)


def _match(feed: Feed, header: _Header) -> Layout:
    known = feed.headers
    found: dict[str, list[int]] = {}
    units: dict[str, str] = {}
    undeclared: list[int] = []
    receipt: dict[str, int] = {}
    for index, (whole, bare, unit) in header.filled.items():
        name = known.get(whole) or known.get(bare)
        if name is not None:
            found.setdefault(name, []).append(index)
            if unit is not None and _says_something(feed.column(name), unit):
                units.setdefault(name, AREA_UNITS.get(unit, unit))
        elif whole in RECEIPT_HEADERS and whole not in receipt:
            receipt[whole] = index
        elif whole in LOCATION_HEADERS:
            continue
        else:
            undeclared.append(index)
    if "错误原因" not in receipt:  # without its companion a 行号 or 批次号 is the department's own column
        undeclared = sorted([*undeclared, *receipt.values()])
        receipt = {}
    return Layout(
        feed=feed,
        header_row=header.row,
        header=header.cells,
        mapping={name: indices[0] for name, indices in found.items()},
        missing=[column.name for column in feed.columns if column.required and column.name not in found],
        duplicated={name: indices for name, indices in found.items() if len(indices) > 1},
        units=units,
        undeclared=undeclared,
        receipt=receipt,
        levels=header.levels,
    )


def find_layouts(rows: Rows, feeds: Sequence[Feed], header_row: int | None = None) -> list[Layout]:
    """The best layout of each feed, best feed first; only rows up to TITLE_ROWS (or the pinned one) are tried as header."""
    # Once for all feeds: what the rows say does not depend on whose they are.
    headers = [_Header.of(row, cells) for row, cells in enumerate(rows[:TITLE_ROWS], start=1)]
    best: list[Layout] = []
    for feed in feeds:
        pinned = header_row or feed.source.get("header_row")
        candidates: list[Layout] = []
        for upper, header in zip([None, *headers], headers, strict=False):
            if (pinned and header.row != int(pinned)) or not header.filled:
                continue
            candidates.append(_match(feed, header))
            if candidates[-1].mapping and upper is not None and upper.filled:
                double = _match(feed, header.below(upper))
                if len(double.mapping) > len(candidates[-1].mapping) and not double.duplicated:
                    candidates.append(double)
        if candidates:
            best.append(max(candidates, key=lambda layout: (layout.rank, -layout.header_row)))
    return sorted(best, key=lambda layout: layout.rank, reverse=True)


def choose(rows: Rows, layouts: Sequence[Layout], feeds: Sequence[Feed]) -> Layout:
    """The one layout that fits. Raises Problem UNKNOWN_HEADER or HEADER_AMBIGUOUS."""
    fitting = [layout for layout in layouts if layout.is_recognised]
    if not fitting:
        raise unknown_header(rows, layouts, feeds)
    first, *others = fitting
    if others and others[0].rank == first.rank:
        titles = "”和“".join(layout.feed.title for layout in fitting if layout.rank == first.rank)
        raise Problem("HEADER_AMBIGUOUS", f"表头同时符合“{titles}”，无法判断是哪一种数据。请补上能区分的列。")
    return first


def unknown_header(rows: Rows, layouts: Sequence[Layout], feeds: Sequence[Feed]) -> Problem:
    """What was found and what the nearest feed expects, as a refusal."""
    filled = [
        (index, row) for index, row in enumerate(rows[:TITLE_ROWS]) if sum(bool(cell.strip()) for cell in row) >= 2
    ]
    nearest = layouts[0] if layouts and layouts[0].mapping else None
    if nearest is not None:
        number, header = nearest.header_row, nearest.header
    elif filled:
        number, header = filled[0][0] + 1, list(filled[0][1])
    else:
        number, header = 1, list(rows[0]) if rows else []
    found = f"第 {number} 行是：{listed(header)}" if any(cell.strip() for cell in header) else "没有找到表头"
    if nearest is not None:
        wanted = [column.label for column in nearest.feed.columns if column.required]
        expected = f"最接近的是“{nearest.feed.title}”，它必须有这些列：{'、'.join(wanted)}"
    else:
        expected = "本部门可以报送：" + "；".join(
            f"“{feed.title}”（{'、'.join(column.label for column in feed.columns if column.required)}）"
            for feed in feeds
        )
    return Problem("UNKNOWN_HEADER", f"认不出表头。{found}。{expected}。请按模板的表头重新导出。")


def problems(layout: Layout) -> list[Problem]:
    """Missing and doubled columns of a recognised table, all of them."""
    found: list[Problem] = []
    if layout.missing:
        labels = "、".join(
            f"{layout.feed.column(name).label}（也可写作 {'、'.join(layout.feed.column(name).aliases[1:4])}）"
            if len(layout.feed.column(name).aliases) > 1
            else layout.feed.column(name).label
            for name in layout.missing
        )
        found.append(
            Problem(
                "COLUMN_MISSING",
                f"“{layout.feed.title}”缺少必需的列：{labels}。第 {layout.header_row} 行的表头是：{listed(layout.header)}。",
            )
        )
    for name, indices in layout.duplicated.items():
        headers = "、".join(f"第 {index + 1} 列“{shown(layout.header[index])}”" for index in indices)
        label = layout.feed.column(name).label
        found.append(Problem("COLUMN_DUPLICATED", f"“{label}”出现了 {len(indices)} 次：{headers}。请只保留一列。"))
    return found


# ---- title rows -----------------------------------------------------------------------------------------------------

_UNIT_NOTE = re.compile(r"单\s*位\s*:?\s*(?:人民币)?\s*\(?(亿元|百万元|万元|千元|百元|元)(?![\u4e00-\u9fff])")


def unit_notes(titles: Rows) -> list[str]:
    """Money units that the title rows state (单位：万元), each once; 填报单位：… is an office, not a unit."""
    units: list[str] = []
    for row in titles:
        for cell in row:
            units += [unit for unit in _UNIT_NOTE.findall(unicodedata.normalize("NFKC", cell)) if unit not in units]
    return units


_DIGITS = {character: str(number) for number, character in enumerate("〇一二三四五六七八九")} | {
    "零": "0",
    "○": "0",
    "Ｏ": "0",
}
_CHINESE_DATE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月(?:([一二三四五六七八九十]{1,3})日)?"
)
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:年|[-./])(\d{1,2})(?:月|[-./])(\d{1,2})(?:日|号)?(?!\d)")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?:\d{6}|\d{4})?(?!\d)")
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:年(?=\d{1,2}月)|[-./])(\d{1,2})(?:月份?(?!\d)|(?![\d月日]))(?![-./]\d)")
_COMPACT_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(?!\d)")
_STATED = re.compile(r"(截至|截止|数据(?:截止|统计)?(?:日期|时间)|统计(?:日期|时间|时点)|时点|基准日)")
_NOT_STATED = re.compile(r"(制表|填表|填报|打印|导出|报送|审核|生成)(日期|时间)?[:：]?")


def _number(text: str) -> int:
    """一 … 三十一 as a number."""
    if "十" in text:
        tens, _, ones = text.partition("十")
        return int(_DIGITS.get(tens, "1")) * 10 + int(_DIGITS.get(ones, "0"))
    return int("".join(_DIGITS[character] for character in text))


def _arabic(found: re.Match[str]) -> str:
    year = "".join(_DIGITS[character] for character in found[1])
    return f"{year}年{_number(found[2])}月" + (f"{_number(found[3])}日" if found[3] else "")


def _date(year: str, month: str, day: str | None) -> str | None:
    """ISO date, a month's last day if ``day`` is None; None for a date that does not exist."""
    try:
        last = calendar.monthrange(int(year), int(month))[1]
        return dt.date(int(year), int(month), int(day) if day else last).isoformat()
    except (ValueError, calendar.IllegalMonthError):
        return None


def dates_in(text: str) -> list[str]:
    """Dates written in ``text`` as ISO, whole days first, then months as their last day."""
    text = _CHINESE_DATE.sub(_arabic, unicodedata.normalize("NFKC", text))
    days = [_date(*found.groups()) for pattern in (_DAY, _COMPACT) for found in pattern.finditer(text)]
    months = [
        _date(found[1], found[2], None) for pattern in (_MONTH, _COMPACT_MONTH) for found in pattern.finditer(text)
    ]
    return list(dict.fromkeys(date for date in [*days, *months] if date))


def title_date(titles: Rows) -> tuple[str | None, str | None]:
    """As-of date of the title rows and a note; a date behind 截至 or 数据日期 counts before any other, 制表日期 never."""
    stated: list[str] = []
    other: list[str] = []
    for row in titles:
        text = " ".join(cell.strip() for cell in row if cell.strip())
        for part in re.split(r"[;；\n]|\s{2,}", text):
            marks = [*_STATED.finditer(part), *_NOT_STATED.finditer(part)]
            if not marks:
                other += dates_in(part)
                continue
            marks.sort(key=lambda mark: mark.start())
            before = dates_in(part[: marks[0].start()])
            other += before
            for mark, following in zip(marks, [*marks[1:], None], strict=True):
                found = dates_in(part[mark.end() : following.start() if following else None])
                if mark.re is _STATED:
                    stated += found[:1]
    for dates in (stated, other):
        distinct = list(dict.fromkeys(dates))
        if len(distinct) == 1:
            return distinct[0], None
        if distinct:
            return None, f"标题行中有多个日期（{'、'.join(distinct[:4])}），没有采用。"
    return None, None


def file_name_date(name: str) -> str | None:
    """As-of date in a file name (20190630, 2019-06-30, 2019年6月 → 30 June); None unless there is exactly one."""
    stem = re.split(r"[\\/]", name)[-1]
    dates = dates_in(stem.replace("_", "-") if re.search(r"\d{4}_\d{1,2}_\d{1,2}", stem) else stem)
    return dates[0] if len(dates) == 1 else None


def describe(reading: Reading, layout: Layout, titles: Rows, sample: Rows, original_name: str) -> None:
    """Fill in everything about ``reading`` that header, title rows and file name say; ``sample``: the first data rows."""
    feed = layout.feed
    reading.feed = feed.name
    reading.header_row = layout.header_row
    reading.header = layout.header
    reading.mapping = layout.mapping
    reading.undeclared = [shown(layout.header[index]) for index in layout.undeclared]
    for problem in problems(layout):
        reading.refuse(problem)
    if layout.header_row > 1:
        reading.notes.append(f"表头在第 {layout.header_row} 行，之前的标题行不作为数据。")
    if layout.levels == 2:
        reading.notes.append(f"表头为两行（第 {layout.header_row - 1}、{layout.header_row} 行），取下一级名称。")
    if reading.undeclared:
        reading.notes.append(f"下列列不在约定范围内，没有接收：{listed(reading.undeclared)}。")
    _units(reading, layout, titles)
    _as_of(reading, titles, original_name)
    if "批次号" in layout.receipt:
        _correction(reading, layout.receipt["批次号"], sample)


def _units(reading: Reading, layout: Layout, titles: Rows) -> None:
    reading.units = dict(layout.units)
    notes = unit_notes(titles)
    without = [
        column.name
        for column in layout.feed.columns
        if column.type == "money" and column.name in layout.mapping and column.name not in reading.units
    ]
    if len(notes) > 1 and without:
        reading.refuse(
            Problem(
                "UNIT_AMBIGUOUS",
                f"标题行写了不止一种金额单位（{'、'.join(notes)}）。请在每个金额列的表头用括号写明单位。",
            )
        )
    elif notes:
        reading.units |= dict.fromkeys(without, notes[0])
        if without:
            reading.notes.append(f"标题行注明“单位：{notes[0]}”，未单独写明单位的金额列都按{notes[0]}计算。")
    for name, unit in layout.units.items():
        label = layout.feed.column(name).label
        if unit != (layout.feed.column(name).unit or unit):
            reading.notes.append(f"“{label}”的表头注明单位为{unit}。")


def _as_of(reading: Reading, titles: Rows, original_name: str) -> None:
    reading.as_of, note = title_date(titles)
    if reading.as_of:
        reading.as_of_source = "title"
        reading.notes.append(f"标题行写明的日期是 {reading.as_of}。")
        return
    if note:
        reading.notes.append(note)
    reading.as_of = file_name_date(original_name)
    if reading.as_of:
        reading.as_of_source = "file_name"
        reading.notes.append(f"文件名写明的日期是 {reading.as_of}。")


def _correction(reading: Reading, index: int, sample: Rows) -> None:
    values = {row[index].strip() for row in sample if len(row) > index and row[index].strip()}
    reading.notes.append("“行号”“错误原因”“批次号”是回执添加的列，不作为数据。")
    if len(values) == 1 and BATCH_ID.fullmatch(batch := values.pop()):
        reading.correction_of = batch
    elif values:
        reading.refuse(Problem("CORRECTION_UNKNOWN", "“批次号”列的内容不是同一个批次号。请不要改动回执中的该列。"))
