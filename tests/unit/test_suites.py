"""The derived suites: current, readable by Great Expectations as they stand, and complete."""

import json
import warnings

import pytest

from connectors.feed import load_feeds
from connectors.settings import ROOT
from expectations import run
from expectations.rules import RULES, load_rules
from expectations.suite import SUITES, main, outdated

FEEDS = load_feeds([ROOT / "connectors" / "feeds"])


def test_the_written_suites_are_current():
    assert outdated(FEEDS.values()) == [], "run: python -m expectations.suite --write"


def test_a_stale_suite_is_found_and_written_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("expectations.suite.SUITES", tmp_path)
    monkeypatch.setattr("expectations.suite.outdated", lambda feeds: outdated(feeds, tmp_path))
    (tmp_path / "village.json").write_text("{}", encoding="utf-8")
    (tmp_path / "no_such_feed.json").write_text("{}", encoding="utf-8")
    assert main(["--check"]) == 1 and "village.json" in capsys.readouterr().out
    assert main(["--write"]) == 0 and main(["--check"]) == 0
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(FEEDS)


@pytest.mark.parametrize("feed", FEEDS.values(), ids=list(FEEDS))
def test_great_expectations_accepts_every_rule(feed):
    run.check(feed)


@pytest.mark.parametrize("name", FEEDS)
def test_great_expectations_reads_the_file_as_it_stands(name):
    run.warm()
    from great_expectations.core import ExpectationSuite

    written = json.loads((SUITES / f"{name}.json").read_text(encoding="utf-8"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        suite = ExpectationSuite(**written)
    # GX logs and drops what it does not understand: the count says that it understood everything.
    assert len(suite.expectations) == len(written["expectations"])
    assert [expectation.severity.value for expectation in suite.expectations] == [
        expectation["severity"] for expectation in written["expectations"]
    ]


def test_every_column_key_and_rule_has_its_checks():
    for name, feed in FEEDS.items():
        entries = json.loads((SUITES / f"{name}.json").read_text(encoding="utf-8"))["expectations"]
        rules = [entry["meta"]["rule"] for entry in entries]
        assert len(rules) == len(set(rules)), name
        wanted = {"table.rows", "table.columns", "table.key", *(rule.id for rule in load_rules(feed))}
        for column in feed.columns:
            declared = {
                "cell": True,
                "required": column.required,
                "codes": bool(column.codes),
                "pattern": column.pattern,
            }
            declared["range"] = column.min is not None or column.max is not None
            wanted |= {f"{column.name}.{check}" for check, there in declared.items() if there}
        assert set(rules) == wanted, name
        assert all(entry["description"] for entry in entries)


def test_no_rule_file_without_a_feed():
    assert {path.stem for path in RULES.glob("*.toml")} <= set(FEEDS)


def test_rule_ids_are_unique_over_all_feeds():
    ids = [rule.id for feed in FEEDS.values() for rule in load_rules(feed)]
    assert len(ids) == len(set(ids))
