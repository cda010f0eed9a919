"""A mart or rule is tested by folders of data: ``tests/sql/<file>/<situation>/`` with one CSV per input table, params.toml and expect.csv.

A CSV is named after its table (``core.registry_person_now.csv``), holds only the columns that matter (the others are NULL), and
may be header-only; every table that the SQL reads must have one. Reference tables (``ref.*``) come from sql/codes, unless the case has
rows of its own for one (``ref.department.csv``), which stand in place of them.
params.toml: ``as_of``, ``present`` and ``stale`` (feeds; "all" for every feed), ``unset`` (parameters without a value), ``[set]`` (other values),
``last_as_of`` (feed → date of its newest batch).
expect.csv holds the columns to compare; rows compare as a set.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from connectors.feed import load_feeds
from warehouse import columns
from warehouse.history.schema import create_tables
from warehouse.history.tables import OPEN_DATE, OPEN_TIME
from warehouse.monitor import build, build_order
from warehouse.monitor.order import Table
from warehouse.monitor.reference import CODES
from warehouse.monitor.rules import CLEAR, COLUMNS, HIT, Rule, all_rules

HERE = Path(__file__).parent
TABLES = {table.name: table for table in build_order() if not table.is_step}
RULES = [rule for rule in all_rules() if rule.valid_to.year == 9999]
# Made by the warehouse itself, not by a file of sql/.
VIEWS = {"core.certificate_mark", "core.citizen_mark"}
CASES = sorted(path.parent for path in HERE.glob("*/*/expect.csv"))


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    with open(path, encoding="utf-8", newline="") as handle:
        header, *rows = list(csv.reader(handle))
    return header, rows


def fill(con: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """Insert a CSV's rows; an empty cell is NULL, every text is cast to the column's type."""
    header, rows = read(path)
    target, extra = table, {}
    if table.startswith("ref."):
        con.execute(f"DELETE FROM {table}")
    elif table.startswith("core.") and table.endswith("_now"):
        target, extra = table.removesuffix("_now"), {"valid_to": OPEN_DATE, "recorded_to": OPEN_TIME}
    elif table in TABLES or table in VIEWS:
        shape = ", ".join(f'"{name}" {kind}' for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall())
        con.execute(f"DROP {'VIEW' if table in VIEWS or TABLES[table].is_view else 'TABLE'} {table}")
        con.execute(f"CREATE TABLE {table} ({shape})")
    if rows:
        names = ", ".join(f'"{name}"' for name in [*header, *extra])
        values = ", ".join(["unnest(?)" for _ in header] + list(extra.values()))
        con.execute(
            f"INSERT INTO {target} ({names}) SELECT {values}",
            [[cell or None for cell in cells] for cells in zip(*rows, strict=True)],
        )


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with every table and not a row; a test works in a transaction that is rolled back."""
    feeds = load_feeds()
    with duckdb.connect(config={"threads": 1}) as con:
        create_tables(con, feeds.values())
        build(con, feeds)
        yield con


@pytest.fixture
def con(empty: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    empty.execute("BEGIN")
    yield empty
    empty.execute("ROLLBACK")


def prepare(con: duckdb.DuckDBPyConnection, case: Path) -> None:
    """Put the case's inputs into the empty warehouse."""
    params = tomllib.loads((case / "params.toml").read_text(encoding="utf-8"))
    con.execute("UPDATE ref.run SET as_of = ?", [params["as_of"]])
    present = list(load_feeds()) if params["present"] == "all" else params["present"]
    con.execute(
        "UPDATE ref.feed_state SET is_present = list_contains(?, feed), is_stale = list_contains(?, feed)",
        [present, params.get("stale", [])],
    )
    for feed, day in params.get("last_as_of", {}).items():
        con.execute("UPDATE ref.feed_state SET last_as_of = ? WHERE feed = ?", [day, feed])
    con.execute("UPDATE ref.parameter SET value = NULL WHERE list_contains(?, code)", [params.get("unset", [])])
    for code, value in params.get("set", {}).items():
        con.execute("UPDATE ref.parameter SET value = ? WHERE code = ?", [value, code])
    # Views go first, or a table that a view reads could not be replaced.
    for path in sorted(case.glob("*.*.csv"), key=lambda path: not TABLES.get(path.stem, TABLES["core.person"]).is_view):
        fill(con, path.stem, path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path, con: duckdb.DuckDBPyConnection) -> None:
    table = next(table for name, table in TABLES.items() if name.split(".")[1] == case.parent.name)
    given = {path.stem for path in case.glob("*.*.csv") if not path.stem.startswith("ref.")}
    wanted = {name for name in table.inputs if not name.startswith("ref.")}
    assert given == wanted, f"input tables without a CSV: {sorted(wanted - given)}; not read: {sorted(given - wanted)}"
    header, rows = read(case / "expect.csv")
    prepare(con, case)
    wanted_columns = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in header)
    found = con.execute(f"SELECT {wanted_columns} FROM ({table.select})").fetchall()
    assert sorted(tuple(value or "" for value in row) for row in found) == sorted(map(tuple, rows))


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_has_a_case(table: Table) -> None:
    assert any(case.parent.name == table.name.split(".")[1] for case in CASES), "add tests/sql/<file>/<situation>/"


def test_every_case_is_of_a_table() -> None:
    assert {case.parent.name for case in CASES} <= {name.split(".")[1] for name in TABLES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_has_somebody_it_finds_and_somebody_it_does_not(rule: Rule) -> None:
    verdicts: set[str] = set()
    for case in CASES:
        if case.parent.name == rule.name.removeprefix("rule."):
            header, rows = read(case / "expect.csv")
            verdicts |= {row[header.index("verdict")] for row in rows}
    assert {HIT, CLEAR} <= verdicts


@pytest.mark.parametrize("table", [t for t in TABLES.values() if t.is_mart or t.is_rule], ids=lambda table: table.name)
def test_every_column_is_in_the_dictionary(table: Table, con: duckdb.DuckDBPyConnection) -> None:
    found = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {table.select}").fetchall()}
    shared = COLUMNS if table.is_rule else {}
    wrong = {
        name: kind
        for name, kind in found.items()
        if name not in shared and (name not in columns.dictionary() or columns.dictionary()[name].type != kind)
    }
    assert not wrong, "declare them in warehouse/columns.toml or warehouse/dictionary/, with this type"
    if table.is_rule:
        assert {name: found.get(name) for name in COLUMNS} == COLUMNS


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_a_rule_says_what_it_reads(rule: Rule) -> None:
    """Feeds whose rows it reads are feeds it needs, and a parameter that it names is one it cannot do without."""
    read_feeds = {
        name.removeprefix("core.").removesuffix("_now") for name in rule.table.inputs if name.endswith("_now")
    }
    assert read_feeds <= {name for group in rule.feeds for name in group.split("|")} | set(rule.may_use)
    known = {
        code
        for (code,) in duckdb.execute(
            f"SELECT code FROM read_csv('{CODES / 'parameter.csv'}', all_varchar=true)"
        ).fetchall()
    }
    assert set(rule.parameters) <= known
    assert {code for code in known if f"'{code}'" in rule.table.select} <= set(rule.parameters)
