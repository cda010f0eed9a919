"""Servers that are busy, slow, broken or not who they should be, and how we show who we are (faults 22)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import ipaddress
import json
import logging
import time
import traceback
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors import pull
from connectors.errors import TerminalError, TransientError
from connectors.rest.credentials import digest
from tests.connectors.test_rest_support import (
    SECRET,
    Asked,
    Reply,
    declare,
    grants,
    request,
    rows,
    serve,
)

KEY = '[source.auth]\nkind = "api_key"\nheader = "X-Api-Key"\n'
DEADLINE = "[source.limits]\nbackoff_seconds = 0.01\nattempts = 50\ndeadline_seconds = {}\n"


@pytest.fixture(autouse=True)
def no_secret_is_told(caplog, capfd):
    """Whatever a test does: the credential stands in no log line, not even at DEBUG, and on no terminal."""
    caplog.set_level(logging.DEBUG)
    yield
    told = caplog.text + "".join(capfd.readouterr())
    assert SECRET not in told and base64.b64encode(f"fupinban:{SECRET}".encode()).decode() not in told


def ask(tmp_path, known, site, source: str = "", **extra):
    known(site, **extra)
    return pull.pull(request(declare(tmp_path, source), tmp_path))


# ---- busy and slow


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(tmp_path, known, status):
    with serve(lambda asked, number: Reply(status=status) if number < 4 else Reply(grants(1, 2))) as site:
        assert len(rows(ask(tmp_path, known, site))) == 2
    assert len(site.asked) == 4


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(tmp_path, known, form):
    def play(asked: Asked, number: int) -> Reply:
        times.append(time.time())
        # A date has whole seconds, so the nearest one may be just ahead.
        until = dt.datetime.fromtimestamp(int(time.time()) + 2, dt.UTC)
        value = "1" if form == "seconds" else until.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return Reply(status=429, headers={"Retry-After": value}) if number == 1 else Reply(grants(1, 1))

    times: list[float] = []
    with serve(play) as site:
        rows(ask(tmp_path, known, site))
    assert times[1] - times[0] >= 0.9


def test_a_retry_after_beyond_the_deadline_is_not_waited_for(tmp_path, known):
    began = time.monotonic()
    with serve(lambda asked, number: Reply(status=503, headers={"Retry-After": "86400"})) as site:
        with pytest.raises(TransientError, match="HTTP 503"):
            ask(tmp_path, known, site)
    assert time.monotonic() - began < 5 and len(site.asked) == 1


def test_a_server_that_stays_broken_is_given_up_at_the_deadline(tmp_path, known):
    began = time.monotonic()
    with serve(lambda asked, number: Reply(status=500)) as site:
        with pytest.raises(TransientError):
            ask(tmp_path, known, site, DEADLINE.format(0.5))
    assert time.monotonic() - began < 3 and 2 < len(site.asked) < 50


def drip_body(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    drip(handler)


def drip(handler: BaseHTTPRequestHandler) -> None:
    try:
        for _ in range(300):
            handler.wfile.write(b" ")
            time.sleep(0.1)
    except OSError:
        pass


def drip_head(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow:")
    drip(handler)


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(2)


@pytest.mark.parametrize("way", [drip_body, drip_head, silent])
def test_an_answer_that_drips_in_or_never_comes_ends_at_the_deadline(tmp_path, known, way):
    began = time.monotonic()
    with serve(lambda asked, number: Reply(raw=way)) as site:
        with pytest.raises(TransientError):
            ask(tmp_path, known, site, DEADLINE.format(0.6))
    assert time.monotonic() - began < 4


def test_a_slow_page_is_asked_for_again_within_the_deadline(tmp_path, known):
    limits = "[source.limits]\nbackoff_seconds = 0.01\npage_seconds = 0.4\n"
    with serve(lambda asked, number: Reply(raw=drip_body) if number == 1 else Reply(grants(1, 3))) as site:
        assert len(rows(ask(tmp_path, known, site, limits))) == 3


def test_a_server_that_is_not_there_may_come_back(tmp_path, known):
    with serve(lambda asked, number: Reply()) as site:
        pass
    with pytest.raises(TransientError, match="ConnectionError"):
        ask(tmp_path, known, site)


# ---- refusals and redirects


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_not_tried_again(tmp_path, known, status):
    with serve(lambda asked, number: Reply(status=status)) as site:
        with pytest.raises(TerminalError, match=f"credentials are refused .HTTP {status}"):
            ask(tmp_path, known, site, KEY)
    assert len(site.asked) == 1


def test_a_wrong_address_is_the_engineers_business(tmp_path, known):
    with serve(lambda asked, number: Reply(status=404)) as site:
        with pytest.raises(TerminalError, match="HTTP 404"):
            ask(tmp_path, known, site)
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(tmp_path, known, status):
    with serve(lambda asked, number: Reply(grants(1, 1))) as thief:
        with serve(lambda asked, number: Reply(status=status, headers={"Location": thief.url + "/api"})) as site:
            with pytest.raises(TerminalError, match="another host"):
                ask(tmp_path, known, site, KEY)
    assert thief.asked == []


def test_a_redirect_on_the_same_host_is_followed_with_the_key(tmp_path, known):
    def play(asked: Asked, number: int) -> Reply:
        assert asked.headers["X-Api-Key"] == SECRET
        return Reply(grants(1, 2)) if asked.path == "/v2" else Reply(status=302, headers={"Location": "/v2?x=1"})

    with serve(play) as site:
        assert len(rows(ask(tmp_path, known, site, KEY))) == 2
    with serve(lambda asked, number: Reply(status=302, headers={"Location": "/api"})) as site:
        with pytest.raises(TerminalError, match="in circles"):
            ask(tmp_path, known, site, KEY)


# ---- TLS


def certificate(folder: Path) -> tuple[str, str]:
    """A self-signed certificate for 127.0.0.1 and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
    return str(folder / "cert.pem"), str(folder / "key.pem")


