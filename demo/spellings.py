"""The harmless dirt of real files: other ways to write a cell, which must land silently.

A :class:`Spelling` is an SQL expression over the canonical columns of one row. A row carries at most one spelling or
fault (``faults.py``), so the truth about it is unambiguous.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.feed import Column, Feed
from demo.layouts import Layout, date_sql, house_style, label_sql, ratio_sql, wan_sql

FULL_WIDTH = "'0123456789X.', '０１２３４５６７８９Ｘ．'"


@dataclass(frozen=True)
class Spelling:
    """A harmless way to write a cell: where ``condition`` holds the cell becomes ``value``."""

    column: str
    kind: str
    condition: str
    value: str


def spellings(feed: Feed, layout: Layout) -> list[Spelling]:
    """All harmless spellings that this file may hold."""
    found: list[Spelling] = []
    for column in feed.columns:
        cell = f'"{column.name}"'
        for kind, condition, value in _spellings(column, cell, layout):
            found.append(Spelling(column.name, kind, f"({condition})", value))
        if not column.required and column.type in ("text", "date", "month", "year", "code", "account", "name"):
            for mark in ("无", "/", "-", "暂无", "—"):
                found.append(Spelling(column.name, "null_mark", f"({cell} IS NULL)", f"'{mark}'"))
    return found


def _spellings(column: Column, cell: str, layout: Layout) -> list[tuple[str, str, str]]:
    kind = column.type
    if kind == "citizen_id":
        full = f"length({cell}) = 18"
        return [
            ("id15", f"{full} AND substr({cell}, 7, 2) = '19'", f"left({cell}, 6) || substr({cell}, 9, 9)"),
            ("lower_x", f"{full} AND ends_with({cell}, 'X')", f"lower({cell})"),
            ("multiplication_sign", f"{full} AND ends_with({cell}, 'X')", f"left({cell}, 17) || '×'"),
            ("full_width", f"{cell} IS NOT NULL", f"translate({cell}, {FULL_WIDTH})"),
            ("apostrophe", f"{cell} IS NOT NULL", f"'''' || {cell}"),
            ("excel_text", f"{cell} IS NOT NULL", f"'=\"' || {cell} || '\"'"),
            ("inner_spaces", full, f"left({cell}, 6) || ' ' || substr({cell}, 7, 8) || ' ' || substr({cell}, 15)"),
            ("zero_width", f"{cell} IS NOT NULL", f"left({cell}, 6) || chr(8203) || substr({cell}, 7)"),
            ("no_break_space", f"{cell} IS NOT NULL", f"chr(160) || {cell}"),
            ("cert22", f"length({cell}) = 20", f"{cell} || 'B1'"),
        ]
    if kind == "student_no":
        return [
            ("lower_g", f"{cell} IS NOT NULL", f"lower({cell})"),
            ("full_width", f"{cell} IS NOT NULL", f"translate({cell}, 'GJ0123456789X', 'ＧＪ０１２３４５６７８９Ｘ')"),
        ]
    if kind in ("date", "month"):
        is_month = kind == "month"
        styles = [
            style
            for style in ("iso", "compact", "slash", "dot", "chinese")
            if style != (layout.months if is_month else layout.dates)
        ]
        # Of a day whose month alone is known only the department's own spelling is told.
        whole = f"{cell} IS NOT NULL" if is_month else f"length({cell}) = 10"
        found = [(f"date_{style}", whole, date_sql(style, cell, is_month)) for style in styles]
        if not is_month:
            found += [
                (
                    "date_serial",
                    f"{whole} AND {cell} >= '1930-01-01'",
                    f"CAST(TRY_CAST({cell} AS DATE) - DATE '1899-12-30' AS VARCHAR)",
                ),
                ("date_time", whole, f"{cell} || ' 00:00:00'"),
            ]
        return found
    if kind == "year":
        return [("year_word", f"{cell} IS NOT NULL", f"{cell} || '年'")]
    if kind == "money":
        whole = f"length({cell}) >= 8 AND ends_with({cell}, '00.00')"
        if layout.in_wan:
            return [("money_wan_yuan", whole, f"{wan_sql(cell)} || '万元'")]
        return [
            (
                "money_thousands",
                f"CAST({cell} AS DECIMAL(18,2)) >= 1000",
                f"format('{{:,}}', CAST(left({cell}, length({cell}) - 3) AS BIGINT)) || right({cell}, 3)",
            ),
            ("money_sign", f"{cell} IS NOT NULL", f"'¥' || {cell}"),
            ("money_full_width", f"{cell} IS NOT NULL", f"translate({cell}, {FULL_WIDTH})"),
            ("money_yuan", f"{cell} IS NOT NULL", f"{cell} || '元'"),
            ("money_wan", whole, f"{wan_sql(cell)} || '万'"),
        ]
    if kind in ("number", "integer"):
        return [
            ("number_full_width", f"{cell} IS NOT NULL", f"translate({cell}, {FULL_WIDTH})"),
            ("number_space", f"{cell} IS NOT NULL", f"' ' || {cell} || ' '"),
        ]
    if kind == "ratio":
        # Without a sign a small percentage would read as a fraction: only values that stay unambiguous.
        styles = [style for style in ("fraction", "hundred", "percent") if style != layout.ratios]
        return [
            (f"ratio_{style}", f"CAST({cell} AS DECIMAL(9,4)) >= 0.02 AND {cell} <> '1.0000'", ratio_sql(style, cell))
            for style in styles
        ]
    if kind == "boolean":
        pairs = (("1", "0"), ("√", "×"), ("Y", "N"))
        return [
            ("yes_no", f"{cell} IS NOT NULL", f"CASE {cell} WHEN '是' THEN '{yes}' ELSE '{no}' END")
            for yes, no in pairs
        ]
    if kind == "code":
        return [
            ("code_spelling", f"{cell} IS NOT NULL", label_sql(column, cell, -1)),
            (
                "code_itself" if layout.labels else "code_label",
                f"{cell} IS NOT NULL",
                cell if layout.labels else label_sql(column, cell),
            ),
            ("code_space", f"{cell} IS NOT NULL", f"({house_style(column, layout)}) || ' '"),
        ]
    if kind == "name":
        found = [
            ("name_inner_space", f"length({cell}) = 2", f"left({cell}, 1) || '　' || right({cell}, 1)"),
            ("trailing_space", f"{cell} IS NOT NULL", f"{cell} || '  '"),
        ]
        return (
            [*found, ("name_head", f"{cell} IS NOT NULL", f"{cell} || '（户主）'")]
            if column.name == "head_name"
            else found
        )
    return [("trailing_space", f"{cell} IS NOT NULL", f"{cell} || ' '")]
