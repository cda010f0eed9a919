"""One Airflow DAG per feed declaration: collect 采集 → organise 整理 → merge → feed back 反馈, each batch on its own."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable, get_parsing_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from connectors import places, settings
from connectors.errors import FupinError
from connectors.feed import Feed, load_feed, load_feeds
from warehouse.upkeep.assets import doorbells, tables
from warehouse.upkeep.pools import WRITER
from warehouse.upkeep.retries import DEFAULTS

TIMEZONE = "Asia/Shanghai"


def counts(result: dict[str, Any]) -> dict[str, Any]:
    """What may stand in Airflow's database of a task's result: numbers and the batch's state, no sender's text."""
    return {key: value for key, value in result.items() if isinstance(value, int) or key in ("batch_id", "state")}


def folders(local: str, department: str) -> str:
    """The department's folder here, and the one elsewhere if a setting names it."""
    try:
        elsewhere = places.inbox(department) if local == "ingest" else places.outbox(department)
    except FupinError as error:
        # A wrong setting is one department's trouble: its tasks fail, every DAG is still there.
        return f"`{local}/{department}/` ({error})"
    return f"`{local}/{department}/`" + (f" `{elsewhere.url}`" if elsewhere else "")


def document(feed: Feed) -> str:
    """The declaration as Markdown, for the DAG's page."""
    rows = "\n".join(
        f"| {column.label} | `{column.name}` | {column.type} | {'是' if column.required else ''} "
        f"| {column.unit or ''} | {column.sensitivity} |"
        for column in feed.columns
    )
    return f"""# {feed.title}（{feed.department_title}）

- 一行是什么 grain: {feed.grain}
- 更新方式 mode: `{feed.mode}`　主键 key: {", ".join(f"`{name}`" for name in feed.key)}
- 收件夹 inbox: {folders("ingest", feed.department)}　回执 receipts: {folders("outbox", feed.department)}
- 超过 {feed.freshness_days} 天没有新数据即为迟报 late
- 依据 legal basis: {feed.legal_basis or "—"}
- 用途 purpose: {feed.purpose or "—"}

| 列 | name | type | 必填 | 单位 | sensitivity |
| --- | --- | --- | --- | --- | --- |
{rows}
"""


def feed_dag(feed: Feed, bell: Asset, table: Asset) -> DAG:
    """The DAG of one feed: rung by its department's inbox, with the declared schedule as safety net."""
    name = feed.name
    with DAG(
        dag_id=name,
        dag_display_name=f"{feed.title} {name}",
        description=f"{feed.department_title}：{feed.title}",
        doc_md=document(feed),
        schedule=AssetOrTimeSchedule(assets=[bell], timetable=CronTriggerTimetable(feed.schedule, timezone=TIMEZONE)),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULTS,
        tags=[f"department:{feed.department}", f"mode:{feed.mode}", "feed"],
    ) as dag:

        @task
        def collect() -> list[str]:
            """Take every whole file of this feed out of the inbox; the batches that have work left."""
            from warehouse import tasks

            return tasks.collect(name)

        @task(priority_weight=10, weight_rule="absolute")
        def organise(batch_id: str) -> dict[str, Any]:
            """Stage, normalise and validate one batch; needs no lock."""
            from warehouse import tasks

            return counts(tasks.organise(name, batch_id))

        @task(pool=WRITER, outlets=[table], priority_weight=20, weight_rule="absolute")
        def merge(batch_id: str) -> dict[str, Any]:
            """Merge one batch into the warehouse, one transaction with its ledger row."""
            from warehouse import tasks

            result = tasks.merge(name, batch_id)
            if result.get("state") == "duplicate":
                # Skipped, not done: a task that is done announces news, and the marts would be rebuilt for nothing.
                raise AirflowSkipException(f"batch {batch_id} is a duplicate")
            return counts(result)

        # A duplicate has its merge skipped and its receipt written all the same.
        @task(trigger_rule="none_failed", priority_weight=30, weight_rule="absolute")
        def feedback(batch_id: str) -> dict[str, Any]:
            """Put the receipt into the department's outbox."""
            from warehouse import tasks

            return counts(tasks.feedback(name, batch_id))

        # A group mapped over batches, not three mapped tasks in a row: a batch waits for, and fails with, nobody else.
        @task_group
        def batch(batch_id: str) -> None:
            organise(batch_id) >> merge(batch_id) >> feedback(batch_id)

        batch.expand(batch_id=collect())
    return dag


def wanted() -> dict[str, Feed]:
    """All feeds; in a task's own process only the feed whose task it is, since every task parses this file."""
    dag_id = get_parsing_context().dag_id
    if dag_id is not None:
        for folder in settings.feed_folders():
            if (path := folder / f"{dag_id}.toml").is_file():
                return {dag_id: load_feed(path)}
    return load_feeds()


_feeds = wanted()
_bells = doorbells(_feeds)
_tables = tables(_feeds)
for _name, _feed in _feeds.items():
    globals()[_name] = feed_dag(_feed, _bells[_feed.department], _tables[_name])
