"""One file with the tables of several feeds becomes a batch for each of them, also when a process dies in between."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from connectors import drop
from connectors.feed import Feed
from tests import workbooks
from tests.unit.test_files_support import HEADER, LOANS, MEMBERS, ROWS, feed
from warehouse import intake, sealing
from warehouse.batch import Batch, unfinished

TABLES = {"贷款": [HEADER, *ROWS], "成员": [["成员编号", "姓名", "身份证号"], ["M1", "甲", "219900195801010006"]]}


@pytest.fixture
def feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Feed]:
    monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
    (tmp_path / "ingest" / "yinhang").mkdir(parents=True)
    return {"loans": feed(tmp_path, LOANS), "members": feed(tmp_path, MEMBERS)}


def batches(home: Path, name: str) -> list[Batch]:
    return list(unfinished(home, name))


def test_a_zip_of_two_feeds_is_two_batches_of_the_same_bytes(tmp_path: Path, feeds: dict[str, Feed]) -> None:
    content = workbooks.packed({f"{name}.xls": workbooks.xls({name: rows}) for name, rows in TABLES.items()})
    (tmp_path / "ingest" / "yinhang" / "报送.zip").write_bytes(content)
    assert len(intake.collect(tmp_path, feeds["loans"], feeds)) == 1
    (loans,), (members,) = batches(tmp_path, "loans"), batches(tmp_path, "members")
    assert (loans.data["reading"]["rows"], members.data["reading"]["rows"]) == (3, 1)
    assert loans.data["sha256"] == members.data["sha256"]
    assert sealing.digest(loans.source, tmp_path) == hashlib.sha256(content).hexdigest()
    assert loans.data["original_name"] == "报送.zip" and loans.data["reading"]["problems"] == []
    assert list((tmp_path / "landing" / ".incoming" / "yinhang").iterdir()) == []
    # The same bytes again are the same two batches.
    (tmp_path / "ingest" / "yinhang" / "再报.zip").write_bytes(content)
    intake.collect(tmp_path, feeds["loans"], feeds)
    assert sorted(batch.state for batch in batches(tmp_path, "members")) == ["duplicate", "received"]


def test_a_workbook_is_divided_once_however_often_that_is_interrupted(
    tmp_path: Path, feeds: dict[str, Feed], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ingest" / "yinhang" / "两表.xls").write_bytes(workbooks.xls(TABLES))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for step in ("copyfile", "rmtree"):
        monkeypatch.setattr(shutil, step, killed)
        with pytest.raises(KeyboardInterrupt):
            intake.collect(tmp_path, feeds["loans"], feeds)
        monkeypatch.undo()
        monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
    intake.collect(tmp_path, feeds["loans"], feeds)
    assert len(batches(tmp_path, "loans")) == len(batches(tmp_path, "members")) == 1
    assert drop.pending(tmp_path / "landing" / ".incoming", "yinhang") == []


def test_whoever_sorts_an_inbox_names_the_other_feeds_whose_files_lay_there(
    tmp_path: Path, feeds: dict[str, Feed]
) -> None:
    """The doorbell is silent once a file has left the inbox: the run that took it must wake the feed whose file it is."""
    woken: list[str] = []
    inbox = tmp_path / "ingest" / "yinhang"
    (inbox / "成员.xls").write_bytes(workbooks.xls({"成员": TABLES["成员"]}))
    assert intake.collect(tmp_path, feeds["loans"], feeds, woken.append) == []
    assert woken == ["members"]
    # Not a second time for the same batch, nor for a file of its own; a file that nobody knows is the first feed's.
    (inbox / "贷款.xls").write_bytes(workbooks.xls({"贷款": TABLES["贷款"]}))
    assert len(intake.collect(tmp_path, feeds["loans"], feeds, woken.append)) == 1
    assert woken == ["members"]
    (inbox / "谁的.csv").write_text("甲,乙,丙\n1,2,3\n", encoding="utf-8")
    intake.collect(tmp_path, feeds["members"], feeds, woken.append)
    assert woken == ["members", "loans"]
