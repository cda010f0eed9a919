"""An inbox on an SFTP server: whole files are taken once, whatever happens on the way; everything else is left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors import drop, places, remote
from connectors.errors import TerminalError, TransientError
from tests.connectors.sftp_server import PASSWORD, SftpServer

SETTLE = 0.05
BIG = 3 * 1024**2


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    root = tmp_path / "server"
    (root / "in").mkdir(parents=True)
    with SftpServer(root) as running:
        yield running


@pytest.fixture
def inbox(server: SftpServer) -> Path:
    return server.root / "in"


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    return tmp_path / "landing" / ".incoming"


Configure = Callable[..., None]


@pytest.fixture
def configure(server: SftpServer, monkeypatch: pytest.MonkeyPatch) -> Configure:
    def _configure(after: str = "remove", url: str | None = None, **connection: object) -> None:
        monkeypatch.setenv(
            "AIRFLOW__FUPIN__INBOX_MINZHENG", f"{url or server.url()}?connection=minzheng_sftp&after={after}"
        )
        monkeypatch.setenv("AIRFLOW_CONN_MINZHENG_SFTP", server.connection(**connection))

    _configure()
    return _configure


def take(incoming: Path) -> list[drop.Claim]:
    """What a collect does: finish what a killed run left, list it, take what is new."""
    place = places.inbox("minzheng")
    assert place is not None
    remote.recover("minzheng", incoming)
    claims = drop.pending(incoming, "minzheng")
    with remote.opened(place, "minzheng", incoming) as box:
        claims += box.claims(SETTLE)
    return claims


def refused(incoming: Path) -> list[tuple[str, str]]:
    place = places.inbox("minzheng")
    assert place is not None
    with remote.opened(place, "minzheng", incoming) as box:
        assert list(box.claims(SETTLE)) == []
        return [(refusal.name, refusal.code) for refusal in box.refused]


def put(folder: Path, name: str | bytes, content: bytes = b"a,b\n1,2\n", age: float = 60) -> Path:
    path = folder / os.fsdecode(name)
    path.write_bytes(content)
    os.utime(path, (time.time() - age,) * 2)
    return path


def contents(incoming: Path) -> list[bytes]:
    """Every file that is ours now, whether or not a claim was handed over."""
    return sorted(claim.path.read_bytes() for claim in drop.pending(incoming, "minzheng"))


def unfinished(incoming: Path) -> list[str]:
    return [path.name for path in incoming.rglob(remote.FETCHING + "*")]


@pytest.mark.usefixtures("configure")
def test_files_arrive_whole_in_order_and_leave_the_server(incoming: Path, inbox: Path) -> None:
    put(inbox, "低保.csv", os.urandom(BIG), age=50)
    put(inbox, "先到.csv", b"first", age=90)
    sent = (inbox / "低保.csv").read_bytes()
    claims = take(incoming)
    assert [claim.original_name for claim in claims] == ["先到.csv", "低保.csv"]
    assert [claim.path.read_bytes() for claim in claims] == [b"first", sent]
    assert all(claim.path.stat().st_mode & 0o777 == 0o600 for claim in claims)
    assert list(inbox.iterdir()) == []
    assert [claim.original_name for claim in drop.pending(incoming, "minzheng")] == ["先到.csv", "低保.csv"]


@pytest.mark.usefixtures("configure")
def test_a_growing_file_is_left_alone_until_it_rests(server: SftpServer, incoming: Path, inbox: Path) -> None:
    path = put(inbox, "大.csv", b"a,b\n")

    def grow() -> None:
        with open(path, "ab") as handle:
            handle.write(b"1,2\n")

    server.listed = grow
    assert take(incoming) == []
    server.listed = lambda: None
    assert [claim.path.read_bytes() for claim in take(incoming)] == [b"a,b\n1,2\n1,2\n"]


@pytest.mark.usefixtures("configure")
def test_a_file_that_changes_during_its_transfer_is_taken_later(
    server: SftpServer, incoming: Path, inbox: Path
) -> None:
    path = put(inbox, "改.csv", b"old " * 1000)
    server.read = lambda _: put(inbox, "改.csv", b"new " * 1001, age=10)
    assert take(incoming) == []
    assert unfinished(incoming) == []
    assert path.exists()
    server.read = lambda _: None
    assert [claim.path.read_bytes() for claim in take(incoming)] == [b"new " * 1001]


@pytest.mark.usefixtures("configure")
def test_unfinished_names_links_and_folders_are_never_opened(server: SftpServer, incoming: Path, inbox: Path) -> None:
    secret = put(server.root, "secret.csv")
    for name in (".hidden.csv", "~$book.xlsx", "half.csv.part", "half.filepart"):
        put(inbox, name)
    (inbox / "link.csv").symlink_to("../secret.csv")
    (inbox / "folder").mkdir()
    os.mkfifo(inbox / "pipe.csv")
    assert refused(incoming) == [("folder", "FOLDER"), ("link.csv", "SYMLINK"), ("pipe.csv", "NOT_A_FILE")]
    assert server.opened == 0
    assert secret.exists()
    assert len(list(inbox.iterdir())) == 7


@pytest.mark.usefixtures("configure")
def test_a_name_is_only_a_label(server: SftpServer, incoming: Path, inbox: Path, tmp_path: Path) -> None:
    put(inbox, "行\n二?x=1#y; rm -rf.csv", b"odd", age=80)
    put(inbox, "报表.csv".encode("gb18030"), b"gb", age=70)
    server.names = [b"../../escape.csv", b"/etc/passwd"]
    claims = take(incoming)
    assert [(claim.original_name, claim.path.read_bytes()) for claim in claims] == [
        ("行\n二?x=1#y; rm -rf.csv", b"odd"),
        ("报表.csv", b"gb"),
    ]
    assert refused(incoming) == [("../../escape.csv", "NAME_UNSAFE"), ("/etc/passwd", "NAME_UNSAFE")]
    assert not list(tmp_path.rglob("escape*"))
    assert {path.name for path in incoming.rglob("*") if path.is_file()} == {"source.bin", "name.json", remote.JOURNAL}


@pytest.mark.usefixtures("configure")
def test_a_file_over_the_limit_is_not_even_opened(
    server: SftpServer, incoming: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__FUPIN__MAX_FILE_BYTES", "1000")
    put(inbox, "大.csv", b"x" * 1001)
    assert refused(incoming) == [("大.csv", "FILE_TOO_LARGE")]
    assert server.opened == 0


@pytest.mark.usefixtures("configure")
def test_a_lost_connection_leaves_nothing_half_and_the_next_run_takes_the_file(
    server: SftpServer, incoming: Path, inbox: Path
) -> None:
    sent = os.urandom(BIG)
    put(inbox, "大.csv", sent)
    server.read = lambda count: "cut" if count > BIG / 2 else None
    with pytest.raises(TransientError, match=r"^\[fupin\] inbox_minzheng: \w+$"):
        take(incoming)
    assert contents(incoming) == []
    assert unfinished(incoming) == []
    server.read = lambda _: None
    assert [claim.path.read_bytes() for claim in take(incoming)] == [sent]


@pytest.mark.usefixtures("configure")
def test_a_connection_lost_at_the_removal_makes_no_second_claim(
    server: SftpServer, incoming: Path, inbox: Path
) -> None:
    put(inbox, "一.csv", b"one")
    server.removed = lambda _: "cut"
    place = places.inbox("minzheng")
    assert place is not None
    with remote.opened(place, "minzheng", incoming) as box:
        claims = box.claims(SETTLE)
        # The claim is safe and handed over; only then comes the bad news.
        assert next(claims).path.read_bytes() == b"one"
        with pytest.raises(TransientError):
            next(claims)
    assert (inbox / "一.csv").read_bytes() == b"one"
    server.removed = lambda _: None
    assert [claim.path.read_bytes() for claim in take(incoming)] == [
        b"one"
    ]  # the pending one, and the original is gone
    assert list(inbox.iterdir()) == []


@pytest.mark.usefixtures("configure")
def test_a_newer_file_under_the_name_of_a_taken_one_is_taken_too(
    server: SftpServer, incoming: Path, inbox: Path
) -> None:
    put(inbox, "一.csv", b"one")
    server.removed = lambda _: "cut"
    with pytest.raises(TransientError):
        take(incoming)
    put(inbox, "一.csv", b"two", age=5)  # meanwhile the sender has put a newer file under the name
    server.removed = lambda _: None
    assert sorted(claim.path.read_bytes() for claim in take(incoming)) == [b"one", b"two"]
    assert list(inbox.iterdir()) == []


def test_a_source_that_is_kept_is_taken_once_and_again_when_it_changes(
    configure: Configure, incoming: Path, inbox: Path
) -> None:
    configure(after="keep")
    put(inbox, "名册.csv", b"one", age=90)
    assert len(take(incoming)) == 1
    assert len(take(incoming)) == 1  # the pending claim; nothing new
    assert (inbox / "名册.csv").exists()
    put(inbox, "名册.csv", b"two", age=30)
    assert sorted(claim.path.read_bytes() for claim in take(incoming)) == [b"one", b"two"]
    assert "名册" not in (incoming / "minzheng" / remote.JOURNAL).read_text()


@pytest.mark.usefixtures("configure")
def test_a_source_that_turns_out_to_be_read_only_is_taken_once(
    incoming: Path, inbox: Path, caplog: pytest.LogCaptureFixture, server: SftpServer
) -> None:
    import asyncssh

    def refuse(_: str) -> None:
        raise asyncssh.SFTPPermissionDenied("read-only")

    server.removed = refuse
    put(inbox, "名册.csv", b"one")
    assert len(take(incoming)) == 1
    assert len(take(incoming)) == 1
    assert "use after=keep" in caplog.text


def test_a_wrong_password_is_the_engineers_business_and_never_shown(configure: Configure, incoming: Path) -> None:
    configure(password=PASSWORD + "x")
    with pytest.raises(TerminalError) as caught:
        take(incoming)
    assert str(caught.value) == "[fupin] inbox_minzheng: access denied"
    assert PASSWORD not in repr(caught.value.__cause__)


def test_another_host_key_is_refused(configure: Configure, incoming: Path, inbox: Path, tmp_path: Path) -> None:
    import asyncssh

    put(inbox, "一.csv")
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    configure(extra={"host_key": other})
    with pytest.raises(TerminalError, match="host key is not the declared one"):
        take(incoming)
    known = tmp_path / "known_hosts"
    known.write_text(f"* {other}")
    configure(extra={"known_hosts": str(known)})
    with pytest.raises(TerminalError, match="host key is not the declared one"):
        take(incoming)
    assert contents(incoming) == []


def test_a_host_key_nobody_declared_is_never_accepted(
    configure: Configure,
    server: SftpServer,
    incoming: Path,
    inbox: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(inbox, "一.csv")
    monkeypatch.setenv("HOME", str(tmp_path))
    # An SSH connection of Airflow may say so; here it has no effect.
    configure(extra={"no_host_key_check": "true"})
    with pytest.raises(TerminalError, match="must pin the server's key"):
        take(incoming)
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
    configure(extra={"known_hosts": str(known)})
    assert len(take(incoming)) == 1


def test_a_folder_that_is_missing_is_terminal_a_server_that_is_down_is_not(
    configure: Configure, server: SftpServer, incoming: Path
) -> None:
    configure(url=server.url("nowhere"))
    with pytest.raises(TerminalError, match=r"inbox_minzheng: not found$"):
        take(incoming)
    configure(url="sftp://127.0.0.1:1/in")
    with pytest.raises(TransientError, match=r"inbox_minzheng: ConnectionRefusedError$"):
        take(incoming)


def test_killed_at_any_call_every_file_is_taken_once() -> None:
    """One process forks a taker for every call that touches the disk, kills it there, and runs it again."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.connectors.remote_killer"], capture_output=True, text=True, check=True
    )
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    killed = {run["call"] for run in runs if run["killed"]}
    assert {"fsync", "rename", "replace", "remove"} <= killed
    assert [run for run in runs if not run["killed"]] == runs[-1:]
    for run in runs:
        assert run["again"] == 0, run
        assert run["taken"] == ["one", "two"], run
        assert run["left"] == [], run


