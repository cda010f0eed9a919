"""``fupin`` in the process of the tests: what a command imports, Great Expectations foremost (five seconds), is imported once for all of them.

That it lives and dies as a process of its own is for ``tests/faults`` to show.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
from pathlib import Path

import pytest

from warehouse.cli.main import main


def fupin(home: Path, *words: str, settle: str = "0", check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run one command on the data root ``home``; any exit code but 0 fails the test with what was said, unless ``check`` is off."""
    out, err = io.StringIO(), io.StringIO()
    mask = os.umask(0o077)
    try:
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patch.setenv("AIRFLOW__FUPIN__HOME", str(home))
            patch.setenv("AIRFLOW__FUPIN__SETTLE_SECONDS", settle)
            # A process of its own would log to its own standard error, not to that of the first command of all.
            patch.setattr(logging.getLogger(), "handlers", [])
            code = main(list(words))
    finally:
        os.umask(mask)
    done = subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())
    assert not (check and code), f"fupin {words[0]}: exit {code}: {done.stderr[-600:]}"
    return done
