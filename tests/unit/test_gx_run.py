"""A batch through its suite, and its Data Docs: the right row, the right code, and no value told."""

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from connectors.errors import DeclarationError, TerminalError
from connectors.feed import Feed, load_feed
from expectations import run
from expectations.docs import build_site
from expectations.rules import load_rules

PLANTED = "219902199001011235"

FEED = """
name = "sample"
department = "ceshi"
title = "样例"
grain = "one row per person"
mode = "snapshot"
key = ["person_id"]
subject = ["citizen_id"]

[[columns]]
name = "person_id"
type = "text"
aliases = ["编号"]
required = true
pattern = '\\d{3}'

[[columns]]
name = "citizen_id"
type = "citizen_id"
aliases = ["身份证号"]
required = true
sensitivity = "identifier"
personal_id = ["id18"]

[[columns]]
name = "sex_code"
type = "code"
aliases = ["性别"]
codes = { "1" = ["男"], "2" = ["女"] }

[[columns]]
name = "months"
type = "integer"
aliases = ["务工月数"]
min = 0
max = 12

[[columns]]
name = "born"
type = "date"
aliases = ["出生日期"]

[[columns]]
name = "died"
type = "date"
aliases = ["死亡日期"]
"""

RULES = """
[[rules]]
id = "S01"
severity = "quarantine"
message = "死亡早于出生"
cure = "请核对"
columns = ["died", "born"]
expectation = "expect_column_pair_values_a_to_be_greater_than_b"
[rules.kwargs]
column_A = "died"
column_B = "born"
or_equal = true
ignore_row_if = "either_value_is_missing"

[[rules]]
id = "S02"
severity = "quarantine"
message = "死者不务工"
cure = "请核对"
columns = ["died", "months"]
expectation = "row_rule"
bad = "died IS NOT NULL AND (months > 0 OR months IS NULL)"

[[rules]]
id = "S03"
severity = "warn"
message = "务工满12个月"
cure = "请核实"
columns = ["months"]
expectation = "row_rule"
bad = "months = 12"

[[rules]]
id = "S04"
severity = "block"
message = "务工月数的中位数大于6，单位可能有误"
cure = "请核对单位"
columns = ["months"]
expectation = "expect_column_median_to_be_between"
[rules.kwargs]
column = "months"
max_value = 6
"""

NAMES = ("person_id", "citizen_id", "sex_code", "months", "born", "died")
GOOD = {
    "person_id": "001",
    "citizen_id": "219901199001011234",
    "sex_code": "1",
    "months": 3,
    "born": "1990-01-01",
    "died": None,
}


@pytest.fixture
def feed(tmp_path) -> Feed:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "sample.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "sample.toml").write_text(FEED, encoding="utf-8")
    return load_feed(tmp_path / "sample.toml")


def batch(rows, problems=(), present=NAMES) -> duckdb.DuckDBPyConnection:
    """A connection whose temporary view ``rows`` has ``rows`` (dicts over GOOD) as the file's rows 2, 3, …"""
    con = duckdb.connect()
    types = {"months": "BIGINT", "born": "DATE", "died": "DATE"}
    fields = ", ".join(f"{name} {types.get(name, 'VARCHAR')}, {name}__problem VARCHAR" for name in present)
    con.execute(f"CREATE TABLE staged ({fields}, _row BIGINT)")
    for number, row in enumerate(rows, start=2):
        values = {"person_id": f"{number:03d}", **row}
        cells = [cell for name in present for cell in ({**GOOD, **values}[name], dict(problems).get((number, name)))]
        con.execute(f"INSERT INTO staged VALUES ({', '.join('?' * len(cells))}, ?)", [*cells, number])
    con.execute("CREATE TEMP VIEW rows AS FROM staged")
    return con


def rejected(con, result):
    return con.execute(f"FROM {result.rejected} ORDER BY ALL").fetchall()


def test_good_rows_pass(feed):
    con = batch([{}, {"months": None, "sex_code": None, "born": None}])
    result = run.validate(con, feed, "rows", NAMES)
    assert (rejected(con, result), result.rejected_rows, result.blocking, result.warnings) == ([], 0, [], [])
    assert result.summary["success"] and result.statistics["success_percent"] == 100


