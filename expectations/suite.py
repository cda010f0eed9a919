"""A feed's suite: derived from its declaration and its rules, in Great Expectations' own JSON.

``python -m expectations.suite --write`` writes ``expectations/suites/<feed>.json`` for every feed of the checkout,
``--check`` fails if one is not current. The JSON is for readers and for GX's own tools; a run derives the suite afresh
for the columns that the file at hand really has.

Every expectation carries in ``meta``: ``rule`` (id, also of derived ones), ``code`` (reject code; ``*``: the cell says
it itself), ``columns`` (what it judges; the first one is shown in the receipt). ``description`` is the Chinese message;
``severity`` is GX's: critical blocks the batch, warning quarantines the row, info warns.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from connectors.errors import FupinError
from connectors.feed import Column, Feed, load_feeds
from connectors.settings import ROOT
from expectations.rules import ROW_RULE, SEVERITIES, Rule, load_rules

SUITES = ROOT / "expectations" / "suites"
PROBLEM = "__problem"
CELL_CODES = "*"


def _entry(
    type_: str, kwargs: dict[str, Any], severity: str, rule: str, code: str, columns: Sequence[str], message: str
) -> dict[str, Any]:
    return {
        "type": type_,
        "kwargs": kwargs,
        "severity": SEVERITIES[severity],
        "description": message,
        "meta": {"rule": rule, "code": code, "columns": list(columns)},
    }


def _number(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def _column(column: Column) -> list[dict[str, Any]]:
    name, label = column.name, column.label
    entries = [
        _entry(
            "expect_column_values_to_be_null",
            {"column": name + PROBLEM},
            "quarantine",
            f"{name}.cell",
            CELL_CODES,
            [name],
            f"“{label}”无法识别",
        )
    ]

    def derive(kind: str, code: str, type_: str, message: str, **kwargs: Any) -> None:
        entries.append(_entry(type_, {"column": name, **kwargs}, "quarantine", f"{name}.{kind}", code, [name], message))

    if column.required:
        derive("required", "REQUIRED_MISSING", "expect_column_values_to_not_be_null", f"“{label}”不能为空")
    if column.codes:
        derive(
            "codes",
            "CODE_UNKNOWN",
            "expect_column_values_to_be_in_set",
            f"“{label}”不在代码表内",
            value_set=list(column.codes),
        )
    bounds = {
        key: _number(value)
        for key, value in (("min_value", column.min), ("max_value", column.max))
        if value is not None
    }
    if bounds:
        words = {"min_value": "不小于", "max_value": "不大于"}
        text = "且".join(words[key] + str(bound) for key, bound in bounds.items())
        derive("range", "OUT_OF_RANGE", "expect_column_values_to_be_between", f"“{label}”超出范围（{text}）", **bounds)
    if column.pattern:
        # The declaration describes the whole cell; GX's regex looks anywhere in it.
        derive(
            "pattern",
            "PATTERN_MISMATCH",
            "expect_column_values_to_match_regex",
            f"“{label}”格式不符",
            regex=f"^(?:{column.pattern})$",
        )
    return entries


def _rule(rule: Rule) -> dict[str, Any]:
    if rule.expectation == ROW_RULE:
        return _entry(
            "expect_row_rule_to_hold", {"bad": rule.bad}, rule.severity, rule.id, rule.id, rule.columns, rule.message
        )
    return _entry(rule.expectation, dict(rule.kwargs), rule.severity, rule.id, rule.id, rule.columns, rule.message)


def derive(feed: Feed, rules: Sequence[Rule], present: Collection[str] | None = None) -> dict[str, Any]:
    """The suite of ``feed`` as JSON, for the columns in ``present`` (default: all declared ones).

    A required column that is absent fails the table; what reads an absent optional column is left out.
    """
    columns = [column for column in feed.columns if present is None or column.name in present]
    names = {column.name for column in columns}
    required = [column.name for column in feed.columns if column.required]
    rows, columns_there = {"min_value": 1}, {"column_set": required, "exact_match": False}
    entries = [
        _entry(
            "expect_table_row_count_to_be_between",
            rows,
            "block",
            "table.rows",
            "HEADER_ONLY",
            [],
            "没有可以读取的数据行",
        ),
        _entry(
            "expect_table_columns_to_match_set",
            columns_there,
            "block",
            "table.columns",
            "COLUMN_MISSING",
            required,
            "缺少必需的列",
        ),
    ]
    for column in columns:
        entries += _column(column)
    if names.issuperset(feed.key):
        labels = "、".join(feed.column(name).label for name in feed.key)
        entries.append(
            _entry(
                "expect_row_key_to_be_unique",
                {"key_columns": list(feed.key)},
                "quarantine",
                "table.key",
                "KEY_CONFLICT",
                feed.key,
                f"“{labels}”重复",
            )
        )
    entries += [_rule(rule) for rule in rules if names.issuperset(rule.columns)]
    return {
        "name": feed.name,
        "expectations": entries,
        "meta": {"title": feed.title, "department": feed.department_title},
    }


def render(feed: Feed) -> str:
    """The text of ``suites/<feed>.json``."""
    return json.dumps(derive(feed, load_rules(feed)), ensure_ascii=False, indent=1) + "\n"


def outdated(feeds: Collection[Feed], folder: Path = SUITES) -> list[str]:
    """Names of suite files that are missing, not current, or of no feed."""
    wanted = {f"{feed.name}.json": render(feed) for feed in feeds}
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: --write or --check."""
    parser = argparse.ArgumentParser(
        prog="python -m expectations.suite", description="Great Expectations suites of the checkout's feeds"
    )
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="write expectations/suites/*.json")
    choice.add_argument("--check", action="store_true", help="fail if a file is not current")
    arguments = parser.parse_args(argv)
    try:
        feeds = load_feeds([ROOT / "connectors" / "feeds"]).values()
        stale = outdated(feeds)
        if arguments.check:
            for name in stale:
                print(f"expectations/suites/{name} is not current: run python -m expectations.suite --write")
            return 1 if stale else 0
        SUITES.mkdir(parents=True, exist_ok=True)
        current = {f"{feed.name}.json": feed for feed in feeds}
        for name in stale:
            if name in current:
                (SUITES / name).write_text(render(current[name]), encoding="utf-8")
            else:
                (SUITES / name).unlink()
        print(f"{len(current)} suites, {len(stale)} written")
    except FupinError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
