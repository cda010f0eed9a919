"""One question, one answer: a request to the connection's host, tried again within a deadline; nothing of it is ever logged."""

from __future__ import annotations

import email.utils
import json
import logging
import math
import random
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from connectors.connections import Connection
from connectors.errors import TerminalError, TransientError
from connectors.reading import Problem
from connectors.rest import credentials
from connectors.rest.declaration import Source

REDIRECTS = 5
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
PORTS = {"http": 80, "https": 443}
TICK_SECONDS = 0.1

log = logging.getLogger("fupin")
# urllib3 prints addresses with their parameters (at DEBUG every one, at WARNING those whose headers are odd), and a key may be one of
# them. Filters, since whoever configures logging later sets levels anew; on each logger, since a filter is not inherited.
for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(lambda record: False)


@dataclass(frozen=True)
class Fetched:
    """The body of a good answer, decompressed; ``link``: the address of the next page in the Link header."""

    body: bytes
    content_type: str
    link: str | None


class Refused(TerminalError):
    """The server did not accept the question itself (400, 404, …)."""


class _Again(Exception):
    """The attempt failed in a way that may heal; ``wait``: seconds that the server asked for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class _Watch(threading.Thread):
    """Cuts the connection when its time is over: a socket's own time-out starts anew with every byte that drips in."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="rest-watch")
        self.sock: socket.socket | None = None
        self.limit = math.inf
        self.fired = False
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(TICK_SECONDS):
            if time.monotonic() > self.limit and self.sock is not None:
                self.fired = True
                try:
                    # The plain socket's method: TLS would want to say goodbye first.
                    socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
                except OSError:
                    pass

    def stop(self) -> None:
        self._done.set()
        self.join()


def _adapter(watch: _Watch) -> HTTPAdapter:
    """An adapter that tells ``watch`` which socket is in use and never tries again on its own."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            watch.sock = self.sock

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            watch.sock = self.sock

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    adapter = HTTPAdapter(max_retries=0, pool_connections=1, pool_maxsize=1)
    adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return adapter


def origin(address: str) -> tuple[str, str, int]:
    """(scheme, host, port) of an address: what a credential is bound to. Raises ValueError for what is no http address."""
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    if scheme not in PORTS or not parts.hostname:
        raise ValueError("no http address")
    return scheme, parts.hostname.lower(), parts.port or PORTS[scheme]


def base_address(connection: Connection) -> str:
    """``https://host:port/prefix`` of a connection: its type or schema is the scheme, another schema is the path before every path."""
    scheme, prefix = "", ""
    if connection.schema in PORTS:
        scheme = connection.schema
    elif connection.schema:
        prefix = "/" + connection.schema.strip("/")
    host = connection.host
    if "://" in host:
        scheme, _, host = host.partition("://")
    scheme = scheme or (connection.conn_type if connection.conn_type in PORTS else "https")
    host, _, path = host.partition("/")
    if path.strip("/"):
        prefix = "/" + path.strip("/") + prefix
    port = f":{connection.port}" if connection.port and ":" not in host.rpartition("]")[2] else ""
    address = f"{scheme}://{host}{port}{prefix}"
    try:
        origin(address)
    except ValueError:
        raise TerminalError(f"Airflow connection {connection.conn_id} has no usable host") from None
    return address


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header: a number or a date."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


