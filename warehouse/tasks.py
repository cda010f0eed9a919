"""The steps of a batch's life, as the DAGs and ``fupin sync`` (``warehouse/syncing.py``) call them: collect → organise → merge → feedback → build → publish.

Each step is idempotent: killed anywhere and called again it ends where the undisturbed one does. What travels between steps is a
reference ``<feed>/<batch_id>`` and counts, never a row. Bad input ends a batch (``blocked``), it does not raise; what raises is
a TransientError (worth a retry) or a TerminalError (an engineer's business), each one safe line.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

import duckdb

from connectors import settings
from connectors.errors import FupinError, TerminalError, scrubbed, without_row_text
from connectors.feed import Feed, load_feeds
from warehouse.batch import BEIJING, UNRECOGNISED, Batch, utc_now

log = logging.getLogger("fupin")

Progress = Callable[[str], None]


def _feed_of(batch: Batch, feeds: dict[str, Feed]) -> Feed | None:
    name = str(batch.data["feed"])
    if name == UNRECOGNISED:
        return None
    if name not in feeds:
        raise TerminalError(f"feed {name} is not declared any more, but its batch {batch.reference} is unfinished")
    return feeds[name]


def _reference(feed: str, batch_id: str) -> str:
    return batch_id if "/" in batch_id else f"{feed}/{batch_id}"


@scrubbed
def collect(
    feed: str, as_of: str | None = None, wake: Callable[[str], None] | None = None, everywhere: bool = False
) -> list[str]:
    """Take every whole file out of the inbox of the feed's department, or ask the feed's system for news; return references of the
    batches that await this feed.

    Files of the department's other feeds are sorted to those, and ``wake`` is called with each such feed; a file that no feed knows
    comes back as ``unrecognised/…``. ``everywhere``: look into the inbox of every
    department that drops this feed. ``as_of`` (ISO): fetch the state of a past day (only a feed that is pulled).
    """
    from warehouse import intake, pulling

    feeds = load_feeds()
    if feed not in feeds:
        raise TerminalError(f"there is no feed {feed}")
    with without_row_text(f"collecting {feed}"):
        if not feeds[feed].dropped:
            return pulling.collect(settings.home(), feeds[feed], dt.date.fromisoformat(as_of) if as_of else None)
        return intake.collect(settings.home(), feeds[feed], feeds, wake, everywhere)


@scrubbed
def sort_inbox(department: str) -> list[str]:
    """Make batches of the whole files in a department's inbox; the feeds of the department that have unfinished batches.

    A remote inbox that fails raises only when nothing waits here.
    """
    from warehouse import intake

    feeds = load_feeds()
    home = settings.home()
    if not intake.siblings_of(department, feeds):
        raise TerminalError(f"no feed of {department} is dropped as a file")
    with without_row_text(f"sorting the inbox of {department}"):
        return [name for name, references in intake.collect_all(home, department, feeds).items() if references]


@scrubbed
def organise(feed: str, batch_id: str) -> dict[str, Any]:
    """Stage and validate one batch; returns its counts. Needs no lock on the warehouse."""
    from warehouse import organising, sealing

    batch = Batch.load(settings.home(), _reference(feed, batch_id))
    with without_row_text(f"organising {batch.reference}"):
        # A process may have died before it had sealed what it took in.
        sealing.seal_batch(batch, settings.home())
        if batch.state in ("received", "staged"):
            organising.organise(batch, _feed_of(batch, load_feeds()))
    return _summary(batch)


@scrubbed
def merge(feed: str, batch_id: str) -> dict[str, Any]:
    """Merge a validated batch into history, or write a blocked or duplicate one into the ledger: one transaction."""
    from warehouse import merging, withdrawing

    batch = Batch.load(settings.home(), _reference(feed, batch_id))
    feeds = load_feeds()
    declaration = _feed_of(batch, feeds)
    with without_row_text(f"merging {batch.reference}"):
        if batch.data.get("withdraws") and batch.state == "validated" and declaration is not None:
            withdrawing.grant(settings.home(), batch, declaration, feeds)
        else:
            merging.merge(settings.home(), batch, declaration, feeds)
    return _summary(batch)


@scrubbed
def feedback(feed: str, batch_id: str) -> dict[str, Any]:
    """Write the sender's receipt, take it to the outbox elsewhere if the department has one, and close the batch."""
    from connectors import places, remote
    from warehouse.feedback import write_receipt

    home = settings.home()
    batch = Batch.load(home, _reference(feed, batch_id))
    declaration = _feed_of(batch, load_feeds())
    with without_row_text(f"receipt of {batch.reference}"):
        outbox = home / "outbox" / str(batch.data["department"])
        outbox.mkdir(parents=True, exist_ok=True, mode=0o700)
        rejects = batch.rejects if batch.rejects.exists() else None
        header = list((batch.data.get("reading") or {}).get("header") or [])
        receipt = write_receipt(outbox, batch.data, declaration, rejects, header)
        if (elsewhere := places.outbox(str(batch.data["department"]))) is not None:
            remote.deliver(elsewhere, receipt)
        batch.save(receipt=receipt.name, receipted_at=batch.data.get("receipted_at") or utc_now())
        batch.close()
    return _summary(batch)


