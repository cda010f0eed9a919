"""The database connector: PostgreSQL, MySQL/MariaDB, SQLite; Oracle, SQL Server and Dameng through their SQLAlchemy dialects.

Only declared columns are read. A feed without ``key_order`` (and every snapshot) is one statement, one consistent view: broken off,
it begins anew. An upsert or append feed with ``key_order`` is read in chunks, each its own short statement, and goes on behind the
last chunk that is whole; what changes meanwhile is behind the watermark, which is taken before the first row.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Session
from sqlalchemy.sql import quoted_name

from connectors import connections
from connectors import database_columns as shape
from connectors.database_engine import guarded
from connectors.database_rows import Rows, text_of_value
from connectors.database_settings import Settings
from connectors.errors import TerminalError, TransientError
from connectors.feed import Column, Feed
from connectors.pull import TEXT, Pulled, Request, recognise
from connectors.reading import Problem, Reading

STATE = "pull.json"


@dataclass
class Plan:
    """What is read: the source's columns, those of the feed in reading order, the conditions, and where the next pull begins."""

    columns: list[shape.SourceColumn]
    chosen: list[shape.SourceColumn]
    declared: list[Column]
    where: list[Any]
    keys: list[shape.SourceColumn]
    watermark: str | None
    fingerprint: str


@guarded
def pull(request: Request) -> Pulled | None:
    """See :func:`connectors.pull.pull`."""
    feed, settings = request.feed, Settings.of(request.feed.source)
    rows = _rows(feed, settings, request)
    try:
        with rows.engine.connect() as session:
            if settings.query:
                shape.only_reads(settings, session.dialect.name, feed)
            found = shape.columns(session, settings)
            reading, chosen = _recognise(feed, found)
            if reading.problems:
                return _refused(request, settings, reading, found)
            plan = _plan(request, settings, session, found, chosen, _declared(feed, reading))
        try:
            if plan.keys and feed.mode != "snapshot":
                reading.rows = _in_chunks(request, settings, rows, plan)
            else:
                reading.rows = _at_once(request, settings, rows, plan)
        except Problem as problem:
            reading.refuse(problem)
            _forget(request.workdir)
            return _refused(request, settings, reading, found)
    finally:
        rows.close()
    if not reading.rows and settings.incremental and request.watermark is not None and not request.as_of:
        return None
    target = request.workdir / TEXT
    reading.text_path = str(target)
    return Pulled(target, reading, plan.watermark, _label(settings))


@guarded
def check(feed: Feed) -> list[str]:
    """See :func:`connectors.pull.check`."""
    settings = Settings.of(feed.source)
    rows = _rows(feed, settings, None)
    try:
        with rows.engine.connect() as session:
            if settings.query:
                shape.only_reads(settings, session.dialect.name, feed)
            found = shape.columns(session, settings)
            version = ".".join(map(str, session.dialect.server_version_info or ()))
            lines = [f"connected: {session.dialect.name} {version}".rstrip()]
        reading, chosen = _recognise(feed, found)
        lines.append(f"{_label(settings)}: {len(found)} columns, {len(chosen)} of them are read")
        by_index = {index: name for name, index in reading.mapping.items()}
        lines += [
            f"  {column.name} ({column.shown}) -> {by_index[index]}"
            for index, column in enumerate(chosen)
            if index in by_index
        ]
        for key in (settings.incremental, settings.as_of, *settings.key_order):
            if key:
                _named(key, found, feed)
    finally:
        rows.close()
    return lines + reading.notes + [problem["message"] for problem in reading.problems]


def _rows(feed: Feed, settings: Settings, request: Request | None) -> Rows:
    spill = request.spill or request.workdir / "spill" if request else Path(os.devnull)
    memory = request.memory_bytes if request else 0
    return Rows(connections.get(settings.connection), settings.statement_timeout_seconds, memory, spill)


def _label(settings: Settings) -> str:
    return re.sub(r"[^\w.\-]+", "_", f"{settings.connection}.{settings.table or 'query'}")[:100]


def _recognise(feed: Feed, found: list[shape.SourceColumn]) -> tuple[Reading, list[shape.SourceColumn]]:
    """The reading of a table with these columns, narrowed to the declared ones, and those in the order of ``reading.header``."""
    reading = recognise(feed, [column.name for column in found])
    shape.compare(feed, reading, found)
    used = sorted(set(reading.mapping.values()))
    reading.header = [found[index].name for index in used]
    reading.mapping = {name: used.index(index) for name, index in reading.mapping.items()}
    return reading, [found[index] for index in used]


def _refused(request: Request, settings: Settings, reading: Reading, found: list[shape.SourceColumn]) -> Pulled:
    """A pull that is worthless as a whole: what is kept is what the source looked like."""
    path = request.workdir / "columns.json"
    path.write_text(json.dumps([[column.name, column.shown] for column in found], ensure_ascii=False), encoding="utf-8")
    reading.rows = 0
    return Pulled(path, reading, request.watermark, _label(settings))


