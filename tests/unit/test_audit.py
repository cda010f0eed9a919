"""The log of what was done: whatever is done to it behind the platform's back, ``fupin verify`` names the first bad entry."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from connectors.feed import load_feeds
from warehouse import audit
from warehouse.audit import proof, rules
from warehouse.cli.main import main
from warehouse.database import open_warehouse
from warehouse.history.schema import ensure

FEEDS = load_feeds()
ENTRIES = 6


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root whose log has six entries."""
    home = tmp_path_factory.mktemp("audit") / "data"
    with open_warehouse(home) as con:
        ensure(con, FEEDS.values())
        for number in range(ENTRIES):
            audit.note(con, home, "release", f"village/{number}", who="甲", why="复核过", detail={"number": number})
    return home


@pytest.fixture
def home(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "data"
    shutil.copytree(written, copy)
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(copy))
    return copy


def told(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code of ``fupin verify`` and what it says of the log."""
    capsys.readouterr()
    code = main(["verify"])
    out, err = capsys.readouterr()
    # The warehouse's hash is told whatever became of the log.
    assert json.loads(out)["content_hash"]
    return code, err


def behind(home: Path, *statements: str) -> None:
    """Somebody who can write the warehouse, but not seal."""
    with open_warehouse(home) as con:
        for statement in statements:
            con.execute(statement)


def test_a_log_that_nobody_touched(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(capsys)
    assert code == 0 and "6 entries, none changed, none missing" in said
    # An entry says who did what, when and where, and why.
    main(["audit", "--json", "--who", "甲"])
    first = json.loads(capsys.readouterr().out)[0]
    assert (first["number"], first["who"], first["what"], first["target"], first["why"]) == (
        1, "甲", "release", "village/0", "复核过",
    )  # fmt: skip
    assert first["done_at"] and first["place"].endswith(" fupin") and json.loads(first["detail"]) == {"number": 0}


COPY = "INSERT INTO ops.audit SELECT {0} AS number, * EXCLUDE (number) FROM ops.audit WHERE number = {1}"
TAMPERED = {
    "edited: who": (["UPDATE ops.audit SET who = '乙' WHERE number = 3"], 3),
    "edited: when": (["UPDATE ops.audit SET done_at = done_at + INTERVAL 1 SECOND WHERE number = 3"], 3),
    "edited: why, taken away": (["UPDATE ops.audit SET why = NULL WHERE number = 1"], 1),
    "edited: the last one": (["UPDATE ops.audit SET detail = '{}' WHERE number = 6"], 6),
    "edited: two, the first is named": (["UPDATE ops.audit SET target = '' WHERE number IN (5, 2)"], 2),
    "edited: a word moved to the next column": (
        ["UPDATE ops.audit SET what = 'rel', target = 'easevillage/2' WHERE number = 3"], 3
    ),
    "deleted: one": (["DELETE FROM ops.audit WHERE number = 4"], 4),
    "deleted: the first": (["DELETE FROM ops.audit WHERE number = 1"], 1),
    "deleted, and the rest numbered anew": (
        ["DELETE FROM ops.audit WHERE number = 4", "UPDATE ops.audit SET number = number - 1 WHERE number > 4"], 4
    ),
    "inserted: a copy under its own number": ([COPY.format(2, 2)], 2),
    "inserted, and the rest numbered anew": (
        ["UPDATE ops.audit SET number = number + 1 WHERE number > 2", COPY.format(3, 2)], 3
    ),
    "inserted: before the first": ([COPY.format(0, 5)], 0),
    "inserted: without a number": ([COPY.format("NULL", 5)], None),
    "inserted: after the last": ([COPY.format(7, 6)], 7),
    "reordered: two neighbours": (["UPDATE ops.audit SET number = 7 - number WHERE number IN (3, 4)"], 3),
    "reordered: everything": (["UPDATE ops.audit SET number = 7 - number"], 1),
    "cut: the last one": (["DELETE FROM ops.audit WHERE number = 6"], 6),
    "cut: half of it": (["DELETE FROM ops.audit WHERE number > 3"], 4),
    "cut: all of it": (["DELETE FROM ops.audit"], 1),
    "cut: the table itself": (["DROP TABLE ops.audit"], 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def opened(written: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(written) as con:
        yield con


@pytest.mark.parametrize("deed", TAMPERED)
def test_whatever_is_done_to_it_is_told_with_the_first_bad_entry(
    written: Path, opened: duckdb.DuckDBPyConnection, deed: str
) -> None:
    statements, first = TAMPERED[deed]
    assert proof.problem(opened, written, {}) is None
    opened.execute("BEGIN")
    try:
        for statement in statements:
            opened.execute(statement)
        assert (proof.problem(opened, written, {}) or "").startswith(f"entry {first} ")
    finally:
        opened.execute("ROLLBACK")


def test_verify_says_so_and_fails(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    behind(home, "DELETE FROM ops.audit WHERE number = 6")
    code, said = told(capsys)
    assert code == 1 and "entry 6 is missing: the log ends with entry 5, but audit.head knows entry 6" in said
    assert said.count("\n") == 1


def test_what_is_written_afterwards_does_not_hide_a_cut(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    behind(home, "DELETE FROM ops.audit WHERE number > 4")
    for _ in range(3):
        with open_warehouse(home) as con:
            audit.note(con, home, "release", "village/later")
    # Seven honest entries by now, and the sixth is not the one that was.
    code, said = told(capsys)
    assert code == 1 and "entry 6 is not the one that audit.head knows" in said


@pytest.mark.parametrize("deed", ["taken away", "an older one", "edited", "emptied"])
def test_the_anchor_cannot_be_changed_either(home: Path, capsys: pytest.CaptureFixture[str], deed: str) -> None:
    anchor = audit.anchor_path(home)
    line = anchor.read_text(encoding="ascii")
    if deed == "taken away":
        anchor.unlink()
    elif deed == "edited":
        anchor.write_text(line.replace("0000006 ", "0000005 "), encoding="ascii")
    elif deed == "emptied":
        anchor.write_text("", encoding="ascii")
    else:
        with open_warehouse(home) as con:
            audit.note(con, home, "release", "village/later")
        anchor.write_text(line, encoding="ascii")
        # The log has grown meanwhile, as if a process had died before it wrote the anchor.
        assert told(capsys)[0] == 0
        with open_warehouse(home) as con:
            audit.note(con, home, "release", "village/later still")
        known = audit.anchor(home)
        assert known is not None and known.number == 8
        return
    code, said = told(capsys)
    assert code == 1 and "audit.head is missing or was changed" in said


def test_a_log_and_anchor_of_last_week_are_found_out_by_a_snapshot_of_yesterday(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(home / "warehouse", tmp_path / "last week")
    with open_warehouse(home) as con:
        audit.note(con, home, "release", "village/yesterday")
        head = audit.head(con)
    folder = home / "published" / "20190630-0123abcd"
    folder.mkdir(parents=True)
    said_there = {"audit": {"entries": head.number, "seal": head.seal}}
    (folder / "manifest.json").write_text(json.dumps(said_there), encoding="utf-8")
    assert told(capsys)[0] == 0

    shutil.rmtree(home / "warehouse")
    shutil.copytree(tmp_path / "last week", home / "warehouse")
    code, said = told(capsys)
    assert code == 1 and "entry 7 is missing" in said and "manifest of 20190630-0123abcd" in said


def test_who_has_another_key_seals_in_vain(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = home / "secrets" / "audit_key"
    own = key.read_bytes()
    key.write_bytes(b"00" * 32)
    with open_warehouse(home) as con:
        audit.note(con, home, "release", "village/forged")
    key.write_bytes(own)
    code, said = told(capsys)
    assert code == 1 and "entry 7 is not what was written" in said


def test_a_change_that_fails_leaves_no_entry(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(duckdb.Error), open_warehouse(home) as con:
        con.execute("BEGIN")
        con.execute("INSERT INTO ops.batch (batch_id, feed) VALUES ('b', 'village')")
        con.execute("SELECT nothing")
        audit.commit(con, home, "load", "village/b")
    assert "6 entries" in told(capsys)[1]


def test_a_merge_without_an_entry_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    behind(
        home,
        "INSERT INTO ops.batch (batch_id, feed, state, merged_at) VALUES ('b', 'village', 'merged', TIMESTAMP '2040-01-01')",
    )
    code, said = told(capsys)
    assert code == 1 and "no entry of village/b" in said


def test_a_reason_never_holds_a_number_of_a_person(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_warehouse(home) as con:
        audit.note(con, home, "release", "village/x", why="问 13800000000，证 21990019600101001X \n")
        (why,) = con.execute("SELECT why FROM ops.audit ORDER BY number DESC LIMIT 1").fetchone() or ("",)
    assert why == "问 ****，证 ****"


def test_who_looked_at_my_household(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    number = "21990000000123"
    for words in (["explain", "N01", number], ["explain", "N01", "21990000000999"], ["rules", "N01", "--hits"]):
        main(words)
    capsys.readouterr()
    assert main(["audit", "--json", "--what", "reveal"]) == 0
    looked = capsys.readouterr().out
    assert [entry["target"] for entry in json.loads(looked)] == ["N01", "N01", "hits.N01"] and number not in looked
    assert main(["audit", "--json", "--about", number]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["what"] == "reveal" and entry["who"] == audit.person()


def test_rules_and_parameters_are_logged_when_a_build_finds_them_changed(home: Path, tmp_path: Path) -> None:
    sql = tmp_path / "sql"
    for name in ("rules", "codes"):
        shutil.copytree(rules.SQL / name, sql / name)

    def entries() -> list[dict[str, str]]:
        with open_warehouse(home) as con:
            rules.note(con, home, sql)
            found = con.execute("SELECT detail FROM ops.audit WHERE what = 'rules' ORDER BY number").fetchall()
        return [json.loads(detail) for (detail,) in found]

    (first,) = entries()
    assert first["ABSENT_DAYS 2014-01-01"] == "10 天" and len(first["rules/n01_allowance_not_registered.sql"]) == 16
    assert len(entries()) == 1

    table = (sql / "codes" / "parameter.csv").read_text(encoding="utf-8")
    lines = [line.replace(",10,", ",12,") if line.startswith("ABSENT_DAYS,") else line for line in table.splitlines()]
    (sql / "codes" / "parameter.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (sql / "rules" / "n01_allowance_not_registered.sql").unlink()
    changed = entries()[1]
    assert changed.pop("codes/parameter.csv")
    assert changed == {"ABSENT_DAYS 2014-01-01": "12 天", "rules/n01_allowance_not_registered.sql": None}
    assert len(entries()) == 2


def test_nobody_is_who_he_says_he_is() -> None:
    """The account is the kernel's, whatever the environment says."""
    asked = [sys.executable, "-c", "from warehouse.audit.person import person; print(person())"]
    environment = {**os.environ, "USER": "陈局长", "LOGNAME": "陈局长", "SUDO_USER": "陈局长"}

    def said(act: Callable[[], None] | None = None) -> str:
        done = subprocess.run(asked, env=environment, preexec_fn=act, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert said() == audit.person() != "陈局长"
    if os.getuid() == 0:
        # A service's account that somebody else uses.
        assert said(lambda: os.setresuid(54321, 0, 0)) == "uid 54321"


def test_a_log_that_somebody_dropped_is_told_in_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    behind(home, "DROP TABLE ops.audit")
    assert main(["audit"]) == 1
    assert capsys.readouterr().err == "fupin audit: the log is gone: fupin verify names its first missing entry\n"
