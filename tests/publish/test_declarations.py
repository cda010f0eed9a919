"""What publication reads beside the data: the dictionary of columns, dated parameters, and the order of sql/."""

from __future__ import annotations

import pytest

from connectors.errors import DeclarationError
from tests.publish.county import FEEDS
from warehouse import columns
from warehouse.monitor import build_order
from warehouse.monitor.order import parse
from warehouse.monitor.reference import load_codes
from warehouse.publish import past


def test_columns_are_described_once_and_without_placeholders(whole):
    known = columns.dictionary()
    used = set()
    for table in build_order():
        if table.is_mart or table.is_rule:
            for name, kind, *_ in whole.execute(f"DESCRIBE {table.select}").fetchall():
                assert table.is_rule or (name in known and known[name].type == kind), f"{table.name}.{name} {kind}"
                used.add(name)
    for name, *_ in whole.execute(
        "SELECT DISTINCT column_name FROM duckdb_columns() WHERE schema_name = 'ref'"
    ).fetchall():
        used.add(name)
    used |= {column.source for one in past.pasts(FEEDS.values()) for column in one.published}
    used |= {entry.published_as for entry in known.values()} | {"code_column", "code_value", "code_label"}
    used |= {"published_table", "published_column", "source_table", "source_column"}
    assert set(known) - used == set(), "described but not used"
    labels = [entry.label for entry in known.values()]
    for entry in known.values():
        assert (
            entry.name == entry.name.lower()
            and len(entry.meaning) >= 4
            and entry.meaning != entry.label
            or entry.name in ("code",)
        ), entry.name
        assert not any(
            word in (entry.label + entry.meaning).lower() for word in ("todo", "tbd", "待补", "xxx", "placeholder")
        ), entry.name
        if entry.codes and not entry.codes.startswith("ref."):
            feed, column = entry.codes.split(".")
            assert FEEDS[feed].column(column).codes, entry.name
    assert len(labels) - len(set(labels)) <= 3


def test_feeds_and_dictionary_agree_on_what_identifies():
    known = columns.dictionary()
    identifiers = {
        column.name for feed in FEEDS.values() for column in feed.columns if column.sensitivity == "identifier"
    }
    assert {name for name in identifiers & set(known) if known[name].sensitivity != "identifier"} == set()


def test_parameters_hold_one_value_a_day(con, tmp_path):
    header = "code,series,value,unit,valid_from,valid_to,region,source,approved_by\n"
    row = "X,x,1,元,2019-01-01,{},全国,s,a\n"
    path = tmp_path / "parameter.csv"
    path.write_text(header + row.format("2020-01-01") + row.format("9999-12-31"), encoding="utf-8")
    with pytest.raises(DeclarationError, match="X has two values"):
        load_codes(con, tmp_path)
    path.write_text(header + "X,x,1\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match="line 2"):
        load_codes(con, tmp_path)
    path.write_text(header + "X,x,一,元,2019-01-01,2020-01-01,全国,s,a\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match="does not fit"):
        load_codes(con, tmp_path)


@pytest.mark.parametrize(
    "sql, reason",
    [
        ("CREATE TABLE x AS SELECT 1", "one bare SELECT"),
        ("SELECT 1; SELECT 2", "one bare SELECT"),
        ("SELECT FROM WHERE", "no valid SQL"),
        ("SELECT * FROM person_status", "needs its schema"),
    ],
)
def test_sql_files_are_bare_selects(tmp_path, sql, reason):
    path = tmp_path / "x.sql"
    path.write_text(sql, encoding="utf-8")
    with pytest.raises(DeclarationError, match=reason):
        parse(path, "mart.x")


def test_build_order_follows_the_sql():
    names = [table.name for table in build_order()]
    for table in build_order():
        assert all(names.index(read) < names.index(table.name) for read in table.inputs if read in names)


def test_order_refuses_circles_strangers_and_raw_ids(tmp_path):
    for folder in ("core", "marts"):
        (tmp_path / folder).mkdir()
    for name, sql, reason in (
        ("a", "SELECT * FROM mart.b", "mart.b"),
        ("a", "SELECT * FROM mart.a", "circle"),
        ("a", "SELECT * FROM core.identity", "raw ids"),
    ):
        (tmp_path / "marts" / f"{name}.sql").write_text(sql, encoding="utf-8")
        with pytest.raises(DeclarationError, match=reason):
            build_order(tmp_path)
