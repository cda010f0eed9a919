"""What a page says: its records, how many there should be, where the next page is; or why it is no answer at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from connectors.reading import Problem
from connectors.rest.declaration import Source

JSON_TYPES = ("application/json", "text/json", "application/problem+json")
CODE_CHARACTERS = 12
_ABSENT = object()


@dataclass(frozen=True)
class Answer:
    """``text``: the page as UTF-8 JSON; ``records``: its rows as Python objects (floats may have lost digits: only names are used).

    ``total``: the number of rows that all pages together should have; ``next``: the declared field with the next cursor or link.
    """

    text: bytes
    records: Sequence[Mapping[str, Any]]
    total: int | None
    next: str | int | None
    more: bool

    @property
    def fingerprint(self) -> bytes:
        """What tells one page's records from another's, whatever time stamps stand around them."""
        if not self.records:
            return b""
        ends = [len(self.records), self.records[0], self.records[-1]]
        return orjson.dumps(ends, option=orjson.OPT_NON_STR_KEYS)


def _find(page: Any, path: str) -> Any:
    """The value at a dotted path, ``_ABSENT`` where there is none; an empty path is the page itself."""
    for name in path.split(".") if path else ():
        if not isinstance(page, dict) or name not in page:
            return _ABSENT
        page = page[name]
    return page


def _whole(value: Any) -> int | None:
    """A count, which many interfaces write as text."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return None


def read(source: Source, body: bytes, content_type: str) -> Answer:
    """A page taken apart. Raises Problem for whatever is no answer; no message holds a value of a row."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml") or body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise Problem(
            "HTML_PAGE", "接口返回的是网页而不是数据（可能是登录页或网关提示页），本次没有接收。请检查接口账号和地址。"
        )
    if kind and kind not in JSON_TYPES and not kind.endswith("+json") and kind not in source.content_types:
        raise Problem("CONTENT_TYPE", f"接口返回的内容类型是 {kind[:60]}，不是 JSON，本次没有接收。")
    if source.encoding != "utf-8":
        try:
            body = body.decode(source.encoding).encode()
        except UnicodeDecodeError:
            raise Problem(
                "ENCODING_BROKEN", f"接口返回的内容不是约定的 {source.encoding} 编码，本次没有接收。"
            ) from None
    try:
        page = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        raise Problem(
            "JSON_BROKEN", "接口返回的 JSON 不完整或有语法错误（可能在传输中被截断），本次没有接收。"
        ) from None
    _must_be_ok(source, page)
    records = _find(page, source.records)
    total = None if not source.total else _whole(_find(page, source.total))
    if records is None and total == 0:
        records = []
    if not isinstance(records, list):
        where = f"“{source.records}”" if source.records else "最外层"
        raise Problem("RECORDS_MISSING", f"接口的应答里没有约定的记录列表（{where}），本次没有接收。")
    if records and set(map(type, records)) != {dict}:
        raise Problem("RECORD_SHAPE", "接口的记录列表里有不是对象的内容，本次没有接收。")
    following = _find(page, source.paging.next) if source.paging.next else None
    if following is _ABSENT or following == "":
        following = None
    if following is not None and (isinstance(following, bool) or not isinstance(following, (str, int))):
        raise Problem("CURSOR_SHAPE", "接口给出的下一页游标既不是文本也不是整数，本次没有接收。")
    more = _find(page, source.paging.more) if source.paging.more else True
    return Answer(body, records, total, following, more not in (False, "false", 0, "0", None, _ABSENT))


def _must_be_ok(source: Source, page: Any) -> None:
    if not source.ok.field:
        return
    value = _find(page, source.ok.field)
    # 1 and True are equal in Python, not here.
    if any(value == wanted and type(value) is type(wanted) for wanted in source.ok.values):
        return
    text = str(value)
    shown = f"（{source.ok.field} = {text}）" if text.isalnum() and len(text) <= CODE_CHARACTERS else ""
    raise Problem("ANSWER_NOT_OK", f"接口返回了错误{shown}，本次没有接收。请接口提供方检查。")


def field_paths(records: Sequence[Mapping[str, Any]], nested: Mapping[str, Any]) -> dict[tuple[str, ...], None]:
    """Paths of all fields of ``records`` in order of first sight; ``nested``: the declared dotted names as a tree.

    Only objects that a declared name looks into are taken apart; any other stays one field.
    """
    known: dict[str, None] = dict.fromkeys(records[0]) if records else {}
    others = set().union(*records) - known.keys()
    known |= dict.fromkeys(sorted(others))
    found: dict[tuple[str, ...], None] = {}
    for name in known:
        inner: list[Mapping[str, Any]] = []
        tree: Mapping[str, Any] = nested.get(name) or {}
        if tree:
            inner = [value for value in (record.get(name) for record in records) if isinstance(value, dict)]
        if not inner:
            found[(name,)] = None
            continue
        for path in field_paths(inner, tree):
            found[(name, *path)] = None
    return found
