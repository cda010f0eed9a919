"""Rows that know a household's head only: which household they speak of, and who is asked about when none fits."""

from __future__ import annotations

import pytest

from tests.history.people import FEEDS, County
from tests.history.test_people import listed, resident
from warehouse import monitor
from warehouse.identity import linkage

FIRST, SECOND, CHILD = "219900195801010006", "219900196203030020", "219900198808080022"
VILLAGE, OTHER_VILLAGE = "210782100201", "210782101202"


def household(number: str, head: str, citizen_id: str, village: str = VILLAGE) -> dict:
    return {"household_id": number, "head_name": head, "head_citizen_id": citizen_id, "village_code": village}


def house(number: str, head: str, village: str | None = VILLAGE, household_id: str | None = None) -> dict:
    return {
        "archive_no": number,
        "head_name": head,
        "village_code": village,
        "household_id": household_id,
        "head_citizen_id": None,
    }


@pytest.fixture
def county() -> County:
    county = County()
    county.deliver(
        "household_registration", "2019-01-31", [{**resident(FIRST, "王一"), "relation_code": "02", "hukou_no": "9"}]
    )
    county.deliver(
        "registry_household",
        "2019-01-31",
        [household("H1", "李二", SECOND), household("H2", "赵三", CHILD, OTHER_VILLAGE)],
    )
    county.deliver(
        "registry_person",
        "2019-01-31",
        [listed("P1", "李二", SECOND, "1962-03-03"), listed("P2", "赵三", CHILD, "1988-08-08", "H2")],
    )
    return county


def linked(county: County, feed: str) -> dict[str, tuple]:
    monitor.build(county.con, FEEDS)
    county.con.execute("BEGIN")
    linkage.link(county.con, FEEDS, "2026-01-01 00:01:00")
    county.con.execute("COMMIT")
    found = county.ask(
        f"SELECT record_key, household_id, head_key, method FROM core.household_link WHERE feed = '{feed}' ORDER BY record_key"
    )
    return {key: tuple(rest) for key, *rest in found}


def test_a_house_belongs_to_the_household_whose_number_or_head_and_village_it_names(county: County) -> None:
    county.deliver(
        "housing_renovation",
        "2019-01-31",
        [
            house("A1", "李二", None, "H1"),
            # Nobody of the registry: the register of residents knows the head.
            house("A2", "王一"),
            # The number is one household's, the head another's: somebody mistyped.
            house("A3", "赵三", OTHER_VILLAGE, "H1"),
            house("A4", "李二", OTHER_VILLAGE),
            house("A5", "赵三", None, "H1"),
        ],
    )
    assert linked(county, "housing_renovation") == {
        "A1": ("H1", county.key(SECOND), "household_number"),
        "A2": ("hukou:9", county.key(FIRST), "head_village"),
        "A3": ("H2", county.key(CHILD), "head_village"),
    }
    # What no household fits is laid before a person, with or without candidates; nobody is lost.
    asked = {
        key
        for (key,) in county.ask(
            "SELECT DISTINCT r.archive_no FROM core.housing_renovation AS r JOIN core.link_candidate AS c "
            "ON c.feed = 'housing_renovation' AND c.record = hash(r.archive_no) WHERE c.decision = 'review'"
        )
    }
    assert asked == {"A4", "A5"}


def test_the_head_s_own_house_is_the_head_s_where_the_number_says_so(county: County) -> None:
    """The registry's household stands although the head's own line was refused."""
    county.deliver("registry_person", "2019-02-28", [listed("P2", "赵三", CHILD, "1988-08-08", "H2")])
    county.deliver("housing_renovation", "2019-02-28", [house("A1", "李二", None, "H1")])
    linked(county, "housing_renovation")
    assert county.ask("SELECT person_key, link_method FROM core.housing_renovation_now") == [
        (county.key(SECOND), "reference")
    ]


def test_who_helps_a_household_is_told_by_its_number_or_its_head(county: County) -> None:
    helper = {"helper_name": "孙四", "from_date": "2019-01-01"}
    county.deliver(
        "helper_assignment",
        "2019-01-31",
        [
            {**helper, "household_id": "H2", "head_name": "赵三", "village_code": OTHER_VILLAGE},
            {**helper, "household_id": "旧77", "head_name": "李二", "village_code": VILLAGE},
            {**helper, "household_id": "旧78", "head_name": "周五", "village_code": VILLAGE},
        ],
    )
    assert linked(county, "helper_assignment") == {
        "H2|孙四|2019-01-01": ("H2", county.key(CHILD), "household_number"),
        "旧77|孙四|2019-01-01": ("H1", county.key(SECOND), "head_village"),
    }


def test_who_was_found_later_is_counted_for_every_batch_that_delivered_him(county: County) -> None:
    helper = {"helper_name": "孙四", "from_date": "2019-01-01"}
    rows = [
        {**helper, "household_id": "H2", "head_name": "赵三", "village_code": OTHER_VILLAGE},
        {**helper, "household_id": "旧77", "head_name": "李二", "village_code": VILLAGE},
        {**helper, "household_id": "旧78", "head_name": "周五", "village_code": VILLAGE},
    ]
    county.deliver("helper_assignment", "2019-01-31", rows)
    # The same rows but one; then one township's list, of which a row stands unchanged. The first list brought one that has gone.
    second = county.deliver("helper_assignment", "2019-02-28", rows[1:])
    third = county.deliver("helper_assignment", "2019-03-31", rows[1:2], area=OTHER_VILLAGE[:9])
    county.con.execute("UPDATE ops.batch SET coverage = ? WHERE batch_id = ?", [OTHER_VILLAGE[:9], third])
    # An upsert tells of its own rows only.
    old = county.deliver("housing_renovation", "2019-01-31", [house("A1", "李二", VILLAGE), house("A2", "王一")])
    new = county.deliver("housing_renovation", "2019-02-28", [house("A3", "赵三", OTHER_VILLAGE)])
    linked(county, "helper_assignment")
    monitor.build(county.con, FEEDS)
    assert county.ask("SELECT batch_id, method, rows FROM ops.late_link ORDER BY ALL") == [
            (second, "head_village", 1), (second, "none", 1),
            (old, "head_village", 2),
            (new, "head_village", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("name", [name for name, feed in FEEDS.items() if feed.mode == "snapshot"])
def test_a_list_that_tells_the_village_may_come_from_one_township(name: str) -> None:
    feed = FEEDS[name]
    told = any(column.name == "village_code" for column in feed.columns)
    assert feed.partial_by == ("village_code" if told else None)


def test_one_township_s_helpers_end_nobody_elsewhere(county: County) -> None:
    """A township sends its own list after the county's: only its own households are spoken of."""
    rows = [
        {
            "household_id": number,
            "head_name": head,
            "village_code": village,
            "helper_name": "孙四",
            "from_date": "2019-01-01",
        }
        for number, head, village in (("H1", "李二", VILLAGE), ("H2", "赵三", OTHER_VILLAGE), ("H3", "王一", VILLAGE))
    ]
    county.deliver("helper_assignment", "2019-01-31", rows)
    county.deliver("helper_assignment", "2019-02-28", rows[:1], area=VILLAGE[:9])
    assert county.ask("SELECT household_id FROM core.helper_assignment_now ORDER BY 1") == [("H1",), ("H2",)]
