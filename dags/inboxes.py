"""One Airflow DAG per department's inbox: rung by the doorbell, it sorts what lies there and wakes the feeds that have work.

A department may send a dozen kinds of file into one folder; only the feed whose file it is gets a run. Should the bell be silent
(the triggerer is down), every feed's own schedule sorts the inbox too.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, AssetAlias, task

from connectors.feed import load_feeds
from warehouse.upkeep.assets import arrivals, doorbells
from warehouse.upkeep.retries import DEFAULTS

_feeds = load_feeds()
_arrivals = arrivals(_feeds)


def inbox_dag(department: str, title: str, bell: Asset) -> DAG:
    """The DAG of one department's inbox."""
    arrived = AssetAlias(name=f"sorted_{department}")
    with DAG(
        dag_id=f"inbox_{department}",
        dag_display_name=f"收件夹 {title} inbox_{department}",
        description=f"{title}: sort ingest/{department}/ and wake the feeds that have work",
        doc_md=__doc__,
        schedule=[bell],
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
                outlet_events[arrived].add(_arrivals[name])
            return len(waiting)

        sort()
    return dag


_titles = {feed.department: feed.department_title for feed in reversed(_feeds.values())}
for _department, _bell in doorbells(_feeds).items():
    globals()[f"inbox_{_department}"] = inbox_dag(_department, _titles[_department], _bell)
