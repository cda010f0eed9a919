"""The county with people who are hard to tell apart: nothing changes without the option, and with it the truth tells what each cell hides."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.feed import load_feed
from connectors.settings import ROOT
from demo.faults import faults
from demo.identity.blur import WITHOUT_ID
from demo.layouts import IDENTITY_LAYOUTS, LAYOUTS
from demo.simulate import simulate
from tests.e2e.identity_truth import score

ALL = {**LAYOUTS, **IDENTITY_LAYOUTS}
FEEDS = {name: load_feed(ROOT / "connectors" / "feeds" / f"{name}.toml") for name in sorted(ALL)}
PEOPLE, SEED = 3000, 11
NO_NUMBER = ("未办理", "新生儿", "同上", "未上户")

# SHA-256 over all files of the county of 2,000 people and seed 7 as it was before there was an option ``identity``.
BEFORE: dict[str, tuple[dict[str, Any], str]] = {
    "real": ({"dirt": "real", "fmt": "csv"}, "386207ec87701ea19da16ad9ecda5b096d5b5f23a77578605ce1ab61d7df6c83"),
    "none": ({"dirt": "none"}, "46248e84e3d0bb31fded7f162ff500ca4546c1e8ac3c400d7aa998b23bbe244a"),
    "changed": (
        {"dirt": "real", "fmt": "csv", "changed": 5.0},
        "8fe092227502967b1bacc58edbbaaed1f0f25b6b2517aeb97d73512eede195fe",
    ),
}


def make(out: Path, people: int = PEOPLE, seed: int = SEED, **options: Any) -> Path:
    simulate(people, seed, out, progress=lambda message: None, **options)
    return out


def digest(out: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(out.rglob("*")):
        if path.is_file():
            whole.update(str(path.relative_to(out)).encode())
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


class Delivery:
    """A clean delivery: its files (one view per feed, columns by their declared names) and its truth, in one connection."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.con = duckdb.connect()
        for path in (out / "truth").glob("*.parquet"):
            self.con.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet('{path}')")
        for name, feed in FEEDS.items():
            (path,) = (out / "ingest" / feed.department).glob(f"{ALL[name].stem}_*.csv")
            columns = ", ".join(f'"{column.label}" AS {column.name}' for column in feed.columns)
            self.con.execute(
                f"CREATE VIEW {name} AS SELECT {columns}, row_number() OVER () + 1 AS line FROM read_csv('{path}', all_varchar = true)"
            )

    def ask(self, sql: str) -> list[tuple]:
        return self.con.execute(sql).fetchall()

    def events(self, event: str) -> list[tuple]:
        """(person, household, other_household) of every event of a kind."""
        return self.ask(
            f"SELECT person, household, other_household FROM identity WHERE event = '{event}' ORDER BY person"
        )


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return Delivery(make(tmp_path_factory.mktemp("first"), dirt="none", identity=True))


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return Delivery(make(tmp_path_factory.mktemp("second"), dirt="none", identity=True, changed=5.0))


@pytest.mark.parametrize("name", BEFORE)
def test_without_the_option_every_byte_is_as_before(tmp_path: Path, name: str) -> None:
    options, wanted = BEFORE[name]
    assert digest(make(tmp_path, 2000, 7, **options)) == wanted


def test_one_seed_gives_one_county_with_the_option_too(tmp_path: Path) -> None:
    options: dict[str, Any] = {"people": 600, "dirt": "real", "identity": True, "changed": 5.0}
    once, again = digest(make(tmp_path / "once", **options)), digest(make(tmp_path / "again", **options))
    assert once == again != digest(make(tmp_path / "other", seed=12, **options))


@pytest.mark.parametrize("name", FEEDS)
def test_keys_stay_unique_and_every_row_has_its_truth(first: Delivery, second: Delivery, name: str) -> None:
    for delivery in (first, second):
        key = ", ".join(FEEDS[name].key)
        assert delivery.ask(f"SELECT {key} FROM {name} GROUP BY ALL HAVING count(*) > 1") == []
        lines = delivery.ask(f"SELECT line FROM {name} ORDER BY 1")
        assert lines == delivery.ask(f"SELECT \"row\" FROM rows WHERE feed = '{name}' ORDER BY 1")


