"""A whole county with people who are hard to tell apart, linked: how many are right, and that nobody is lost sight of."""

from __future__ import annotations

import pytest

from connectors.feed import load_feeds
from tests.e2e.county import County, fupin
from tests.e2e.identity_truth import Score, present_links_sql, score
from warehouse.history.tables import name_column
from warehouse.history.views import record_sql

PEOPLE = 20_000
SEED = 3
FEEDS = [feed for feed in load_feeds().values() if feed.subject]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    county = County(tmp_path_factory.mktemp("county"), PEOPLE, SEED, "--identity", "--dirt", "real")
    fupin(county.home, "link")
    return county


@pytest.fixture(scope="module")
def scores(county: County) -> dict[str, Score]:
    with county.opened() as con:
        return score(con, present_links_sql(FEEDS), [county.out / "truth"])


def test_links_hold_what_is_promised(scores: dict[str, Score]) -> None:
    every = scores.values()
    assert sum(one.right for one in every) / sum(one.linked for one in every) >= 0.9999
    numbered = [one for one in every if one.tier != "none"]
    assert sum(one.home for one in numbered) / sum(one.rows for one in numbered) >= 0.995
    assert scores["none"].rows > 2_000
    assert scores["none"].recall >= 0.90 and scores["none"].precision >= 0.9999


def test_whoever_is_not_linked_stands_among_the_candidates_of_the_review_list(county: County) -> None:
    """Of the rows without an id that nobody was found for, the true person is laid before those who judge."""
    rows = " UNION ALL ".join(
        f"SELECT '{feed.name}' AS feed, {record_sql(feed, 't.')} AS record, t.source_row FROM core.{feed.name}_now AS t "
        f"LEFT JOIN core.household_link AS h ON h.feed = '{feed.name}' AND h.record = {record_sql(feed, 't.')} "
        f"WHERE h.record IS NULL AND t.{name_column(feed)} IS NOT NULL AND (t.person_key IS NULL OR t.link_method = 'none')"
        for feed in FEEDS
        if name_column(feed)
    )
    with county.opened() as con:
        folder = county.out / "truth"
        missing = con.execute(
            f"""WITH left_over AS ({rows}), told AS (
              SELECT l.feed, l.record, p.citizen_id FROM left_over AS l
              JOIN read_parquet('{folder}/rows.parquet') AS r ON r.feed = l.feed AND r."row" = l.source_row AND r.id_kind = 'none'
              JOIN read_parquet('{folder}/persons.parquet') AS p USING (person)
              -- Whose own row was refused everywhere is on no list of people yet.
              WHERE p.citizen_id IN (SELECT value FROM core.identity AS i JOIN core.person AS s USING (person_key)))
            SELECT feed, count(*), count(*) FILTER (NOT EXISTS (
              SELECT 1 FROM core.link_candidate AS c JOIN core.identity AS i ON i.person_key = c.person_key
              WHERE c.feed = told.feed AND c.record = told.record AND i.value = told.citizen_id))
            FROM told GROUP BY feed"""
        ).fetchall()
    assert sum(rows for _, rows, _ in missing) > 50
    assert [(feed, lost) for feed, _, lost in missing if lost] == []


def test_linking_again_finds_the_same(county: County) -> None:
    before = (
        county.warehouse("FROM core.link_candidate ORDER BY ALL"),
        county.warehouse("FROM core.person_alias ORDER BY ALL"),
    )
    fupin(county.home, "link")
    assert before == (
        county.warehouse("FROM core.link_candidate ORDER BY ALL"),
        county.warehouse("FROM core.person_alias ORDER BY ALL"),
    )
