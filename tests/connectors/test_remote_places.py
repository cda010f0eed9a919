"""Settings that name an inbox or outbox elsewhere: what is understood, and what is refused with a plain sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from connectors import drop, places, remote
from connectors.errors import TerminalError
from connectors.places import Place


def setting(monkeypatch: pytest.MonkeyPatch, value: str) -> Place | None:
    monkeypatch.setenv("AIRFLOW__FUPIN__INBOX_MINZHENG", value)
    return places.inbox("minzheng")


def test_a_url_with_its_connection_and_what_becomes_of_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    assert setting(monkeypatch, " ") is None
    assert setting(monkeypatch, "sftp://host:2222/民政/in/?connection=minzheng_sftp&after=keep") == Place(
        "[fupin] inbox_minzheng", "sftp://host:2222/民政/in", "minzheng_sftp", keep=True
    )
    assert setting(monkeypatch, "s3://bucket/minzheng/in") == Place("[fupin] inbox_minzheng", "s3://bucket/minzheng/in")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("sftp://user:geheim@host/in", "must not hold a login or password"),
        ("/srv/in", "must be a URL"),
        ("zip::sftp://host/in", "must be a URL"),
        ("sftp://host:port/in", "is not a URL"),
        ("sftp://host/in?conection=x", "unknown option conection"),
        ("sftp://host/in?after=delete", "after must be remove or keep"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch, value: str, message: str
) -> None:
    with pytest.raises(TerminalError, match=message) as caught:
        setting(monkeypatch, value)
    assert "[fupin] inbox_minzheng" in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "connection", "message"),
    [
        ("sftp://host/in", "", "needs \\?connection="),
        ("sftp://host/in?connection=nobody", "", "connection nobody is not defined"),
        ("sftp:///in?connection=c", '{"conn_type": "sftp", "login": "x"}', "no host"),
        ("sftp://host/in?connection=c", '{"conn_type": "sftp"}', "has no login"),
        (
            "sftp://host/in?connection=c",
            '{"conn_type": "sftp", "login": "x", "extra": {"host_key": "nonsense"}}',
            "a key of the connection cannot be read",
        ),
        (
            "sftp://host/in?connection=c",
            '{"conn_type": "sftp", "login": "x", "extra": {"host_key": "KEY", "key_file": "/nowhere/key"}}',
            "key_file of connection c does not exist",
        ),
        ("gopher://host/in", "", r"inbox_minzheng: ValueError"),
    ],
)
def test_what_a_connection_lacks_is_said(
    monkeypatch: pytest.MonkeyPatch, url: str, connection: str, message: str
) -> None:
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    monkeypatch.setenv("AIRFLOW_CONN_C", connection.replace("KEY", key))
    place = setting(monkeypatch, url)
    assert place is not None
    with pytest.raises(TerminalError, match=message), places.opened(place):
        pass


@pytest.mark.parametrize(("url", "package"), [("sftp://host/in?connection=c", "sshfs"), ("s3://bucket/in", "s3fs")])
def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, url: str, package: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_C", '{"conn_type": "sftp", "login": "x"}')
    # What Python does for a module that is not there.
    monkeypatch.setitem(sys.modules, package, None)
    place = setting(monkeypatch, url)
    assert place is not None
    with pytest.raises(TerminalError, match=f"package {package} is not installed; it comes with fupin\\[remote\\]"):
        with places.opened(place):
            pass


@pytest.mark.parametrize("protocol", ["file", "memory"])
def test_any_fsspec_url_is_an_inbox_and_an_outbox(protocol: str, tmp_path: Path) -> None:
    import fsspec

    root = f"{tmp_path}/share"
    fs = fsspec.filesystem(protocol)
    fs.makedirs(f"{root}/in")
    fs.makedirs(f"{root}/out")
    fs.pipe_file(f"{root}/in/一.csv", b"one")
    fs.pipe_file(f"{root}/in/二.csv.part", b"half")
    if protocol == "file":
        os.symlink("一.csv", f"{root}/in/link.csv")
    incoming = tmp_path / ".incoming"
    with remote.opened(Place("test", f"{protocol}://{root}/in"), "minzheng", incoming) as box:
        assert [(claim.original_name, claim.path.read_bytes()) for claim in box.claims(0)] == [("一.csv", b"one")]
        assert [refusal.code for refusal in box.refused] == (["SYMLINK"] if protocol == "file" else [])
    assert not fs.exists(f"{root}/in/一.csv")
    assert fs.exists(f"{root}/in/二.csv.part")
    receipt = tmp_path / "一.csv.回执.xlsx"
    receipt.write_bytes(b"receipt")
    remote.deliver(Place("test", f"{protocol}://{root}/out"), receipt)
    assert [Path(path).name for path in fs.find(f"{root}/out")] == [receipt.name]
    assert len(drop.pending(incoming, "minzheng")) == 1


def test_another_place_has_other_files(tmp_path: Path) -> None:
    """The journal of one address says nothing about a file of the same name, size and time at another."""
    incoming = tmp_path / ".incoming"
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "名册.csv"
        path.write_text(folder)
        os.utime(path, (1e9, 1e9))
        place = Place("test", f"file://{tmp_path}/{folder}", keep=True)
        for expected in ([folder], []):
            with remote.opened(place, "minzheng", incoming) as box:
                assert [claim.path.read_text() for claim in box.claims(0)] == expected