def test_every_kind_of_error_is_planted_in_the_new_feeds_and_coarse_birth_dates_in_the_old(tmp_path: Path) -> None:
    out = make(tmp_path, dirt="real", identity=True)
    found = set(duckdb.execute(f"SELECT feed, code FROM '{out}/truth/errors.parquet'").fetchall())
    for name in (*IDENTITY_LAYOUTS, "registry_person", "education_enrollment", "household_registration"):
        suffix = next((out / "ingest" / FEEDS[name].department).glob(f"{ALL[name].stem}_*")).suffix[1:]
        assert {(name, fault.code) for fault in faults(FEEDS[name], suffix, identity=True)} <= found


def test_the_kind_of_id_tells_whose_number_stands_in_the_row(first: Delivery) -> None:
    """From the cell itself: the person's own number, a former one, another person's, or none."""
    for name, feed in FEEDS.items():
        numbers = {feed.column(part).type: part for part in feed.subject}
        cell = numbers.get("citizen_id")
        if cell is None:
            continue
        inside = f"CASE WHEN f.{cell} NOT IN {NO_NUMBER} THEN left(f.{cell}, 18) END"
        if "student_no" in numbers:
            inside = f"coalesce({inside}, CASE WHEN student_no LIKE 'G%' THEN substr(student_no, 2) END)"
        if "disability_cert" in numbers:
            inside = f"coalesce({inside}, left(disability_cert_no, 18))"
        wrong = f"""SELECT r."row", r.id_kind FROM {name} AS f JOIN rows AS r ON r.feed = '{name}' AND r."row" = f.line JOIN persons AS p USING (person)
            LEFT JOIN identity AS e ON e.event = 'id_shared' AND e.feed = '{name}' AND e.person = p.person
            LEFT JOIN persons AS o ON o.person = e.other_person
            WHERE CASE r.id_kind WHEN 'none' THEN {inside} IS NOT NULL
              WHEN 'changed' THEN {inside} IS DISTINCT FROM p.former_citizen_id
              WHEN 'shared' THEN {inside} IS DISTINCT FROM o.citizen_id OR o.name = p.name OR o.birth_date = p.birth_date
              ELSE {inside} IS DISTINCT FROM p.citizen_id END"""
        assert first.ask(wrong) == [], name
    kinds = Counter(dict(first.ask("SELECT id_kind, count(*) FROM rows WHERE feed <> 'village' GROUP BY ALL")))
    assert set(kinds) == {"full", "cert", "student_g", "none", "shared", "changed"}
    without = {
        row[0] for row in first.ask("SELECT DISTINCT feed FROM rows WHERE id_kind = 'none' AND person IS NOT NULL")
    }
    assert without == WITHOUT_ID.keys() - {"disability"}


def test_names_are_written_in_many_ways_and_the_truth_says_how(first: Delivery) -> None:
    written = " UNION ALL ".join(
        f"SELECT '{name}' AS feed, line AS \"row\", {next(c.name for c in feed.columns if c.type == 'name')} AS written FROM {name}"
        for name, feed in FEEDS.items()
        if feed.subject
    )
    rows = first.ask(
        f'SELECT r.name_kind, w.written, p.name FROM rows r JOIN ({written}) w USING (feed, "row") JOIN persons p USING (person)'
    )
    shapes = {
        "inner_space": lambda cell, name: cell.replace(" ", "") == name and cell != name,
        "wide_space": lambda cell, name: cell.replace("　", "") == name and cell != name,
        "middle_dot": lambda cell, name: "·" in name and "·" not in cell and len(cell) == len(name),
        "title": lambda cell, name: cell.startswith(name) and cell[-1] in ")）",
        "digits": lambda cell, name: cell[:-1] == name and cell[-1].isdigit(),
        "variant": lambda cell, name: cell[1:] == name[1:] and cell != name,
        "question": lambda cell, name: cell[1] == "?" and cell[2:] == name[2:],
        "replacement": lambda cell, name: cell[1] == "\ufffd" and cell[2:] == name[2:],
        "private_use": lambda cell, name: "\ue000" <= cell[1] <= "\uf8ff" and cell[2:] == name[2:],
        "former": lambda cell, name: cell != name,
        None: lambda cell, name: cell in (name, None),
    }
    assert [row for row in rows if not shapes[row[0]](row[1], row[2])] == []
    assert {row[0] for row in rows} == set(shapes)
    dots = {cell[len(name.split("·")[0])] for kind, cell, name in rows if kind == "middle_dot"}
    assert dots == set("•．.・")


