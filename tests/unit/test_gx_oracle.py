"""Great Expectations' pandas engine is the oracle: on the same data every type that a suite uses must agree with it."""

import datetime as dt
import json

import duckdb
import pytest

from expectations import run
from expectations.suite import SUITES

DAY = dt.date(2020, 1, 1)
ROWS = [
    # text, code, number, earlier, later
    ("210782100201", "01", 0, DAY, DAY),
    ("21078210020", "1", 12, DAY, dt.date(2020, 1, 2)),
    ("x210782100201", "01", -1, dt.date(2020, 1, 2), DAY),
    (None, None, None, None, DAY),
    ("", "", 13, DAY, None),
    ("210782100201", "02", 5, None, None),
]
EVEN = {number: number for number in range(4)}
COLUMNS = ["text", "code", "number", "earlier", "later"]

BOTH = {"column_A": "later", "column_B": "earlier", "ignore_row_if": "either_value_is_missing"}
CASES = [
    ("expect_column_values_to_be_null", {"column": "text"}),
    ("expect_column_values_to_be_null", {"column": "nothing"}),
    ("expect_column_values_to_not_be_null", {"column": "text"}),
    ("expect_column_values_to_not_be_null", {"column": "full"}),
    ("expect_column_values_to_be_in_set", {"column": "code", "value_set": ["01", "02"]}),
    ("expect_column_values_to_be_in_set", {"column": "code", "value_set": ["01", "02", "1", "", "9"]}),
    ("expect_column_values_to_be_in_set", {"column": "nothing", "value_set": ["01"]}),
    ("expect_column_values_to_not_be_in_set", {"column": "code", "value_set": ["1", ""]}),
    ("expect_column_values_to_be_between", {"column": "number", "min_value": 0, "max_value": 12}),
    ("expect_column_values_to_be_between", {"column": "number", "min_value": -1}),
    ("expect_column_values_to_be_between", {"column": "number", "max_value": 12.5}),
    ("expect_column_values_to_match_regex", {"column": "text", "regex": r"^(?:\d{12})$"}),
    ("expect_column_values_to_match_regex", {"column": "text", "regex": r"\d{11}"}),
    ("expect_column_values_to_not_match_regex", {"column": "text", "regex": "^x"}),
    ("expect_column_value_lengths_to_be_between", {"column": "text", "min_value": 12, "max_value": 12}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {**BOTH, "or_equal": True}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {**BOTH, "or_equal": False}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {**BOTH, "column_A": "later", "column_B": "later"}),
    ("expect_column_median_to_be_between", {"column": "number", "min_value": 5, "max_value": 5}),
    ("expect_column_median_to_be_between", {"column": "number", "min_value": 6}),
    ("expect_column_median_to_be_between", {"column": "even", "min_value": 1.5, "max_value": 1.5}),
    ("expect_table_row_count_to_be_between", {"min_value": 1}),
    ("expect_table_row_count_to_be_between", {"min_value": 7}),
    ("expect_table_columns_to_match_set", {"column_set": ["text", "code"], "exact_match": False}),
    ("expect_table_columns_to_match_set", {"column_set": ["text", "absent"], "exact_match": False}),
]


@pytest.fixture(scope="module")
def batches():
    """The same rows as a DuckDB table and as a pandas frame, each as a GX batch."""
    import pandas as pd  # type: ignore[import-untyped,unused-ignore]

    run.warm()
    from expectations import engine

    con = duckdb.connect()
    con.execute(
        "CREATE TABLE oracle "
        '("text" VARCHAR, code VARCHAR, number BIGINT, earlier DATE, later DATE, nothing VARCHAR, "full" INTEGER, '
        "even INTEGER, _row BIGINT)"
    )
    for number, row in enumerate(ROWS):
        con.execute("INSERT INTO oracle VALUES (?, ?, ?, ?, ?, NULL, 1, ?, ?)", [*row, EVEN.get(number), number])
    frame = pd.DataFrame([(*row, None, 1, EVEN.get(number), number) for number, row in enumerate(ROWS)])
    frame.columns = pd.Index([*COLUMNS, "nothing", "full", "even", "_row"])
    token = engine.CURRENT.set(engine.DuckDBExecutionEngine.over(con))
    context = run._context()
    asset = context.data_sources.add_or_update_pandas("oracle").add_dataframe_asset("oracle")
    whole = asset.add_batch_definition_whole_dataframe("all")
    yield run._definition(context, "oracle").get_batch(), whole.get_batch({"dataframe": frame})
    engine.CURRENT.reset(token)
    context.data_sources.delete("oracle")


@pytest.mark.parametrize(("name", "kwargs"), CASES)
def test_duckdb_agrees_with_pandas(batches, name, kwargs):
    from great_expectations.expectations.registry import get_expectation_impl

    from expectations import engine

    ours, oracle = batches
    found = ours.validate(
        engine.expectation({"type": name, "kwargs": kwargs, "severity": "warning"}), result_format="BASIC"
    )
    wanted = oracle.validate(get_expectation_impl(name)(**kwargs), result_format="BASIC")
    for result in (found, wanted):
        assert not run._raised(result)
    assert found.success == wanted.success
    assert found.result.get("unexpected_count") == wanted.result.get("unexpected_count")
    assert found.expectation_config.type == name


@pytest.mark.parametrize("key", [["number"], ["code"], ["code", "number"], ["text", "code"], ["full"]])
def test_keys_agree_with_compound_uniqueness(batches, key):
    """GX's own compound uniqueness counts every member of a group, ours the copies: both say whether there is one."""
    from great_expectations.expectations import ExpectCompoundColumnsToBeUnique

    from expectations import engine

    ours, oracle = batches
    raw = {"type": "expect_row_key_to_be_unique", "kwargs": {"key_columns": key}, "severity": "warning"}
    columns = key if len(key) > 1 else [*key, "full"]
    wanted = ExpectCompoundColumnsToBeUnique(column_list=columns, ignore_row_if="any_value_is_missing")
    assert ours.validate(engine.expectation(raw)).success == oracle.validate(wanted).success


def test_every_type_that_a_suite_uses_has_a_case():
    used = set()
    for path in SUITES.glob("*.json"):
        used |= {entry["type"] for entry in json.loads(path.read_text(encoding="utf-8"))["expectations"]}
    own = {"expect_row_rule_to_hold", "expect_row_key_to_be_unique"}
    assert used - own <= {name for name, _ in CASES}
