"""A pull that is cut off goes on where it was; the next one begins where the last merged one ended (faults 22 and 26)."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from connectors import pull
from connectors.errors import TerminalError, TransientError
from tests.connectors.test_rest_support import (
    QUICK,
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

PAGED = """
records = "list"
total = "total"
[source.paging]
kind = "page"
param = "page"
"""
SINCE = """
as_of_param = "day"
[source.watermark]
field = "updated"
param = "since"
"""


def page(asked: Asked, total: int = 5) -> Reply:
    number = int(asked.params["page"])
    return Reply({"total": total, "list": grants(number, number)})


@pytest.fixture
def site(known):
    """A server whose play a test sets, known to the connection."""
    script = {"play": lambda asked, number: page(asked)}
    with serve(lambda asked, number: script["play"](asked, number)) as running:
        known(running)
        running.script = script  # type: ignore[attr-defined]
        yield running


def play(site, function) -> None:
    site.script["play"] = function
    site.asked.clear()


def stop_at(number: int):
    return lambda asked, _: Reply(status=503) if asked.params["page"] == str(number) else page(asked)


def test_after_an_outage_only_the_missing_pages_are_asked_for(tmp_path, site):
    asked = request(declare(tmp_path, PAGED), tmp_path)
    play(site, stop_at(4))
    with pytest.raises(TransientError):
        pull.pull(asked)
    play(site, lambda one, _: page(one))
    found = pull.pull(asked)
    assert [row[0] for row in rows(found)] == ["G0001", "G0002", "G0003", "G0004", "G0005"]
    assert site.pages("page") == ["4", "5"]
    # The journal and the pages are complete: a process killed before the batch was made asks nothing at all.
    play(site, lambda one, _: page(one))
    assert rows(pull.pull(asked)) == rows(found) and site.asked == []


def test_a_pull_killed_in_the_middle_goes_on(tmp_path, site):
    """kill -9 while the fourth page is awaited."""
    reached, ended = threading.Event(), threading.Event()

    def hold(asked: Asked, number: int) -> Reply:
        if asked.params["page"] == "4":
            reached.set()
            ended.wait(30)
        return page(asked)

    play(site, hold)
    feed = declare(tmp_path, PAGED)
    asked = request(feed, tmp_path)
    script = (
        "import sys\nfrom pathlib import Path\nfrom connectors import pull\nfrom connectors.feed import load_feed\n"
        "pull.pull(pull.Request(load_feed(Path(sys.argv[1])), Path(sys.argv[2])))"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(feed.path), str(asked.workdir)], env=dict(os.environ))
    try:
        assert reached.wait(120)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    finally:
        process.kill()
        ended.set()
    play(site, lambda one, _: page(one))
    assert len(rows(pull.pull(asked))) == 5
    assert site.pages("page") == ["4", "5"]


@pytest.mark.parametrize("damage", ["bytes", "cut", "journal", "nothing"])
def test_a_kept_page_that_is_not_what_arrived_is_fetched_again(tmp_path, site, damage):
    asked = request(declare(tmp_path, PAGED), tmp_path)
    play(site, stop_at(4))
    with pytest.raises(TransientError):
        pull.pull(asked)
    kept, journal = asked.workdir / "pages.json", asked.workdir / "pages.journal"
    content = kept.read_bytes()
    if damage == "bytes":
        kept.write_bytes(content.replace(b"G0003", b"G0009"))
    elif damage == "cut":
        kept.write_bytes(content[:-9])
    elif damage == "journal":
        journal.write_text(journal.read_text()[:-9])
    play(site, lambda one, _: page(one))
    assert [row[0] for row in rows(pull.pull(asked))] == ["G0001", "G0002", "G0003", "G0004", "G0005"]
    assert site.pages("page") == (["4", "5"] if damage == "nothing" else ["3", "4", "5"])


def test_what_belongs_to_another_question_or_is_too_old_is_not_mixed_in(tmp_path, site):
    play(site, stop_at(4))
    with pytest.raises(TransientError):
        pull.pull(request(declare(tmp_path, PAGED), tmp_path))
    play(site, lambda one, _: page(one))
    assert len(rows(pull.pull(request(declare(tmp_path, 'params = { year = "2019" }\n' + PAGED), tmp_path)))) == 5
    assert site.pages("page") == ["1", "2", "3", "4", "5"]
    journal = tmp_path / "work" / "pages.journal"
    head, _, rest = journal.read_text().partition("\n")
    journal.write_text(json.dumps(json.loads(head) | {"began": time.time() - 7 * 3600}) + "\n" + rest)
    play(site, lambda one, _: page(one))
    pull.pull(request(declare(tmp_path, 'params = { year = "2019" }\n' + PAGED), tmp_path))
    assert len(site.asked) == 5


def test_a_list_that_changed_while_the_pull_was_down_is_refused(tmp_path, site):
    asked = request(declare(tmp_path, PAGED), tmp_path)
    play(site, stop_at(4))
    with pytest.raises(TransientError):
        pull.pull(asked)
    play(site, lambda one, _: page(one, 6))
    assert codes(pull.pull(asked)) == ["TOTAL_CHANGED"]


# ---- where the next pull begins


def at(*times: object) -> Reply:
    return Reply([grant(number, updated=value) for number, value in enumerate(times, 1)])


CLOCKS: dict[str, tuple[list[object], int]] = {
    "time": (["2019-06-30T12:00:00+08:00", "2019-06-30 12:00:01", "2019-06-30T04:00:02Z", "2019/06/01"], 2),
    "epoch_s": ([1561867200, "1561867300", 1561867100], 1),
    "epoch_ms": ([1561867200000, 1561867200001], 1),
    "number": ([9, 10, 900719925474099312], 2),
}  # fmt: skip


@pytest.mark.parametrize("clock", CLOCKS)
def test_the_watermark_is_the_newest_time_as_the_source_writes_it(tmp_path, site, clock):
    values, newest = CLOCKS[clock]
    play(site, lambda asked, _: at(*values))
    found = pull.pull(request(declare(tmp_path, SINCE + f'clock = "{clock}"\n'), tmp_path))
    assert found is not None and found.watermark == str(values[newest])
    # It is asked for, but not landed.
    assert "updated" not in found.reading.header


def test_compact_times_are_understood(tmp_path, site):
    play(site, lambda asked, _: at("20190630120000", "20190630120001"))
    found = pull.pull(request(declare(tmp_path, SINCE), tmp_path))
    assert found is not None and found.watermark == "20190630120001"


def test_the_next_pull_asks_from_the_watermark_and_never_moves_back(tmp_path, site):
    play(site, lambda asked, _: at("2019-06-30 11:00:00"))
    found = pull.pull(request(declare(tmp_path, SINCE), tmp_path, watermark="2019-06-30 12:00:00"))
    assert site.pages("since") == ["2019-06-30 12:00:00"]
    assert found is not None and found.watermark == "2019-06-30 12:00:00"


@pytest.mark.parametrize("future", ["2999-01-01 00:00:00", "2999-01-01T00:00:00+08:00"])
def test_a_watermark_from_2999_in_the_source_does_not_poison_the_next_pull(tmp_path, site, future):
    play(site, lambda asked, _: at("2019-06-30 12:00:00", future, "2019-06-29 12:00:00", None, "昨天"))
    found = pull.pull(request(declare(tmp_path, SINCE), tmp_path))
    assert found is not None and found.watermark == "2019-06-30 12:00:00"
    assert len(rows(found)) == 5
    told = "".join(found.reading.notes)
    assert "1 行的更新时间晚于现在" in told and "2 行的更新时间为空或无法识别" in told


def test_a_time_a_moment_ahead_of_our_clock_waits_for_its_turn(tmp_path, site):
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)).isoformat(timespec="seconds")
    play(site, lambda asked, _: at("2019-06-30 12:00:00", soon))
    found = pull.pull(request(declare(tmp_path, SINCE), tmp_path))
    assert found is not None and found.watermark == "2019-06-30 12:00:00"


@pytest.mark.parametrize("stored", ["2999-01-01 00:00:00", "昨天"])
def test_a_poisoned_watermark_that_was_stored_is_not_asked_for(tmp_path, site, stored):
    play(site, lambda asked, _: at("2019-06-30 12:00:00"))
    found = pull.pull(request(declare(tmp_path, SINCE), tmp_path, watermark=stored))
    assert site.pages("since") == [None]
    assert found is not None and found.watermark == "2019-06-30 12:00:00"
    assert "从头获取" in "".join(found.reading.notes)


def test_records_without_the_declared_time_are_refused(tmp_path, site):
    play(site, lambda asked, _: Reply(grants(1, 2)))
    assert codes(pull.pull(request(declare(tmp_path, SINCE), tmp_path))) == ["WATERMARK_MISSING"]


def test_a_backfill_asks_for_its_day_and_moves_nothing(tmp_path, site):
    play(site, lambda asked, _: at("2019-06-30 12:00:00"))
    feed = declare(tmp_path, 'as_of_format = "%Y%m%d"\n' + SINCE)
    found = pull.pull(request(feed, tmp_path, as_of=dt.date(2019, 6, 30)))
    assert site.asked[0].params == {"day": "20190630"}
    assert found is not None and found.watermark is None and len(rows(found)) == 1


def test_a_feed_that_knows_no_past_days_refuses_a_backfill(tmp_path, site):
    with pytest.raises(TerminalError, match="as_of_param"):
        pull.pull(request(declare(tmp_path), tmp_path, as_of=dt.date(2019, 6, 30)))


def test_memory_is_bounded_whatever_the_list_weighs(tmp_path, known):
    """120,000 records in pages of 4 MB, with 256 MB for the connector."""
    body = {number: json.dumps({"total": 120_000, "list": grants_of(number)}).encode() for number in range(1, 5)}
    with serve(lambda asked, _: Reply(body[int(asked.params["page"])])) as running:
        known(running)
        feed = declare(tmp_path, PAGED + QUICK)
        script = (
            "import sys, resource\nfrom pathlib import Path\nfrom connectors import connections, pull\nfrom connectors.feed import load_feed\n"
            "import duckdb, numpy, orjson, requests\nfrom connectors.rest import run\nconnections.get('test_rest')\n"
            "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "found = pull.pull(pull.Request(load_feed(Path(sys.argv[1])), Path(sys.argv[2]), memory_bytes=256 * 2**20))\n"
            "print(found.reading.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
        )
        (tmp_path / "work").mkdir()
        done = subprocess.run(
            [sys.executable, "-c", script, str(feed.path), str(tmp_path / "work")], capture_output=True, text=True, check=True
        )  # fmt: skip
    count, kilobytes = done.stdout.split()
    assert int(count) == 120_000
    assert int(kilobytes) < 256 * 1024


def grants_of(number: int) -> list[dict]:
    return grants((number - 1) * 30_000, number * 30_000 - 1)
