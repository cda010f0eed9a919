"""What is made in part equals what is made anew: deliveries of every kind, drawn by seeds, each built on and compared with a copy built whole."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from connectors import settings
from connectors.feed import load_feeds
from tests import deltas
from tests.e2e.county import County
from warehouse import monitor
from warehouse.database import open_warehouse, relations
from warehouse.history.schema import prepare
from warehouse.history.tables import key_columns
from warehouse.history.views import ensure_views, record_sql
from warehouse.monitor import affected, judge
from warehouse.monitor.order import build_order

FEEDS = load_feeds()
SEEDS = range(60) if os.environ.get("FUPIN_EVERY_DELTA") else range(3)
FOUND = ("ops.rule_hit", "ops.rule_run", "ops.clue", "ops.clue_round")


@pytest.fixture(scope="module")
def county(shared_county: Callable[..., County]) -> County:
    return shared_county(4_000, 7, "--dirt", "none", "--monitoring")


@contextmanager
def opened(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__FUPIN__HOME", str(home))
        with open_warehouse(settings.home()) as con:
            prepare(con, home, FEEDS)
            yield con


def contents(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[object, ...]]:
    """A digest of every table and view that a build makes."""
    there = relations(con)
    names = [table.name for table in build_order() if table.name in there]
    return {
        name: con.execute(
            f"SELECT count(*), bit_xor(hash(t)), sum(CAST(hash(t) AS HUGEINT)) FROM {name} AS t"
        ).fetchone()
        or ()
        for name in dict.fromkeys((*names, *FOUND))
    }


def test_a_delta_equals_the_full_build(county: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: Counter[str] = Counter()

    def counted(of: object, name: str) -> None:
        whole = getattr(of, name)

        def call(*given: object) -> object:
            done = whole(*given)
            made[f"{name} {done}"] += 1
            return done

        monkeypatch.setattr(of, name, call)

    counted(judge, "judge_part")
    counted(affected.Affected, "make")
    home, copy = tmp_path / "home", tmp_path / "copy"
    shutil.copytree(county.home, home)
    for seed in SEEDS:
        with opened(home) as con:
            if seed == SEEDS[1]:
                _decide(con)
            told = deltas.draw(con, FEEDS, seed)
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(home, copy)
        with opened(home) as con:
            monitor.build(con, FEEDS)
            in_part = contents(con)
        with opened(copy) as con:
            monitor.build(con, FEEDS, anew=True)
            whole = contents(con)
        assert {name for name in whole if in_part[name] != whole[name]} == set(), f"seed {seed}: {told}"
    # Not by making everything whole.
    assert made["judge_part True"] > 20 and made["make True"] > 10, made


def _decide(con: duckdb.DuckDBPyConnection) -> None:
    """People are known under a former key too; rows lose their ids and are linked, to households and to people. The next build is whole, those
    after it are in part again."""
    former = "CAST(hash({}) >> 2 AS BIGINT)"
    con.execute(
        f"INSERT INTO core.person_alias SELECT {former.format('person_key')}, person_key, '测试' FROM core.household_registration_now "
        "WHERE hash(person_key) % 40 = 0"
    )
    for name in ("health_settlement", "bank_loan", "card_payment"):
        deltas.deliver(
            con, FEEDS[name], "hash(t.person_key) % 40 = 0", [f"{former.format('told.person_key')} AS person_key"]
        )
    for name in ("housing_assessment", "housing_renovation", "education_enrollment"):
        feed = FEEDS[name]
        deltas.deliver(con, feed, "hash(t.person_key) % 7 = 0", ["CAST(NULL AS BIGINT) AS person_key"])
        nobodys = (
            f"SELECT {record_sql(feed, 't.')} AS record, t.{key_columns(feed)[0]} AS number, row_number() OVER (ORDER BY t.{key_columns(feed)[0]}) AS place "
            f"FROM core.{name}_now AS t WHERE t.person_key IS NULL"
        )
        if name == "education_enrollment":
            con.execute(
                f"INSERT INTO core.record_link SELECT '{name}', n.record, p.person_key, 'auto', NULL, NULL FROM ({nobodys}) AS n JOIN "
                "(SELECT person_key, row_number() OVER (ORDER BY person_key) AS place FROM core.household_registration_now) AS p ON p.place = 3 * n.place "
                "WHERE n.place % 2 = 0"
            )
        else:
            con.execute(
                f"INSERT INTO core.household_link SELECT '{name}', n.record, n.number, h.household_id, h.person_key, 'head_village' FROM ({nobodys}) AS n "
                "JOIN (SELECT household_id, person_key, row_number() OVER (ORDER BY household_id) AS place FROM core.registry_household_now) AS h "
                "ON h.place = n.place WHERE n.place % 2 = 0"
            )
    ensure_views(con, FEEDS.values())
