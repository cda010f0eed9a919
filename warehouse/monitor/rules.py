"""Rules as data: one SQL file of ``sql/rules`` is one version of one rule; its header says what it needs and who answers.

A rule is a SELECT with one row per subject that it can judge: ``subject`` (text), ``person_key``, ``household_id``, ``village_code``, ``verdict`` (命中,
未命中, 无法判定, 参数缺失) and evidence columns. A rule whose feeds are missing or stale, or whose parameters are unset, judges
nobody: that is the framework's business and not the file's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from connectors.errors import DeclarationError
from connectors.feed import Feed
from warehouse.monitor.order import SQL, Table, build_order

HIT, CLEAR, UNKNOWN, UNSET = "命中", "未命中", "无法判定", "参数缺失"
VERDICTS = (HIT, CLEAR, UNKNOWN, UNSET)
# Working days until an answer is due; 蓝 is information and asks for none.
SEVERITIES: dict[str, int | None] = {"红": 3, "橙": 10, "黄": 30, "蓝": None}
# What a clue can be about, with the Chinese name a worklist shows.
SUBJECTS = {
    "person": "人", "household": "建档立卡户", "family": "户口簿户", "village": "村", "town": "乡镇", "loan": "贷款", "project": "项目", "payment": "支付",
    "allotment": "资金指标", "account": "账户", "enterprise": "单位", "allowance": "低保户", "feed": "数据源", "record": "上报记录", "county": "县",
}  # fmt: skip
TOWNSHIP = "乡镇"
COLUMNS = {
    "subject": "VARCHAR",
    "person_key": "BIGINT",
    "household_id": "VARCHAR",
    "village_code": "VARCHAR",
    "verdict": "VARCHAR",
}
_MARK = re.compile(r"^-- ([^:：]+?)\s*[:：]\s*(.*)$")
_TITLE = re.compile(r"^-- ([A-Z]\d{2}) (\S.*)$")
_VERSION = re.compile(r"^(\d+)，\s*(\d{4}-\d\d-\d\d)\s*至\s*(\d{4}-\d\d-\d\d)$")
_NEEDED = (
    "政策依据",
    "Severity",
    "Owner",
    "Version",
    "Subject",
    "Parameters",
    "Feeds",
    "Inputs",
    "Limits",
    "Tie-breaks",
)


@dataclass(frozen=True)
class Rule:
    """One version of a rule. ``owner``: the department (its folder) that verifies, or 乡镇; ``household``: over which household it
    aggregates; ``parameters``: codes without which it cannot judge; ``feeds``: those without which it cannot, ``a|b`` where one of two is
    enough; ``may_use``: feeds whose absence makes nobody a hit; ``undone_by``: feeds of which
    one row more could undo a hit; valid on [``valid_from``, ``valid_to``)."""

    rule_id: str
    title: str
    purpose: str
    policy: str
    severity: str
    owner: str
    version: int
    valid_from: dt.date
    valid_to: dt.date
    subject_kind: str
    household: str
    parameters: tuple[str, ...]
    feeds: tuple[str, ...]
    may_use: tuple[str, ...]
    undone_by: tuple[str, ...]
    table: Table

    @property
    def name(self) -> str:
        return self.table.name


def header(path: Path) -> tuple[list[str], dict[str, str]]:
    """The leading comment lines, and ``mark → text`` of its «-- Mark: text» lines (lines that begin with more blanks continue)."""
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("--"):
            break
        lines.append(line)
    marks: dict[str, str] = {}
    last = ""
    for line in lines[2:]:
        if line.startswith("--  ") and last:
            marks[last] += " " + line.removeprefix("--").strip()
        elif found := _MARK.match(line):
            last = found[1].strip()
            marks[last] = found[2].strip()
    return lines, marks


def _words(text: str) -> tuple[str, ...]:
    """The items of a comma list; «none» is empty."""
    return () if text in ("", "none") else tuple(word for word in re.split(r"[,，、\s]+", text.rstrip("。.")) if word)


def read(table: Table) -> Rule:
    """The rule of one file. Raises DeclarationError that names the file and what its header lacks."""
    path = table.path
    lines, marks = header(path)
    title = _TITLE.match(lines[0]) if lines else None
    if title is None or len(lines) < 2:
        raise DeclarationError(f"{path.name}: begins with «-- L01 中文名» and a line that says what it looks for")
    if missing := [mark for mark in _NEEDED if not marks.get(mark)]:
        raise DeclarationError(f"{path.name}: its header lacks {missing}")
    if not path.stem.startswith(title[1].lower() + "_"):
        raise DeclarationError(f"{path.name}: the file name begins with {title[1].lower()}_")
    version = _VERSION.match(marks["Version"])
    if version is None:
        raise DeclarationError(f"{path.name}: Version is «1，2019-01-01 至 9999-12-31»")
    kind, _, household = marks["Subject"].partition("（")
    if kind not in SUBJECTS:
        raise DeclarationError(f"{path.name}: Subject must begin with one of {sorted(SUBJECTS)}")
    if marks["Severity"] not in SEVERITIES:
        raise DeclarationError(f"{path.name}: Severity must be one of {list(SEVERITIES)}")
    return Rule(
        rule_id=title[1],
        title=title[2].strip(),
        purpose=lines[1].removeprefix("--").strip(),
        policy=marks["政策依据"],
        severity=marks["Severity"],
        owner=marks["Owner"],
        version=int(version[1]),
        valid_from=dt.date.fromisoformat(version[2]),
        valid_to=dt.date.fromisoformat(version[3]),
        subject_kind=kind,
        household=household.rstrip("） "),
        parameters=_words(marks["Parameters"]),
        feeds=_words(marks["Feeds"]),
        may_use=_words(marks.get("May use", "")),
        undone_by=_words(marks.get("Undone by", "")),
        table=table,
    )


@cache
def all_rules(root: Path = SQL) -> tuple[Rule, ...]:
    """Every version of every rule, by id and version. Raises DeclarationError where two versions of one rule hold on the same day."""
    rules = sorted(
        (read(table) for table in build_order(root) if table.is_rule), key=lambda rule: (rule.rule_id, rule.version)
    )
    for one, other in zip(rules, rules[1:], strict=False):
        if one.rule_id == other.rule_id and (one.version == other.version or other.valid_from < one.valid_to):
            raise DeclarationError(f"{other.table.path.name}: holds on the same day as {one.table.path.name}")
    return tuple(rules)


def rules_on(day: dt.date | None, root: Path = SQL) -> dict[str, Rule]:
    """The rules in force on ``day`` (None: the newest of each), by the name of their table."""
    found: dict[str, Rule] = {}
    for rule in all_rules(root):
        if day is None or rule.valid_from <= day < rule.valid_to:
            found[rule.rule_id] = rule
    return {rule.name: rule for rule in found.values()}


def check(feeds: Mapping[str, Feed], root: Path = SQL) -> None:
    """Raises DeclarationError for a rule that names a feed or an owner nobody has declared."""
    owners = {feed.department for feed in feeds.values()} | {TOWNSHIP}
    for rule in all_rules(root):
        if unknown := [name for group in rule.feeds for name in group.split("|") if name not in feeds] + [
            name for name in (*rule.may_use, *rule.undone_by) if name not in feeds
        ]:
            raise DeclarationError(f"{rule.table.path.name}: there is no feed {', '.join(unknown)}")
        if rule.owner not in owners:
            raise DeclarationError(f"{rule.table.path.name}: Owner {rule.owner} is no department")
