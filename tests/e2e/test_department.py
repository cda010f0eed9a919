"""A department's day: good files, bad files, the receipt, the corrected re-drop."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from tests.e2e.commands import fupin
from tests.parsed import know_sql
from warehouse import tasks

HEADER = [
    "行政村代码",
    "村名",
    "乡镇代码",
    "乡镇",
    "数据日期",
    "是否贫困村",
    "户籍户数",
    "户籍人口",
    "农村户籍人口",
    "农民人均可支配收入（元）",
]
ROWS = [
    ["210782100201", "东村", "210782100", "沟帮子街道", "2019-06-30", "是", "300", "900", "850", "12000.50"],
    ["210782100202", "西村", "210782100", "沟帮子街道", "2019-06-30", "否", "200", "610", "600", "13500.00"],
    ["210782100203", "㳇村", "210782100", "沟帮子街道", "2019-06-30", "否", "150", "480", "470", "9800.00"],
]


class Office:
    """The poverty office at its inbox, with an engineer who runs ``fupin sync``."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.inbox = home / "ingest" / "fupinban"
        self.outbox = home / "outbox" / "fupinban"
        self.inbox.mkdir(parents=True)
        know_sql(home)

    def fupin(self, *words: str, settle: str = "0") -> str:
        done = fupin(self.home, *words, settle=settle, check=False)
        assert done.returncode == 0, done.stderr[-500:]
        assert "Traceback" not in done.stderr
        return done.stdout

    def sync(self) -> list[dict]:
        return json.loads(self.fupin("sync", "--json"))

    def health(self) -> dict[str, str]:
        """What ``fupin status`` tells somebody to look at."""
        return {
            line["what"]: line["told"] for line in json.loads(self.fupin("status", "--json")) if line["state"] != "fine"
        }

    def load(self) -> list[dict]:
        """The same as far as the receipts, as the DAGs of inbox and feeds go; marts and snapshot are left to the next ``sync``."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AIRFLOW__FUPIN__HOME", str(self.home))
            patch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
            loaded = []
            for feed in tasks.sort_inbox("fupinban"):
                for reference in tasks.collect(feed):
                    tasks.organise(feed, reference)
                    tasks.merge(feed, reference)
                    loaded.append(tasks.feedback(feed, reference))
            return loaded

    def drop(self, name: str, rows: list[list[str]], *, encoding: str = "utf-8", title: str = "") -> Path:
        path = self.inbox / name
        with open(path, "w", encoding=encoding, newline="") as handle:
            if title:
                handle.write(title + "\r\n")
            csv.writer(handle).writerows(rows)
        return path

    def receipt(self, name: str) -> openpyxl.Workbook:
        return openpyxl.load_workbook(self.outbox / f"{name}.回执.xlsx")

    def told(self, name: str) -> str:
        """Everything the receipt says."""
        return "\n".join(
            str(cell.value)
            for sheet in self.receipt(name)
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        )

    def villages(self) -> list[tuple]:
        answer = self.fupin(
            "query", "SELECT village_code, village, denominator FROM village_incidence ORDER BY 1", "--format", "json"
        )
        return [tuple(row.values()) for row in json.loads(answer)]


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path / "home")


def write_workbook(path: Path, rows: list[list[str]], title: str) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("行政村")
        sheet.merge_range(0, 0, 0, len(rows[0]) - 1, title)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                # As Excel holds them: codes as text, counts and amounts as numbers.
                numeric = number > 1 and column >= 6
                sheet.write_number(number, column, float(cell)) if numeric else sheet.write_string(number, column, cell)


def test_one_table_in_three_formats_lands_as_identical_rows(tmp_path):
    hashes = []
    for number, form in enumerate(("gb18030", "utf-8", "xlsx")):
        office = Office(tmp_path / str(number))
        # The same keys, so that content hashes may be compared.
        (office.home / "secrets").mkdir()
        (office.home / "secrets" / "identity_key").write_text("cd" * 32)
        if form == "xlsx":
            write_workbook(office.inbox / "村.xlsx", [HEADER, *ROWS], "北镇市行政村基本情况")
        else:
            office.drop(
                "村.csv",
                [HEADER, *ROWS],
                encoding=form,
                title="北镇市行政村基本情况,,,,,,,,," if form == "gb18030" else "",
            )
        (batch,) = office.sync()
        assert (batch["state"], batch["rows_landed"]) == ("merged", 3)
        script = (
            "from connectors import settings; from warehouse.database import open_warehouse\n"
            "with open_warehouse(settings.home(), write=False) as con:\n"
            "    print(con.execute('SELECT * EXCLUDE (recorded_from, recorded_to, batch_id, source_row) FROM core.village ORDER BY village_code').fetchall())"
        )
        environment = {**os.environ, "AIRFLOW__FUPIN__HOME": str(office.home)}
        hashes.append(
            subprocess.run(
                [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
            ).stdout
        )
    assert hashes[0] == hashes[1] == hashes[2]
    assert "㳇村" in hashes[0]


def bad_files(inbox: Path) -> dict[str, str]:
    """File name → the pattern that its receipt must contain."""
    text = "\n".join(",".join(row) for row in [HEADER, *ROWS]) + "\n"
    (inbox / "空.csv").write_bytes(b"")
    (inbox / "只有表头.csv").write_text(",".join(HEADER) + "\n", encoding="utf-8")
    (inbox / "表头不认识.csv").write_text("甲,乙,丙\n1,2,3\n", encoding="utf-8")
    (inbox / "重复列.csv").write_text(text.replace("村名", "行政村代码", 1), encoding="utf-8")
    (inbox / "引号没有结束.csv").write_text(text + '"210782100204,南村\n' + "x,y\n" * 50, encoding="utf-8")
    (inbox / "空字节.csv").write_bytes(text.encode().replace("西村".encode(), b"\0\0"))
    (inbox / "加密.xlsx").write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le")
    )
    with zipfile.ZipFile(inbox / "假的.xlsx", "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    whole = inbox.parent / "whole.xlsx"
    write_workbook(whole, [HEADER, *ROWS], "标题")
    (inbox / "拷了一半.xlsx").write_bytes(whole.read_bytes()[:3000])
    os.symlink("/etc/passwd", inbox / "链接.csv")
    (inbox / "..%2f..%2fetc{{ds}}'\"$(reboot).csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (inbox / ("长" * 78 + ".csv")).write_text("a,b,c\n1,2,3\n", encoding="utf-8")
    return {
        "空.csv": "空的", "只有表头.csv": "只有表头", "表头不认识.csv": "表头", "重复列.csv": "行政村代码", "引号没有结束.csv": "引号", "空字节.csv": "空字节",
        "加密.xlsx": "密码|加密", "假的.xlsx": "工作簿", "拷了一半.xlsx": "损坏|不完整|工作簿", "链接.csv": "链接",
    }  # fmt: skip


def test_every_kind_of_bad_file_gets_a_clear_answer_and_the_next_good_one_loads(office):
    expected = bad_files(office.inbox)
    dropped = len(list(office.inbox.iterdir()))
    batches = office.sync()
    assert {batch["state"] for batch in batches} == {"blocked"}
    assert len(batches) == dropped == len(list(office.outbox.iterdir()))
    for name, pattern in expected.items():
        assert re.search(pattern, office.told(name)), name
    # The link stays where it is, and is answered once.
    assert [path.name for path in office.inbox.iterdir()] == ["链接.csv"]
    assert office.sync() == []
    office.drop("村.csv", [HEADER, *ROWS])
    assert [batch["state"] for batch in office.sync()] == ["merged"]
    ledger = json.loads(office.fupin("batches", "--json"))
    assert len(ledger) == dropped + 1
    assert all(row["reason"] for row in ledger if row["state"] == "blocked")


def test_a_growing_file_is_left_alone(office):
    path = office.drop("村.csv", [HEADER, ROWS[0]])
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\nfor _ in range(600):\n    open(sys.argv[1], 'a').write('x\\n'); time.sleep(0.1)",
            str(path),
        ]
    )
    try:
        assert json.loads(office.fupin("sync", "--json", settle="0.5")) == []
        assert path.exists()
    finally:
        writer.kill()
        writer.wait()


def test_a_rejected_row_is_corrected_in_the_receipt_and_dropped_again(office, tmp_path):
    wrong = [row[:] for row in ROWS]
    wrong[1][8] = "六百"
    wrong[2][5] = "=cmd|' /C calc'!A0"
    office.drop("村.csv", [HEADER, *wrong])
    (batch,) = office.sync()
    assert (batch["rows_read"], batch["rows_landed"], batch["rows_quarantined"]) == (3, 1, 2)

    book = office.receipt("村.csv")
    sheet = book["退回行"]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = next(number for number, row in enumerate(cells) if "错误原因" in row)
    header, rejected = cells[head], cells[head + 1 : head + 3]
    assert [row[header.index("行号")] for row in rejected] in (["3", "4"], [3, 4])
    assert "农村户籍人口" in rejected[0][header.index("错误原因")]
    # What the clerk typed is there as inert text, whatever it looks like.
    with zipfile.ZipFile(office.outbox / "村.csv.回执.xlsx") as archive:
        assert not any(
            "<f>" in archive.read(name).decode("utf-8", "replace") for name in archive.namelist() if "sheet" in name
        )

    # The clerk corrects the two cells in the receipt itself and drops the whole workbook.
    for row in sheet.iter_rows(min_row=head + 2):
        for cell in row:
            if cell.value == "六百":
                cell.value = "600"
            if isinstance(cell.value, str) and cell.value.lstrip("'").startswith("=cmd"):
                cell.value = "否"
    book.save(office.inbox / "村（更正）.xlsx")
    (again,) = office.sync()
    assert (again["state"], again["rows_landed"], again["as_of"]) == ("merged", 2, "2019-06-30")
    assert [row[0] for row in office.villages()] == ["210782100201", "210782100202", "210782100203"]


def test_a_list_that_shrank_is_held_until_an_engineer_lets_it_pass(office):
    rows = [[f"2107821002{number:02d}", f"村{number}", *ROWS[0][2:]] for number in range(20)]
    office.drop("六月.csv", [HEADER, *rows])
    office.sync()
    july = [[*row[:4], "2019-07-31", *row[5:]] for row in rows[:8]]
    office.drop("七月.csv", [HEADER, *july])
    (held,) = office.sync()
    assert (held["state"], held["reason"]) == ("blocked", "ROW_COUNT_COLLAPSE")
    assert len(office.villages()) == 20
    assert held["batch_id"] in office.health()["blocked"]
    office.fupin("release", f"village/{held['batch_id']}")
    (passed,) = office.sync()
    assert (passed["state"], passed["rows_ended"], passed["rows_unchanged"]) == ("merged", 12, 8)
    # 2019 is long ago, nobody has answered the clues, and nothing is backed up yet; all else is fine.
    assert set(office.health()) == {"feeds", "clues", "backup", "drill"}


SITE_FEED = """
name = "orchard"
department = "linye"
department_title = "市林业局"
title = "果园登记"
grain = "one row per orchard"
mode = "upsert"
key = ["orchard_no"]
subject = ["citizen_id"]
legal_basis = "地方试点"
purpose = "产业帮扶"

