"""What each department's file looks like: its name, format, title rows, headers and habits of spelling.

Clean files (``dirt="none"``) have no layout: UTF-8 CSV, the header row first, canonical values under each column's
first alias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.feed import Column, Feed, normalise_header, split_unit

SHEET_LIMIT = 200_000  # a department with more rows than this exports CSV


@dataclass(frozen=True)
class Layout:
    """One department's habits; ``repeat_after`` and ``blank_after`` count data rows."""

    stem: str
    format: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    titles: tuple[str, ...] = ()
    note: str | None = None
    repeat_after: int | None = None
    blank_after: int | None = None
    has_total: bool = False
    has_footer: bool = False
    labels: bool = True
    dates: str = "iso"
    months: str = "iso"
    in_wan: bool = False
    ratios: str = "fraction"
    date_cells: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


LAYOUTS: dict[str, Layout] = {
    "registry_household": Layout(
        "建档立卡户",
        "xlsx",
        titles=("北镇市建档立卡贫困户信息表",),
        has_total=True,
        has_footer=True,
        months="compact",
        date_cells=True,
        headers={
            "town": "乡（镇）",
            "head_citizen_id": "户主证件号码 ",
            "wage_income_yuan": "工资性收入（元）",
            "business_income_yuan": "生产经营性收入（元）",
            "property_income_yuan": "财产性收入(元)",
            "total_income_yuan": "年收入（元）",
            "net_income_per_head_yuan": "人均\n纯收入",
            "farmland_mu": "耕地面积（亩）",
        },
    ),
    "registry_person": Layout(
        "建档立卡人口",
        encoding="utf-8-sig",
        dates="compact",
        headers={"work_months": "务工时间（月）", "name": "姓 名"},
    ),
    "village": Layout(
        "行政村基本情况",
        "xlsx",
        titles=("北镇市行政村基本情况表", "（2019年）"),
        has_footer=True,
        headers={"income_per_head_yuan": "农民人均可支配收入（元）"},
    ),
    "household_registration": Layout("户籍人口", encoding="gb18030", dates="compact", labels=False),
    "education_enrollment": Layout(
        "学籍",
        encoding="gb18030",
        titles=("北镇市中小学学籍信息表",),
        repeat_after=500,
        has_footer=True,
        dates="slash",
        months="compact",
        headers={"citizen_id": "身份证号", "student_no": "全国学籍号", "guardian_phone": "监护人联系电话"},
    ),
    "health_insurance": Layout("医保参保", labels=False, headers={"citizen_id": "证件号"}),
    "health_settlement": Layout(
        "医疗结算",
        encoding="gb18030",
        blank_after=300,
        has_total=True,
        dates="dot",
        ratios="percent",
        headers={"eligible_yuan": "政策范围内（合规）费用"},
    ),
    "social_insurance": Layout(
        "城乡居民养老保险",
        encoding="utf-8-sig",
        delimiter="\t",
        labels=False,
        dates="compact",
        months="compact",
        headers={"name": "AAC003", "citizen_id": "AAC002", "local_no": "AAC001"},
    ),
    "housing_assessment": Layout(
        "农村房屋安全鉴定",
        "xlsx",
        titles=("北镇市农村房屋安全鉴定汇总表", "填报单位：北镇市住房和城乡建设局"),
        has_total=True,
        has_footer=True,
        dates="chinese",
        headers={"area_sqm": "面积（㎡）"},
    ),
    "bank_loan": Layout(
        "扶贫小额信贷",
        "xlsx",
        titles=("扶贫贷款明细表",),
        note="单位：万元",
        has_total=True,
        has_footer=True,
        dates="dot",
        in_wan=True,
        ratios="hundred",
    ),
}

