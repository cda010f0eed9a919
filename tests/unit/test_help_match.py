"""Proposals of offers to needs (mart.help_match) against a model that hands out one offer after the other, on random needs and offers.

Whatever there is: nobody gets more than he asked for, no offer gives more than it has, and no need is left beside an offer that could have served it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from warehouse.monitor.order import SQL, parse

MATCH = parse(SQL / "marts" / "help_match.sql", "mart.help_match").select
VILLAGES = ("210782102200", "210782102201", "210782103200", "210782104200")
AREAS = (*VILLAGES, "210782102", "210782103", "210782")
KINDS = (("07", "03", "02"), ("07", "06", "02"), ("07", None, "02"), ("08", "01", "01"))
NEED_COLUMNS = (
    "need_no, household_id, village_code, town_code, county_code, help_category_code, help_item_code, help_unit_code, is_urgent, "
    "is_monitored, published_date, open_quantity, need_state, is_published, is_verified"
)
OFFER_COLUMNS = "offer_no, giver_kind_code, help_category_code, help_item_code, help_unit_code, area_code, area_level, offer_date, open_quantity, offer_state"


@dataclass(frozen=True)
class Need:
    kind: tuple[str, str | None, str]
    village: str
    quantity: Decimal
    is_urgent: bool
    is_monitored: bool | None
    day: int


@dataclass(frozen=True)
class Offer:
    kind: tuple[str, str | None, str]
    area: str
    quantity: Decimal
    day: int


QUANTITY = st.one_of(st.integers(1, 6).map(Decimal), st.decimals("0.0001", "99999999.9999", places=4, allow_nan=False))
NEED = st.builds(
    Need,
    st.sampled_from(KINDS),
    st.sampled_from(VILLAGES),
    QUANTITY,
    st.booleans(),
    st.sampled_from((True, False, None)),
    st.integers(1, 28),
)
OFFER = st.builds(Offer, st.sampled_from(KINDS), st.sampled_from(AREAS), QUANTITY, st.integers(1, 28))


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("CREATE SCHEMA core; CREATE SCHEMA ref")
        connection.execute("CREATE TABLE ref.run AS SELECT DATE '2019-06-30' AS as_of")
        connection.execute(
            "CREATE TABLE ref.feed_state AS SELECT 'help_offer' AS feed, TRUE AS is_present, FALSE AS is_stale"
        )
        text = ", ".join(f"{name} VARCHAR" for name in NEED_COLUMNS.split(", ")[:8])
        connection.execute(
            f"CREATE TABLE core.help_need_state ({text}, is_urgent BOOLEAN, is_monitored BOOLEAN, published_date DATE, open_quantity DECIMAL(18, 4), "
            "need_state VARCHAR, is_published BOOLEAN, is_verified BOOLEAN)"
        )
        text = ", ".join(f"{name} VARCHAR" for name in OFFER_COLUMNS.split(", ")[:7])
        connection.execute(
            f"CREATE TABLE core.help_offer_state ({text}, offer_date DATE, open_quantity DECIMAL(18, 4), offer_state VARCHAR)"
        )
        yield connection


def proposed(
    con: duckdb.DuckDBPyConnection, needs: list[Need], offers: list[Offer], is_backwards: bool = False
) -> tuple[dict[tuple[int, int], Decimal], dict[int, Decimal]]:
    """What the mart proposes: quantity by need and offer (their places in the lists), and what is left over by need."""
    con.execute("DELETE FROM core.help_need_state; DELETE FROM core.help_offer_state")
    lines = [
        (f"n{i:03}", f"H{i}", n.village, n.village[:9], n.village[:6], *n.kind, n.is_urgent, n.is_monitored, f"2019-05-{n.day:02}", n.quantity)
        for i, n in enumerate(needs)
    ]  # fmt: skip
    given_lines = [
        (f"o{i:03}", "2", *o.kind, o.area, {12: "村", 9: "乡", 6: "县"}[len(o.area)], f"2019-01-{o.day:02}", o.quantity)
        for i, o in enumerate(offers)
    ]
    step = -1 if is_backwards else 1
    for table, columns, rest, given_rows in (
        ("need", NEED_COLUMNS, "'待对接', TRUE, TRUE", lines),
        ("offer", OFFER_COLUMNS, "'可对接'", given_lines),
    ):
        if given_rows:
            one = f"({', '.join('?' * len(given_rows[0]))}, {rest})"
            con.execute(
                f"INSERT INTO core.help_{table}_state ({columns}) VALUES {', '.join([one] * len(given_rows))}",
                [cell for line in given_rows[::step] for cell in line],
            )
    rows = con.execute(f"SELECT need_no, offer_no, match_quantity, match_state FROM ({MATCH})").fetchall()
    pairs = {(int(need[1:]), int(offer[1:])): quantity for need, offer, quantity, _ in rows if offer is not None}
    left = {int(need[1:]): quantity for need, offer, quantity, _ in rows if offer is None}
    assert len(pairs) + len(left) == len(rows), "a pair or a remainder stands there twice"
    return pairs, left


def handed_out(needs: list[Need], offers: list[Offer]) -> dict[tuple[int, int], Decimal]:
    """The model: for villages, then townships, then the county, each need in its turn takes from the offers in theirs."""
    asked, has = [n.quantity for n in needs], [o.quantity for o in offers]
    need_turn = sorted(
        range(len(needs)), key=lambda i: (not needs[i].is_urgent, not needs[i].is_monitored, needs[i].day, i)
    )
    offer_turn = sorted(range(len(offers)), key=lambda j: (offers[j].day, j))
    pairs: dict[tuple[int, int], Decimal] = {}
    for length in (12, 9, 6):
        for i in need_turn:
            for j in offer_turn:
                offer = offers[j]
                if (
                    len(offer.area) == length
                    and offer.kind == needs[i].kind
                    and needs[i].village.startswith(offer.area)
                ):
                    quantity = min(asked[i], has[j])
                    if quantity > 0:
                        pairs[i, j] = quantity
                        asked[i] -= quantity
                        has[j] -= quantity
    return pairs


ONE = Need(KINDS[0], VILLAGES[0], Decimal(1), False, False, 1)


@settings(max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(NEED, max_size=12), st.lists(OFFER, max_size=10))
@example([ONE, ONE], [Offer(KINDS[0], "210782", Decimal(1), 1), Offer(KINDS[0], "210782", Decimal(1), 1)])
def test_nobody_is_over_allotted_and_nothing_that_fits_is_left(con, needs: list[Need], offers: list[Offer]) -> None:
    pairs, left = proposed(con, needs, offers)
    open_need = {i: n.quantity - sum(q for (a, _), q in pairs.items() if a == i) for i, n in enumerate(needs)}
    open_offer = {j: o.quantity - sum(q for (_, b), q in pairs.items() if b == j) for j, o in enumerate(offers)}
    assert all(quantity > 0 for quantity in pairs.values())
    assert min([*open_need.values(), *open_offer.values()], default=0) >= 0
    assert left == {i: quantity for i, quantity in open_need.items() if quantity > 0}
    for i, need in enumerate(needs):
        for j, offer in enumerate(offers):
            fits = need.kind == offer.kind and need.village.startswith(offer.area)
            assert fits or (i, j) not in pairs
            assert not (fits and open_need[i] > 0 and open_offer[j] > 0)
    assert pairs == handed_out(needs, offers)
    assert proposed(con, needs, offers, is_backwards=True) == (pairs, left), "the order of the rows decides nothing"
