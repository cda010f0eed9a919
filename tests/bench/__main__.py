"""``make bench``: one JSON line per figure on stdout, ``{"figure": …, "value": …, "people": …}``; progress on stderr.

Raw load is DuckDB's ``CREATE TABLE AS FROM read_csv(all_varchar=true)`` of the same files into a fresh file database, each table
in turn. Every round runs raw load, full sync into a fresh data root, the publication once more as if it were the first, and re-sync (the
full files again, 1 % of the rows changed) one after the other, so that a slow spell of the machine hits all of them; ratios are taken per
round, the median of three is printed. Every run is a process of its own, its memory the peak of the process and its children.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

RAW = """
import duckdb, sys
target, *files = sys.argv[1:]
con = duckdb.connect(target)
for number, name in enumerate(files):
    con.execute(f"CREATE TABLE t{number} AS FROM read_csv('{name}', all_varchar=true)")
con.close()
"""

SYNC = (
    "full_sync_ratio", "publish_ratio", "resync_ratio", "peak_rss_gb", "raw_load_s", "full_sync_s", "publish_s", "resync_s", "rows", "csv_mb",
)  # fmt: skip
REST = ("rest_ratio", "rest_rows_per_second")
DATABASE = ("database_ratio", "database_rows_per_second")
LINKING = ("link_seconds", "link_peak_gb", "link_precision", "link_recall", "link_recall_all", "link_seen")
DELTA = ("merge_first_s", "merge_delta_s", "merge_again_s", "merge_delta_ratio", "merge_again_ratio")
PEOPLE = (
    "identity_precision", "identity_recall_numbered", "identity_recall_none", "identity_recall_none_exact", "identity_recall_none_splink",
    "identity_precision_none_splink",
)  # fmt: skip
MARTS = ("marts_ratio", "marts_delta_ratio", "marts_s", "marts_delta_s", "marts_raw_s")
FIGURES = (*SYNC, *REST, *DATABASE, *LINKING, *DELTA, *PEOPLE, *MARTS)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def timed(command: list[str], environment: dict[str, str] | None = None) -> tuple[float, float]:
    """(seconds, peak memory in GB of the process and its children, sampled every 50 ms). Raises on failure with the output's end."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            try:
                root = psutil.Process(process.pid)
                peak = max(peak, sum(one.memory_info().rss for one in [root, *root.children(recursive=True)]))
            except psutil.Error:
                pass
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - started
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:4])} … failed:\n{output[-2000:]}")
    return seconds, peak / 2**30


def drop(source: Path, home: Path) -> None:
    """Put a county's files into the inboxes (hard work for nobody: not part of any timing)."""
    for path in sorted((source / "ingest").rglob("*")):
        if path.is_file():
            target = home / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            os.utime(target, (time.time() - 60, time.time() - 60))


def tell(found: dict[str, float], wanted: list[str], people: int) -> None:
    """The wanted figures as JSON lines."""
    for name, value in found.items():
        if name in wanted:
            print(
                json.dumps(
                    {
                        "figure": name,
                        "value": round(value, 6 if name.startswith(("link_", "identity_")) else 3),
                        "people": people,
                    }
                ),
                flush=True,
            )


def sync_figures(people: int, rounds: int) -> dict[str, float]:
    """Full sync and re-sync of a county beside the raw load of the same files."""
    work = Path(tempfile.mkdtemp(prefix="fupin-bench-"))
    fupin = [sys.executable, "-m", "warehouse.cli.main"]
    measured: dict[str, list[float]] = {name: [] for name in SYNC}
    try:
        say(f"county of {people} people …")
        common = ["--people", str(people), "--seed", "7", "--dirt", "none", "--format", "csv"]
        timed([*fupin, "simulate", *common, "--out", str(work / "first")])
        timed([*fupin, "simulate", *common, "--out", str(work / "second"), "--changed", "1"])
        files = sorted(str(path) for path in (work / "first" / "ingest").rglob("*.csv"))
        measured["csv_mb"] = [sum(os.path.getsize(name) for name in files) / 1e6]
        for number in range(rounds):
            home = work / "home"
            shutil.rmtree(home, ignore_errors=True)
            environment = {**os.environ, "AIRFLOW__FUPIN__HOME": str(home), "AIRFLOW__FUPIN__SETTLE_SECONDS": "0"}
            drop(work / "first", home)
            (work / "raw.duckdb").unlink(missing_ok=True)
            raw, _ = timed([sys.executable, "-c", RAW, str(work / "raw.duckdb"), *files])
            full, full_peak = timed([*fupin, "sync"], environment)
            shutil.rmtree(home / "published")
            published, _ = timed([*fupin, "publish"], environment)
            drop(work / "second", home)
            again, again_peak = timed([*fupin, "sync"], environment)
            ledger = json.loads(
                subprocess.run([*fupin, "batches", "--json"], env=environment, capture_output=True, check=True).stdout
            )
            assert len(ledger) == 2 * len(files) and all(row["state"] == "merged" for row in ledger), (
                "not every file was merged"
            )
            measured["rows"] = [sum(row["rows_landed"] for row in ledger) / 2]
            for name, value in {
                "raw_load_s": raw, "full_sync_s": full, "publish_s": published, "resync_s": again, "full_sync_ratio": full / raw,
                "publish_ratio": published / raw, "resync_ratio": again / raw, "peak_rss_gb": max(full_peak, again_peak),
            }.items():  # fmt: skip
                measured[name].append(value)
            say(f"round {number + 1}: raw {raw:.1f} s, full {full:.1f} s ({full / raw:.2f}), publication {published:.1f} s "
                f"({published / raw:.2f}), re-sync {again:.1f} s ({again / raw:.2f}), peak {max(full_peak, again_peak):.2f} GB")  # fmt: skip
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return {name: statistics.median(values) for name, values in measured.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(prog="make bench")
    arguments.add_argument("--figures", default="", help=f"comma separated, of {', '.join(FIGURES)}")
    arguments.add_argument("--people", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    wanted = [name for name in options.figures.split(",") if name] or list(FIGURES)
    if unknown := sorted(set(wanted) - set(FIGURES)):
        arguments.error(f"unknown figures {unknown}")

    if set(wanted) & set(SYNC):
        tell(sync_figures(options.people, options.rounds), wanted, options.people)
    # One row a person; the peers are plain loops over the same server in the same run.
    if set(wanted) & set(REST):
        from tests.bench import rest

        tell(rest.measure(options.people), wanted, options.people)
    if set(wanted) & set(DATABASE):
        from tests.bench import database

        tell(database.measure(options.people), wanted, options.people)
    if set(wanted) & set(LINKING):
        from tests.bench import linking

        tell(linking.measure(options.people), wanted, options.people)
    if set(wanted) & set(MARTS):
        from tests.bench import marts

        tell(marts.measure(options.people), wanted, options.people)
    if set(wanted) & set(DELTA):
        from tests.bench import delta

        tell(delta.measure(options.people), wanted, options.people)
    if set(wanted) & set(PEOPLE):
        from tests.bench import people

        tell(people.measure(), wanted, people.PEOPLE)


if __name__ == "__main__":
    main()
