"""The inbox: whole regular files are taken, everything else is left alone, and nothing is lost wherever a process dies."""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from connectors import drop
from connectors.errors import TerminalError

OLD = 1_561_852_800


def put(inbox: Path, name: str, content: bytes = b"a,b\n1,2\n", age: float = 60) -> Path:
    path = inbox / name
    path.write_bytes(content)
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    path = tmp_path / "ingest" / "yinhang"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    return tmp_path / "landing" / ".incoming"


def test_whole_files_are_taken_in_order_of_arrival(inbox: Path, incoming: Path) -> None:
    put(inbox, "二.csv", b"2", age=50)
    put(inbox, "一.csv", b"1", age=90)
    started = time.monotonic()
    claims = drop.claim("yinhang", inbox, incoming)
    assert time.monotonic() - started < 0.5  # files at rest are not waited for
    assert [(claim.original_name, claim.path.read_bytes(), claim.department) for claim in claims] == [
        ("一.csv", b"1", "yinhang"),
        ("二.csv", b"2", "yinhang"),
    ]
    assert list(inbox.iterdir()) == []
    assert claims[0].path == incoming / "yinhang" / claims[0].path.parent.name / "source.bin"
    for path, mode in (
        (claims[0].path, 0o600),
        (claims[0].path.with_name("name.json"), 0o600),
        (claims[0].path.parent, 0o700),
        (incoming, 0o700),
    ):
        assert stat.S_IMODE(path.stat().st_mode) == mode
    assert drop.claim("yinhang", inbox, incoming) == []


def test_unfinished_names_are_not_touched(inbox: Path, incoming: Path) -> None:
    names = [".hidden.csv", "~$台账.xlsx", "a.csv.part", "a.TMP", "a.csv.crdownload", "a.partial"]
    for name in names:
        put(inbox, name)
    assert drop.claim("yinhang", inbox, incoming) == []
    assert drop.whole_files(inbox) == drop.Inbox()
    assert sorted(path.name for path in inbox.iterdir()) == sorted(names)


def test_a_growing_file_waits_until_it_rests(inbox: Path, incoming: Path) -> None:
    path = inbox / "slow.csv"
    stop = threading.Event()

    def write_slowly() -> None:
        with open(path, "ab", buffering=0) as handle:
            while not stop.wait(0.02):
                handle.write(b"x" * 100)

    writer = threading.Thread(target=write_slowly)
    writer.start()
    try:
        time.sleep(0.05)
        assert drop.whole_files(inbox, 0.15).growing == ["slow.csv"]
        assert drop.claim("yinhang", inbox, incoming, 0.15) == []
    finally:
        stop.set()
        writer.join()
    size = path.stat().st_size
    claims = drop.claim("yinhang", inbox, incoming, 0.15)  # two equal looks, although it has only just been written
    assert [claim.path.stat().st_size for claim in claims] == [size]


@pytest.mark.parametrize("moment", [0, OLD * 3])
def test_strange_clocks_do_not_keep_a_file_out(inbox: Path, incoming: Path, moment: int) -> None:
    os.utime(put(inbox, "a.csv"), (moment, moment))
    assert len(drop.claim("yinhang", inbox, incoming, 0.05)) == 1


