"""The leader's page: complete in itself, the same for the same content, and honest about what nobody has reported."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import duckdb

from connectors import disk, settings
from tests.browser import browser
from tests.publish.county import FEEDS, VILLAGE
from warehouse import keys
from warehouse.history.schema import create_tables
from warehouse.monitor import build
from warehouse.publish import guard, manifest, page, publish

MARTS = {path.stem for path in (settings.ROOT / "sql" / "marts").glob("*.sql")}


class Read(HTMLParser):
    """What the page holds: ``ids``, ``links``, other ``addresses``, and the ``loose`` numbers of tables and tiles that no link explains."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.figures: list[tuple[str, str]] = []
        self.loose: list[str] = []
        self._figure, self._link, self._written = False, "", False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        self.ids += [facts["id"]] if "id" in facts else []
        self.addresses += [facts[name] for name in ("src", "action", "data", "xlink:href", "poster") if name in facts]
        if tag == "a":
            self._link, self._written = facts["href"], "f" in facts.get("class", "").split()
            self.links.append(facts["href"])
        elif tag in ("td", "th", "tr", "tbody", "thead", "div", "p", "figure", "h3"):
            self._figure = tag == "td" and facts.get("class", "").startswith("num")
        elif tag == "b":
            self._figure = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = ""
        elif tag == "b":
            self._figure = False

    def handle_data(self, data: str) -> None:
        if self._link and self._written:
            self.figures.append((self._link.removeprefix("#"), data))
        elif self._figure and not self._link and re.search(r"\d", data) and "年" not in data and "%" not in data:
            self.loose.append(data)


def written(home: Path) -> str:
    return (home / "published" / "current" / page.NAME).read_text(encoding="utf-8")


def test_it_is_a_file_of_the_snapshot_that_the_guard_has_read(home):
    folder = home / "published" / "current"
    facts = (manifest.read(folder) or {})["files"][page.NAME]
    assert facts == {"bytes": (folder / page.NAME).stat().st_size, "sha256": disk.digest(folder / page.NAME)}
    assert facts["bytes"] < 2_000_000
    assert guard.inspect_file(folder / page.NAME) == []


def test_it_asks_for_nothing_and_every_link_leads_somewhere(home):
    text = written(home)
    read = Read(text)
    assert read.addresses == [] and "url(" not in text and "@import" not in text
    assert set(re.findall(r"https?://[^\"'<> ]*", text)) <= {"http://www.w3.org/2000/svg"}, "the name of SVG only"
    assert len(read.ids) == len(set(read.ids)), "an id stands once"
    dictionary = Read((home / "published" / "current" / "dictionary.html").read_text(encoding="utf-8")).ids
    known = {f"#{name}" for name in read.ids} | {"dictionary.html", *(f"dictionary.html#{name}" for name in dictionary)}
    assert set(read.links) <= known


def test_every_figure_names_the_mart_and_the_column_that_define_it(home):
    read = Read(written(home))
    assert read.loose == []
    assert len(read.figures) > 50 and {place.split(".")[0] for place, _ in read.figures} <= MARTS
    assert ("headcount.poor_persons", "2") in read.figures and ("headcount.incidence", "100.00%") in read.figures


def test_it_is_made_of_the_published_tables_alone(home, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    folder = (home / "published" / "current").resolve()
    head = manifest.read(folder) or {}
    with duckdb.connect(str(folder / "statistics.duckdb"), read_only=True) as con:
        as_of = con.execute("SELECT max(as_of) FROM headcount").fetchall()[0][0]
    again = page.write(copy, folder / "statistics.duckdb", head["snapshot_id"], as_of)
    assert again.read_bytes() == (folder / page.NAME).read_bytes()


def test_the_same_content_is_the_same_page_wherever_it_is_published(everything, tmp_path):
    key = keys.secret("publication_key", tmp_path / "a")
    (tmp_path / "b" / "secrets").mkdir(parents=True)
    (tmp_path / "b" / "secrets" / "publication_key").write_text(key, encoding="ascii")
    for root in ("a", "b"):
        publish(everything, tmp_path / root, FEEDS)
    assert written(tmp_path / "a") == written(tmp_path / "b")


def test_a_county_that_has_sent_nothing_is_told_so_and_no_zero_is_claimed(tmp_path):
    with duckdb.connect(config={"threads": 1}) as con:
        create_tables(con, FEEDS.values())
        build(con, FEEDS)
        publish(con, tmp_path, FEEDS)
    text = written(tmp_path)
    sections = dict(re.findall(r'<section id="(s-\w+)">(.*?)</section>', text, re.DOTALL))
    for name in ("target", "incidence", "guarantee", "clue", "loan", "fund"):
        assert "无数据" in sections[f"s-{name}"], name
        assert not [told for _, told in Read(sections[f"s-{name}"]).figures if told != "无数据"], name
    assert "从未报送" in sections["s-feed"]


def test_a_feed_that_is_missing_leaves_its_figures_open(everything, tmp_path):
    everything.execute("DELETE FROM ops.batch WHERE feed IN ('registry_person', 'bank_loan', 'fund_payment')")
    build(everything, FEEDS)
    publish(everything, tmp_path, FEEDS)
    figures = dict(Read(written(tmp_path)).figures)
    assert figures["headcount.poor_persons"] == figures["headcount.incidence"] == "无数据"
    assert figures["village_incidence.denominator"] == "2", "what is known is told"


def test_a_small_county_s_page_opens_without_complaint(home, tmp_path):
    url = (home / "published" / "current").resolve().joinpath(page.NAME).as_uri()
    with browser(tmp_path) as tab:
        for width in (1280, 390):
            tab.open(f"{url}?town={VILLAGE[:9]}", width)
            assert tab.ask("document.documentElement.scrollWidth") <= width
            assert tab.ask("document.getElementById('town').value") == VILLAGE[:9]
        assert tab.complaints == [] and {address.split("?")[0] for address in tab.requests} == {url}