def test_birth_dates_lose_precision_or_change_day_and_month(first: Delivery) -> None:
    rows = first.ask(
        "SELECT birth_kind, f.birth_date, CAST(p.birth_date AS VARCHAR) FROM registry_person AS f "
        "JOIN rows AS r ON r.feed = 'registry_person' AND r.\"row\" = f.line JOIN persons AS p USING (person)"
    )
    told = {
        "swapped": lambda cell, day: cell == f"{day[:4]}-{day[8:]}-{day[5:7]}",
        "month": lambda cell, day: cell == f"{day[:7]}-01",
        "year": lambda cell, day: cell == f"{day[:4]}-01-01",
        "former": lambda cell, day: True,
        None: lambda cell, day: True,
    }
    assert [row for row in rows if (row[1] == row[2]) != (row[0] is None) or not told[row[0]](row[1], row[2])] == []
    assert {row[0] for row in rows} >= {"swapped", "month", "year"}


def test_namesakes_share_name_birth_date_and_village_but_no_id(first: Delivery) -> None:
    pairs = first.ask(
        "SELECT a.name = b.name, a.birth_date = b.birth_date, a.sex_code = b.sex_code, a.village_code = b.village_code, a.citizen_id = b.citizen_id, "
        "a.household = b.household FROM identity JOIN persons a USING (person) JOIN persons b ON b.person = other_person WHERE event = 'namesake'"
    )
    assert len(pairs) >= 3
    assert set(pairs) == {(True, True, True, True, False, False)}


def test_ids_are_unassigned_and_nobody_has_another_ones(first: Delivery, second: Delivery) -> None:
    for delivery in (first, second):
        numbers = "SELECT unnest([citizen_id, former_citizen_id]) AS n FROM persons"
        assert delivery.ask(
            f"SELECT count(n) - count(DISTINCT n), bool_and(n LIKE '2199%' AND length(n) = 18) FROM ({numbers})"
        ) == [(0, True)]
        assert (
            delivery.ask("SELECT person FROM persons WHERE substr(citizen_id, 7, 8) <> strftime(birth_date, '%Y%m%d')")
            == []
        )


def test_a_changed_id_is_told_by_the_police_first_and_others_follow(first: Delivery, second: Delivery) -> None:
    early = {row[0] for row in first.events("id_changed")}
    both = {row[0] for row in second.events("id_changed")}
    assert early < both
    police = "SELECT h.citizen_id, p.citizen_id, h.former_name FROM household_registration h JOIN rows r ON r.feed = 'household_registration' "
    police += 'AND r."row" = h.line JOIN persons p USING (person) WHERE person = {}'
    later = min(both - early)
    (before, own_before, _), (after, own_after, _) = (d.ask(police.format(later))[0] for d in (first, second))
    assert (before, after) == (own_before, own_after) and before != after
    assert second.ask(f"SELECT former_citizen_id FROM persons WHERE person = {later}") == [(before,)]
    # Other departments still have old numbers, and old names where the name changed too.
    assert second.ask("SELECT count(*) > 0 FROM rows WHERE id_kind = 'changed'") == [(True,)]
    told = second.ask(
        "SELECT count(*) FROM household_registration h JOIN persons p USING (citizen_id) WHERE p.former_citizen_id IS NOT NULL AND former_name IS NOT NULL"
    )
    assert told[0][0] >= 1
    # Most former ids stand in the register, none that is not the person's own.
    share, wrong = second.ask(
        "SELECT avg(CAST(h.former_citizen_id IS NOT NULL AS INTEGER)) FILTER (p.former_citizen_id IS NOT NULL), "
        "count(*) FILTER (h.former_citizen_id <> coalesce(p.former_citizen_id, '')) FROM household_registration h JOIN persons p USING (citizen_id)"
    )[0]
    assert 0.5 < share < 1 and wrong == 0


