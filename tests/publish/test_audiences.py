"""Who is shown what: a declaration that shows too much is refused, and a list of named people opens for its recipient alone."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import os
import shutil
import stat
import zipfile
from pathlib import Path

import duckdb
import msoffcrypto
import openpyxl
import pytest
from msoffcrypto.exceptions import InvalidKeyError

from connectors.errors import DeclarationError, TerminalError
from tests.publish.county import CANARIES, FEEDS, VILLAGE
from warehouse import exports
from warehouse.audiences import PATH, audiences
from warehouse.exports import operations
from warehouse.publish import guard, manifest, public
from warehouse.publish.public import files

ASKED, OTHER = "甲", "乙"
ID, OTHERS_ID = CANARIES[0], "219900196001010034"
ELSEWHERE = "210782101200"


@pytest.mark.parametrize(
    "old, new, reason",
    [
        ('relation = "mart.headcount"', 'relation = "mart.nobody"', "there is no mart mart.nobody"),
        ('relation = "mart.headcount"', 'relation = "core.identity"', "there is no mart core.identity"),
        (
            '"rural_population", "listed_households"',
            '"nobody_counts", "listed_households"',
            "declares no nobody_counts",
        ),
        ('"rural_population", "listed_households"', '"birth_year", "listed_households"', "not be shown birth_year"),
        ('"rural_population", "listed_households"', '"incidence", "listed_households"', "only counts can be rounded"),
        ('counts = ["due", ', 'amounts = ["due", ', "guarantee_persons.*amounts"),
        ('"due = covered + not_covered + no_data"', '"due = covered + forgotten"', "no table shows: forgotten"),
        ('levels = ["县", "乡"]', 'levels = ["县", "户"]', "levels are 县, 乡, 村, not 户"),
        ('columns = ["village_code"', 'columns = ["person_key"', r"shown person_key \(identifier\)"),
        ('columns = ["village_code"', 'columns = ["phone"', "declares no phone"),
        ('people = ["name"]', 'people = ["phone"]', "people may be citizen_id, name, not phone"),
        ('"plain", "sensitive", "pseudonym"]', '"plain", "identifier"]', r"\[statistics\] may not be shown identifier"),
        ("[operations.lists.schooling]", "[everybody]", "there is no audience everybody"),
        ("[public]", "[public", "no valid TOML"),
    ],
)
def test_a_declaration_that_shows_too_much_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = PATH.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "audiences.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DeclarationError, match=reason):
        audiences(tmp_path / "audiences.toml")


def test_nobody_is_alone_in_a_year_of_birth(everything: duckdb.DuckDBPyConnection) -> None:
    cut = audiences().statistics.cut
    years = everything.execute(
        f"SELECT {cut('birth_year', 'year')} FROM (VALUES (1911), (1930), (1960), (NULL)) AS born(year)"
    )
    assert years.fetchall() == [(1930,), (1930,), (1960,), (None,)]
    assert cut("exit_year", "exit_year") == "exit_year"


@pytest.fixture
def county(everything: duckdb.DuckDBPyConnection, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """The small county; one of its two people has an id, and a third person lives in another township."""
    (tmp_path / "warehouse").mkdir()
    everything.execute(
        "INSERT INTO core.identity VALUES ('citizen_id', ?, 11, 'b'), ('citizen_id', ?, 13, 'b')", [ID, OTHERS_ID]
    )
    everything.execute(
        "INSERT INTO mart.person_status BY NAME SELECT 13 AS person_key, ? AS village_code, left(?, 9) AS town_code, '无' AS health_insurance_state, "
        "'有' AS schooling_state",
        [ELSEWHERE, ELSEWHERE],
    )
    everything.execute("UPDATE mart.person_status SET health_insurance_state = '无' WHERE person_key = 11")
    everything.execute("UPDATE mart.person_status SET health_insurance_state = '有' WHERE person_key = 12")
    return everything


def approved(con: duckdb.DuckDBPyConnection, home: Path, name: str, town: str = "") -> str:
    request_id = operations.request(con, home, name, town, "市医保局", "逐户核实参保", ASKED)
    exports.decide(con, home, request_id, OTHER, "同意", approved=True)
    return request_id


def opened(file: Path, password: str) -> list[list[str]]:
    plain = io.BytesIO()
    office = msoffcrypto.OfficeFile(io.BytesIO(file.read_bytes()))
    office.load_key(password=password, verify_password=True)
    office.decrypt(plain)
    sheet = openpyxl.load_workbook(plain)["数据"]
    return [[cell.value for cell in row] for row in sheet]


def test_a_list_opens_with_its_password_only_and_shows_its_scope_only(county, tmp_path) -> None:
    file, password = operations.write(
        county, tmp_path, FEEDS, approved(county, tmp_path, "health_insurance"), tmp_path / "out", ASKED
    )
    assert os.listdir(file.parent) == [file.name] and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not zipfile.is_zipfile(file) and ID.encode() not in file.read_bytes()
    for wrong in (password[:-1], password.swapcase()):
        with pytest.raises(InvalidKeyError):
            opened(file, wrong)
    head, *rows = opened(file, password)
    assert head == ["公民身份号码", "姓名", "乡镇代码", "行政村代码", "基本医疗保险", "基本医疗判定依据"]
    assert [row[0] for row in rows] == [ID, OTHERS_ID] and rows[0][1] == CANARIES[3]
    # The phone, account and numbers of the same people are nobody's business here.
    assert not {*CANARIES[1:3], *CANARIES[4:]} & {value for row in rows for value in row}


def test_a_township_gets_its_own_people(county, tmp_path) -> None:
    with pytest.raises(TerminalError, match="请指明乡镇"):
        operations.request(county, tmp_path, "town_guarantees", "", "某镇", "走访", ASKED)
    with pytest.raises(TerminalError, match="no such township"):
        operations.request(county, tmp_path, "town_guarantees", "210782999", "某镇", "走访", ASKED)
    with pytest.raises(TerminalError, match="declares no list everybody; there are: schooling"):
        operations.request(county, tmp_path, "everybody", "", "某镇", "走访", ASKED)
    request_id = approved(county, tmp_path, "town_guarantees", VILLAGE[:9])
    file, password = operations.write(county, tmp_path, FEEDS, request_id, tmp_path / "out", ASKED)
    head, *rows = opened(file, password)
    assert head[0] == "姓名" and "公民身份号码" not in head
    assert len(rows) == 2 and {row[1] for row in rows} == {VILLAGE}


def test_nothing_is_written_alone_nor_twice_and_the_log_has_neither_password_nor_person(county, tmp_path) -> None:
    request_id = operations.request(county, tmp_path, "health_insurance", "", "市医保局", "核实", ASKED)
    with pytest.raises(TerminalError, match="not approved yet"):
        operations.write(county, tmp_path, FEEDS, request_id, tmp_path / "out", ASKED)
    with pytest.raises(TerminalError, match="申请人不能审批自己的申请"):
        exports.decide(county, tmp_path, request_id, ASKED, "", approved=True)
    exports.decide(county, tmp_path, request_id, OTHER, "", approved=True)
    file, password = operations.write(county, tmp_path, FEEDS, request_id, tmp_path / "out", ASKED)
    with pytest.raises(TerminalError, match="written already"):
        operations.write(county, tmp_path, FEEDS, request_id, tmp_path / "out", ASKED)
    log = county.execute("SELECT what, target, detail FROM ops.audit ORDER BY number").fetchall()
    assert [what for what, *_ in log] == ["export", "export", "reveal", "export"]
    (row,) = exports.requests(county, request_id)
    assert row.rows == 2 and row.sha256 in log[-1][2]
    told = repr(log) + repr(row) + file.name
    assert password not in told and not any(one in told for one in (ID, OTHERS_ID, CANARIES[3]))


def test_the_guard_looks_at_what_else_a_list_says(county, tmp_path) -> None:
    county.execute("UPDATE mart.person_status SET health_insurance_basis = '电话 13912345678' WHERE person_key = 11")
    request_id = approved(county, tmp_path, "health_insurance")
    with pytest.raises(TerminalError, match="health_insurance_basis") as refused:
        operations.write(county, tmp_path, FEEDS, request_id, tmp_path / "out", ASKED)
    assert CANARIES[1] not in str(refused.value) and not (tmp_path / "out").exists()


def test_public_files_hold_nobody_and_are_made_once(home: Path, tmp_path: Path) -> None:
    snapshot = (home / "published" / "current").resolve()
    folder = snapshot / public.FOLDER
    assert {path.name for path in folder.iterdir()} == {
        files.WORKBOOK, *(files.file_name(table) for table in audiences().public.tables.values()),
    }  # fmt: skip
    for path in folder.glob("*.csv"):
        assert path.read_bytes().startswith(b"\xef\xbb\xbf") and guard.inspect_file(path) == []
        # A household of two in one village: there is nothing that may be told.
        assert set(
            itertools.chain.from_iterable(line.split(",")[5:] for line in path.read_text("utf-8-sig").splitlines()[1:])
        ) == {"*"}
    book = openpyxl.load_workbook(folder / files.WORKBOOK)
    assert book.sheetnames[0] == "说明" and all(sheet.sheet_state == "visible" for sheet in book)


def test_what_cannot_be_proved_is_withheld_and_holds_up_nobody(home: Path, tmp_path: Path, caplog) -> None:
    before = (home / "published" / "current").resolve()
    shutil.copytree(before, tmp_path / before.name)
    (tmp_path / "current").symlink_to(before.name)
    snapshot = tmp_path / ".tmp-new"
    shutil.copytree(before / "parquet", snapshot / "parquet")
    mart = snapshot / "parquet" / "guarantee_coverage.parquet"
    mart.chmod(0o644)
    # One is covered of whom nobody says that he should be.
    duckdb.execute(f"COPY (SELECT * REPLACE (covered + 1 AS covered) FROM '{before}/parquet/{mart.name}') TO '{mart}'")
    head = manifest.read(before) or {}
    changed = {**head["tables"], "mart.guarantee_coverage": {"rows": 0}}
    public.write(snapshot, tmp_path, dt.date.fromisoformat(head["as_of"]), changed, "key")
    assert "does not hold" in caplog.text and "沿用上次的" in caplog.text
    names = sorted(path.name for path in (before / public.FOLDER).iterdir())
    assert sorted(path.name for path in (snapshot / public.FOLDER).iterdir()) == names
    for name in names:
        assert (snapshot / public.FOLDER / name).samefile(tmp_path / before.name / public.FOLDER / name)
