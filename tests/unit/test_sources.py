"""What is remembered of a feed's last delivery survives whoever dies while he writes it down."""

from __future__ import annotations

import json

import pytest

from warehouse import sources

FEED = "bank_loan"


@pytest.fixture
def landing(tmp_path):
    folder = tmp_path / "landing" / FEED
    folder.mkdir(parents=True)
    return folder


def test_half_a_line_is_not_read_and_spoils_no_other(tmp_path, landing):
    sources.remember(tmp_path, {"feed": FEED, "as_of": "2019-06-30", "rows_read": 7, "watermark": "2019-06-30T08:00"})
    with open(landing / ".last.json", "a", encoding="utf-8") as handle:
        handle.write('\n{"as_of": "2019-07-31", "rows": 9, "wat')
    assert sources.last(tmp_path, FEED)["as_of"] == "2019-06-30"
    assert sources.watermark(tmp_path, FEED) == "2019-06-30T08:00"
    sources.remember(tmp_path, {"feed": FEED, "as_of": "2019-08-31", "rows_read": 11})
    assert sources.last(tmp_path, FEED)["rows"] == 11
    # A file says nothing of where a pull ended.
    assert sources.watermark(tmp_path, FEED) == "2019-06-30T08:00"


def test_what_an_earlier_version_wrote_is_read(tmp_path, landing):
    before = {"as_of": "2019-06-30", "rows": 7, "areas": ["210782008", "210782009"], "medians": {"amount_yuan": 3.5}}
    (landing / ".last.json").write_text(json.dumps(before, indent=1) + "\n", encoding="utf-8")
    assert sources.last(tmp_path, FEED) == before
