"""A clue, a clerk, a list: from the workbook in the outbox to a conclusion that counts, once, whoever else answers too."""

from __future__ import annotations

import itertools
import json
import os
import stat
import time
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.feed import load_feeds
from tests.small import copy_root, sql_for
from warehouse import intake, tasks, withdrawing
from warehouse.batch import Batch
from warehouse.database import open_warehouse
from warehouse.history.schema import create_tables
from warehouse.history.tables import OPEN_DATE, OPEN_TIME
from warehouse.monitor import build
from warehouse.monitor.explain import disagreements, explained

FEEDS = load_feeds()
FEED = "clue_verification"
MARTS = ("mart.clue", "mart.clue_handling", "mart.clue_supervision")
# The township of Goubangzi, one of its villages, and a number of the division 2199, which was never assigned.
TOWN, VILLAGE, CITIZEN = "210782008", "210782008004", "219901196005020013"
HOUSEHOLD, ACCOUNT = "21078200000001", "6222021234567890123"
POOR, PUPIL, LOAN, HINT = "Z01-000000000a", "Z02-000000000b", "Z03-000000000c", "Z04-000000000d"
# clue, severity, owner, kind, subject, person, household, due, evidence
CLUES: tuple[tuple[Any, ...], ...] = (
    (POOR, "红", "乡镇", "household", HOUSEHOLD, None, HOUSEHOLD, "2019-07-03",
     {"net_income_per_head_yuan": "3746.50", "is_poor": False, "sex_code": "2", "overdue_principal_yuan": None, "rate": "0.02"}),
    (PUPIL, "橙", "jiaoyu", "person", "11", 11, HOUSEHOLD, "2019-07-12", {"member_person_key": 12, "person_count": 2}),
    (LOAN, "红", "yinhang", "account", ACCOUNT, None, None, "2019-07-03", {"loan_balance_yuan": "50000.00"}),
    (HINT, "蓝", "乡镇", "household", HOUSEHOLD, None, HOUSEHOLD, None, {}),
)  # fmt: skip


class County:
    """Departments, their folders and the warehouse, at a data root of its own; of ``sql/`` it knows the marts about clues."""

    def __init__(self, home: Path, sql: Path) -> None:
        self.home, self.sql = home, sql

    def settle(self) -> None:
        """Who lives here, and what is suspected of them."""
        with self.warehouse() as con:
            create_tables(con, FEEDS.values())
            build(con, FEEDS, root=self.sql)
            _people(con)
            for clue, severity, owner, kind, subject, person, household, due, evidence in CLUES:
                con.execute(
                    "INSERT INTO ops.clue VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, DATE '2019-06-28', DATE '2019-06-28', DATE '2019-06-28', NULL, 1, ?, ?)",
                    [
                        clue,
                        clue[:3],
                        kind,
                        subject,
                        person,
                        household,
                        VILLAGE,
                        severity,
                        owner,
                        due,
                        json.dumps(evidence),
                    ],
                )
                con.execute("INSERT INTO ops.clue_round VALUES (?, 1, DATE '2019-06-28', ?, NULL)", [clue, due])

    def warehouse(self) -> Any:
        return open_warehouse(self.home)

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        with self.warehouse() as con:
            return con.execute(sql).fetchall()

    def change(self, sql: str) -> None:
        with self.warehouse() as con:
            con.execute(sql)

    def night(self) -> int:
        """Marts, then lists; how many were written."""
        with self.warehouse() as con:
            build(con, FEEDS, anew=True, root=self.sql)
        return tasks.worklists()

    def outbox(self, department: str) -> Path:
        return self.home / "outbox" / department

    def lists(self, department: str = "*") -> list[str]:
        return sorted(path.name for path in (self.home / "outbox").glob(f"{department}/核查清单_*[0-9)].xlsx"))

    def rows(self, department: str, sheet: str = "核查清单", header: int = 4) -> list[dict[str, Any]]:
        """The rows of the department's only list, by header."""
        (name,) = self.lists(department)
        lines = openpyxl.load_workbook(self.outbox(department) / name)[sheet].iter_rows(
            min_row=header, values_only=True
        )
        headers = next(lines)
        return [dict(zip(headers, cells, strict=True)) for cells in lines]

    def filled(self, department: str, copy: openpyxl.Workbook | None = None, clue: str | None = None, **answer: str) -> openpyxl.Workbook:  # fmt: skip
        """The department's list with ``answer`` (header → text) in the line of ``clue`` (default: in every line)."""
        book = copy or openpyxl.load_workbook(self.outbox(department) / self.lists(department)[-1])
        sheet = book["核查清单"]
        headers = [cell.value for cell in sheet[4]]
        for row in range(5, sheet.max_row + 1):
            if clue in (None, sheet.cell(row, 1).value):
                for header, value in answer.items():
                    sheet.cell(row, headers.index(header) + 1).value = value
        return book

    def drop(self, department: str, book: openpyxl.Workbook, merge: bool = True) -> dict[str, Any]:
        """Put a list into the department's inbox and take it through; the batch as it ends."""
        inbox = self.home / "ingest" / department
        inbox.mkdir(parents=True, exist_ok=True)
        path = inbox / f"核查完_{time.monotonic_ns()}.xlsx"
        book.save(path)
        os.utime(path, (time.time() - 3600,) * 2)
        (reference,) = (one for one in tasks.collect(FEED, everywhere=True) if Batch.load(self.home, one).state == "received")  # fmt: skip
        assert reference.startswith(f"{FEED}/"), "the list was not recognised"
        batch_id = reference.split("/")[1]
        tasks.organise(FEED, batch_id)
        if merge:
            self.merge(batch_id)
        return Batch.load(self.home, reference).data

    def merge(self, batch_id: str) -> None:
        tasks.merge(FEED, batch_id)
        tasks.feedback(FEED, batch_id)

    def state(self, clue: str) -> str:
        ((state,),) = self.asked(f"SELECT clue_state FROM mart.clue WHERE clue_id = '{clue}'")
        return str(state)


