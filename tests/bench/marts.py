"""Rules and marts alone: everything that ``fupin build`` makes of a county with every feed, beside the raw load of the same files.

Merging is done before the clock starts. ``marts_ratio``: the first build ÷ raw load; ``marts_delta_ratio``: the build after one row in a
hundred of every feed has changed ÷ raw load.
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
import duckdb
from connectors.feed import load_feeds
from tests.bench.__main__ import RAW, drop
from warehouse import tasks
home = Path(os.environ["AIRFLOW__FUPIN__HOME"])
found = {}
for number, source in enumerate(map(Path, sys.argv[1:])):
    drop(source, home)
    waiting = {}
    for name in load_feeds():
        for reference in tasks.collect(name):
            waiting.setdefault(reference, name)
    for reference, name in waiting.items():
        tasks.organise(name, reference)
        assert tasks.merge(name, reference)["state"] == "merged", reference
        tasks.feedback(name, reference)
    slow = []
    begun = last = time.perf_counter()
    def told(line):
        global last
        slow.append((time.perf_counter() - last, line.strip()))
        last = time.perf_counter()
    tasks.build(told)
    found["marts_delta_s" if number else "marts_s"] = time.perf_counter() - begun
    # A line is written before its table is made: the time that follows it is its own.
    spent = [(round(slow[k + 1][0], 2), slow[k][1]) for k in range(len(slow) - 1)]
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
        for name, more in (("first", []), ("second", ["--changed=1"])):
            subprocess.run([*county, f"--out={work / name}", *more], check=True, capture_output=True)
        files = sorted(str(path) for path in (work / "first" / "ingest").rglob("*.csv"))
        rounds = []
        for number in range(ROUNDS):
            raw, _ = timed([sys.executable, "-c", RAW, str(work / f"raw{number}.duckdb"), *files])
            (work / f"raw{number}.duckdb").unlink()
            home = work / f"home{number}"
            environment = {**os.environ, "AIRFLOW__FUPIN__HOME": str(home), "AIRFLOW__FUPIN__SETTLE_SECONDS": "0"}
            done = subprocess.run(
                [sys.executable, "-c", CHILD, str(work / "first"), str(work / "second")],
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
