"""``fupin shell``: a prompt on a published snapshot, read-only and shut in like ``fupin query``, with its history.

SQL ends with a semicolon; lines that begin with a point are commands. Without a terminal it reads the statements from standard input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors import settings

if TYPE_CHECKING:
    import duckdb

HELP = """\
.tables [WORD]    专题表和参考表，各一句话 / tables, with what they hold
.columns TABLE    某表的列：中文名、单位、含义 / a table's columns
.history [WORD]   各数据源的历史：表名_as_of('日期')、表名_as_known('日期', '知情日') / the feeds' history
.help  .quit
SQL 以分号结束 / SQL ends with a semicolon; published/current/dictionary.xlsx 是数据字典"""
TABLES = (
    "SELECT table_name AS 表, comment AS 内容 FROM duckdb_tables() WHERE database_name {0} AND schema_name {1} "
    "AND (table_name || coalesce(comment, '')) ILIKE '%' || ? || '%' ORDER BY table_name"
)
COMMANDS = {
    ".tables": TABLES.format("<> 'history'", "IN ('mart', 'ref')"),
    ".history": TABLES.format("= 'history'", "= 'core'"),
    ".columns": "SELECT column_name AS 列, data_type AS 类型, comment AS 含义 FROM duckdb_columns() WHERE schema_name <> 'main' "
    "AND ? IN (table_name, schema_name || '.' || table_name) ORDER BY database_name DESC, column_index",
}


def add_commands(commands: Any) -> None:
    """Add ``shell`` to the command line."""
    shell = commands.add_parser("shell", help="a prompt on the published snapshot and its history")
    shell.add_argument("--as-of", default=None, metavar="DATE", help="the newest snapshot not later than DATE")
    shell.add_argument("--known-on", default=None, metavar="DATE", help="as it was known then")
    shell.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answer until the input ends; returns 1 if input that is no terminal held something that failed."""
    import duckdb

    from warehouse.cli import query

    folder = query.find_snapshot(settings.home(), arguments.as_of, arguments.known_on)
    is_terminal, failed = sys.stdin.isatty(), False
    with query.connect(folder) as con:
        if is_terminal:
            _complete(con)
            print(f"快照 snapshot {folder.name}；.help 显示帮助，.quit 退出")
        for statement in _statements(is_terminal):
            if statement in (".quit", ".exit"):
                break
            try:
                _answer(con, statement)
            except duckdb.Error as error:
                print(f"查询出错 / {query.one_line(error)}", file=sys.stderr)
                failed = True
            except (KeyboardInterrupt, RuntimeError):
                print("中断 / interrupted", file=sys.stderr)
    return int(failed and not is_terminal)


def _answer(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    from warehouse.cli import query

    if not statement.startswith("."):
        cursor = con.execute(statement)
    else:
        command, _, word = statement.partition(" ")
        if command not in COMMANDS or (command == ".columns" and not word):
            print(HELP)
            return
        cursor = con.execute(COMMANDS[command], [word.strip()])
    query.write_table(cursor, [column[0] for column in cursor.description or ()], sys.stdout)
    sys.stdout.flush()


def _statements(is_terminal: bool) -> Iterator[str]:
    """Commands, and SQL statement by statement."""
    import duckdb

    waiting = ""
    while True:
        try:
            line = input(("      …> " if waiting else "fupin> ") if is_terminal else "")
        except EOFError:
            break
        except KeyboardInterrupt:
            waiting = ""
            print()
            continue
        if not waiting and line.strip().startswith("."):
            yield line.strip()
            continue
        waiting += line + "\n"
        if line.rstrip().endswith(";"):
            try:
                found = [one.query for one in duckdb.extract_statements(waiting)]
            except duckdb.Error as error:
                # A semicolon inside a text that goes on.
                if "unterminated" in str(error):
                    continue
                found = [waiting]
            waiting = ""
            yield from found
        elif not waiting.strip():
            waiting = ""
    if waiting.strip():
        yield waiting


def _complete(con: duckdb.DuckDBPyConnection) -> None:
    """History of what was typed, and names at the tabulator."""
    with suppress(ImportError, OSError):
        import atexit
        import readline

        names = [
            name
            for (name,) in con.execute(
                "SELECT table_name FROM duckdb_tables() UNION SELECT column_name FROM duckdb_columns()"
            ).fetchall()
        ]
        words = sorted({*names, *COMMANDS, ".help", ".quit"})

        def complete(text: str, state: int) -> str | None:
            return next(
                (word for number, word in enumerate(w for w in words if w.startswith(text)) if number == state), None
            )

        readline.set_completer(complete)
        readline.set_completer_delims(" \t\n,;()=<>+-*/")
        readline.parse_and_bind("tab: complete")
        kept = Path.home() / ".fupin_history"
        with suppress(OSError):
            readline.read_history_file(kept)
        atexit.register(readline.write_history_file, kept)
