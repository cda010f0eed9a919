"""A site's interface under the real scheduler: test the connection, fetch past days, run one batch again, be told when it is late."""

from __future__ import annotations

import contextlib
from typing import Any

from tests.connectors.test_rest_support import SECRET
from tests.e2e.airflow_process import RunningAirflow
from tests.e2e.office import Office

SECONDS = 120.0


def trigger(airflow: RunningAirflow, **conf: Any) -> str:
    return str(airflow.api.post("/dags/port_loan/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"])


def ended(airflow: RunningAirflow, run_id: str) -> str:
    def state() -> str:
        (found,) = [run["state"] for run in airflow.runs("port_loan") if run["dag_run_id"] == run_id]
        return found if found in ("success", "failed") else ""

    return str(airflow.wait(f"end of {run_id}", state, SECONDS))


def test_the_connection_is_tested_and_nothing_is_fetched(airflow: RunningAirflow, office: Office) -> None:
    assert ended(airflow, trigger(airflow, test_connection=True)) == "success"
    assert airflow.batches("port_loan") == [] and office.days == [None]


def test_a_run_fetches_what_the_system_says_today(airflow: RunningAirflow, office: Office) -> None:
    assert ended(airflow, trigger(airflow)) == "success"
    (batch,) = airflow.batches("port_loan")
    assert batch["state"] == "merged" and batch["rows_landed"] == 1 and batch["receipted_at"]


def test_one_batch_is_run_again_without_a_new_pull(airflow: RunningAirflow, office: Office) -> None:
    (batch,) = airflow.batches("port_loan")
    asked = len(office.days)
    assert ended(airflow, trigger(airflow, batch_id=batch["batch_id"])) == "success"
    assert len(office.days) == asked and len(airflow.batches("port_loan")) == 1


def test_a_backfill_asks_for_each_past_day(airflow: RunningAirflow, office: Office) -> None:
    airflow.api.post(
        "/backfills",
        {"dag_id": "port_loan", "from_date": "2016-12-31T00:00:00+08:00", "to_date": "2019-01-02T00:00:00+08:00", "max_active_runs": 1},
    )  # fmt: skip

    def days() -> set[str]:
        found = {batch["as_of"] for batch in airflow.batches("port_loan") if batch.get("receipted_at")}
        return found if len(found) == 4 else set()

    assert airflow.wait("three past days", days, SECONDS) >= {"2017-01-01", "2018-01-01", "2019-01-01"}
    assert office.days[-3:] == ["2017-01-01", "2018-01-01", "2019-01-01"]


def test_a_run_that_does_not_end_is_told_to_the_engineer(airflow: RunningAirflow, office: Office) -> None:
    alerts = airflow.home / "run" / "alerts.jsonl"

    def told() -> int:
        return alerts.read_text("utf-8").count("port_loan") if alerts.exists() else 0

    # A slow machine's earlier runs may have been told of too.
    before = told()
    office.answers.clear()
    run_id = trigger(airflow)
    airflow.wait("alert", lambda: told() > before, SECONDS)
    office.answers.set()
    assert ended(airflow, run_id) == "success"


def test_the_key_is_nowhere(airflow: RunningAirflow) -> None:
    for path in airflow.home.rglob("*"):
        # What is written at this moment may have taken its place by the next.
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                assert SECRET.encode() not in path.read_bytes(), path.name
