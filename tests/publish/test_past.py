"""The past in a snapshot: the allowances of a village over half a year, told in deliveries that come in order, late, wrong and again.

Whatever came, the published macros answer what those of the warehouse answer, with pseudonyms in place of people.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.errors import TerminalError
from connectors.settings import ROOT
from tests.history.people import FEEDS, County
from tests.publish.county import KNOWN
from warehouse import keys
from warehouse.cli import query
from warehouse.monitor import build, build_order
from warehouse.monitor.order import SQL
from warehouse.publish import guard, manifest, past, past_file, plan, publish

ALLOWANCE = "subsistence_allowance"
DIVISION, VILLAGE, OTHER = "2199001960010100", "210782102200", "210782103200"
DAYS = ("2018-12-30", "2018-12-31", "2019-01-15", "2019-02-28", "2019-03-31", "2019-04-15", "2019-07-01")
PLANTED = ("牛犇犇", "13912345678", "6222021234567890123")


def citizen(number: int) -> str:
    """A valid citizen id of the division 2199xx."""
    body = f"{DIVISION}{number}"
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def covered(number: int, **more: Any) -> dict[str, Any]:
    """One covered member, whose head is the first."""
    return {
        "allowance_no": f"D{number:07d}", "citizen_id": citizen(number), "name": "牛犇犇", "head_citizen_id": citizen(0),
        "bank_account": "6222021234567890123", "village_code": VILLAGE, "monthly_allowance_yuan": 300, "allowance_class_code": "A",
        "stop_reason": f"电话 {PLANTED[1]}", **more,
    }  # fmt: skip


class Office(County):
    """The county whose deliveries are loaded on one day each, from 2 January 2026 on, and published into ``home``; it knows the marts of
    the folder ``sql``."""

    def __init__(self, home: Path, sql: Path = SQL) -> None:
        super().__init__()
        self.home, self.sql = home, sql

    def _time(self, load: int) -> str:
        return f"2026-01-{load + 1:02d} 03:00:00"

    def publish(self, home: Path | None = None, marts: bool = False) -> dict[str, Any]:
        # What the marts say of these stories matters but where it is asked for.
        if marts or not self.home.joinpath("published").exists():
            build(self.con, FEEDS, root=self.sql)
        return publish(self.con, home or self.home, KNOWN)

    def folder(self, home: Path | None = None) -> Path:
        return ((home or self.home) / "published" / "current").resolve()

    def published(self, sql: str, home: Path | None = None) -> list[tuple[Any, ...]]:
        """What a statistician's own DuckDB answers."""
        with duckdb.connect(str(self.folder(home) / "history.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    def in_warehouse(self, relation: str) -> list[tuple[Any, ...]]:
        """What the warehouse answers, as it would be published."""
        described = past.describe(FEEDS[ALLOWANCE])
        assert described is not None
        key = keys.secret("publication_key", self.home)
        return self.ask(f"FROM ({described.select(f'FROM {relation}', key)}) ORDER BY ALL")

    def chapters(self) -> dict[str, past_file.Chapter]:
        found = past_file.survey(self.con, KNOWN, "key", {})
        return {chapter.past.feed.name: chapter for chapter in found}


@pytest.fixture
def office(few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(plan, "build_order", partial(build_order, few))
    one = Office(tmp_path, few)
    yield one
    one.con.close()


def agrees(office: Office) -> int:
    """Compare both on every pair of days; the number of different answers."""
    answers = set()
    known = [f"2026-01-{day:02d}" for day in (1, *range(2, next(office.loads) + 2))]
    office.loads = itertools.count(len(known) - 1)
    with duckdb.connect(str(office.folder() / "history.duckdb"), read_only=True) as con:
        for day in DAYS:
            for asked in (f"{ALLOWANCE}_as_of('{day}')", *(f"{ALLOWANCE}_as_known('{day}', '{on}')" for on in known)):
                rows = con.execute(f"FROM core.{asked} ORDER BY ALL").fetchall()
                assert rows == office.in_warehouse(f"core.{asked}"), asked
                answers.add(str(rows))
        rows = con.execute(f"FROM core.{ALLOWANCE}_now ORDER BY ALL").fetchall()
        assert rows == office.in_warehouse(f"core.{ALLOWANCE}_now")
    return len(answers)


def told(office: Office) -> Iterator[str]:
    """The story, one load after the other."""
    yield office.deliver(ALLOWANCE, "2018-12-31", [covered(number) for number in range(3)])
    yield office.deliver(ALLOWANCE, "2019-03-31", [covered(0), covered(1, monthly_allowance_yuan=350), covered(3)])
    # Late: what the office sent for January came after March.
    yield office.deliver(ALLOWANCE, "2019-01-15", [covered(0), covered(2), covered(4)])
    # The wrong file, which is taken back.
    wrong = office.deliver(ALLOWANCE, "2019-02-28", [covered(5), covered(6)])
    yield wrong
    office.withdraw(wrong)
    yield "withdrawn"
    # The list of one township, and a refused row.
    yield office.deliver(ALLOWANCE, "2019-04-15", [covered(7, village_code=OTHER)], area=OTHER[:9])
    yield office.deliver(ALLOWANCE, "2019-06-30", [covered(0)], refused=[covered(1)])


def test_after_every_delivery_the_snapshot_answers_what_the_warehouse_answers(office, monkeypatch):
    grown = []
    grow = past_file._grow

    def watched(*of: Any) -> bool:
        grown.append(grow(*of))
        return grown[-1]

    monkeypatch.setattr(past_file, "_grow", watched)
    for number, _ in enumerate(told(office), 1):
        assert office.publish()["is_new"]
        assert agrees(office) > number, "each delivery changes what was known when"
    assert len(grown) == 6 and all(grown), "every file was made of the one before"


def test_a_file_that_grew_holds_what_one_written_at_once_holds(office, tmp_path):
    for _ in told(office):
        office.publish()
    at_once = tmp_path / "elsewhere"
    (at_once / "secrets").mkdir(parents=True)
    (at_once / "secrets" / "publication_key").write_text(keys.secret("publication_key", tmp_path), encoding="ascii")
    assert office.publish(at_once)["snapshot_id"][:17] == office.folder().name[:17]
    for feed in ("village", ALLOWANCE, "code_label"):
        everything = f"FROM core.{feed} ORDER BY ALL"
        assert office.published(everything) == office.published(everything, at_once)
    assert len(office.published(f"FROM core.{ALLOWANCE}")) > 12


def test_two_ids_that_are_one_person_are_so_from_the_next_publication_on_and_no_longer_when_undone(office):
    office.deliver(ALLOWANCE, "2019-03-31", [covered(1), covered(2, allowance_no="D0000001")])
    people = f"SELECT count(DISTINCT person_token), count(*) FROM core.{ALLOWANCE}_as_of('2019-04-15')"
    office.publish()
    before = office.published(f"FROM core.{ALLOWANCE} ORDER BY ALL")
    assert office.published(people) == [(2, 2)]
    decision = office.decide("same_person", person_key=office.key(citizen(2)), other_key=office.key(citizen(1)))
    office.publish()
    assert office.published(people) == [(1, 2)]
    assert agrees(office) > 1
    office.undo(decision)
    office.publish()
    assert office.published(f"FROM core.{ALLOWANCE} ORDER BY ALL") == before


def test_history_that_did_not_change_is_the_same_file_unless_it_has_rotted(office):
    office.deliver(ALLOWANCE, "2019-03-31", [covered(1)])
    office.publish()
    first = office.folder() / "history.duckdb"
    held = first.read_bytes()
    office.con.execute("UPDATE ops.batch SET rows_read = 9")
    office.publish(marts=True)
    assert office.folder() != first.parent and (office.folder() / "history.duckdb").samefile(first)
    os.chmod(first, 0o644)
    first.write_bytes(held[:-1] + b"?")
    office.con.execute("UPDATE ops.batch SET rows_read = 10")
    office.publish(marts=True)
    assert not (office.folder() / "history.duckdb").samefile(first)
    assert agrees(office) > 1


def test_a_wrong_file_that_came_and_went_makes_another_snapshot_of_the_same_content(office):
    office.deliver(ALLOWANCE, "2019-03-31", [covered(1)])
    first = office.publish()
    office.withdraw(office.deliver(ALLOWANCE, "2019-04-15", [covered(2)]))
    second = office.publish()
    assert second["content_hash"] == first["content_hash"] and second["snapshot_id"].startswith(first["snapshot_id"])
    assert second["is_new"] and not office.publish()["is_new"]
    count = (
        f"SELECT count(*) FROM core.{ALLOWANCE}_as_known('2019-04-15', '{{}}') WHERE recorded_to < DATE '9999-12-31'"
    )
    assert [office.published(count.format(day)) for day in ("2026-01-02", "2026-01-03", "2026-01-04")] == [
        [(1,)],
        [(1,)],
        [(0,)],
    ]


def test_what_is_believed_does_not_depend_on_the_order_of_loading_and_alone_decides_the_name(tmp_path):
    lists = {
        "2018-12-31": [covered(1), covered(2)],
        "2019-01-15": [covered(2, monthly_allowance_yuan=310), covered(3)],
        "2019-03-31": [covered(1), covered(3)],
    }
    found = []
    for number, order in enumerate(itertools.permutations(lists)):
        office = Office(tmp_path / str(number))
        for day in order:
            office.deliver(ALLOWANCE, day, lists[day])
        found.append(office.chapters()[ALLOWANCE].facts)
        office.con.close()
    assert len({facts["believed"] for facts in found}) == 1
    assert len({facts["known"] for facts in found}) > 1


def test_a_reader_keeps_the_past_that_it_has_open(office):
    office.deliver(ALLOWANCE, "2019-03-31", [covered(1)])
    office.publish()
    with query.connect(office.folder()) as reader:
        office.deliver(ALLOWANCE, "2019-04-15", [covered(1), covered(2)])
        office.publish()
        count = f"SELECT count(*) FROM core.{ALLOWANCE}_as_of('2019-07-01')"
        assert reader.execute(count).fetchone() == (1,)
    assert office.published(count) == [(2,)]


def test_rows_do_not_lie_in_the_order_of_the_departments_list(office):
    numbers = list(range(10))
    office.deliver(ALLOWANCE, "2019-03-31", [covered(number) for number in numbers])
    office.publish()
    tokens = [token for (token,) in office.published(f"SELECT person_token FROM core.{ALLOWANCE} ORDER BY rowid")]
    described = past.describe(FEEDS[ALLOWANCE])
    assert described is not None
    listed = described.select(f"FROM core.{ALLOWANCE} ORDER BY source_row", keys.secret("publication_key", office.home))
    in_file = [token for (token,) in office.ask(f"SELECT person_token FROM ({listed})")]
    heads = office.published(f"SELECT DISTINCT head_person_token FROM core.{ALLOWANCE}")
    assert tokens == sorted(tokens) != in_file and heads[0][0] in tokens, "a head is a person like any other"


def test_nobody_is_found_in_the_published_past(office):
    for _ in told(office):
        office.publish()
    planted = [*PLANTED, *(citizen(number) for number in range(8)), *(f"D{number:07d}" for number in range(8))]
    for folder in (office.home / "published").iterdir():
        if folder.is_dir() and not folder.is_symlink():
            contents = (folder / "history.duckdb").read_bytes() + (folder / "manifest.json").read_bytes()
            contents += json.dumps(office.published(f"FROM core.{ALLOWANCE}"), default=str).encode()
            assert not [number for number, text in enumerate(planted) if text.encode() in contents]
    columns = {name for name, *_ in office.published(f"DESCRIBE core.{ALLOWANCE}")}
    assert columns == {
        "head_person_token", "person_token", "relation_code", "rural_urban_code", "coverage_code", "covered_count", "allowance_class_code",
        "monthly_income_per_head_yuan", "monthly_allowance_yuan", "benefit_start_month", "benefit_stop_month", "village_code",
        "valid_from", "valid_to", "recorded_from", "recorded_to",
    }  # fmt: skip


def test_statistics_and_history_join_by_the_same_pseudonyms(office, monkeypatch, capsys):
    office.deliver("registry_household", "2019-06-30", [
        {"household_id": "21078200001234", "village_code": VILLAGE, "head_citizen_id": citizen(0), "head_name": "牛犇犇",
         "poverty_status_code": "0"},
    ])  # fmt: skip
    office.deliver("registry_person", "2019-06-30", [
        {"person_id": f"210782000012340{number}", "household_id": "21078200001234", "citizen_id": citizen(number), "name": "牛犇犇"}
        for number in range(2)
    ])  # fmt: skip
    office.deliver(ALLOWANCE, "2019-03-31", [covered(1), covered(2)])
    office.publish()
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(office.home))
    sql = (
        f"SELECT count(*) AS people, count(household_token) AS registered FROM core.{ALLOWANCE}_as_of('2019-06-30') "
        "LEFT JOIN mart.person_status USING (person_token)"
    )
    assert query.run(sql, fmt="csv") == 0
    assert capsys.readouterr().out == "people,registered\n2,1\n"
    assert query.run(f"SELECT count(*) AS n FROM core.{ALLOWANCE}_as_known('2019-06-30', '2026-01-03')", fmt="csv") == 0
    assert capsys.readouterr().out == "n\n0\n"
    for refused in (
        f"DROP TABLE core.{ALLOWANCE}",
        f"UPDATE core.{ALLOWANCE} SET covered_count = 1",
        "ATTACH 'other.duckdb'",
    ):
        with pytest.raises(TerminalError):
            query.run(refused)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "warehouse/README.md"])
