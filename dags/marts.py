"""The Airflow DAG that rebuilds the marts, asks people about the clues 核查清单 and publishes 发布 whenever a feed's rows, or who they
are about, have changed.

It works from the warehouse's state, not from the events: several merges may share one run, and a merge that ends while
a run is under way starts another one after it.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, AssetAny, AssetOrTimeSchedule, CronTriggerTimetable, task

from connectors.feed import load_feeds
from warehouse.upkeep.assets import IDENTITY, MARTS, SNAPSHOT, tables
from warehouse.upkeep.pools import WRITER
from warehouse.upkeep.retries import DEFAULTS


def counts(result: dict[str, Any]) -> dict[str, Any]:
    """What may stand in Airflow's database of a task's result."""
    return {key: value for key, value in result.items() if isinstance(value, int) or key == "snapshot_id"}


with DAG(
    dag_id="marts",
    dag_display_name="专题表与发布 marts",
    description="Rebuild the marts from the warehouse, write the worklists, publish a de-identified snapshot",
    doc_md=__doc__,
    # Any feed's merge, any change of who is who; the clock is a safety net that finds nothing to do when all went well.
    schedule=AssetOrTimeSchedule(
        assets=AssetAny(*tables(load_feeds()).values(), IDENTITY),
        timetable=CronTriggerTimetable("41 * * * *", timezone="Asia/Shanghai"),
    ),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["marts", "publish"],
):

    @task(pool=WRITER, outlets=[MARTS])
    def build() -> dict[str, Any]:
        """Build every mart whose inputs have changed."""
        from warehouse import tasks

        return counts(tasks.build())

    @task(pool=WRITER)
    def worklists() -> int:
        """Write the worklists whose clues or answers have changed; how many."""
        from warehouse import tasks

        return tasks.worklists()

    @task(outlets=[SNAPSHOT])
    def publish() -> dict[str, Any]:
        """Publish the marts as a new snapshot, unless the present one holds the same."""
        from warehouse import tasks

        return counts(tasks.publish())

    @task
    def document() -> int:
        """Render the Data Docs of feeds that have a newer validation result."""
        from warehouse import tasks

        return tasks.document()

    built = build()
    built >> publish() >> document()
    built >> worklists()