# Feeds that only a county with people without ids sends (``--identity``).
IDENTITY_LAYOUTS: dict[str, Layout] = {
    "aid_measure": Layout("帮扶措施", encoding="gb18030", dates="dot", headers={"citizen_id": "帮扶对象身份证号"}),
    "disability": Layout(
        "残疾人", "xlsx", titles=("北镇市持证残疾人名册",), has_footer=True, headers={"disability_cert_no": "残疾证号"}
    ),
    "loan_repayment": Layout("贷款还款流水", encoding="utf-8-sig", dates="compact", labels=False),
    "housing_renovation": Layout("农村危房改造", titles=("北镇市农村危房改造台账",), dates="slash"),
}


def headers_of(feed: Feed, layout: Layout | None) -> list[str]:
    """The header row; a layout may only use spellings that the feed declares."""
    if layout is None:
        return [column.label for column in feed.columns]
    known = feed.headers
    headers = []
    for column in feed.columns:
        header = layout.headers.get(column.name, column.label)
        normal = normalise_header(header)
        if known.get(normal, known.get(split_unit(normal)[0])) != column.name:
            raise ValueError(f"{feed.name}: header {header!r} is no alias of {column.name}")
        headers.append(header)
    return headers


def _date(style: str, cell: str) -> str:
    year, month, day = f"left({cell}, 4)", f"ltrim(substr({cell}, 6, 2), '0')", f"ltrim(substr({cell}, 9, 2), '0')"
    return {
        "iso": cell,
        "compact": f"replace({cell}, '-', '')",
        "slash": f"{year} || '/' || {month} || '/' || {day}",
        "dot": f"{year} || '.' || {month} || '.' || {day}",
        "chinese": f"{year} || '年' || {month} || '月' || {day} || '日'",
    }[style]


def _month(style: str, cell: str) -> str:
    year, month = f"left({cell}, 4)", f"ltrim(substr({cell}, 6, 2), '0')"
    return {
        "iso": cell,
        "compact": f"replace({cell}, '-', '')",
        "slash": f"replace({cell}, '-', '/')",
        "dot": f"{year} || '.' || {month}",
        "chinese": f"{year} || '年' || {month} || '月'",
    }[style]


def date_sql(style: str, cell: str, is_month: bool = False) -> str:
    """SQL of an ISO date (or month) text in another spelling."""
    return _month(style, cell) if is_month else _date(style, cell)


def label_sql(column: Column, cell: str, which: int = 0) -> str:
    """SQL of a code's spelling number ``which`` (-1: the last); a code without spellings keeps itself."""
    pairs = " ".join(f"WHEN '{code}' THEN '{(words or (code,))[which]}'" for code, words in column.codes.items())
    return f"CASE {cell} {pairs} ELSE {cell} END"


def wan_sql(cell: str) -> str:
    """SQL of yuan with two digits as ten thousands: ``43512.33`` → ``4.351233``."""
    cents = f"CAST(replace({cell}, '.', '') AS BIGINT)"
    parts = f"CAST({cents} // 1000000 AS VARCHAR) || '.' || lpad(CAST({cents} % 1000000 AS VARCHAR), 6, '0')"
    return f"rtrim(rtrim({parts}, '0'), '.')"


def ratio_sql(style: str, cell: str) -> str:
    """SQL of a fraction with four digits as ``fraction``, ``hundred`` (85.12) or ``percent`` (85.12%)."""
    hundred = f"CAST(CAST(CAST({cell} AS DECIMAL(9,4)) * 100 AS DECIMAL(9,2)) AS VARCHAR)"
    return {"fraction": cell, "hundred": hundred, "percent": f"{hundred} || '%'"}[style]


def house_style(column: Column, layout: Layout) -> str:
    """SQL of a canonical cell in this department's habitual spelling."""
    cell = f'"{column.name}"'
    if column.type == "code" and layout.labels:
        return label_sql(column, cell)
    if column.type in ("date", "month"):
        return date_sql(layout.months if column.type == "month" else layout.dates, cell, column.type == "month")
    if column.type == "money" and layout.in_wan:
        return wan_sql(cell)
    if column.type == "ratio":
        return ratio_sql(layout.ratios, cell)
    return cell
