"""A feed's declaration changes while it is in use: a new column, another header, a column that is gone, a code that falls into two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.feed import load_feeds
from tests.e2e.commands import fupin
from warehouse import tasks, withdrawing
from warehouse.batch import Batch
from warehouse.database import open_warehouse
from warehouse.history.schema import ensure

HEAD = """
name = "orchard"
department = "linye"
department_title = "市林业局"
title = "果园登记"
grain = "one row per orchard"
mode = "snapshot"
key = ["orchard_no"]
subject = []
legal_basis = "地方试点"
purpose = "产业帮扶"
as_of_column = "data_date"
"""
COLUMNS = {
    "orchard_no": 'type = "text"\naliases = ["果园编号"]\nrequired = true',
    "data_date": 'type = "date"\naliases = ["数据日期"]\nrequired = true',
    "area_mu": 'type = "number"\naliases = ["面积"]\nunit = "亩"\npublished = "value"',
    "fruit_code": 'type = "code"\naliases = ["果树"]\npublished = "value"\ncodes = { "1" = ["果树"], "2" = ["其他"] }',
    "is_irrigated": 'type = "boolean"\naliases = ["是否灌溉"]\npublished = "value"',
}
# The code «1» falls into two; it stays declared, without a spelling, for the rows that have it.
SPLIT = COLUMNS["fruit_code"].replace('"1" = ["果树"]', '"1" = [], "11" = ["梨树"], "12" = ["葡萄"]')
DAYS = ("2019-03-31", "2019-05-31", "2019-06-30")


class Orchards:
    """A site with a feed of its own, whose declaration it changes."""

    def __init__(self, home: Path, feeds: Path) -> None:
        self.home, self.path = home, feeds / "orchard.toml"
        self.inbox = home / "ingest" / "linye"
        for folder in (feeds, self.inbox):
            folder.mkdir(parents=True)
        self.declare(COLUMNS)

    def declare(self, columns: dict[str, str]) -> None:
        told = [f'[[columns]]\nname = "{name}"\n{facts}\n' for name, facts in columns.items()]
        self.path.write_text("\n".join([HEAD, *told]), encoding="utf-8")

    def deliver(self, day: str, header: str, *rows: str) -> dict[str, Any]:
        """Take a file in as far as the merge; returns its batch."""
        text = "\n".join([f"数据日期,{header}", *(f"{day},{row}" for row in rows), ""])
        (self.inbox / f"果园_{day}.csv").write_text(text, encoding="utf-8")
        (reference,) = tasks.collect("orchard")
        tasks.organise(*reference.split("/"))
        tasks.merge(*reference.split("/"))
        tasks.feedback(*reference.split("/"))
        data = Batch.load(self.home, reference).data
        assert data["state"] == "merged", data
        return data

    def ask(self, what: str = "orchard_no, area_mu, fruit_code, is_irrigated, valid_from") -> list[Any]:
        """Each day's answer, as believed now."""
        with open_warehouse(self.home) as con:
            ensure(con, load_feeds().values())
            return [
                con.execute(f"SELECT {what} FROM core.orchard_as_of('{day}') ORDER BY ALL").fetchall() for day in DAYS
            ]

    def published(self) -> list[Any]:
        path = self.home / "published" / "current" / "history.duckdb"
        with duckdb.connect(str(path), read_only=True) as con:
            return [
                con.execute(
                    f"SELECT area_mu, fruit_code, valid_from FROM core.orchard_as_of('{day}') ORDER BY ALL"
                ).fetchall()
                for day in DAYS
            ]


