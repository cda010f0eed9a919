"""The synthetic county: its figures, its ids, the same files for the same seed, and a truth that points at the right cells."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from connectors.errors import TerminalError
from connectors.feed import Feed, load_feed, normalise_header, split_unit
from connectors.settings import ROOT
from demo.faults import faults
from demo.layouts import LAYOUTS, Layout
from demo.simulate import simulate
from demo.spellings import spellings

FEEDS = {name: load_feed(ROOT / "connectors" / "feeds" / f"{name}.toml") for name in sorted(LAYOUTS)}
# Former ids are sent only where ids were changed (``--identity``).
SENT = {name: [column for column in feed.columns if column.name != "former_citizen_id"] for name, feed in FEEDS.items()}
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SMALL = 2000


def make(out: Path, people: int = SMALL, seed: int = 7, **options: Any) -> dict[str, Any]:
    return simulate(people, seed, out, progress=lambda message: None, **options)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("real")
    make(out, dirt="real")
    return out


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clean")
    make(out, dirt="none")
    return out


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clean county a month later."""
    out = tmp_path_factory.mktemp("later")
    make(out, dirt="none", changed=5.0)
    return out


def truth(out: Path, sql: str) -> list[tuple]:
    """Rows of a query over the truth tables, written ``{name}``."""
    names = ("persons", "rows", "errors", "tolerated", "situations", "counts")
    return duckdb.execute(
        sql.format(**{name: f"read_parquet('{out / 'truth' / name}.parquet')" for name in names})
    ).fetchall()


def table(out: Path, feed: str) -> str:
    (path,) = (out / "ingest" / FEEDS[feed].department).glob(f"{LAYOUTS[feed].stem}*_*.csv")
    return f"read_csv('{path}', all_varchar = true)"


def grid(out: Path, feed: Feed) -> tuple[list[list[str]], int, list[str]]:
    """A real file as a clerk sees it: all rows as text, the header's row number, the column name of each header cell."""
    layout = LAYOUTS[feed.name]
    (path,) = (out / "ingest" / feed.department).glob(f"{layout.stem}_*")
    if path.suffix == ".xlsx":

        def text(value: Any) -> str:
            return "" if value is None else value.date().isoformat() if isinstance(value, dt.datetime) else str(value)

        page = openpyxl.load_workbook(path, read_only=False).active
        rows = [[text(value) for value in row] for row in page.iter_rows(values_only=True)]
    else:
        csv.field_size_limit(1_000_000)
        with open(path, encoding=layout.encoding, newline="") as file:
            rows = list(csv.reader(file, delimiter=layout.delimiter))
    header = len(layout.titles) + (1 if layout.note else 0) + 1
    cells = [normalise_header(cell) for cell in rows[header - 1]]
    names = [feed.headers.get(cell, feed.headers.get(split_unit(cell)[0], "?")) for cell in cells]
    return rows, header, names


def is_valid_id(number: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number[:17], strict=True))
    dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    return len(number) == 18 and number[17] == "10X98765432"[total % 11]


def test_policy_figures_hold_from_20000_people_on(tmp_path: Path) -> None:
    found = make(tmp_path, 20_000, dirt="none")["county"]
    assert (found["people"], found["poor_people"], found["still_poor_villages"], found["villages"]) == (
        20_000,
        1542,
        4,
        242,
    )
    households = table(tmp_path, "registry_household")
    members = table(tmp_path, "registry_person")
    poor = f"""SELECT count(*), sum(h.家庭人口数::INT) FILTER (m.与户主关系 = '01') FROM {members} m JOIN {households} h USING (户编号)
        WHERE h.脱贫属性 IN ('0', '3')"""
    assert duckdb.execute(poor).fetchone() == (1542, 1542)
    villages = f"SELECT count(*) FROM {table(tmp_path, 'village')} WHERE 是否贫困村 = '是' AND 退出年度 IS NULL"
    assert duckdb.execute(villages).fetchone() == (4,)


def test_smaller_counties_are_poor_in_proportion(clean: Path) -> None:
    assert truth(clean, "SELECT value FROM {counts} WHERE name = 'poor_people'") == [(round(1542 * SMALL / 20_000),)]


def test_ids_are_valid_unassigned_unique_and_agree_with_the_person(clean: Path) -> None:
    persons = truth(clean, "SELECT citizen_id, birth_date, sex_code, person_id FROM {persons}")
    assert len({number for number, *_ in persons}) == len(persons) == SMALL
    for number, birth, sex, _ in persons:
        assert is_valid_id(number) and number.startswith("2199")
        assert number[6:14] == f"{birth:%Y%m%d}"
        assert (int(number[16]) % 2 == 1) == (sex == "1")
    registered = [person_id for *_, person_id in persons if person_id]
    assert len(set(registered)) == len(registered) and {len(person_id) for person_id in registered} == {14}


