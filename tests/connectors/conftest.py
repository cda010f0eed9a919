"""A server that plays a script, known to Airflow's connection, and a pull from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors import pull
from tests.connectors.test_rest_support import CONN, Asked, Reply, Site, connection, declare, request, serve


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    """Makes a running server known as connection ``test_rest``, with ``extra`` in it; returns the server."""

    def known(site: Site, **extra: Any) -> Site:
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN}", connection(site.url, **extra))
        return site

    return known


@pytest.fixture
def pulled(tmp_path: Path, known: Callable[..., Site]) -> Callable[..., tuple[pull.Pulled | None, Site]]:
    """One pull from a server that plays ``play`` (a function, or the one answer it always gives): what came, and the server."""

    def pulled(
        source: str, play: Callable[[Asked, int], Reply] | Reply, mode: str = "upsert"
    ) -> tuple[pull.Pulled | None, Site]:
        with serve(play if callable(play) else lambda asked, number: play) as site:
            known(site)
            return pull.pull(request(declare(tmp_path, source, mode), tmp_path)), site

    return pulled
