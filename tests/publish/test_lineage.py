"""From mart to feed: where a published column takes its values, read from the SQL and kept beside the code."""

from __future__ import annotations

import csv
from dataclasses import replace

import duckdb
import pytest

from tests.publish.county import FEEDS
from warehouse.monitor.order import build_order, parse
from warehouse.publish import lineage

TRACED = lineage.trace(FEEDS)
TABLES = {table.name: table for table in build_order()}


def test_what_is_kept_is_what_the_sql_says(whole) -> None:
    late = [table.name for table in lineage.outdated(lineage.schema_of(whole))]
    assert late == [], "run: python -m warehouse.publish.lineage --write"


@pytest.mark.parametrize("name", ["core.member", "mart.village_incidence", "mart.feed_reject", "core.archive_file"])
def test_read_afresh_it_is_the_same(whole, name) -> None:
    read = lineage.read(TABLES[name], lineage.schema_of(whole))
    assert {column: [list(source) for source in sources] for column, sources in read.items()} == lineage.kept()[name][
        "columns"
    ]


def test_another_sql_or_another_column_of_an_input_is_noticed(whole) -> None:
    schema, table = lineage.schema_of(whole), TABLES["mart.person_status"]
    kept = lineage.kept()[table.name]["print"]
    assert lineage.print_of(table, schema) == kept
    assert lineage.print_of(replace(table, select=table.select.replace("birth_date", "birth_day")), schema) != kept
    wider = {**schema, "core.person": {**schema["core.person"], "shoe_size": "BIGINT"}}
    assert lineage.print_of(table, wider) != kept


def test_through_ctes_unions_counts_and_stars(tmp_path) -> None:
    path = tmp_path / "story.sql"
    path.write_text(
        "WITH poor AS (SELECT person_key, count(*) AS lists FROM core.registry_person_now GROUP BY ALL), "
        "place AS (SELECT person_key, village_code AS area FROM core.household_registration_now "
        "UNION ALL SELECT person_key, town_code FROM ref.somewhere) "
        "SELECT place.*, coalesce(poor.lists, 0) AS lists, 'x' AS nothing FROM place LEFT JOIN poor ON poor.person_key = place.person_key",
        encoding="utf-8",
    )
    schema = {
        "core.registry_person_now": {"person_key": "BIGINT"},
        "core.household_registration_now": {"person_key": "BIGINT", "village_code": "VARCHAR"},
        "ref.somewhere": {"person_key": "BIGINT", "town_code": "VARCHAR"},
    }
    assert lineage.read(parse(path, "mart.story"), schema) == {
        "*": [("core.household_registration_now", "*"), ("ref.somewhere", "*")],
        "person_key": [("core.household_registration_now", "person_key"), ("ref.somewhere", "person_key")],
        "area": [("core.household_registration_now", "village_code"), ("ref.somewhere", "town_code")],
        "lists": [("core.registry_person_now", "*")],
        "nothing": [],
    }


def test_known_ways(whole) -> None:
    assert TRACED["mart.person_status", "birth_year"] == [
        ("household_registration", "birth_date"), ("registry_person", "birth_date"),
    ]  # fmt: skip
    # A person's key comes of the declared ids, by their own names.
    assert ("registry_person", "citizen_id") in TRACED["mart.person_status", "person_key"]
    # What is counted in a mart that reads another: rows of the lists.
    assert {("registry_person", "*"), ("registry_household", "poverty_status_code")} & set(
        TRACED["mart.village_incidence", "numerator"]
    )
    assert {feed for feed, _ in TRACED["mart.village_incidence", "reported_count"]} >= {"village"}


def test_every_source_is_a_column_that_somebody_declares(whole) -> None:
    schema = lineage.schema_of(whole)
    declared = {(feed.name, column.name) for feed in FEEDS.values() for column in feed.columns}
    kept = {
        "batch_id",
        "source_row",
        "valid_from",
        "valid_to",
        "recorded_from",
        "recorded_to",
        "link_method",
        "row_hash",
        "*",
    }
    for of, sources in TRACED.items():
        for table, column in sources:
            is_known = (table, column) in declared or (table in FEEDS and column in kept)
            assert is_known or column == "*" or column in schema.get(table, ()), (of, table, column)
    marts = {(table, column) for table in schema if table.startswith("mart.") for column in schema[table]}
    assert set(TRACED) == marts
    # Constants (the level of an area, the name of a list) come from nowhere, hardly anything else does.
    assert len([of for of, sources in TRACED.items() if not sources]) < len(marts) / 20


def test_a_snapshot_tells_it(home) -> None:
    folder = home / "published" / "current"
    with duckdb.connect(str(folder / "statistics.duckdb"), read_only=True) as published:
        told = published.execute(
            "SELECT source_table, source_column FROM lineage WHERE published_table = 'mart.person_status' AND published_column = 'birth_year' ORDER BY ALL"
        ).fetchall()
    assert told == TRACED["mart.person_status", "birth_year"]
    with open(folder / "dictionary.csv", encoding="utf-8-sig", newline="") as handle:
        shown = {(row["表"], row["列"]): row["来源"] for row in csv.DictReader(handle)}
    assert shown["mart.person_status", "birth_year"] == "household_registration.birth_date，registry_person.birth_date"
    assert "registry_person.birth_date" in (folder / "dictionary.html").read_text(encoding="utf-8")
