"""The probabilistic tier on a county of a million: 100,000 rows without an id, training and linking together.

Names, namesakes, clans, twins, sons who bear their father's name, and what departments get wrong are made in ``linking_county.sql``;
one row in twenty speaks of somebody who is not in the register. Each round is a process of its own.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from connectors.settings import ROOT

ROUNDS = 3
ROWS_PER_PERSON = 0.1
CHILD = """
import json, resource, sys, time
import duckdb
con = duckdb.connect(sys.argv[1], config={"threads": 2})
con.execute("SET enable_progress_bar = false")
begun = time.perf_counter()
from warehouse.identity import linking
model = linking.train(con, "unlinked", "people", 7)
linking.link(con, "unlinked", "people", model, "found")
seconds = time.perf_counter() - begun
used = resource.getrusage(resource.RUSAGE_SELF)
con.execute("CREATE OR REPLACE TABLE linked AS FROM found")
print(json.dumps({"seconds": seconds, "cpu": time.process_time(), "gb": used.ru_maxrss / 2**20}))
"""


def county(con: duckdb.DuckDBPyConnection, people: int, rows: int, seed: str = "7") -> None:
    """Make the tables ``people``, ``unlinked`` and ``truth`` (``row_key``, ``person_key`` or NULL, ``is_expected``).

    ``is_expected``: name, day of birth, and village or household are given, with one error at most in name and birth together.
    """
    for name in ("pinyin", "variant"):
        path = str(ROOT / "sql" / "codes" / "names" / f"{name}.csv")
        con.execute(f"CREATE OR REPLACE TEMP TABLE bench_{name} AS FROM read_csv('{path}', all_varchar = true)")
    for name, value in {
        "seed": seed,
        "people": people,
        "rows": rows,
        "divisions": str(ROOT / "demo" / "divisions_210782.csv"),
    }.items():
        con.execute(f"SET VARIABLE {name} = {repr(value)}")
    con.execute((ROOT / "tests" / "bench" / "linking_county.sql").read_text(encoding="utf-8"))


def quality(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Of the table ``linked`` against ``truth``: ``link_precision`` of the automatic links, their ``link_recall`` among the expected true
    pairs, ``link_recall_all`` among all, and ``link_seen``: the share of all true pairs among links and candidates."""
    row = con.execute(
        "WITH found AS (SELECT t.row_key, t.person_key, t.is_expected, "
        "  coalesce(bool_or(l.decision = 'auto'), FALSE) AS is_linked, "
        "  coalesce(bool_or(l.decision = 'auto' AND l.person_key = t.person_key), FALSE) AS is_right, "
        "  coalesce(bool_or(l.person_key = t.person_key), FALSE) AS is_seen "
        "  FROM truth AS t LEFT JOIN linked AS l USING (row_key) GROUP BY ALL) "
        "SELECT sum(CAST(is_right AS INTEGER)) / sum(CAST(is_linked AS INTEGER)), "
        "avg(CAST(is_right AS INTEGER)) FILTER (person_key IS NOT NULL AND is_expected), "
        "avg(CAST(is_right AS INTEGER)) FILTER (person_key IS NOT NULL), avg(CAST(is_seen AS INTEGER)) FILTER (person_key IS NOT NULL) FROM found"
    ).fetchone()
    assert row is not None
    return dict(zip(("link_precision", "link_recall", "link_recall_all", "link_seen"), row, strict=True))


def measure(people: int) -> dict[str, float]:
    """``link_seconds`` and ``link_peak_gb`` (medians of three) with the quality of what came out."""
    work = Path(tempfile.mkdtemp(prefix="fupin-linking-"))
    try:
        path = str(work / "county.duckdb")
        with duckdb.connect(path) as con:
            county(con, people, int(people * ROWS_PER_PERSON))
        rounds = []
        for number in range(ROUNDS):
            done = subprocess.run([sys.executable, "-c", CHILD, path], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr[-2000:]
            rounds.append(json.loads(done.stdout))
            one = rounds[-1]
            told = (
                f"linking {number + 1}: {one['seconds']:.1f} s ({one['cpu']:.1f} s of processors), {one['gb']:.2f} GB"
            )
            print(told, file=sys.stderr, flush=True)
        with duckdb.connect(path, read_only=True) as con:
            found = quality(con)
        return {
            "link_seconds": statistics.median(one["seconds"] for one in rounds),
            "link_peak_gb": statistics.median(one["gb"] for one in rounds),
            **found,
        }
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)))
