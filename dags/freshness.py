"""The Airflow DAG that alerts when a feed is late: its newest data are older than its declaration promises."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, task

from warehouse.upkeep.retries import DEFAULTS

with DAG(
    dag_id="freshness",
    dag_display_name="迟报提醒 freshness",
    description="Alert for every feed whose newest data are older than promised",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("30 7 * * *", timezone="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["upkeep"],
):

    @task
    def look() -> int:
        """Alert once per late feed and week; the number of late feeds."""
        from warehouse import tasks

        return tasks.lateness()

    look()
