"""A county with people who are hard to tell apart: what the deterministic tiers must get right, whatever else is tried later."""

from __future__ import annotations

import pytest

from connectors.feed import load_feeds
from tests.e2e.county import County
from tests.e2e.identity_truth import SURE, Score, links_sql, score

PEOPLE = 3000
SEED = 11
FEEDS = [feed for feed in load_feeds().values() if feed.subject]


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return County(tmp_path_factory.mktemp("county"), PEOPLE, SEED, "--identity", "--dirt", "real")


@pytest.fixture(scope="module")
def first_scores(county) -> dict[str, Score]:
    with county.opened() as con:
        return score(con, links_sql(FEEDS), [county.out / "truth"])


def test_all_feeds_are_merged_and_only_the_planted_errors_are_quarantined(county, first_scores):
    assert len(county.batches) == 14
    assert {batch["state"] for batch in county.batches.values()} == {"merged"}
    planted = set(county.truth.execute('SELECT feed, "row", code FROM errors').fetchall())
    found = set(county.warehouse("SELECT feed, source_row, code FROM ops.reject"))
    assert (found - planted, planted - found) == (set(), set())
    # A number that a spreadsheet destroyed is never used.
    destroyed = {feed for feed, _, code in planted if code == "ID_SCI_NOTATION"}
    assert destroyed == {feed.name for feed in FEEDS if feed.name in county.batches}


def test_rows_with_an_id_like_number_are_linked_to_their_own_person(first_scores):
    """No wrong link, recall ≥ 0.995, measured by who owns a key."""
    for tier in SURE:
        found = first_scores[tier]
        assert found.rows > 20 and found.right == found.linked, tier
        assert found.recall >= 0.995, tier
    assert sum(first_scores[tier].rows for tier in SURE) > 10_000


def test_the_linked_id_is_the_one_that_the_person_has(county):
    """The same without the measure: through ``core.identity`` to the number itself, also for former numbers."""
    tables = " UNION ALL ".join(
        f"SELECT '{feed.name}' AS feed, h.source_row, i.value FROM core.{feed.name} AS h "
        f"JOIN core.identity AS i ON i.person_key = h.person_key AND i.kind = 'citizen_id'"
        for feed in FEEDS
    )
    found = {(feed, row): value for feed, row, value in county.warehouse(tables)}
    expected = county.truth.execute(
        'SELECT r.feed, r."row", p.citizen_id FROM rows AS r JOIN persons AS p ON p.person = r.expected_link '
        f"WHERE r.id_kind IN {SURE}"
    ).fetchall()
    assert [key for *key, number in expected if found.get(tuple(key), number) != number] == []
    assert sum((feed, row) in found for feed, row, _ in expected) / len(expected) >= 0.995


def test_every_kind_of_hard_row_is_there_and_survives_the_checks(county, first_scores):
    assert {tier: found.rows >= 5 for tier, found in first_scores.items()} == dict.fromkeys(
        (*SURE, "changed", "none", "shared"), True
    )
    events = {row[0] for row in county.truth.execute("SELECT DISTINCT event FROM identity").fetchall()}
    assert events >= {"namesake", "id_changed", "id_shared"}


def test_a_month_later_no_event_leads_to_a_wrong_link(county, first_scores, tmp_path):
    """Births, deaths, moves, splits, merges and new numbers: rows of both deliveries together."""
    second = county.deliver(tmp_path / "second", "--changed", "5")
    assert {batch["state"] for batch in county.batches.values()} == {"merged"}
    planted = set(
        county.truth.execute(
            f"""SELECT feed, "row", code FROM read_parquet('{second}/truth/errors.parquet')"""
        ).fetchall()
    )
    batches = ", ".join(f"'{batch['batch_id']}'" for batch in county.batches.values())
    found = set(county.warehouse(f"SELECT feed, source_row, code FROM ops.reject WHERE batch_id IN ({batches})"))
    assert (found - planted, planted - found) == (set(), set())
    with county.opened() as con:
        scores = score(con, links_sql(FEEDS), [county.out / "truth", second / "truth"])
    for tier in SURE:
        assert scores[tier].rows >= first_scores[tier].rows
        assert scores[tier].right == scores[tier].linked, tier
        assert scores[tier].recall >= 0.995, tier
