"""What leaves the office: nobody alone can send anything, and a file that turns up somewhere says whose it was."""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import zipfile
from pathlib import Path

import duckdb
import openpyxl
import pytest

from connectors.errors import TerminalError
from tests.publish.county import FEEDS
from warehouse import audit, exports
from warehouse.audit import proof
from warehouse.cli.main import main
from warehouse.database import open_warehouse
from warehouse.exports import write
from warehouse.history.schema import ensure
from warehouse.publish.snapshot import DATABASE

ASKED, OTHER = "甲", "乙"
BUREAU, COLLEGE = "市统计局", "农业大学"


@pytest.fixture
def office(home: Path, tmp_path: Path) -> Path:
    """A data root of one's own with the county's snapshot."""
    root = tmp_path / "office"
    (root / "warehouse").mkdir(parents=True)
    shutil.copytree(home / "published", root / "published", symlinks=True)
    return root


def ask(
    con: duckdb.DuckDBPyConnection, office: Path, table: str = "person_status", recipient: str = BUREAU, **more
) -> str:
    columns = more.pop("columns", ())
    return exports.request(
        con, office, office / "published" / "current", table, columns, recipient, "比对", ASKED, **more
    )


def sent(con: duckdb.DuckDBPyConnection, office: Path, *args: str, out: str = "out", **more) -> Path:
    """A file that went the whole way."""
    request_id = ask(con, office, *args, **more)
    exports.decide(con, office, request_id, OTHER, "", approved=True)
    return write.write(con, office, FEEDS, request_id, office / out, ASKED)


def whose(con: duckdb.DuckDBPyConnection, office: Path, file: Path) -> list[tuple[str, bool]]:
    return [(one.request.recipient, one.is_certain) for one in write.trace(con, office, file)]


def test_one_asks_another_approves_and_the_log_knows(con, office) -> None:
    request_id = ask(con, office, columns=["birth_year", "person_token"])
    with pytest.raises(TerminalError, match="not approved yet"):
        write.write(con, office, FEEDS, request_id, office / "out", ASKED)
    with pytest.raises(TerminalError, match="申请人不能审批自己的申请"):
        exports.decide(con, office, request_id, ASKED, "", approved=True)
    exports.decide(con, office, request_id, OTHER, "可以", approved=True)
    file = write.write(con, office, FEEDS, request_id, office / "out", ASKED)
    assert file.stat().st_mode & 0o777 == 0o600 and [path.name for path in file.parent.iterdir()] == [file.name]
    with pytest.raises(TerminalError, match="approved already, by 乙"):
        exports.decide(con, office, request_id, OTHER, "", approved=False)

    steps = con.execute(
        "SELECT who, detail FROM ops.audit WHERE what = 'export' AND target = ? ORDER BY number", [request_id]
    ).fetchall()
    told = [(who, json.loads(detail)) for who, detail in steps]
    assert [(who, detail["step"]) for who, detail in told] == [
        (ASKED, "request"),
        (OTHER, "approved"),
        (ASKED, "written"),
    ]
    assert told[0][1]["recipient"] == BUREAU and told[0][1]["columns"] == ["person_token", "birth_year"]
    (row,) = exports.requests(con, request_id)
    assert told[2][1]["sha256"] == row.sha256 and told[2][1]["rows"] == row.rows == 2
    assert proof.problem(con, office, {}) is None


def test_what_was_refused_has_fallen_or_is_not_published_is_not_written(con, office) -> None:
    refused = ask(con, office)
    exports.decide(con, office, refused, OTHER, "不需要", approved=False)
    with pytest.raises(TerminalError, match="refused"):
        write.write(con, office, FEEDS, refused, office / "out", ASKED)
    late = ask(con, office, days=1)
    con.execute("UPDATE ops.export SET expires_at = TIMESTAMP '2020-01-01' WHERE request_id = ?", [late])
    for deed in (
        lambda: exports.decide(con, office, late, OTHER, "", approved=True),
        lambda: exports.decide(con, office, "E00000000", OTHER, "", approved=True),
        lambda: ask(con, office, "core.identity"),
        lambda: ask(con, office, "core.subsistence_allowance"),
        lambda: ask(con, office, "registry_person"),
        lambda: ask(con, office, columns=["citizen_id"]),
        lambda: ask(con, office, recipient="  "),
    ):
        with pytest.raises(TerminalError) as error:
            deed()
        assert "\n" not in str(error.value)
    assert not (office / "out").exists()


def test_two_recipients_cannot_join_their_files(con, office) -> None:
    one = sent(con, office, fmt="parquet", out="one")
    other = sent(con, office, "person_status", COLLEGE, fmt="parquet", out="other")
    again = sent(con, office, "household_status", fmt="parquet", out="again")
    tokens = f"SELECT person_token FROM '{one}'"
    published = str(office / "published" / "current" / "parquet" / "person_status.parquet")
    for stranger in (str(other), published):
        assert con.execute(
            f"SELECT count(*) FROM ({tokens}) SEMI JOIN '{stranger}' USING (person_token)"
        ).fetchone() == (0,)
    # All else is what was published, and one recipient's files still belong together.
    rest = "SELECT * EXCLUDE (person_token, household_token) FROM"
    assert con.execute(f"({rest} '{one}' EXCEPT ALL {rest} '{published}')").fetchall() == []
    body = "substr(household_token, 1, 10) AS household"
    households = con.execute(f"SELECT count(DISTINCT household_token) FROM '{published}'").fetchone()
    assert (
        households != (0,)
        and households
        == con.execute(
            f"SELECT count(DISTINCT household) FROM (SELECT {body} FROM '{one}') JOIN (SELECT {body} FROM '{again}') USING (household)"
        ).fetchone()
    )


