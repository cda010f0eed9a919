"""The archives of a simulated county: the list of gaps is what was planted, document by document, and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.e2e.commands import fupin
from tests.e2e.county import County
from warehouse.monitor.explain import disagreements, explained

PEOPLE, SEED = 40_000, 19


@pytest.fixture(scope="module")
def county(shared_county):
    return shared_county(PEOPLE, SEED, "--dirt", "none", "--monitoring")


def planted(county: County, condition: str) -> dict[str, tuple[str, str]]:
    """subject (unit/type/year) → (state that is due, variant)"""
    rows = county.truth.execute(
        f"SELECT subject, verdict, variant FROM clues WHERE rule_id = 'D24' AND {condition}"
    ).fetchall()
    return {subject: (state, variant) for subject, state, variant in rows}


def test_the_gaps_are_those_that_were_planted(county):
    truth = planted(county, "verdict <> '完好'")
    found = dict(
        county.warehouse(
            "SELECT unit_no || '/' || archive_type_code || '/' || archive_year, document_state FROM core.archive_due WHERE document_state <> '完好'"
        )
    )
    assert {subject: state for subject, (state, _) in truth.items()} == found
    assert {state for state, _ in truth.values()} == {"未归档", "校验失败", "文件缺失", "页数为零", "与他户相同"}
    assert len(found) == county.warehouse("SELECT count(*) FROM mart.archive_gap")[0][0]


def test_what_only_looks_like_a_gap_is_due_and_sound(county):
    alike = planted(county, "verdict = '完好'")
    assert len({variant for _, variant in alike.values()}) == 6
    due = dict(
        county.warehouse(
            "SELECT unit_no || '/' || archive_type_code || '/' || archive_year, document_state FROM core.archive_due"
        )
    )
    assert {due.get(subject) for subject in alike} == {"完好"}


def test_the_mart_says_of_whom_every_gap_is(county):
    unplaced = county.warehouse(
        "SELECT count(*) FROM mart.archive_gap WHERE (archive_level_code = '1') <> (household_id IS NOT NULL) OR county_code <> '210782' "
        "OR archive_level_code = '2' AND village_code IS NULL OR is_shared_file AND archive_gap_reason <> '与他户相同'"
    )
    assert unplaced == [(0,)]


def test_every_area_is_the_sum_of_its_parts_and_every_figure_has_its_rows(county):
    sums = county.warehouse(
        "SELECT area_level, sum(archive_due_count), sum(archive_sound_count) FROM mart.archive_coverage "
        "WHERE archive_level_code IN ('1', '2') GROUP BY area_level"
    )
    assert {level for level, *_ in sums} == {"县", "乡", "村"} and len({(due, sound) for _, due, sound in sums}) == 1
    wrong = county.warehouse(
        "SELECT count(*) FROM mart.archive_coverage WHERE archive_due_count <> archive_sound_count + archive_missing_count + archive_failed_count "
        "+ archive_empty_count + archive_shared_count"
    )
    assert wrong == [(0,)]
    with county.opened() as con:
        assert disagreements(con, "archive_coverage", explained()["archive_coverage"]) == []


def test_the_list_on_the_command_line_is_the_mart(county):
    told = json.loads(fupin(county.home, "archive", "gaps", "--json").stdout)
    assert len(told) == county.warehouse("SELECT count(*) FROM mart.archive_gap")[0][0] > 0
    ((town, name),) = county.warehouse(
        "SELECT g.town_code, min(d.town_name) FROM mart.archive_gap AS g JOIN ref.division AS d USING (town_code) GROUP BY ALL ORDER BY ALL LIMIT 1"
    )
    one = json.loads(fupin(county.home, "archive", "gaps", "--town", name, "--json").stdout)
    assert one == [gap for gap in told if gap["town_code"] == town] != []
