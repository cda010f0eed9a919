"""Budget, allotment, payment, beneficiary: in a county's data every yuan of the chain is found again, whichever table tells of it."""

from __future__ import annotations

import pytest

PEOPLE, SEED = 40_000, 19


@pytest.fixture(scope="module")
def county(shared_county):
    return shared_county(PEOPLE, SEED, "--dirt", "none", "--monitoring")


def one(county, sql: str):
    ((value,),) = county.warehouse(sql)
    return value


def test_years_documents_and_projects_tell_of_the_same_payments(county):
    vouchers = one(county, "SELECT sum(payment_yuan) FROM core.fund_payment_now")
    assert vouchers > 0
    assert one(county, "SELECT sum(fund_paid_yuan) FROM mart.fund_year") == vouchers
    assert one(county, "SELECT sum(fund_paid_yuan) FROM mart.fund_allotment_use") == vouchers
    without = one(county, "SELECT sum(paid_without_project_yuan) FROM mart.fund_year")
    assert one(county, "SELECT sum(fund_paid_yuan) FROM mart.project_fund") + without == vouchers
    assert without == one(county, "SELECT sum(paid_without_project_yuan) FROM mart.fund_allotment_use") > 0


def test_what_was_allotted_is_paid_or_left(county):
    allotted = one(county, "SELECT sum(allotted_yuan) FROM core.fund_allotment_now")
    assert one(county, "SELECT sum(allotted_yuan) FROM mart.fund_year") == allotted
    for mart, strange in (("fund_year", "paid_without_allotment_yuan"), ("fund_allotment_use", "0")):
        assert not county.warehouse(
            f"SELECT * FROM mart.{mart} WHERE allotted_yuan <> fund_paid_yuan - {strange} + fund_balance_yuan"
        ), mart
    assert not county.warehouse(
        "SELECT fund_year FROM mart.fund_year AS y JOIN (SELECT budget_year, sum(allotted_yuan) AS allotted, sum(fund_balance_yuan) AS balance "
        "FROM mart.fund_allotment_use GROUP BY budget_year) AS u ON u.budget_year = y.fund_year "
        "WHERE y.allotted_yuan <> u.allotted OR y.fund_balance_yuan <> u.balance"
    )


def test_households_got_what_was_paid_for_them(county):
    """Money for households leaves the treasury in vouchers and arrives on the lists: in every project, to the fen."""
    paid, listed = county.warehouse(
        "SELECT sum(household_paid_yuan), sum(cash_benefit_yuan) FROM mart.project_fund WHERE cash_benefit_yuan > 0"
    )[0]
    assert paid == listed > 0
    assert not county.warehouse("SELECT project_no FROM mart.project_fund WHERE household_gap_yuan <> 0")
    assert one(county, "SELECT sum(household_gap_yuan) FROM mart.fund_year") == 0


def test_projects_are_in_one_state_each(county):
    assert not county.warehouse(
        "SELECT fund_year FROM mart.fund_year WHERE project_count <> project_stocked_count + project_approved_count + project_running_count + "
        "project_completed_count + project_accepted_count + project_handed_over_count + project_stopped_count"
    )
    assert one(county, "SELECT sum(project_count) FROM mart.fund_year") == one(
        county, "SELECT count(*) FROM core.project_now"
    )


def test_a_snapshot_names_projects_by_token_only(county):
    import duckdb

    with duckdb.connect(str(county.home / "published" / "current" / "statistics.duckdb"), read_only=True) as con:
        columns = {name for name, *_ in con.execute("DESCRIBE project_fund").fetchall()}
        assert "project_no" not in columns
        tokens = con.execute("SELECT count(*), count(DISTINCT project_token) FROM project_fund").fetchone()
        assert tokens is not None and tokens[0] == tokens[1] > 0
