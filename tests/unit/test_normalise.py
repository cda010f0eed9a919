"""How cells are written and what they mean: the golden cases of the domain, read through the real macros."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from connectors.feed import Column
from expectations import normalise

KINDS = ("id18", "id15", "cert20", "student_g")


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as connection:
        normalise.install(connection)
        connection.execute("CREATE TABLE cell (raw VARCHAR)")
        yield connection


def read(con, raw, *, unit=None, **declared):
    """(value, reject code[, method]) of one cell of a column declared as ``declared``."""
    column = Column(**{"name": "x", "aliases": ("列",), **declared})
    con.execute("DELETE FROM cell")
    con.execute("INSERT INTO cell VALUES (?)", [raw])
    typed = normalise.typed_sql([normalise.Cell(column, "raw", unit)], "cell")
    method = ", x__method" if column.type == "citizen_id" else ""
    return con.execute(f"SELECT x, {normalise.problem_columns(['x'])}{method} FROM ({typed})").fetchone()


VALID = "210782197001010002"


@pytest.mark.parametrize(
    ("raw", "value", "method"),
    [
        (VALID, VALID, "id18"),
        ("21078219580108000X", "21078219580108000X", "id18"),
        ("21078219580108000x", "21078219580108000X", "id18"),
        ("21078219580108000Ｘ", "21078219580108000X", "id18"),
        ("21078219580108000×", "21078219580108000X", "id18"),
        ("21078219580108000*", "21078219580108000X", "id18"),
        ("210782500307000", "21078219500307000X", "id15"),
        ("２１０７８２１９７００１０１０００２", VALID, "id18"),
        (" 210782 19700101 0002", VALID, "id18"),
        ("'" + VALID, VALID, "id18"),
        (f'="{VALID}"', VALID, "id18"),
        ("210782\u200b1970\u00a001010002", VALID, "id18"),
        ("\ufeff" + VALID, VALID, "id18"),
        ("21078219881103000X43", "21078219881103000X", "cert20"),
        ("21078219881103000x43B1", "21078219881103000X", "cert20"),
        ("G210782201209150003", "210782201209150003", "student_g"),
        ("210782201912240000", "210782201912240000", "id18"),
    ],
)
def test_an_id_is_understood_in_every_harmless_spelling(con, raw, value, method):
    assert read(con, raw, type="citizen_id", personal_id=KINDS) == (value, None, method)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("2.10782197001010E+17", "ID_SCI_NOTATION"),
        ("210782197001010000.0", "ID_SCI_NOTATION"),
        ("210782197001010003", "ID_CHECKSUM"),
        ("21078219700101000*", "ID_CHECKSUM"),
        ("21078219620229000X", "ID_BIRTHDATE"),
        ("210782501307000", "ID_BIRTHDATE"),
        ("210782999999999999", "ID_PLACEHOLDER"),
        ("000000000000000000", "ID_PLACEHOLDER"),
        ("2107821970", "ID_LENGTH"),
        ("21078219700101000A", "ID_SHAPE"),
        ("J210782201209150003", "ID_SHAPE"),
        ("L210782201209150003", "ID_SHAPE"),
    ],
)
def test_a_wrong_id_is_refused_with_its_reason_and_never_corrected(con, raw, code):
    assert read(con, raw, type="citizen_id", personal_id=KINDS) == (None, code, None)


@pytest.mark.parametrize("raw", ["", None, "无", "未办理", "-", "新生儿", "同上"])
def test_a_missing_id_is_a_reject_only_where_it_is_required(con, raw):
    assert read(con, raw, type="citizen_id", required=True) == (None, "ID_MISSING", None)
    assert read(con, raw, type="citizen_id") == (None, None, None)


def test_a_certificate_where_none_is_accepted_is_no_id(con):
    assert read(con, "21078219881103000X43", type="citizen_id", personal_id=("id18",))[0] is None


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (text, dt.date(2019, 7, 16))
        for text in (
            "2019.7.16 2019-07-16 2019/7/16 20190716 2019年7月16日 43662 43662.0 二〇一九年七月十六日 ２０１９－７－１６".split()
            + ["2019-07-16 00:00:00", " 2019-7-16 ", "2019/07/16"]
        )
    ],
)
def test_dates_of_a_day(con, raw, value):
    assert read(con, raw, type="date") == (value, None)


@pytest.mark.parametrize("raw", ["201907", "2019年7月", "2019.7", "2019-07", "二〇一九年七月"])
def test_a_month_is_a_date_only_where_months_are_declared(con, raw):
    assert read(con, raw, type="date", precision="month") == (dt.date(2019, 7, 1), None)
    assert read(con, raw, type="month") == (dt.date(2019, 7, 1), None)
    assert read(con, raw, type="date")[1] == "DATE_PRECISION"


@pytest.mark.parametrize("raw", ["至今", "长期", "9999-12-31", "1899-12-30", "0", "无", "", "/"])
def test_an_open_or_empty_date_is_no_error(con, raw):
    assert read(con, raw, type="date") == (None, None)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("19.7.16", "DATE_AMBIGUOUS"),
        ("农历1950年3月", "DATE_AMBIGUOUS"),
        ("190712", "DATE_AMBIGUOUS"),
        ("2019-02-30", "DATE_INVALID"),
        ("2019-13-01", "DATE_INVALID"),
        ("去年", "DATE_INVALID"),
    ],
)
def test_a_date_is_never_guessed(con, raw, code):
    assert read(con, raw, type="date") == (None, code)


def test_two_digit_years_are_read_where_the_declaration_names_the_century(con):
    assert read(con, "19.7.16", type="date", century=20) == (dt.date(2019, 7, 16), None)


@pytest.mark.parametrize(
    ("raw", "unit", "value"),
    [
        ("1,234.50", None, "1234.50"),
        ("１２３４", None, "1234.00"),
        ("1.2万", None, "12000.00"),
        ("5万元", "万元", "50000.00"),
        ("5", "万元", "50000.00"),
        ("1.23456", "万元", "12345.60"),
        ("¥100", None, "100.00"),
        ("￥1,000元", "万元", "1000.00"),
        ("－", None, "0.00"),
        ("(1,200.5)", None, "-1200.50"),
        ("1234.560000001", None, "1234.56"),
        ("0", None, "0.00"),
    ],
)
def test_money_is_yuan_whatever_its_unit(con, raw, unit, value):
    assert read(con, raw, type="money", unit=unit) == (Decimal(value), None)


@pytest.mark.parametrize("raw", ["#DIV/0!", "12,34", "约500", "5-6"])
def test_what_is_no_amount_is_refused(con, raw):
    assert read(con, raw, type="money") == (None, "MONEY_INVALID")


@pytest.mark.parametrize("raw", ["", "-", "—", "无", None])
def test_an_empty_amount_is_not_zero(con, raw):
    assert read(con, raw, type="money") == (None, None)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("85", "0.85"),
        ("0.85", "0.85"),
        ("85%", "0.85"),
        ("4.35", "0.0435"),
        ("0.0435", "0.0435"),
        ("3.625‰", "0.0435"),
        ("100", "1"),
    ],
)
def test_ratios(con, raw, value):
    assert read(con, raw, type="ratio") == (Decimal(value), None)


def test_whole_numbers_are_not_rounded(con):
    assert read(con, "12.0", type="integer") == (12, None)
    assert read(con, "3人", type="integer") == (3, None)
    assert read(con, "12.5", type="integer") == (None, "NUMBER_INVALID")


@pytest.mark.parametrize(
    ("raw", "value"), [("9个月", "9"), ("9 月", "9"), ("９", "9"), ("40学时", "40"), ("10.5天", "10.5")]
)
def test_a_number_may_carry_its_unit(con, raw, value):
    assert read(con, raw, type="number", unit="月") == (Decimal(value), None)


@pytest.mark.parametrize("raw", ["3-11月", "全年", "1年", "8、9月"])
def test_what_is_no_number_of_months_is_refused(con, raw):
    assert read(con, raw, type="number", unit="月") == (None, "NUMBER_INVALID")


@pytest.mark.parametrize(
    ("raw", "value"), [("是", True), ("有", True), ("√", True), ("无", False), ("0", False), ("", None)]
)
def test_yes_and_no(con, raw, value):
    assert read(con, raw, type="boolean") == (value, None)


def test_unclear_yes_is_refused(con):
    assert read(con, "也许", type="boolean") == (None, "BOOLEAN_INVALID")


@pytest.mark.parametrize(("raw", "value"), [("2019", 2019), ("2019年", 2019), ("2019年度", 2019), ("2019.0", None)])
def test_years(con, raw, value):
    assert read(con, raw, type="year")[0] == value


def test_codes_take_every_declared_spelling_and_keep_an_unknown_one_for_the_suite(con):
    sex = {"type": "code", "codes": {"1": ("男", "男性"), "2": ("女",)}}
    assert read(con, "男性", **sex) == ("1", None)
    assert read(con, " 女 ", **sex) == ("2", None)
    assert read(con, "2.0", **sex) == ("2", None)
    assert read(con, "不男不女", **sex) == ("不男不女", None)
    assert read(con, "无", **sex) == (None, None)
    assert read(con, "1", type="code", codes={"01": ("身份证",)}) == ("01", None)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("张 三", "张三"),
        ("张　三", "张三"),
        ("阿依•古丽", "阿依·古丽"),
        ("王五（户主）", "王五"),
        ("李四1", "李四"),
        ("欧阳修", "欧阳修"),
        ("无", None),
    ],
)
def test_names(con, raw, value):
    assert read(con, raw, type="name") == (value, None)


def test_text_keeps_leading_zeros_and_refuses_control_characters(con):
    assert read(con, '="0533"', type="text") == ("0533", None)
    assert read(con, " 　北镇市（东） ", type="text") == ("北镇市（东）", None)
    assert read(con, "甲\x05乙", type="text")[1] == "CONTROL_CHAR"
    assert read(con, "长" * 11000, type="text")[1] == "CELL_TOO_LONG"


def test_a_student_number_that_imitates_an_id_stays_a_student_number(con):
    assert read(con, "J210782201209150003", type="student_no") == ("J210782201209150003", None)
    assert read(con, "2.1E+17", type="student_no") == (None, "ID_SCI_NOTATION")
