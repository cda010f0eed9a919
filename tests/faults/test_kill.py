"""kill -9 at a call that touches disk or database, then a rerun: the same warehouse, one receipt a file, one snapshot.

The points are found by an undisturbed run. Here one seeded call of every phase is taken, by ``make faults`` every call.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.commands import fupin
from tests.parsed import know_sql

SEED = 20261123
PHASES = {
    "collect": ("warehouse.intake", "warehouse.sealing", "connectors."),
    "validate": ("expectations.stage", "expectations.run", "warehouse.organising"),
    "merge": ("warehouse.merging", "warehouse.history", "warehouse.identity"),
    "feedback": ("warehouse.feedback",),
    "publish": ("warehouse.publish",),
}


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "AIRFLOW__FUPIN__HOME": str(home), "AIRFLOW__FUPIN__SETTLE_SECONDS": "0",
            # One call after another, so that the n-th is always the same.
            "AIRFLOW__FUPIN__ORGANISE_AHEAD": "0"}  # fmt: skip


def run(home: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], env=environment(home), capture_output=True, text=True, check=check
    )


def deliver(county: Path, home: Path) -> None:
    """The poverty office's three files, and one that nobody can read."""
    inbox = home / "ingest" / "fupinban"
    inbox.mkdir(parents=True)
    for path in (county / "ingest" / "fupinban").iterdir():
        shutil.copyfile(path, inbox / path.name)
    (inbox / "坏文件.csv").write_text("完全,不认识,的表头\n1,2,3\n", encoding="utf-8")
    for path in inbox.iterdir():
        os.utime(path, (1e9, 1e9))


def end_state(home: Path) -> dict[str, object]:
    """What must not depend on where a process died."""
    ledger = json.loads(fupin(home, "batches", "--json").stdout)
    log = json.loads(fupin(home, "audit", "--json").stdout)
    return {
        "log": [(entry["number"], entry["what"], entry["target"]) for entry in log],
        "hash": fupin(home, "verify").stdout,
        "ledger": sorted((row["feed"], row["batch_id"], row["state"], row["rows_landed"]) for row in ledger),
        "outbox": sorted(str(path.relative_to(home)) for path in (home / "outbox").rglob("*") if path.is_file()),
        "snapshots": sorted(path.name for path in (home / "published").iterdir()),
        "inbox": sorted(path.name for path in (home / "ingest").rglob("*") if path.is_file()),
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """(template data root with the same keys and files, undisturbed end state, names of the calls)."""
    root = tmp_path_factory.mktemp("kill")
    run(root, "warehouse.cli.main", "simulate", "--people", "400", "--seed", "3", "--out", str(root / "county"))
    template = root / "template"
    deliver(root / "county", template)
    know_sql(template)
    # The keys decide hashes and pseudonyms, so every run gets the same ones.
    (template / "secrets").mkdir(mode=0o700)
    for name in ("warehouse_key", "identity_key", "publication_key"):
        (template / "secrets" / name).write_text("ab" * 32, encoding="ascii")
    home = root / "home"
    shutil.copytree(template, home, copy_function=shutil.copy2)
    names = run(home, "tests.faults.killer", "0").stdout.split("\n")
    calls = [line for line in names if line.count(" ") == 1 and "." in line]
    state = end_state(home)
    assert sum(name.endswith(".回执.xlsx") for name in state["outbox"]) == 4  # type: ignore[attr-defined]
    return template, state, calls


def points(calls: list[str], phase: str) -> list[tuple[int, str]]:
    """Where to die: one seeded call of the phase, or with FUPIN_EVERY_FAULT every one, before and after."""
    inside = [number for number, name in enumerate(calls, start=1) if name.startswith(PHASES[phase])]
    assert inside, f"no call found in phase {phase}"
    if os.environ.get("FUPIN_EVERY_FAULT"):
        return [(number, when) for number in inside for when in ("before", "after")]
    chance = random.Random(f"{SEED} {phase}")
    return [(chance.choice(inside), chance.choice(["before", "after"]))]


def die_and_rerun(template: Path, home: Path, at: int, when: str) -> dict[str, object]:
    shutil.copytree(template, home, copy_function=shutil.copy2)
    killed = run(home, "tests.faults.killer", str(at), when, check=False)
    assert killed.returncode == -signal.SIGKILL
    run(home, "warehouse.cli.main", "sync")
    return end_state(home)


@pytest.mark.parametrize("phase", PHASES)
def test_a_kill_in_any_phase_leaves_nothing_half_done(undisturbed, tmp_path, phase):
    template, state, calls = undisturbed
    for at, when in points(calls, phase):
        print(f"seed {SEED}: {phase} dies {when} call {at} of {len(calls)}, {calls[at - 1]}")
        home = tmp_path / f"{phase}{at}{when}"
        assert die_and_rerun(template, home, at, when) == state, f"killed {when} call {at}: {calls[at - 1]}"
        shutil.rmtree(home)
