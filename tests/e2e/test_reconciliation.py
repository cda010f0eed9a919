"""Totals and estimates beside the platform's own figures, and the scores of whoever sends and verifies: in a county, what is planted is found."""

from __future__ import annotations

import os

import pytest

from tests.e2e.commands import fupin
from tests.e2e.county import County
from warehouse.monitor.explain import disagreements, explained

PEOPLE, SEED = 6_000, 29
SCORES = (
    "SELECT unit_kind || '/' || coalesce(department, town_code), stat_month, score FROM mart.scorecard "
    "WHERE stat_month = DATE '2019-06-01' ORDER BY ALL"
)


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    # The office never sent its list of village cadres.
    return County(
        tmp_path_factory.mktemp("recon"), PEOPLE, SEED, "--dirt", "none", "--monitoring", without="村干部名册"
    )


def drop(county: County, department: str, name: str, text: str) -> None:
    path = county.home / "ingest" / department / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1e9, 1e9))


def changed(before: list[tuple], after: list[tuple]) -> set[str]:
    """The units with another score than before."""
    assert [row[:2] for row in before] == [row[:2] for row in after]
    return {old[0] for old, new in zip(before, after, strict=True) if old[2] != new[2]}


def test_every_planted_difference_is_found_with_its_reason_and_nothing_else(county):
    planted = {
        subject: (verdict, variant)
        for subject, verdict, variant in county.truth.execute(
            "SELECT subject, verdict, variant FROM clues WHERE rule_id = 'D26'"
        ).fetchall()
    }
    found = {
        subject: (state, why)
        for subject, state, why in county.warehouse(
            "SELECT figure_code || '/' || area_code || '/' || source_code, reconcile_state, explanation FROM mart.reconciliation "
            "WHERE reported_as_of = DATE '2019-06-30'"
        )
    }
    assert found == planted
    assert {state for state, _ in planted.values()} == {"一致", "有差异", "无法判定"}


def test_figures_that_nobody_adds_up_are_shown_too(county):
    found = county.warehouse(
        "SELECT figure_code, reconcile_state, explanation FROM mart.reconciliation WHERE reported_as_of IS NULL ORDER BY ALL"
    )
    assert {figure for figure, _, _ in found} == {
        "03",
        "04",
        "05",
        "06",
        "07",
        "08",
        "09",
        "10",
        "11",
        "12",
        "15",
        "16",
    }
    assert {row[1:] for row in found} == {("无法判定", "缺报：部门没有报汇总数")}
    # Each of them has a figure of the platform's own to be compared with.
    assert county.warehouse(
        "SELECT figure_code FROM mart.reconciliation WHERE reported_as_of IS NULL AND own_value IS NULL ORDER BY ALL"
    ) == []  # fmt: skip


def test_weights_of_what_cannot_be_measured_go_to_the_rest(county):
    assert county.warehouse(
        "SELECT unit_kind, unit_title, stat_month FROM mart.scorecard_item GROUP BY ALL HAVING abs(sum(effective_weight) - 1) > 0.000001"
    ) == []  # fmt: skip
    states = county.warehouse(
        "SELECT item_state, count(*), count(item_score) FROM mart.scorecard_item GROUP BY ALL ORDER BY 1"
    )
    assert [(state, scored) for state, _, scored in states if state == "不适用"] == [("不适用", 0)]
    # Townships have no feeds of their own: they are judged by what they verify.
    assert county.warehouse("SELECT DISTINCT item_no FROM mart.scorecard_item WHERE unit_kind = '乡镇' ORDER BY 1") == [
        (4,), (5,), (6,),
    ]  # fmt: skip


def test_a_feed_that_never_came_is_its_owner_s_and_nobody_else_s(county):
    never = county.warehouse(
        "SELECT g.record, g.unit_code, g.done_amount FROM core.score_ground AS g LEFT JOIN ops.batch AS b ON b.feed = g.record "
        "WHERE g.item_no = 1 AND b.feed IS NULL ORDER BY ALL"
    )
    owner = dict(county.warehouse("SELECT feed, department FROM ref.feed"))
    assert all(owner[feed] == unit and done == 0 for feed, unit, done in never)
    # What is sent only when there is something to say is not missed.
    assert {feed for feed, _, _ in never} == {"village_cadre"}


def test_answers_and_refused_files_change_only_the_score_of_whoever_sent_them(county):
    before = county.warehouse(SCORES)
    assert {row[0] for row in before} > {"部门/yinhang", "部门/minzheng", "部门/gongan"}
    # A list of loans that has lost all but two of its lines is held as a whole.
    (whole,) = (county.out / "ingest" / "yinhang").glob("扶贫小额信贷_*.csv")
    drop(
        county, "yinhang", "再报_20190630.csv", "".join(whole.read_text(encoding="utf-8").splitlines(keepends=True)[:3])
    )
    fupin(county.home, "sync", check=False)
    fupin(county.home, "build")
    refused = county.warehouse(SCORES)
    states = county.warehouse(
        "SELECT state, count(*) FROM ops.batch WHERE department = 'yinhang' GROUP BY ALL ORDER BY ALL"
    )
    assert ("blocked", 1) in states
    assert changed(before, refused) == {"部门/yinhang"}
    # A department finds a clue true and has not put it right: it is scored lower, nobody else is.
    ((clue, token),) = county.warehouse(
        "SELECT clue_id, token FROM core.clue_state WHERE owner = 'minzheng' AND is_open AND severity <> '蓝' ORDER BY clue_id LIMIT 1"
    )
    drop(
        county,
        "minzheng",
        "核查答复_20190630.csv",
        f"线索编号,状态令牌,核查结论,核查人,核查日期\n{clue},{token},属实,周七,2019-06-30\n",
    )
    fupin(county.home, "sync")
    answered = county.warehouse(SCORES)
    assert changed(refused, answered) == {"部门/minzheng"}
    assert county.warehouse(
        "SELECT item_due_count, item_done_count, item_state FROM mart.scorecard_item "
        "WHERE department = 'minzheng' AND item_no = 5 AND stat_month = DATE '2019-06-01'"
    ) == [(1, 0, "计分")]  # fmt: skip


def test_units_are_ranked_by_score_and_equal_ones_alike(county):
    rows = county.warehouse(
        "SELECT unit_kind, stat_month, score, score_rank, ranked_unit_count FROM mart.scorecard WHERE score IS NOT NULL"
    )
    assert rows
    for kind, month, score, rank, ranked in rows:
        others = [one[2] for one in rows if one[:2] == (kind, month)]
        assert rank == 1 + sum(other > score for other in others) and ranked == len(others)
    assert county.warehouse("SELECT count(*) FROM mart.scorecard WHERE score IS NULL AND score_rank IS NOT NULL") == [
        (0,)
    ]


def test_the_rows_behind_every_item_are_as_many_as_it_says(county):
    with county.opened() as con:
        assert disagreements(con, "scorecard_item", explained()["scorecard_item"]) == []
