"""Rows without a usable id find their people: stories inside a small synthetic county from which the model is learnt."""

from __future__ import annotations

import datetime as dt
import logging
from itertools import count

import duckdb
import pytest

from connectors.errors import TerminalError
from expectations import normalise
from tests.bench.linking import county, quality
from warehouse.identity import linking
from warehouse.identity.linking import prepare

VILLAGE, NEIGHBOUR, FAR = "210782107219", "210782107218", "210782004001"


@pytest.fixture(scope="module")
def con():
    con = duckdb.connect(config={"threads": 2})
    # As the platform's own connections: on a busy machine DuckDB would draw it.
    con.execute("SET enable_progress_bar = false")
    county(con, 20_000, 2_000)
    yield con
    con.close()


@pytest.fixture(scope="module")
def model(con):
    return linking.train(con, "unlinked", "people", 7)


def person(key, name, birth, sex="2", village=VILLAGE, household="T1", relatives=()):
    return (key, name, dt.date.fromisoformat(birth), sex, village, household, list(relatives))


def row(name, birth=None, grain=None, sex=None, village=VILLAGE, household=None, relatives=None, id_part=None):
    when = dt.date.fromisoformat(birth) if birth else None
    return (name, when, grain or ("day" if birth else None), sex, village, household, relatives, id_part)


@pytest.fixture
def ask(con, model):
    """``ask(people, *rows)``: for each row the list of (person, decision, margin), best first; the county's own people are there too."""

    def asked(people, *rows):
        con.execute("CREATE OR REPLACE TEMP TABLE known AS FROM people")
        con.executemany("INSERT INTO known VALUES (?, ?, ?, ?, ?, ?, ?)", people)
        con.execute("CREATE OR REPLACE TEMP TABLE asking AS FROM unlinked LIMIT 0")
        numbers = count(1)
        con.executemany(
            "INSERT INTO asking VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [(next(numbers), *values) for values in rows]
        )
        linking.link(con, "asking", "known", model, "answered")
        found = con.execute(
            "SELECT row_key, person_key, decision, margin FROM answered ORDER BY row_key, rank"
        ).fetchall()
        return [
            [(key, decision, margin) for number, key, decision, margin in found if number == place]
            for place in range(1, len(rows) + 1)
        ]

    return asked


GU = person(1, "顾念慈", "1971-03-09", relatives=["顾怀远"])


def test_a_name_may_be_written_in_many_ways_but_another_character_is_for_people_to_judge(ask):
    expected = {
        "顾念慈": "auto",
        " 顾 念　慈（户主）": "auto",
        "顾念慈女士": "auto",
        "顾念慈2": "auto",
        "顧念慈": "auto",  # a variant
        "顾念词": "auto",  # the same sound
        "顾念?": "auto",
        "?念慈": "auto",
        "顾念�": "auto",
        "顾念\ue123": "auto",
        "顾念安": "review",  # one other character: may be a sister
        "顾慈": "review",
        "张守田": "review",
    }
    found = ask([GU], *[row(written, "1971-03-09", sex="2") for written in expected])
    assert {written: best[0][:2] for written, best in zip(expected, found, strict=True)} == {
        written: (1, decision) for written, decision in expected.items()
    }


def test_a_birth_may_be_vague_or_slip_but_a_name_and_a_household_are_not_enough(ask):
    expected = {
        ("1971-03-09", "day"): "auto",
        ("1971-03-01", "month"): "auto",
        ("1971-01-01", "year"): "auto",
        ("1971-09-03", "day"): "auto",  # day and month changed places
        ("1977-03-09", "day"): "auto",  # one digit
        ("1971-02-13", "day"): "auto",  # the same day by the lunar calendar
        ("1950-06-21", "day"): "review",
        (None, None): "review",
    }
    found = ask([GU], *[row("顾念慈", *birth, household="T1", relatives=["顾怀远"]) for birth in expected])
    assert {birth: best[0][:2] for birth, best in zip(expected, found, strict=True)} == {
        birth: (1, decision) for birth, decision in expected.items()
    }


def test_the_nearer_place_weighs_more(ask, con):
    ask([GU], *[row("顾念慈", "1971-03-01", "month", village=place) for place in (VILLAGE, NEIGHBOUR, FAR, None)])
    weights = dict(con.execute("SELECT row_key, weight FROM answered WHERE rank = 1").fetchall())
    assert weights[1] > weights[2] > weights[3]
    assert weights[1] > weights[4] > weights[3], "an unknown village says nothing, another one speaks against"


