"""An inbox in an object store: a real S3 endpoint on 127.0.0.1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors import drop, places, remote
from connectors.errors import TerminalError, TransientError

SECRET = "geheim-schluessel-7"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The department's own program that puts files into ``county/minzheng/in``."""
    import s3fs

    connection = {"conn_type": "aws", "login": "minzheng", "password": SECRET, "extra": {"endpoint_url": endpoint}}
    monkeypatch.setenv("AIRFLOW_CONN_MINZHENG_S3", json.dumps(connection))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    configure(monkeypatch, "s3://county/minzheng/in")
    fs = s3fs.S3FileSystem(
        key="sender", secret="sender", endpoint_url=endpoint, skip_instance_cache=True, use_listings_cache=False
    )
    fs.mkdir("county")
    yield fs
    requests.post(f"{endpoint}/moto-api/reset", timeout=20)


def configure(monkeypatch: pytest.MonkeyPatch, url: str, options: str = "") -> None:
    monkeypatch.setenv("AIRFLOW__FUPIN__INBOX_MINZHENG", f"{url}?connection=minzheng_s3{options}")


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    return tmp_path / "landing" / ".incoming"


def visit(incoming: Path, settle: float = 0) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    """(name → content of what was taken, what was refused)."""
    place = places.inbox("minzheng")
    assert place is not None
    remote.recover("minzheng", incoming)
    with remote.opened(place, "minzheng", incoming) as box:
        claims = {claim.original_name: claim.path.read_bytes() for claim in box.claims(settle)}
        return claims, [(refusal.name, refusal.code) for refusal in box.refused]


def test_objects_are_taken_and_folders_reported(store: Any, incoming: Path) -> None:
    sent = bytes(range(256)) * 40_000
    store.pipe_file("county/minzheng/in/低保.csv", sent)
    store.pipe_file("county/minzheng/in/a?b=1#c.csv", b"odd")
    store.pipe_file("county/minzheng/in/空.csv", b"")
    store.pipe_file("county/minzheng/in/.half.csv", b"hidden")
    store.pipe_file("county/minzheng/in/../../escape.csv", b"trick")
    store.pipe_file("county/minzheng/in/2019/deep.csv", b"deep")
    store.pipe_file("county/minzheng/input.csv", b"not in the inbox")
    # What a web console makes for a «folder».
    store.call_s3("put_object", Bucket="county", Key="minzheng/in/")
    taken, refused = visit(incoming)
    assert taken == {"低保.csv": sent, "a?b=1#c.csv": b"odd", "空.csv": b""}
    assert refused == [("..", "FOLDER"), ("2019", "FOLDER")]
    left = sorted(path.removeprefix("county/minzheng/") for path in store.find("county/minzheng"))
    assert [path for path in left if not path.endswith("/in") and path != "in/"] == [
        "in/../../escape.csv",
        "in/.half.csv",
        "in/2019/deep.csv",
        "input.csv",
    ]
    assert visit(incoming) == ({}, refused)


def test_an_object_that_is_replaced_during_its_transfer_is_taken_later(
    store: Any, incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe_file("county/minzheng/in/改.csv", b"old")
    fetch = remote.RemoteInbox._fetch

    def replaced(self: remote.RemoteInbox, name: str, look: remote.Look, target: Path) -> bool:
        done = fetch(self, name, look, target)
        store.pipe_file("county/minzheng/in/改.csv", b"new")  # same size, within the same second
        return done

    monkeypatch.setattr(remote.RemoteInbox, "_fetch", replaced)
    assert visit(incoming)[0] == {}
    monkeypatch.setattr(remote.RemoteInbox, "_fetch", fetch)
    assert visit(incoming)[0] == {"改.csv": b"new"}


def test_what_is_kept_is_known_by_its_entity_tag(store: Any, incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, "s3://county/minzheng/in", "&after=keep")
    store.pipe_file("county/minzheng/in/名册.csv", b"one")
    assert [visit(incoming)[0] for _ in range(2)] == [{"名册.csv": b"one"}, {}]
    store.pipe_file("county/minzheng/in/名册.csv", b"two")
    assert visit(incoming)[0] == {"名册.csv": b"two"}
    assert store.cat_file("county/minzheng/in/名册.csv") == b"two"
    assert len(drop.pending(incoming, "minzheng")) == 2


@pytest.mark.usefixtures("store")
def test_an_empty_prefix_is_an_empty_inbox_a_missing_bucket_is_a_wrong_setting(
    incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert visit(incoming) == ({}, [])
    configure(monkeypatch, "s3://nowhere/minzheng/in")
    with pytest.raises(TerminalError, match=r"inbox_minzheng: not found$"):
        visit(incoming)


@pytest.mark.usefixtures("store")
def test_refused_credentials_are_terminal_and_not_shown(endpoint: str, incoming: Path) -> None:
    # From now on the server checks who asks.
    requests.post(f"{endpoint}/moto-api/reset-auth", data="0", timeout=20)
    try:
        with pytest.raises(TerminalError, match=r"^\[fupin\] inbox_minzheng: access denied$"):
            visit(incoming)
    finally:
        requests.post(f"{endpoint}/moto-api/reset-auth", data="inf", timeout=20)


@pytest.mark.usefixtures("store")
def test_a_store_that_is_down_is_worth_a_retry(incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "aws", "login": "x", "password": SECRET, "extra": {"endpoint_url": "http://127.0.0.1:1"}}
    monkeypatch.setenv("AIRFLOW_CONN_MINZHENG_S3", json.dumps(connection))
    with pytest.raises(TransientError, match=r"inbox_minzheng: EndpointConnectionError$"):
        visit(incoming)


def test_a_receipt_is_put_into_the_store(store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__FUPIN__OUTBOX_MINZHENG", "s3://county/minzheng/out?connection=minzheng_s3")
    place = places.outbox("minzheng")
    assert place is not None
    receipt = tmp_path / "低保.csv.回执.xlsx"
    for content in (b"first", b"written again"):
        receipt.write_bytes(content)
        remote.deliver(place, receipt)
        assert store.find("county/minzheng/out") == ["county/minzheng/out/低保.csv.回执.xlsx"]
        assert store.cat_file("county/minzheng/out/低保.csv.回执.xlsx") == content
