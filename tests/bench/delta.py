"""The merge alone: a county's first files, and the same files a month later with one row in a hundred changed.

Reading and validating are done before the clock starts; the clock runs from a validated batch to its commit, over all feeds. Every round
is a process of its own on a data root of its own.
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
home = Path(os.environ["AIRFLOW__FUPIN__HOME"])
found = []
for source in map(Path, sys.argv[1:]):
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
    seconds = 0.0
    for reference, name in waiting.items():
        begun = time.perf_counter()
        assert tasks.merge(name, reference)["state"] == "merged"
        seconds += time.perf_counter() - begun
        tasks.feedback(name, reference)
    found.append(seconds)
print(json.dumps(found))
"""


def measure(people: int) -> dict[str, float]:
    """``merge_first_s``, ``merge_delta_s`` and ``merge_delta_ratio`` (per round; medians)."""
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
        for name, more in (("first", []), ("second", ["--changed=1"])):
            subprocess.run([*county, f"--out={work / name}", *more], check=True, capture_output=True)
        rounds = []
        for number in range(ROUNDS):
            home = work / f"home{number}"
            environment = {**os.environ, "AIRFLOW__FUPIN__HOME": str(home), "AIRFLOW__FUPIN__SETTLE_SECONDS": "0"}
            done = subprocess.run(
                [sys.executable, "-c", CHILD, str(work / "first"), str(work / "second")],
                env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr[-2000:]
            rounds.append(json.loads(done.stdout.splitlines()[-1]))
            first, delta = rounds[-1]
            print(
                f"merge {number + 1}: first {first:.1f} s, delta {delta:.1f} s ({delta / first:.2f})",
                file=sys.stderr,
                flush=True,
            )
            shutil.rmtree(home)
        return {
            "merge_first_s": statistics.median(first for first, _ in rounds),
            "merge_delta_s": statistics.median(delta for _, delta in rounds),
            "merge_delta_ratio": statistics.median(delta / first for first, delta in rounds),
        }
    finally:
        shutil.rmtree(work, ignore_errors=True)
