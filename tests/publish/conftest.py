"""The warehouse of the small county, and a snapshot of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import duckdb
import pytest

from tests.publish.county import FEEDS, FEW, deliver, fill
from tests.small import sql_for
from warehouse.monitor import build, build_order
from warehouse.publish import plan, publish


def store(path: Path, *root: Path) -> Path:
    with duckdb.connect(str(path), config={"threads": 1}) as connection:
        fill(connection, *root)
    return path


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse as a file, with every mart."""
    return store(tmp_path_factory.mktemp("stored") / "w.duckdb")


@pytest.fixture
def whole(stored: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """That warehouse, to be read."""
    with duckdb.connect(str(stored), read_only=True, config={"threads": 1}) as connection:
        yield connection


@pytest.fixture
def everything(stored: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """That warehouse, to be changed and published."""
    copy = tmp_path / "everything.duckdb"
    shutil.copyfile(stored, copy)
    with duckdb.connect(str(copy), config={"threads": 1}) as connection:
        yield connection


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like ``sql/`` with a few marts."""
    return sql_for(tmp_path_factory.mktemp("sql"), *FEW)


@pytest.fixture(scope="session")
def few_stored(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store(tmp_path_factory.mktemp("stored") / "w.duckdb", few)


@pytest.fixture
def con(
    few: Path, few_stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with few marts, which may be changed and published: a snapshot of all of them is a story of its own."""
    monkeypatch.setattr(plan, "build_order", partial(build_order, few))
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(few_stored, copy)
    with duckdb.connect(str(copy), config={"threads": 1}) as connection:
        yield connection


@pytest.fixture
def later(con: duckdb.DuckDBPyConnection, few: Path) -> Callable[[str], None]:
    """Delivers the list of villages of another day and builds."""

    def later(day: str) -> None:
        deliver(con, "village", day)
        build(con, FEEDS, root=few)

    return later


@pytest.fixture(scope="session")
def home(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with one snapshot of every mart, for tests that only look. Published from a read-only warehouse."""
    root = tmp_path_factory.mktemp("home")
    with duckdb.connect() as reader:
        reader.execute(f"ATTACH '{stored}' AS stored (READ_ONLY)")
        reader.execute("USE stored")
        assert publish(reader, root, FEEDS)["is_new"]
    return root