def test_settle_seconds_is_a_setting(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(inbox, "a.csv", age=1)
    monkeypatch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", "0.1")
    started = time.monotonic()
    assert drop.whole_files(inbox).whole == ["a.csv"]
    assert time.monotonic() - started < 0.5


def test_only_the_departments_own_regular_files_are_taken(inbox: Path, incoming: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("x")
    (inbox / "link.csv").symlink_to(secret)
    (inbox / "loop.csv").symlink_to(inbox / "loop.csv")
    (inbox / "folder.csv").mkdir()
    (inbox / "linked_folder").symlink_to(tmp_path)
    os.mkfifo(inbox / "pipe.csv")
    os.link(secret, inbox / "hard.csv")
    with open(inbox / "sparse.csv", "wb") as handle:
        handle.truncate(100 * 1024**2)
    put(inbox, "good.csv")
    started = time.monotonic()
    claims = drop.claim("yinhang", inbox, incoming, 0.05)
    assert time.monotonic() - started < 2
    assert [claim.original_name for claim in claims] == ["good.csv"]
    assert {refusal.name: refusal.code for refusal in drop.refusals(inbox)} == {
        "link.csv": "SYMLINK", "loop.csv": "SYMLINK", "linked_folder": "SYMLINK", "folder.csv": "FOLDER", "pipe.csv": "NOT_A_FILE",
        "hard.csv": "HARD_LINK", "sparse.csv": "FILE_SPARSE",
    }  # fmt: skip
    assert all("。" in refusal.reason for refusal in drop.refusals(inbox))
    assert secret.read_text() == "x" and len(list(inbox.iterdir())) == 7


def test_a_file_over_the_limit_stays(inbox: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__FUPIN__MAX_FILE_BYTES", "10")
    put(inbox, "big.csv", b"x" * 11)
    assert drop.claim("yinhang", inbox, incoming) == []
    assert [refusal.code for refusal in drop.refusals(inbox)] == ["FILE_TOO_LARGE"]


def test_a_terabyte_of_nothing_stays(inbox: Path, incoming: Path) -> None:
    with open(inbox / "huge.csv", "wb") as handle:
        handle.truncate(1024**4)
    assert drop.claim("yinhang", inbox, incoming, 0.01) == []
    assert [refusal.code for refusal in drop.refusals(inbox)] == ["FILE_TOO_LARGE"]


@pytest.mark.parametrize(
    "name",
    [
        "字" * 80 + ".csv",
        "..csv.csv",
        "; rm -rf $HOME.csv",
        "'\"`.csv",
        "两\n行.csv",
        "{{ ds }}.csv",
        "-rf.csv",
        "a\\..\\b.csv",
        "%s%n.csv",
        "u\u0308.csv",
    ],
)
def test_a_name_is_only_a_label(inbox: Path, incoming: Path, name: str) -> None:
    if name.startswith("."):
        name = "x" + name
    put(inbox, name)
    (taken,) = drop.claim("yinhang", inbox, incoming)
    assert taken.original_name == name
    assert taken.path.name == "source.bin" and taken.path.parent.parent == incoming / "yinhang"
    assert json.loads(taken.path.with_name("name.json").read_text(encoding="utf-8"))["original_name"] == name


def test_a_name_in_gb18030_bytes_is_read(inbox: Path, incoming: Path) -> None:
    put(inbox, os.fsdecode("贷款.csv".encode("gb18030")))
    assert drop.claim("yinhang", inbox, incoming)[0].original_name == "贷款.csv"


def test_names_that_look_alike_are_two_deliveries(inbox: Path, incoming: Path) -> None:
    put(inbox, "\u00fc.csv", b"1")
    put(inbox, "u\u0308.csv", b"2")
    assert len(drop.claim("yinhang", inbox, incoming)) == 2


def test_what_an_interrupted_run_left_is_pending(inbox: Path, incoming: Path) -> None:
    put(inbox, "一.csv", b"1", age=90)
    put(inbox, "二.csv", b"2", age=50)
    claims = drop.claim("yinhang", inbox, incoming)
    assert drop.pending(incoming) == drop.pending(incoming, "yinhang") == claims
    assert drop.pending(incoming, "jiaoyu") == [] and drop.pending(incoming / "nowhere") == []
    # The next step has renamed the file already; the label is lost with the disk's last second.
    claims[0].path.rename(claims[0].path.with_name("source.csv"))
    claims[1].path.with_name("name.json").write_bytes(b"")
    first, second = drop.pending(incoming, "yinhang")
    assert (first.path.name, first.original_name) == ("source.csv", "一.csv")
    assert (second.path.read_bytes(), second.original_name) == (b"2", "（文件名未知）")


@pytest.mark.parametrize("call", ["mkdir", "rename", "chmod"])
def test_dying_at_any_call_leaves_the_file_in_the_inbox_or_pending(
    inbox: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    put(inbox, "一.csv", b"1")

    class Killed(BaseException):
        pass

    def die(*args: object, **kwargs: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(os, call, die)
        drop.claim("yinhang", inbox, incoming)
    taken = [*drop.pending(incoming), *drop.claim("yinhang", inbox, incoming)]
    assert [(claim.original_name, claim.path.read_bytes()) for claim in taken] == [("一.csv", b"1")]


def test_an_old_empty_claim_folder_is_cleared_away_and_a_young_one_is_not(incoming: Path) -> None:
    for name, age in (("old", 3600), ("young", 0)):
        folder = incoming / "yinhang" / name
        folder.mkdir(parents=True)
        (folder / "name.json").write_text("{}")
        os.utime(folder, (time.time() - age,) * 2)
    assert drop.pending(incoming) == []
    assert [path.name for path in (incoming / "yinhang").iterdir()] == ["young"]


def test_a_file_swapped_for_a_link_after_the_look_goes_back(
    inbox: Path, incoming: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(inbox, "a.csv")
    (tmp_path / "secret").write_text("x")
    rename = os.rename

    def swap_first(*args: object, **kwargs: object) -> None:
        monkeypatch.setattr(os, "rename", rename)
        path.unlink()
        path.symlink_to(tmp_path / "secret")
        rename(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "rename", swap_first)
    assert drop.claim("yinhang", inbox, incoming) == []
    assert path.is_symlink() and drop.pending(incoming) == []


def test_a_file_written_to_after_the_look_goes_back(
    inbox: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(inbox, "a.csv")
    rename = os.rename

    def write_first(*args: object, **kwargs: object) -> None:
        monkeypatch.setattr(os, "rename", rename)
        with open(path, "ab") as handle:
            handle.write(b"more")
        rename(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "rename", write_first)
    assert drop.claim("yinhang", inbox, incoming) == []
    assert path.read_bytes().endswith(b"more")


def test_two_file_systems_are_a_clear_error(inbox: Path, incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(inbox, "a.csv")

    def across(*args: object, **kwargs: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "rename", across)
    with pytest.raises(TerminalError, match="one file system"):
        drop.claim("yinhang", inbox, incoming)
    assert (inbox / "a.csv").exists() and drop.pending(incoming) == []


def test_an_inbox_that_is_a_link_is_not_followed(inbox: Path, incoming: Path, tmp_path: Path) -> None:
    (tmp_path / "ingest" / "evil").symlink_to(inbox)
    put(inbox, "a.csv")
    with pytest.raises(OSError):
        drop.claim("evil", tmp_path / "ingest" / "evil", incoming)
