"""The publication guard: whatever looks like a person is found, wherever it hides, and its value is never told."""

from __future__ import annotations

import zipfile
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from connectors.errors import TerminalError
from connectors.feed import load_feeds
from warehouse.publish import guard

FEEDS = load_feeds()
ID = "219900196001010018"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parquet").mkdir()
    return tmp_path


def database(folder: Path, *statements: str) -> Path:
    path = folder / "statistics.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA mart")
        for statement in statements:
            con.execute(statement)
    return path


def refuse(folder: Path, *words: str, batches: tuple[str, ...] = ()) -> str:
    with pytest.raises(TerminalError) as refused:
        guard.enforce(folder, FEEDS, batches)
    message = str(refused.value)
    assert "\n" not in message and "发布被拒绝" in message and "publication refused" in message
    for word in words:
        assert word in message
    return message


def text_table(folder: Path, value: str, column: str = "verdict_basis") -> None:
    database(folder, f"CREATE TABLE mart.t ({column} VARCHAR)", f"INSERT INTO mart.t VALUES ($${value}$$), ('在读')")


@pytest.mark.parametrize(
    "value",
    [
        ID,
        "21990019600101001X",
        "21990019600101001x",
        "219900600101001",
        ID + "43",
        "G" + ID,
        "见" + ID + "等",
        "２１９９００１９６００１０１００１８",
        "219900 19600101 0018",
        "2199-0019-6001-0100-18",
        "2199\u00a00019600101\u200b0018",
        "6222021234567890",
        "6222 0212 3456 7890 123",
        "13912345678",
        "139 1234 5678",
        "电话：13912345678。",
        "１３９１２３４５６７８",
        "2107820001",
        "诊断 I21.9",
    ],
)
def test_numbers_that_point_at_somebody(folder, value):
    text_table(folder, value)
    assert value not in refuse(folder, "mart.t.verdict_basis")


@pytest.mark.parametrize(
    "value",
    ["在读", "2019-06-30", "20190630", "ID_CHECKSUM 12；RH01 345678", "国发〔2014〕8号", "0.0199", "12345678", "V2.0"],
)
def test_ordinary_texts_pass(folder, value):
    text_table(folder, value)
    guard.enforce(folder, FEEDS, ())


NAMES = "name head_name phone guardian_phone citizen_id bank_account address id_no 身份证号 姓名 birth_date".split()


@pytest.mark.parametrize("name", NAMES)
def test_columns_that_name_somebody(folder, name):
    database(folder, f'CREATE TABLE mart.t ("{name}" VARCHAR)')
    refuse(folder, f"mart.t.{name}")


@pytest.mark.parametrize("name", ["household_id", "person_key", "remark"])
def test_identifiers_and_undeclared_columns(folder, name):
    database(folder, f"CREATE TABLE mart.t ({name} VARCHAR)")
    refuse(folder, f"mart.t.{name}")


def test_a_column_of_names_is_found_whatever_it_is_called(folder):
    names = "('王小明'), ('李娜'), ('欧阳春'), ('张三丰'), ('刘洋'), ('其他')"
    database(folder, "CREATE TABLE mart.t (verdict_basis VARCHAR)", f"INSERT INTO mart.t VALUES {names}")
    assert "王小明" not in refuse(folder, "mart.t.verdict_basis", "姓名")


def test_place_names_and_code_labels_are_no_names(folder):
    database(
        folder,
        "CREATE TABLE mart.t (town VARCHAR, village VARCHAR, code_label VARCHAR, village_code VARCHAR, area_code VARCHAR)",
        "INSERT INTO mart.t VALUES ('柳家乡', '高力村', '汉族', '210782102200', '不详'), ('吴家乡', '马家村', '女婿', '210782102201', '210782'), "
        "('鲍家乡', '孙家村', '祖父', '210782102202', '210782102')",
    )
    guard.enforce(folder, FEEDS, ())


def test_division_token_and_batch_columns_hold_nothing_else(folder):
    database(
        folder,
        "CREATE TABLE mart.t (village_code VARCHAR, person_token VARCHAR, batch_id VARCHAR)",
        "INSERT INTO mart.t VALUES ('210782102200', 'PAbcdefghij+', '1234567890123456')",
    )
    guard.enforce(folder, FEEDS, ("1234567890123456",))
    refuse(folder, "mart.t.batch_id")
    for column, value in (
        ("village_code", "2107821022"),
        ("village_code", "13912345678"),
        ("person_token", ID[:12]),
        ("person_token", "王小明"),
    ):
        database(folder, f"CREATE TABLE mart.t ({column} VARCHAR)", f"INSERT INTO mart.t VALUES ('{value}')")
        refuse(folder, f"mart.t.{column}")


