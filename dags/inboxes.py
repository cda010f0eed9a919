"""One Airflow DAG per department's inbox: rung by the doorbell, it sorts what lies there and wakes the feeds that have work.

A department may send a dozen kinds of file into one folder; only the feed whose file it is gets a run. Should the bell be silent
(the triggerer is down), the inbox is looked into every quarter of an hour; departments take turns, so that a real delivery never
waits behind all of them.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable, task

from connectors.feed import load_feeds
from warehouse.upkeep.assets import arrival, doorbells, sorted_inbox
from warehouse.upkeep.retries import DEFAULTS

NET_MINUTES = 15

_feeds = load_feeds()


def inbox_dag(department: str, title: str, bell: Asset, minute: int) -> DAG:
    """The DAG of one department's inbox."""
    arrived = sorted_inbox(department)
    with DAG(
        dag_id=f"inbox_{department}",
        dag_display_name=f"收件夹 {title} inbox_{department}",
        description=f"{title}: sort ingest/{department}/ and wake the feeds that have work",
        doc_md=__doc__,
        schedule=AssetOrTimeSchedule(
            assets=[bell],
            timetable=CronTriggerTimetable(
                f"{minute % NET_MINUTES}-59/{NET_MINUTES} * * * *", timezone="Asia/Shanghai"
            ),
        ),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULTS,
        tags=[f"department:{department}", "inbox"],
    ) as dag:

        @task(outlets=[arrived], priority_weight=5, weight_rule="absolute")
        def sort(outlet_events: Any = None) -> int:
            """Make batches of the files that lie in the inbox; the number of feeds that have work."""
            from warehouse import tasks

            waiting = tasks.sort_inbox(department)
            for name in waiting:
                outlet_events[arrived].add(arrival(name))
            return len(waiting)

        sort()
    return dag


_titles = {feed.department: feed.department_title for feed in reversed(_feeds.values())}
for _minute, (_department, _bell) in enumerate(doorbells(_feeds).items()):
    globals()[f"inbox_{_department}"] = inbox_dag(_department, _titles[_department], _bell, _minute)
