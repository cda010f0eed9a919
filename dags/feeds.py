"""One Airflow DAG per feed declaration: collect 采集 → organise 整理 → merge → feed back 反馈, each batch on its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import (
    DAG,
    Asset,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    Param,
    get_parsing_context,
    task,
    task_group,
)
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from airflow.sdk.exceptions import AirflowSkipException

from connectors import places, settings
from connectors.errors import FupinError
from connectors.feed import Feed, load_feed, load_feeds
from warehouse.upkeep.assets import arrival, sorted_inbox, tables
from warehouse.upkeep.pools import WRITER
from warehouse.upkeep.retries import DEFAULTS

TIMEZONE = "Asia/Shanghai"
# A run that has not ended by then is told to the engineer.
DEADLINE_MINUTES = settings.number("run_deadline_minutes", 60)

PARAMS = {
    "batch_id": Param(
        None,
        type=["null", "string"],
        pattern="^[0-9a-f]{16}(-(dup)?[0-9]+)?$",
        title="重做批次 batch to run again",
        description="Only this batch goes through all steps once more; nothing is collected",
    ),
    "as_of": Param(
        None,
        type=["null", "string"],
        format="date",
        title="数据日期 past as-of date",
        description="Fetch the state of this past day (feeds that are pulled)",
    ),
    "test_connection": Param(
        False, type="boolean", title="测试连接 test connection", description="Reach the source and fetch nothing"
    ),
}


def past_day(params: dict[str, Any], dag_run: Any) -> str | None:
    """The past day whose state is wanted (ISO): the one asked for, or the day of a backfill."""
    if params.get("as_of"):
        return str(params["as_of"])
    run_type = getattr(dag_run, "run_type", None)
    if getattr(run_type, "value", run_type) == "backfill" and dag_run.logical_date is not None:
        return dag_run.logical_date.astimezone(ZoneInfo(TIMEZONE)).date().isoformat()
    return None


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
- {_source(feed)}　回执 receipts: {folders("outbox", feed.department)}
- 超过 {feed.freshness_days} 天没有新数据即为迟报 late
- 依据 legal basis: {feed.legal_basis or "—"}
- 用途 purpose: {feed.purpose or "—"}

| 列 | name | type | 必填 | 单位 | sensitivity |
| --- | --- | --- | --- | --- | --- |
{rows}
"""


def _source(feed: Feed) -> str:
    if feed.dropped:
        return f"收件夹 inbox: {folders('ingest', feed.department)}"
    return f"端口对接 pulled: {feed.source['kind']}, Airflow connection `{feed.source.get('connection', '')}`"


def feed_dag(feed: Feed, table: Asset) -> DAG:
    """The DAG of one feed: woken when its department's inbox was sorted, with the declared schedule as safety net, or by the schedule alone."""
    name = feed.name
    clock = CronTriggerTimetable(feed.schedule, timezone=TIMEZONE)
    inbox = sorted_inbox(feed.department)
    with DAG(
        dag_id=name,
        dag_display_name=f"{feed.title} {name}",
        description=f"{feed.department_title}：{feed.title}",
        doc_md=document(feed),
        # A feed that is pulled has a clock only, which Airflow can turn back: `airflow backfill create`.
        schedule=AssetOrTimeSchedule(assets=[arrival(name)], timetable=clock) if feed.dropped else clock,
        catchup=False,
        params=PARAMS,
        deadline=DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=timedelta(minutes=DEADLINE_MINUTES),
            callback=SyncCallback(
                "warehouse.upkeep.alerts.run_is_late", kwargs={"feed": name, "minutes": DEADLINE_MINUTES}
            ),
            name=f"{name} ends within {DEADLINE_MINUTES:g} minutes",
        ),
        max_active_runs=1,
        default_args=DEFAULTS,
        tags=[f"department:{feed.department}", f"mode:{feed.mode}", "feed"],
    ) as dag:

        @task(outlets=[inbox] if feed.dropped else [])
        def collect(params: Any = None, dag_run: Any = None, outlet_events: Any = None) -> list[str]:
            """Take every whole file of this feed out of the inbox, or ask its system for news; the batches that have work left."""
            from warehouse import tasks

            if params["test_connection"]:
                for line in tasks.check(name):
                    print(line)
                return []
            if params["batch_id"]:
                return tasks.reopen(name, params["batch_id"])
            return tasks.collect(
                name, past_day(params, dag_run), wake=lambda other: outlet_events[inbox].add(arrival(other))
            )

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
_tables = tables(_feeds)
for _name, _feed in _feeds.items():
    globals()[_name] = feed_dag(_feed, _tables[_name])
