"""Who asks: each kind of credential is a ``requests`` auth object, applied anew to every attempt and to the connection's host only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from connectors.connections import Connection
from connectors.errors import TerminalError
from connectors.rest.declaration import Auth

# A token is renewed a little before it ends.
TOKEN_MARGIN_SECONDS = 30.0


def secret(connection: Connection, name: str) -> str:
    """The connection's password, login or a key of its extra. Raises TerminalError when it is empty."""
    value = {"password": connection.password, "login": connection.login}.get(name) or connection.extra.get(name)
    if not isinstance(value, str) or not value:
        raise TerminalError(f"Airflow connection {connection.conn_id} has no {name}")
    return value


def digest(name: str, key: bytes, text: bytes) -> bytes:
    """HMAC with SHA-256 or SM3 (GB/T 32905). Raises TerminalError where OpenSSL was built without SM3."""
    algorithm = name.removeprefix("hmac-")
    if algorithm not in hashlib.algorithms_available:
        raise TerminalError(f"this machine's OpenSSL has no {algorithm}")
    return hmac.new(key, text, algorithm).digest()


class ApiKey(AuthBase):
    """A key in a header (``prefix`` may be «Bearer ») or in a parameter of the address."""

    def __init__(self, auth: Auth, connection: Connection) -> None:
        self._auth = auth
        self._key = secret(connection, auth.secret)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        value = self._auth.prefix + self._key
        if self._auth.header:
            request.headers[self._auth.header] = value
        else:
            request.prepare_url(str(request.url), {self._auth.param: value})
        return request


class Signed(AuthBase):
    """A keyed digest over method, path, sorted query, time and nonce (the declaration's ``text`` says how they are joined)."""

    def __init__(self, auth: Auth, connection: Connection) -> None:
        self._auth = auth
        self._login = connection.login
        self._key = secret(connection, auth.secret).encode()
        digest(auth.digest, self._key, b"")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        auth = self._auth
        address = urlsplit(str(request.url))
        body = request.body or b""
        timestamp = str(int(time.time() * (1000 if auth.clock == "epoch_ms" else 1)))
        nonce = secrets.token_hex(16)
        text = auth.text.format(
            method=request.method,
            path=address.path,
            query=urlencode(sorted(parse_qsl(address.query, keep_blank_values=True)), quote_via=quote),
            timestamp=timestamp,
            nonce=nonce,
            key=self._login,
            body=body.decode() if isinstance(body, bytes) else body,
        )
        signature = digest(auth.digest, self._key, text.encode())
        shown = base64.b64encode(signature).decode() if auth.encoding == "base64" else signature.hex()
        request.headers[auth.key_header] = self._login
        request.headers[auth.timestamp_header] = timestamp
        request.headers[auth.nonce_header] = nonce
        request.headers[auth.signature_header] = shown.upper() if auth.encoding == "HEX" else shown
        return request


class OAuth2(AuthBase):
    """Client credentials (RFC 6749 4.4): ``ask`` fetches ``(token, seconds it lives)`` when there is none that lives on."""

    def __init__(self, ask: Callable[[], tuple[str, float]]) -> None:
        self._ask = ask
        self._token = ""
        self._until = 0.0
        self._uses = 0

    def renew(self) -> None:
        """Fetch a token unless the present one lives on."""
        if not self._token or time.monotonic() >= self._until:
            self._token, seconds = self._ask()
            self._until = time.monotonic() + max(seconds - TOKEN_MARGIN_SECONDS, seconds / 2)
            self._uses = 0

    def outdated(self) -> bool:
        """After a refusal: forget the token if it had worked before (it was withdrawn early); a fresh one that is refused is final."""
        had_worked = self._uses > 1
        if had_worked:
            self._token = ""
        return had_worked

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._uses += 1
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def simple(auth: Auth, connection: Connection) -> AuthBase | None:
    """The auth object of every kind but ``oauth2``, which needs a client to ask for its token."""
    if auth.kind == "basic":
        return HTTPBasicAuth(secret(connection, "login").encode(), secret(connection, auth.secret).encode())
    if auth.kind == "api_key":
        return ApiKey(auth, connection)
    if auth.kind == "signed":
        return Signed(auth, connection)
    return None