def test_the_examples_of_the_readmes_answer(office, name, monkeypatch, capsys):
    office.deliver(ALLOWANCE, "2018-12-31", [covered(1), covered(2)])
    office.deliver(ALLOWANCE, "2019-06-30", [covered(1), covered(2), covered(3)])
    office.publish()
    monkeypatch.chdir(office.home)
    (office.home / "var").symlink_to(office.home)
    text = (ROOT / name).read_text(encoding="utf-8")
    programs = [block for block in re.findall(r"```python\n(.*?)```", text, re.S) if "history.duckdb" in block]
    assert len(programs) == 1 and "_as_of(" in programs[0] and "_as_known(" in programs[0]
    exec(compile(programs[0], name, "exec"), {})
    assert re.findall(r"│\s+(\d+)\s+│", capsys.readouterr().out) == ["3", "0"]


def test_a_declaration_that_publishes_a_new_column_writes_its_feed_anew(office, monkeypatch):
    office.deliver(ALLOWANCE, "2019-03-31", [covered(1)])
    office.publish()
    before = manifest.read(office.folder()) or {}
    monkeypatch.setitem(past.CUTS, "month", (*past.CUTS["month"][:2], "到月"))
    office.con.execute("UPDATE ops.batch SET rows_read = 9")
    office.publish()
    after = manifest.read(office.folder()) or {}
    assert before["history"][ALLOWANCE]["definition"] == after["history"][ALLOWANCE]["definition"]
    told = office.published(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'visit' AND column_name = 'visit_month'"
    )
    assert str(told[0][0]).endswith("到月")


