"""What one process has parsed the next one reads; a text that has changed is parsed, and what cannot be read back is parsed again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.errors import DeclarationError
from warehouse.monitor import parsing
from warehouse.monitor.parsing import KEPT, Kept, Reference, parse

SELECT = "WITH n AS (SELECT count(*) AS n FROM core.death_now) SELECT m.person_key FROM core.member AS m CROSS JOIN n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path))
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were really parsed."""
    texts: list[str] = []

    def told(text: str, name: str, is_scoped: bool) -> parsing.Parsed:
        texts.append(text)
        return parse(text, name, is_scoped)

    monkeypatch.setattr(parsing, "parse", told)
    return texts


def read(text: str, is_scoped: bool = True) -> parsing.Parsed:
    """As a process of its own."""
    kept = Kept()
    found = kept.parse(text, "try.sql", is_scoped)
    kept.save()
    return found


def test_the_next_process_reads_what_this_one_parsed(home: Path, parsed: list[str]) -> None:
    first = read(SELECT)
    assert first.inputs == ("core.death_now", "core.member") and first.facts == ("n",)
    start = SELECT.index("core.member")
    assert first.references[1] == Reference("core.member", start, start + len("core.member"), True, False)
    assert read(SELECT) == first
    assert parsed == [SELECT]
    assert (home / "run" / KEPT).stat().st_mode & 0o777 == 0o600


def test_another_text_or_scope_is_parsed(home: Path, parsed: list[str]) -> None:
    read(SELECT)
    other = SELECT.replace("death", "cremation")
    assert read(other).inputs == ("core.cremation_now", "core.member")
    assert read(other, is_scoped=False).facts == ()
    assert parsed == [SELECT, other, other]


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"%s": {}}', '{"%s": {"inputs": 1}}', '{"%s": null}'])
def test_a_damaged_file_costs_time_and_nothing_else(home: Path, parsed: list[str], damaged: str) -> None:
    first = read(SELECT)
    path = home / "run" / KEPT
    (key,) = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(damaged.replace("%s", key), encoding="utf-8")
    assert read(SELECT) == first
    assert parsed == [SELECT, SELECT]
    assert read(SELECT) == first and len(parsed) == 2


def test_without_a_data_root_nothing_is_written(home: Path, parsed: list[str]) -> None:
    (home / "run").rmdir()
    assert read(SELECT) == read(SELECT)
    assert list(home.iterdir()) == [] and len(parsed) == 2


def test_what_is_no_select_is_refused_each_time(home: Path) -> None:
    for _ in range(2):
        with pytest.raises(DeclarationError, match=r"try\.sql: must be one bare SELECT"):
            read("SELECT 1; SELECT 2")
