"""Rules and marts alone: everything that ``fupin build`` makes of a county with every feed, beside the raw load of the same files.

Merging is done before the clock starts. ``marts_ratio``: the first build ÷ raw load. ``marts_delta_ratio``: the build after a delta of one per
cent ÷ raw load. The delta: every row of one family in a hundred changes, in every feed that speaks of people or households
(``tests.deltas.change_families``: each row ends and goes on with other numbers, dates and codes). It is dated like the feeds'
newest files, so that the run date stays: departments deliver one after the other within a month.
Another run date makes everything whole, which is ``marts_ratio`` again.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 2
CHILD = """
import json, os, sys, time
from pathlib import Path
from connectors import settings
from connectors.feed import load_feeds
from tests import deltas
from tests.bench.__main__ import drop
from warehouse import monitor, tasks
from warehouse.database import open_warehouse
from warehouse.history.schema import prepare
home, feeds, found = settings.home(), load_feeds(), {}
drop(Path(sys.argv[1]), home)
waiting = {}
for name in feeds:
    for reference in tasks.collect(name):
        waiting.setdefault(reference, name)
for reference, name in waiting.items():
    tasks.organise(name, reference)
    assert tasks.merge(name, reference)["state"] == "merged", reference
    tasks.feedback(name, reference)
for figure in ("marts_s", "marts_delta_s"):
    if found:
        with open_warehouse(home) as con:
            prepare(con, home, feeds)
            print("changed:", deltas.change_families(con, feeds, 7, 100), file=sys.stderr)
        os.sync()
    told = []
    begun = time.perf_counter()
    tasks.build(lambda line: told.append((time.perf_counter(), line.strip())))
    ended = time.perf_counter()
    found[figure] = ended - begun
    # A line is written before its table is made: the time until the next one is its own.
    spent = [(round(after - at, 2), line) for (at, line), (after, _) in zip(told, [*told[1:], (ended, "")])]
    print("slowest:", sorted(spent, reverse=True)[:12], file=sys.stderr)
print(json.dumps(found))
"""


def measure(people: int) -> dict[str, float]:
    """``marts_ratio``, ``marts_delta_ratio`` (medians of the rounds) and the seconds behind them."""
    from tests.bench.__main__ import RAW, timed

    work = Path(tempfile.mkdtemp(prefix="fupin-marts-"))
    try:
        county = [
            sys.executable, "-m", "warehouse.cli.main", "simulate", f"--people={people}", "--seed=7", "--dirt=none", "--monitoring",
        ]  # fmt: skip
        subprocess.run([*county, f"--out={work / 'first'}"], check=True, capture_output=True)
        files = sorted(str(path) for path in (work / "first" / "ingest").rglob("*.csv"))
        rounds = []
        for number in range(ROUNDS):
            raw, _ = timed([sys.executable, "-c", RAW, str(work / f"raw{number}.duckdb"), *files])
            (work / f"raw{number}.duckdb").unlink()
            home = work / f"home{number}"
            environment = {**os.environ, "AIRFLOW__FUPIN__HOME": str(home), "AIRFLOW__FUPIN__SETTLE_SECONDS": "0"}
            done = subprocess.run(
                [sys.executable, "-c", CHILD, str(work / "first")],
                env=environment, stdout=subprocess.PIPE, text=True, check=True,
            )  # fmt: skip
            found = json.loads(done.stdout.splitlines()[-1])
            rounds.append({"marts_raw_s": raw, **found})
            rounds[-1] |= {"marts_ratio": found["marts_s"] / raw, "marts_delta_ratio": found["marts_delta_s"] / raw}
            print(
                f"marts {number + 1}: raw {raw:.1f} s, all {found['marts_s']:.1f} s ({found['marts_s'] / raw:.2f}), after a delta "
                f"{found['marts_delta_s']:.1f} s ({found['marts_delta_s'] / raw:.2f})",
                file=sys.stderr, flush=True,
            )  # fmt: skip
            shutil.rmtree(home)
        return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    finally:
        shutil.rmtree(work, ignore_errors=True)