[[columns]]
name = "orchard_no"
type = "text"
aliases = ["果园编号"]
required = true

[[columns]]
name = "citizen_id"
type = "citizen_id"
aliases = ["经营者身份证号"]
required = true
sensitivity = "identifier"
personal_id = ["id18"]

[[columns]]
name = "area_mu"
type = "number"
aliases = ["面积"]
unit = "亩"
"""


def test_a_site_adds_a_feed_of_its_own_without_touching_the_checkout(tmp_path, monkeypatch):
    folder = tmp_path / "site-feeds"
    folder.mkdir()
    (folder / "orchard.toml").write_text(SITE_FEED, encoding="utf-8")
    monkeypatch.setenv("AIRFLOW__FUPIN__FEEDS", str(folder))
    office = Office(tmp_path / "home")
    inbox = office.home / "ingest" / "linye"
    inbox.mkdir(parents=True)
    text = "果园编号,经营者身份证号,面积（亩）\nG1,219901198003050118,12.5\nG2,219901198003050119,3\n"
    (inbox / "果园_20190630.csv").write_text(text, encoding="utf-8")
    (batch,) = office.sync()
    assert (batch["feed"], batch["state"], batch["rows_landed"], batch["rows_quarantined"]) == (
        "orchard",
        "merged",
        1,
        1,
    )
    assert batch["as_of"] == "2019-06-30"
    receipt = openpyxl.load_workbook(office.home / "outbox" / "linye" / "果园_20190630.csv.回执.xlsx")
    told = "\n".join(str(cell.value) for row in receipt["退回行"].iter_rows() for cell in row if cell.value is not None)
    assert "校验" in told
