"""How a figure is written, and where its definition stands: every column and rule that the page shows is explained at its end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from warehouse import columns
from warehouse.columns import Entry
from warehouse.monitor.order import SQL
from warehouse.monitor.rules import Rule, all_rules, header

NO_DATA = "无数据"
# What a figure of such a column is divided by, and the unit that it is then shown in.
_SHOWN_IN = {"元": (Decimal(10_000), "万元"), "比例": (Decimal("0.01"), "%")}


@dataclass(frozen=True)
class Mart:
    """A published table as its SQL file describes it."""

    stem: str
    title: str
    grain: str
    policy: str
    limits: str
    entries: tuple[Entry, ...]

    @property
    def name(self) -> str:
        return f"mart.{self.stem}"


class Definitions:
    """Writes figures and remembers which columns and rules they came from. A column is named «mart.column» without the schema."""

    def __init__(self) -> None:
        self._columns: dict[str, set[str]] = {}
        self._rules: dict[str, Rule] = {}
        self._newest = {rule.rule_id: rule for rule in all_rules()}

    def _entry(self, column: str) -> Entry:
        mart, name = column.split(".")
        self._columns.setdefault(mart, set()).add(name)
        return columns.dictionary()[name]

    def figure(self, column: str, value: Any, missing: str = NO_DATA) -> Markup:
        """The value as a link to the column's definition; ``missing`` if there is none (never a zero)."""
        unit = self._entry(column).unit
        if value is None:
            return Markup(f'<a class="f none" href="#{column}">{missing}</a>')
        # Thousands of them: Markup.format would take as long as all else.
        return Markup(f'<a class="f" href="#{column}">{escape(written(value, unit))}</a>')

    def unit(self, column: str) -> str:
        """The unit in which figures of the column are shown."""
        unit = self._entry(column).unit
        return _SHOWN_IN.get(unit, (1, unit))[1]

    def label(self, column: str, short: str = "", unit: bool = True) -> Markup:
        """The column's Chinese name (or a shorter one) as a link, with its unit; per cent stands beside each figure and is left out."""
        entry, shown = self._entry(column), self.unit(column)
        told = f"（{shown}）" if unit and shown and shown != "%" else ""
        return Markup(f'<a href="#{column}">{escape(short or entry.label)}{told}</a>')

    def source(self, *stems: str) -> Markup:
        """The line below a table that names the marts it is made of."""
        for stem in stems:
            self._columns.setdefault(stem, set())
        links = Markup("、").join(Markup('<a href="#{0}">mart.{0}</a>').format(stem) for stem in stems)
        return Markup('<p class="source">出处：{}</p>').format(links)

    def rule(self, rule_id: str, title: str) -> Markup:
        """A rule's number and name as a link to its definition."""
        if rule_id not in self._newest:
            return escape(f"{rule_id} {title}")
        self._rules[rule_id] = self._newest[rule_id]
        return Markup('<a href="#rule.{0}">{0} {1}</a>').format(rule_id, title)

    def marts(self) -> list[Mart]:
        """The marts whose figures were written so far, by name, each with the columns that were used."""
        known = columns.dictionary()
        found = []
        for stem, names in sorted(self._columns.items()):
            lines, marks = header(SQL / "marts" / f"{stem}.sql")
            found.append(
                Mart(
                    stem,
                    lines[1].removeprefix("--").strip(),
                    marks.get("Grain", ""),
                    marks.get("政策依据", ""),
                    marks.get("Limits", ""),
                    tuple(known[name] for name in sorted(names)),
                )
            )
        return found

    def rules(self) -> list[Rule]:
        """The rules that were named so far, by number."""
        return [self._rules[rule_id] for rule_id in sorted(self._rules)]


def written(value: Any, unit: str = "") -> str:
    """A figure as people read it: 1,542; 8.55%; 216.10 (ten thousand yuan)."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dt.date | str):
        return str(value)
    divisor, shown = _SHOWN_IN.get(unit, (Decimal(1), ""))
    if isinstance(value, int):
        return f"{value:,}"
    return f"{Decimal(value) / divisor:,.2f}" + ("%" if shown == "%" else "")
