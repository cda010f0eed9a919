"""A table that is made in part is proven to be local; a SELECT that looks beyond the family is refused."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from connectors.feed import load_feeds
from tests.locality import NotLocal, Relation, prove, relations_of_feeds
from warehouse.history.tables import core_columns
from warehouse.monitor.order import KEYS, Table, build_order, parse

FEEDS = {f"core.{feed}" for feed in load_feeds()}
BELIEVED = "recorded_to = TIMESTAMP '9999-12-31 00:00:00'"


def relations() -> dict[str, Relation]:
    """What every feed and every table with a Scope yields."""
    found = relations_of_feeds(
        {feed.name: [column.name for column in core_columns(feed)] for feed in load_feeds().values()}
    )
    for table in build_order():
        if not table.is_step and not table.is_rule:
            # The rows of a table without a Scope are cut down by these columns wherever it is read.
            query = sqlglot.parse_one(table.select, read="duckdb")
            assert isinstance(query, exp.Query)
            names = table.select if query.is_star else " ".join(query.named_selects)
            kinds = {key: key for key in KEYS if re.search(rf"\b{key}\b", names)}
            found[table.name] = Relation(bool(kinds), kinds)
            if table.scope:
                # A false Scope is its own test's business.
                with suppress(NotLocal):
                    found[table.name] = prove(table, found)
    return found


RELATIONS = relations()
SCOPED = [table for table in build_order() if table.scope]


@pytest.mark.parametrize("table", SCOPED, ids=lambda table: table.name)
def test_a_table_made_in_part_looks_at_one_family(table: Table) -> None:
    assert prove(table, RELATIONS).kinds[table.scope_column] == table.scope
    # A part holds what is believed, of the columns that are named.
    for name in table.inputs & FEEDS:
        assert table.select.count(BELIEVED) >= len([one for one in table.references if one.name == name])
    final = sqlglot.parse_one(table.select, read="duckdb")
    assert isinstance(final, exp.Query)
    assert not [column for column in final.selects if isinstance(column, exp.Star) or isinstance(column.this, exp.Star)]


def test_what_costs_most_is_made_in_part() -> None:
    assert {"core.member", "core.earner", "core.insured", "mart.person_status", "mart.household_status"} <= {
        table.name for table in SCOPED
    }


LOCAL = "SELECT member.person_key FROM core.member AS member"
BEYOND = {
    "a group of a village": "SELECT village_code, min(person_key) AS person_key FROM core.member GROUP BY village_code",
    "a window over everybody": "SELECT person_key, row_number() OVER (ORDER BY age) AS place FROM core.member",
    "a join by name": "SELECT a.person_key FROM core.death_now AS a INNER JOIN core.cremation_now AS b ON b.name = a.name",
    "everybody with everybody": "SELECT a.person_key FROM core.death_now AS a CROSS JOIN core.cremation_now AS b",
    "a key met by another": "SELECT a.person_key FROM core.member AS a INNER JOIN core.loan AS b ON b.household_id = a.hukou_no",
    "a number in a list": "SELECT person_key FROM core.member WHERE age IN (SELECT year FROM core.health_insurance_now)",
    "somebody of another family": "SELECT person_key FROM core.member AS m WHERE EXISTS (SELECT 1 FROM core.death_now AS d WHERE d.name = m.sex_code)",
    "the first of all": "SELECT person_key FROM core.member ORDER BY age LIMIT 1",
    "a sum that is no CTE": "SELECT person_key FROM core.member CROSS JOIN (SELECT count(*) AS n FROM core.death_now) AS d",
    "a fact of a cut-down list": "WITH dead AS (SELECT person_key FROM core.death_now), n AS (SELECT count(*) AS n FROM dead) "
    "SELECT m.person_key FROM core.member AS m CROSS JOIN n",
    "places that nobody lives in": "SELECT member.person_key FROM ref.division AS d LEFT JOIN core.member AS member ON member.village_code = d.village_code",
}  # fmt: skip


@pytest.mark.parametrize("select", BEYOND.values(), ids=BEYOND.keys())
def test_what_looks_beyond_the_family_is_refused(select: str, tmp_path: Path) -> None:
    table = _table(tmp_path, select)
    with pytest.raises(NotLocal):
        prove(table, RELATIONS)


def test_a_fact_of_a_whole_list_is_a_cte_of_its_own(tmp_path: Path) -> None:
    with_fact = (
        "WITH n AS (SELECT count(*) AS n FROM core.death_now) SELECT m.person_key FROM core.member AS m CROSS JOIN n"
    )
    table = _table(tmp_path, with_fact)
    assert table.facts == {"n"}
    assert [one.in_fact for one in table.references] == [True, False]
    assert prove(table, RELATIONS).kinds == {"person_key": "person_key"}
    with pytest.raises(NotLocal):
        prove(replace(table, facts=frozenset()), RELATIONS)


def _table(folder: Path, select: str) -> Table:
    path = folder / "try.sql"
    path.write_text(f"-- try\n-- Scope: person_key\n{select}\n", encoding="utf-8")
    return parse(path, "core.try")
