"""A gallery of wrong ``[source]`` tables: each is refused when the feed is loaded, with file and key."""

from __future__ import annotations

import re

import pytest

from connectors.connections import Connection
from connectors.errors import DeclarationError, TerminalError
from connectors.rest import declaration
from connectors.rest.client import base_address
from connectors.settings import ROOT
from tests.connectors.test_rest_support import FEED, declare

WRONG = {
    "a key nobody knows": ('pagination = "page"', "source.pagination: is no key"),
    "a key nobody knows in a table": ('[source.paging]\nkind = "page"\nparam = "p"\nsiez = 3', "source.paging.siez: is no key"),
    "a text for a number": ('[source.limits]\nattempts = "many"', "source.limits.attempts: must be a int"),
    "no time at all": ("[source.limits]\ndeadline_seconds = 0", "source.limits: must be above 0"),
    "a text for a table": ('paging = "page"', "source.paging: must be a table"),
    "an unknown way to page": ('[source.paging]\nkind = "scroll"', "source.paging.kind: must be one of"),
    "pages without a parameter": ('[source.paging]\nkind = "page"', "source.paging.param: is missing"),
    "offsets without a size": ('[source.paging]\nkind = "offset"\nparam = "o"', "source.paging.size: an offset"),
    "a cursor from nowhere": ('[source.paging]\nkind = "cursor"\nparam = "c"', "source.paging.next: must name"),
    "a key that goes nowhere": ('[source.auth]\nkind = "api_key"', "source.auth: an api_key needs header or param"),
    "a token from another host": ('[source.auth]\nkind = "oauth2"\ntoken_path = "https://sso.example/token"', "source.auth.token_path: must begin with /"),
    "a digest nobody has": ('[source.auth]\nkind = "signed"\ndigest = "md5"', "source.auth.digest: must be one of"),
    "a signed text with an unknown part": ('[source.auth]\nkind = "signed"\ntext = "{secret}"', "source.auth.text: may hold"),
    "a secret in the declaration": ('headers = { Authorization = "Bearer x" }', "source.headers: credentials stand in the Airflow connection"),
    "success without a value": ('[source.ok]\nfield = "code"', "source.ok.values: must list"),
    "half a watermark": ('[source.watermark]\nfield = "t"', "source.watermark: needs field and param"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_key_is_named(tmp_path, case):
    source, words = WRONG[case]
    with pytest.raises(DeclarationError, match=re.escape(f"pupils.toml: {words}")):
        declare(tmp_path, source + "\n")


@pytest.mark.parametrize(("key", "line"), [("connection", 'connection = "test_rest"\n'), ("path", 'path = "/api/grants"\n')])  # fmt: skip
def test_connection_and_path_are_needed(tmp_path, monkeypatch, key, line):
    monkeypatch.setattr("tests.connectors.test_rest_support.FEED", FEED.replace(line, ""))
    with pytest.raises(DeclarationError, match=f"pupils.toml: source.{key}: is missing"):
        declare(tmp_path)


def test_a_path_is_no_address(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.connectors.test_rest_support.FEED", FEED.replace("/api/grants", "https://elsewhere.example/api"))  # fmt: skip
    with pytest.raises(DeclarationError, match="source.path: must begin with /"):
        declare(tmp_path)


def test_a_snapshot_has_no_watermark(tmp_path):
    with pytest.raises(DeclarationError, match="source.watermark: a snapshot is always fetched whole"):
        declare(tmp_path, '[source.watermark]\nfield = "t"\nparam = "since"\n', "snapshot")


def test_every_key_is_documented():
    text = (ROOT / "connectors" / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z0-9_.]+)`", text[text.index("## REST") :]))
    tables = {
        "ok": declaration.Ok,
        "paging": declaration.Paging,
        "auth": declaration.Auth,
        "watermark": declaration.Watermark,
        "limits": declaration.Limits,
    }
    wanted = set(declaration.Source.__dataclass_fields__) - set(tables)
    wanted |= {f"{table}.{name}" for table, kind in tables.items() for name in kind.__dataclass_fields__}  # type: ignore[attr-defined]
    assert wanted - told == set()


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"conn_type": "https", "host": "api.example", "port": 8443, "schema": "v1"}, "https://api.example:8443/v1"),
        ({"conn_type": "http", "host": "api.example"}, "http://api.example"),
        ({"conn_type": "http", "host": "api.example", "schema": "https"}, "https://api.example"),
        ({"host": "https://api.example/gateway/", "port": 444}, "https://api.example:444/gateway"),
        ({"host": "api.example"}, "https://api.example"),
        ({"host": "[::1]", "port": 80}, "https://[::1]:80"),
    ],
)
def test_a_connection_says_where(fields, address):
    assert base_address(Connection("c", **fields)) == address


@pytest.mark.parametrize("host", ["", "ftp://api.example", "http://"])
def test_a_connection_that_leads_nowhere_is_named(host):
    with pytest.raises(TerminalError, match="Airflow connection c has no usable host"):
        base_address(Connection("c", host=host))
