"""The security statements of ``tests/security.toml``: each is proved by a test that exists, or says why it does not apply."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from connectors.feed import load_feeds
from connectors.settings import ROOT
from warehouse.cli import main

STATEMENTS = tomllib.loads((ROOT / "tests" / "security.toml").read_text("utf-8"))
# What a pipeline without a web application has, too.
PROVED = {f"E{number}" for number in (9, *range(11, 21), *range(23, 30), 31)}


@cache
def defined_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_each_statement_is_proved_or_says_why_not() -> None:
    assert list(STATEMENTS) == [f"E{number}" for number in range(1, 32)]
    for name, statement in STATEMENTS.items():
        assert statement.keys() <= {"title", "tests", "reason", "limit"}, name
        assert ("tests" in statement) != ("reason" in statement), name
    assert {name for name in PROVED if not STATEMENTS[name].get("tests")} == set()


def test_the_tests_that_prove_them_are_there() -> None:
    named = [test.split("::") for statement in STATEMENTS.values() for test in statement.get("tests", ())]
    assert [(path, test) for path, test in named if test not in defined_in(path)] == []


def test_every_feed_says_on_what_ground_and_for_what() -> None:
    for feed in load_feeds().values():
        assert len(feed.legal_basis) >= 6 and len(feed.purpose) >= 6, feed.name
        assert feed.purpose != feed.title and not re.search(r"TODO|待补充|\?\?", feed.legal_basis + feed.purpose), (
            feed.name
        )


def locked() -> dict[str, str]:
    """Name → version of everything that the lock wants on this machine."""
    lines = re.findall(r"^([a-z0-9].*?) \\$", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    wanted = [Requirement(line) for line in lines]
    return {
        one.name: str(one.specifier).removeprefix("==") for one in wanted if not one.marker or one.marker.evaluate()
    }


def test_what_is_installed_is_what_the_lock_lists() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock and "--index" not in lock, "no address of an index"
    entries = re.split(r"\n(?=[a-z0-9])", lock)
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    installed = {re.sub(r"[-_.]+", "-", one.name).lower(): one.version for one in metadata.distributions()}
    assert {name: installed.get(name) for name, version in locked().items() if installed.get(name) != version} == {}


SECRET = re.compile(rb"BEGIN (RSA |EC |OPENSSH )?PRIVATE KEY-|AKIA[0-9A-Z]{16}|eyJ[\w-]{20,}\.eyJ")


def test_no_secret_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name for name in listed.decode().split("\0") if name and name != "requirements.lock"]
    assert [path.name for path in paths if path.is_file() and SECRET.search(path.read_bytes())] == []
    assert not any(path.relative_to(ROOT).parts[0] in ("var", "secrets") for path in paths)


def test_what_fails_unexpectedly_tells_no_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path))
    monkeypatch.delenv("FUPIN_DEBUG", raising=False)

    def fail(*_: object) -> None:
        raise ValueError("Conversion Error: 219901198003050118,张建国")

    monkeypatch.setattr("warehouse.cli.query.find_snapshot", fail)
    assert main.main(["query", "SELECT 1"]) == 1
    assert capsys.readouterr() == ("", "fupin query: unexpected ValueError\n")