@pytest.mark.parametrize(
    "column, value",
    [("numerator", "219900196001010018"), ("numerator", "13912345678"), ("loan_balance_yuan", "219900196001010")],
)
def test_numbers_stored_as_numbers(folder, column, value):
    database(folder, f"CREATE TABLE mart.t ({column} DECIMAL(38, 2))", f"INSERT INTO mart.t VALUES ({value}), (1)")
    refuse(folder, f"mart.t.{column}")


def test_amounts_may_be_large(folder):
    database(
        folder,
        "CREATE TABLE mart.t (loan_balance_yuan DECIMAL(18, 2), numerator BIGINT)",
        "INSERT INTO mart.t VALUES (13912345678.00, 9999999)",
    )
    guard.enforce(folder, FEEDS, ())


def test_what_cannot_be_checked_is_refused(folder):
    database(folder, "CREATE TABLE mart.t (verdict_basis VARCHAR[])")
    refuse(folder, "mart.t.verdict_basis")


@pytest.mark.parametrize(
    "statement",
    [
        f"COMMENT ON TABLE mart.t IS '{ID}'",
        f"COMMENT ON COLUMN mart.t.verdict_basis IS '{ID}'",
        f"CREATE VIEW main.v AS SELECT '{ID}' AS verdict_basis",
    ],
)
def test_comments_and_views(folder, statement):
    database(folder, "CREATE TABLE mart.t (verdict_basis VARCHAR)", statement)
    assert ID not in refuse(folder)


def test_text_files_and_file_names(folder):
    (folder / "manifest.json").write_text('{"a": "%s"}' % ("1" * 15), encoding="utf-8")
    refuse(folder, "manifest.json")
    digest, commit = "0123456789012345" * 3 + "a" * 16, "123456789012345678901234567890123456789f"
    (folder / "manifest.json").write_text(
        f'{{"sha256": "{digest}", "code_version": "{commit}", "batch": "1234567890123456"}}', encoding="utf-8"
    )
    guard.enforce(folder, FEEDS, ("1234567890123456",))
    refuse(folder, "manifest.json")
    (folder / "manifest.json").unlink()
    (folder / f"{ID}.csv").write_text("a\n", encoding="utf-8")
    assert ID not in refuse(folder, "file name")


def test_hidden_parts_of_a_workbook(folder):
    path = folder / "dictionary.xlsx"
    for part in ("cell", "sheet name", "comment", "property", "hidden sheet", "hidden column"):
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet("列")
            sheet.write_string(0, 0, ID if part == "cell" else "列")
            other = book.add_worksheet(ID if part == "sheet name" else "表")
            if part == "comment":
                other.write_comment(0, 0, "说明")
            if part == "property":
                book.set_properties({"comments": ID})
            if part == "hidden sheet":
                other.hide()
            if part == "hidden column":
                other.set_column(3, 3, 10, None, {"hidden": True})
        assert ID not in refuse(folder, "dictionary.xlsx"), part
    path.unlink()
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("列").write_string(0, 0, "列")
    guard.enforce(folder, FEEDS, ())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("docProps/extra.txt", ID)
    refuse(folder, "dictionary.xlsx:docProps/extra.txt")


def test_parquet_must_be_the_inspected_table(folder):
    path = database(folder, "CREATE TABLE mart.t (verdict_basis VARCHAR)", "INSERT INTO mart.t VALUES ('在读')")
    with duckdb.connect(str(path)) as con:
        con.execute(f"COPY mart.t TO '{folder / 'parquet' / 't.parquet'}' (FORMAT parquet)")
    guard.enforce(folder, FEEDS, ())
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT '在读' AS verdict_basis) TO '{folder / 'parquet' / 't.parquet'}' (FORMAT parquet, KV_METADATA {{note: 'x'}})"
        )
        refuse(folder, "t.parquet")
        con.execute(f"COPY (SELECT '在读' AS other) TO '{folder / 'parquet' / 't.parquet'}' (FORMAT parquet)")
        refuse(folder, "t.parquet")
    (folder / "parquet" / "t.parquet").rename(folder / "parquet" / "u.parquet")
    refuse(folder, "u.parquet")


def test_links_and_unknown_files(folder):
    (folder / "notes.bin").write_bytes(b"x")
    refuse(folder, "notes.bin")
    (folder / "notes.bin").unlink()
    (folder / "link.csv").symlink_to("/etc/passwd")
    refuse(folder, "link.csv")