@scrubbed
def link(retrain: bool = False) -> dict[str, int]:
    """Who is who: the people of rows without an id (the tiers beyond the id), what people have answered, and the lists that ask them.

    Returns rows per outcome; ``changed`` is 1 if anybody is somebody else now: then the marts are to be rebuilt. ``retrain``: learn from
    the county's present data instead of using the stored model.
    """
    from warehouse import audit, monitor, reviewing
    from warehouse.database import open_warehouse
    from warehouse.history.schema import prepare
    from warehouse.identity import linkage
    from warehouse.merging import load_time

    feeds = load_feeds()
    home = settings.home()
    with without_row_text("linking"):
        with open_warehouse(home) as con:
            prepare(con, home, feeds)
            if not con.execute("SELECT count(*) FROM duckdb_views() WHERE view_name = 'person'").fetchone()[0]:  # type: ignore[index]
                monitor.build(con, feeds)
            con.execute("BEGIN")
            when, before = load_time(con), reviewing.who_is_who(con)
            counts = linkage.link(con, feeds, when, retrain=retrain)
            counts |= reviewing.follow(con, feeds, when, home / "outbox")
            counts["changed"] = int(reviewing.who_is_who(con) != before)
            if counts["decided"] or counts["lists"] or counts["changed"]:
                audit.commit(con, home, "decide", "link", detail=counts)
            else:
                con.execute("COMMIT")
        reviewing.deliver(home, feeds)
    return counts


@scrubbed
def questions() -> list[dict[str, str]]:
    """What an engineer has to be asked about ids that two people use: ``question``, ``subject``, ``body``; no personal data."""
    from warehouse import reviewing

    with without_row_text("looking for questions about people"):
        return reviewing.ask(settings.home(), load_feeds())


@scrubbed
def settle(question: str, answer: str, who: str) -> dict[str, int]:
    """Write down an engineer's answer to one of :func:`questions`; returns ``decided`` and ``changed``."""
    from warehouse import reviewing

    with without_row_text(f"settling question {question}"):
        return reviewing.settle(settings.home(), load_feeds(), question, answer, who)


@scrubbed
def build(progress: Progress | None = None) -> dict[str, int]:
    """Rebuild ``core.person`` and every mart from the warehouse's present state; returns rows per mart."""
    from warehouse.database import open_warehouse

    with open_warehouse(settings.home()) as con:
        make_ready(con)
        return build_in(con, progress)


def make_ready(con: duckdb.DuckDBPyConnection) -> None:
    """What marts and snapshots need of a warehouse: every feed's tables, the rules in the log, and who is who."""
    from warehouse.audit import rules
    from warehouse.history.schema import prepare
    from warehouse.identity import decisions

    feeds = load_feeds()
    with without_row_text("preparing the warehouse"):
        prepare(con, settings.home(), feeds)
        rules.note(con, settings.home())
        decisions.resolve(con, feeds)


def build_in(con: duckdb.DuckDBPyConnection, progress: Progress | None) -> dict[str, int]:
    from warehouse import monitor, recording

    with without_row_text("building the marts"):
        rows = monitor.build(con, load_feeds(), progress=progress)
        recording.keep_build(con)
        return rows


@scrubbed
def worklists() -> int:
    """Write the worklists whose clues or answers have changed, take them to the departments; returns how many. The marts are built."""
    from warehouse.database import open_warehouse
    from warehouse.history.schema import prepare

    with open_warehouse(settings.home()) as con:
        with without_row_text("writing the worklists"):
            prepare(con, settings.home(), load_feeds())
        written = list_in(con)
    deliver_lists()
    return written


def list_in(con: duckdb.DuckDBPyConnection) -> int:
    from warehouse import verifying

    with without_row_text("writing the worklists"):
        return verifying.write(con, settings.home(), load_feeds())