@pytest.mark.parametrize(
    ("row", "problem", "expected"),
    [
        ({"citizen_id": None}, ("citizen_id", "ID_CHECKSUM"), ("ID_CHECKSUM", "citizen_id", None)),
        ({"born": None}, ("born", "DATE_INVALID"), ("DATE_INVALID", "born", None)),
        ({"citizen_id": None}, None, ("REQUIRED_MISSING", "citizen_id", None)),
        ({"sex_code": "3"}, None, ("CODE_UNKNOWN", "sex_code", None)),
        ({"sex_code": "3"}, ("sex_code", "CODE_UNKNOWN"), ("CODE_UNKNOWN", "sex_code", None)),
        ({"months": -1}, None, ("OUT_OF_RANGE", "months", None)),
        ({"months": 13}, None, ("OUT_OF_RANGE", "months", None)),
        ({"person_id": "x0011"}, None, ("PATTERN_MISMATCH", "person_id", None)),
        ({"died": "1980-01-01", "months": 0}, None, ("S01", "died", "S01")),
        ({"died": "2000-01-01"}, None, ("S02", "died", "S02")),
    ],
)
def test_one_bad_row_is_rejected_once(feed, row, problem, expected):
    problems = {(4, problem[0]): problem[1]} if problem else {}
    con = batch([{}, {}, row, {}], problems)
    result = run.validate(con, feed, "rows", NAMES)
    assert rejected(con, result) == [(4, *expected)]
    assert result.rejected_rows == 1 and result.blocking == []


def test_a_rule_judges_only_rows_whose_columns_are_sound(feed):
    con = batch(
        [{"died": "2000-01-01", "months": None}, {"died": "2000-01-01", "months": 99}],
        {(2, "months"): "NUMBER_INVALID"},
    )
    result = run.validate(con, feed, "rows", NAMES)
    assert rejected(con, result) == [(2, "NUMBER_INVALID", "months", None), (3, "OUT_OF_RANGE", "months", None)]


@pytest.mark.parametrize(
    "bad",
    [
        "months % 2 = 1 AND person_id LIKE '%7%'",
        "person_id = '7:7' OR (months = 7 AND regexp_matches(sex_code, '^[0-9]{1}$')) -- why",
        "list_sum(list_transform(range(0, 2), lambda i: i + months)) = 15",
        "EXISTS (SELECT 1 WHERE months = 7)",
    ],
)
def test_a_predicate_may_be_any_sql(feed, bad):
    path = feed.path.parent / "rules" / "sample.toml"
    read = [name for name in NAMES if name in bad]
    rule = RULES.replace('severity = "warn"', 'severity = "quarantine"').replace("months = 12", bad)
    path.write_text(rule.replace('columns = ["months"]', f"columns = {json.dumps(read)}", 1), encoding="utf-8")
    con = batch([{"person_id": "011"}, {"person_id": "077", "months": 7}, {"months": 4}])
    assert [reason[:2] for reason in rejected(con, run.validate(con, feed, "rows", NAMES))] == [(3, "S03")]


def test_identical_rows_and_conflicting_keys(feed):
    rows = [
        {"person_id": "100"},
        {"person_id": "100"},
        {"person_id": "200"},
        {"person_id": "200", "months": 4},
        {"person_id": "200"},
        {},
    ]
    con = batch(rows)
    result = run.validate(con, feed, "rows", NAMES)
    assert rejected(con, result) == [
        (3, "DUPLICATE_ROW", "person_id", None),
        *((row, "KEY_CONFLICT", "person_id", None) for row in (4, 5, 6)),
    ]


def test_a_row_rejected_for_another_reason_does_not_take_its_key_down(feed):
    con = batch([{"person_id": "100"}, {"person_id": "100", "months": 99}, {"person_id": None}, {"person_id": None}])
    result = run.validate(con, feed, "rows", NAMES)
    assert rejected(con, result) == [
        (3, "OUT_OF_RANGE", "months", None),
        (4, "REQUIRED_MISSING", "person_id", None),
        (5, "REQUIRED_MISSING", "person_id", None),
    ]


