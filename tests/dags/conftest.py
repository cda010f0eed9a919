"""The DAG folder as Airflow reads it, once for all tests of this folder."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.settings import ROOT


def read_dags() -> Any:
    """A fresh reading of ``dags/``."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(ROOT / "dags"))


@pytest.fixture(scope="session")
def dagbag() -> Any:
    return read_dags()