def test_a_relative_in_common_and_the_sex_weigh(ask, con):
    ask(
        [GU],
        row("顾念慈", "1971-03-09"),
        row("顾念慈", "1971-03-09", relatives=["顾怀远"]),
        row("顾念慈", "1971-03-09", sex="1"),
    )
    weights = dict(con.execute("SELECT row_key, weight FROM answered WHERE rank = 1").fetchall())
    assert weights[3] < weights[1] < weights[2]
    assert con.execute("SELECT decision FROM answered WHERE row_key = 3").fetchall() == [("review",)]


def test_namesakes_of_one_village_and_month_are_told_apart_by_the_day_or_not_at_all(ask):
    people = [
        person(1, "王伟", "1980-05-03", "1", household="T1"),
        person(2, "王伟", "1980-05-21", "1", household="T2", relatives=["王富贵"]),
    ]
    vague, sure, by_household = ask(
        people,
        row("王伟", "1980-05-01", "month", "1"),
        row("王伟", "1980-05-21", "day", "1"),
        row("王伟", "1980-05-01", "month", "1", household="T2", relatives=["王富贵"]),
    )
    assert {key for key, *_ in vague[:2]} == {1, 2}
    assert {decision for _, decision, _ in vague} == {"review"} and vague[0][2] == 0
    assert [(key, decision) for key, decision, _ in sure] == [(2, "auto")] and sure[0][2] > 7
    assert [(key, decision) for key, decision, _ in by_household] == [(2, "auto")]


def test_twins_keep_their_own_names(ask):
    first = person(1, "岳明远", "2001-07-15", "1", relatives=["岳明达"])
    second = person(2, "岳明达", "2001-07-15", "1", relatives=["岳明远"])
    asked = row("岳明达", "2001-07-15", sex="1", household="T1")
    (found,) = ask([first, second], asked)
    assert [(key, decision) for key, decision, _ in found] == [(2, "auto")]
    # The register knows only one of them: he is not the other one.
    (found,) = ask([first], asked)
    assert found[0][:2] == (1, "review")
    # Neither is anybody's twin found by a name of which only the surname can be read.
    (found,) = ask([person(1, "岳远", "2001-07-15", "1")], row("岳?", "2001-07-15", sex="1", household="T1"))
    assert found[0][:2] == (1, "review")


def test_twins_whose_names_sound_alike_differ_in_sex(ask):
    brother = person(1, "岳明杰", "2001-07-15", "1")
    (found,) = ask([brother], row("岳明洁", "2001-07-15", sex="2", household="T1"))
    assert found[0][:2] == (1, "review")


def test_a_father_and_his_namesake(ask):
    father = person(1, "祁建业", "1950-11-20", "1", relatives=["祁建业", "苗翠"])
    son = person(2, "祁建业", "1976-08-02", "1", relatives=["祁建业", "苗翠"])
    orphan = person(2, "祁建业", "1976-08-02", "1", relatives=["苗翠"])
    told, untold = ask(
        [father, son],
        row("祁建业", "1976-08-02", sex="1", household="T1", relatives=["苗翠"]),
        row("祁建业", sex="1", household="T1", relatives=["苗翠"]),
    )
    assert [(key, decision) for key, decision, _ in told] == [(2, "auto")]
    assert {decision for _, decision, _ in untold} == {"review"} and {key for key, *_ in untold[:2]} == {1, 2}
    # Nor is a slip of the pen forgiven where the other one lives.
    (slipped,) = ask([father, son], row("祁建业", "1976-08-07", sex="1", household="T1"))
    assert slipped[0][:2] == (2, "review")
    # The father died before the register began: his papers are not given to his son.
    (left,) = ask([orphan], row("祁建业", "1950-11-20", sex="1", household="T1", relatives=["苗翠"]))
    assert left[0][:2] == (2, "review")


def test_the_digits_that_survive_of_an_id_tell_the_birth(ask):
    expected = {
        "21990119710309": "auto",
        "219901197103090": "auto",
        "219901197103": "auto",  # year and month
        "2199011971": "auto",  # the year
        "219901710309": "auto",  # an old id of fifteen digits
        "219901": "review",
        "21990119500621": "review",
    }
    found = ask([GU], *[row("顾念慈", household="T1", id_part=part) for part in expected])
    assert {part: best[0][:2] for part, best in zip(expected, found, strict=True)} == {
        part: (1, decision) for part, decision in expected.items()
    }


def test_an_id_rescues_a_wrong_date_and_counts_once_beside_a_right_one(ask, con):
    ask(
        [GU],
        row("顾念慈", "1971-03-09"),
        row("顾念慈", "1971-03-09", id_part="21990119710309"),
        row("顾念慈", "1950-06-21", id_part="21990119710309"),
    )
    weights = con.execute("SELECT weight FROM answered WHERE rank = 1 ORDER BY row_key").fetchall()
    assert len(set(weights)) == 1


