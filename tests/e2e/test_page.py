"""The leader's page of a whole county, opened in a browser that reaches no network: at a desk, on a telephone and on paper.

Pictures of what was seen stay in ``build/page/`` of the checkout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.browser import PICTURES, Browser, browser
from tests.e2e.county import County
from warehouse import columns

PEOPLE, SEED = 1500, 31
# A4 without the margins that the page asks for, in CSS pixels.
PAPER = round((210 - 2 * 11) / 25.4 * 96)
# Section, key of the row, mart.column, what is told; of all that is to be seen, the definitions left out.
SEEN = """
[...document.querySelectorAll("main a.f")].filter(figure => figure.offsetParent)
  .map(figure => [figure.closest("section").id, figure.closest("[data-key]").dataset.key, figure.hash.slice(1), figure.textContent])
"""
# What reaches beyond the room of its section.
WIDE = """
[...document.querySelectorAll("main section *")].filter(one => {
  const section = one.closest("section"), room = section.getBoundingClientRect().right - parseFloat(getComputedStyle(section).paddingRight)
  return one.getBoundingClientRect().right > room + 1
}).map(one => one.outerHTML.slice(0, 90))
"""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    return County(tmp_path_factory.mktemp("page"), PEOPLE, SEED, "--monitoring")


@pytest.fixture(scope="module")
def marts(county: County) -> Iterator[duckdb.DuckDBPyConnection]:
    path = county.home / "published" / "current" / "statistics.duckdb"
    with duckdb.connect(str(path), read_only=True) as con:
        yield con


@pytest.fixture(scope="module")
def url(county: County) -> str:
    return (county.home / "published" / "current").resolve().joinpath("index.html").as_uri()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def told(name: str, value: Any, missing: str = "无数据") -> str:
    """How a value of a column should read."""
    unit = columns.dictionary()[name].unit
    if value is None:
        return missing
    if unit == "比例":
        return f"{value * 100:.2f}%"
    if unit == "元":
        return f"{value / Decimal(10_000):,.2f}"
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)


def rows(con: duckdb.DuckDBPyConnection, sql: str, *values: Any) -> list[dict[str, Any]]:
    found = con.execute(sql, list(values))
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def expected(con: duckdb.DuckDBPyConnection, area: str, county: str) -> dict[tuple[str, str, str], str]:
    """(section, key, mart.column) → what the page should tell of an area, asked of the marts in another way than the page does."""
    found: dict[tuple[str, str, str], str] = {}

    def add(section: str, key: Any, mart: str, row: dict[str, Any], missing: str = "无数据") -> None:
        for name, value in row.items():
            if name in columns.dictionary():
                found[f"s-{section}", str(key), f"{mart}.{name}"] = told(name, value, missing)

    def one(section: str, key: str, column: str, sql: str, *values: Any) -> None:
        found[f"s-{section}", key, column] = told(column.split(".")[1], con.execute(sql, list(values)).fetchall()[0][0])

    # The county's clues are all of them, a township's those that lie in it.
    here = "starts_with(coalesce(town_code, ''), ?)" if area != county else "? <> ''"
    for row in rows(con, "FROM target_tracker WHERE area_code = ? AND target_year = 2019", area):
        add("target", row["target_kind"], "target_tracker", row)
    for row in rows(con, "FROM headcount WHERE area_code = ?", area):
        add("target", "headcount", "headcount", row)
    for row in rows(con, "FROM headcount WHERE area_level = '乡'") if area == county else []:
        add("incidence", row["area_code"], "headcount", row)
    for row in rows(con, "FROM village_incidence"):
        add("incidence", row["village_code"], "village_incidence", row)
    for row in rows(con, "FROM guarantee_coverage WHERE area_code = ?", area):
        add("guarantee", row["dimension_no"], "guarantee_coverage", row)
    count = f"SELECT count(*) FROM clue WHERE {here} AND"
    one("clue", "clue", "clue.is_open", f"{count} is_open", area)
    one("clue", "clue", "clue.severity", f"{count} is_open AND severity = '红'", area)
    one("clue", "clue", "clue.is_overdue", f"{count} is_overdue", area)
    supervised = f"SELECT CASE WHEN count(*) > 0 THEN count(*) FILTER (supervision_state = '督办') END FROM clue_supervision WHERE {here}"
    one("clue", "clue", "clue_supervision.supervision_state", supervised, area)
    for state in (row["clue_state"] for row in rows(con, "SELECT DISTINCT clue_state FROM clue")):
        for colour in "红橙黄蓝":
            one("clue", f"{state}.{colour}", "clue.severity", f"{count} clue_state = ? AND severity = ?", area, state, colour)  # fmt: skip
        one("clue", f"{state}.合计", "clue.clue_state", f"{count} clue_state = ?", area, state)
    for row in rows(con, "SELECT DISTINCT rule_id FROM clue"):
        one("clue", row["rule_id"], "clue.is_open", f"{count} is_open AND rule_id = ?", area, row["rule_id"])
        one("clue", row["rule_id"], "clue.is_overdue", f"{count} is_overdue AND rule_id = ?", area, row["rule_id"])
    for row in rows(con, "SELECT DISTINCT opened_month FROM clue_handling"):
        for name in ("new_count", "closed_count"):
            sql = f"SELECT CAST(sum({name}) AS BIGINT) FROM clue_handling WHERE {here} AND opened_month = ?"
            one("clue", str(row["opened_month"]), f"clue_handling.{name}", sql, area, row["opened_month"])
    sums = (
        "SELECT CAST(sum(borrower_household_count) AS BIGINT) AS borrower_household_count, CAST(sum(note_count) AS BIGINT) AS note_count, "
        "sum(area_balance_yuan) AS area_balance_yuan, sum(overdue_yuan) AS overdue_yuan, sum(overdue_yuan) / sum(area_balance_yuan) AS overdue_rate, "
        "CAST(sum(over_indebted_household_count) AS BIGINT) AS over_indebted_household_count FROM finance WHERE report_month = '2019-06-01'"
    )
    for row in rows(con, f"{sums} AND {here}", area):
        add("loan", "loan", "finance", row)
    for town in rows(con, "SELECT DISTINCT town_code FROM finance"):
        for row in rows(con, f"{sums} AND town_code = ?", town["town_code"]):
            add("loan", town["town_code"], "finance", row, "—")
    for row in rows(
        con,
        "SELECT count(*) AS project_count, sum(project_budget_yuan) AS project_budget_yuan, sum(fund_paid_yuan) AS fund_paid_yuan, "
        "sum(fund_paid_yuan) / sum(project_budget_yuan) AS project_paid_ratio FROM project_fund WHERE project_year = 2019 "
        f"AND {here.replace('town_code', 'village_code')}",
        area,
    ):
        add("fund", "project", "project_fund", row)
        add("fund", "project", "fund_year", {"project_count": row["project_count"]})
    for row in rows(con, "FROM fund_year"):
        add("fund", row["fund_year"], "fund_year", row)
    for row in rows(con, "FROM scorecard WHERE stat_month = '2019-06-01'"):
        add("score", row["department"] or row["town_code"], "scorecard", row, "—")
        found["s-score", row["department"] or row["town_code"], "scorecard.score"] = told("score", row["score"])
    for row in rows(con, "FROM feed_quality ORDER BY as_of NULLS FIRST"):
        add("feed", row["feed"], "feed_quality", row, "—")
        found["s-feed", row["feed"], "feed_quality.as_of"] = told("as_of", row["as_of"])
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_it_opens_without_complaint_without_the_network_and_in_its_window(tab: Browser, url: str, width: int) -> None:
    tab.complaints.clear()
    tab.requests.clear()
    tab.open(url, width)
    assert tab.ask("document.documentElement.scrollWidth") <= width
    assert tab.ask(WIDE) == []
    # Nothing is cut off within a cell or a tile either.
    cut = "[...document.querySelectorAll('main td, main .tile, main h2')].filter(one => one.offsetParent && one.scrollWidth > one.clientWidth + 1)"
    assert tab.ask(f"{cut}.map(one => one.textContent)") == []
    tab.picture(PICTURES / f"{width}.png")
    assert tab.complaints == [] and tab.requests == [url]


def test_every_figure_of_the_county_and_of_each_township_is_the_mart_s(
    tab: Browser, url: str, marts: duckdb.DuckDBPyConnection
) -> None:
    tab.open(url, 1280)
    places = tab.ask("[...document.getElementById('town').options].map(one => one.value)")
    towns = marts.execute("SELECT count(DISTINCT town_code) FROM division").fetchall()[0][0]
    assert len(places) == 1 + towns
    sections = set()
    for place in places:
        tab.ask(
            f"(town => {{ town.value = '{place}'; town.dispatchEvent(new Event('change')); }})(document.getElementById('town'))"
        )
        seen = tab.ask(SEEN)
        right = expected(marts, place, places[0])
        wrong = [(*one, right.get(tuple(one[:3]))) for one in seen if right.get(tuple(one[:3])) != one[3]]
        assert wrong == [] and len(seen) > 200
        sections |= {one[0] for one in seen}
    assert sections == {f"s-{name}" for name in "target incidence guarantee clue loan fund score feed".split()}


def test_a_township_s_villages_are_all_there_and_ranked(
    tab: Browser, url: str, marts: duckdb.DuckDBPyConnection
) -> None:
    town = marts.execute("SELECT town_code FROM village_incidence GROUP BY town_code ORDER BY count(*) DESC LIMIT 1")
    code = town.fetchall()[0][0]
    tab.open(f"{url}?town={code}", 1280)
    shown = tab.ask(
        "[...document.querySelectorAll('#s-incidence tr[data-key]')].filter(row => row.offsetParent).map(row => row.dataset.key)"
    )
    ranked = marts.execute(
        "SELECT village_code FROM village_incidence WHERE town_code = ? ORDER BY rate DESC NULLS LAST, numerator DESC NULLS LAST, village_code",
        [code],
    )
    assert shown == [village for (village,) in ranked.fetchall()]
    tab.picture(PICTURES / "town.png")


def test_a_figure_leads_to_its_definition(tab: Browser, url: str) -> None:
    tab.open(url, 1280)
    tab.ask("document.querySelector('.tile a[href=\"#headcount.incidence\"]').click()")
    target = tab.ask("(one => one.textContent + one.closest('article').textContent)(document.querySelector(':target'))")
    assert "贫困人口÷农村户籍人口" in target and "mart.headcount" in target and "依据" in target


def test_it_prints_on_a4_and_nothing_runs_off_the_paper(tab: Browser, url: str) -> None:
    tab.send("Emulation.setEmulatedMedia", media="print")
    try:
        tab.open(url, PAPER)
        assert tab.ask("document.documentElement.scrollWidth") <= PAPER
        assert tab.ask(WIDE) == []
        assert tab.ask("getComputedStyle(document.querySelector('nav')).display") == "none"
    finally:
        tab.send("Emulation.setEmulatedMedia", media="")
    tab.print(PICTURES / "page.pdf")
    pdf = (PICTURES / "page.pdf").read_bytes()
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox ?\[([^]]*)\]", pdf)}
    assert {(round(box[2]), round(box[3])) for box in boxes} == {(595, 842)}
    pages = len(re.findall(rb"/Type ?/Page\b", pdf))
    assert 4 <= pages <= 14
