"""The warehouse is made once for the code and the declarations, and again when one of them has changed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from connectors.errors import DeclarationError
from connectors.feed import Column, load_feeds
from warehouse.database import kept_open, open_for_merge, open_warehouse
from warehouse.history import schema

FEEDS = load_feeds()
VILLAGE = FEEDS["village"]


def named(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {name for (name,) in con.execute("SELECT column_name FROM (DESCRIBE core.village)").fetchall()}


def test_what_was_made_is_made_again_only_for_another_declaration() -> None:
    con = duckdb.connect()
    schema.ensure(con, [VILLAGE])
    made = con.execute("SELECT made_by FROM ops.schema").fetchall()
    # Nothing is looked at any more: a view that somebody dropped stays away.
    con.execute("DROP VIEW core.village_now")
    schema.ensure(con, [VILLAGE])
    assert con.execute("SELECT count(*) FROM duckdb_views() WHERE view_name = 'village_now'").fetchone() == (0,)

    wider = replace(VILLAGE, columns=(*VILLAGE.columns, Column("has_shop", "boolean", ("有无商店",))))
    schema.ensure(con, [wider])
    assert "has_shop" in named(con) and con.execute("SELECT made_by FROM ops.schema").fetchall() != made
    con.execute("FROM core.village_now")


def test_a_column_of_another_type_is_refused_each_time() -> None:
    con = duckdb.connect()
    schema.ensure(con, [VILLAGE])
    columns = tuple(replace(one, type="text") if one.name == "person_count" else one for one in VILLAGE.columns)
    for _ in range(2):
        with pytest.raises(DeclarationError, match="person_count"):
            schema.ensure(con, [replace(VILLAGE, columns=columns)])


def test_between_two_merges_others_can_open_the_warehouse(tmp_path: Path) -> None:
    for number in range(3):
        with open_for_merge(tmp_path) as con:
            schema.ensure(con, [VILLAGE])
            con.execute("CREATE TEMP TABLE mine AS SELECT id_whole('x')")
            con.execute(f"INSERT INTO core.village (village) VALUES ('村{number}')")
        with open_warehouse(tmp_path) as con:
            assert con.execute("SELECT count(*) FROM core.village").fetchone() == (number + 1,)


def test_a_merge_that_fails_leaves_the_warehouse_closed_and_nothing_in_it(tmp_path: Path) -> None:
    with open_for_merge(tmp_path) as con:
        schema.ensure(con, [VILLAGE])
    with pytest.raises(duckdb.Error), open_for_merge(tmp_path) as con:
        con.execute("BEGIN")
        con.execute("INSERT INTO core.village (village) VALUES ('村')")
        con.execute("SELECT nothing")
    for opened in (open_for_merge, open_warehouse):
        with opened(tmp_path) as con:
            assert con.execute("SELECT count(*) FROM core.village").fetchone() == (0,)


def test_merges_that_follow_one_another_leave_the_warehouse_open_until_somebody_else_needs_it(tmp_path: Path) -> None:
    other = "import sys, pathlib; from warehouse.database import writer_lock\nwith writer_lock(pathlib.Path(sys.argv[1]), 0.0): pass"

    def free() -> bool:
        return (
            subprocess.run([sys.executable, "-c", other, str(tmp_path)], capture_output=True, check=False).returncode
            == 0
        )

    def merged(village: str) -> None:
        with open_for_merge(tmp_path) as con:
            schema.ensure(con, [VILLAGE])
            con.execute(f"INSERT INTO core.village (village) VALUES ('{village}')")

    with kept_open() as close:
        merged("甲村")
        assert not free()
        close()
        assert free()
        merged("乙村")
        # Whoever opens the warehouse in this process finds it closed, and all that was merged.
        with open_warehouse(tmp_path) as con:
            assert con.execute("SELECT count(*) FROM core.village").fetchone() == (2,)
        merged("丙村")
        with pytest.raises(duckdb.Error), open_for_merge(tmp_path) as con:
            con.execute("SELECT nothing")
        assert free(), "a merge that failed keeps nothing open"
        merged("丁村")
    assert free()
    with open_warehouse(tmp_path) as con:
        assert con.execute("SELECT count(*) FROM core.village").fetchone() == (4,)
