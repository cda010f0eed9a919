"""From the first page to the last, whatever way the interface counts; and pages that repeat, drift or circle (faults 24)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors import pull
from connectors.errors import TransientError
from tests.connectors.test_rest_support import (
    Asked,
    Reply,
    codes,
    declare,
    grant,
    grants,
    request,
    rows,
    serve,
)

PAGE = """
records = "data.list"
total = "data.total"
[source.paging]
kind = "page"
param = "pageNum"
size_param = "pageSize"
size = 2
"""
ONE = 'records = "data.list"\ntotal = "data.total"\n'
NO_TOTAL = PAGE.replace('total = "data.total"\n', "")
OFFSET = PAGE.replace('"page"', '"offset"').replace("pageNum", "offset").replace("pageSize", "limit")
CURSOR = """
records = "items"
[source.paging]
kind = "cursor"
param = "cursor"
next = "next"
more = "hasMore"
"""
LINK = """
[source.paging]
kind = "link"
"""
NEXT_LINK = """
records = "items"
[source.paging]
kind = "link"
next = "next"
"""
ALL = [(f"G{number:04d}", "219901198003050118", str(1000 + number), "在校") for number in range(1, 6)]

Play = Callable[[Asked, int], Reply]


def envelope(records: list[Any], total: int | None = 5) -> Reply:
    return Reply({"code": 0, "data": {"total": total, "list": records}})


def five(asked: Asked) -> list[Any]:
    number = int(asked.params["pageNum"])
    return grants(1, 5)[(number - 1) * 2 : number * 2]


def test_page_numbers_end_at_the_declared_total(pulled):
    found, site = pulled(PAGE, lambda asked, _: envelope(five(asked)))
    assert rows(found) == ALL
    assert [(one.params["pageNum"], one.params["pageSize"]) for one in site.asked] == [("1", "2"), ("2", "2"), ("3", "2")]  # fmt: skip


def test_without_a_total_an_empty_page_followed_by_another_is_the_end(pulled):
    found, site = pulled(NO_TOTAL, lambda asked, _: envelope(five(asked), None))
    assert rows(found) == ALL
    assert site.pages("pageNum") == ["1", "2", "3", "4", "5"]


def test_a_server_that_gives_fewer_rows_a_page_than_asked_for_is_read_to_the_end(pulled):
    # A short page is no end: one row a page although two were asked for.
    found, _ = pulled(NO_TOTAL, lambda asked, _: envelope(grants(1, 5)[int(asked.params["pageNum"]) - 1 :][:1]))  # fmt: skip
    assert rows(found) == ALL


def test_offsets(pulled):
    def play(asked: Asked, number: int) -> Reply:
        first = int(asked.params["offset"])
        return envelope(grants(1, 5)[first : first + int(asked.params["limit"])])

    found, site = pulled(OFFSET, play)
    assert rows(found) == ALL
    assert site.pages("offset") == ["0", "2", "4"]


def test_cursors_in_a_posted_question(pulled):
    import json

    def play(asked: Asked, number: int) -> Reply:
        cursor = json.loads(asked.body).get("cursor")
        assert asked.method == "POST" and cursor == [None, "c2", 900719925474099312][number - 1]
        items = [grants(1, 2), grants(3, 4), grants(5, 5)][number - 1]
        return Reply({"items": items, "hasMore": number < 3, "next": ["c2", 900719925474099312, "c4"][number - 1]})

    found, _ = pulled('send = "json"\n' + CURSOR, play)
    assert rows(found) == ALL


def test_link_headers(pulled):
    def play(asked: Asked, number: int) -> Reply:
        after = int(asked.params.get("after", "0"))
        link = {"Link": f'</api/grants?after={after + 3}>; rel="next", </>; rel="first"'} if after == 0 else {}
        return Reply(grants(after + 1, min(5, after + 3)), headers=link)

    found, site = pulled(LINK, play)
    assert rows(found) == ALL
    assert site.pages("after") == [None, "3"]


def test_next_links_in_the_answer(pulled):
    def play(asked: Asked, number: int) -> Reply:
        return Reply({"items": [grant(number)], "next": f"?at={number}" if number < 5 else None})

    assert rows(pulled(NEXT_LINK, play)[0]) == ALL


def test_no_rows_are_no_news_but_an_empty_full_list_is_refused(pulled):
    play: Play = lambda asked, _: envelope([], 0)  # noqa: E731
    assert pulled(PAGE, play)[0] is None
    assert codes(pulled(PAGE, play, "snapshot")[0]) == ["LIST_EMPTY"]


def three(asked: Asked) -> list[Any]:
    return grants(1, 6)[(int(asked.params["pageNum"]) - 1) * 2 :][:2]


def pages(*lists: list[Any], total: int | None | list[int] = 6) -> Play:
    def play(asked: Asked, number: int) -> Reply:
        records = lists[number - 1] if number <= len(lists) else []
        return envelope(records, total[number - 1] if isinstance(total, list) else total)

    return play


def moving(asked: Asked, number: int) -> Reply:
    """The cursor never changes while the rows do."""
    return Reply({"items": grants(number, number), "hasMore": True, "next": "same"})


def circle(asked: Asked, number: int) -> Reply:
    """Page 2 sends back to page 1, with other rows, as a live list would."""
    return Reply({"items": [grant(number)], "next": f"?page={number % 2}"})


def endless(asked: Asked, number: int) -> Reply:
    return Reply({"items": [grant(number)], "hasMore": True, "next": number})


MISBEHAVIOUR: dict[str, tuple[str, Play, str, str]] = {
    "page 2 served twice, with another time stamp": (
        NO_TOTAL, lambda asked, n: Reply({"at": n, "data": {"list": grants(1, 4)[(min(n, 2) - 1) * 2 :][:2]}}), "PAGE_REPEATED", "两次"),
    "the last page served for every number behind it": (
        NO_TOTAL, lambda asked, n: envelope(grants(1, 4)[(min(n, 2) - 1) * 2 :][:2], None), "PAGE_REPEATED", "两次"),
    "a cursor that never changes": (CURSOR, moving, "CURSOR_REPEATED", "死循环"),
    "a next link back to page 1": (NEXT_LINK, circle, "CURSOR_REPEATED", "死循环"),
    "an endless list": (CURSOR + "[source.limits]\npages = 7\n", endless, "PAGE_LIMIT", "7 页"),
    "a row inserted while paging moves the list": (PAGE, pages(grants(1, 2), grants(2, 3), grants(4, 5)), "PAGES_OVERLAP", "1 行"),
    "an empty page in the middle, total declared": (PAGE, pages(grants(1, 2), [], grants(3, 6)), "EMPTY_PAGE", "空页"),
    "an empty page in the middle, no total": (NO_TOTAL, pages(grants(1, 2), [], grants(3, 4), total=None), "EMPTY_PAGE", "空页"),
    "an empty page with a next cursor": (CURSOR, lambda asked, n: Reply({"items": [], "hasMore": True, "next": "x"}), "EMPTY_PAGE", "空页"),
    "a total that shrinks": (PAGE, pages(grants(1, 2), grants(3, 4), grants(5, 5), total=[6, 6, 5]), "TOTAL_CHANGED", "6 变为 5"),
    "more rows than the total": (PAGE, pages(grants(1, 2), grants(3, 5), total=4), "COUNT_MISMATCH", "声明共 4 行，实际取到 5 行"),
    "fewer rows than the total": (ONE, pages(grants(1, 5), total=6), "COUNT_MISMATCH", "声明共 6 行，实际取到 5 行"),
    "a total that is no number": (PAGE, pages(grants(1, 2), total=None), "TOTAL_MISSING", "总数"),
    "a next link to another host": (NEXT_LINK, lambda asked, n: Reply({"items": [grant(n)], "next": "http://127.0.0.1:9/api"}), "LINK_FOREIGN", "另一台主机"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISBEHAVIOUR)
def test_pages_that_are_no_whole_list_are_refused_whole(pulled, case):
    source, play, code, words = MISBEHAVIOUR[case]
    found, _ = pulled(source, play)
    assert codes(found) == [code]
    assert found is not None and words in found.reading.problems[0]["message"]
    # What arrived is kept as evidence; the watermark does not move.
    assert found.source.stat().st_size > 0 and found.watermark is None


def test_a_site_may_allow_rows_that_come_twice(pulled):
    source = PAGE + 'overlap = "allow"\n'
    found, _ = pulled(source, pages(grants(1, 2), grants(2, 3), grants(4, 5)))
    assert len(rows(found)) == 6


def test_a_list_that_moves_when_the_pull_begins_anew_is_read_anew(tmp_path, known):
    """An old cursor that the server has forgotten is not mourned: the next attempt begins at the first page."""
    old = {"gone": False}

    def play(asked: Asked, number: int) -> Reply:
        if asked.params.get("cursor") == "c2":
            return Reply(status=503) if not old["gone"] else Reply(status=410)
        if asked.params.get("cursor") == "d2":
            return Reply({"items": grants(3, 5), "hasMore": False})
        return Reply({"items": grants(1, 2), "hasMore": True, "next": "d2" if old["gone"] else "c2"})

    with serve(play) as site:
        known(site)
        asked = request(declare(tmp_path, CURSOR), tmp_path)
        with pytest.raises(TransientError, match="HTTP 503"):
            pull.pull(asked)
        old["gone"] = True
        with pytest.raises(TransientError, match="begins anew"):
            pull.pull(asked)
        assert rows(pull.pull(asked)) == ALL
