"""Any one feed stays away: whoever needs it cannot judge, nobody becomes a hit by it, and every mart is built all the same."""

from __future__ import annotations

import datetime as dt
import os
import random

import pytest

from connectors.feed import load_feeds
from expectations import normalise
from warehouse.monitor.past import past
from warehouse.monitor.rules import HIT, rules_on

PEOPLE, SEED = 4_000, 7
DAY = dt.date(2019, 6, 30)
RULES = rules_on(DAY)
FEEDS = load_feeds()


@pytest.fixture(scope="module")
def county(shared_county):
    return shared_county(PEOPLE, SEED, "--dirt", "none", "--monitoring")


NEEDED = sorted({name for rule in RULES.values() for group in rule.feeds for name in group.split("|")})
# A build for every feed takes minutes: a seeded eighth of them is among the tests.
SAMPLE = NEEDED if os.environ.get("FUPIN_EVERY_FEED") else random.Random(SEED).sample(NEEDED, len(NEEDED) // 8)


@pytest.mark.parametrize("feed", SAMPLE)
def test_without_it_nobody_is_accused(county, feed: str):
    with county.opened() as con:
        normalise.install(con)
        before = set(con.execute(f"SELECT rule_id, subject FROM ops.rule_hit WHERE verdict = '{HIT}'").fetchall())
        with past(con, FEEDS, DAY, without=[feed]):
            after = set(con.execute(f"SELECT rule_id, subject FROM ops.rule_hit WHERE verdict = '{HIT}'").fetchall())
            judged = dict(con.execute("SELECT rule_id, hits + clear FROM ops.rule_run").fetchall())
    assert after <= before
    for rule in RULES.values():
        if any(group == feed for group in rule.feeds):
            assert judged[rule.rule_id] == 0, rule.rule_id