def _named(name: str, found: list[shape.SourceColumn], feed: Feed) -> shape.SourceColumn:
    column = next((column for column in found if column.name == name), None)
    if column is None:
        raise TerminalError(f"feed {feed.name}: [source] names {name!r}, which is no column of the source")
    return column


def _declared(feed: Feed, reading: Reading) -> list[Column]:
    """The feed's columns in the order of ``reading.header``."""
    return [feed.column(name) for name, _ in sorted(reading.mapping.items(), key=lambda item: item[1])]


def _plan(
    request: Request,
    settings: Settings,
    session: Session,
    found: list[shape.SourceColumn],
    chosen: list[shape.SourceColumn],
    declared: list[Column],
) -> Plan:
    feed = request.feed
    keys = [_named(name, found, feed) for name in settings.key_order]
    for key in keys:
        if key.kind in ("float", "single", "binary", "boolean", "bit", "money"):
            raise TerminalError(
                f"feed {feed.name}: [source] key_order {key.name!r} is {key.shown}, which has no exact order"
            )
    asked = [settings.connection, settings.table, settings.query, settings.incremental, list(settings.key_order)]
    shown = [[column.name, column.kind, column.shown] for column in found]
    content = json.dumps([asked, shown, [column.name for column in chosen], request.watermark, str(request.as_of)])
    plan = Plan(found, chosen, declared, [], keys, None, hashlib.sha256(content.encode()).hexdigest())
    if request.as_of:
        plan.where.append(_of_day(settings, found, request))
    elif settings.incremental:
        column = _named(settings.incremental, found, feed)
        if request.watermark is not None:
            plan.where.append(_since(settings, column, request.watermark, session.dialect.name))
        plan.watermark = _upper(session, settings, plan, column) or request.watermark
    return plan


def _bound(column: shape.SourceColumn, value: Any, dialect: str) -> Any:
    return sa.literal(value, shape.type_of(column, dialect))


def _column(column: shape.SourceColumn) -> Any:
    return sa.column(quoted_name(column.name, quote=True))


def _since(settings: Settings, column: shape.SourceColumn, watermark: str, dialect: str) -> Any:
    """At or behind the watermark: rows of the same instant may have come after it. Rows without a value are always read."""
    start = shape.value_of(watermark, column)
    overlap = dt.timedelta(seconds=settings.overlap_seconds)
    if column.kind in ("datetime", "instant"):
        start -= overlap
    elif column.kind == "text" and re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", watermark):
        start = (dt.datetime.fromisoformat(watermark) - overlap).isoformat(sep=watermark[10])
    condition = _column(column) >= _bound(column, start, dialect)
    return sa.or_(condition, _column(column).is_(None)) if column.nullable else condition


def _upper(session: Session, settings: Settings, plan: Plan, column: shape.SourceColumn) -> str | None:
    """The largest value that is not after the source's own now, as text; None if there is none."""
    target = _column(column)
    statement = sa.select(sa.func.max(target)).select_from(shape.from_clause(settings, plan.columns)).where(*plan.where)
    temporal = column.kind in shape.TEMPORAL
    if session.dialect.name == "sqlite" and re.search("DATE|TIME", column.shown):
        statement = statement.where(target <= sa.func.datetime("now", "+8 hours"))
    elif temporal:
        now = sa.func.current_date() if column.kind == "date" else sa.func.current_timestamp()
        statement = statement.where(target <= now)
    found = session.execute(statement).scalar()
    return None if found is None else text_of_value(found)


def _of_day(settings: Settings, found: list[shape.SourceColumn], request: Request) -> Any:
    """Rows of the backfilled day."""
    if not settings.as_of:
        raise TerminalError(
            f"feed {request.feed.name}: [source] has no as_of, so its system cannot be asked for a past day"
        )
    column, day = _named(settings.as_of, found, request.feed), request.as_of
    assert day is not None
    bounds: list[Any] = [day, day + dt.timedelta(days=1)]
    if column.kind in ("datetime", "instant"):
        zone = dt.timezone(dt.timedelta(hours=8)) if column.kind == "instant" else None
        bounds = [dt.datetime.combine(bound, dt.time(), zone) for bound in bounds]
    elif column.kind != "date":
        bounds = [bound.isoformat() for bound in bounds]
    values = [sa.literal(bound, _day_type(column)) for bound in bounds]
    return sa.and_(_column(column) >= values[0], _column(column) < values[1])


def _day_type(column: shape.SourceColumn) -> Any:
    return {"date": sa.Date(), "datetime": sa.DateTime(), "instant": sa.DateTime(timezone=True)}.get(
        column.kind, sa.String()
    )


