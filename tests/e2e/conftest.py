"""What several files share, made once for all of them: counties, and a running Airflow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.airflow_process import RunningAirflow, end, launch, wait_until_up
from tests.e2e.county import County
from tests.e2e.office import Office, settings_of


@pytest.fixture(scope="session")
def shared_county(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., County]:
    """``County`` of (people, seed, options), made by whichever process of the run asks first. Nobody writes into it: a story that does has a copy."""
    base = tmp_path_factory.getbasetemp()
    # Each process of the run has a folder of its own in the run's.
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def county(people: int, seed: int, *words: str) -> County:
        return County(
            run / "-".join(["county", str(people), str(seed), *(word.strip("-") for word in words)]),
            people,
            seed,
            *words,
        )

    return county


@pytest.fixture(scope="session")
def office() -> Office:
    return Office()


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory, office: Office) -> Iterator[RunningAirflow]:
    """A running Airflow for stories that leave it as it is; each has feeds of its own, one the ``office``."""
    root = tmp_path_factory.mktemp("airflow")
    with settings_of(office, root / "feeds") as settings:
        process, output = launch(root / "data", settings=settings)
        try:
            yield wait_until_up(process, root / "data", output)
        finally:
            office.answers.set()
            end(process)
