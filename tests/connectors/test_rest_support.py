"""What the tests of the REST connector share: a real HTTP server that plays a script, and a feed that asks it."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import duckdb

from connectors import pull
from connectors.feed import Feed, load_feed

# The whole secret of every test connection: it may occur nowhere but in the request itself.
SECRET = "geheim-7f3a9c-nirgends"
CONN = "TEST_REST"

FEED = """
name = "pupils"
department = "jiaoyu"
title = "学生资助"
grain = "one row per grant"
mode = "{mode}"
key = ["grant_no"]
subject = ["citizen_id"]
[source]
kind = "rest"
connection = "test_rest"
path = "/api/grants"
{source}
[[columns]]
name = "grant_no"
type = "text"
aliases = ["资助编号", "grantNo"]
required = true
[[columns]]
name = "citizen_id"
type = "citizen_id"
aliases = ["身份证号", "person.idCard", "idCard"]
required = true
sensitivity = "identifier"
[[columns]]
name = "amount_yuan"
type = "money"
aliases = ["金额", "amount"]
unit = "元"
[[columns]]
name = "remark"
type = "text"
aliases = ["备注", "remark"]
"""
# Fast, so that what is tested is the rule and not the clock.
QUICK = """
[source.limits]
backoff_seconds = 0.01
backoff_limit_seconds = 0.02
attempts = 4
"""


@dataclass
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    params: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str


@dataclass
class Reply:
    """What the server answers; ``body`` may be bytes or anything JSON can hold; ``raw`` writes to the socket by itself."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json; charset=utf-8"
    zipped: bool = False
    raw: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass
class Site:
    """The running server: its address and everything it was asked."""

    url: str
    asked: list[Asked]

    def pages(self, name: str) -> list[str | None]:
        return [one.params.get(name) for one in self.asked]


@contextmanager
def serve(play: Callable[[Asked, int], Reply], tls: tuple[str, str] | None = None) -> Iterator[Site]:
    """A server on 127.0.0.1 that answers with ``play(request, number of this request)``."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            target = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            one = Asked(self.command, target.path, dict(parse_qsl(target.query)), dict(self.headers), body, self.path)
            asked.append(one)
            reply = play(one, len(asked))
            if reply.raw is not None:
                self.close_connection = True
                reply.raw(self)
                return
            content = (
                reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body, ensure_ascii=False).encode()
            )
            headers = dict(reply.headers)
            if reply.zipped:
                content = gzip.compress(content)
                headers["Content-Encoding"] = "gzip"
            self.send_response(reply.status)
            if reply.kind:
                self.send_header("Content-Type", reply.kind)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that hangs up is what some tests are about

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if tls:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Site(f"{scheme}://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def grant(number: int, **changes: Any) -> dict[str, Any]:
    """One synthetic record."""
    return {"grantNo": f"G{number:04d}", "person": {"idCard": "219901198003050118"}, "amount": 1000 + number, "remark": "在校"} | changes  # fmt: skip


def grants(first: int, last: int) -> list[dict[str, Any]]:
    return [grant(number) for number in range(first, last + 1)]


def declare(folder: Path, source: str = "", mode: str = "upsert") -> Feed:
    """The test feed with more keys in [source]."""
    path = folder / "pupils.toml"
    path.write_text(FEED.format(mode=mode, source=source + ("" if "[source.limits]" in source else QUICK)), encoding="utf-8")  # fmt: skip
    return load_feed(path)


def connection(url: str, **extra: Any) -> str:
    """Value of AIRFLOW_CONN_TEST_REST."""
    return json.dumps({"conn_type": "http", "host": url, "login": "fupinban", "password": SECRET, "extra": extra})


def request(feed: Feed, folder: Path, **changes: Any) -> pull.Request:
    workdir = folder / "work"
    workdir.mkdir(exist_ok=True)
    return pull.Request(feed, workdir, **changes)


def codes(pulled: pull.Pulled | None) -> list[str]:
    assert pulled is not None
    return [problem["code"] for problem in pulled.reading.problems]


def rows(pulled: pull.Pulled | None) -> list[tuple]:
    """What landed, in order of grant_no, citizen_id, amount_yuan, remark; a column that is not there is left out."""
    assert pulled is not None and pulled.reading.problems == []
    names = ("grant_no", "citizen_id", "amount_yuan", "remark")
    cells = ", ".join(f"c{pulled.reading.mapping[name]}" for name in names if name in pulled.reading.mapping)
    found = duckdb.sql(f"SELECT {cells} FROM read_parquet('{pulled.reading.text_path}')").fetchall()
    assert len(found) == pulled.reading.rows
    return found
