"""The Airflow DAG that says who is who 人员比对: links rows without an id, applies what people have answered, asks what is left.

Every night, when a review list 人员核对 has come back, and by hand. What a clerk can answer goes out as workbooks; one id with two
names and birth dates is a question to engineers («Required Actions» in Airflow's pages). A question names nobody: it shows the batches
and rows to look at. Nobody has to answer: after a day it is «以后再说», and nothing waits for it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, AssetAny, AssetOrTimeSchedule, CronTriggerTimetable, Param, task, task_group

from connectors.feed import load_feeds
from warehouse.upkeep.assets import IDENTITY, tables, who_is_who
from warehouse.upkeep.pools import WRITER
from warehouse.upkeep.retries import DEFAULTS

ANSWERS = ["两人", "同一人", "以后再说"]
LATER = ANSWERS[-1]
# Shorter than the time to the next night's run.
WAIT = timedelta(hours=20)

with DAG(
    dag_id="identity",
    dag_display_name="人员比对 identity",
    description="Link rows without an id, apply the answers of review lists, ask engineers about shared ids",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(
        assets=AssetAny(tables(load_feeds())["link_review"]),
        timetable=CronTriggerTimetable("17 2 * * *", timezone="Asia/Shanghai"),
    ),
    catchup=False,
    # A run that waits for an answer must not keep tonight's from linking.
    max_active_runs=4,
    params={
        "retrain": Param(
            False,
            type="boolean",
            title="重新学习 retrain",
            description="Learn from the present data instead of the stored model",
        )
    },
    default_args=DEFAULTS,
    tags=["identity"],
):

    @task(pool=WRITER, outlets=[who_is_who()])
    def link(params: Any = None, outlet_events: Any = None) -> dict[str, int]:
        """Find people for rows without an id, apply answers, write the lists that have changed; counts."""
        from warehouse import tasks

        counts = tasks.link(params["retrain"])
        if counts["changed"]:
            outlet_events[who_is_who()].add(IDENTITY)
        return counts

    @task(pool=WRITER)
    def look() -> list[dict[str, str]]:
        """The questions that are due: token, subject and body, without personal data."""
        from warehouse import tasks

        return tasks.questions()

    @task(pool=WRITER, outlets=[who_is_who()])
    def settle(question: str, answer: Any, outlet_events: Any = None) -> dict[str, int]:
        """Write down the answer and what follows from it."""
        from warehouse import tasks

        user = answer["responded_by_user"] or {}
        counts = tasks.settle(question, answer["chosen_options"][0], str(user.get("name") or "nobody"))
        if counts["changed"]:
            outlet_events[who_is_who()].add(IDENTITY)
        return counts

    # One group per question: nobody waits for another one's answer.
    @task_group
    def conflict(question: str, subject: str, body: str) -> None:
        ask = HITLOperator(
            task_id="ask", subject=subject, body=body, options=ANSWERS, defaults=LATER, response_timeout=WAIT
        )
        settle(question, ask.output)

    found = look()
    link() >> found
    conflict.expand_kwargs(found)
