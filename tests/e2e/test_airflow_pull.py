"""A site's interface under the real scheduler: test the connection, fetch past days, run one batch again, be told when it is late."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests import databases
from tests.connectors.test_rest_support import SECRET, Asked, Reply, serve
from tests.e2e.airflow_process import RunningAirflow, end, launch, wait_until_up

SECONDS = 120.0
SOURCE = """connection = "office"
path = "/loans"
records = "list"
as_of_param = "day"
[source.auth]
kind = "api_key"
header = "X-Key"
"""


class Office:
    """The department's server: what it was asked for, and whether it answers at the moment."""

    def __init__(self) -> None:
        self.days: list[str | None] = []
        self.answers = threading.Event()
        self.answers.set()

    def play(self, asked: Asked, _: int) -> Reply:
        self.answers.wait(60)
        if asked.headers.get("X-Key") != SECRET:
            return Reply(status=401)
        day = asked.params.get("day")
        self.days.append(day)
        loan = {
            "id": "L1",
            "sfzh": databases.citizen_id(7),
            "xm": "某甲",
            "je": 100,
            "ffrq": "2019-01-02",
            "bz": day or "今日",
        }
        return Reply({"list": [loan]})


@pytest.fixture(scope="module")
def office() -> Office:
    return Office()


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, office: Office) -> Iterator[RunningAirflow]:
    root = tmp_path_factory.mktemp("pull")
    feeds = root / "feeds"
    feeds.mkdir()
    declared = databases.declaration("port_loan", SOURCE, "snapshot").replace('kind = "database"', 'kind = "rest"')
    # Its own clock rings once a year: the runs of this test are those that it asks for.
    declared = declared.replace('mode = "snapshot"', 'mode = "snapshot"\nschedule = "0 4 1 1 *"')
    (feeds / "port_loan.toml").write_text(declared, encoding="utf-8")
    with serve(office.play) as site:
        connection = {"conn_type": "http", "host": site.url, "password": SECRET}
        settings = {
            "AIRFLOW__FUPIN__FEEDS": str(feeds),
            # Not so short that every run of the start would be told of.
            "AIRFLOW__FUPIN__RUN_DEADLINE_MINUTES": "0.2",
            "AIRFLOW_CONN_OFFICE": json.dumps(connection),
        }
        process, output = launch(root / "data", port=21850, settings=settings)
        try:
            yield wait_until_up(process, root / "data", output)
        finally:
            office.answers.set()
            end(process)


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
    office.answers.clear()
    run_id = trigger(airflow)
    alerts = airflow.home / "run" / "alerts.jsonl"
    told = airflow.wait("alert", lambda: alerts.exists() and "port_loan" in alerts.read_text("utf-8"), SECONDS)
    office.answers.set()
    assert told and ended(airflow, run_id) == "success"


def test_the_key_is_nowhere(airflow: RunningAirflow) -> None:
    time.sleep(1)
    for path in airflow.home.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path.name
