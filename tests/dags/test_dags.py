"""What Airflow makes of ``dags/``: the list of DAGs, each one's chain, pools, retries, and that reading is repeatable."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.sdk.exceptions import AirflowFailException
from airflow.serialization.serialized_objects import DagSerialization

from connectors.errors import DeclarationError, TerminalError, TransientError
from connectors.feed import load_feeds
from connectors.settings import ROOT
from warehouse.upkeep.pools import POOLS, WRITER
from warehouse.upkeep.retries import POLICY

FEEDS = [
    "aid_measure",
    "archive_document",
    "bank_loan",
    "business_registration",
    "card_payment",
    "clue_verification",
    "cremation",
    "custody",
    "death",
    "department_total",
    "disability",
    "disability_service",
    "disaster_loss",
    "disease",
    "education_aid",
    "education_case",
    "education_enrollment",
    "education_expense",
    "employment",
    "employment_training",
    "exit_finding",
    "fund_allotment",
    "fund_payment",
    "health_insurance",
    "health_settlement",
    "help_delivery",
    "help_need",
    "help_offer",
    "helper_assignment",
    "household_registration",
    "household_survey",
    "housing_assessment",
    "housing_renovation",
    "interest_subsidy",
    "link_review",
    "loan_repayment",
    "monitored_household",
    "observation",
    "pension_payment",
    "premium_subsidy",
    "project",
    "project_beneficiary",
    "project_disclosure",
    "public_payroll",
    "real_estate",
    "registry_household",
    "registry_person",
    "social_insurance",
    "special_hardship",
    "subsistence_allowance",
    "survey_estimate",
    "target_baseline",
    "temporary_relief",
    "vehicle",
    "village",
    "village_cadre",
    "visit",
]
INBOXES = [f"inbox_{department}" for department in sorted({feed.department for feed in load_feeds().values()})]


def test_the_dag_ids_are_the_golden_list(dagbag: Any) -> None:
    assert dagbag.import_errors == {}
    assert sorted(dagbag.dags) == sorted(
        [*FEEDS, *INBOXES, "marts", "freshness", "identity", "backup", "restore_drill"]
    )
    assert sorted(load_feeds()) == FEEDS


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_is_collected_organised_merged_and_answered(dagbag: Any, feed: str) -> None:
    dag = dagbag.dags[feed]
    chain = {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}
    assert chain == {
        "collect": ["batch.feedback", "batch.merge", "batch.organise"],  # its batch ids go to all three
        "batch.organise": ["batch.merge"],
        "batch.merge": ["batch.feedback"],
        "batch.feedback": [],
    }
    assert dag.task_dict["batch.merge"].pool == WRITER
    # A batch is one mapped group: its steps wait for each other, never for another batch's.
    groups = {task.task_group.group_id for task in dag.tasks if task.task_id != "collect"}
    assert groups == {"batch"}
    assert dag.max_active_runs == 1 and not dag.catchup
    # Receipts first: what is nearest to the department's answer goes before what begins another one.
    weights = [dag.task_dict[f"batch.{step}"].priority_weight for step in ("organise", "merge", "feedback")]
    assert weights == sorted(weights) and len(set(weights)) == 3
    assert min(weights) > dagbag.dags["marts"].task_dict["build"].priority_weight


def test_the_marts_are_built_then_published(dagbag: Any) -> None:
    dag = dagbag.dags["marts"]
    assert {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks} == {
        "build": ["publish", "worklists"],
        "worklists": [],
        "publish": ["document"],
        "document": [],
    }
    assert {task.task_id for task in dag.tasks if task.pool == WRITER} == {"build", "worklists"}
    assert dag.max_active_runs == 1
    wanted = {asset.name for asset in dag.schedule.asset_condition.objects}
    announced = {outlet.name for name in FEEDS for outlet in dagbag.dags[name].task_dict["batch.merge"].outlets}
    assert announced == {f"feed_{name}" for name in FEEDS}
    assert wanted == announced | {"identity"}


def test_every_pool_is_declared(dagbag: Any) -> None:
    named = {task.pool for dag in dagbag.dags.values() for task in dag.tasks}
    assert named - {"default_pool"} == set(POOLS)
    assert POOLS[WRITER][0] == 1


def test_a_department_s_bell_wakes_the_feeds_that_have_work(dagbag: Any) -> None:
    departments = {feed.department for feed in load_feeds().values() if feed.dropped}
    assert {f"inbox_{department}" for department in departments} == set(INBOXES)
    for department in departments:
        dag = dagbag.dags[f"inbox_{department}"]
        (bell,) = dag.schedule.asset_condition.objects
        assert bell.name == f"inbox_{department}" and len(bell.watchers) == 1
        assert [outlet.name for outlet in dag.task_dict["sort"].outlets] == [f"sorted_{department}"]
    for name, feed in load_feeds().items():
        (arrival,) = dagbag.dags[name].schedule.asset_condition.objects
        assert arrival.name == f"arrived_{name}"
        # The run of the clock may be the one that finds the files of the department's other feeds.
        assert [outlet.name for outlet in dagbag.dags[name].task_dict["collect"].outlets] == [
            f"sorted_{feed.department}"
        ]


def test_a_run_can_be_told_which_batch_which_day_or_only_to_test(dagbag: Any) -> None:
    for name in FEEDS:
        dag = dagbag.dags[name]
        assert set(dag.params) == {"batch_id", "as_of", "test_connection"}
        (deadline,) = dag.deadline if isinstance(dag.deadline, list) else [dag.deadline]
        assert deadline.callback.kwargs["feed"] == name


def test_a_backfill_asks_for_the_day_it_stands_for() -> None:
    import runpy

    past_day = runpy.run_path(str(ROOT / "dags" / "feeds.py"))["past_day"]
    # Half past midnight in the county is still the evening before in UTC.
    night = dt.datetime(2019, 6, 30, 16, 30, tzinfo=dt.UTC)
    backfill = SimpleNamespace(run_type=DagRunType.BACKFILL, logical_date=night)
    scheduled = SimpleNamespace(run_type=DagRunType.SCHEDULED, logical_date=night)
    assert past_day({"as_of": None}, backfill) == "2019-07-01"
    assert past_day({"as_of": None}, scheduled) is None
    assert past_day({"as_of": "2018-12-31"}, scheduled) == "2018-12-31"


def test_a_dag_s_page_says_what_the_declaration_says(dagbag: Any) -> None:
    for name, feed in load_feeds().items():
        page = dagbag.dags[name].doc_md
        assert feed.title in page and feed.department_title in page and feed.grain in page
        assert all(column.label in page for column in feed.columns)
        assert f"department:{feed.department}" in dagbag.dags[name].tags


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (TransientError("locked"), RetryAction.RETRY),
        (TerminalError("broken"), RetryAction.FAIL),
        (DeclarationError("broken"), RetryAction.FAIL),
        (ValueError("a bug"), RetryAction.FAIL),
        (AirflowFailException("no"), RetryAction.FAIL),
    ],
)
def test_only_what_may_heal_is_tried_again(error: Exception, action: RetryAction) -> None:
    assert POLICY.evaluate(error, try_number=1, max_tries=4).action is action


def test_every_task_has_the_retry_policy(dagbag: Any) -> None:
    for dag in dagbag.dags.values():
        for task in dag.tasks:
            policy = task.partial_kwargs["retry_policy"] if task.is_mapped else task.retry_policy
            retries = task.partial_kwargs["retries"] if task.is_mapped else task.retries
            assert policy is POLICY and retries == 4, task.task_id


def test_reading_twice_gives_the_same(dagbag: Any) -> None:
    from tests.dags.conftest import read_dags

    again = read_dags()

    def text(dag: Any) -> str:
        return json.dumps(DagSerialization.to_dict(dag), sort_keys=True, default=str)

    for name, dag in dagbag.dags.items():
        assert text(dag) == text(again.dags[name]), name


def test_reading_is_quick_and_light() -> None:
    """Every task reads its DAG file anew: nothing heavy may be imported by it."""
    script = (
        "import sys, time, runpy; import airflow.sdk; started = time.monotonic()\n"
        "for name in ('feeds', 'inboxes', 'marts', 'freshness', 'identity', 'backups'): runpy.run_path(f'dags/{name}.py')\n"
        "print(time.monotonic() - started, *sys.modules)"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, *modules = done.stdout.split()
    assert not {"great_expectations", "pandas", "duckdb", "sqlglot", "warehouse.tasks"} & set(modules)
    assert float(seconds) < 5 and time.monotonic() - started < 60


def test_who_is_who_is_asked_at_night_and_when_a_list_comes_back(dagbag: Any) -> None:
    from warehouse.identity.questions import ANSWERS, LATER

    dag = dagbag.dags["identity"]
    assert {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks} == {
        "link": ["look"],
        "look": ["conflict.ask", "conflict.settle"],
        "conflict.ask": ["conflict.settle"],
        "conflict.settle": [],
    }
    writers = {task.task_id for task in dag.tasks if task.pool == WRITER}
    # Whoever waits for a person holds no place in the writer's pool.
    assert writers == {"link", "look", "conflict.settle"}
    assert [asset.name for asset in dag.schedule.asset_condition.objects] == ["feed_link_review"]
    ask = dag.task_dict["conflict.ask"]
    assert tuple(ask.partial_kwargs["options"] if ask.is_mapped else ask.options) == ANSWERS
    assert ask.defaults == [LATER] and dt.timedelta(0) < ask.response_timeout < dt.timedelta(days=1)
    assert dag.max_active_runs > 1 and not dag.catchup
