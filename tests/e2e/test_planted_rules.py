"""A county with something to find for every rule: each finds its situations, all of them, and nothing that only looks like one."""

from __future__ import annotations

import json

import pytest

from tests.e2e.commands import fupin
from tests.e2e.planted import judgement
from warehouse.monitor.explain import disagreements, explained
from warehouse.monitor.rules import Rule, rules_on

PEOPLE = 40_000
SEED = 19
RULES = sorted(rules_on(None).values(), key=lambda rule: rule.rule_id)


@pytest.fixture(scope="module")
def county(shared_county):
    return shared_county(PEOPLE, SEED, "--dirt", "none", "--monitoring")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule_id)
def test_it_finds_what_is_planted_and_nothing_else(county, rule: Rule):
    found = judgement(county, rule)
    if county.warehouse(f"SELECT unset_parameters IS NOT NULL FROM ops.rule_run WHERE rule_id = '{rule.rule_id}'") == [
        (True,)
    ]:
        # A parameter that nobody has entered yet: the rule says so and finds nobody.
        assert found.variants and not found.planted and not found.found
        return
    assert found.planted, "plant something for it: demo/monitoring/"
    assert set(found.variants.values()) - {found.variants[subject] for subject in found.planted}, (
        "plant what only looks like it"
    )
    assert not found.false and not found.missed, found.explain()


@pytest.mark.parametrize("mart", sorted(explained()))
def test_the_rows_behind_every_figure_are_as_many_as_it_says(county, mart: str):
    with county.opened() as con:
        assert disagreements(con, mart, explained()[mart]) == []


def test_a_figure_is_explained_on_the_command_line(county):
    ((village, poor),) = county.warehouse(
        "SELECT village_code, numerator FROM mart.village_incidence ORDER BY numerator DESC, village_code LIMIT 1"
    )
    told = json.loads(fupin(county.home, "explain", "village_incidence", village, "numerator", "--json").stdout)
    assert told["figure"] == told["rows_or_sum"] == len(told["rows"]) == poor > 0
    assert {feed for feed, *_ in told["batches"]} >= {"registry_person", "registry_household"}
    assert ["VILLAGE_EXIT_RATE", "0.020000"] in told["parameters"]


def test_a_hit_is_explained_on_the_command_line(county):
    ((subject,),) = county.warehouse("SELECT min(subject) FROM ops.rule_hit WHERE rule_id = 'L01'")
    told = json.loads(fupin(county.home, "explain", "L01", subject, "--json").stdout)
    assert told["verdict"] == "命中" and float(told["evidence"]["microcredit_balance_yuan"]) > 50_000
    assert told["rule_version"] == 1 and told["parameters"] == [["LOAN_CAP", "50000.000000"]]


def test_the_rules_of_the_day_find_the_same_again(county):
    today = county.warehouse("SELECT rule_id, subject FROM ops.rule_hit ORDER BY ALL")
    again = json.loads(fupin(county.home, "rules", "--as-of", "2019-06-30", "--hits", "--json").stdout)
    assert [(hit["rule_id"], hit["subject"]) for hit in again] == today