def test_a_server_with_an_unknown_certificate_hears_nothing_unless_the_connection_names_its_authority(tmp_path, known):  # fmt: skip
    tls = certificate(tmp_path)
    with serve(lambda asked, number: Reply(grants(1, 2)), tls) as site:
        with pytest.raises(TerminalError, match="certificate is not trusted"):
            ask(tmp_path, known, site, KEY)
        assert site.asked == []
        assert len(rows(ask(tmp_path, known, site, KEY, ca_file=tls[0]))) == 2


# ---- who we are


def test_an_api_key_in_a_header_or_in_the_address(tmp_path, known):
    with serve(lambda asked, number: Reply(grants(1, 1))) as site:
        ask(tmp_path, known, site, KEY + 'prefix = "Token "\n')
        (tmp_path / "work" / "pages.journal").unlink()
        ask(tmp_path, known, site, '[source.auth]\nkind = "api_key"\nparam = "appkey"\nsecret = "key"\n', key="k-1")  # fmt: skip
    assert site.asked[0].headers["X-Api-Key"] == f"Token {SECRET}"
    assert site.asked[1].params == {"appkey": "k-1"}


def test_a_key_that_the_server_repeats_in_its_next_link_is_not_kept(tmp_path, known):
    def play(asked: Asked, number: int) -> Reply:
        assert asked.target.count("appkey") == 1 and asked.params["appkey"] == SECRET
        link = {"Link": f'</api/grants?after=1&appkey={SECRET}>; rel="next"'} if number == 1 else {}
        return Reply(grants(number, number), headers=link)

    source = '[source.paging]\nkind = "link"\n[source.auth]\nkind = "api_key"\nparam = "appkey"\n'
    with serve(play) as site:
        assert len(rows(ask(tmp_path, known, site, source))) == 2
    assert SECRET not in (tmp_path / "work" / "pages.journal").read_text()


def odd_head(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nno header at all\r\nContent-Length: 2\r\n\r\n[]"
    )


def test_a_key_in_the_address_is_in_no_exception_either(tmp_path, known):
    source = '[source.auth]\nkind = "api_key"\nparam = "appkey"\n'
    with serve(lambda asked, number: Reply(raw=odd_head) if number == 1 else Reply(status=500)) as site:
        # urllib3 warns about such headers, with the address.
        assert ask(tmp_path, known, site, source) is None
        (tmp_path / "work" / "pages.journal").unlink()
        with pytest.raises(TransientError) as busy:
            ask(tmp_path, known, site, source)
        assert all(one.params == {"appkey": SECRET} for one in site.asked)
    with pytest.raises(TransientError) as gone:
        ask(tmp_path, known, site, source)
    for raised in (busy, gone):
        assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_user_and_password(tmp_path, known):
    with serve(lambda asked, number: Reply(grants(1, 1))) as site:
        ask(tmp_path, known, site, '[source.auth]\nkind = "basic"\n')
    assert base64.b64decode(site.asked[0].headers["Authorization"].split()[1]).decode() == f"fupinban:{SECRET}"


OAUTH = """
[source.paging]
kind = "page"
param = "page"
[source.auth]
kind = "oauth2"
token_path = "/oauth/token"
scope = "read"
"""


@pytest.mark.parametrize("client", ["basic", "body"])
def test_an_oauth2_token_is_fetched_used_and_renewed_when_it_is_withdrawn(tmp_path, known, client):
    tokens: list[str] = []

    def play(asked: Asked, number: int) -> Reply:
        if asked.path == "/oauth/token":
            assert b"grant_type=client_credentials" in asked.body and b"scope=read" in asked.body
            assert (SECRET.encode() in asked.body) == (client == "body") != ("Authorization" in asked.headers)
            tokens.append(f"t{len(tokens) + 1}")
            return Reply({"access_token": tokens[-1], "expires_in": 3600})
        page = int(asked.params["page"])
        if asked.headers["Authorization"] == "Bearer t1" and page == 3:
            return Reply(status=401)
        assert asked.headers["Authorization"] == f"Bearer {tokens[-1]}"
        return Reply(grants(page, page) if page < 4 else [])

    with serve(play) as site:
        assert len(rows(ask(tmp_path, known, site, OAUTH + f'client = "{client}"\n'))) == 3
    assert tokens == ["t1", "t2"]