def test_warnings_are_counted_and_reject_nothing(feed):
    con = batch([{"months": 12}, {"months": 12}, {"months": 1}, {"months": 1}, {"months": 1}])
    result = run.validate(con, feed, "rows", NAMES)
    assert result.warnings == [{"rule": "S03", "count": 2, "message": "务工满12个月"}]
    assert rejected(con, result) == [] and result.blocking == []


def test_the_table_is_blocked(feed):
    assert run.validate(batch([{"months": 9}] * 3), feed, "rows", NAMES).blocking == [
        {"code": "S04", "message": "务工月数的中位数大于6，单位可能有误"}
    ]
    assert [problem["code"] for problem in run.validate(batch([]), feed, "rows", NAMES).blocking] == ["HEADER_ONLY"]
    present = tuple(name for name in NAMES if name not in ("person_id", "months"))
    result = run.validate(batch([{}], present=present), feed, "rows", present)
    assert result.blocking == [{"code": "COLUMN_MISSING", "message": "缺少必需的列：编号"}]


def test_absent_optional_columns_are_not_judged(feed):
    present = ("person_id", "citizen_id")
    con = batch([{}, {"citizen_id": None}], present=present)
    result = run.validate(con, feed, "rows", present)
    assert rejected(con, result) == [(3, "REQUIRED_MISSING", "citizen_id", None)]
    assert not {"S01", "S02", "S03", "S04"} & {
        line["expectation_config"]["meta"]["rule"] for line in result.summary["results"]
    }


@pytest.mark.parametrize("bad", ["citizen_id::INTEGER > 0", "no_such_function(citizen_id)"])
def test_a_broken_rule_is_an_error_of_the_pipeline(feed, bad, caplog):
    broken = RULES.replace("S03", "S09").replace('columns = ["months"]', 'columns = ["citizen_id"]', 1)
    broken = broken.replace("months = 12", bad)
    (feed.path.parent / "rules" / "sample.toml").write_text(broken, encoding="utf-8")
    con = batch([{}, {"citizen_id": PLANTED}])
    with caplog.at_level(logging.DEBUG), pytest.raises(TerminalError, match="S09") as caught:
        run.validate(con, load_feed(feed.path), "rows", NAMES)
    told = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert GOOD["citizen_id"] not in told + caplog.text and PLANTED not in told + caplog.text


def test_no_value_is_told(feed, caplog, capfd):
    row = {"citizen_id": PLANTED, "person_id": PLANTED, "sex_code": PLANTED, "months": 777, "died": "1980-01-01"}
    con = batch([row, row, {**row, "months": 778}], {(2, "born"): "DATE_INVALID"})
    with caplog.at_level(logging.DEBUG):
        result = run.validate(con, feed, "rows", NAMES)
    assert result.rejected_rows == 3
    told = json.dumps(result.summary) + repr(result) + caplog.text + "".join(capfd.readouterr())
    assert PLANTED not in told and "777" not in told and "1980" not in told
    assert PLANTED not in repr(rejected(con, result))


def test_the_callers_transaction_is_left_alone(feed):
    con = batch([{}])
    con.execute("BEGIN")
    con.execute("CREATE TABLE mine (i INTEGER)")
    run.validate(con, feed, "rows", NAMES)
    con.execute("ROLLBACK")
    assert con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name IN ('mine', 'rejected_sample')"
    ).fetchone() == (0,)


def test_threads_with_their_own_connections_do_not_meet(feed):
    batches = [batch([{"months": 13}] * count) for count in (1, 2, 3, 4)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda con: run.validate(con, feed, "rows", NAMES).rejected_rows, batches))
    assert results == [1, 2, 3, 4]


