"""The planted errors of real files: what must be quarantined, each with its code.

A :class:`Fault` is an SQL expression over the canonical columns of one row. It is planted only where no clerk could
argue that the row is right, and only in rows about people that no county figure and no situation depends on.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.feed import Column, Feed
from demo.layouts import Layout, house_style


@dataclass(frozen=True)
class Fault:
    """A planted error. ``value`` None: the row's structure; ``row`` 'copy' / 'conflict': a second row is appended."""

    column: str | None
    code: str
    value: str | None
    condition: str = "TRUE"
    row: str = "cell"
    only_once: bool = False


def _ids(column: str, required: bool) -> list[Fault]:
    cell, full = f'"{column}"', f'length("{column}") = 18'
    found = [
        Fault(column, "ID_CHECKSUM", f"left({cell}, 17) || CASE right({cell}, 1) WHEN '5' THEN '6' ELSE '5' END", full),
        Fault(column, "ID_SCI_NOTATION", f"left({cell}, 1) || '.' || substr({cell}, 2, 5) || 'E+17'", full),
        Fault(
            column, "ID_BIRTHDATE", f"id_of(CAST(left({cell}, 10) || '0230' || substr({cell}, 15, 3) AS BIGINT))", full
        ),
        Fault(column, "ID_PLACEHOLDER", f"left({cell}, 6) || '999999999999'", full),
        Fault(column, "ID_LENGTH", f"left({cell}, 17)", full),
        Fault(column, "ID_LENGTH", f"{cell} || '0'", full),
    ]
    return [*found, Fault(column, "ID_MISSING", "'未办理'", full)] if required else found


def _days(column: str, days: int) -> str:
    return f'CAST(CAST("{column}" AS DATE) + {days} AS VARCHAR)'


def _bad(column: str, code: str, text: str, condition: str = "TRUE", only_once: bool = False) -> Fault:
    return Fault(column, code, f"'{text}'", condition, only_once=only_once)