def deliver_lists() -> None:
    from warehouse import verifying

    with without_row_text("delivering the worklists"):
        verifying.deliver(settings.home(), load_feeds())


@scrubbed
def publish() -> dict[str, Any]:
    """Publish the marts as a snapshot; the same content again is the same snapshot. Returns the manifest's head."""
    from warehouse.database import open_warehouse
    from warehouse.history.schema import ensure

    with open_warehouse(settings.home()) as con:
        with without_row_text("publishing"):
            ensure(con, load_feeds().values())
        head = publish_from(con)
        log_publication(con, head)
        return head


def publish_from(con: duckdb.DuckDBPyConnection, marts: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """``marts`` makes the marts where they are not made yet."""
    from warehouse import publish as publication

    with without_row_text("publishing"):
        return publication.publish(con, settings.home(), load_feeds(), marts=marts)


def log_publication(con: duckdb.DuckDBPyConnection, head: dict[str, Any]) -> None:
    """Write the snapshot into the log; nothing if it stands there."""
    from warehouse.publish import manifest
    from warehouse.publish.snapshot import published

    home = settings.home()
    with without_row_text("logging the publication"):
        manifest.log(con, home, published(home) / head["snapshot_id"])


@scrubbed
def document() -> int:
    """Render the Data Docs (``docs/`` of the data root: the newest result of each feed, no values); returns the number of pages.

    Nothing is done when no feed has a newer result than the index.
    """
    import json

    from expectations.docs import build_site
    from warehouse.organising import LATEST_RESULT

    home = settings.home()
    results = {name: home / "landing" / name / LATEST_RESULT for name in load_feeds()}
    found = {name: path for name, path in results.items() if path.is_file()}
    index = home / "docs" / "index.html"
    newest = max((path.stat().st_mtime_ns for path in found.values()), default=0)
    if found and not (index.exists() and index.stat().st_mtime_ns > newest):
        with without_row_text("rendering the Data Docs"):
            build_site(
                {name: json.loads(path.read_text(encoding="utf-8")) for name, path in found.items()}, index.parent
            )
    return len(found)


@scrubbed
def reopen(feed: str, batch_id: str) -> list[str]:
    """Let one batch run through all its steps once more; returns its reference.

    A blocked batch is read and judged anew (the declaration may have been mended); a merged one only gets its receipt again.
    """
    from warehouse import releasing

    return [releasing.reopen(settings.home(), _reference(feed, batch_id))]


@scrubbed
def check(feed: str) -> list[str]:
    """Can the feed's source be reached? What was found, line by line; nothing is fetched. Raises like :func:`collect`."""
    from connectors import drop, pull

    feeds = load_feeds()
    if feed not in feeds:
        raise TerminalError(f"there is no feed {feed}")
    with without_row_text(f"checking {feed}"):
        if feeds[feed].dropped:
            return drop.check(feeds[feed].department, settings.home() / "ingest" / feeds[feed].department)
        return pull.check(feeds[feed])


@scrubbed
def lateness() -> int:
    """Alert for late feeds; returns how many there are."""
    from warehouse.upkeep import lateness as late

    with without_row_text("looking for late feeds"):
        today = (dt.datetime.now(dt.UTC) + BEIJING).date()
        return len(late.tell(settings.home(), load_feeds(), today))


@scrubbed
def backup() -> dict[str, Any]:
    """Make a backup; alerts, and raises, when there is none afterwards."""
    from warehouse import backup as backups

    return _or_alert("backup", lambda: backups.make(settings.home()))


@scrubbed
def drill() -> dict[str, Any]:
    """Restore the last backup into a scratch root and compare; alerts, and raises, when it would not be the present warehouse."""
    from warehouse import backup as backups

    return _or_alert("restore drill", lambda: backups.drill(settings.home(), None, log.info))


def _or_alert(subject: str, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    from warehouse.upkeep import alerts

    try:
        return do()
    except FupinError as error:
        alerts.tell(subject, str(error), settings.home())
        raise


def _summary(batch: Batch) -> dict[str, Any]:
    """What may stand in XCom and on a terminal: identifiers of the batch and counts."""
    names = ("batch_id", "feed", "state", "as_of", "rows_read", "rows_landed", "rows_quarantined", "rows_skipped")
    changes = ("rows_inserted", "rows_ended", "rows_unchanged", "duplicate_of", "reason")
    return {name: batch.data.get(name) for name in names + changes if batch.data.get(name) is not None}
