"""The merge alone: a county's first files; a month later only the rows that changed, one in a hundred (增量); the whole files again.

Reading and validating are done before the clock starts; the clock runs from a validated batch to its commit, over all feeds. Every round
is a process of its own on a data root of its own; both second months begin with a copy of the same warehouse.
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
import json, os, shutil, sys, time
from pathlib import Path
from connectors.feed import load_feeds
from warehouse import tasks
from warehouse.database import kept_open
home = Path(os.environ["AIRFLOW__FUPIN__HOME"])
first, delta, again = map(Path, sys.argv[1:])


def merged(source, home):
    os.environ["AIRFLOW__FUPIN__HOME"] = str(home)
    for path in (source / "ingest").rglob("*.*"):
        target = home / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        os.utime(target, (1e9, 1e9))
    waiting = {}
    for name in load_feeds():
        for reference in tasks.collect(name):
            waiting.setdefault(reference, name)
    for reference, name in waiting.items():
        tasks.organise(name, reference)
    # What was copied and staged must not be written out on the merge's time.
    os.sync()
    begun = time.perf_counter()
    # As fupin sync merges what waits.
    with kept_open():
        for reference, name in waiting.items():
            assert tasks.merge(name, reference)["state"] == "merged"
    seconds = time.perf_counter() - begun
    for reference, name in waiting.items():
        tasks.feedback(name, reference)
    return seconds


found = [merged(first, home)]
shutil.copytree(home, home.with_name(home.name + "-again"))
found += [merged(delta, home), merged(again, home.with_name(home.name + "-again"))]
print(json.dumps(found))
"""


def measure(people: int) -> dict[str, float]:
    """``merge_first_s``, ``merge_delta_s``, ``merge_again_s`` and the two ratios to the first (per round; medians)."""
    work = Path(tempfile.mkdtemp(prefix="fupin-delta-"))
    try:
        county = [
            sys.executable,
            "-m",
            "warehouse.cli.main",
            "simulate",
            f"--people={people}",
            "--seed=7",
            "--dirt=none",
        ]
        for name, more in (("first", []), ("delta", ["--changed=1", "--delta"]), ("again", ["--changed=1"])):
            subprocess.run([*county, f"--out={work / name}", *more], check=True, capture_output=True)
        rounds = []
        for number in range(ROUNDS):
            home = work / f"home{number}"
            environment = {**os.environ, "AIRFLOW__FUPIN__HOME": str(home), "AIRFLOW__FUPIN__SETTLE_SECONDS": "0"}
            done = subprocess.run(
                [sys.executable, "-c", CHILD, *(str(work / name) for name in ("first", "delta", "again"))],
                env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr[-2000:]
            rounds.append(json.loads(done.stdout.splitlines()[-1]))
            first, delta, again = rounds[-1]
            print(
                f"merge {number + 1}: first {first:.1f} s, delta {delta:.1f} s ({delta / first:.2f}), again {again:.1f} s ({again / first:.2f})",
                file=sys.stderr,
                flush=True,
            )
            shutil.rmtree(home)
            shutil.rmtree(home.with_name(home.name + "-again"))
        firsts, deltas, agains = zip(*rounds, strict=True)
        return {
            "merge_first_s": statistics.median(firsts),
            "merge_delta_s": statistics.median(deltas),
            "merge_again_s": statistics.median(agains),
            "merge_delta_ratio": statistics.median(one / first for one, first in zip(deltas, firsts, strict=True)),
            "merge_again_ratio": statistics.median(one / first for one, first in zip(agains, firsts, strict=True)),
        }
    finally:
        shutil.rmtree(work, ignore_errors=True)