def test_clean_files_keep_every_identity(clean: Path) -> None:
    households = f"""SELECT count(*) FROM {table(clean, "registry_household")} WHERE
        abs(年收入::DECIMAL(18,2) - 工资性收入::DECIMAL(18,2) - 生产经营性收入::DECIMAL(18,2) - 财产性收入::DECIMAL(18,2) - 转移性收入::DECIMAL(18,2)) > 0
        OR 纯收入::DECIMAL(18,2) <> 年收入::DECIMAL(18,2) - 生产经营性支出::DECIMAL(18,2)
        OR abs(人均纯收入::DOUBLE - 纯收入::DOUBLE / 家庭人口数::INT) > 0.0051"""
    bills = f"""SELECT count(*) FROM {table(clean, "health_settlement")} WHERE 总费用::DECIMAL(18,2) <> 基本医保支付::DECIMAL(18,2)
        + 大病保险支付::DECIMAL(18,2) + 医疗救助支付::DECIMAL(18,2) + 补充保险支付::DECIMAL(18,2) + 个人自付::DECIMAL(18,2) + 自费::DECIMAL(18,2)"""
    sizes = f"""SELECT count(*) FROM {table(clean, "registry_household")} h WHERE 家庭人口数::INT <>
        (SELECT count(*) FROM {table(clean, "registry_person")} m WHERE m.户编号 = h.户编号)"""
    assert [duckdb.execute(sql).fetchone() for sql in (households, bills, sizes)] == [(0,), (0,), (0,)]


@pytest.mark.parametrize("name", FEEDS)
def test_clean_files_have_the_declared_columns_and_unique_keys(clean: Path, name: str) -> None:
    feed = FEEDS[name]
    relation = table(clean, name)
    columns = [row[0] for row in duckdb.execute(f"DESCRIBE FROM {relation}").fetchall()]
    assert columns == [column.label for column in SENT[name]]
    key = ", ".join(f'"{feed.column(part).label}"' for part in feed.key)
    repeated = f"SELECT count(*) FROM (SELECT {key} FROM {relation} GROUP BY ALL HAVING count(*) > 1)"
    assert duckdb.execute(repeated).fetchone() == (0,)


@pytest.mark.parametrize("name", FEEDS)
def test_every_kind_of_error_is_planted(real: Path, name: str) -> None:
    feed = FEEDS[name]
    suffix = next((real / "ingest" / feed.department).glob(f"{LAYOUTS[name].stem}_*")).suffix[1:]
    wanted = {(fault.column if fault.row == "cell" else None, fault.code) for fault in faults(feed, suffix)}
    assert set(truth(real, f"SELECT \"column\", code FROM {{errors}} WHERE feed = '{name}'")) == wanted


@pytest.mark.parametrize("name", FEEDS)
def test_truth_points_at_the_right_cells(real: Path, clean: Path, name: str) -> None:
    feed = FEEDS[name]
    rows, header, names = grid(real, feed)
    assert names == [column.name for column in SENT[name]]
    known = truth(real, f"SELECT row, person FROM {{rows}} WHERE feed = '{name}' ORDER BY row")
    errors = {
        row: (column, code)
        for row, column, code in truth(real, f"SELECT row, \"column\", code FROM {{errors}} WHERE feed = '{name}'")
    }
    spelled = dict(truth(real, f"SELECT row, \"column\" FROM {{tolerated}} WHERE feed = '{name}' AND kind <> 'cert20'"))
    assert not errors.keys() & spelled.keys()
    canonical = duckdb.execute(f"FROM {table(clean, name)}").fetchall()
    # What is written as it is: ids, names and texts of every row equal the clean file's, in its order.
    plain = [k for k, column in enumerate(feed.columns) if column.type in ("citizen_id", "student_no", "name", "text")]
    for (row, _), wanted in zip(known, canonical, strict=False):
        cells = rows[row - 1]
        if errors.get(row, ("", ""))[1] == "ROW_STRUCTURE":
            assert len(cells) != len(names)
            continue
        touched = errors[row][0] if row in errors else spelled.get(row)
        for k in plain:
            same = cells[k] == (wanted[k] or "")
            assert same if names[k] != touched else not same, f"row {row}, {names[k]}"
    # Everything that the truth does not list is no data: titles, header, repeated header, blank, total, footer.
    others = [row for row in range(1, len(rows) + 1) if row not in {row for row, _ in known}]
    marks = ("北镇市", "（2019年）", "填报单位", "扶贫贷款明细表", "单位：万元", "合计", "填表人")
    for row in others:
        assert not rows[row - 1] or rows[row - 1] == rows[header - 1] or rows[row - 1][0].startswith(marks)
    # Appended rows: copies are identical, conflicts share the key.
    for row, (_, code) in errors.items():
        if code == "DUPLICATE_ROW":
            assert rows[row - 1] in rows[: row - 1]
        if code == "KEY_CONFLICT":
            key = [names.index(part) for part in feed.key]
            same = [other for other in errors if [rows[other - 1][k] for k in key] == [rows[row - 1][k] for k in key]]
            assert len(same) == 2