@pytest.fixture
def site(data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Orchards:
    monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
    monkeypatch.setenv("AIRFLOW__FUPIN__FEEDS", str(tmp_path / "feeds"))
    return Orchards(data_root, tmp_path / "feeds")


HEADER = "果园编号,面积（亩）,果树,是否灌溉"


def test_the_past_is_what_it_was_whatever_is_declared_later(site: Orchards) -> None:
    site.deliver("2019-03-31", HEADER, "G1,12.5,果树,是", "G2,3,其他,否")
    site.deliver("2019-06-30", HEADER, "G1,13,果树,是", "G3,4,果树,否")
    before = site.ask()
    assert [len(rows) for rows in before] == [2, 2, 2]
    with open_warehouse(site.home) as con:
        con.execute("CREATE TABLE core.orchard_kept AS FROM core.orchard")

    # A new column, another header, one code instead of two, and a column that nobody is asked for any more.
    changed = {name: facts for name, facts in COLUMNS.items() if name != "is_irrigated"}
    changed |= {"area_mu": COLUMNS["area_mu"].replace('"面积"', '"面积", "种植面积"'), "fruit_code": SPLIT}
    site.declare({**changed, "yield_kg": 'type = "number"\naliases = ["产量"]\nunit = "公斤"\npublished = "value"'})
    assert site.ask() == before
    split = site.deliver("2019-09-30", "果园编号,种植面积（亩）,果树,产量", "G1,13,梨树,900", "G3,4,葡萄,100")
    assert (split["rows_inserted"], split["rows_ended"]) == (2, 2)
    assert site.ask() == before
    assert site.ask("count(yield_kg)") == [[(0,)]] * 3
    with open_warehouse(site.home, write=False) as con:
        now = con.execute("SELECT orchard_no, fruit_code, yield_kg FROM core.orchard_now ORDER BY 1").fetchall()
        assert [(number, code, float(kg)) for number, code, kg in now] == [("G1", "11", 900.0), ("G3", "12", 100.0)]
        # Nothing of what was written has been touched but its ends.
        assert con.execute(
            "SELECT count(*) FROM (SELECT * EXCLUDE (valid_to, recorded_to) FROM core.orchard_kept "
            "EXCEPT ALL SELECT * EXCLUDE (valid_to, recorded_to, yield_kg) FROM core.orchard)"
        ).fetchone() == (0,)

    # What was staged under the former declaration is played again under this one.
    late = site.deliver("2019-04-30", "果园编号,面积（亩）,果树", "G1,12,其他", "G2,3,其他")
    assert site.ask("orchard_no, area_mu, fruit_code")[1] == [("G1", 12, "2"), ("G2", 3, "2")]
    for batch in (late, split):
        withdrawing.withdraw(site.home, f"orchard/{batch['batch_id']}", load_feeds(), "tests", "试验")
    content = "orchard_no, area_mu, fruit_code, valid_from"
    assert site.ask(content) == [[(*row[:3], row[4]) for row in rows] for rows in before]
    # Declared again, a column has what it had.
    site.declare(COLUMNS)
    assert site.ask("is_irrigated")[2] == [(False,), (True,)]


def test_published_history_follows_the_declaration(site: Orchards) -> None:
    site.deliver("2019-03-31", HEADER, "G1,12.5,果树,是", "G2,3,其他,否")
    fupin(site.home, "build")
    fupin(site.home, "publish")
    before = site.published()
    site.declare(
        {**COLUMNS, "fruit_code": SPLIT, "yield_kg": 'type = "number"\naliases = ["产量"]\npublished = "value"'}
    )
    site.deliver("2019-09-30", f"{HEADER},产量", "G1,12.5,梨树,是,900", "G2,3,其他,否,1")
    fupin(site.home, "build")
    fupin(site.home, "publish")
    assert site.published() == before and len(before[0]) == 2
    with duckdb.connect(str(site.home / "published" / "current" / "history.duckdb"), read_only=True) as con:
        assert con.execute("SELECT fruit_code, yield_kg FROM core.orchard_now ORDER BY 1").fetchall() == [
            ("11", 900), ("2", 1),
        ]  # fmt: skip


def test_another_type_is_refused_in_one_line_and_nothing_is_written(site: Orchards) -> None:
    site.deliver("2019-03-31", HEADER, "G1,12.5,果树,是", "G2,3,其他,否")
    before = site.ask()
    site.declare({**COLUMNS, "area_mu": 'type = "text"\naliases = ["面积"]\npublished = "value"'})
    done = fupin(site.home, "verify", check=False)
    assert done.returncode == 1 and "orchard.toml: column area_mu is" in done.stderr and done.stderr.count("\n") == 1
    site.declare(COLUMNS)
    assert site.ask() == before
