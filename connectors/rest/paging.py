"""Which question comes next, and what proves that the pages are not one whole list."""

from __future__ import annotations

import hashlib
from typing import Any

from connectors.reading import Problem
from connectors.rest.answer import Answer
from connectors.rest.declaration import Source


class Walk:
    """The way through the pages: ``params`` or ``link`` is the next question, until ``done``.

    Page numbers and offsets end at the declared total; without one, at an empty page that is followed by another empty page.
    Cursors and links end where the server gives none.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._paging = source.paging
        self._seen: set[bytes] = set()
        self._cursor: str | int | None = None
        self._empty = 0
        self.link: str | None = None
        self.pages = 0
        self.rows = 0
        self.total: int | None = None
        self.done = False

    @property
    def params(self) -> dict[str, Any]:
        """What the next question adds to the declared parameters."""
        paging = self._paging
        asked: dict[str, Any] = {}
        if paging.size_param:
            asked[paging.size_param] = paging.size
        if paging.kind == "page":
            asked[paging.param] = paging.first + self.pages
        elif paging.kind == "offset":
            # A probe behind an empty page asks one page further.
            asked[paging.param] = self.rows + self._empty * paging.size
        elif paging.kind == "cursor" and self._cursor is not None:
            asked[paging.param] = self._cursor
        return asked

    def take(self, answer: Answer, link: str | None) -> None:
        """Go on behind ``answer``. Raises Problem when pages repeat, drift, circle or do not add up."""
        self._count(answer)
        self.pages += 1
        if answer.records:
            if self._empty:
                raise Problem("EMPTY_PAGE", "接口中间有空页，空页之后又有数据，名单可能不完整，本次没有接收。")
            self._once(b"page" + answer.fingerprint, "PAGE_REPEATED", "接口把同一页返回了两次，本次没有接收。")
        self.rows += len(answer.records)
        if self.total is not None and self.rows > self.total:
            self._mismatch()
        kind = self._paging.kind
        if kind in ("page", "offset"):
            self._numbered(answer)
        elif kind == "cursor":
            self._cursor = answer.next if answer.more else None
            self._followed(answer, None if self._cursor is None else str(self._cursor))
        elif kind == "link":
            self.link = (str(answer.next) if answer.next is not None else None) if self._paging.next else link
            self._followed(answer, self.link)
        else:
            self._end()
        if not self.done and self.pages >= self._source.limits.pages:
            raise Problem("PAGE_LIMIT", f"接口超过 {self.pages} 页仍没有结束，本次没有接收。")

    def _count(self, answer: Answer) -> None:
        if not self._source.total:
            return
        if answer.total is None:
            if self.total is None:
                raise Problem("TOTAL_MISSING", f"接口的应答里没有约定的总数“{self._source.total}”，本次没有接收。")
        elif self.total is None:
            self.total = answer.total
        elif answer.total != self.total:
            message = f"翻页过程中接口的总数从 {self.total} 变为 {answer.total}，名单可能有遗漏或重复，本次没有接收。"
            raise Problem("TOTAL_CHANGED", message)

    def _numbered(self, answer: Answer) -> None:
        if self.total is not None:
            if self.rows == self.total:
                self._end()
            elif not answer.records:
                message = (
                    f"接口在第 {self.pages} 页返回空页，但总数 {self.total} 行只取到 {self.rows} 行，本次没有接收。"
                )
                raise Problem("EMPTY_PAGE", message)
        elif not answer.records:
            self._empty += 1
            if self._empty > 1:
                self._end()

    def _followed(self, answer: Answer, following: str | None) -> None:
        if following is None:
            self._end()
            return
        if not answer.records:
            raise Problem("EMPTY_PAGE", "接口中间返回了空页，却说后面还有数据，名单可能不完整，本次没有接收。")
        self._once(
            b"next" + following.encode(), "CURSOR_REPEATED", "接口的下一页标记重复出现，翻页成了死循环，本次没有接收。"
        )

    def _once(self, thing: bytes, code: str, message: str) -> None:
        digest = hashlib.blake2b(thing, digest_size=16).digest()
        if digest in self._seen:
            raise Problem(code, message)
        self._seen.add(digest)

    def _end(self) -> None:
        if self.total is not None and self.rows != self.total:
            self._mismatch()
        self.done = True

    def _mismatch(self) -> None:
        raise Problem("COUNT_MISMATCH", f"接口声明共 {self.total} 行，实际取到 {self.rows} 行，本次没有接收。")
