"""A new key while work goes on: what stood there is read as before, and with the old key nothing can be opened any more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from connectors.errors import TerminalError
from connectors.feed import load_feeds
from tests.e2e.test_at_rest import DEPARTMENT, FEED, drop
from warehouse import keys, rewriting, rotation, sealing, tasks
from warehouse.batch import Batch
from warehouse.cli.main import main
from warehouse.database import alone, open_warehouse, warehouse_path
from warehouse.merging import content_hash


@pytest.fixture
def home(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
    (data_root / "ingest" / DEPARTMENT).mkdir(parents=True)
    return data_root


@pytest.fixture
def merged(home: Path) -> Batch:
    """A data root with one delivery that is through."""
    drop(home, "csv")
    (reference,) = tasks.collect(FEED)
    go_through(reference)
    return Batch.load(home, reference)


def go_through(reference: str) -> None:
    feed, batch = reference.split("/")
    tasks.organise(feed, batch)
    tasks.merge(feed, batch)
    tasks.feedback(feed, batch)


def said(home: Path) -> str:
    with open_warehouse(home, write=False) as con:
        return content_hash(con, load_feeds())


def test_both_keys_are_new_and_everything_is_as_it_was(
    home: Path, merged: Batch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, rows = said(home), merged.data["rows_landed"]
    shutil.copytree(home / "secrets", home / "old-secrets")
    shutil.copytree(home / "landing", home / "old-landing")
    assert main(["keys", "rotate"]) == 0
    landing, warehouse = json.loads(capsys.readouterr().out)
    assert (landing["files"], warehouse["files"]) == (4, 1) and landing["forgotten"] and warehouse["forgotten"]
    assert said(home) == before
    batch = Batch.load(home, merged.reference)
    assert batch.data == merged.data
    assert sealing.digest(batch.source, home) == batch.data["sha256"]
    # A delivery that is taken back is replayed from what was written anew.
    main(["audit", "--json", "--what", "rotate"])
    logged = json.loads(capsys.readouterr().out)
    assert [(one["target"], json.loads(one["detail"])["present"]) for one in logged] == [
        ("landing_key", landing["present"]), ("warehouse_key", warehouse["present"]),
    ]  # fmt: skip
    # The old key is destroyed: neither the old backup of landing nor a file under it can be read.
    with pytest.raises(TerminalError, match=f"its key {landing['forgotten'][0]} is not among the keys"):
        list(sealing.plain(home / "old-landing" / merged.reference / "source.bin.sealed", home))
    # Nor does the old key open what is there now.
    shutil.rmtree(home / "secrets")
    (home / "old-secrets").rename(home / "secrets")
    assert main(["keys", "rotate"]) == 1
    assert "the key does not fit the file" in capsys.readouterr().err
    assert main(["batches"]) == 1 and rows > 0


@pytest.mark.parametrize("name", rotation.NAMES)
def test_killed_anywhere_it_goes_on_and_ends_the_same(
    home: Path, merged: Batch, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = said(home)

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    for module, function in ((keys, "retire"), (rewriting.os, "replace"), (rotation.parquet, "put")):
        with monkeypatch.context() as patch:
            patch.setattr(module, function, killed)
            try:
                rotation.rotate(home, name, lambda _: None)
            except Killed:
                pass
        # Whatever was done, everything can be read.
        assert said(home) == before
        assert Batch.load(home, merged.reference).data["sha256"] == sealing.digest(merged.source, home)
    rotation.rotate(home, name, lambda _: None)
    assert len(keys.ring(name, home)) == 1 and said(home) == before
    assert list(warehouse_path(home).parent.glob(".*")) == []


def test_while_a_delivery_is_on_its_way_both_keys_are_kept(
    home: Path, merged: Batch, capsys: pytest.CaptureFixture[str]
) -> None:
    drop(home, "zip")
    (reference,) = tasks.collect(FEED)
    assert main(["keys", "rotate", "landing_key"]) == 1
    assert "1 deliveries are on their way" in capsys.readouterr().err
    assert len(keys.ring(keys.LANDING, home)) == 2
    go_through(reference)
    assert main(["keys", "rotate", "landing_key"]) == 0 and len(keys.ring(keys.LANDING, home)) == 1


def test_a_key_that_the_site_gives_is_the_sites_to_renew(
    home: Path, merged: Batch, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = keys.secret(keys.WAREHOUSE, home)
    monkeypatch.setenv("AIRFLOW__FUPIN__WAREHOUSE_KEY", old)
    assert main(["keys", "rotate", "warehouse_key"]) == 1
    assert "give a new key on its first line" in capsys.readouterr().err
    monkeypatch.setenv("AIRFLOW__FUPIN__WAREHOUSE_KEY", f"a new key\n{old}")
    assert main(["keys", "rotate", "warehouse_key"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["to_remove"] == [keys.key_id(old)]
    with alone(home) as (_, used):
        assert used == keys.key_id("a new key")
    with duckdb.connect() as con, pytest.raises(duckdb.Error):
        con.execute(f"ATTACH '{warehouse_path(home)}' AS w (ENCRYPTION_KEY '{old}', READ_ONLY)")


@pytest.mark.parametrize("name", rotation.BOUND)
def test_keys_from_which_something_follows_stay(home: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "rotate", name]) == 1
    assert f"{name} cannot be rotated: " in capsys.readouterr().err
    assert not (home / "secrets").exists()
