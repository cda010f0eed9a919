"""A dirty county against its planted truth: what is quarantined, what lands, who is linked — and where ids do not occur."""

from __future__ import annotations

import json
import os
import re

import pytest

from tests.e2e.commands import fupin
from tests.e2e.county import County

PEOPLE = 3000
SEED = 11


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return County(tmp_path_factory.mktemp("county"), PEOPLE, SEED)


def test_every_feed_of_the_dirty_county_is_merged(county):
    assert len(county.batches) == 10
    assert {batch["state"] for batch in county.batches.values()} == {"merged"}


def test_the_planted_errors_and_nothing_else_are_quarantined_each_with_its_reason_and_row(county):
    planted = set(county.truth.execute('SELECT feed, "row", code FROM errors').fetchall())
    found = set(county.warehouse("SELECT feed, source_row, code FROM ops.reject"))
    assert len(planted) > 50
    assert found - planted == set()
    assert planted - found == set()


def test_rows_read_are_landed_or_quarantined_and_all_of_the_file(county):
    rows = dict(county.truth.execute("SELECT feed, count(*) FROM rows GROUP BY feed").fetchall())
    for feed, batch in county.batches.items():
        assert batch["rows_read"] == batch["rows_landed"] + batch["rows_quarantined"]
        assert batch["rows_read"] == rows[feed], feed


def test_links_are_exact_for_rows_with_an_id_like_number(county):
    """Precision 1.0, recall ≥ 0.99 against who each row is really about, matched by the row number in the file."""
    from connectors.feed import load_feeds

    subjects = [feed.name for feed in load_feeds().values() if feed.subject]
    tables = " UNION ALL ".join(
        f"SELECT '{name}' AS feed, h.source_row, h.link_method, i.value FROM core.{name} AS h "
        f"LEFT JOIN core.identity AS i ON i.person_key = h.person_key AND i.kind = 'citizen_id'"
        for name in subjects
    )
    found = {(feed, row): (method, value) for feed, row, method, value in county.warehouse(tables)}
    expected = county.truth.execute(
        'SELECT r.feed, r."row", p.citizen_id FROM rows AS r JOIN persons AS p ON p.person = r.expected_link'
    ).fetchall()
    linked = [
        (found.get((feed, row), (None, None)), citizen_id) for feed, row, citizen_id in expected if feed in subjects
    ]
    right = sum(value == citizen_id for (_, value), citizen_id in linked)
    wrong = sum(value is not None and value != citizen_id for (_, value), citizen_id in linked)
    assert len(linked) > 10_000
    assert wrong == 0
    assert right / len(linked) >= 0.99
    silent = {
        (feed, row) for feed, row in county.truth.execute('SELECT feed, "row" FROM rows WHERE NOT has_id').fetchall()
    }
    assert [key for key in silent if found.get(key, (None, None))[1] is not None] == []


def test_the_poor_of_the_county_are_counted_right(county):
    poor = county.truth.execute("SELECT value FROM counts WHERE name = 'poor_people'").fetchone()[0]
    answer = json.loads(
        fupin(county.home, "query", "SELECT sum(numerator) AS n FROM village_incidence", "--format", "json").stdout
    )
    refused = county.truth.execute(
        'SELECT count(*) FROM errors AS e JOIN rows AS r USING (feed, file, "row") JOIN persons AS p USING (person) '
        "WHERE e.feed IN ('registry_person', 'registry_household') AND p.is_poor"
    ).fetchone()[0]
    # A refused row of a poor household or person is the only reason for a difference.
    assert poor - 6 * refused <= answer[0]["n"] <= poor


def test_no_citizen_id_occurs_outside_landing_warehouse_and_the_senders_outbox(county):
    ids = {row[0] for row in county.truth.execute("SELECT citizen_id FROM persons").fetchall()}
    pattern = re.compile(r"2199\d{13}[\dXx]")
    searched = 0
    for path in county.home.rglob("*"):
        inside = path.relative_to(county.home).parts
        assert not pattern.search(path.name)
        if not path.is_file() or inside[0] in ("landing", "warehouse", "outbox", "ingest"):
            continue
        searched += 1
        content = path.read_bytes().decode("latin-1")
        assert not [found for found in pattern.findall(content) if found.upper() in ids], path
    assert searched > 5
    assert not pattern.search(county.output)
    raw = (county.home / "warehouse" / "fupin.duckdb").read_bytes().decode("latin-1")
    assert not pattern.search(raw), "the warehouse is not encrypted"
    for path in (county.home / "landing").rglob("gx.json"):
        assert not pattern.search(path.read_text(encoding="utf-8"))


def test_the_log_knows_every_delivery_and_nobody(county):
    said = fupin(county.home, "audit", "--json").stdout
    entries = json.loads(said)
    loaded = [entry["target"] for entry in entries if entry["what"] == "load"]
    assert sorted(loaded) == sorted(f"{feed}/{batch['batch_id']}" for feed, batch in county.batches.items())
    assert [entry["what"] for entry in entries if entry["what"] != "load"] == ["rules", "lists", "publish"]
    assert not re.search(r"2199\d{13}[\dXx]", said)
    assert f"audit: {len(entries)} entries, none changed, none missing" in fupin(county.home, "verify").stderr


def test_the_same_files_again_are_duplicates_and_change_nothing(county):
    before = fupin(county.home, "verify").stdout
    snapshots = sorted(path.name for path in (county.home / "published").iterdir())
    marts = county.warehouse("SELECT count(*) FROM core.registry_person")
    for path in (county.out / "ingest").rglob("*"):
        if path.is_file():
            target = county.home / path.relative_to(county.out)
            target.write_bytes(path.read_bytes())
            os.utime(target, (1e9, 1e9))
    again = json.loads(fupin(county.home, "sync", "--json").stdout)
    assert {batch["state"] for batch in again} == {"duplicate"}
    assert len(again) == 10
    assert county.warehouse("SELECT count(*) FROM core.registry_person") == marts
    assert sorted(path.name for path in (county.home / "published").iterdir()) == snapshots
    assert json.loads(before)["content_hash"] != ""


def test_every_value_of_a_person_names_the_row_that_it_came_from(county):
    """The declared precedence and core.person say the same of everybody."""
    differing = county.warehouse(
        "SELECT count(*) FROM (SELECT person_key, unnest(['village_code', 'sex_code', 'birth_date']) AS column_name, "
        "unnest([village_code, sex_code, birth_date::VARCHAR]) AS column_value FROM core.person) AS p "
        "FULL JOIN core.person_provenance AS v USING (person_key, column_name) "
        "WHERE p.column_value IS DISTINCT FROM v.column_value AND NOT (p.column_value IS NULL AND v.person_key IS NULL)"
    )
    assert differing == [(0,)]
    assert county.warehouse("SELECT count(DISTINCT feed) FROM core.person_provenance") == [(3,)]
