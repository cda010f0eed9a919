"""Data Docs: one page per feed, self-contained, without any value."""

import json
import re

import pytest

from connectors.errors import TerminalError
from connectors.feed import load_feed
from expectations import run
from expectations.docs import build_docs, build_site
from tests.unit.test_gx_run import FEED, NAMES, PLANTED, RULES, batch


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("feeds")
    (folder / "rules").mkdir()
    (folder / "rules" / "sample.toml").write_text(RULES, encoding="utf-8")
    (folder / "sample.toml").write_text(FEED, encoding="utf-8")
    feed = load_feed(folder / "sample.toml")
    row = {"citizen_id": PLANTED, "person_id": PLANTED, "months": 7777}
    return feed, run.validate(batch([row, {}, {"months": 12}]), feed, "rows", NAMES)


def test_a_page_per_feed_and_an_index(summary, tmp_path):
    stored = json.loads(json.dumps(summary[1].summary))
    (tmp_path / "gone.html").write_text("", encoding="utf-8")
    index = build_site({"sample": stored, "other": stored}, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "other.html", "sample.html"]
    assert "样例" in index.read_text(encoding="utf-8")
    page = (tmp_path / "sample.html").read_text(encoding="utf-8")
    assert "“务工月数”超出范围" in page and "“编号”格式不符" in page
    assert "1 unexpected values found" in page


def test_pages_need_no_network_and_tell_no_value(summary, tmp_path):
    page = build_docs(summary[0], summary[1], tmp_path).read_text(encoding="utf-8")
    assert not re.search(r"https?://|<script|<img|<link", page)
    assert PLANTED not in page and "7777" not in page


def test_the_same_result_gives_the_same_page(summary, tmp_path):
    first = build_docs(summary[0], summary[1], tmp_path / "a").read_bytes()
    assert build_docs(summary[0], summary[1], tmp_path / "b").read_bytes() == first


def test_a_broken_result_is_named(tmp_path):
    with pytest.raises(TerminalError, match="feed sample"):
        build_site({"sample": {"results": [{}]}}, tmp_path)
