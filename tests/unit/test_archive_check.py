"""Files in a folder against the index in the warehouse, and back: what was found is the index's next delivery."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.feed import load_feeds
from tests.small import sql_for
from warehouse import archive, tasks
from warehouse.batch import Batch
from warehouse.cli.main import main
from warehouse.database import open_warehouse
from warehouse.monitor import build

FEEDS = load_feeds()
FEED = "archive_document"
FIRST, SECOND, VILLAGE = "21990000000001", "21990000000002", "210782102200"
HEADER = (
    "档案级别",
    "归档单位编号",
    "文件编号",
    "档案类型",
    "档案年度",
    "页数",
    "文件名",
    "校验值",
    "归档日期",
    "归档人",
)


def digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


# unit, number, type, storage name, what was filed (None: no sum)
INDEX: tuple[tuple[str, str, str, str, str | None], ...] = (
    (FIRST, "1", "申请书", f"{FIRST}/申请.pdf", "as it was"),
    (FIRST, "2", "入户调查表", f"{FIRST}\\调查.pdf", "before"),
    (FIRST, "3", "收入核算表", f"{FIRST}/核算.pdf", "gone"),
    (FIRST, "4", "帮扶手册", "", None),
    (FIRST, "5", "脱贫验收表", f"{FIRST}/验收.pdf", None),
    (SECOND, "1", "申请书", f"{SECOND}/申请.pdf", "elsewhere"),
    (SECOND, "N-77", "帮扶手册", "", "by its number"),
    (VILLAGE, "9", "公示照片", "2018/照片.jpg", "by its name"),
    (VILLAGE, "8", "动态调整名单", "名单/名单.xlsx", "two copies"),
)


class Office:
    """A data root, the folder of the archive, and the command line; of ``sql/`` what tells of gaps in archives."""

    def __init__(self, home: Path, sql: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.sql, self.capsys = home, sql, capsys
        self.folder = home / "archive"
        self.folder.mkdir()

    def file(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def deliver(self, path: Path, department: str = "fupinban") -> Batch:
        inbox = self.home / "ingest" / department
        inbox.mkdir(parents=True, exist_ok=True)
        os.utime(path, (time.time() - 3600,) * 2)
        os.rename(path, inbox / path.name)
        (reference,) = (one for one in tasks.collect(FEED, everywhere=True) if Batch.load(self.home, one).state == "received")  # fmt: skip
        assert reference.startswith(f"{FEED}/"), "the index was not recognised"
        tasks.organise(FEED, reference.split("/")[1])
        tasks.merge(FEED, reference.split("/")[1])
        with open_warehouse(self.home) as con:
            build(con, FEEDS, root=self.sql)
        return Batch.load(self.home, reference)

    def index(self, documents: tuple[tuple[str, str, str, str, str | None], ...] = INDEX) -> Batch:
        path = self.home / f"四级档案目录_{len(documents)}_20190630.csv"
        with open(path, "w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(HEADER)
            for unit, number, kind, storage, filed in documents:
                level = "户" if len(unit) == 14 else "村"
                total = digest(filed).upper() if filed else ""
                writer.writerow([level, unit, number, kind, "2018", "2", storage, total, "2018-12-01", "王明"])
        return self.deliver(path)

    def check(self, *words: str, code: int) -> dict[str, Any]:
        assert main(["archive", "check", str(self.folder), "--json", *words]) == code
        told = self.capsys.readouterr()
        assert told.err == ""
        return dict(json.loads(told.out))

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        with open_warehouse(self.home, write=False) as con:
            return con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sql_for(tmp_path_factory.mktemp("sql"), "mart.archive_gap")


@pytest.fixture
def office(sql: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Office:
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__FUPIN__FEEDS", "")
    return Office(tmp_path, sql, capsys)


@pytest.fixture
def archived(office: Office) -> Office:
    """An index of nine documents and a folder in which one has changed and one is gone."""
    assert office.index().data["rows_landed"] == len(INDEX)
    office.file(f"{FIRST}/申请.pdf", "as it was")
    office.file(f"{FIRST}/调查.pdf", "after")
    office.file(f"{FIRST}/验收.pdf", "never summed")
    office.file("moved/照片.jpg", "by its name")
    office.file("N-77.docx", "by its number")
    office.file("名单/名单.xlsx", "two copies")
    office.file("old/名单.xlsx", "another copy")
    office.file("1.pdf", "whose?")
    office.file("王大山的申请.pdf", "a stranger")
    return office


def states(told: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(line["unit_no"], line["document_no"]): line["state"] for line in told["documents"]}


def test_same_changed_missing_unsummed_and_strange(archived: Office) -> None:
    told = archived.check(code=1)
    assert states(told) == {
        (FIRST, "2"): "changed", (FIRST, "3"): "missing", (FIRST, "5"): "no_sum", (SECOND, "1"): "missing",
    }  # fmt: skip
    assert told["counts"] == {
        "ok": 4, "changed": 1, "missing": 2, "no_sum": 1, "not_in_index": 1, "ambiguous": 1, "unreadable": 0,
    }  # fmt: skip
    assert {line["sha256"]: line["state"] for line in told["strays"]} == {
        digest("a stranger"): "not_in_index", digest("whose?"): "ambiguous",
    }  # fmt: skip
    assert told["files"] == 9 and told["delivery"] is None


def test_a_name_is_told_only_to_whom_asks_for_it(archived: Office) -> None:
    assert "王大山" not in json.dumps(archived.check(code=1), ensure_ascii=False)
    assert main(["archive", "check", str(archived.folder)]) == 1
    table = archived.capsys.readouterr()
    assert "王大山" not in table.out + table.err and "changed" in table.out
    named = archived.check("--names", code=1)
    assert {line["path"] for line in named["strays"]} == {"王大山的申请.pdf", "1.pdf"}


def test_what_a_unit_keeps_elsewhere_is_missing_only_if_all_is_asked_for(archived: Office) -> None:
    for path in (archived.folder / "N-77.docx", archived.folder / FIRST / "调查.pdf"):
        path.unlink()
    assert states(archived.check(code=1)) == {(FIRST, "2"): "missing", (FIRST, "3"): "missing", (FIRST, "5"): "no_sum"}
    everything = states(archived.check("--all", code=1))
    assert {key for key, state in everything.items() if state == "missing"} == {
        (FIRST, "2"), (FIRST, "3"), (SECOND, "1"), (SECOND, "N-77"),
    }  # fmt: skip
    # On paper: nothing says that there is a file.
    assert (FIRST, "4") not in everything


def test_a_folder_in_order_is_a_success(office: Office) -> None:
    office.index(INDEX[:1])
    office.file(f"{FIRST}/申请.pdf", "as it was")
    assert office.check(code=0)["counts"]["ok"] == 1


def test_the_result_is_the_next_delivery(archived: Office, tmp_path: Path) -> None:
    told = archived.check("--out", str(tmp_path), code=1)
    path = tmp_path / told["delivery"]
    assert path.name == "档案核对_20190630.csv" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert main(["archive", "check", str(archived.folder), "--out", str(tmp_path)]) == 1
    assert "is there already" in archived.capsys.readouterr().err
    # Any department may have checked.
    batch = archived.deliver(path, "zhujian")
    assert (batch.state, batch.data["rows_landed"], batch.data["rows_quarantined"]) == ("merged", 8, 0)
    assert sorted(warning["rule"] for warning in batch.data["warnings"]) == ["AD07", "AD08"]
    found = archived.asked(
        "SELECT unit_no, document_no, document_state, checked_date IS NOT NULL FROM core.archive_file ORDER BY ALL"
    )
    assert found == [
        (VILLAGE, "8", "完好", True), (VILLAGE, "9", "完好", True),
        (FIRST, "1", "完好", True), (FIRST, "2", "校验失败", True), (FIRST, "3", "文件缺失", True), (FIRST, "4", "完好", False),
        (FIRST, "5", "完好", True), (SECOND, "1", "文件缺失", True), (SECOND, "N-77", "完好", True),
    ]  # fmt: skip
    ((day,),) = archived.asked("SELECT CAST(as_of AS VARCHAR) FROM ref.run")
    assert day == "2019-06-30"
    # What was filed stands as it was, and checking again finds the same.
    assert archived.asked(
        f"SELECT sha256, filer_name FROM core.archive_document_now WHERE document_no = '2' AND unit_no = '{FIRST}'"
    ) == [(digest("before").upper(), "王明")]
    assert states(archived.check(code=1)) == states(told)


def test_links_pipes_and_half_written_files_are_left_alone(office: Office, tmp_path: Path) -> None:
    office.index(INDEX[:1])
    office.file(f"{FIRST}/申请.pdf", "as it was")
    outside = tmp_path / "secret.txt"
    outside.write_text("outside")
    os.symlink(outside, office.folder / "link.pdf")
    os.symlink(tmp_path, office.folder / "linked")
    os.mkfifo(office.folder / "pipe")
    office.file(".hidden/x.pdf", "hidden")
    office.file("upload.pdf.part", "half")
    assert [found.path for found in archive.digests(office.folder)] == [f"{FIRST}/申请.pdf"]


def test_a_file_that_cannot_be_read_whole_is_neither_changed_nor_checked(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    office.index(INDEX[:2])
    office.file(f"{FIRST}/申请.pdf", "as it was")
    growing = office.file(f"{FIRST}/调查.pdf", "before")
    office.file("strange.pdf", "no document")
    read: Callable[..., Any] = hashlib.file_digest

    def slow(handle: Any, name: str) -> Any:
        result = read(handle, name)
        if os.fstat(handle.fileno()).st_ino == growing.stat().st_ino:
            growing.write_text("before and after")
        if os.fstat(handle.fileno()).st_size == len("no document"):
            raise OSError("broken disk")
        return result

    monkeypatch.setattr(archive.hashlib, "file_digest", slow)
    told = office.check("--out", str(tmp_path), code=1)
    assert states(told) == {(FIRST, "2"): "unreadable"} and told["counts"]["unreadable"] == 2
    with open(tmp_path / told["delivery"], encoding="utf-8", newline="") as handle:
        assert [line["文件编号"] for line in csv.DictReader(handle)] == ["1"]


def test_a_folder_that_is_none_is_told_without_its_name(office: Office) -> None:
    assert main(["archive", "check", str(office.folder / "nowhere")]) == 1
    assert office.capsys.readouterr().err == "fupin archive: there is no such folder\n"
