"""What departments send lies encrypted: nothing of it can be found on the disk when a task has ended, nor after a kill when the next has begun."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from connectors.errors import TerminalError
from connectors.settings import ROOT
from warehouse import cipher, keys, sealing, tasks
from warehouse.batch import Batch
from warehouse.cli.main import main

CASE = ROOT / "tests" / "feeds" / "social_insurance" / "every_error" / "input.csv"
FEED, DEPARTMENT = "social_insurance", "renshe"


def planted() -> list[str]:
    """The citizen ids in the file."""
    return sorted(set(re.findall(r"2199\d{14}", CASE.read_text(encoding="utf-8-sig"))))


class Vault:
    """A secrets backend as Airflow has them: settings are files of a folder."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def _set_connection_class(self, _: type) -> None: ...

    def get_config(self, key: str) -> str | None:
        path = self.folder / key
        return path.read_text(encoding="ascii") if path.exists() else None


def found(home: Path) -> list[str]:
    """Files below the data root, but for the department's own outbox and inbox, in which a planted cell stands."""
    needles = [cell.encode(encoding) for cell in planted() for encoding in ("utf-8", "gb18030", "utf-16-le")]
    return [
        str(path.relative_to(home))
        for path in sorted(home.rglob("*"))
        if path.is_file() and path.relative_to(home).parts[0] not in ("ingest", "outbox")
        if any(needle in path.read_bytes() for needle in needles)
    ]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0")
    (tmp_path / "ingest" / DEPARTMENT).mkdir(parents=True)
    return tmp_path


def drop(home: Path, form: str) -> None:
    text = CASE.read_text(encoding="utf-8-sig")
    # A name and a title may tell of somebody, too.
    target = home / "ingest" / DEPARTMENT / f"{planted()[0]}.{form}"
    if form == "zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as package:
            package.writestr("参保.csv", text)
    else:
        target.write_text(f"{planted()[0]} 等人参保\n{text}", encoding="gb18030")


@pytest.mark.parametrize("form", ["csv", "zip"])
def test_after_each_task_nothing_can_be_found(home: Path, form: str) -> None:
    assert len(planted()) == 5
    drop(home, form)
    (reference,) = tasks.collect(FEED)
    assert found(home) == []
    feed, batch = reference.split("/")
    assert tasks.organise(feed, batch)["rows_quarantined"] > 0
    assert found(home) == []
    tasks.merge(feed, batch)
    tasks.feedback(feed, batch)
    assert found(home) == []
    # It is all there for whoever has the key.
    landed = Batch.load(home, reference)
    assert sealing.digest(landed.source, home) == landed.data["sha256"]
    modes = {oct(path.stat().st_mode & 0o077) for path in (home / "landing").rglob("*") if path.is_file()}
    assert modes == {"0o0"}


def test_what_a_killed_process_left_is_gone_when_the_next_one_begins(home: Path) -> None:
    drop(home, "csv")
    (reference,) = tasks.collect(FEED)
    # Killed while it had the plain text open.
    wait = "\n".join(
        (
            "import sys, time",
            "from connectors import settings",
            "from warehouse import sealing",
            "from warehouse.batch import Batch",
            "batch = Batch.load(settings.home(), sys.argv[1])",
            "with sealing.opened(batch, settings.home(), batch.data['source']):",
            "    print('open', flush=True)",
            "    time.sleep(60)",
        )
    )
    with subprocess.Popen([sys.executable, "-c", wait, reference], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None and process.stdout.readline() == b"open\n"
        assert found(home), "the plain text lies open"
        process.send_signal(signal.SIGKILL)
    assert found(home), "nobody could clear it"
    tasks.organise(*reference.split("/"))
    assert found(home) == []


def test_killed_before_it_was_sealed_the_next_task_seals(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(home, "csv")
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "seal_batch", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tasks.collect(FEED)
    assert found(home)
    (reference,) = tasks.collect(FEED)
    tasks.organise(*reference.split("/"))
    assert found(home) == []


def test_a_sealed_file_that_was_tampered_with_is_refused(home: Path) -> None:
    whole = os.urandom(3 * cipher.CHUNK)
    for number, size in enumerate((0, 1, cipher.CHUNK, cipher.CHUNK + 1, len(whole))):
        path = home / f"file{number}"
        path.write_bytes(whole[:size])
        sealing.seal(path, home)
        assert not path.exists() and b"".join(sealing.plain(sealing.sealed(path), home)) == whole[:size]
    target = sealing.sealed(home / "file4")
    good = target.read_bytes()
    piece, head = cipher.CHUNK + cipher.TAG_BYTES, cipher.HEAD_BYTES
    for bad in (
        good[:-1], good[: head + piece], good[:head] + good[head + piece :], good[:-5] + b"x" + good[-4:],
        good[: len(cipher.MARK) + 4] + bytes(4) + good[len(cipher.MARK) + 8 :],
        good[:head] + good[head + piece : head + 2 * piece] + good[head : head + piece] + good[head + 2 * piece :],
    ):  # fmt: skip
        target.write_bytes(bad)
        with pytest.raises(TerminalError, match="is not what was written"):
            list(sealing.plain(target, home))


def test_another_key_is_one_clear_line_and_nothing_is_written(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drop(home, "csv")
    (reference,) = tasks.collect(FEED)
    before = {path: path.read_bytes() for path in (home / "landing" / reference).iterdir()}
    monkeypatch.setenv("AIRFLOW__FUPIN__LANDING_KEY", "another key")
    assert main(["sync"]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("fupin sync:")]
    was = keys.key_id((home / "secrets" / "landing_key").read_text(encoding="ascii"))
    assert f"its key {was} is not among the keys that are known" in line
    assert {path: path.read_bytes() for path in (home / "landing" / reference).iterdir()} == before


def test_a_key_may_come_from_the_secrets_backend_of_airflow(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "tests.e2e.test_at_rest.Vault")
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND_KWARGS", json.dumps({"folder": str(home)}))
    monkeypatch.setenv("AIRFLOW__FUPIN__LANDING_KEY_SECRET", "landing-key")
    with pytest.raises(TerminalError, match="has no key as .fupin. landing_key_secret names it"):
        keys.secret(keys.LANDING, home)
    (home / "landing-key").write_text("from the vault\n", encoding="ascii")
    assert keys.secret(keys.LANDING, home) == "from the vault"
    assert not keys.path(keys.LANDING, home).exists()
