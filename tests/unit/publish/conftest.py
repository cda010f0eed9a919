"""The warehouse of the small county, and a snapshot of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.unit.publish.county import FEEDS, warehouse
from warehouse.publish import publish


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of :func:`warehouse` as a file."""
    path = tmp_path_factory.mktemp("stored") / "w.duckdb"
    with warehouse() as connection:
        connection.execute(f"ATTACH '{path}' AS stored")
        connection.execute("COPY FROM DATABASE memory TO stored")
    return path


@pytest.fixture
def con(stored: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of it, writable."""
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(stored, copy)
    with duckdb.connect(str(copy), config={"threads": 1}) as connection:
        yield connection


@pytest.fixture(scope="session")
def home(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with one snapshot, for tests that only look. Published from a read-only warehouse."""
    root = tmp_path_factory.mktemp("home")
    with duckdb.connect() as reader:
        reader.execute(f"ATTACH '{stored}' AS stored (READ_ONLY)")
        reader.execute("USE stored")
        assert publish(reader, root, FEEDS)["is_new"]
    return root
