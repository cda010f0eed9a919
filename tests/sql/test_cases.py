"""A mart is tested by folders of data: ``tests/sql/<table>/<situation>/`` with one CSV per input table, params.toml and expect.csv.

A CSV is named after its table (``core.registry_person_now.csv``), holds only the columns that matter (the others are NULL), and
may be header-only; every table that the SQL reads must have one, reference tables (``ref.*``) come from sql/codes.
params.toml: ``as_of``, ``present`` and ``stale`` (feeds; "all" for every feed), ``unset`` (parameters without a value).
expect.csv holds the columns to compare; rows compare as a set.
"""

from __future__ import annotations

import csv
import shutil
import tomllib
from pathlib import Path

import duckdb
import pytest

from connectors.feed import load_feeds
from warehouse.history.schema import create_tables
from warehouse.history.tables import OPEN_DATE, OPEN_TIME
from warehouse.monitor import build, build_order

HERE = Path(__file__).parent
TABLES = {table.name: table for table in build_order()}
CASES = sorted(path.parent for path in HERE.glob("*/*/expect.csv"))


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    with open(path, encoding="utf-8", newline="") as handle:
        header, *rows = list(csv.reader(handle))
    return header, rows


def fill(con: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """Insert a CSV's rows; an empty cell is NULL, every text is cast to the column's type."""
    header, rows = read(path)
    target, extra = table, {}
    if table.startswith("core.") and table.endswith("_now"):
        target, extra = table.removesuffix("_now"), {"valid_to": OPEN_DATE, "recorded_to": OPEN_TIME}
    elif table in TABLES:
        columns = ", ".join(f'"{name}" {kind}' for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall())
        con.execute(f"DROP {'VIEW' if TABLES[table].is_view else 'TABLE'} {table}")
        con.execute(f"CREATE TABLE {table} ({columns})")
    if rows:
        names = ", ".join(f'"{name}"' for name in [*header, *extra])
        values = ", ".join(["unnest(?)" for _ in header] + list(extra.values()))
        con.execute(
            f"INSERT INTO {target} ({names}) SELECT {values}",
            [[cell or None for cell in cells] for cells in zip(*rows, strict=True)],
        )


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse file with every table and not a row."""
    path = tmp_path_factory.mktemp("empty") / "w.duckdb"
    feeds = load_feeds()
    with duckdb.connect(str(path), config={"threads": 1}) as con:
        create_tables(con, feeds.values())
        build(con, feeds)
    return path


def prepared(case: Path, copy: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse ``copy`` with the case's inputs."""
    params = tomllib.loads((case / "params.toml").read_text(encoding="utf-8"))
    con = duckdb.connect(str(copy), config={"threads": 1})
    con.execute("UPDATE ref.run SET as_of = ?", [params["as_of"]])
    present = list(load_feeds()) if params["present"] == "all" else params["present"]
    con.execute(
        "UPDATE ref.feed_state SET is_present = list_contains(?, feed), is_stale = list_contains(?, feed)",
        [present, params.get("stale", [])],
    )
    con.execute("UPDATE ref.parameter SET value = NULL WHERE list_contains(?, code)", [params.get("unset", [])])
    # Views go first, or a table that a view reads could not be replaced.
    for path in sorted(case.glob("*.*.csv"), key=lambda path: not TABLES.get(path.stem, TABLES["core.person"]).is_view):
        fill(con, path.stem, path)
    return con


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path, empty: Path, tmp_path: Path) -> None:
    table = next(table for name, table in TABLES.items() if name.split(".")[1] == case.parent.name)
    given = {path.stem for path in case.glob("*.*.csv")}
    wanted = {name for name in table.inputs if not name.startswith("ref.")}
    assert given == wanted, f"input tables without a CSV: {sorted(wanted - given)}; not read: {sorted(given - wanted)}"
    header, rows = read(case / "expect.csv")
    copy = tmp_path / "w.duckdb"
    shutil.copyfile(empty, copy)
    with prepared(case, copy) as con:
        columns = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in header)
        found = con.execute(f"SELECT {columns} FROM ({table.select})").fetchall()
    assert sorted(tuple(value or "" for value in row) for row in found) == sorted(map(tuple, rows))


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_has_a_case(table: object) -> None:
    assert any(case.parent.name == table.name.split(".")[1] for case in CASES), "add tests/sql/<table>/<situation>/"  # type: ignore[attr-defined]
