"""Who is who, told in stories: one person under two ids, one id used by two, a child that gets an id, and every mistake undone."""

from __future__ import annotations

import pytest

from connectors.errors import TerminalError
from connectors.feed import Feed
from tests.history.people import FEEDS, County
from warehouse.history.tables import name_column

OLD, NEW = "219900195801010006", "219900195801010014"
OTHER = "219900196203030020"


def listed(number: str, name: str, citizen_id: str | None, birth: str = "1958-01-01", household: str = "H1") -> dict:
    return {"person_id": number, "household_id": household, "name": name, "citizen_id": citizen_id, "birth_date": birth}


def resident(citizen_id: str, name: str, birth: str = "1958-01-01") -> dict:
    return {"citizen_id": citizen_id, "name": name, "birth_date": birth, "village_code": "210782100201"}


def loan(number: str, citizen_id: str, name: str) -> dict:
    return {"loan_no": number, "citizen_id": citizen_id, "name": name}


@pytest.fixture
def county() -> County:
    return County()


def owners(county: County) -> dict[str, int]:
    return dict(county.ask("SELECT loan_no, person_key FROM core.bank_loan_now"))


def test_an_undone_merger_leaves_no_trace_whatever_was_loaded_after_it() -> None:
    def story(merged: bool) -> County:
        county = County()
        county.deliver(
            "household_registration", "2019-01-31", [resident(OLD, "王一"), resident(OTHER, "李二", "1962-03-03")]
        )
        county.deliver("bank_loan", "2019-01-31", [loan("L1", OLD, "王一"), loan("L2", OTHER, "李二")])
        if merged:
            decision = county.decide("same_person", person_key=county.key(OLD), other_key=county.key(OTHER))
            assert len(set(owners(county).values())) == 1
        county.deliver(
            "bank_loan", "2019-02-28", [loan("L1", OLD, "王一"), loan("L2", OTHER, "李二"), loan("L3", OTHER, "李二")]
        )
        county.deliver("household_registration", "2019-02-28", [resident(OLD, "王一"), resident(NEW, "张三")])
        county.deliver("bank_loan", "2019-03-31", [loan("L3", OTHER, "李二"), loan("L4", OLD, "王一")])
        if merged:
            county.undo(decision)
        return county

    assert story(merged=True).whole() == story(merged=False).whole()


def test_a_changed_id_takes_the_history_along(county: County) -> None:
    """The registry knows the person by number: his new id is he, and the loan under the old one is his."""
    county.deliver("bank_loan", "2019-01-31", [loan("L1", OLD, "王一")])
    county.deliver("registry_person", "2019-01-31", [listed("P1", "王一", OLD)])
    later = county.deliver("registry_person", "2019-02-28", [listed("P1", "王一", NEW)])
    assert owners(county) == {"L1": county.key(NEW)}
    assert county.ask("SELECT reason FROM core.person_alias") == [("id_changed",)]
    # The past is his, too; and a file sent by mistake takes it all back.
    assert county.ask("SELECT person_key FROM core.bank_loan_as_of('2019-01-31')") == [(county.key(NEW),)]
    county.withdraw(later)
    assert owners(county) == {"L1": county.key(OLD)}


def test_a_mistyped_id_that_is_somebody_else_s_is_no_changed_id(county: County) -> None:
    county.deliver("household_registration", "2019-01-31", [resident(OLD, "李二"), resident(NEW, "王一")])
    county.deliver("bank_loan", "2019-01-31", [loan("L1", OLD, "李二")])
    county.deliver("registry_person", "2019-01-31", [listed("P1", "王一", OLD)])
    county.deliver("registry_person", "2019-02-28", [listed("P1", "王一", NEW)])
    # A false merger would give 李二's loan to 王一.
    assert owners(county) == {"L1": county.key(OLD)} and county.ask("FROM core.person_alias") == []


def test_a_child_without_an_id_stays_the_same_person_when_it_gets_one(county: County) -> None:
    county.deliver("registry_person", "2019-01-31", [listed("P9", "王小", None, "2018-05-05")])
    ((before,),) = county.ask("SELECT person_key FROM core.registry_person_now")
    county.deliver("registry_person", "2019-02-28", [listed("P9", "王小", OTHER, "2018-05-05")])
    ((after,),) = county.ask("SELECT person_key FROM core.registry_person_now")
    assert before != after == county.key(OTHER)
    assert county.ask("SELECT person_key FROM core.registry_person_as_of('2019-01-31')") == [(after,)]
    assert county.ask("SELECT person_key, reason FROM core.person_alias") == [(before, "id_found")]


