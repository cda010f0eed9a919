"""Is everything as it should be? One line for each thing that an engineer looks at in the morning, and what to do about it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.errors import FupinError, TransientError, without_row_text
from connectors.feed import Feed
from warehouse.audit import proof
from warehouse.batch import BEIJING, UNRECOGNISED, unfinished
from warehouse.database import open_warehouse, relations, scalar, warehouse_path
from warehouse.publish import manifest
from warehouse.publish.snapshot import published, snapshots
from warehouse.upkeep.lateness import late_feeds

FINE, LOOK, BAD = "fine", "look", "bad"
# Whoever asks how things are does not wait for a load to end.
WAIT_SECONDS = 5.0
STUCK = dt.timedelta(hours=2)
WAITING = dt.timedelta(hours=1)
BACKUP = dt.timedelta(days=2)
DRILL = dt.timedelta(days=9)
SOME = 5
# A merge that must be kept apart until it is committed, and the next backup: less than this many times the warehouse is tight.
ROOM = 3
LEAST_ROOM = 2**30


@dataclass(frozen=True)
class Line:
    """``state``: fine, look (somebody should), bad (something is lost or stands still); ``told`` and ``cure`` name no person."""

    what: str
    state: str
    told: str
    cure: str = ""


def examine(home: Path, feeds: Mapping[str, Feed], now: dt.datetime) -> list[Line]:
    """Every line, in a fixed order. ``now``: UTC, without time zone.

    While the warehouse is being written what only it knows is left out, and a line says so.
    """
    lines = [_feeds(home, feeds, now), _inboxes(home, now), _batches(home, feeds, now), _space(home)]
    if not warehouse_path(home).exists():
        return [*lines, Line("warehouse", LOOK, "there is none yet: no batch has been merged", "fupin sync")]
    try:
        with (
            open_warehouse(home, write=False, wait_seconds=WAIT_SECONDS) as con,
            without_row_text("asking the warehouse"),
        ):
            lines += [_blocked(con), _people(con), _clues(con), _snapshot(con, home), _log(con, home)]
            lines += [
                _done(con, now, "backup", BACKUP, "fupin backup"),
                _done(con, now, "drill", DRILL, "fupin restore --drill"),
            ]
    except TransientError:
        lines.append(Line("warehouse", FINE, "a load is being written; ask again for what only the warehouse knows"))
    except FupinError as error:
        lines.append(Line("warehouse", BAD, str(error), "README, Troubles"))
    return lines


def _some(found: list[str]) -> str:
    return ", ".join(found[:SOME]) + (f" and {len(found) - SOME} more" if len(found) > SOME else "")


def _feeds(home: Path, feeds: Mapping[str, Feed], now: dt.datetime) -> Line:
    late = late_feeds(home, feeds, (now + BEIJING).date())
    if late:
        told = _some([f"{one.feed} by {one.days} days" for one in late])
        return Line("feeds", LOOK, f"late: {told}", "remind the department; fupin check FEED where it is pulled")
    return Line("feeds", FINE, "none is late")


def _inboxes(home: Path, now: dt.datetime) -> Line:
    """Files that nobody has taken in for an hour: the scheduler stands still, or a file is still being written."""
    since = (now - WAITING).replace(tzinfo=dt.UTC).timestamp()
    old = [
        path
        for folder in sorted((home / "ingest").iterdir() if (home / "ingest").is_dir() else ())
        if folder.is_dir()
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.stat().st_mtime < since
    ]
    if not old:
        return Line("inboxes", FINE, "no file waits")
    # A name may be a person's: the department is told, not the file.
    departments = sorted({path.parent.name for path in old})
    return Line(
        "inboxes",
        BAD,
        f"{len(old)} files wait for over an hour: {_some(departments)}",
        "is Airflow running? fupin sync",
    )


def _batches(home: Path, feeds: Mapping[str, Feed], now: dt.datetime) -> Line:
    stuck = [
        batch.reference
        for name in (*feeds, UNRECOGNISED)
        for batch in unfinished(home, name)
        if now - dt.datetime.fromisoformat(str(batch.data["received_at"])) > STUCK
    ]
    if stuck:
        return Line(
            "batches", BAD, f"unfinished for over two hours: {_some(stuck)}", "fupin sync; the alert says why it failed"
        )
    return Line("batches", FINE, "none is unfinished")


def _space(home: Path) -> Line:
    home = home if home.exists() else home.parent
    path = warehouse_path(home)
    needed = max(ROOM * (path.stat().st_size if path.exists() else 0), LEAST_ROOM)
    free = shutil.disk_usage(home).free
    told = f"{free // 2**20:,} MB free, {needed // 2**20:,} MB wanted"
    if free >= needed:
        return Line("space", FINE, told)
    return Line(
        "space",
        BAD if free * ROOM < needed else LOOK,
        told,
        "a larger disk, or fewer snapshots ([fupin] keep_snapshots)",
    )


def _blocked(con: duckdb.DuckDBPyConnection) -> Line:
    """Refused deliveries that no later one of the feed has replaced."""
    found = [
        f"{feed}/{batch}"
        for feed, batch in con.execute(
            "SELECT feed, batch_id FROM ops.batch AS b WHERE state = 'blocked' AND NOT EXISTS (SELECT 1 FROM ops.batch AS m "
            "WHERE m.feed = b.feed AND m.department = b.department AND m.state = 'merged' AND m.received_at > b.received_at) ORDER BY received_at DESC"
        ).fetchall()
    ]
    if not found:
        return Line("blocked", FINE, "no delivery waits for its correction")
    told = f"{len(found)} refused and not sent again: {_some(found)}"
    return Line("blocked", LOOK, told, "the department has the receipt; fupin release FEED/BATCH if the file is right")


def _people(con: duckdb.DuckDBPyConnection) -> Line:
    lists, asked = con.execute(
        "SELECT (SELECT count(*) FROM core.review_list), (SELECT count(*) FROM core.identity_question WHERE answer IS NULL)"
    ).fetchall()[0]
    state = LOOK if lists or asked else FINE
    told = f"{lists} review lists are with the townships, {asked} questions wait for an engineer"
    return Line("people", state, told, "Airflow, Required Actions" if asked else "")


def _clues(con: duckdb.DuckDBPyConnection) -> Line:
    if "mart.clue" not in relations(con):
        return Line("clues", FINE, "no marts yet")
    due, overdue = con.execute(
        "SELECT count(*), count(*) FILTER (WHERE is_overdue) FROM mart.clue WHERE cleared_on IS NULL"
    ).fetchall()[0]
    return Line(
        "clues",
        LOOK if overdue else FINE,
        f"{overdue:,} of {due:,} open clues are overdue",
        "mart clue_supervision says whose" if overdue else "",
    )


def _snapshot(con: duckdb.DuckDBPyConnection, home: Path) -> Line:
    heads = snapshots(published(home))
    if not heads:
        return Line("snapshot", BAD, "nothing is published yet", "fupin publish")
    head = heads[-1]
    told = f"{head['snapshot_id']}, data of {head.get('as_of')}"
    merged = scalar(con, "SELECT greatest(max(merged_at), max(withdrawn_at)) FROM ops.batch")
    at = dt.datetime.fromisoformat(str(head["published_at"])).astimezone(dt.UTC).replace(tzinfo=None)
    if merged is not None and merged > at:
        return Line("snapshot", LOOK, f"{told}; loads since then are not published", "fupin build, then fupin publish")
    return Line("snapshot", FINE, told)


def _log(con: duckdb.DuckDBPyConnection, home: Path) -> Line:
    if problem := proof.problem(con, home, manifest.said_of_log(published(home))):
        return Line("log", BAD, problem, "restore a backup from before; whoever could write the file changed it")
    return Line("log", FINE, "no entry was changed, none is missing")


def _done(con: duckdb.DuckDBPyConnection, now: dt.datetime, what: str, within: dt.timedelta, cure: str) -> Line:
    last = (
        scalar(con, f"SELECT max(done_at) FROM ops.audit WHERE what = '{what}'")
        if "ops.audit" in relations(con)
        else None
    )
    if last is None:
        return Line(what, LOOK, "never", cure)
    return Line(
        what,
        FINE if now - last <= within else BAD,
        f"last on {last + BEIJING:%Y-%m-%d %H:%M}",
        "" if now - last <= within else cure,
    )
