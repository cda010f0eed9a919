"""How good the links of a dirty county are, tier by tier, beside the id alone and beside Splink alone.

The county is drawn with its truth (``fupin simulate --identity``). Rows that name a household's head only count as the household's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from connectors.feed import Feed, load_feeds
from tests.e2e.identity_truth import Score, links_sql, present_links_sql, report, score

PEOPLE = 100_000


def measure() -> dict[str, float]:
    """``identity_precision`` and ``identity_recall_numbered`` / ``_none`` of the finished system; the same recall of rows without an id
    (``…_exact``: the id alone, ``…_splink``: weights alone) and Splink's own precision."""
    work = Path(tempfile.mkdtemp(prefix="fupin-people-"))
    before = os.environ.get("AIRFLOW__FUPIN__HOME")
    try:
        os.environ["AIRFLOW__FUPIN__HOME"] = str(work)
        os.environ["AIRFLOW__FUPIN__SETTLE_SECONDS"] = "0"
        fupin = [sys.executable, "-m", "warehouse.cli.main"]
        county = ["simulate", f"--people={PEOPLE}", "--seed=7", "--dirt=real", "--identity", f"--out={work / 'county'}"]
        subprocess.run([*fupin, *county], check=True, capture_output=True)
        shutil.copytree(work / "county" / "ingest", work / "ingest")
        for words in (["sync"], ["link"]):
            subprocess.run([*fupin, *words], check=True, capture_output=True)
        return _scored(work / "county" / "truth")
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if before is None:
            del os.environ["AIRFLOW__FUPIN__HOME"]
        else:
            os.environ["AIRFLOW__FUPIN__HOME"] = before


def _scored(truth: Path) -> dict[str, float]:
    from connectors import settings
    from warehouse.database import open_warehouse

    feeds = [feed for feed in load_feeds().values() if feed.subject]
    with open_warehouse(settings.home()) as con:
        system = score(con, present_links_sql(feeds), [truth])
        exact = score(con, links_sql(feeds), [truth])
        alone = score(con, _splink_alone(con, feeds), [truth])
    for name, scores in (("finished", system), ("the id alone", exact), ("Splink alone", alone)):
        print(f"{name}\n{report(scores.values())}", file=sys.stderr, flush=True)
    numbered = [one for tier, one in system.items() if tier != "none"]
    return {
        "identity_precision": _share(system, "right", "linked"),
        "identity_recall_numbered": sum(one.home for one in numbered) / sum(one.rows for one in numbered),
        "identity_recall_none": system["none"].recall,
        "identity_recall_none_exact": exact["none"].recall,
        "identity_recall_none_splink": alone["none"].recall,
        "identity_precision_none_splink": alone["none"].precision,
    }


def _share(scores: dict[str, Score], part: str, whole: str) -> float:
    return sum(getattr(one, part) for one in scores.values()) / sum(getattr(one, whole) for one in scores.values())


def _splink_alone(con: duckdb.DuckDBPyConnection, feeds: list[Feed]) -> str:
    """The probabilistic tier without those before it: every row without an id is weighed."""
    from connectors import settings
    from expectations import normalise
    from warehouse import identity, keys
    from warehouse.history.views import record_sql
    from warehouse.identity import decisions, linking, unlinked

    normalise.install(con)
    identity.install(con, keys.secret("identity_key", settings.home()))
    con.execute("BEGIN")
    con.execute("DELETE FROM core.link_candidate")
    decisions.resolve(con, load_feeds())
    unlinked.gather_people(con)
    unlinked.gather_rows(con, load_feeds())
    con.execute("DELETE FROM known_people WHERE is_numbered")
    model = linking.train(con, "unlinked", "known_people", 7)
    linking.link(con, "unlinked", "known_people", model, "alone")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE alone_links AS SELECT u.feed, u.record, a.person_key FROM alone AS a JOIN unlinked AS u USING (row_key) "
        "WHERE a.decision = 'auto'"
    )
    con.execute("COMMIT")
    return " UNION ALL ".join(
        f"SELECT '{feed.name}' AS feed, t.source_row, coalesce(l.person_key, t.person_key) AS person_key FROM core.{feed.name}_now AS t "
        f"LEFT JOIN alone_links AS l ON l.feed = '{feed.name}' AND l.record = {record_sql(feed, 't.')}"
        for feed in feeds
    )
