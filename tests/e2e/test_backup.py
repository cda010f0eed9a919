"""Backups and the way back: whatever is lost, damaged or killed, the warehouse stands again as its deliveries made it."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.errors import FupinError, TerminalError, TransientError
from connectors.feed import load_feeds
from tests.e2e.test_at_rest import DEPARTMENT, FEED, drop, found
from tests.e2e.test_department import HEADER, ROWS, Office
from tests.small import copy_root
from warehouse import audit, backup, keys, rotation, sealing, tasks, withdrawing
from warehouse.backup import making, store
from warehouse.batch import Batch, utc_now
from warehouse.cli.main import main
from warehouse.database import open_warehouse, warehouse_path
from warehouse.merging import content_hash

quiet: Callable[[str], None] = lambda _: None  # noqa: E731


def merge(feed: str) -> str:
    """Take what waits in the feed's inbox through all steps of a batch."""
    (reference,) = tasks.collect(feed)
    batch = reference.split("/")[1]
    tasks.organise(feed, batch)
    assert tasks.merge(feed, batch)["state"] == "merged"
    tasks.feedback(feed, batch)
    return reference


def month(home: Path, number: int) -> str:
    Office.drop(
        _office(home),
        f"{number}月.csv",
        [HEADER, *[[*row[:4], f"2019-{number:02d}-28", row[5], str(number), *row[7:]] for row in ROWS]],
    )
    return merge("village")


def _office(home: Path) -> Office:
    office = Office.__new__(Office)
    office.home, office.inbox = home, home / "ingest" / "fupinban"
    return office


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with a file of persons and two of villages; a backup was made before the last one came."""
    home = tmp_path_factory.mktemp("made") / "home"
    for name in ("fupinban", DEPARTMENT):
        (home / "ingest" / name).mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__FUPIN__HOME", str(home))
        patch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
        drop(home, "csv")
        merge(FEED)
        month(home, 6)
        backup.make(home)
        month(home, 7)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy_root(made, tmp_path / "home")
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
    return tmp_path / "home"


def said(home: Path) -> str:
    with open_warehouse(home, write=False) as con:
        return content_hash(con, load_feeds())


def recorded(home: Path) -> list[tuple]:
    """When what became known of villages."""
    with open_warehouse(home, write=False) as con:
        return con.execute(
            "SELECT village_code, valid_from, recorded_from, recorded_to FROM core.village ORDER BY ALL"
        ).fetchall()


def test_the_warehouse_is_lost_and_stands_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    july = Batch.load(
        home, f"village/{max((home / 'landing' / 'village').glob('[!.]*'), key=lambda path: path.stat().st_mtime).name}"
    )
    withdrawing.withdraw(home, july.reference, load_feeds(), "甲", "发错了")
    month(home, 8)
    before, known = said(home), recorded(home)
    assert backup.drill(home, None, quiet)["content_hash"] == before
    assert said(home) == before, "a drill changes nothing"
    shutil.rmtree(home / "warehouse")
    # With it a delivery that the backup has.
    (june,) = (home / "landing" / FEED).glob("[!.]*")
    shutil.rmtree(june)
    assert main(["restore", "--to", "now"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["replayed"], done["waiting"], done["content_hash"]) == (3, 0, before)
    # What was known when is as it was, too.
    assert (said(home), recorded(home)) == (before, known)
    assert sealing.is_there(june / "source.bin")
    assert main(["verify"]) == 0
    with open_warehouse(home, write=False) as con:
        assert audit.head(con) == audit.anchor(home)
    # Work goes on.
    month(home, 9)


def test_back_to_a_time_what_came_later_waits(home: Path) -> None:
    (made_at,) = [one["made_at"] for one in store.backups(home / "backups")]
    whole = said(home)
    done = backup.restore(home, None, made_at, quiet)
    assert (done["replayed"], done["waiting"]) == (0, 1) and said(home) != whole
    # Nothing is lost: the next run takes it in.
    reference = tasks.collect("village")
    assert len(reference) == 1
    tasks.merge("village", reference[0].split("/")[1])
    assert said(home) == whole
    with pytest.raises(TerminalError, match="no backup was made by 2019-01-01"):
        backup.restore(home, None, "2019-01-01T00:00:00", quiet)


def test_the_next_backup_has_only_what_is_new(home: Path) -> None:
    first = store.backups(home / "backups")[-1]
    done = backup.make(home)
    second = store.backups(home / "backups")[-1]
    old, new = (home / "backups" / store.name_of(one["made_at"]) for one in (first, second))
    landed = [name for name in first["files"] if name.endswith((".sealed", ".parquet"))]
    assert len(landed) == 5 and all(os.path.samefile(old / name, new / name) for name in landed)
    assert done["files"] > len(first["files"]) and store.broken(new, second) == []
    assert found(home) == [], "no citizen id can be found in a backup"
    files = [path for path in (home / "backups").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o077 for path in [home / "backups", *files]} == {0}
    # Elsewhere files are copies, as they are on another disk.
    elsewhere = home.parent / "elsewhere"
    backup.make(home, elsewhere)
    assert backup.drill(home, elsewhere, quiet)["backup"] == store.backups(elsewhere)[-1]["made_at"].translate(
        {45: None, 58: None, 46: None}
    )


@pytest.mark.parametrize("place", ["copyfile", "table_hashes", "write_json"])
def test_a_fault_leaves_the_last_backup_good(home: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    def killed(*_: object) -> None:
        raise Killed

    module = making.shutil if place == "copyfile" else making
    before = store.backups(home / "backups")
    for fault, expected in ((full, TransientError), (killed, Killed)):
        with monkeypatch.context() as patch:
            patch.setattr(module, place, fault)
            with pytest.raises(expected):
                backup.make(home)
    assert store.backups(home / "backups") == before
    assert store.newest(home / "backups", utc_now()) == before[-1]
    backup.make(home)
    assert [path.name for path in (home / "backups").iterdir() if path.name.startswith(".old")] == []
    assert list((home / "backups" / ".partial").iterdir()) == []


def test_a_backup_that_is_not_what_was_written_is_not_put_in_place(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (one,) = store.backups(home / "backups")
    copied = home / "backups" / store.name_of(one["made_at"]) / "warehouse" / "fupin.duckdb"
    before = warehouse_path(home).read_bytes()
    content = bytearray(copied.read_bytes())
    content[len(content) // 2] ^= 1
    copied.write_bytes(content)
    assert main(["restore", "--to", "now"]) == 1
    assert "is not what was written: 1 files, first warehouse/fupin.duckdb" in capsys.readouterr().err
    assert warehouse_path(home).read_bytes() == before
    # The drill of the week says so, and so does an alert.
    with pytest.raises(FupinError, match="is not what was written"):
        tasks.drill()
    assert "restore drill" in (home / "run" / "alerts.jsonl").read_text(encoding="utf-8")


def test_with_the_old_key_destroyed_an_old_backup_cannot_be_read(home: Path) -> None:
    rotation.rotate(home, keys.WAREHOUSE, quiet)
    with pytest.raises(TerminalError, match="the key does not fit the file"):
        backup.drill(home, None, quiet)
    assert tasks.backup()["files"] and tasks.drill()["replayed"] == 0


def test_only_the_last_backups_are_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__FUPIN__KEEP_BACKUPS", "2")
    names = [backup.make(home)["backup"] for _ in range(3)]
    assert [store.name_of(one["made_at"]) for one in store.backups(home / "backups")] == names[1:]
