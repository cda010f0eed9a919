"""What a reject code means to the clerk who has to correct the row: one sentence that names the column, and the cure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from connectors.feed import Column, Feed
from expectations.rules import Rule, load_rules

PATH = Path(__file__).with_name("reasons.toml")
ALLOWED_SHOWN = 12


@dataclass(frozen=True)
class Reason:
    """One reason in Chinese; ``columns`` are the declared columns to look at."""

    title: str
    sentence: str
    cure: str
    columns: tuple[str, ...]

    @property
    def full(self) -> str:
        return f"{self.sentence}。{self.cure}。"


@cache
def catalogue() -> dict[str, Mapping[str, str]]:
    """The texts of reasons.toml by code."""
    return tomllib.loads(PATH.read_text(encoding="utf-8"))


def _limits(column: Column) -> str:
    low, high = (None if value is None else f"{value:g}" for value in (column.min, column.max))
    unit = column.unit or ""
    if low is not None and high is not None:
        return f"应在 {low} 至 {high}{unit} 之间"
    return (
        f"不能小于 {low}{unit}" if low is not None else f"不能大于 {high}{unit}" if high is not None else "见填报说明"
    )


def _allowed(column: Column) -> str:
    labels = [spellings[0] if spellings else code for code, spellings in column.codes.items()]
    return "、".join(labels[:ALLOWED_SHOWN]) + (f" 等 {len(labels)} 种" if len(labels) > ALLOWED_SHOWN else "")


class Explainer:
    """Explains the codes of one feed; ``headers`` maps column names to the sender's own header cells."""

    def __init__(self, feed: Feed | None, headers: Mapping[str, str]) -> None:
        self.feed = feed
        self.headers = headers
        self.columns = {column.name: column for column in feed.columns} if feed else {}
        self.rules: dict[str, Rule] = {rule.id: rule for rule in load_rules(feed)} if feed else {}

    def label(self, name: str | None) -> str:
        """A column as the sender calls it."""
        if not name:
            return "本行"
        # A header that was broken over two lines is one word in a sentence.
        return " ".join(self.headers.get(name, "").split()) or (
            self.columns[name].label if name in self.columns else name
        )

    def explain(self, code: str, column: str | None, rule: str | None) -> Reason:
        """The reason for ``code``; a code that nothing describes is still told, by its name."""
        found = self.rules.get(code) or self.rules.get(rule or "")
        if found is not None:
            return Reason(found.message, found.message, found.cure or "请核对后改正", found.columns)
        text = catalogue().get(code)
        if text is None:
            return Reason(
                f"不符合要求（{code}）",
                f"“{self.label(column)}”不符合要求（{code}）",
                "请核对后改正",
                (column,) if column else (),
            )
        declared = self.columns.get(column or "")
        key = self.feed.key if self.feed and code in ("KEY_CONFLICT", "DUPLICATE_ROW") else ()
        words = {
            "label": self.label(column),
            "allowed": _allowed(declared) if declared else "见填报说明",
            "limits": _limits(declared) if declared else "见填报说明",
            "key": "、".join(self.label(name) for name in key) or self.label(column),
        }
        columns = (column,) if column else (tuple(key) if code == "KEY_CONFLICT" else ())
        return Reason(text["title"], text["reason"].format(**words), text["cure"].format(**words), columns)