def test_one_id_found_to_be_two_people(county: County) -> None:
    county.deliver("household_registration", "2019-01-31", [resident(OLD, "王一")])
    county.deliver("bank_loan", "2019-01-31", [loan("L1", OLD, "王一"), loan("L2", OLD, "李二")])
    decision = county.decide("two_people", person_key=county.key(OLD), name="李二")
    assert owners(county)["L1"] == county.key(OLD) != owners(county)["L2"]
    apart = owners(county)["L2"]
    # The next month's rows fall apart in the same way.
    county.deliver(
        "bank_loan", "2019-02-28", [loan("L1", OLD, "王一"), loan("L2", OLD, "李二"), loan("L5", OLD, "李二")]
    )
    assert owners(county) == {"L1": county.key(OLD), "L2": apart, "L5": apart}
    county.undo(decision)
    assert set(owners(county).values()) == {county.key(OLD)}


def test_three_keys_of_one_person_have_one_spine_and_the_registry_s_goes_first(county: County) -> None:
    county.deliver(
        "bank_loan", "2019-01-31", [loan("L1", OLD, "王一"), loan("L2", NEW, "王一"), loan("L3", OTHER, "王一")]
    )
    first = county.decide("same_person", person_key=county.key(OLD), other_key=county.key(NEW))
    county.decide("same_person", person_key=county.key(NEW), other_key=county.key(OTHER))
    assert set(owners(county).values()) == {min(map(county.key, (OLD, NEW, OTHER)))}
    # On the day he enters the registry he is re-keyed with all that was known of him.
    for citizen_id in (OLD, NEW, OTHER):
        number = county.deliver("registry_person", "2019-02-28", [listed("P1", "王一", citizen_id)])
        assert set(owners(county).values()) == {county.key(citizen_id)}
        county.withdraw(number)
    county.undo(first)
    assert owners(county)["L1"] == county.key(OLD) != owners(county)["L3"]


def test_a_decision_says_who_and_why_and_stands_once(county: County) -> None:
    county.deliver("bank_loan", "2019-01-31", [loan("L1", OLD, "王一"), loan("L2", NEW, "王一")])
    pair = {"person_key": county.key(OLD), "other_key": county.key(NEW)}
    decision = county.decide("same_person", **pair)
    assert county.decide("same_person", **pair) == decision
    county.undo(decision)
    with pytest.raises(TerminalError):
        county.undo(decision)
    assert county.decide("same_person", **pair) != decision
    assert county.ask("SELECT decided_by, why, undone_why FROM core.identity_decision ORDER BY decided_at") == [
        ("测试", "测试", "弄错了"),
        ("测试", "测试", None),
    ]
    with pytest.raises(TerminalError):
        county.decide("same_person", person_key=county.key(OLD), other_key=county.key(OLD))


def events(county: County, *kinds: str) -> list[tuple]:
    from warehouse.monitor.order import build_order

    county.con.execute(
        f"CREATE OR REPLACE VIEW core.identity_event AS {next(t.select for t in build_order() if t.name == 'core.identity_event')}"
    )
    return county.ask(
        "SELECT event, from_value, to_value, effective_on::VARCHAR FROM core.identity_event "
        f"WHERE event IN ({', '.join(repr(kind) for kind in kinds)}) ORDER BY ALL"
    )


