"""A pull from beginning to end: ask, keep, judge, go on; then rows."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors import connections
from connectors.errors import TerminalError, TransientError
from connectors.feed import Feed
from connectors.pull import Pulled, Request, recognise
from connectors.reading import Problem, Reading
from connectors.rest import answer, declaration
from connectors.rest.client import Client, Refused, base_address
from connectors.rest.declaration import Source
from connectors.rest.pages import Page, Pages
from connectors.rest.paging import Walk
from connectors.rest.table import Path_, Table, tree

LOCAL = dt.timezone(dt.timedelta(hours=8))


def pull(request: Request) -> Pulled | None:
    """See :func:`connectors.pull.pull`."""
    return _Pull(request).run()


def check(feed: Feed) -> list[str]:
    """See :func:`connectors.pull.check`; the first page is fetched and looked at, nothing is kept."""
    source = declaration.parse(feed.source, feed.mode)
    limits = dataclasses.replace(source.limits, attempts=2)
    source = dataclasses.replace(source, limits=limits)
    connection = connections.get(source.connection)
    with Client(source, connection, time.monotonic() + limits.page_seconds) as client:
        fetched = client.fetch(Walk(source).params)
        found = [f"connected ({'encrypted' if client.is_encrypted else 'NOT ENCRYPTED'}), credentials accepted"]
    try:
        page = answer.read(source, fetched.body, fetched.content_type)
        Walk(source).take(page, fetched.link)
    except Problem as problem:
        return [*found, f"{problem.code}: {problem.message}"]
    total = "" if page.total is None else f" of {page.total}"
    found.append(f"first page: {len(page.records)} rows{total}")
    if page.records:
        paths = answer.field_paths(page.records, _nested(feed))
        reading = recognise(feed, [".".join(path) for path in paths])
        found.append(f"{len(reading.mapping)} of {len(feed.columns)} columns recognised")
        found += [f"{problem['code']}: {problem['message']}" for problem in reading.problems]
    return found


def _nested(feed: Feed) -> dict[str, dict]:
    names = [alias for column in feed.columns for alias in column.aliases]
    return tree([*names, str(feed.source.get("watermark", {}).get("field", ""))])


class _Pull:
    def __init__(self, request: Request) -> None:
        self.request = request
        self.feed = request.feed
        self.source: Source = declaration.parse(request.feed.source, request.feed.mode)
        self.deadline = time.monotonic() + self.source.limits.deadline_seconds
        self.since: str | None = request.watermark
        self.notes: list[str] = []
        self.fields: dict[Path_, None] = {}
        self.nested: Mapping[str, Any] = _nested(request.feed)
        self.walk = Walk(self.source)

    def run(self) -> Pulled | None:
        request, source = self.request, self.source
        if request.as_of is not None and not source.as_of_param:
            raise TerminalError(
                f"feed {self.feed.name} cannot be fetched for a past day: source.as_of_param is missing"
            )
        connection = connections.get(source.connection)
        with Table(request.workdir, source, request.memory_bytes, request.spill) as table:
            self._judge_since(table)
            asked = self._asked()
            identity = hashlib.sha256(
                json.dumps(
                    [dict(self.feed.source), asked, base_address(connection)], sort_keys=True, default=str
                ).encode()
            ).hexdigest()
            pages = Pages(request.workdir, identity, source.limits.resume_hours)
            try:
                with Client(source, connection, self.deadline) as client:
                    self._fetch(client, pages, table, asked)
                return self._finish(pages.source, table)
            except Problem as problem:
                reading = Reading(format="rest", encoding="utf-8", suffix=".parquet", feed=self.feed.name)
                reading.notes = list(self.notes)
                reading.refuse(problem)
                return self._pulled(pages.source, reading, None)

    def _judge_since(self, table: Table) -> None:
        """A stored watermark that lies in the future would hide everything that comes: better to fetch all once more."""
        mark = self.source.watermark
        if mark is None or self.since is None:
            self.since = None
            return
        moment = table.moment(mark.clock, self.since)
        if moment is None or (mark.clock != "number" and moment > time.time() * 1_000_000):
            self.since = None
            self.notes.append("上次记录的增量起点无效或晚于现在，本次从头获取。")

    def _asked(self) -> dict[str, Any]:
        asked: dict[str, Any] = {}
        if self.source.watermark is not None and self.since is not None:
            asked[self.source.watermark.param] = self.since
        if self.request.as_of is not None:
            asked[self.source.as_of_param] = self.request.as_of.strftime(self.source.as_of_format)
        return asked

    def _fetch(self, client: Client, pages: Pages, table: Table, asked: Mapping[str, Any]) -> None:
        try:
            for page in pages.kept():
                self._take(page, table)
            resumed = self.walk.pages > 0
            pages.open()
            while not self.walk.done:
                try:
                    fetched = client.fetch({**asked, **self.walk.params}, self.walk.link)
                except Refused:
                    if not resumed:
                        raise
                    # Cursors and sessions grow old.
                    pages.discard()
                    raise TransientError("the interrupted pull cannot be continued; it begins anew") from None
                page = Page(fetched.body, fetched.content_type, fetched.link)
                pages.add(page)
                if pages.size > self.source.limits.pull_bytes:
                    raise Problem("PULL_TOO_LARGE", "接口返回的数据总量超过上限，本次没有接收。")
                self._take(page, table)
        finally:
            pages.close()

    def _take(self, page: Page, table: Table) -> None:
        found = answer.read(self.source, page.body, page.content_type)
        self.walk.take(found, page.link)
        if found.records:
            self.fields |= answer.field_paths(found.records, self.nested)
            table.add(found.text)

    def _finish(self, kept: Path, table: Table) -> Pulled | None:
        if not self.walk.rows:
            if self.feed.mode != "snapshot":
                return None
            raise Problem("LIST_EMPTY", "接口返回的全量名单是空的，没有接收，原有数据保持不变。请确认接口是否正常。")
        # Where an object was empty on one page, its members were seen on another.
        taken_apart = {path[:depth] for path in self.fields for depth in range(1, len(path))}
        fields = [path for path in self.fields if path not in taken_apart]
        reading = recognise(self.feed, [".".join(path) for path in fields])
        reading.notes = [*self.notes, *reading.notes]
        reading.rows = self.walk.rows
        if reading.problems:
            return self._pulled(kept, reading, None)
        # Nothing that is not declared is landed.
        paths = [fields[index] for index in sorted(reading.mapping.values())]
        places = {index: place for place, index in enumerate(sorted(reading.mapping.values()))}
        reading.mapping = {name: places[index] for name, index in reading.mapping.items()}
        reading.header = [".".join(path) for path in paths]
        reading.text_path = str(table.path)
        table.write(paths, self._mark(), reading.rows)
        if self.source.paging.kind != "none" and self.source.paging.overlap == "refuse" and self.walk.pages > 1:
            doubled = table.overlap(paths, [reading.mapping[name] for name in self.feed.key])
            if doubled:
                message = f"有 {doubled} 行在两页中完全相同：翻页时名单发生了变化，可能有遗漏，本次没有接收。请在接口不更新时重新获取。"
                raise Problem("PAGES_OVERLAP", message)
        return self._pulled(kept, reading, self._newest(table, reading))

    def _mark(self) -> Path_ | None:
        mark = self.source.watermark
        if mark is None or self.request.as_of is not None:
            return None
        path: Path_ = tuple(mark.field.split("."))
        if path not in self.fields:
            raise Problem("WATERMARK_MISSING", f"接口的记录里没有约定的更新时间字段“{mark.field}”，本次没有接收。")
        return path

    def _newest(self, table: Table, reading: Reading) -> str | None:
        """Where the next pull begins: never behind the present start, never in the future. A backfill moves nothing."""
        mark = self.source.watermark
        if mark is None or self.request.as_of is not None:
            return None
        newest, future, unreadable = table.newest(mark, time.time())
        if future:
            reading.notes.append(f"有 {future} 行的更新时间晚于现在，没有作为下次增量的起点。")
        if unreadable:
            reading.notes.append(f"有 {unreadable} 行的更新时间为空或无法识别，没有作为下次增量的起点。")
        if newest is None or self.since is None:
            return newest or self.since
        return newest if (table.moment(mark.clock, newest) or 0) > (table.moment(mark.clock, self.since) or 0) else self.since  # fmt: skip

    def _pulled(self, kept: Path, reading: Reading, watermark: str | None) -> Pulled:
        kept.touch(mode=0o600)
        when = dt.datetime.now(LOCAL)
        return Pulled(kept, reading, watermark, f"{self.feed.title} 接口获取 {when:%Y-%m-%d %H%M%S}")
