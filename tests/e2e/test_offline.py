"""The whole way of a small county on a machine without a network: nobody is called, and nothing is left lying about."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from connectors.settings import ROOT

# The kernel takes the network away where it lets us; Python tells of every attempt wherever we are.
CUT_OFF = ["unshare", "--map-root-user", "--net"]
STORY = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"):
        raise AssertionError(f"{event} {arguments[1:]}")

sys.addaudithook(refuse)
from warehouse.cli.main import main

home = sys.argv[1]
assert main(["simulate", "--people", "100", "--seed", "3", "--out", home]) == 0
assert main(["sync"]) == 0
assert main(["query", "SELECT count(*) > 0 AS there FROM person_status", "--format", "csv"]) == 0
assert main(["verify"]) == 0
"""


def test_nobody_is_called_and_nothing_is_left_lying_about(tmp_path: Path) -> None:
    home, temporary = tmp_path / "data", tmp_path / "tmp"
    temporary.mkdir()
    is_cut_off = subprocess.run([*CUT_OFF, "true"], capture_output=True, check=False).returncode == 0
    done = subprocess.run(
        [*(CUT_OFF if is_cut_off else []), sys.executable, "-c", STORY, str(home)], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "AIRFLOW__FUPIN__HOME": str(home), "TMPDIR": str(temporary), "FUPIN_DEBUG": "1"},
    )  # fmt: skip
    assert done.returncode == 0 and "there\ntrue\n" in done.stdout, done.stderr[-2000:]
    assert list(temporary.iterdir()) == []
    # Senders' files come from outside, outboxes are their department's group's, and snapshots are for everybody.
    for folder in ("landing", "run", "secrets", "warehouse"):
        files = [path for path in (home / folder).rglob("*") if path.is_file()]
        assert [path for path in files if path.stat().st_mode & 0o077] == []
        assert folder == "run" or files
