"""The data dictionary of a snapshot, generated from ``columns.toml``: CSV for programs, a workbook and a page for people."""

from __future__ import annotations

import csv
import datetime as dt
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import xlsxwriter

from connectors.quoting import identifier, literal
from warehouse.columns import Entry

HEADER = ("表", "列", "中文名", "类型", "单位", "含义", "代码表", "敏感性", "来源")
WIDTHS = (26, 26, 20, 16, 8, 70, 32, 8, 60)
SENSITIVITY = {"plain": "一般", "sensitive": "敏感", "pseudonym": "假名"}


class Described(Protocol):
    """A published relation as the dictionary tells of it."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def code_table(self) -> str: ...
    @property
    def entries(self) -> tuple[Entry, ...]: ...


def comments(target: str, relation: Described) -> list[str]:
    """The statements that describe the table ``target`` (SQL) and its columns in the catalogue. To be run together: each would be synced to disk."""
    return [
        f"COMMENT ON TABLE {target} IS {literal(relation.title)}",
        *(
            f"COMMENT ON COLUMN {target}.{identifier(entry.name)} IS {literal(entry.comment)}"
            for entry in relation.entries
        ),
    ]


def rows(relations: Sequence[Described], sources: Mapping[tuple[str, str], str] | None = None) -> list[tuple[str, ...]]:
    """One row per published column, in the order of HEADER. ``sources``: (table, column) → where its values come from."""
    return [
        (
            relation.name,
            entry.name,
            entry.label,
            entry.type,
            entry.unit,
            entry.meaning,
            f"{relation.code_table}（{entry.name}）"
            if "." in entry.codes and not entry.codes.startswith("ref.")
            else entry.codes,
            SENSITIVITY[entry.sensitivity],
            (sources or {}).get((relation.name, entry.name), ""),
        )
        for relation in relations
        for entry in relation.entries
    ]


def write(
    folder: Path, relations: Sequence[Described], as_of: dt.date | None, sources: Mapping[tuple[str, str], str]
) -> None:
    """Write dictionary.csv, dictionary.xlsx and dictionary.html; the bytes depend on nothing but the arguments."""
    content = rows(relations, sources)
    with open(folder / "dictionary.csv", "w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADER)
        writer.writerows(content)
    _workbook(folder / "dictionary.xlsx", relations, content, as_of)
    _page(folder / "dictionary.html", relations, content)


def _workbook(
    path: Path, relations: Sequence[Described], content: Sequence[tuple[str, ...]], as_of: dt.date | None
) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        # A fixed time: the same dictionary is the same file.
        book.set_properties(
            {"title": "数据字典", "created": dt.datetime.combine(as_of or dt.date(2000, 1, 1), dt.time())}
        )
        head = book.add_format(
            {"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "border": 1, "valign": "vcenter"}
        )
        cell = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "border_color": "#D9D9D9"})
        for title, header, widths, lines in (
            ("表", ("表", "内容"), (30, 110), [(relation.name, relation.title) for relation in relations]),
            ("列", HEADER, WIDTHS, content),
        ):
            sheet = book.add_worksheet(title)
            sheet.freeze_panes(1, 0)
            for index, (name, width) in enumerate(zip(header, widths, strict=True)):
                sheet.set_column(index, index, width)
                sheet.write_string(0, index, name, head)
            for number, line in enumerate(lines, 1):
                for index, text in enumerate(line):
                    sheet.write_string(number, index, text, cell)
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(0)


def _page(path: Path, relations: Sequence[Described], content: Sequence[tuple[str, ...]]) -> None:
    parts = [
        "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>数据字典</title>",
        "<style>body{font:15px/1.6 'Noto Sans CJK SC','Microsoft YaHei',sans-serif;margin:2rem auto;max-width:75rem;color:#222}"
        "table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}th,td{border:1px solid #ddd;padding:.3rem .6rem;text-align:left;"
        "vertical-align:top}th{background:#1f4e79;color:#fff}code{font-size:14px}h2{margin:2rem 0 0;font-size:1.15rem}</style><h1>数据字典</h1>",
    ]
    for relation in relations:
        parts.append(
            f"<h2 id='{html.escape(relation.name)}'><code>{html.escape(relation.name)}</code></h2><p>{html.escape(relation.title)}</p><table><tr>"
        )
        parts += [f"<th>{name}</th>" for name in HEADER[1:]]
        for line in content:
            if line[0] == relation.name:
                parts.append(
                    "<tr><td><code>"
                    + html.escape(line[1])
                    + "</code>"
                    + "".join(f"<td>{html.escape(text)}" for text in line[2:])
                )
        parts.append("</table>")
    path.write_text("".join(parts), encoding="utf-8")