def test_links_are_expected_of_sound_rows_only(real: Path) -> None:
    wrong = """SELECT count(*) FROM {rows} r LEFT JOIN {errors} e USING (feed, row)
        WHERE has_id <> (expected_link IS NOT NULL) OR expected_link <> person OR (e.code IS NOT NULL AND has_id)"""
    assert truth(real, wrong) == [(0,)]
    planted = """SELECT count(*) FROM {errors} e JOIN {rows} r USING (feed, row) JOIN {situations} s USING (person)"""
    assert truth(real, planted) == [(0,)]


def contents(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_one_seed_gives_one_county(real: Path, tmp_path: Path) -> None:
    make(tmp_path / "again", dirt="real")
    assert contents(tmp_path / "again") == contents(real)
    make(tmp_path / "other", 500, seed=8, dirt="none")
    make(tmp_path / "another", 500, seed=9, dirt="none")
    first, second = contents(tmp_path / "other"), contents(tmp_path / "another")
    assert all(first[name] != second[name] for name in first if name.startswith("ingest"))


def test_a_month_later_the_given_share_of_rows_changed(clean: Path, later: Path) -> None:
    for name in ("household_registration", "health_insurance", "social_insurance"):
        before, after = table(clean, name), table(later, name)
        facts = "SELECT * EXCLUDE (数据日期) FROM"
        (rows,) = duckdb.execute(f"SELECT count(*) FROM {after}").fetchone() or (0,)
        (changed,) = duckdb.execute(f"SELECT count(*) FROM ({facts} {after} EXCEPT {facts} {before})").fetchone() or (
            0,
        )
        assert 0.03 < changed / rows < 0.07
    assert duckdb.execute(f"SELECT DISTINCT 数据日期 FROM {table(later, 'village')}").fetchall() == [("2019-07-31",)]


def test_a_delta_holds_what_the_full_files_of_the_month_say_anew(clean: Path, later: Path, tmp_path: Path) -> None:
    made = make(tmp_path / "delta", dirt="none", changed=5.0, delta=True)
    assert all("增量_20190731" in file["file"] and file["rows"] for file in made["files"])
    for name in ("household_registration", "health_insurance", "social_insurance"):
        delta, after, before = table(tmp_path / "delta", name), table(later, name), table(clean, name)
        facts = "SELECT * EXCLUDE (数据日期) FROM"
        anew = f"({facts} {after} EXCEPT {facts} {before})"
        for one, other in ((anew, f"({facts} {delta})"), (f"({facts} {delta})", anew)):
            assert duckdb.execute(f"SELECT count(*) FROM ({one} EXCEPT {other})").fetchone() == (0,)
    # The truth's rows are those of the files.
    rows = duckdb.execute(f"SELECT count(*) FROM '{tmp_path}/delta/truth/rows.parquet'").fetchone()
    assert rows == (made["rows"],)


@pytest.mark.parametrize(
    "options",
    [
        {"people": 3},
        {"dirt": "some"},
        {"fmt": "pdf"},
        {"changed": 101.0},
        {"as_of": dt.date(2018, 1, 1)},
        {"dirt": "none", "fmt": "mixed"},
        {"delta": True},
        {"delta": True, "changed": 1.0, "identity": True},
    ],
)
def test_arguments_that_make_no_county_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(TerminalError):
        make(tmp_path, **{"people": SMALL, **options})


def test_a_day_of_which_only_the_month_is_known_is_spelt_in_one_way() -> None:
    feed = load_feed(ROOT / "connectors" / "feeds" / "premium_subsidy.toml")
    dates = [spelling for spelling in spellings(feed, Layout("x")) if spelling.column == "paid_date"]
    dates = [spelling for spelling in dates if spelling.kind.startswith("date_")]
    assert len(dates) > 4
    for spelling in dates:
        for cell, fits in (("2019-04", False), ("2019-04-12", True)):
            found = duckdb.execute(
                f"SELECT {spelling.condition}, {spelling.value} FROM (SELECT '{cell}' AS paid_date)"
            ).fetchone()
            assert found is not None and found[0] is fits, spelling.kind
