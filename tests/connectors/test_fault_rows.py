"""Faults of delivered files, told at the platform's own steps: collect, organise, merge, receipt. Each test is one fault and its outcome."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from tests import workbooks
from tests.unit.test_files_support import HEADER, LOANS, csv_text
from warehouse import tasks
from warehouse.database import connect, open_warehouse

IDS = [workbooks.sound_id(f"219900195801{day:02d}000") for day in range(10, 19)]
ROWS: list[list[Any]] = [
    [f"J{number}", f"某{'甲乙丙丁'[number]}", IDS[number], 5 + number, None, "2019-03-01"] for number in range(4)
]
TEXTS = [["" if cell is None else str(cell) for cell in row] for row in ROWS]


class Bank:
    """The bank's inbox, the platform behind it, and what the bank is told."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder
        self.inbox = home / "ingest" / "nonghang"
        self.inbox.mkdir(parents=True)

    def put(self, name: str, content: bytes) -> Path:
        path = self.inbox / name
        path.write_bytes(content)
        os.utime(path, (time.time() - 3600,) * 2)
        return path

    def run(self) -> list[dict[str, Any]]:
        done = []
        for reference in tasks.collect("loans"):
            for step in (tasks.organise, tasks.merge, tasks.feedback):
                summary = step("loans", reference)
            done.append(summary)
        return done

    def deliver(self, name: str, content: bytes) -> dict[str, Any]:
        self.put(name, content)
        (summary,) = self.run()
        return summary

    def told(self, name: str) -> str:
        book = openpyxl.load_workbook(self.home / "outbox" / "nonghang" / f"{name}.回执.xlsx")
        return "\n".join(
            str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None
        )

    def rejected(self, name: str) -> list[tuple[Any, ...]]:
        """(row number, loan number, id) on the sheet of rows to correct."""
        sheet = openpyxl.load_workbook(self.home / "outbox" / "nonghang" / f"{name}.回执.xlsx")["退回行"]
        return [(row[0], row[3], row[5]) for row in sheet.iter_rows(min_row=2, values_only=True)]

    def versions(self) -> list[tuple[Any, ...]]:
        """Every version of every loan, by what it says."""
        with open_warehouse(self.home, write=False) as con:
            names = "loan_no, name, CAST(amount_yuan AS VARCHAR), valid_from"
            return con.execute(f"SELECT {names} FROM core.loans ORDER BY ALL").fetchall()


