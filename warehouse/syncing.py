"""All steps in one process, without a scheduler: what ``fupin sync`` runs, and what follows when the warehouse has changed by hand."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from connectors import settings
from connectors.errors import FupinError, TerminalError, scrubbed, without_row_text
from connectors.feed import Feed, load_feeds
from warehouse import tasks
from warehouse.batch import Batch
from warehouse.database import kept_open, open_warehouse, second, warehouse_path
from warehouse.tasks import Progress

log = logging.getLogger("fupin")


def sync(names: list[str], progress: Progress) -> list[dict[str, Any]]:
    """Every step for the feeds ``names`` (all when empty) in this process, then marts and snapshot; returns a summary per batch.

    What an engineer runs without a scheduler; the steps are those that the DAGs call. A system or outbox that fails stops nobody
    else: the first failure is raised when everything else is done.
    """
    from expectations import run

    feeds = load_feeds()
    if unknown := sorted(set(names) - set(feeds)):
        raise TerminalError(f"there is no feed {', '.join(unknown)}; there are: {', '.join(feeds)}")
    # Great Expectations takes seconds to import; DuckDB reads the first file meanwhile.
    threading.Thread(target=run.warm, daemon=True).start()
    summaries: list[dict[str, Any]] = []
    home = settings.home()
    waiting: dict[str, str] = {}
    failures: list[FupinError] = []
    # Reading and validating need no lock, so the next batches are organised while one is merged or looked for.
    ahead = int(settings.number("organise_ahead", 2))
    pool = ThreadPoolExecutor(max_workers=max(1, ahead))
    organised: dict[str, Future[dict[str, Any]]] = {}
    try:
        for name, references in _collected(names or list(feeds), feeds, failures):
            for reference in references:
                if waiting.setdefault(reference, name) == name and ahead and reference not in organised:
                    organised[reference] = pool.submit(tasks.organise, name, reference)
        with kept_open() as close:
            for reference, name in waiting.items():
                progress(f"{reference}: {Batch.load(home, reference).data['original_name_safe']}")
                if reference not in organised:
                    close()
                    tasks.organise(name, reference)
                else:
                    if not organised[reference].done():
                        close()
                    organised[reference].result()
                tasks.merge(name, reference)
                try:
                    summaries.append(tasks.feedback(name, reference))
                except FupinError as error:
                    # The batch stays open: the next run delivers its receipt.
                    failures.append(error)
    finally:
        pool.shutdown(cancel_futures=True)
    # Even when no file came: an earlier run may have died between its last merge and its snapshot.
    if warehouse_path(home).exists():
        # Rendering pages is Python's work, building marts is DuckDB's: they go side by side.
        with ThreadPoolExecutor(max_workers=1) as beside:
            documented = beside.submit(tasks.document)
            follow(progress)
            documented.result()
    for failure in failures[1:]:
        log.error("%s", failure)
    if failures:
        raise failures[0]
    return summaries


def _collected(names: list[str], feeds: dict[str, Feed], failures: list[FupinError]) -> Iterator[tuple[str, list[str]]]:
    """Each feed with the batches that await it; an inbox is sorted once, however many feeds share it."""
    from warehouse import intake

    sorted_inboxes: set[str] = set()
    # What several departments send comes last: then their inboxes have been sorted.
    for name in sorted(names, key=lambda name: bool(feeds[name].also_from)):
        feed = feeds[name]
        try:
            departments = intake.senders(feed, feeds)
            if feed.dropped and sorted_inboxes.issuperset(departments):
                yield name, intake.waiting(settings.home(), feed, feeds)
                continue
            sorted_inboxes.update(departments)
            yield name, tasks.collect(name, everywhere=True)
        except FupinError as error:
            failures.append(error)


@scrubbed
def follow(progress: Progress) -> None:
    """What follows when the warehouse has changed: marts, and beside them the history's publication; then the snapshot, and beside it the
    worklists: building fills no machine, writing workbooks is Python's work and publishing is DuckDB's.
    """
    # Here, for two threads that import what imports each other may find half of it.
    from warehouse import publish, verifying  # noqa: F401

    with (
        open_warehouse(settings.home()) as con,
        second(con) as other,
        ThreadPoolExecutor(max_workers=1) as beside,
    ):
        listed: list[Future[int]] = []

        def marts() -> None:
            progress("marts")
            tasks.build_in(con, progress)
            progress("worklists")
            listed.append(beside.submit(tasks.list_in, other))
            progress("snapshot")

        tasks.make_ready(con)
        head = tasks.publish_from(con, marts)
        # The log has one writer at a time.
        wait(listed)
        tasks.log_publication(con, head)
        for one in listed:
            one.result()
    tasks.deliver_lists()


@scrubbed
def withdraw(reference: str, why: str, progress: Progress) -> dict[str, Any]:
    """Take back a merged batch, tell its sender by a new receipt, and publish what is left; returns the batch's summary and counts."""
    from warehouse import audit, withdrawing

    home = settings.home()
    with without_row_text(f"withdrawing {reference}"):
        counts = withdrawing.withdraw(home, reference, load_feeds(), audit.person(), why)
    summary = tasks.feedback(*reference.split("/", 1))
    follow(progress)
    return {**summary, **counts}