def test_a_month_of_life_moves_people_between_households(first: Delivery, second: Delivery) -> None:
    def state(delivery: Delivery, person: int) -> tuple:
        """(person number, household number, in the file, dead)"""
        found = delivery.ask(
            "SELECT person_id, household_id, person_id IN (SELECT person_id FROM registry_person), is_dead FROM persons "
            f"WHERE person = {person}"
        )
        return found[0] if found else (None, None, None, None)

    for person, _, _ in second.events("entered"):
        assert state(first, person)[2] is not True and state(second, person)[2] is True
    for person, _, _ in second.events("born"):
        assert state(first, person) == (None, None, None, None) and state(second, person)[2] is True
        assert second.ask(
            f"SELECT id_kind IN ('none', 'full') FROM rows WHERE feed = 'registry_person' AND person = {person}"
        ) == [(True,)]
    for person, _, _ in second.events("died"):
        assert state(first, person)[2:] == (True, False) and state(second, person) == (None, None, None, True)
    for event in ("moved", "merged", "split"):
        for person, household, other in second.events(event):
            before, after = state(first, person), state(second, person)
            assert household != other and before[0] == after[0] and before[1] != after[1] and after[2]
    for person, _, _ in second.events("person_renumbered"):
        before, after = state(first, person), state(second, person)
        assert before[0] != after[0] and before[1] == after[1] and after[2]
    for person, _, _ in second.events("household_renumbered"):
        before, after = state(first, person), state(second, person)
        assert before[0] != after[0] and before[1] != after[1] and after[2]
    assert {row[0] for row in second.ask("SELECT DISTINCT event FROM identity")} == {
        "namesake", "id_changed", "id_shared", "unknown_child", "entered", "born", "died", "moved", "merged", "split",
        "person_renumbered", "household_renumbered",
    }  # fmt: skip


def test_households_still_add_up_after_the_month(second: Delivery) -> None:
    assert (
        second.ask(
            "SELECT household_id FROM registry_household h LEFT JOIN registry_person m USING (household_id) "
            "GROUP BY household_id, member_count HAVING count(m.person_id) <> CAST(member_count AS INT) OR count(*) FILTER (relation_code = '01') <> 1"
        )
        == []
    )
    assert second.ask("SELECT person_id FROM registry_person ANTI JOIN registry_household USING (household_id)") == []
    poor = "SELECT sum(CAST(member_count AS INT)) FROM registry_household WHERE poverty_status_code IN ('0', '3')"
    assert second.ask(poor) == [(round(1542 * PEOPLE / 20_000),)]
    told = "SELECT sum(CAST(registered_person_count AS INT)) FROM village"
    assert second.ask(told) == second.ask("SELECT count(*) FROM registry_person")


def test_scores_tell_a_wrong_link_from_a_missing_one_and_from_a_person_in_two_halves(tmp_path: Path) -> None:
    """Ann has three rows with her id and one without, Bo two; key 1 is Ann's, key 2 Bo's, key 3 nobody needed."""
    truth = """SELECT * FROM (VALUES ('f', 'f.csv', 1, 100, 'full'), ('f', 'f.csv', 2, 100, 'full'), ('f', 'f.csv', 3, 100, 'full'),
        ('f', 'f.csv', 4, 100, 'none'), ('f', 'f.csv', 5, 200, 'full'), ('f', 'f.csv', 6, 200, 'none'),
        ('f', 'f.csv', 7, 200, 'full')) t(feed, file, "row", person, id_kind)"""
    duckdb.execute(f"COPY ({truth}) TO '{tmp_path}/rows.parquet'")
    # Row 7 was refused: it is nobody's fault that it is not linked.
    duckdb.execute(
        f"""COPY (SELECT 'f' AS feed, 'f.csv' AS file, 7 AS "row", 'ID_LENGTH' AS code) TO '{tmp_path}/errors.parquet'"""
    )
    con = duckdb.connect()

    def scored(keys: dict[int, int]) -> tuple:
        links = ", ".join(f"('f', {row}, {key})" for row, key in keys.items())
        found = score(con, f"SELECT * FROM (VALUES {links}) l(feed, source_row, person_key)", [tmp_path])
        return tuple((round(one.precision, 2), round(one.recall, 2)) for one in (found["full"], found["none"]))

    assert scored({1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 2}) == ((1, 1), (1, 1))
    assert scored({1: 1, 2: 1, 3: 1, 5: 2}) == ((1, 1), (1, 0))
    assert scored({1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 2}) == ((1, 1), (0.5, 0.5))
    assert scored({1: 1, 2: 1, 3: 3, 4: 1, 5: 2, 6: 2}) == ((1, 0.75), (1, 1))
    assert scored({1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1}) == ((0.75, 0.75), (0.5, 0.5))