def refused_history(office: Office, *statements: str, inspected: dict[str, str] | None = None) -> str:
    """What the guard says of a published file after ``statements``."""
    office.publish()
    path = office.folder() / "history.duckdb"
    os.chmod(path, 0o644)
    with duckdb.connect(str(path)) as con:
        for statement in statements:
            con.execute(statement)
    with pytest.raises(TerminalError) as refused:
        guard.enforce(office.folder(), KNOWN, (), inspected)
    return str(refused.value)


@pytest.mark.parametrize(
    "statement, where",
    [
        (f"ALTER TABLE core.{ALLOWANCE} ADD COLUMN stop_reason VARCHAR", "stop_reason"),
        (f"ALTER TABLE core.{ALLOWANCE} ADD COLUMN birth_date DATE", "birth_date"),
        ("CREATE TABLE core.person_alias (person_key BIGINT)", "core.person_alias.person_key"),
        (f"UPDATE core.{ALLOWANCE} SET allowance_class_code = '重病'", "allowance_class_code"),
        (f"UPDATE core.{ALLOWANCE} SET benefit_start_month = DATE '2019-03-17'", "benefit_start_month"),
        (f"UPDATE core.{ALLOWANCE} SET head_person_token = '{citizen(1)}'", "head_person_token"),
        (f"UPDATE core.{ALLOWANCE} SET village_code = '{PLANTED[1]}'", "village_code"),
        (f"UPDATE core.{ALLOWANCE} SET covered_count = {PLANTED[1]}", "covered_count"),
        (f"CREATE MACRO core.x() AS TABLE SELECT '{citizen(1)}'", "core.x"),
    ],
)
def test_the_guard_inspects_the_past(office, statement, where):
    office.deliver(ALLOWANCE, "2019-03-31", [covered(1)])
    told = refused_history(office, statement)
    assert where in told and not any(text in told for text in (citizen(1), *PLANTED))