def test_every_move_of_a_life_is_an_event_and_a_withdrawn_file_takes_it_along(county: County) -> None:
    first, second, third = "219900195801010006", "219900196203030020", "219900198808080022"
    county.deliver(
        "registry_person",
        "2019-01-31",
        [listed("P1", "王一", first), listed("P2", "王二", second), listed("P3", "王三", third)],
    )
    february = county.deliver(
        "registry_person",
        "2019-02-28",
        # 王二 founds a household of his own; 王三 has left.
        [listed("P1", "王一", first), listed("P2", "王二", second, household="H2")],
    )
    county.deliver(
        "registry_person",
        "2019-03-31",
        # 王一 follows him, so that the old household is gone; 王三 is back under a new number.
        [
            listed("P1", "王一", first, household="H2"),
            listed("P2", "王二", second, household="H2"),
            listed("P7", "王三", third, household="H2"),
        ],
    )
    households = ("household_split", "household_merged", "household_number_changed")
    assert events(county, *households) == [
        ("household_merged", "H1", "H2", "2019-03-31"),
        ("household_split", "H1", "H2", "2019-02-28"),
    ]
    assert events(county, "entered", "left", "registry_number_changed") == [
        ("entered", None, "P1", "2019-01-31"),
        ("entered", None, "P2", "2019-01-31"),
        ("entered", None, "P3", "2019-01-31"),
        ("left", "P3", None, "2019-02-28"),
        ("registry_number_changed", "P3", "P7", "2019-03-31"),
    ]
    county.withdraw(february)
    assert events(county, *households) == [("household_number_changed", "H1", "H2", "2019-03-31")]
    assert events(county, "left") == [("left", "P3", None, "2019-03-31")]


def test_deaths_and_decisions_are_events_too(county: County) -> None:
    county.deliver(
        "household_registration",
        "2019-01-31",
        [{**resident(OLD, "王一"), "death_date": "2019-01-05"}, resident(OTHER, "李二")],
    )
    decision = county.decide("same_person", person_key=county.key(OLD), other_key=county.key(OTHER))
    county.undo(decision)
    assert events(county, "died") == [("died", None, None, "2019-01-05")]
    assert [event for event, *_ in events(county, "same_person", "undone")] == ["same_person", "undone"]


def test_no_question_compares_every_pair_of_rows(county: County) -> None:
    """A join with a second condition on one side only is quadratic in DuckDB: a county would be waited for in vain."""
    county.deliver(
        "registry_person", "2019-01-31", [listed("P1", "王一", OLD), listed("P2", "王小", None, "2018-05-05")]
    )
    county.deliver(
        "bank_loan", "2019-01-31", [loan("L1", OLD, "王一"), loan("L2", OLD, "李二"), loan("L3", NEW, "王一")]
    )
    county.deliver("education_enrollment", "2019-01-31", [{"student_no": "J219900201805050012", "name": "王小"}])
    county.decide("same_person", person_key=county.key(OLD), other_key=county.key(NEW))
    county.decide("two_people", person_key=county.key(OLD), name="李二")
    ((record,),) = county.ask("SELECT hash(student_key) FROM core.education_enrollment")
    county.decide("link", feed="education_enrollment", record=record, person_key=county.key(OLD))
    assert county.ask("SELECT person_key FROM core.education_enrollment_now") == [(county.key(OLD),)] or county.ask(
        "SELECT person_key FROM core.education_enrollment_now"
    ) == [(county.key(NEW),)]
    for name in ("registry_person", "bank_loan", "education_enrollment"):
        plan = county.ask(f"EXPLAIN FROM core.{name}_now")[0][1]
        assert "HASH_JOIN" in plan and "NL_JOIN" not in plan and "NESTED_LOOP" not in plan, name


def member(number: str, citizen_id: str | None, name: str, head: str) -> dict:
    return {"allowance_no": number, "citizen_id": citizen_id, "name": name, "head_name": head}


def test_a_shared_id_is_parted_by_the_member_s_name_not_by_the_head_s(county: County) -> None:
    """On the allowance list the head's name stands before the member's."""
    county.deliver("household_registration", "2019-01-31", [resident(OLD, "王一")])
    county.deliver(
        "subsistence_allowance", "2019-01-31", [member("D1", OLD, "王一", "李二"), member("D2", OLD, "李二", "王一")]
    )
    county.decide("two_people", person_key=county.key(OLD), name="李二")
    whose = dict(county.ask("SELECT allowance_no, person_key FROM core.subsistence_allowance_now"))
    assert whose["D1"] == county.key(OLD) != whose["D2"]