def _write(
    request: Request,
    settings: Settings,
    rows: Rows,
    plan: Plan,
    target: Path,
    *,
    where: list[Any],
    limit: int | None = None,
) -> int:
    """One statement into one file: the feed's columns as ``c0`` …, with a limit the keys as ``k0`` … behind them."""
    names = [f"c{index}" for index in range(len(plan.chosen))]
    wanted = list(plan.chosen)
    types = [column.type for column in plan.declared]
    labels = [column.label for column in plan.declared]
    if limit is not None:
        names += [f"k{index}" for index in range(len(plan.keys))]
        wanted += plan.keys
        types += ["integer"] * len(plan.keys)
        labels += [key.name for key in plan.keys]
    statement = sa.select(*(rows.expression(column).label(name) for column, name in zip(wanted, names, strict=True)))
    statement = statement.select_from(shape.from_clause(settings, plan.columns)).where(*plan.where, *where)
    if plan.keys:
        statement = statement.order_by(*map(_column, plan.keys))
    return rows.write(statement.limit(limit) if limit else statement, names, types, target, labels)


def _at_once(request: Request, settings: Settings, rows: Rows, plan: Plan) -> int:
    _forget(request.workdir)
    count = _write(request, settings, rows, plan, request.workdir / TEXT, where=[])
    _unchanged(request, settings, rows, plan)
    return count


def _in_chunks(request: Request, settings: Settings, rows: Rows, plan: Plan) -> int:
    """Chunk after chunk in key order; the parts of an earlier try at the same pull are kept."""
    folder = request.workdir / "parts"
    state = _state(request.workdir)
    parts = sorted(folder.glob("part-*.parquet"))
    if state.get("fingerprint") != plan.fingerprint or not rows.readable(parts):
        _forget(request.workdir)
        state = {"fingerprint": plan.fingerprint, "watermark": plan.watermark}
        parts = []
        folder.mkdir(mode=0o700)
        _keep(request.workdir, state)
    # What was changed since the first try began is behind its watermark, not behind ours.
    plan.watermark = state["watermark"]
    if not parts:
        _without_gaps(request, settings, rows, plan)
    while not (folder / "complete").exists():
        where = [_behind(plan.keys, _last_key(request, settings, rows, plan, parts[-1]))] if parts else []
        part = folder / f"part-{len(parts):06d}.parquet"
        count = _write(request, settings, rows, plan, part, where=where, limit=settings.chunk_rows)
        parts.append(part)
        _unchanged(request, settings, rows, plan)
        if count < settings.chunk_rows:
            (folder / "complete").touch(mode=0o600)
    total = rows.merge(parts, [f"c{index}" for index in range(len(plan.chosen))], request.workdir / TEXT)
    _forget(request.workdir)
    return total


def _behind(keys: list[shape.SourceColumn], values: list[Any]) -> Any:
    """Row comparison, spelt out for databases that have none; the first condition is what an index is asked."""
    steps = [
        sa.and_(
            *(_column(keys[before]) == values[before] for before in range(index)), _column(keys[index]) > values[index]
        )
        for index in range(len(keys))
    ]
    return sa.and_(_column(keys[0]) >= values[0], sa.or_(*steps))


def _last_key(request: Request, settings: Settings, rows: Rows, plan: Plan, part: Path) -> list[Any]:
    """The key at the end of a part. One that two rows share would lose one of them at the border of two chunks."""
    texts = rows.last(part, [f"k{index}" for index in range(len(plan.keys))])
    dialect = rows.engine.dialect.name
    values = [_bound(key, shape.value_of(str(text), key), dialect) for key, text in zip(plan.keys, texts, strict=True)]
    same = [_column(key) == value for key, value in zip(plan.keys, values, strict=True)]
    if _count(settings, rows, plan, sa.and_(*same)) > 1:
        raise TerminalError(f"feed {request.feed.name}: [source] key_order is not unique: add a column to it")
    return values


def _without_gaps(request: Request, settings: Settings, rows: Rows, plan: Plan) -> None:
    empty = sa.or_(*(_column(key).is_(None) for key in plan.keys))
    if any(key.nullable for key in plan.keys) and _count(settings, rows, plan, empty):
        raise TerminalError(f"feed {request.feed.name}: [source] key_order has rows without a key")


def _count(settings: Settings, rows: Rows, plan: Plan, condition: Any) -> int:
    statement = sa.select(sa.func.count()).select_from(shape.from_clause(settings, plan.columns))
    with rows.engine.connect() as session:
        return int(session.execute(statement.where(*plan.where, condition)).scalar() or 0)


def _unchanged(request: Request, settings: Settings, rows: Rows, plan: Plan) -> None:
    """Nothing that was read while the source's columns changed is used."""
    with rows.engine.connect() as session:
        if shape.columns(session, settings) == plan.columns:
            return
    _forget(request.workdir)
    (request.workdir / TEXT).unlink(missing_ok=True)
    raise TransientError(f"feed {request.feed.name}: the source's columns were changed while they were read")


def _state(workdir: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((workdir / STATE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _keep(workdir: Path, state: dict[str, Any]) -> None:
    temporary = workdir / f".{STATE}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as handle:
        json.dump(state, handle)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(temporary, workdir / STATE)


def _forget(workdir: Path) -> None:
    """Leave no part of an earlier pull, and no temporary file of a killed one."""
    (workdir / STATE).unlink(missing_ok=True)
    shutil.rmtree(workdir / "parts", ignore_errors=True)
    for left in workdir.glob(".*.parquet.*"):
        left.unlink(missing_ok=True)
