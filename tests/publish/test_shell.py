"""The statistician's desk: the prompt, and the examples of the README, run as they stand."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from connectors.settings import ROOT
from warehouse.cli.main import main


@pytest.fixture
def ask(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Type lines into the prompt: exit code, output, errors."""

    def typed(*lines: str) -> tuple[int, str, str]:
        monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(home))
        monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines) + "\n"))
        capsys.readouterr()
        code = main(["shell"])
        return code, *capsys.readouterr()

    return typed


def test_statements_end_with_a_semicolon_and_may_take_several_lines(ask) -> None:
    code, out, err = ask(
        "SELECT village,",
        "",
        "numerator FROM village_incidence;",
        "SELECT 'a;",
        "b' AS text; SELECT 3 AS three;",
        "SELECT 4 AS four",
    )
    assert (code, err) == (0, "") and "某村" in out and "a; b" in out and "three" in out and "four" in out
    assert ask("", "  ", "")[:2] == (0, "")


def test_commands_show_what_there_is(ask) -> None:
    _, out, _ = ask(
        ".tables 人员状况", ".columns person_status", ".history village", ".what", ".quit", "SELECT 'after' AS x;"
    )
    assert "person_status" in out and "village_incidence" not in out.split("\n(")[0]
    assert "人员代号：" in out and "village_as_of('日期')" in out.replace("表名", "village") and ".columns TABLE" in out
    assert "after" not in out


def test_history_is_there_by_name(ask) -> None:
    assert "2" in ask("SELECT count(*) AS n FROM registry_person_as_of('2019-06-30');")[1]
    assert "某村" in ask("SELECT village FROM core.village_now;")[1]


def test_a_mistake_is_one_line_and_the_prompt_goes_on(ask) -> None:
    code, out, err = ask(
        "SELECT nothing;",
        "SELEC 1;",
        "SELECT * FROM read_csv('/etc/passwd');",
        "DROP TABLE mart.clue;",
        "SELECT 5 AS five;",
    )
    assert code == 1 and "five" in out and len(err.splitlines()) == 4 and "Traceback" not in err


def blocks(name: str, language: str = "python") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)


EXAMPLES = [
    (name, number)
    for name in ("README.md", "README.zh-CN.md", "warehouse/README.md")
    for number in range(len(blocks(name)))
]


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_the_examples_of_the_readme_run(home: Path, tmp_path: Path, name: str, number: int) -> None:
    (tmp_path / "var").symlink_to(home)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", blocks(name)[number]], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


def test_the_example_for_r_asks_for_what_is_there(home: Path, tmp_path: Path) -> None:
    """DuckDB's own answer to it everywhere; R's where there is R with its package."""
    (tmp_path / "var").symlink_to(home)
    (example,) = blocks("README.md", "r")
    path, sql = re.findall(r'"([^"]*)"', example)
    with duckdb.connect(str(tmp_path / path), read_only=True) as con:
        assert con.execute(sql).fetchall() == [("某镇", 2)]
    r = shutil.which("Rscript")
    if r and not subprocess.run([r, "-e", "library(duckdb)"], capture_output=True, check=False).returncode:
        done = subprocess.run([r, "-e", example], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "某镇" in done.stdout, done.stderr


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_needs_no_database_loads_none(option: str) -> None:
    """Answering takes a tenth of a second as long as nothing heavy is imported."""
    told = f"import sys; from warehouse.cli.main import main; sys.argv = ['fupin', '{option}']"
    heavy = "print([name for name in ('duckdb', 'sqlglot', 'great_expectations', 'pandas', 'sqlalchemy') if name in sys.modules])"
    code = f"{told}\ntry: main()\nexcept SystemExit as end: print(end.code)\n{heavy}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["0", "[]"]