def test_few_statements_whatever_the_suite(feed, monkeypatch):
    from expectations import engine

    statements = []
    execute = engine.DuckDBExecutionEngine.execute_query

    def counted(self, query):
        statements.append(str(query))
        return execute(self, query)

    monkeypatch.setattr(engine.DuckDBExecutionEngine, "execute_query", counted)
    run.validate(batch([{}, {"months": 99}]), feed, "rows", NAMES)
    scans = [statement for statement in statements if not statement.startswith("DESCRIBE")]
    assert len(scans) == 4, scans  # row count; keys; median; everything else


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("cure = ", "cures = "), "unknown keys"),
        (('severity = "warn"', 'severity = "stop"'), "severity must be"),
        (
            ('columns = ["months"]\nexpectation = "row_rule"', 'columns = ["monhts"]\nexpectation = "row_rule"'),
            "not declared",
        ),
        (('columns = ["died", "months"]', 'columns = ["died"]'), "exactly what it reads"),
        (('bad = "months = 12"', 'bad = "months = 12) OR (1 = 1"'), "no single"),
        (('bad = "months = 12"', 'bad = "months ="'), "no single"),
        (('id = "S02"', 'id = "S01"'), "twice"),
        (('severity = "block"', 'severity = "quarantine"'), "cannot quarantine"),
        (("expect_column_pair_values_a_to_be_greater_than_b", "expect_compound_columns_to_be_unique"), "not supported"),
        (("[rules.kwargs]\ncolumn_A", "[others]\ncolumn_A"), "unknown keys"),
    ],
)
def test_wrong_rules_are_declaration_errors(feed, edit, message):
    (feed.path.parent / "rules" / "sample.toml").write_text(RULES.replace(edit[0], edit[1], 1), encoding="utf-8")
    with pytest.raises(DeclarationError, match=message):
        load_rules(feed)


def test_a_cast_that_fails_judges_no_row_and_ends_no_batch(feed):
    """A text that is no number stands in a cell that another check refuses; the rule must not fall over it."""
    text = RULES.replace('bad = "months = 12"', 'bad = "CAST(sex_code AS INTEGER) = 7"').replace(
        'columns = ["months"]\nexpectation = "row_rule"', 'columns = ["sex_code"]\nexpectation = "row_rule"'
    )
    (feed.path.parent / "rules" / "sample.toml").write_text(text, encoding="utf-8")
    assert any("try_cast" in (rule.bad or "") for rule in load_rules(feed))
    run.validate(batch([{"sex_code": "男"}, {}]), feed, "rows", NAMES)


@pytest.mark.parametrize(
    "edit",
    [("expect_column_median_to_be_between", "expect_column_medium_to_be_between"), ("max_value = 6", "maximum = 6")],
)
def test_great_expectations_must_accept_the_rules(feed, edit):
    (feed.path.parent / "rules" / "sample.toml").write_text(RULES.replace(edit[0], edit[1]), encoding="utf-8")
    with pytest.raises(DeclarationError, match="S04"):
        run.check(feed)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


@pytest.fixture
def validated(feed):
    """A feed and the result of a batch in which a known id and a known number were rejected."""
    row = {"citizen_id": PLANTED, "person_id": PLANTED, "months": 7777}
    return feed, run.validate(batch([row, {}, {"months": 12}]), feed, "rows", NAMES)


def test_a_page_per_feed_and_an_index(validated, site):
    stored = json.loads(json.dumps(validated[1].summary))
    (site / "gone.html").write_text("", encoding="utf-8")
    index = build_site({"sample": stored, "other": stored}, site)
    assert sorted(path.name for path in site.iterdir()) == ["index.html", "other.html", "sample.html"]
    assert "样例" in index.read_text(encoding="utf-8")
    page = (site / "sample.html").read_text(encoding="utf-8")
    assert "“务工月数”超出范围" in page and "“编号”格式不符" in page
    assert "1 unexpected values found" in page


def test_pages_need_no_network_and_tell_no_value(validated, site):
    build_site({"sample": validated[1].summary}, site)
    page = (site / "sample.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|<script|<img|<link", page)
    assert PLANTED not in page and "7777" not in page


def test_the_same_result_gives_the_same_page(validated, site):
    for name in ("a", "b"):
        build_site({"sample": validated[1].summary}, site / name)
    assert (site / "a" / "sample.html").read_bytes() == (site / "b" / "sample.html").read_bytes()


def test_a_broken_result_is_named(site):
    with pytest.raises(TerminalError, match="feed sample"):
        build_site({"sample": {"results": [{}]}}, site)