def test_a_fresh_token_that_is_refused_is_final(tmp_path, known):
    play = lambda asked, number: Reply({"access_token": "t"}) if asked.method == "POST" else Reply(status=401)  # noqa: E731
    with serve(play) as site:
        with pytest.raises(TerminalError, match="refused"):
            ask(tmp_path, known, site, OAUTH)
    assert len(site.asked) == 2
    with serve(lambda asked, number: Reply(status=401)) as site:
        with pytest.raises(TerminalError, match="refused"):
            ask(tmp_path, known, site, OAUTH)
    assert len(site.asked) == 1


def test_a_token_that_expires_is_renewed_before_it_is_used(tmp_path, known):
    def play(asked: Asked, number: int) -> Reply:
        if asked.method == "POST":
            return Reply({"access_token": f"t{number}", "expires_in": 0})
        page = int(asked.params["page"])
        return Reply(grants(page, page) if page < 3 else [])

    with serve(play) as site:
        ask(tmp_path, known, site, OAUTH)
    assert sum(one.method == "POST" for one in site.asked) == 4


@pytest.mark.parametrize("name", ["sha256", "sm3"])
def test_a_request_is_signed_anew_at_every_attempt(tmp_path, known, name):
    nonces = set()

    def play(asked: Asked, number: int) -> Reply:
        # What the other side computes, by its own means.
        head = asked.headers
        query = "&".join(sorted(asked.target.partition("?")[2].split("&")))
        text = "\n".join([asked.method, asked.path, query, head["X-Timestamp"], head["X-Nonce"]])
        assert head["X-Signature"] == hmac_by_hand(name, SECRET.encode(), text.encode()).hex()
        assert head["X-App-Id"] == "fupinban" and abs(int(head["X-Timestamp"]) / 1000 - time.time()) < 60
        nonces.add(head["X-Nonce"])
        return Reply(status=503) if number == 1 else Reply(grants(1, 2))

    source = f'params = {{ region = "北镇", a = 1 }}\n[source.auth]\nkind = "signed"\ndigest = "hmac-{name}"\n'
    with serve(play) as site:
        assert len(rows(ask(tmp_path, known, site, source))) == 2
    assert len(nonces) == 2


def hmac_by_hand(name: str, key: bytes, text: bytes) -> bytes:
    """RFC 2104 written out."""
    key = key.ljust(64, b"\0")
    inner = hashlib.new(name, bytes(byte ^ 0x36 for byte in key) + text).digest()
    return hashlib.new(name, bytes(byte ^ 0x5C for byte in key) + inner).digest()


def test_a_signature_over_the_body_with_its_own_form(tmp_path, known):
    def play(asked: Asked, number: int) -> Reply:
        expected = hmac.new(SECRET.encode(), f"fupinban|{asked.body.decode()}".encode(), "sha256").digest()
        assert asked.headers["Sign"] == base64.b64encode(expected).decode()
        assert json.loads(asked.body) == {"region": "北镇"}
        return Reply(grants(1, 1))

    source = (
        'send = "json"\nparams = { region = "北镇" }\n[source.auth]\nkind = "signed"\ntext = "{key}|{body}"\n'
        'encoding = "base64"\nsignature_header = "Sign"\n'
    )
    with serve(play) as site:
        assert len(rows(ask(tmp_path, known, site, source))) == 1


def test_sm3_is_the_published_one():
    # GB/T 32905-2016, example A.1
    assert hashlib.new("sm3", b"abc").hexdigest() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    with pytest.raises(TerminalError, match="no sm9"):
        digest("hmac-sm9", b"key", b"")


def test_a_connection_without_its_secret_is_named(tmp_path, known):
    with serve(lambda asked, number: Reply(grants(1, 1))) as site:
        with pytest.raises(TerminalError, match="test_rest has no token"):
            ask(tmp_path, known, site, KEY + 'secret = "token"\n')
    assert site.asked == []


def test_check_says_what_is_there_and_fetches_one_page(tmp_path, known):
    source = 'records = "list"\ntotal = "total"\n[source.paging]\nkind = "page"\nparam = "page"\n' + KEY
    with serve(lambda asked, number: Reply({"total": 7, "list": grants(1, 2)})) as site:
        known(site)
        told = pull.check(declare(tmp_path, source))
    assert len(site.asked) == 1
    assert told == [
        "connected (NOT ENCRYPTED), credentials accepted", "first page: 2 rows of 7", "4 of 4 columns recognised",
    ]  # fmt: skip
    with serve(lambda asked, number: Reply(b"<html>", kind="text/html")) as site:
        known(site)
        assert pull.check(declare(tmp_path, source))[1].startswith("HTML_PAGE: ")