@pytest.mark.usefixtures("configure")
def test_killed_between_download_and_removal_a_file_is_one_batch(
    server: SftpServer, inbox: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.feed import load_feeds
    from warehouse import intake
    from warehouse.batch import Batch

    monkeypatch.setenv("AIRFLOW__FUPIN__REMOTE_SETTLE_SECONDS", str(SETTLE))
    feed = next(feed for feed in load_feeds().values() if feed.name == "village")
    monkeypatch.setenv("AIRFLOW__FUPIN__INBOX_FUPINBAN", os.environ["AIRFLOW__FUPIN__INBOX_MINZHENG"])
    put(inbox, "行政村.csv", "村代码,不认识\n1,2\n".encode())
    command = "from warehouse import tasks; tasks.collect('village')"
    child: list[subprocess.Popen[bytes]] = []

    def kill(_: str) -> str:
        child[0].send_signal(signal.SIGKILL)
        return "cut"

    server.removed = kill
    child.append(subprocess.Popen([sys.executable, "-c", command], env=dict(os.environ)))
    assert child[0].wait(60) == -signal.SIGKILL
    assert [path.name for path in inbox.iterdir()] == ["行政村.csv"]
    server.removed = lambda _: None

    def batches() -> list[str]:
        found = (data_root / "landing").glob("*/*/batch.json")
        return [str(Batch.load(data_root, f"{path.parts[-3]}/{path.parts[-2]}").data["state"]) for path in found]

    for _ in range(2):
        intake.collect(data_root, feed, load_feeds() | {feed.name: feed})
        assert batches() == ["received"]
    assert list(inbox.iterdir()) == []
    # The same bytes sent again are told as such.
    put(inbox, "又一次.csv", "村代码,不认识\n1,2\n".encode())
    intake.collect(data_root, feed, load_feeds())
    assert sorted(batches()) == ["duplicate", "received"]