@pytest.mark.parametrize("fmt", exports.FORMATS)
def test_a_file_says_whose_it_is(con, office, fmt) -> None:
    file = sent(con, office, fmt=fmt)
    sent(con, office, "person_status", COLLEGE, fmt=fmt, out="other")
    assert whose(con, office, file) == [(BUREAU, True)]
    if fmt == "xlsx":
        book = openpyxl.load_workbook(file)
        assert book.sheetnames == ["说明", "数据"] and all(sheet.sheet_state == "visible" for sheet in book)
        assert BUREAU in "".join(str(cell.value) for row in book["说明"] for cell in row)
        assert BUREAU in book["数据"].oddFooter.left.text and book.properties.keywords in file.name
        assert book["数据"].max_row == 3
    else:
        told = dict(con.execute(f"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{file}')").fetchall())
        assert told["接收单位"] == BUREAU and told["申请号"] in file.name


def test_a_few_lines_copied_out_of_it_still_say_so(con, office, tmp_path) -> None:
    file = sent(con, office, fmt="parquet")
    sent(con, office, "person_status", COLLEGE, fmt="parquet", out="other")
    rows = con.execute(f"SELECT person_token, birth_year FROM '{file}' ORDER BY person_token").fetchall()
    leaked = tmp_path / "leaked.txt"
    leaked.write_text("".join(f"{token}；{year}\n" for token, year in rows), encoding="utf-8")
    assert whose(con, office, leaked) == [(BUREAU, True)]
    # Of one line alone it can only be said whose it may be; of a stranger's file nothing.
    leaked.write_text(rows[0][0], encoding="utf-8")
    assert whose(con, office, leaked) == [(BUREAU, False)]
    leaked.write_text("Pabcdefghijk 与本系统无关", encoding="utf-8")
    assert whose(con, office, leaked) == []
    # What the office itself published bears nobody's mark.
    assert whose(con, office, office / "published" / "current" / "parquet" / "person_status.parquet") == []


def test_an_aggregated_table_is_known_by_what_it_says_of_itself(con, office) -> None:
    assert whose(con, office, sent(con, office, "village_incidence")) == [(BUREAU, False)]


def test_written_again_it_is_the_same_file_and_no_other(con, office) -> None:
    first = sent(con, office)
    content, request_id = first.read_bytes(), first.stem.split("_")[-1]
    first.unlink()
    assert write.write(con, office, FEEDS, request_id, office / "out", ASKED).read_bytes() == content
    # The approval was for what was published then.
    current = office / "published" / "current"
    snapshot = current.resolve()
    current.unlink()
    shutil.move(snapshot, office / "published" / "20190731-00000000")
    current.symlink_to("20190731-00000000")
    with pytest.raises(TerminalError, match="not there any more"):
        write.write(con, office, FEEDS, request_id, office / "out", ASKED)


def test_the_guard_looks_at_what_leaves(con, office) -> None:
    snapshot = (office / "published" / "current").resolve()
    (snapshot / DATABASE).chmod(0o644)
    with duckdb.connect(str(snapshot / DATABASE)) as published:
        published.execute("UPDATE mart.village_incidence SET village = '证件 219900196001010018'")
    request_id = ask(con, office, "village_incidence")
    exports.decide(con, office, request_id, OTHER, "", approved=True)
    with pytest.raises(TerminalError, match="village") as refused:
        write.write(con, office, FEEDS, request_id, office / "out", ASKED)
    assert "2199" not in str(refused.value) and list((office / "out").iterdir()) == []
    assert exports.requests(con, request_id)[0].written_at is None


def test_from_the_command_line(office, monkeypatch, capsys) -> None:
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(office))
    with open_warehouse(office) as con:
        ensure(con, FEEDS.values())
    assert main(["export", "request", "--table", "person_status", "--for", BUREAU, "--why", "比对"]) == 0
    request_id = capsys.readouterr().out.split(":")[0]
    assert main(["export", "approve", request_id]) == 1
    assert "申请人不能审批自己的申请" in capsys.readouterr().err
    with open_warehouse(office) as con:
        exports.decide(con, office, request_id, OTHER, "", approved=True)
    assert main(["export", "write", request_id]) == 0
    file = Path(capsys.readouterr().out.strip())
    assert file.parent == office / "exports" and zipfile.is_zipfile(io.BytesIO(file.read_bytes()))
    assert main(["export", "trace", str(file), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["recipient"], found["requested_by"], found["decided_by"], found["certain"]) == (
        BUREAU, audit.person(), OTHER, True,
    )  # fmt: skip
    assert main(["export", "list"]) == 0 and dt.date.today().isoformat() in capsys.readouterr().out
    assert main(["export", "trace", str(office / "nothing")]) == 1
