"""Warehouses as former versions of the code have left them: opened by this one they answer what they answered, and everything goes on.

``<commit>.tar.xz`` is a data root of that commit (:mod:`tests.upgrade.keep`): three quarters of the same few people in three feeds, and from the
second on a late and a withdrawn file. 06db496: the first that went the whole way; f03e266: who is who, rules and clues; 71de0d7: the log.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from connectors import settings
from connectors.errors import TerminalError
from connectors.feed import load_feeds
from tests.e2e.commands import fupin
from tests.small import copy_root
from tests.upgrade.keep import KEYS, ask, key_text
from warehouse import migrations, rewriting, withdrawing
from warehouse.audit import proof
from warehouse.cli.main import main
from warehouse.database import WAREHOUSE, alone, open_warehouse, relations, table_hashes, warehouse_path
from warehouse.history.schema import ensure

FEEDS = load_feeds()

FOLDER = Path(__file__).parent
KEPT = sorted(path.name.removesuffix(".tar.xz") for path in FOLDER.glob("*.tar.xz"))
HEADER = "年度,姓名,证件号码,险种,参保状态,缴费日期,个人缴费,财政资助,人员类别,参保地,数据日期"
PEOPLE = {"张建国": "219901198003050118", "李秀英": "219901198506120229", "王五": "219901196211200337"}


class Old:
    """A data root as it was kept, encrypted again."""

    def __init__(self, commit: str, home: Path) -> None:
        self.home = home
        for folder in ("secrets", "warehouse", "ingest/yibao"):
            (home / folder).mkdir(parents=True, mode=0o700)
        for name in KEYS:
            (home / "secrets" / name).write_text(key_text(name), encoding="ascii")
        with tarfile.open(FOLDER / f"{commit}.tar.xz") as packed:
            packed.extractall(home / "kept", filter="data")
        self.kept: dict[str, Any] = json.loads((home / "kept" / "answers.json").read_text(encoding="utf-8"))
        (home / "kept" / "landing").rename(home / "landing")
        if (head := home / "kept" / "audit.head").exists():
            head.rename(home / "warehouse" / head.name)
        self.encrypt()

    def encrypt(self) -> None:
        """Put the kept warehouse in its place, without what opening an empty one has written."""
        plain = self.home / "kept" / "warehouse.duckdb"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrations, "is_behind", lambda *_: False)
            with open_warehouse(self.home) as con:
                con.execute(f"ATTACH '{plain}' AS plain (READ_ONLY)")
                con.execute(f"COPY FROM DATABASE plain TO {WAREHOUSE}")

    def answers(self) -> dict[str, Any]:
        """What was asked when it was kept, asked again."""
        with open_warehouse(self.home, write=False) as con:
            return {
                feed: {
                    "columns": known["columns"],
                    "answers": [
                        [day, at, ask(con, feed, known["columns"], day, at)] for day, at, _ in known["answers"]
                    ],
                }
                for feed, known in self.kept.items()
            }

    def drop(self, day: str, paid: int) -> None:
        """A file of the medical insurance bureau, in which all have paid the same."""
        lines = [
            f"2019,{name},{number},城乡居民,正常,2018-12-01,{paid},520,建档立卡,北镇市,{day}"
            for name, number in PEOPLE.items()
        ]
        (self.home / "ingest" / "yibao" / f"居民医保_{day}.csv").write_text("\n".join([HEADER, *lines, ""]), "utf-8")

    def paid(self, day: str) -> dict[str, float]:
        with open_warehouse(self.home, write=False) as con:
            return dict(
                con.execute(
                    f"SELECT name, CAST(personal_paid_yuan AS DOUBLE) FROM core.health_insurance_as_of('{day}') ORDER BY name"
                ).fetchall()
            )


@pytest.mark.parametrize("commit", KEPT)
def test_it_answers_what_it_answered_and_goes_on(commit: str, data_root: Path) -> None:
    old = Old(commit, data_root)
    assert "none changed, none missing" in fupin(old.home, "verify").stderr
    assert old.answers() == old.kept and all(any(rows for *_, rows in one["answers"]) for one in old.kept.values())
    before = old.paid("2019-07-31")

    # The next quarter's file, and one that is late: history around it is played again from what the former version staged.
    old.drop("2019-09-30", 300)
    old.drop("2019-04-30", 111)
    summaries = json.loads(fupin(old.home, "sync", "--json").stdout)
    assert {one["state"] for one in summaries} == {"merged"} and len(summaries) == 2
    assert [set(old.paid(day).values()) for day in ("2019-04-30", "2019-10-01")] == [{111.0}, {300.0}]
    assert old.paid("2019-07-31") == before
    told = fupin(old.home, "query", "FROM core.health_insurance_as_of('2019-07-31')", "--format", "json")
    assert len(json.loads(told.stdout)) == len(before)

    # Taken back, both are as if they had never come: every answer about the past is what it was.
    for one in summaries:
        withdrawing.withdraw(old.home, f"{one['feed']}/{one['batch_id']}", FEEDS, "tests", "升级试验")
    assert old.answers() == old.kept
    with open_warehouse(old.home, write=False) as con:
        assert proof.problem(con, old.home, {}) is None
        done = con.execute("SELECT detail FROM ops.audit WHERE what = 'migrate'").fetchall()
        assert done == [(json.dumps({"from": 0, "to": migrations.PRESENT}),)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Old:
    return Old("06db496", tmp_path_factory.mktemp("kept"))


@pytest.fixture
def first(kept: Old, data_root: Path) -> Path:
    """The oldest one, as it was kept, for one test."""
    copy_root(kept.home, data_root)
    return data_root


def test_killed_before_the_last_step_it_is_the_old_one(first: Path) -> None:
    code = (
        "import os, signal, sys; from connectors import settings; from warehouse import audit, database\n"
        "audit.commit = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "with database.open_warehouse(settings.home()): pass"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "is_behind", lambda *_: False)
        with open_warehouse(first) as con:
            assert migrations.version(con) == 0 and not {"ops.audit", "core.person_alias"} & relations(con).keys()
    with open_warehouse(first, write=False) as con:
        assert migrations.version(con) == migrations.PRESENT


def test_what_is_up_to_date_is_not_written_to_and_what_is_newer_is_refused(
    first: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_warehouse(first) as con:
        assert con.execute("SELECT version, code_version FROM ops.schema_version").fetchall() == [
            (number, settings.code_version()) for number in range(1, migrations.PRESENT + 1)
        ]
    written = warehouse_path(first).read_bytes()
    with open_warehouse(first):
        pass
    assert warehouse_path(first).read_bytes() == written

    with open_warehouse(first) as con:
        con.execute("INSERT INTO ops.schema_version VALUES (1000, NULL, 'later')")
    written = warehouse_path(first).read_bytes()
    for words in (["build"], ["batches"], ["verify"], ["migrate"], ["backup"], ["status"]):
        assert main(words) == 1, words
        told = "".join(capsys.readouterr())
        assert "the warehouse is of schema version 1000, this code knows versions up to" in told, words
        assert "Traceback" not in told
    assert warehouse_path(first).read_bytes() == written


def test_the_file_is_written_anew_and_compared(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tables() -> dict[str, list[Any]]:
        with alone(first) as (con, _):
            return table_hashes(con, WAREHOUSE)

    with open_warehouse(first) as con:
        ensure(con, FEEDS.values())

    def killed(path: Path, target: Path, replace: Any = os.replace) -> None:
        if target == warehouse_path(first):
            raise KeyboardInterrupt
        replace(path, target)

    before, old = tables(), warehouse_path(first).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(rewriting.os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            rewriting.rewrite(first)
    assert tables() == before
    # A copy that is not the warehouse does not take its place.
    with monkeypatch.context() as patch:
        patch.setattr(rewriting, "table_hashes", lambda con, name: {**table_hashes(con, name), "": [name]})
        with pytest.raises(TerminalError, match="the file stays as it is"):
            rewriting.rewrite(first)
    assert tables() == before

    found = json.loads(fupin(first, "migrate").stdout)
    assert found["tables"] == len(before) and found["schema_version"] == migrations.PRESENT
    after = tables()
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"ops.audit"} and warehouse_path(first).read_bytes() != old
    assert [path.name for path in warehouse_path(first).parent.glob(".*")] == []


def test_a_backup_of_a_former_version_is_restored_into_the_present_one(data_root: Path) -> None:
    old = Old("71de0d7", data_root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "is_behind", lambda *_: False)
        patch.setattr(migrations, "apply", lambda *_: None)
        fupin(old.home, "backup")
        with open_warehouse(old.home, write=False) as con:
            assert migrations.version(con) == 0
    fupin(old.home, "restore", "--drill")
    warehouse_path(old.home).unlink()
    fupin(old.home, "restore", "--to", "now")
    assert old.answers() == old.kept
    with open_warehouse(old.home, write=False) as con:
        assert migrations.version(con) == migrations.PRESENT and proof.problem(con, old.home, {}) is None