def _people(con: Any) -> None:
    def insert(feed: str, **values: Any) -> None:
        names = ", ".join(f'"{name}"' for name in values)
        con.execute(
            f"INSERT INTO core.{feed} ({names}, valid_from, valid_to, recorded_from, recorded_to, batch_id, source_row) "
            f"VALUES ({', '.join('?' for _ in values)}, DATE '2019-06-30', {OPEN_DATE}, TIMESTAMP '2019-07-01', {OPEN_TIME}, 'b', 2)",
            list(values.values()),
        )

    con.execute(
        "INSERT INTO ops.batch (batch_id, feed, state, as_of, as_of_source, merged_at) "
        "VALUES ('b', 'village', 'merged', DATE '2019-06-30', 'column', TIMESTAMP '2019-07-01')"
    )
    con.execute("INSERT INTO core.identity VALUES ('citizen_id', ?, 11, 'b')", [CITIZEN])
    insert("registry_household", household_id=HOUSEHOLD, village_code=VILLAGE, head_name="=牛犇犇", person_key=11)
    insert("registry_person", person_id="2107820000000101", household_id=HOUSEHOLD, name="=牛犇犇", person_key=11)
    insert("household_registration", person_key=12, name="马骉骉", village_code=VILLAGE)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> County:
    """The county after its first night: every list is written."""
    with pytest.MonkeyPatch.context() as patch:
        found = County(tmp_path_factory.mktemp("settled"), sql_for(tmp_path_factory.mktemp("sql"), *MARTS))
        patch.setenv("AIRFLOW__FUPIN__HOME", str(found.home))
        found.settle()
        found.night()
        return found


@pytest.fixture
def county(settled: County, data_root: Path, monkeypatch: pytest.MonkeyPatch) -> County:
    monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
    copy_root(settled.home, data_root)
    return County(data_root, settled.sql)


SIGNED = {"核查人": "赵明", "核查日期": "2019-07-02"}


