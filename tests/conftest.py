"""All tests: a throw-away data root and Airflow of their own, set before anything can import Airflow.

Nothing heavy is imported here: most tests need neither Airflow nor Great Expectations.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.parsed import know_sql, remember

_HOME = Path(tempfile.mkdtemp(prefix="fupin-tests-"))


def _set_environment() -> None:
    # What a developer has set points at real data.
    for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
        del os.environ[name]
    os.environ["AIRFLOW__FUPIN__HOME"] = str(_HOME)

    from warehouse.upkeep.environment import airflow_environment

    os.environ.update(airflow_environment())


_set_environment()
know_sql(_HOME)


@pytest.fixture
def data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data root for one test; ``settings.home()`` gives it."""
    home = tmp_path / "data"
    home.mkdir()
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(home))
    return home.resolve()


def pytest_unconfigure() -> None:
    remember(_HOME)
    shutil.rmtree(_HOME, ignore_errors=True)


def _no_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """In CI a test that did not run is a failure: a green run must mean that everything was tried."""
    if os.environ.get("CI") and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _no_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _no_skip(report)
    return report
