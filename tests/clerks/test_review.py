"""A record without an id, a clerk with a list: from the workbook in the outbox to a link that stands, and back again."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import openpyxl
import pytest

from expectations import normalise
from tests.clerks.county import ELDER, FEEDS, GOUBANGZI, IDS, OTHER_PUPIL, PUPIL, County, headers_of
from tests.small import copy_root
from warehouse import identity, keys, withdrawing
from warehouse.identity import review
from warehouse.identity.decisions import undo


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("settled")
    County(home).settle()
    return home


@pytest.fixture
def county(settled: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch) -> County:
    monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
    copy_root(settled, data_root)
    return County(data_root)


def pupils(county: County) -> str:
    """Both pupils have candidates in one township; the name of their list."""
    county.find("education_enrollment", f"hash({PUPIL}::BIGINT)", 11, 12)
    county.find("education_enrollment", f"hash({OTHER_PUPIL}::BIGINT)", 12, 11, 14, 13)
    county.night()
    (name,) = county.lists()
    return name


def test_a_list_asks_what_a_clerk_can_answer(county: County) -> None:
    name = pupils(county)
    town = county.asked(f"SELECT DISTINCT town_name FROM ref.division WHERE town_code = '{GOUBANGZI[:9]}'")[0][0]
    assert name == f"人员核对_{town}_2019-06-30.xlsx"
    assert stat.S_IMODE((county.outbox / name).stat().st_mode) == 0o640
    assert [path.name for path in county.outbox.iterdir()] == [name]
    odd, row = sorted(county.rows(name), key=lambda row: row["姓名"])
    assert (row["数据来源"], row["姓名"], row["出生日期"], row["性别"], row["监护人或户主"]) == (
        FEEDS["education_enrollment"].title, "张小明", "2010-05-02", "男", "张建国",
    )  # fmt: skip
    assert [row[f"候选1{header}"] for header in ("姓名", "出生日期", "性别", "户主", "公民身份号码")] == [
        "张小明", "2010-05-02", "男", "张建国", "2199************18",
    ]  # fmt: skip
    assert row["候选2姓名"] == "张晓明" and row["候选2户主"] == "张建军"
    # Two candidates here, and of four of the other the three best, the fourth in one cell; nothing is filled in, a name is never a formula.
    assert row["候选3姓名"] is None and odd["候选3姓名"] == "张建军" and odd["姓名"] == "=张大明"
    assert row["其他候选"] is None and odd["其他候选"].startswith("候选4 张建国 1960-03-04 男 ")
    assert {row["结论"], row["另有其人的身份证号"], row["核对人"], row["核对日期"], row["备注"]} == {None}
    sheet = openpyxl.load_workbook(county.outbox / name)["核对表"]
    choices = sorted(rule.formula1.strip('"') for rule in sheet.data_validations.dataValidation)
    assert choices == ["候选1,候选2,候选3,候选4,另有其人,都不是,不确定", "候选1,候选2,另有其人,都不是,不确定"]
    assert sheet.protection.sheet and not sheet["AA5"].protection.locked
    assert sheet.freeze_panes == "D5"


def test_no_id_leaves_the_warehouse(county: County) -> None:
    name = pupils(county)
    with zipfile.ZipFile(county.outbox / name) as package:
        content = b"".join(package.read(entry) for entry in package.namelist())
    for value in IDS.values():
        assert value.encode() not in content and value[4:16].encode() not in content
    assert b"2199************18" in content
    assert not any(character.isdigit() and value[6:] in name for value in IDS.values() for character in name)


def test_the_same_questions_are_not_written_twice(county: County) -> None:
    name = pupils(county)
    before = (county.outbox / name).stat()
    assert county.night() == {"decided": 0, "changed": 0, "pending": 2, "lists": 0}
    after = (county.outbox / name).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    # One question more: the list that nobody has touched makes room for the new one.
    county.find("registry_person", f"hash('{ELDER}')", 14)
    assert county.night()["lists"] == 1 and len(county.lists()) == 2
    elder = next(other for other in county.lists() if other != name)
    assert "北镇" in elder and [row["姓名"] for row in county.rows(elder)] == ["李老栓"]


def test_a_list_that_was_written_into_is_left_alone(county: County) -> None:
    name = pupils(county)
    book = openpyxl.load_workbook(county.outbox / name)
    book.save(county.outbox / name)
    with county.warehouse() as con:
        con.execute(f"DELETE FROM core.link_candidate WHERE record = hash({PUPIL}::BIGINT) AND person_key = 12")
    county.night()
    assert county.lists() == sorted([name, name.replace(".xlsx", "(2).xlsx")])


def test_list_answer_link_withdrawn_pending_again(county: County) -> None:
    name = pupils(county)
    assert county.pupil() == (None, "none")
    batch = county.answer(name, {"张小明": "候选1"}, as_="沟帮子核对完.xlsx")
    # The line that was left open is no answer; the candidates' columns are not landed.
    assert (batch["state"], batch["rows_landed"], batch["rows_skipped"]) == ("merged", 1, 1)
    assert batch["as_of"] == "2019-06-30" and set(batch["present"]) == {
        column.name for column in FEEDS["link_review"].columns
    }
    assert (county.outbox / "沟帮子核对完.xlsx.回执.xlsx").is_file()

    counts = county.night()
    assert (counts["decided"], counts["changed"], counts["pending"]) == (1, 1, 1)
    assert county.pupil() == (11, "review")
    ((who, why, method),) = county.asked("SELECT decided_by, why, method FROM core.identity_decision")
    item = county.asked(f"SELECT item FROM core.review_item WHERE record = hash({PUPIL}::BIGINT)")[0][0]
    assert (who, why, method) == ("赵明", f"核对表 {item}", "review")
    # Once more changes nothing; the list that is left asks for the other pupil alone.
    assert county.night() == {"decided": 0, "changed": 0, "pending": 1, "lists": 0}
    (left,) = county.lists()
    assert [row["姓名"] for row in county.rows(left)] == ["=张大明"]

    withdrawing.withdraw(county.home, f"link_review/{batch['batch_id']}", FEEDS, "engineer", "填错了人")
    assert county.night()["decided"] == 1
    assert county.pupil() == (None, "none")
    assert county.decisions() == [("link", 11, False)]
    (again,) = county.lists()
    assert {row["姓名"] for row in county.rows(again)} == {"张小明", "=张大明"}


def test_a_corrected_answer_takes_the_place_of_the_first(county: County) -> None:
    name = pupils(county)
    copy = openpyxl.load_workbook(county.outbox / name)
    county.answer(name, {"张小明": "候选1", "=张大明": "候选3"})
    county.night()
    assert county.pupil() == (11, "review") and county.pupil(OTHER_PUPIL) == (14, "review")
    assert county.lists() == []

    copy.save(county.outbox / name)  # the clerk's own copy
    county.answer(name, {"张小明": "候选2"})
    county.night()
    assert county.pupil() == (12, "review") and county.pupil(OTHER_PUPIL) == (14, "review")
    assert county.decisions() == [("link", 11, False), ("link", 14, True), ("link", 12, True)]
    # «Not sure» takes the answer back and leaves the question open.
    (county.outbox / name).unlink()
    copy.save(county.outbox / name)
    county.answer(name, {"张小明": "不确定"})
    county.night()
    assert county.pupil() == (None, "none") and county.pupil(OTHER_PUPIL) == (14, "review")
    assert len(county.lists()) == 2  # the clerk's copy and the question that is open again


def test_none_of_them_is_an_answer_too(county: County) -> None:
    name = pupils(county)
    county.answer(name, {"张小明": "都不是", "=张大明": "候选1"})
    assert county.night()["pending"] == 0
    assert county.pupil() == (None, "none") and county.pupil(OTHER_PUPIL) == (12, "review")
    assert sorted(county.decisions()) == [("link", 12, True), ("no_link", None, True)]


def test_the_fourth_candidate_can_be_chosen(county: County) -> None:
    name = pupils(county)
    county.answer(name, {"=张大明": "候选4"})
    assert county.night()["decided"] == 1
    assert county.pupil(OTHER_PUPIL) == (13, "review")


def test_somebody_else_is_told_by_his_number(county: County) -> None:
    """None of the candidates: the clerk knows who it is."""
    name = pupils(county)
    assert county.answer(name, {"张小明": "另有其人"}, other=IDS[14])["rows_landed"] == 1
    assert county.night()["decided"] == 1
    assert county.pupil() == (14, "review")
    # A number that nobody had is a person's key all the same; the list keeps the number nowhere.
    assert county.asked(
        f"SELECT count(*) FROM core.link_review WHERE CAST(COLUMNS(*) AS VARCHAR) LIKE '%{IDS[14]}%'"
    ) == [(0,)]


def test_somebody_else_without_a_number_is_no_answer(county: County) -> None:
    name = pupils(county)
    assert county.answer(name, {"张小明": "另有其人"})["rows_landed"] == 0
    assert county.night()["decided"] == 0


def test_who_has_no_candidate_is_on_the_list_after_those_who_have(county: County) -> None:
    with county.warehouse() as con:
        con.execute(
            f"INSERT INTO core.link_candidate VALUES ('education_enrollment', hash({PUPIL}::BIGINT), NULL, NULL, NULL, 0, 'review', 'none', NULL)"
        )
        con.execute(
            f"INSERT INTO core.link_candidate VALUES ('education_enrollment', hash({OTHER_PUPIL}::BIGINT), 14, NULL, NULL, 1, 'review', 'weak', NULL)"
        )
    assert county.night()["pending"] == 2
    rows = {row["姓名"]: row for name in county.lists() for row in county.rows(name)}
    assert rows["张小明"]["数据来源"].endswith("（无法提供候选）") and rows["张小明"]["候选1姓名"] == "无法提供候选"
    assert rows["=张大明"]["数据来源"].endswith("（线索少）") and rows["=张大明"]["候选1姓名"] == "张建军"
    lists = [name for name in county.lists() if any(row["姓名"] == "张小明" for row in county.rows(name))]
    county.answer(lists[0], {"张小明": "另有其人"}, other=IDS[14])
    assert county.night()["decided"] == 1 and county.pupil() == (14, "review")


def test_a_registered_person_without_an_id_is_found_among_the_residents(county: County) -> None:
    county.find("registry_person", f"hash('{ELDER}')", 13)
    county.night()
    (name,) = county.lists()
    (row,) = county.rows(name)
    # His household says where he lives and who heads it; the candidate lives in another township.
    assert (row["监护人或户主"], row["村"]) == ("李德福", "大佛寺社区") and " " in row["候选1村"]
    county.answer(name, {"李老栓": "候选1"})
    assert county.night() == {"decided": 1, "changed": 1, "pending": 0, "lists": 0}
    person, resident = county.asked(
        f"SELECT person_key FROM core.registry_person_now WHERE person_id = '{ELDER}' "
        "UNION ALL SELECT person_key FROM core.household_registration_now WHERE name = '张建国'"
    )
    assert person == resident
    assert county.night()["lists"] == 0


def test_what_was_accepted_or_decided_is_not_asked(county: County) -> None:
    county.find("education_enrollment", f"hash({PUPIL}::BIGINT)", 11, decision="auto")
    county.find("education_enrollment", f"hash({OTHER_PUPIL}::BIGINT)", 999, 998)
    assert county.night()["pending"] == 1
    (name,) = county.lists()
    # Nobody knows where these candidates live.
    assert name == "人员核对_其他_2019-06-30.xlsx" and [row["姓名"] for row in county.rows(name)] == ["=张大明"]


def test_a_strange_number_is_counted_and_changes_nothing(county: County, caplog: pytest.LogCaptureFixture) -> None:
    name = pupils(county)
    book = openpyxl.load_workbook(county.outbox / name)
    sheet = book["核对表"]
    headers = headers_of(sheet)
    for row, item in ((5, "r0123456789abcde"), (6, None)):
        if item:
            sheet.cell(row, 1).value = item
        sheet.cell(row, headers.index("结论") + 1).value = "候选3"
        sheet.cell(row, headers.index("核对人") + 1).value = "赵明"
    county.drop(book, "改动过.xlsx")
    assert county.night()["decided"] == 0
    with county.warehouse() as con:
        # Of one nobody asked, the other had two candidates.
        assert review.unanswerable(con, FEEDS) == 2
    assert "2 answers of review lists name no question" in caplog.text
    assert "张" not in caplog.text and "赵明" not in caplog.text


def test_an_engineer_s_undoing_stays_undone_until_somebody_answers_anew(county: County) -> None:
    name = pupils(county)
    county.answer(name, {"张小明": "候选1", "=张大明": "都不是"})
    county.night()
    with county.warehouse() as con:
        normalise.install(con)
        identity.install(con, keys.secret("identity_key", county.home))
        (decision,) = con.execute("SELECT decision_id FROM core.identity_decision WHERE kind = 'link'").fetchall()
        undo(con, decision[0], "engineer", "看错了", "2019-07-05")
    assert county.night()["pending"] == 1 and county.pupil() == (None, "none")
    assert county.night()["decided"] == 0
    (again,) = county.lists()
    county.answer(again, {"张小明": "候选1"})
    county.night()
    assert county.pupil() == (11, "review")