def test_a_stranger_gets_no_automatic_link_and_an_empty_row_no_candidate(ask):
    stranger, empty = ask([GU], row("司空图南", "1962-12-12", village=FAR), row(None, village=None))
    assert "auto" not in [decision for _, decision, _ in stranger]
    assert empty == []


def test_a_row_is_linked_once_or_has_at_most_five_weighed_candidates_and_twenty_in_all(con, model):
    told = linking.link(con, "unlinked", "people", model, "linked")
    assert told["rows"] == 2_000 and told["auto"] + told["review"] + told["none"] == 2_000
    assert con.execute(
        "SELECT count(*) FROM (SELECT row_key FROM linked GROUP BY row_key HAVING count(*) FILTER (decision = 'auto') > 1 "
        "OR bool_or(decision = 'auto') AND count(*) > 1 OR count(weight) > 5 OR count(*) > 20 OR max(rank) <> count(*))"
    ).fetchone() == (0,)
    assert con.execute(
        "SELECT DISTINCT method, model_version, weight IS NULL FROM linked ORDER BY method"
    ).fetchall() == [
        ("splink", model.version, False),
        ("weak", None, True),
    ]
    assert [line[:2] for line in con.execute("DESCRIBE linked").fetchall()] == [
        ("row_key", "UBIGINT"), ("person_key", "BIGINT"), ("weight", "DOUBLE"), ("probability", "DOUBLE"), ("rank", "INTEGER"),
        ("margin", "DOUBLE"), ("decision", "VARCHAR"), ("method", "VARCHAR"), ("model_version", "VARCHAR"),
    ]  # fmt: skip
    found = quality(con)
    assert found["link_precision"] == 1.0 and found["link_recall"] >= 0.90 and found["link_seen"] >= 0.995


@pytest.mark.parametrize(
    ("written", "known", "birth", "village"),
    [
        ("顾念慈", "顾念慈", "1950-06-21", None),  # a name and a birth date that is wrong
        ("顾念慈", "顾念�", None, VILLAGE),  # the register lost the character
        ("顾?慈", "顾念�", None, VILLAGE),
        ("顾云慈", "顾念慈", None, VILLAGE),
        ("念慈", "顾念慈", None, None),
        ("顾念", "顾念慈", "1950-06-21", None),
        ("诸葛兰慈", "诸葛念慈", "1977-03-09", None),
    ],
)
def test_whoever_is_named_badly_is_still_laid_before_those_who_judge(ask, written, known, birth, village):
    (found,) = ask([person(1, known, "1971-03-09")], row(written, birth, village=village))
    assert 1 in [key for key, _, _ in found] and {decision for _, decision, _ in found} == {"review"}


def test_without_a_model_nobody_is_linked_and_names_still_find_people(con):
    linking.link(con, "(FROM unlinked LIMIT 50)", "people", None, "unweighed")
    seen, auto = con.execute(
        "SELECT count(DISTINCT row_key), count(*) FILTER (decision = 'auto') FROM unweighed"
    ).fetchone()
    assert seen > 40 and auto == 0


def test_the_same_county_in_another_order_gives_the_same_model_and_the_same_links(con, model, tmp_path):
    con.execute(f"ATTACH '{tmp_path / 'other.duckdb'}' AS other")
    for name, key in (("people", "person_key"), ("unlinked", "row_key")):
        con.execute(f"CREATE TABLE other.{name} AS FROM {name} ORDER BY hash({key})")
    con.execute("DETACH other")
    # Read-only: training writes nothing into the warehouse that it reads.
    with duckdb.connect(str(tmp_path / "other.duckdb"), read_only=True, config={"threads": 2}) as other:
        again = linking.train(other, "unlinked", "people", 7)
    assert again == model
    con.execute(f"ATTACH '{tmp_path / 'other.duckdb'}' AS other")
    linking.link(con, "unlinked", "people", model, "once")
    linking.link(con, "other.unlinked", "other.people", again, "twice")
    con.execute("DETACH other")
    assert con.execute("SELECT count(*) FROM (FROM once EXCEPT FROM twice)").fetchone() == (0,)
    assert con.execute("SELECT count(*) FROM (FROM twice EXCEPT FROM once)").fetchone() == (0,)


def test_nothing_is_said_and_nothing_left_behind(con, model, capfd, caplog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    level = logging.getLogger("splink").level
    before = con.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
    other = linking.train(con, "unlinked", "people", 8)
    linking.link(con, "unlinked", "people", other, "linked_again")
    after = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE table_name <> 'linked_again' ORDER BY 1"
    ).fetchall()
    con.execute("DROP TABLE linked_again")
    assert (
        after == before and not con.execute("SELECT 1 FROM duckdb_views() WHERE view_name ILIKE '%splink%'").fetchall()
    )
    assert capfd.readouterr() == ("", "") and not caplog.records and not list(tmp_path.iterdir())
    assert logging.getLogger("splink").level == level
    assert other.version != model.version, "another seed, another sample"