def test_each_list_holds_its_own_clues_and_what_a_clerk_needs(county: County) -> None:
    town = county.asked(f"SELECT max(town_name) FROM ref.division WHERE town_code = '{TOWN}'")[0][0]
    assert county.lists("fupinban") == [f"核查清单_{town}_2019-06-30.xlsx"]
    assert county.lists("jiaoyu") == ["核查清单_市教育局_2019-06-30.xlsx"]
    assert county.lists("yinhang") == [f"核查清单_{FEEDS['bank_loan'].department_title}_2019-06-30.xlsx"]
    path = county.outbox("fupinban") / county.lists("fupinban")[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    # 蓝 is information and asks nobody.
    (poor,) = county.rows("fupinban")
    assert (poor["线索编号"], poor["等级"], poor["办理状态"], poor["对象"]) == (POOR, "红", "待核查", "建档立卡户")
    assert (poor["姓名"], poor["公民身份号码"], poor["户编号"], poor["村"]) == (
        "=牛犇犇", "2199************13", HOUSEHOLD, county.asked(f"SELECT village_name FROM ref.division WHERE village_code = '{VILLAGE}'")[0][0],
    )  # fmt: skip
    # In the dictionary's words; what is unknown is left out.
    assert poor["规则看到的情况"] == "人均纯收入：3746.5元；是否贫困：否；性别代码：女；比率：0.02"
    assert {poor[header] for header in ("核查结论", "整改情况", "复核意见", "申诉情况", "核查人", "核查说明")} == {None}
    (pupil,) = county.rows("jiaoyu")
    assert "马骉骉" in pupil["规则看到的情况"] and "12" not in pupil["规则看到的情况"].replace("2人", "")
    assert town in pupil["村"]
    # A list without people has no columns for them, and an account is told by its end.
    (loan,) = county.rows("yinhang")
    assert "姓名" not in loan and "公民身份号码" not in loan
    assert loan["对象编号"] == "*" * 15 + ACCOUNT[-4:]


def test_known_cells_are_locked_and_answers_are_chosen(county: County) -> None:
    (name,) = county.lists("fupinban")
    sheet = openpyxl.load_workbook(county.outbox("fupinban") / name)["核查清单"]
    headers = [cell.value for cell in sheet[4]]
    assert sheet.protection.sheet and sheet.freeze_panes == "D5"
    open_ = {headers[cell.column - 1] for cell in sheet[5] if not cell.protection.locked}
    assert open_ == {"核查结论", "整改情况", "复核意见", "申诉情况", "核查人", "核查日期", "复核人", "复核日期", "核查说明"}  # fmt: skip
    assert {rule.formula1.strip('"') for rule in sheet.data_validations.dataValidation} == {
        "属实,不属实,待查", "整改中,已整改", "复核通过,复核不通过", "申诉中,申诉已结",
    }  # fmt: skip


def test_no_id_and_no_account_leaves_the_warehouse(county: County) -> None:
    for path in (county.home / "outbox").glob("*/核查清单_*.xlsx"):
        with zipfile.ZipFile(path) as package:
            content = b"".join(package.read(entry) for entry in package.namelist())
        assert (
            CITIZEN.encode() not in content
            and CITIZEN[4:16].encode() not in content
            and ACCOUNT.encode() not in content
        )


def test_the_same_list_is_not_written_twice_and_an_untouched_one_makes_room(county: County) -> None:
    (name,) = county.lists("fupinban")
    before = (county.outbox("fupinban") / name).stat()
    assert county.night() == 0
    after = (county.outbox("fupinban") / name).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    # Another amount is another list; what a clerk has written into stays where it is.
    openpyxl.load_workbook(county.outbox("jiaoyu") / county.lists("jiaoyu")[0]).save(
        county.outbox("jiaoyu") / county.lists("jiaoyu")[0]
    )
    county.change("UPDATE ops.clue SET evidence = '{\"net_income_per_head_yuan\": \"1.00\"}' WHERE rule_id IN ('Z01', 'Z02')")  # fmt: skip
    assert county.night() == 2
    assert county.lists("fupinban") == [name] and len(county.lists("jiaoyu")) == 2


def test_from_the_list_to_a_reviewed_rectification(county: County) -> None:
    batch = county.drop("jiaoyu", county.filled("jiaoyu", **SIGNED, 核查结论="属实", 核查说明="家中务农"))
    # The department's own inbox, its own receipt, the date of the list.
    assert (batch["state"], batch["department"], batch["rows_landed"], batch["as_of"]) == ("merged", "jiaoyu", 1, "2019-06-30")  # fmt: skip
    assert list(county.outbox("jiaoyu").glob("核查完_*.回执.xlsx"))
    assert county.night() == 1 and county.state(PUPIL) == "属实"
    (row,) = county.rows("jiaoyu")
    assert row["已有的答复"] == "2019-07-02 赵明：属实（家中务农）" and row["核查人"] is None

    county.drop("jiaoyu", county.filled("jiaoyu", 核查人="赵明", 核查日期="2019-07-09", 整改情况="已整改"))
    county.night()
    assert county.state(PUPIL) == "已整改"
    (row,) = county.rows("jiaoyu")
    # Whoever did the work is filled in: the reviewer adds himself.
    assert (row["核查人"], row["核查日期"], row["复核人"]) == ("赵明", "2019-07-09", None)
    county.drop("jiaoyu", county.filled("jiaoyu", 复核意见="复核不通过", 复核人="钱亮", 复核日期="2019-07-10"))
    county.night()
    assert county.state(PUPIL) == "整改中"
    county.drop("jiaoyu", county.filled("jiaoyu", 核查人="赵明", 核查日期="2019-07-12", 整改情况="已整改"))
    county.night()
    last = county.drop("jiaoyu", county.filled("jiaoyu", 复核意见="复核通过", 复核人="钱亮", 复核日期="2019-07-13"))
    county.night()
    assert county.state(PUPIL) == "已复核" and county.lists("jiaoyu") == []
    assert county.asked("SELECT days_to_conclusion, answer_count, is_open FROM mart.clue WHERE rule_id = 'Z02'") == [(4, 5, False)]  # fmt: skip

    withdrawing.withdraw(county.home, f"{FEED}/{last['batch_id']}", FEEDS, "engineer", "签错了名")
    county.night()
    assert county.state(PUPIL) == "已整改" and len(county.lists("jiaoyu")) == 1


def test_whoever_answers_second_does_not_overwrite_the_first(county: County) -> None:
    copy = openpyxl.load_workbook(county.outbox("fupinban") / county.lists("fupinban")[0])
    county.drop("fupinban", county.filled("fupinban", **SIGNED, 核查结论="不属实", 核查说明="证号录错"))
    county.drop("fupinban", county.filled("fupinban", copy, 核查人="孙丽", 核查日期="2019-07-01", 核查结论="属实"))
    county.night()
    assert county.state(POOR) == "不属实"
    assert county.asked("SELECT unadopted_count FROM mart.clue WHERE rule_id = 'Z01'") == [(1,)]
    # Nothing is left to verify, and the second sender learns that he was not the first.
    assert county.rows("fupinban") == []
    (told,) = county.rows("fupinban", "未采用", 2)
    assert (told["编号"], told["答复人"], told["答复"], told["没有采用的原因"], told["线索现在的状态"]) == (
        POOR, "孙丽", "属实", "另一份答复先到", "不属实",
    )  # fmt: skip
    with county.warehouse() as con:
        assert disagreements(con, "clue_handling", explained()["clue_handling"]) == []
        figures = "sum(confirmed_count), sum(refuted_count), sum(unadopted_count), max(confirmed_share)"
        assert con.execute(f"SELECT {figures} FROM mart.clue_handling").fetchall() == [(0, 1, 1, 0)]


def test_a_clerk_may_correct_himself_and_what_was_built_on_the_error_is_asked_again(county: County) -> None:
    copy = openpyxl.load_workbook(county.outbox("fupinban") / county.lists("fupinban")[0])
    county.drop("fupinban", county.filled("fupinban", copy, **SIGNED, 核查结论="属实"))
    county.night()
    county.drop("fupinban", county.filled("fupinban", 核查人="孙丽", 核查日期="2019-07-05", 整改情况="整改中"))
    county.night()
    assert county.state(POOR) == "整改中"
    county.drop("fupinban", county.filled("fupinban", copy, **SIGNED, 核查结论="待查", 核查说明="名字对不上"))
    county.night()
    assert county.state(POOR) == "待查"
    (told,) = county.rows("fupinban", "未采用", 2)
    assert (told["答复人"], told["没有采用的原因"]) == ("孙丽", "依据的不是最新状态")


def test_nobody_reviews_himself(county: County) -> None:
    done = {**SIGNED, "核查结论": "属实", "整改情况": "已整改"}
    alone = county.filled("fupinban", **done, 复核意见="复核通过", 复核人="赵明", 复核日期="2019-07-03")
    refused = county.drop("fupinban", alone)
    assert (refused["state"], refused["reason"]) == ("blocked", "ALL_ROWS_REJECTED")
    county.drop("fupinban", county.filled("fupinban", **done))
    county.night()
    # Under another verifier's name the review still comes from whoever did the work.
    county.drop("fupinban", county.filled("fupinban", 核查人="孙丽", 复核意见="复核通过", 复核人="赵明", 复核日期="2019-07-03"))  # fmt: skip
    county.night()
    assert county.state(POOR) == "已整改"
    (told,) = county.rows("fupinban", "未采用", 2)
    assert told["没有采用的原因"] == "复核人与核查人是同一人，复核不计"


def test_an_appeal_freezes_and_a_cleared_clue_asks_nobody(county: County) -> None:
    county.drop("fupinban", county.filled("fupinban", **SIGNED, 申诉情况="申诉中", 核查说明="本人不服"))
    county.change("UPDATE ops.batch SET as_of = DATE '2019-08-30' WHERE feed = 'village'")
    county.night()
    assert county.asked("SELECT rule_id, clue_state, is_frozen, is_overdue FROM mart.clue WHERE is_open ORDER BY rule_id") == [
        ("Z01", "待核查", True, False), ("Z02", "待核查", False, True), ("Z03", "待核查", False, True), ("Z04", "提示", False, False),
    ]  # fmt: skip
    assert county.asked("SELECT rule_id, supervision_state FROM mart.clue_supervision ORDER BY rule_id") == [("Z01", "申诉中"), ("Z03", "督办")]  # fmt: skip
    assert [county.rows(unit)[0]["办理状态"] for unit in ("fupinban", "jiaoyu", "yinhang")] == [
        "待核查（申诉中）", "待核查（逾期）", "待核查（督办）",
    ]  # fmt: skip
    for table in ("clue", "clue_round"):
        county.change(f"UPDATE ops.{table} SET cleared_on = DATE '2019-08-30'")
    county.night()
    assert county.asked("SELECT DISTINCT clue_state, is_open FROM mart.clue") == [("已消除", False)]
    assert county.lists() == []


def test_answers_say_the_same_in_whatever_order_they_are_loaded(county: County) -> None:
    copy = openpyxl.load_workbook(county.outbox("fupinban") / county.lists("fupinban")[0])
    first = county.drop("fupinban", county.filled("fupinban", **SIGNED, 核查结论="属实"))
    county.night()
    second = county.drop("fupinban", county.filled("fupinban", 核查人="孙丽", 核查日期="2019-07-05", 整改情况="已整改"))
    third = county.drop("fupinban", county.filled("fupinban", copy, 核查人="周红", 核查日期="2019-07-01", 核查结论="不属实", 核查说明="搬走了"))  # fmt: skip
    county.night()
    wanted = county.asked("SELECT * FROM mart.clue ORDER BY clue_id")
    assert county.state(POOR) == "已整改"
    batches = [batch["batch_id"] for batch in (first, second, third)]
    for order in itertools.permutations(batches):
        with county.warehouse() as con:
            con.execute(f"DELETE FROM core.{FEED}; DELETE FROM ops.batch WHERE feed = '{FEED}'")
        for batch_id in order:
            Batch.load(county.home, f"{FEED}/{batch_id}").save(state="validated")
            county.merge(batch_id)
        county.night()
        assert county.asked("SELECT * FROM mart.clue ORDER BY clue_id") == wanted, order


def test_a_line_that_nobody_filled_in_is_no_answer(county: County) -> None:
    county.change("UPDATE ops.clue SET owner = '乡镇'")
    county.night()
    book = county.filled("fupinban", clue=POOR, **SIGNED, 核查结论="属实")
    batch = county.drop("fupinban", county.filled("fupinban", book, clue=LOAN, 核查人="赵明", 核查说明="还没去"))
    assert (batch["rows_landed"], batch["rows_skipped"]) == (1, 2)


def test_one_department_cannot_take_back_another_one_s_answers(county: County) -> None:
    batch = county.drop("jiaoyu", county.filled("jiaoyu", **SIGNED, 核查结论="属实"))
    for department, state in (("yinhang", "blocked"), ("jiaoyu", "request")):
        path = county.home / "ingest" / department / f"撤回_{batch['batch_id']}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{department} 报错了", encoding="utf-8")
        os.utime(path, (time.time() - 3600,) * 2)
        waiting = intake.collect_all(county.home, department, FEEDS)
        ((name, reference),) = [(name, reference) for name, references in waiting.items() for reference in references]
        tasks.organise(name, reference)
        tasks.merge(name, reference)
        assert Batch.load(county.home, reference).state == state
        Batch.load(county.home, reference).close()
    county.night()
    assert county.state(PUPIL) == "待核查"
