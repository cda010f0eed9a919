"""A published snapshot is made again from its deliveries' bytes; where it cannot be, or is not what was published, that is said."""

from __future__ import annotations

import copy
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.test_department import HEADER, ROWS, Office
from tests.small import copy_root
from warehouse import reproducing, scratch, sealing, syncing
from warehouse.cli.main import main
from warehouse.publish import manifest

WRONG = [[*row[:4], "2019-07-31", row[5], "2", *row[7:]] for row in ROWS]


def current(home: Path) -> str:
    return os.readlink(home / "published" / "current")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data root and the snapshot that was published while a wrong file stood in it, which was taken back afterwards."""
    home = tmp_path_factory.mktemp("made") / "home"
    office = Office(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__FUPIN__HOME", str(home))
        patch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
        office.drop("六月.csv", [HEADER, *ROWS])
        syncing.sync([], lambda _: None)
        office.drop("七月.csv", [HEADER, *WRONG])
        (batch,) = syncing.sync([], lambda _: None)
        snapshot = current(home)
        syncing.withdraw(f"village/{batch['batch_id']}", "发错了文件", lambda _: None)
    assert current(home) != snapshot
    return home, snapshot


@pytest.fixture
def home(made: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy_root(made[0], tmp_path / "home")
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_snapshot_is_what_its_deliveries_make(
    home: Path, made: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    # A process was killed in the middle of the last reproduction.
    left = scratch.folder(home) / "left"
    left.mkdir(parents=True)
    (left / "rows").write_text("牛犇犇", encoding="utf-8")
    assert main(["publish", "--reproduce", made[1]]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["snapshot_id"], found["deliveries"], found["differs"]) == (made[1], 2, [])
    assert found["tables"] > 40 and found["histories"] > 40
    assert not list(scratch.folder(home).iterdir())


def test_what_differs_is_named(made: tuple[Path, str]) -> None:
    was = manifest.read(made[0] / "published" / made[1]) or {}
    now = copy.deepcopy(was)
    now["tables"]["mart.village_incidence"]["content_hash"] = "0" * 64
    now["tables"]["mart.person_status"]["rows"] += 1
    del now["tables"]["mart.help_public"]
    assert reproducing.differences(was, now) == [
        "mart.help_public is missing",
        f"mart.person_status has {was['tables']['mart.person_status']['rows'] + 1} rows, published were 0",
        "mart.village_incidence has other content in its 3 rows",
    ]
    assert reproducing.differences(was, {**was, "content_hash": "0" * 64}) == [
        "the dictionary, the page or what is believed of a history is another"
    ]
    assert reproducing.differences(was, was) == []


def test_every_reason_why_it_cannot_be_made_again_is_told_at_once(
    home: Path, made: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    june, july = sorted(
        (path.parent for path in (home / "landing" / "village").glob("*/batch.json")),
        key=lambda folder: str(json.loads((folder / "batch.json").read_text(encoding="utf-8"))["received_at"]),
    )
    shutil.rmtree(june)
    (july / "source.bin.sealed").unlink()
    (july / "source.bin").write_bytes(b"another file")
    sealing.seal(july / "source.bin", home)
    monkeypatch.setenv("AIRFLOW__FUPIN__PUBLICATION_KEY", "another")
    head = home / "published" / made[1] / "manifest.json"
    said = json.loads(head.read_text(encoding="utf-8"))
    head.chmod(0o600)
    head.write_text(json.dumps({**said, "code_version": "0" * 40}), encoding="utf-8")
    assert main(["publish", "--reproduce", made[1]]) == 1
    told = capsys.readouterr().err
    for reason in (
        f"its code_version is {'0' * 40}",
        "its key_fingerprint is ",
        f"the batch village/{june.name} was removed from landing/",
        f"the original bytes of village/{july.name} are not what was received",
    ):
        assert reason in told
    assert main(["publish", "--reproduce", "20190731-00000000"]) == 1
    assert "there is no snapshot 20190731-00000000" in capsys.readouterr().err