@pytest.fixture
def bank(data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bank:
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (feeds / "loans.toml").write_text(LOANS.replace("{pins}", "").replace("yinhang", "nonghang"), encoding="utf-8")
    monkeypatch.setenv("AIRFLOW__FUPIN__FEEDS", str(feeds))
    monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0.2")
    return Bank(data_root, tmp_path)


def text(rows: list[list[str]]) -> bytes:
    return csv_text([HEADER, *rows]).encode()


def test_row_4_a_half_copied_file_is_never_loaded(bank: Bank) -> None:
    for name in ("贷款.csv.part", "~$贷款.xlsx", ".贷款.csv", "贷款.tmp"):
        bank.put(name, text(TEXTS))
    assert bank.run() == []
    whole = workbooks.xlsx({"台账": [HEADER, *ROWS]})
    summary = bank.deliver("贷款.xlsx", whole[: len(whole) // 2])
    assert (summary["state"], summary["reason"]) == ("blocked", "WORKBOOK_DAMAGED")
    assert "不完整" in bank.told("贷款.xlsx")
    summary = bank.deliver("贷款.xlsx", whole)
    assert (summary["state"], summary["rows_landed"]) == ("merged", 4)


def test_row_5_the_same_bytes_change_nothing_and_the_same_rows_in_other_bytes_neither(bank: Bank) -> None:
    first = workbooks.xlsx({"台账": [HEADER, *ROWS]})
    assert bank.deliver("贷款_20190630.xlsx", first)["rows_inserted"] == 4
    before = bank.versions()
    for name in ("贷款_20190630.xlsx", "改名.xlsx"):
        assert bank.deliver(name, first)["state"] == "duplicate"
    assert "完全相同，没有重复入库" in bank.told("改名.xlsx")
    # Saved again by another program, and as every other kind: other bytes, the same rows.
    resaved = bank.folder / "resaved.xlsx"
    resaved.write_bytes(first)
    openpyxl.load_workbook(resaved).save(resaved)
    assert resaved.read_bytes() != first
    kinds = {
        "xlsx": resaved.read_bytes(),
        "xls": workbooks.xls({"台账": [HEADER, *ROWS]}),
        "csv": text(TEXTS),
        "zip": workbooks.packed({"贷款.csv": text(TEXTS)}),
    }
    for kind, content in kinds.items():
        summary = bank.deliver(f"另存_20190630.{kind}", content)
        assert (summary["state"], summary["rows_inserted"], summary["rows_ended"], summary["rows_unchanged"]) == (
            "merged",
            0,
            0,
            4,
        ), kind
    assert bank.versions() == before


COLUMNS: dict[str, tuple[list[str], str | None]] = {
    "swapped order": ([HEADER[2], HEADER[0], *HEADER[3:], HEADER[1]], None),
    "a synonym of the declaration": (["借据编号", *HEADER[1:]], None),
    "full width and blanks": (["借　据号", "借款人 姓名", "身份证号", "贷款金额（元）", *HEADER[4:]], None),
    "nameless columns at the end": ([*HEADER, "", ""], None),
    "an extra column": ([*HEADER, "备注栏"], None),
    "a required column renamed": (["号", *HEADER[1:]], "COLUMN_MISSING"),
    "a column twice": ([*HEADER, "借据号"], "COLUMN_DUPLICATED"),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_row_9_columns_are_recognised_or_refused_and_never_guessed(bank: Bank, kind: str) -> None:
    header, code = COLUMNS[kind]
    bare = [HEADER.index(cell) if cell in HEADER else -1 for cell in header]
    by_place = {"a synonym of the declaration", "full width and blanks", "a required column renamed"}
    rows = [row if kind in by_place else [row[index] if index >= 0 else "" for index in bare] for row in TEXTS]
    summary = bank.deliver("贷款.csv", csv_text([header, *rows]).encode())
    told = bank.told("贷款.csv")
    if code:
        assert (summary["state"], summary["reason"]) == ("blocked", code) and "借据号" in told
    else:
        assert (summary["state"], summary["rows_landed"]) == ("merged", 4)
        assert [row[:3] for row in bank.versions()] == [(row[0], row[1], f"{row[3]}.00") for row in TEXTS]
        assert kind != "an extra column" or "备注栏" in told


def test_row_10_a_broken_row_is_sent_back_alone_with_its_number(bank: Bank) -> None:
    lines = text(TEXTS).decode().splitlines()
    lines[2] += ",多"
    lines[3] = lines[3].replace(",", "", 1)
    summary = bank.deliver("贷款.csv", "\n".join(lines).encode())
    assert (summary["state"], summary["rows_read"], summary["rows_landed"], summary["rows_quarantined"]) == (
        "merged",
        4,
        2,
        2,
    )
    assert [row[0] for row in bank.rejected("贷款.csv")] == [3, 4]
    assert [row[0] for row in bank.versions()] == ["J0", "J3"]


def test_row_11_encodings_land_exactly_or_not_at_all(bank: Bank) -> None:
    rows = [[TEXTS[0][0], "张㳇𠮷", *TEXTS[0][2:]], *TEXTS[1:]]
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030")):
        summary = bank.deliver(f"贷款{number}_20190630.csv", csv_text([HEADER, *rows]).encode(encoding))
        assert (summary["state"], summary["rows_inserted"]) == ("merged", 0 if number else 4), encoding
        assert {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding) in bank.told(
            f"贷款{number}_20190630.csv"
        )
    assert bank.versions()[0][1] == "张㳇𠮷"
    whole = csv_text([HEADER, *rows])
    for name, content in {
        "半个字.csv": (whole + "J9,张").encode()[:-1],
        "两种编码.csv": whole.encode("gb18030") + "J9,张三李四王五赵六钱七孙八,1,1,1,1\n".encode(),
    }.items():
        assert bank.deliver(name, content)["reason"] == "ENCODING_INVALID" and "个字节" in bank.told(name)
    assert len(bank.versions()) == 4


def test_row_12_bombs_cost_seconds_and_the_next_file_loads(bank: Bank) -> None:
    nested = workbooks.packed({"a.zip": workbooks.packed({"b.csv": text(TEXTS)})})
    bombs = {
        "套娃.zip": (nested, "ZIP_NESTED"),
        "膨胀.zip": (workbooks.packed({"a.csv": b" " * 40_000_000}), "ZIP_TOO_LARGE"),
    }
    started = time.monotonic()
    for name, (content, code) in bombs.items():
        summary = bank.deliver(name, content)
        assert (summary["state"], summary["reason"]) == ("blocked", code)
        assert "压缩包" in bank.told(name)
    assert time.monotonic() - started < 30
    assert bank.deliver("贷款.csv", text(TEXTS))["state"] == "merged"


def test_row_13_a_name_is_only_a_label_also_inside_a_zip(bank: Bank) -> None:
    for number, member in enumerate(("../../evil.csv", "/tmp/evil.csv", "..\\evil.csv")):
        assert bank.deliver(f"包{number}.zip", workbooks.packed({member: text(TEXTS)}))["reason"] == "ZIP_MEMBER_PATH"
    odd = "；rm -rf {{ds}} '\"$(reboot)\n.csv"
    summary = bank.deliver("好.zip", workbooks.packed({odd: text(TEXTS), "b.csv": text([["J9", *TEXTS[0][1:]]])}))
    assert (summary["state"], summary["rows_landed"]) == ("merged", 5)
    names = {path.name for path in bank.home.rglob("*")} | {path.name for path in bank.folder.iterdir()}
    assert not any("evil" in name or "reboot" in name for name in names)


def test_row_20_a_mangled_id_never_lands_and_a_decorated_one_does(bank: Bank) -> None:
    rounded = next(
        found for day in range(10, 29) if (found := workbooks.sound_id(f"2199001958010{day}00"[:17])).endswith("000")
    )
    ids: list[Any] = [
        219900195801010006,
        int(rounded),
        "2.199E+17",
        f"'{IDS[0]}",
        f'="{IDS[1]}"',
        f" {IDS[2]}\xa0",
        IDS[3].translate({48 + n: 0xFF10 + n for n in range(10)}),
    ]
    rows = [[f"00{number}", "某甲", value, 1, None, None] for number, value in enumerate(ids)]
    summary = bank.deliver("贷款.xls", workbooks.xls({"台账": [HEADER, *rows]}))
    assert (summary["rows_landed"], summary["rows_quarantined"]) == (4, 3)
    assert [row[0] for row in bank.versions()] == ["003", "004", "005", "006"]
    told = bank.told("贷款.xls")
    assert "科学计数" in told and "文本" in told
    assert [row[:2] for row in bank.rejected("贷款.xls")] == [(2, "000"), (3, "001"), (4, "002")]


def test_row_21_layout_traps_neither_add_nor_hide_people(bank: Bank) -> None:
    rows: list[list[Any]] = [
        ["台账（截至2019年6月30日）"],
        HEADER,
        *ROWS,
        ["合计", None, None, 26, None, None],
        ["填表人：某某"],
    ]
    summary = bank.deliver(
        "贷款.xlsx", workbooks.xlsx({"旧": rows, "台账": rows}, hidden=("旧",), hidden_rows=(3,), since_1904=True)
    )
    assert (summary["rows_landed"], summary["rows_skipped"], summary["as_of"]) == (4, 2, "2019-06-30")
    assert sum(float(row[2]) for row in bank.versions()) == 26
    told = bank.told("贷款.xlsx")
    assert "隐藏行" in told and "隐藏的工作表没有读取：旧" in told
    merged = [["K1", *TEXTS[0][1:]], *(["", *row[1:]] for row in TEXTS[1:])]
    summary = bank.deliver("合并单元格.csv", text(merged))
    assert (summary["rows_landed"], summary["rows_quarantined"]) == (1, 3)
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = workbooks.packed([("a.csv", text(TEXTS)), ("a.csv", text([["K9", *TEXTS[0][1:]]]))])
    assert bank.deliver("重名.zip", twice)["reason"] == "ZIP_MEMBER_TWICE"
    two = workbooks.xls({"台账": [HEADER, *ROWS, [], [*HEADER[1:], HEADER[0]], *ROWS]})
    assert bank.deliver("两张表.xls", two)["reason"] == "TABLES_SEVERAL"


def test_a_row_of_a_townships_sheet_is_named_in_the_receipt_and_comes_back_corrected(bank: Bank) -> None:
    sheets = {
        "城关镇": [HEADER, ROWS[0]],
        "沟帮子镇": [["沟帮子镇"], HEADER, ROWS[1], [*ROWS[2][:2], "2199", *ROWS[2][3:]]],
    }
    summary = bank.deliver("各乡镇_20190630.xls", workbooks.xls(sheets))
    assert (summary["rows_landed"], summary["rows_quarantined"]) == (2, 1)
    path = bank.home / "outbox" / "nonghang" / "各乡镇_20190630.xls.回执.xlsx"
    book = openpyxl.load_workbook(path)
    (header, row) = book["退回行"].iter_rows()
    assert row[-1].value == "沟帮子镇 第 4 行" and header[-1].value == "工作表与行号"
    row[5].value = IDS[2]
    book.save(bank.folder / "改.xlsx")
    summary = bank.deliver("改.xlsx", (bank.folder / "改.xlsx").read_bytes())
    assert (summary["state"], summary["rows_landed"], summary["as_of"]) == ("merged", 1, "2019-06-30")
    assert "没有入库的列\n无" in bank.told("改.xlsx")


def people(count: int) -> list[list[str]]:
    return [
        [
            f"J{number:03d}",
            "某甲",
            workbooks.sound_id(f"2199{number % 90 + 10}19700115{number // 90:03d}"),
            "5",
            "",
            "2019-03-01",
        ]
        for number in range(count)
    ]


def test_row_8_an_empty_or_shrunken_full_list_erases_nobody(bank: Bank) -> None:
    assert bank.deliver("一月.csv", text(people(20)))["rows_inserted"] == 20
    before = bank.versions()
    keyless = [["", *row[1:]] for row in people(20)]
    for name, content, code in (
        ("零字节.csv", b"", "EMPTY_FILE"),
        ("只有标记.csv", b"\xef\xbb\xbf", "EMPTY_FILE"),
        ("只有表头.csv", text([]), "HEADER_ONLY"),
        ("三成.csv", text(people(6)), "ROW_COUNT_COLLAPSE"),
        ("没有编号.csv", text(keyless), "ALL_ROWS_REJECTED"),
    ):
        bank.put(name, content)
        (reference,) = tasks.collect("loans")
        for step in (tasks.organise, tasks.merge, tasks.feedback):
            summary: dict[str, Any] = step("loans", reference)
        assert summary["state"] == "blocked" and code in summary["reason"], name
        assert bank.told(name)
        assert bank.versions() == before, name


@pytest.mark.parametrize(
    ("odd", "outcome"),
    [
        ("某\u202e甲", "landed"),
        ("某\u200b甲", "landed"),
        ("某\x07甲", "CONTROL_CHAR"),
    ],
)
def test_row_18_invisible_characters_are_taken_out_and_control_bytes_sent_back(
    bank: Bank, odd: str, outcome: str
) -> None:
    rows = [list(row) for row in TEXTS]
    rows[0][1] = odd
    summary = bank.deliver("名单.csv", text(rows))
    if outcome == "landed":
        assert summary["rows_landed"] == len(rows)
        assert ("J0", "某甲") in [version[:2] for version in bank.versions()]
    else:
        assert (summary["rows_landed"], summary["rows_quarantined"]) == (len(rows) - 1, 1)
        # The receipt opens in a spreadsheet program, control byte or not.
        assert bank.rejected("名单.csv")[0][1] == "J0"


@pytest.mark.parametrize("bad", [b"\0", b"\xed\xa0\x80", b"\xc0\xaf"])
def test_row_18_bytes_that_are_no_text_refuse_the_file_with_their_place(bank: Bank, bad: bytes) -> None:
    content = csv_text([HEADER, *TEXTS], end="\r\n").encode()
    content = content.replace("某乙".encode(), "某乙".encode() + bad, 1)
    assert bank.deliver("坏字节.csv", content)["state"] == "blocked"
    assert "第 3 行" in bank.told("坏字节.csv") or "字节" in bank.told("坏字节.csv")


def test_row_30_code_in_headers_and_cells_is_text(bank: Bank, tmp_path: Path) -> None:
    evil = "x'); DROP TABLE core.loans; ATTACH '/tmp/x.db'; --"
    header = [*HEADER, "{{ var.value.x }}", "x\"; COPY (SELECT 1) TO '/tmp/evil.csv'; --"]
    rows = [[*row, "{{ 7 * 7 }}", evil] for row in TEXTS]
    rows[1][0] = evil
    assert bank.deliver("注入.csv", csv_text([header, *rows]).encode())["rows_landed"] == len(rows)
    assert evil in [version[0] for version in bank.versions()]
    told = bank.told("注入.csv")
    assert "{{ var.value.x }}" in told and "49" not in told.split()
    assert not Path("/tmp/evil.csv").exists() and not Path("/tmp/x.db").exists()
    # What is read from a file is read in a jail.
    with connect(bank.home, jailed=True) as con:
        con.execute(f"COPY (SELECT 1) TO '{bank.home}/landing/inside.parquet'")
        for statement in (
            "FROM read_csv('/etc/passwd')",
            f"ATTACH '{tmp_path}/other.db'",
            f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
            f"FROM read_text('{bank.home}/secrets/*')",
            "FROM read_text('http://127.0.0.1:9/x')",
            "FROM read_text('s3://bucket/x')",
            "INSTALL spatial",
            "LOAD spatial",
            "SET memory_limit = '20GB'",
            "SET enable_external_access = true",
        ):
            with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
                con.execute(statement).fetchall()


def test_what_a_batch_comes_to_is_kept_for_the_next_one_and_a_wrong_unit_is_held(bank: Bank) -> None:
    assert bank.deliver("一月.csv", text(people(20)))["state"] == "merged"
    dearer = [[*row[:3], "50000", *row[4:]] for row in people(20)]
    held = bank.deliver("二月.csv", text(dearer))
    assert (held["state"], held["reason"]) == ("blocked", "UNIT_JUMP")
    assert "一万倍" in bank.told("二月.csv")
    two_empty = [[*row[:3], "6", *row[4:]] for row in people(20)]
    two_empty[0][0] = two_empty[1][0] = ""
    assert bank.deliver("三月.csv", text(two_empty))["rows_landed"] == 18
    with open_warehouse(bank.home, write=False) as con:
        found = con.execute(
            "SELECT b.state, f.column_name, f.column_label, f.median_yuan, f.total_yuan, f.empty_rows FROM ops.batch_figure AS f "
            "JOIN ops.batch AS b USING (feed, batch_id) WHERE f.column_name <> 'balance_yuan' ORDER BY b.received_at, f.column_name"
        ).fetchall()
    assert [row[1] for row in found] == ["amount_yuan", "loan_no"] * 3
    assert [row for row in found if row[0] == "merged"] == [
        ("merged", "amount_yuan", "贷款金额", 5.0, 100, None),
        ("merged", "loan_no", "借据号", None, None, 0),
        ("merged", "amount_yuan", "贷款金额", 6.0, 120, None),
        ("merged", "loan_no", "借据号", None, None, 2),
    ]
