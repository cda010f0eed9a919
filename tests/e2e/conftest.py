"""Counties that several files look at, made once for all of them."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.e2e.county import County


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
