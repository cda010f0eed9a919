"""From an inbox elsewhere to a receipt elsewhere: what collect, feedback and ``fupin sync`` make of the settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import places, remote
from connectors.errors import TerminalError, TransientError
from connectors.feed import load_feeds
from connectors.places import Place
from tests.connectors.sftp_server import SftpServer
from warehouse import intake, syncing, tasks
from warehouse.batch import Batch

UNKNOWN = "村代码,不认识\n1,2\n".encode()


@pytest.fixture
def server(tmp_path: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SftpServer]:
    """The poverty office's server with ``in`` and ``out``, which the settings name; the data root is empty."""
    root = tmp_path / "server"
    for folder in ("in", "out"):
        (root / folder).mkdir(parents=True)
    with SftpServer(root) as running:
        monkeypatch.setenv("AIRFLOW_CONN_OFFICE", running.connection())
        monkeypatch.setenv("AIRFLOW__FUPIN__INBOX_FUPINBAN", f"{running.url('in')}?connection=office")
        monkeypatch.setenv("AIRFLOW__FUPIN__OUTBOX_FUPINBAN", f"{running.url('out')}?connection=office")
        monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
        monkeypatch.setenv("AIRFLOW__FUPIN__REMOTE_SETTLE_SECONDS", "0")
        yield running


def outbox(server: SftpServer) -> list[str]:
    return sorted(path.name for path in (server.root / "out").iterdir())


def test_sync_takes_from_the_server_and_puts_the_receipt_there(
    server: SftpServer, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server.root / "in" / "不认识的.csv").write_bytes(UNKNOWN)
    # The office's first feed takes care of what no feed knows.
    first = min(feed.name for feed in load_feeds().values() if feed.department == "fupinban")
    assert [batch["state"] for batch in syncing.sync([first], lambda _: None)] == ["blocked"]
    assert list((server.root / "in").iterdir()) == []
    assert outbox(server) == ["不认识的.csv.回执.xlsx"]
    here = data_root / "outbox" / "fupinban" / "不认识的.csv.回执.xlsx"
    assert (server.root / "out" / here.name).read_bytes() == here.read_bytes()
    # A department whose server is down stops nobody else; that it is down is said in the end.
    (server.root / "in" / "还有.csv").write_bytes(UNKNOWN + b"3,4\n")
    monkeypatch.setenv("AIRFLOW__FUPIN__INBOX_GONGAN", "sftp://127.0.0.1:1/in?connection=office")
    other = next(feed.name for feed in load_feeds().values() if feed.department == "gongan")
    with pytest.raises(TransientError, match="inbox_gongan"):
        syncing.sync([other, first], lambda _: None)
    assert outbox(server) == ["不认识的.csv.回执.xlsx", "还有.csv.回执.xlsx"]


def test_an_upload_that_breaks_shows_nobody_half_a_receipt(server: SftpServer, tmp_path: Path) -> None:
    place = places.outbox("fupinban")
    assert place is not None
    receipt = tmp_path / "低保.csv.回执.xlsx"
    receipt.write_bytes(os.urandom(1024**2))
    server.written = lambda end: "cut" if end > 500_000 else None
    with pytest.raises(TransientError, match=r"^\[fupin\] outbox_fupinban: \w+$"):
        remote.deliver(place, receipt)
    # A hidden name that ends in .part: every sensible program leaves it alone.
    assert [name for name in outbox(server) if not (name.startswith(".") and name.endswith(".part"))] == []
    server.written = lambda _: None
    for content in (receipt.read_bytes(), b"written again"):
        receipt.write_bytes(content)
        remote.deliver(place, receipt)
        assert outbox(server) == [receipt.name]
        assert (server.root / "out" / receipt.name).read_bytes() == content


def test_a_batch_stays_open_until_its_receipt_is_delivered(
    server: SftpServer, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds = load_feeds()
    first = min(feed.name for feed in feeds.values() if feed.department == "fupinban")
    (server.root / "in" / "不认识的.csv").write_bytes(UNKNOWN)
    (reference,) = tasks.collect(first)
    tasks.organise(first, reference)
    right = os.environ["AIRFLOW__FUPIN__OUTBOX_FUPINBAN"]
    monkeypatch.setenv("AIRFLOW__FUPIN__OUTBOX_FUPINBAN", "sftp://127.0.0.1:1/out?connection=office")
    with pytest.raises(TransientError, match="outbox_fupinban"):
        tasks.feedback(first, reference)
    # The inbox of a server that is down does not hold back what is here.
    monkeypatch.setenv("AIRFLOW__FUPIN__INBOX_FUPINBAN", "sftp://127.0.0.1:1/in?connection=office")
    assert tasks.collect(first) == [reference]
    monkeypatch.setenv("AIRFLOW__FUPIN__OUTBOX_FUPINBAN", right)
    tasks.feedback(first, reference)
    assert outbox(server) == ["不认识的.csv.回执.xlsx"]
    # Now nothing waits, so the failure is what there is to say.
    with pytest.raises(TransientError, match="inbox_fupinban"):
        tasks.collect(first)
    assert Batch.load(data_root, reference).data["receipt"] == "不认识的.csv.回执.xlsx"


def test_what_is_refused_at_the_server_is_told_once(server: SftpServer, data_root: Path) -> None:
    feeds = load_feeds()
    first = min(feed.name for feed in feeds.values() if feed.department == "fupinban")
    (server.root / "in" / "文件夹").mkdir()
    server.names = [b"../../../escape\n.csv"]
    for _ in range(2):
        references = intake.collect(data_root, feeds[first], feeds)
        problems = [Batch.load(data_root, reference).data["reading"]["problems"][0]["code"] for reference in references]
        assert sorted(problems) == ["FOLDER", "NAME_UNSAFE"]
    assert not list(data_root.parent.rglob("escape*"))


def test_a_wrong_setting_fails_its_department_and_no_dag(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dags.feeds import folders

    monkeypatch.setenv("AIRFLOW__FUPIN__INBOX_FUPINBAN", "sftp://office:geheim@host/in")
    assert "must not hold a login or password" in folders("ingest", "fupinban")
    assert "geheim" not in folders("ingest", "fupinban")
    assert folders("ingest", "minzheng") == "`ingest/minzheng/`"
    monkeypatch.setenv("AIRFLOW__FUPIN__OUTBOX_FUPINBAN", "s3://county/out?connection=office")
    assert folders("outbox", "fupinban") == "`outbox/fupinban/` `s3://county/out`"
    feed = next(feed for feed in load_feeds().values() if feed.department == "fupinban")
    with pytest.raises(TerminalError, match="must not hold a login or password"):
        tasks.collect(feed.name)


def test_a_file_protocol_may_be_one_folder_for_all(data_root: Path, tmp_path: Path) -> None:
    """The names of two departments' files never meet: each has its own claims and journal."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "同名.csv").write_text("1")
    place = Place("test", f"file://{tmp_path}/in", keep=True)
    for department in ("minzheng", "jiaoyu"):
        with remote.opened(place, department, data_root / ".incoming") as box:
            assert len(list(box.claims(0))) == 1
