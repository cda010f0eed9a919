"""A whole county with people who are hard to tell apart, linked: how many are right, and that nobody is lost sight of."""

from __future__ import annotations

import pytest

from connectors.feed import load_feeds
from tests.e2e.commands import fupin
from tests.e2e.county import County
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
    # Who is known by a former id is found where the police tell it.
    assert scores["changed"].recall > 0.5 and scores["changed"].precision == 1.0
    numbered = [one for one in every if one.tier != "none"]
    assert sum(one.home for one in numbered) / sum(one.rows for one in numbered) >= 0.995
    assert scores["none"].rows > 2_000
    assert scores["none"].recall >= 0.90 and scores["none"].precision >= 0.9999


def test_whoever_is_not_linked_stands_among_the_candidates_of_the_review_list(county: County) -> None:
    """Of the rows without an id that nobody was found for, the true person is laid before those who judge."""
    rows = " UNION ALL ".join(
        f"SELECT '{feed.name}' AS feed, {record_sql(feed, 't.')} AS record, t.source_row, t.{name_column(feed)} IS NOT NULL AS is_named "
        f"FROM core.{feed.name}_now AS t "
        f"LEFT JOIN core.household_link AS h ON h.feed = '{feed.name}' AND h.record = {record_sql(feed, 't.')} "
        f"WHERE h.record IS NULL AND (t.person_key IS NULL OR t.link_method = 'none') "
        f"AND NOT EXISTS (SELECT 1 FROM core.link_candidate AS c WHERE c.feed = '{feed.name}' AND c.decision = 'auto' "
        f"AND c.record = {record_sql(feed, 't.')})"
        for feed in FEEDS
        if name_column(feed)
    )
    with county.opened() as con:
        folder = county.out / "truth"
        missing = con.execute(
            f"""WITH left_over AS ({rows}), known AS (
              SELECT i.value, coalesce(a.spine_key, i.person_key) AS person_key FROM core.identity AS i
              LEFT JOIN core.person_alias AS a ON a.person_key = i.person_key WHERE i.kind = 'citizen_id'),
            told AS (
              SELECT l.feed, l.record, l.is_named, k.person_key FROM left_over AS l
              JOIN read_parquet('{folder}/rows.parquet') AS r ON r.feed = l.feed AND r."row" = l.source_row AND r.id_kind = 'none'
              JOIN read_parquet('{folder}/persons.parquet') AS p USING (person)
              -- Whose own row was refused everywhere is on no list of people yet.
              JOIN known AS k ON k.value = p.citizen_id SEMI JOIN core.person AS s ON s.person_key = k.person_key
              -- Of two names of one person a department may know the one, the registry the other.
              WHERE p.former_citizen_id IS NULL)
            SELECT feed, count(*), count(*) FILTER (NOT EXISTS (SELECT 1 FROM core.review_item AS i
              WHERE i.feed = told.feed AND i.record = told.record AND list_contains(i.candidates, told.person_key)))
            FROM told WHERE is_named GROUP BY feed"""
        ).fetchall()
        unheard = con.execute(
            f"SELECT count(*) FROM ({rows}) AS l WHERE feed <> 'registry_person' "
            "AND NOT EXISTS (SELECT 1 FROM core.review_item AS i WHERE i.feed = l.feed AND i.record = l.record)"
        ).fetchone()
    assert sum(rows for _, rows, _ in missing) > 50
    assert [(feed, lost) for feed, _, lost in missing if lost] == []
    # Strangers and rows that say too little are on a list all the same.
    assert unheard == (0,)


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