def test_a_model_from_elsewhere_fails_without_a_word_about_anybody(con, model):
    broken = linking.Model(
        "x", model.settings_json.replace("name_l = name_r", "CAST(name_l AS DATE) = CAST(name_r AS DATE)")
    )
    with pytest.raises(TerminalError) as caught:
        linking.link(con, "unlinked", "people", broken, "never")
    assert str(caught.value) == "weighing pairs: SplinkException"
    with pytest.raises(TerminalError, match=r"^training the linkage: "):
        linking.train(con, "(FROM unlinked LIMIT 0)", "people", 7)


def test_no_rows_are_linked_to_nobody(con, model):
    told = linking.link(con, "(FROM unlinked LIMIT 0)", "people", model, "nobody")
    assert told == {"rows": 0, "pairs": 0, "auto": 0, "review": 0, "none": 0}


@pytest.fixture(scope="module")
def macros():
    con = duckdb.connect()
    normalise.install(con)
    yield con
    con.close()


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("张三", "张三"), ("张 三", "张三"), ("张三（已故）", "张三"), ("张三(曾用名张五)", "张三"), ("户主：张三", "张三"),
        ("张三同志", "张三"), ("张三1", "张三"), ("买买提•艾力", "买买提·艾力"), ("张\ue5e5", "张?"), ("张＊", "张?"),
        ("张\ufffd\ufffd", "张??"), ("\uf909契丹", "契契丹"), ("??", None), ("无", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_name_as_compared(macros, raw, plain):
    assert macros.execute("SELECT name_plain(CAST(? AS VARCHAR))", [raw]).fetchone() == (plain,)


@pytest.mark.parametrize(
    ("macro", "one", "other", "expected"),
    [
        ("name_fits", "张?", "张三", True), ("name_fits", "张三丰", "张?丰", True), ("name_fits", "张?", "张三丰", False),
        ("name_fits", "张?", "李三", False), ("name_fits", "张三", "张三", False),
        ("name_differs_once", "张三丰", "张二丰", True), ("name_differs_once", "张三丰", "章三丰", True),
        ("name_differs_once", "张三丰", "张丰", True), ("name_differs_once", "张三", "张三丰", True),
        ("name_differs_once", "欧阳建国", "欧阳建团", True), ("name_differs_once", "张三", "张四", False),
        ("name_differs_once", "张三丰", "张丰三", False), ("name_differs_once", "买买提·艾力", "买买提·艾利", True),
        ("birth_slipped", "19710309", "19770309", True), ("birth_slipped", "19710309", "19710903", True),
        ("birth_slipped", "19711203", "19711230", True), ("birth_slipped", "19710309", "19720419", False),
    ],
)  # fmt: skip
def test_what_counts_as_nearly_equal(macros, macro, one, other, expected):
    for left, right in ((one, other), (other, one)):
        assert macros.execute(f"SELECT {macro}(?, ?)", [left, right]).fetchone() == (expected,)


@pytest.mark.parametrize(
    ("part", "digits"),
    [
        ("2199011971030900", "19710309"), ("219901197103", "197103"), ("2199011971", "1971"), ("219901710309", "19710309"),
        ("21990171", "1971"), ("219901197", None), ("219901", None), ("2199**197103", None), (None, None),
    ],
)  # fmt: skip
def test_birth_digits_of_a_destroyed_id(macros, part, digits):
    assert macros.execute("SELECT id_part_birth(CAST(? AS VARCHAR))", [part]).fetchone() == (digits,)


@pytest.mark.parametrize(
    ("one", "other", "folds", "sounds"),
    [
        ("闫立", "阎立", True, True), ("於立", "于立", True, True), ("呂立", "吕立", True, True), ("劉偉", "刘伟", True, True),
        ("单立", "善立", False, True), ("单立", "丹立", False, False), ("王单", "王丹", False, True), ("张杰", "章洁", False, True),
        ("张杰", "张强", False, False), ("张喆", "张哲", True, True),
    ],
)  # fmt: skip
def test_forms_and_sounds_of_names(con, one, other, folds, sounds):
    con.execute("CREATE OR REPLACE TEMP TABLE asking AS FROM unlinked LIMIT 0")
    con.executemany("INSERT INTO asking (row_key, name) VALUES (?, ?)", [(1, one), (2, other)])
    _, rows = prepare.prepare(con, "asking", "people")
    found = con.execute(f"SELECT count(DISTINCT folded) = 1, count(DISTINCT sound) = 1 FROM {rows}").fetchone()
    con.execute("DROP TABLE temp.linking_rows; DROP TABLE temp.linking_people")
    assert found == (folds, sounds)
