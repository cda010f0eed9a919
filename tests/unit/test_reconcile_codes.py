"""The figures that departments and surveys may name are those that the warehouse has a figure of its own for."""

from __future__ import annotations

import csv

import pytest

from connectors.feed import load_feeds
from warehouse.monitor.reference import CODES

FEEDS = load_feeds()


def read(name: str) -> list[dict[str, str]]:
    with open(CODES / f"{name}.csv", encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("feed", ["department_total", "survey_estimate"])
def test_figures_units_and_scopes_are_those_of_the_code_lists(feed: str) -> None:
    of = FEEDS[feed]
    figures = read("reconcile_figure")
    assert set(of.column("figure_code").codes) == {row["figure_code"] for row in figures}
    assert set(of.column("figure_unit_code").codes) == {row["figure_unit_code"] for row in read("figure_unit")}
    assert {row["scope_code"] for row in figures} <= set(of.column("scope_code").codes)


def test_both_feeds_mean_the_same_by_a_code() -> None:
    total, survey = FEEDS["department_total"], FEEDS["survey_estimate"]
    for name in ("figure_code", "figure_unit_code", "scope_code"):
        assert total.column(name).codes == survey.column(name).codes


def test_every_figure_has_an_owner_a_unit_and_feeds_that_are_declared() -> None:
    departments = {one.department for one in FEEDS.values()}
    reporters = set(FEEDS["department_total"].column("reporter_code").codes)
    assert reporters - departments == {"xiangzhen"} and departments <= reporters
    units = {row["base_unit"] for row in read("figure_unit")}
    needed = read("reconcile_feed")
    assert {row["feed"] for row in needed} <= set(FEEDS)
    for row in read("reconcile_figure"):
        assert row["department"] in departments | {""} and row["base_unit"] in units
        assert row["period_kind"] in ("时点", "月", "年")
        assert any(one["figure_code"] == row["figure_code"] for one in needed), row


def test_the_weights_of_each_version_add_up_to_a_hundred() -> None:
    weights: dict[tuple[str, str], float] = {}
    for row in read("score_item"):
        key = (row["formula_version"], row["unit_kind"])
        weights[key] = weights.get(key, 0) + float(row["score_weight"])
        assert float(row["zero_value"]) < float(row["full_value"]) and row["source"] and row["approved_by"]
    assert len({version for version, _ in weights}) > 1 and set(weights.values()) == {100}
