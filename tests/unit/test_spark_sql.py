"""Every SQL file must run on a cluster later: it transpiles to Spark SQL with every unsupported construct raised."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import ErrorLevel, exp

from connectors.settings import ROOT

FILES = sorted((ROOT / "sql").rglob("*.sql"))
HEADER = ("-- Grain:", "-- 政策依据", "-- Inputs:", "-- Limits:", "-- Tie-breaks:")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "sql"))


def test_there_are_files():
    assert {path.parent.name for path in FILES} >= {"core", "marts", "macros", "rules"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_transpiles_to_spark(path):
    statements = sqlglot.transpile(
        path.read_text(encoding="utf-8"), read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE
    )
    assert len(statements) == 1
    assert sqlglot.parse_one(statements[0], read="spark").find(exp.Select)


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name in ("core", "marts")], ids=name)
def test_header_says_what_the_table_is(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    schema = {"core": "core", "marts": "mart"}[path.parent.name]
    assert lines[0] == f"-- {schema}.{path.stem}"
    assert any("一" <= character <= "鿿" for character in lines[1]), "the second line is the purpose in Chinese"
    assert [mark for mark in HEADER if not any(line.startswith(mark) for line in lines)] == []


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name != "macros"], ids=name)
def test_no_clock_and_no_unordered_choice(path):
    tree = sqlglot.parse_one(path.read_text(encoding="utf-8"), read="duckdb")
    assert not list(
        tree.find_all(exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.AnyValue, exp.First, exp.Rand)
    )
    for window in tree.find_all(exp.Window):
        if isinstance(window.this, exp.RowNumber):
            assert window.args.get("order"), "row_number() needs a full order"