class Client:
    """Asks one connection's host; a context manager. ``deadline`` is a time of ``time.monotonic``."""

    def __init__(self, source: Source, connection: Connection, deadline: float) -> None:
        self._source = source
        self._limits = source.limits
        self._connection = connection
        self._deadline = deadline
        self._base = base_address(connection)
        self._origin = origin(self._base)
        self._session = requests.Session()
        # No ~/.netrc, no proxy of the environment: what is sent, and to whom, stands in the connection alone.
        self._session.trust_env = False
        self._watch = _Watch()
        for scheme in PORTS:
            self._session.mount(f"{scheme}://", _adapter(self._watch))
        if ca_file := connection.extra.get("ca_file"):
            self._session.verify = str(ca_file)
        if cert_file := connection.extra.get("cert_file"):
            key_file = connection.extra.get("key_file")
            self._session.cert = (str(cert_file), str(key_file)) if key_file else str(cert_file)
        self._auth = (
            credentials.OAuth2(self._token)
            if source.auth.kind == "oauth2"
            else credentials.simple(source.auth, connection)
        )

    def __enter__(self) -> Client:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.stop()
        self._session.close()

    @property
    def is_encrypted(self) -> bool:
        return self._origin[0] == "https"

    def resolve(self, link: str) -> str:
        """A next link as an address of our own host. Raises Problem for any other."""
        address = urljoin(self._base + self._source.path, self._without_key(link))
        if not self._is_ours(address):
            message = "接口给出的下一页地址指向另一台主机，没有跟随（凭证不会发往别处）。请接口提供方检查分页链接。"
            raise Problem("LINK_FOREIGN", message)
        return address

    def _without_key(self, address: str) -> str:
        """A next link without the key that a server may repeat in it."""
        name = self._source.auth.param
        parts = urlsplit(address)
        kept = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != name]
        return address if not name else parts._replace(query=urlencode(kept)).geturl()

    def _is_ours(self, address: str) -> bool:
        try:
            return origin(address) == self._origin
        except ValueError:
            return False

    def fetch(self, params: Mapping[str, Any], link: str | None = None) -> Fetched:
        """The answer to the declared question with ``params``, or to a next ``link``.

        Raises TransientError after the last attempt or at the deadline, TerminalError at once for refused credentials or settings,
        Problem for an answer that is too large or broken in its compression.
        """
        source = self._source
        if link is not None:
            return self._ask(requests.Request("GET", self.resolve(link), headers=dict(source.headers)), self._auth)
        asked = {**source.params, **params}
        address = self._base + source.path
        headers = dict(source.headers)
        if source.send == "json":
            headers["Content-Type"] = "application/json"
            body = json.dumps(asked, ensure_ascii=False).encode()
            return self._ask(requests.Request("POST", address, headers=headers, data=body), self._auth)
        if source.send == "form":
            return self._ask(requests.Request("POST", address, headers=headers, data=asked), self._auth)
        return self._ask(requests.Request("GET", address, headers=headers, params=asked), self._auth)

    def _token(self) -> tuple[str, float]:
        """A new OAuth2 token and the seconds it lives."""
        auth = self._source.auth
        login, password = self._connection.login, credentials.secret(self._connection, auth.secret)
        form = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
        basic: AuthBase | None = HTTPBasicAuth(login.encode(), password.encode())
        if auth.client == "body":
            form |= {"client_id": login, "client_secret": password}
            basic = None
        fetched = self._ask(requests.Request("POST", self._base + auth.token_path, data=form), basic)
        try:
            answer = json.loads(fetched.body)
            return str(answer["access_token"]), float(answer.get("expires_in", 300))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise TerminalError(f"{self._name}: the answer to the token request holds no token") from None

    @property
    def _name(self) -> str:
        return f"Airflow connection {self._connection.conn_id}"

    def _ask(self, question: requests.Request, auth: AuthBase | None) -> Fetched:
        """Try until it answers, with a growing and jittered pause, or the server's own Retry-After."""
        limits = self._limits
        for attempt in range(1, limits.attempts + 1):
            if time.monotonic() >= self._deadline:
                break
            try:
                return self._attempt(question, auth)
            except _Again as failure:
                reason, wait = failure.reason, failure.wait
            if wait is None:
                wait = min(limits.backoff_limit_seconds, limits.backoff_seconds * 2 ** (attempt - 1))
                wait *= random.uniform(0.5, 1.0)
            if attempt == limits.attempts or time.monotonic() + wait >= self._deadline:
                raise TransientError(f"{self._name}: {reason} ({attempt} attempts)")
            log.warning("%s: %s, next attempt in %.1f s", self._name, reason, wait)
            time.sleep(wait)
        raise TransientError(f"{self._name}: the deadline of {limits.deadline_seconds:g} s is over")

    def _attempt(self, question: requests.Request, auth: AuthBase | None) -> Fetched:
        if isinstance(auth, credentials.OAuth2):
            auth.renew()
        address = str(question.url)
        params = question.params
        for _ in range(REDIRECTS + 1):
            headers = {"Accept": "application/json", "Accept-Encoding": "gzip", **(question.headers or {})}
            one = requests.Request(question.method, address, headers, data=question.data, params=params, auth=auth)
            self._watch.fired = False
            self._watch.limit = min(time.monotonic() + self._limits.page_seconds, self._deadline)
            try:
                fetched = self._exchange(self._session.prepare_request(one), auth)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                raise self._failure(error) from None
            finally:
                self._watch.limit = math.inf
            if isinstance(fetched, Fetched):
                return fetched
            if question.method != "GET":
                raise TerminalError(f"{self._name}: the server redirects a POST")
            address, params = urljoin(address, fetched), {}
            if not self._is_ours(address):
                raise TerminalError(f"{self._name}: the server redirects to another host, which is not followed")
        raise TerminalError(f"{self._name}: the server redirects in circles")

    def _exchange(self, prepared: requests.PreparedRequest, auth: AuthBase | None) -> Fetched | str:
        """Send once: the answer, or the address to which it redirects."""
        timeout = (self._limits.connect_seconds, self._limits.read_seconds)
        response = self._session.send(prepared, stream=True, timeout=timeout, allow_redirects=False)
        try:
            self._judge(response, auth)
            if response.is_redirect:
                return response.headers["Location"]
            body = self._body(response)
        except BaseException:
            response.close()
            raise
        link = response.links.get("next", {}).get("url")
        return Fetched(body, response.headers.get("Content-Type", ""), self._without_key(link) if link else None)

    def _judge(self, response: requests.Response, auth: AuthBase | None) -> None:
        status = response.status_code
        if status in (401, 403):
            if isinstance(auth, credentials.OAuth2) and auth.outdated():
                raise _Again("the token is not accepted any more", 0.0)
            raise TerminalError(f"{self._name}: the credentials are refused (HTTP {status})")
        if status in RETRIED or status >= 500:
            raise _Again(f"HTTP {status}", _retry_after(response.headers.get("Retry-After")))
        if status >= 400 or (status >= 300 and not response.is_redirect):
            raise Refused(f"{self._name}: the question is not accepted (HTTP {status})")

    def _body(self, response: requests.Response) -> bytes:
        limit = self._limits.page_bytes
        try:
            # Bounded after decompression: urllib3 inflates no more than it is asked for.
            body: bytes = response.raw.read(limit + 1, decode_content=True)
        except urllib3.exceptions.DecodeError:
            raise Problem("COMPRESSION_BROKEN", "接口返回的压缩数据已损坏，本次没有接收。") from None
        if self._watch.fired:
            raise _Again("the answer took too long")
        if len(body) > limit:
            raise Problem(
                "PAGE_TOO_LARGE", f"接口的一页解压后超过 {limit // 1024**2 or 1} MB，本次没有接收。请减少每页行数。"
            )
        response.raw.release_conn()
        return body

    def _failure(self, error: Exception) -> Exception:
        """A foreign exception as ours; its own text holds the address and stays behind."""
        if self._watch.fired:
            return _Again("the answer took too long")
        text = repr(error)
        if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text:
            return TerminalError(f"{self._name}: the server's certificate is not trusted")
        if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)):
            return TerminalError(f"{self._name}: {type(error).__name__}")
        if isinstance(error, FileNotFoundError) or "Could not find" in text:
            return TerminalError(f"{self._name}: a certificate file of the connection does not exist")
        return _Again(type(error).__name__)