@pytest.mark.parametrize("feed", [feed for feed in FEEDS.values() if feed.subject], ids=lambda feed: feed.name)
def test_every_feed_about_people_says_whose_name_is_the_subject_s(feed: Feed) -> None:
    """A declaration whose name column is somebody else's would part, spare and link the wrong people."""
    assert name_column(feed) == ("head_name" if feed.subject[0] == "head_citizen_id" else "name")


def test_nothing_is_written_where_nothing_about_people_has_changed(county: County) -> None:
    def written() -> list[tuple]:
        return county.ask(
            "SELECT table_oid FROM duckdb_tables() WHERE table_name IN ('person_alias', 'person_split', 'record_link') ORDER BY table_name"
        )

    county.deliver("bank_loan", "2019-01-31", [loan("L1", OLD, "王一"), loan("L2", NEW, "王一")])
    before = written()
    county.resolve()
    # A loan says nothing about who is who.
    county.deliver(
        "bank_loan", "2019-02-28", [loan("L1", OLD, "王一"), loan("L2", NEW, "王一"), loan("L3", NEW, "王一")]
    )
    assert written() == before
    # A decision, its undoing, a registry that changes an id, and its withdrawal do.
    decision = county.decide("same_person", person_key=county.key(OLD), other_key=county.key(NEW))
    assert written() != before and len(set(owners(county).values())) == 1
    county.undo(decision)
    assert len(set(owners(county).values())) == 2
    county.deliver("registry_person", "2019-01-31", [listed("P1", "王一", OLD)])
    before = written()
    later = county.deliver("registry_person", "2019-02-28", [listed("P1", "王一", NEW)])
    assert written() != before and set(owners(county).values()) == {county.key(NEW)}
    county.withdraw(later)
    assert len(set(owners(county).values())) == 2


def test_a_former_id_that_the_police_state_is_the_same_person(county: County) -> None:
    county.deliver("bank_loan", "2019-01-31", [loan("L1", OLD, "王一"), loan("L2", NEW, "王一")])
    assert len(set(owners(county).values())) == 2
    stated = county.deliver(
        "household_registration", "2019-02-28", [{**resident(NEW, "王一"), "former_citizen_id": OLD}]
    )
    assert len(set(owners(county).values())) == 1
    assert county.ask("SELECT DISTINCT reason FROM core.person_alias") == [("id_changed",)]
    assert events(county, "id_changed") == [("id_changed", str(county.key(OLD)), str(county.key(NEW)), "2019-02-28")]
    county.withdraw(stated)
    assert len(set(owners(county).values())) == 2 and events(county, "id_changed") == []


@pytest.mark.parametrize(
    ("holder", "born", "is_same"),
    [
        ("王一", "1958-01-01", True),
        ("王义", "1958-01-01", True),
        ("王一", "1958-10-01", True),
        ("李二", "1962-03-03", False),
    ],
)
def test_a_former_id_that_is_somebody_else_s_today_is_a_mistake(
    county: County, holder: str, born: str, is_same: bool
) -> None:
    county.deliver("registry_person", "2019-01-31", [listed("P1", holder, OLD, born)])
    county.deliver("household_registration", "2019-01-31", [{**resident(NEW, "王一"), "former_citizen_id": OLD}])
    aliases = county.ask("SELECT person_key, spine_key FROM core.person_alias")
    assert aliases == ([(county.key(NEW), county.key(OLD))] if is_same else [])


def test_a_former_id_that_two_people_claim_belongs_to_neither(county: County) -> None:
    claims = [{**resident(one, name), "former_citizen_id": OLD} for one, name in ((NEW, "王一"), (OTHER, "王一"))]
    county.deliver("household_registration", "2019-01-31", claims)
    assert county.ask("FROM core.person_alias") == []


def test_a_refused_member_spares_the_row_that_bears_his_own_name(county: County) -> None:
    county.deliver(
        "subsistence_allowance", "2019-01-31", [member("D1", OLD, "王一", "王一"), member("D1", OTHER, "王小", "王一")]
    )
    # In February the line of 王小 has no id that can be read; 王一 is really gone.
    county.deliver(
        "subsistence_allowance",
        "2019-02-28",
        [member("D2", NEW, "赵六", "赵六")],
        refused=[member("D1", None, "王小", "王一")],
    )
    assert county.ask("SELECT name FROM core.subsistence_allowance_now ORDER BY name") == [("王小",), ("赵六",)]
