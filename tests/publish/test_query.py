"""``fupin query``: which snapshot is asked, in which form it answers, and what it refuses."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from connectors.errors import TerminalError
from tests.publish.county import KNOWN
from warehouse.cli import query
from warehouse.cli.tables import width
from warehouse.publish import publish


def run(home: Path, sql: str, monkeypatch: pytest.MonkeyPatch, as_of: str | None = None, fmt: str = "csv") -> str:
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(home))
    out = io.StringIO()
    assert query.run(sql, as_of, fmt, out) == 0
    return out.getvalue()


def test_a_reader_keeps_what_it_has_open(con, later, tmp_path, monkeypatch):
    publish(con, tmp_path, KNOWN)
    with query.connect(query.find_snapshot(tmp_path)) as reader:
        later("2019-07-31")
        publish(con, tmp_path, KNOWN)
        assert reader.execute("SELECT count(*) FROM feed_quality WHERE feed = 'village'").fetchone() == (1,)
    assert run(tmp_path, "SELECT count(*) AS n FROM feed_quality WHERE feed = 'village'", monkeypatch) == "n\n2\n"


def test_query_as_of(con, later, tmp_path, monkeypatch):
    publish(con, tmp_path, KNOWN)
    later("2019-07-31")
    publish(con, tmp_path, KNOWN)
    asked = "SELECT max(as_of) AS day FROM feed_quality"
    assert run(tmp_path, asked, monkeypatch) == "day\n2019-07-31\n"
    assert run(tmp_path, asked, monkeypatch, "2019-07-30") == "day\n2019-06-30\n"
    assert run(tmp_path, asked, monkeypatch, "2030-01-01") == "day\n2019-07-31\n"
    with pytest.raises(TerminalError, match="最早的是 2019-06-30"):
        run(tmp_path, asked, monkeypatch, "2019-06-29")
    with pytest.raises(TerminalError, match="--as-of"):
        run(tmp_path, asked, monkeypatch, "yesterday")
    with pytest.raises(TerminalError, match="还没有发布"):
        run(tmp_path / "elsewhere", asked, monkeypatch)


def test_query_as_it_was_known(con, later, tmp_path, monkeypatch):
    publish(con, tmp_path, KNOWN)
    first = query.find_snapshot(tmp_path)
    later("2019-07-31")
    publish(con, tmp_path, KNOWN)
    second = query.find_snapshot(tmp_path)
    for folder, day in ((first, "2019-07-05T01:00:00"), (second, "2019-08-09T17:00:00")):
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        (folder / "manifest.json").write_text(
            json.dumps({**manifest, "published_at": f"{day}+00:00"}), encoding="utf-8"
        )
    # Five in the afternoon of Greenwich's 9 August is the county's tenth.
    assert query.find_snapshot(tmp_path, known_on="2019-08-09") == first
    assert query.find_snapshot(tmp_path, known_on="2019-08-10") == second
    assert query.find_snapshot(tmp_path, "2019-07-30", "2019-08-10") == first
    with pytest.raises(TerminalError, match="没有"):
        query.find_snapshot(tmp_path, known_on="2019-07-04")
    with pytest.raises(TerminalError, match="--known-on"):
        query.find_snapshot(tmp_path, known_on="gestern")


def test_query_formats(home, monkeypatch):
    asked = "SELECT village, numerator, denominator, rate, verdict, NULL AS nothing, '=1+1' AS formula FROM village_incidence"
    assert (
        run(home, asked, monkeypatch)
        == "village,numerator,denominator,rate,verdict,nothing,formula\n某村,2,2,1.00000000,不达标,,'=1+1\n"
    )
    assert json.loads(run(home, asked, monkeypatch, fmt="json")) == [
        {
            "village": "某村",
            "numerator": 2,
            "denominator": 2,
            "rate": 1,
            "verdict": "不达标",
            "nothing": None,
            "formula": "=1+1",
        }
    ]
    assert run(home, asked, monkeypatch, fmt="excel") == "\ufeff" + run(home, asked, monkeypatch)
    lines = run(home, asked, monkeypatch, fmt="table").splitlines()
    assert (
        len(
            {
                width(line[: line.index("verdict" if number == 0 else "不达标")])
                for number, line in enumerate(lines)
                if number in (0, 2)
            }
        )
        == 1
    )
    assert lines[-1] == "(1 行 rows)"
    assert json.loads(run(home, "SELECT 1 AS a WHERE false", monkeypatch, fmt="json")) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('parquet/person_status.parquet')",
        "COPY person_status TO '/tmp/stolen.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "DROP TABLE mart.person_status",
        "UPDATE mart.person_status SET is_poor = false",
        "EXPORT DATABASE '/tmp/stolen'",
        "SELECT * FROM nowhere",
        "SELEC 1",
        "",
    ],
)
def test_query_is_shut_in(home, monkeypatch, sql):
    if not sql:
        assert run(home, "SELECT 1 AS a; ", monkeypatch) == "a\n1\n"
        return
    with pytest.raises(TerminalError) as refused:
        run(home, sql, monkeypatch)
    assert "\n" not in str(refused.value)
    assert not Path("/tmp/stolen.csv").exists() and not Path("/tmp/stolen").exists()
