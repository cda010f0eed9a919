"""A county with something to find for every rule: each finds its situations, all of them, and nothing that only looks like one."""

from __future__ import annotations

import pytest

from tests.e2e.county import County
from tests.e2e.planted import judgement
from warehouse.monitor.rules import Rule, rules_on

PEOPLE = 40_000
SEED = 19
RULES = sorted(rules_on(None).values(), key=lambda rule: rule.rule_id)


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return County(tmp_path_factory.mktemp("planted"), PEOPLE, SEED, "--dirt", "none", "--monitoring")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule_id)
def test_it_finds_what_is_planted_and_nothing_else(county, rule: Rule):
    found = judgement(county, rule)
    assert found.planted, "plant something for it: demo/monitoring/"
    assert set(found.variants.values()) - {found.variants[subject] for subject in found.planted}, (
        "plant what only looks like it"
    )
    assert not found.false and not found.missed, found.explain()