def test_the_guard_inspects_the_new_rows_of_a_file_whose_old_ones_it_has_seen(office):
    office.deliver(ALLOWANCE, "2019-03-31", [covered(1)])
    bad = f"INSERT INTO core.{ALLOWANCE} (covered_count, recorded_from) VALUES ({PLANTED[1]}, TIMESTAMP '2026-03-01')"
    new = {f"core.{ALLOWANCE}": "recorded_from > TIMESTAMP '2026-02-01'"}
    assert "covered_count" in refused_history(office, bad, inspected=new)


def test_a_refused_publication_leaves_the_present_past_as_it_was(office, monkeypatch):
    office.deliver(ALLOWANCE, "2019-03-31", [covered(1)])
    before = office.publish()
    office.deliver(ALLOWANCE, "2019-04-15", [covered(1), covered(2, village_code=PLANTED[1])])
    with pytest.raises(TerminalError, match="core.subsistence_allowance.village_code"):
        office.publish()
    assert office.folder().name == before["snapshot_id"]
    assert office.published(f"SELECT count(*) FROM core.{ALLOWANCE}_as_of('2019-07-01')") == [(1,)]
    assert sorted(path.name for path in office.folder().parent.iterdir()) == [".lock", before["snapshot_id"], "current"]


def test_every_feed_publishes_what_its_declaration_allows_and_nothing_that_names_a_person():
    found = {one.feed.name: one for one in past.pasts(FEEDS.values())}
    # What clerks answered, and two lists whose very membership is a person's secret or names him in his village.
    assert set(FEEDS) - set(found) == {"link_review", "clue_verification", "custody", "village_cadre"}
    for name, one in found.items():
        for column in one.published:
            if column.source in {entry.name for entry in past.BOOKKEEPING} or column.token:
                continue
            of = FEEDS[name].column(column.source)
            assert of.published and of.sensitivity != "identifier", f"{name}.{column.source}"
            assert of.type != "text" or column.entry.contents in ("division", "place"), f"{name}.{column.source}"
            assert of.type != "date" or of.sensitivity == "plain" or column.entry.name.endswith("_year")
    health = (
        "disease_kind_code",
        "disability_category_code",
        "treatment_code",
        "service_code",
        "health_code",
        "id_type_code",
    )
    assert not {column.source for one in found.values() for column in one.published} & set(health)