# Per feed: the faults of its own columns; `_conflict` names the column in which two rows of one key differ.
FAULTS: dict[str, list[Fault]] = {
    "registry_household": [
        *_ids("head_citizen_id", True),
        _bad("head_name", "REQUIRED_MISSING", ""),
        _bad("identified_month", "DATE_INVALID", "2015年13月"),
        _bad("property_income_yuan", "MONEY_INVALID", "#DIV/0!"),
        _bad("farmland_mu", "NUMBER_INVALID", "约三亩"),
        _bad("is_water_safe", "BOOLEAN_INVALID", "不清楚"),
        _bad("poverty_status_code", "CODE_UNKNOWN", "待核实"),
        Fault("village_code", "PATTERN_MISMATCH", "left(village_code, 11)"),
        Fault("wage_income_yuan", "RH01", "yuan(CAST(replace(wage_income_yuan, '.', '') AS BIGINT) + 50000)"),
        Fault("business_cost_yuan", "RH02", "yuan(CAST(replace(business_cost_yuan, '.', '') AS BIGINT) + 30000)"),
        Fault(
            "net_income_per_head_yuan",
            "RH03",
            "yuan(CAST(replace(net_income_per_head_yuan, '.', '') AS BIGINT) + 10000)",
        ),
        Fault("phone", "KEY_CONFLICT", "'14409999999'", row="conflict"),
    ],
    "registry_person": [
        *_ids("citizen_id", False),
        _bad("name", "REQUIRED_MISSING", ""),
        _bad("birth_date", "DATE_INVALID", "19700230"),
        _bad("birth_date", "DATE_AMBIGUOUS", "农历1970年5月6日"),
        _bad("work_months", "NUMBER_INVALID", "3-11月"),
        _bad("work_months", "OUT_OF_RANGE", "13"),
        _bad("is_minimum_living", "BOOLEAN_INVALID", "待定"),
        _bad("sex_code", "CODE_UNKNOWN", "男女"),
        Fault("household_id", "PATTERN_MISMATCH", "left(household_id, 9)"),
        Fault("phone", "KEY_CONFLICT", "'14409999999'", row="conflict"),
    ],
    "village": [
        _bad("village", "REQUIRED_MISSING", ""),
        _bad("collective_income_yuan", "MONEY_INVALID", "待核"),
        _bad("group_count", "NUMBER_INVALID", "八个左右"),
        _bad("is_broadband", "BOOLEAN_INVALID", "部分"),
        Fault("town_code", "PATTERN_MISMATCH", "left(town_code, 5)"),
        Fault("rural_person_count", "VI01", "CAST(CAST(person_count AS BIGINT) + 10 AS VARCHAR)"),
        Fault("exit_year", "VI02", "CAST(CAST(identified_year AS BIGINT) - 1 AS VARCHAR)", "exit_year IS NOT NULL"),
        Fault("group_count", "KEY_CONFLICT", "CAST(CAST(group_count AS BIGINT) + 1 AS VARCHAR)", row="conflict"),
    ],
    "household_registration": [
        *_ids("citizen_id", True),
        _bad("name", "REQUIRED_MISSING", ""),
        _bad("birth_date", "DATE_INVALID", "19690231"),
        _bad("birth_date", "DATE_AMBIGUOUS", "70.5.6"),
        _bad("ethnic_code", "CODE_UNKNOWN", "满汉"),
        Fault("village_code", "PATTERN_MISMATCH", "village_code || '0'"),
        Fault("address", "CONTROL_CHAR", "left(address, 6) || chr(1) || substr(address, 7)"),
        Fault("death_date", "HR01", _days("birth_date", -400), "death_date IS NULL"),
        Fault("change_date", "HR02", _days("birth_date", -400), "change_date IS NOT NULL"),
        Fault("address", "KEY_CONFLICT", "address || '（旧址）'", row="conflict"),
    ],
    "education_enrollment": [
        *_ids("citizen_id", False),
        _bad("student_no", "ID_SHAPE", "学号待补"),
        _bad("name", "REQUIRED_MISSING", ""),
        _bad("birth_date", "DATE_INVALID", "2008/2/30"),
        _bad("enrolled_month", "DATE_INVALID", "2018年13月"),
        _bad("is_disabled", "BOOLEAN_INVALID", "不详细"),
        _bad("status_code", "CODE_UNKNOWN", "其它情况"),
        Fault("class", "KEY_CONFLICT", "'99班'", row="conflict"),
    ],
    "health_insurance": [
        *_ids("citizen_id", True),
        _bad("name", "REQUIRED_MISSING", ""),
        _bad("paid_date", "DATE_INVALID", "2018-11-31"),
        _bad("subsidy_yuan", "MONEY_INVALID", "全额资助"),
        _bad("insurance_code", "CODE_UNKNOWN", "新型险种"),
        Fault("place", "CELL_TOO_LONG", "repeat('北镇市', 11000)", only_once=True),
        Fault("place", "KEY_CONFLICT", "'锦州市凌河区'", row="conflict"),
    ],
    "health_settlement": [
        *_ids("citizen_id", True),
        _bad("name", "REQUIRED_MISSING", ""),
        _bad("admitted_date", "DATE_INVALID", "2019.2.29"),
        _bad("settled_date", "DATE_PRECISION", "2019年3月"),
        _bad("deductible_yuan", "MONEY_INVALID", "#VALUE!"),
        _bad("visit_code", "CODE_UNKNOWN", "体检"),
        _bad("is_one_stop", "BOOLEAN_INVALID", "不清楚"),
        _bad("reimbursed_ratio", "OUT_OF_RANGE", "185%"),
        Fault("self_paid_yuan", "HS01", "yuan(CAST(replace(self_paid_yuan, '.', '') AS BIGINT) + 5000)"),
        Fault("discharged_date", "HS02", _days("admitted_date", -5), "discharged_date IS NOT NULL"),
        Fault("eligible_yuan", "HS03", "yuan(CAST(replace(total_yuan, '.', '') AS BIGINT) + 10000)"),
        Fault("hospital", "KEY_CONFLICT", "'北镇市中医院'", row="conflict"),
    ],
    "social_insurance": [
        *_ids("citizen_id", True),
        _bad("name", "REQUIRED_MISSING", ""),
        _bad("joined_date", "DATE_INVALID", "20130431"),
        _bad("government_paid_yuan", "MONEY_INVALID", "已代缴"),
        _bad("status_code", "CODE_UNKNOWN", "情况不明"),
        Fault("joined_date", "SI01", "CAST(CAST(substr(citizen_id, 7, 4) AS BIGINT) - 2 AS VARCHAR) || '-01-15'"),
        Fault("local_no", "KEY_CONFLICT", "'2107000000000'", row="conflict"),
    ],
    "housing_assessment": [
        *_ids("head_citizen_id", False),
        _bad("head_name", "REQUIRED_MISSING", ""),
        _bad("assessed_date", "DATE_INVALID", "2019年4月31日"),
        _bad("area_sqm", "NUMBER_INVALID", "三间"),
        _bad("area_sqm", "OUT_OF_RANGE", "99999"),
        _bad("grade_code", "CODE_UNKNOWN", "E"),
        _bad("is_only_house", "BOOLEAN_INVALID", "不清楚"),
        Fault("built_year", "HA01", "CAST(CAST(left(assessed_date, 4) AS BIGINT) + 1 AS VARCHAR)"),
        Fault("agency", "KEY_CONFLICT", "'北镇市住房和城乡建设局'", row="conflict"),
    ],
    "bank_loan": [
        *_ids("citizen_id", True),
        _bad("name", "REQUIRED_MISSING", ""),
        _bad("issued_date", "DATE_INVALID", "2017.6.31"),
        _bad("subsidy_yuan", "MONEY_INVALID", "按季贴息"),
        _bad("class_code", "CODE_UNKNOWN", "不良"),
        Fault("due_date", "BL01", _days("issued_date", -30)),
        Fault("balance_yuan", "BL02", "yuan(CAST(replace(amount_yuan, '.', '') AS BIGINT) + 1000000)"),
        Fault("overdue_from_date", "BL03", _days("issued_date", -10)),
        Fault("settled_date", "BL04", _days("issued_date", -10), "settled_date IS NOT NULL"),
        Fault("purpose", "KEY_CONFLICT", "'购买农机具'", row="conflict"),
    ],
}
# With ``--identity``: the feeds that are sent then, and birth dates too coarse for their column.
IDENTITY_FAULTS: dict[str, list[Fault]] = {
    "aid_measure": [
        *_ids("citizen_id", False),
        _bad("name", "REQUIRED_MISSING", ""),
        _bad("aid_date", "DATE_PRECISION", "2019年"),
        _bad("aid_yuan", "MONEY_INVALID", "按标准"),
        _bad("aid_kind_code", "CODE_UNKNOWN", "送温暖"),
        Fault("household_id", "PATTERN_MISMATCH", "left(household_id, 9)"),
        Fault("aid_date", "AM01", _days("data_date", 40)),
        Fault("aid_content", "KEY_CONFLICT", "'内容待核'", row="conflict"),
    ],
    "disability": [
        *_ids("citizen_id", False),
        _bad("name", "REQUIRED_MISSING", ""),
        _bad("disability_cert_no", "ID_SHAPE", "换证中"),
        Fault("disability_cert_no", "ID_SCI_NOTATION", "left(disability_cert_no, 1) || '.19901E+19'"),
        _bad("certified_date", "DATE_INVALID", "2015年2月30日"),
        _bad("disability_grade_code", "CODE_UNKNOWN", "五级"),
        Fault("certificate_expiry_date", "DIS01", _days("certified_date", -100)),
        Fault("disability_detail", "KEY_CONFLICT", "'明细待核'", row="conflict"),
    ],
    "loan_repayment": [
        *_ids("citizen_id", False),
        _bad("repaid_date", "DATE_INVALID", "20180631"),
        _bad("interest_yuan", "MONEY_INVALID", "免息"),
        _bad("repayment_kind_code", "CODE_UNKNOWN", "代扣"),
        Fault("repaid_total_yuan", "LR01", "yuan(CAST(replace(repaid_total_yuan, '.', '') AS BIGINT) + 5000)"),
        Fault("bank", "KEY_CONFLICT", "'北镇市邮政储蓄银行'", row="conflict"),
    ],
    "housing_renovation": [
        *_ids("head_citizen_id", False),
        _bad("head_name", "REQUIRED_MISSING", ""),
        _bad("started_date", "DATE_INVALID", "2018/4/31"),
        _bad("self_raised_yuan", "MONEY_INVALID", "投工投劳"),
        _bad("renovation_way_code", "CODE_UNKNOWN", "搬迁"),
        Fault("village_code", "PATTERN_MISMATCH", "left(village_code, 11)"),
        Fault("subsidy_total_yuan", "HN01", "yuan(CAST(replace(subsidy_total_yuan, '.', '') AS BIGINT) + 10000)"),
        Fault("completed_date", "HN02", _days("started_date", -30)),
        Fault("address", "KEY_CONFLICT", "address || '（旧址）'", row="conflict"),
    ],
    "registry_person": [_bad("birth_date", "DATE_PRECISION", "1970年5月")],
    "household_registration": [_bad("birth_date", "DATE_PRECISION", "1970")],
    "education_enrollment": [_bad("birth_date", "DATE_PRECISION", "2008/5")],
}
DUPLICATE = Fault(None, "DUPLICATE_ROW", None, row="copy")
STRUCTURE = [Fault(None, "ROW_STRUCTURE", None, row="too_many"), Fault(None, "ROW_STRUCTURE", None, row="too_few")]


def faults(feed: Feed, file_format: str, identity: bool = False) -> list[Fault]:
    """All faults to plant in a feed's file; structure faults exist in text files only, coarse birth dates with ``identity``."""
    more = IDENTITY_FAULTS.get(feed.name, []) if identity else []
    return [*FAULTS.get(feed.name, []), *more, DUPLICATE, *(STRUCTURE if file_format == "csv" else [])]


def fault_value(fault: Fault, column: Column, layout: Layout) -> str:
    """SQL of the faulty cell: a literal stays as it is, a computed canonical value takes the department's spelling."""
    assert fault.value is not None
    if fault.value.startswith("'") or column.type in ("citizen_id", "student_no", "text", "year", "number", "integer"):
        return fault.value
    return house_style(column, layout).replace(f'"{column.name}"', f"({fault.value})")
