"""``fupin serve``: the current published snapshot for those who cannot reach its files, by DuckDB's own protocol (quack) on this machine.

One DuckDB instance holds views on the snapshot, attached read-only, and nothing else; it is shut in like that of ``fupin query``. Before each
query of a client the server asks a macro, which lets exactly one SELECT pass and no function that acts on the server.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors import settings
from connectors.errors import TerminalError

PORT = 9494
TOKEN = "serve_token"
# Seconds between two looks at published/current.
LOOK = 1.0
# Table functions that read a catalog or make rows of their arguments. All others are refused: they read files, settings or other
# readers' queries, or stop the server.
TABLE_FUNCTIONS = (
    "duckdb_columns", "duckdb_constraints", "duckdb_functions", "duckdb_schemas", "duckdb_tables", "duckdb_types", "duckdb_views",
    "generate_series", "histogram", "json_each", "json_tree", "pragma_table_info", "range", "repeat", "unnest",
)  # fmt: skip
# Scalar functions that act on the server or show how it is set up.
SCALAR_FUNCTIONS = ("current_setting", "getvariable", "nextval", "currval", "setseed", "sleep_ms", "write_log")
REFUSED = f"""
CREATE TABLE server.refused AS
SELECT DISTINCT lower(function_name) AS function_name, CAST(NULL AS VARCHAR) AS view_name FROM duckdb_functions()
WHERE (function_type IN ('table', 'table_macro', 'pragma') AND function_name NOT IN {TABLE_FUNCTIONS})
   OR function_name IN {SCALAR_FUNCTIONS} OR function_name LIKE 'quack%';
-- DuckDB's own views that ask them: pg_settings, pragma_database_list …
INSERT INTO server.refused (view_name)
SELECT view_name FROM duckdb_views() WHERE internal AND EXISTS (FROM server.refused WHERE contains(lower(sql), function_name || '('))
"""
# Only a SELECT can be written down as JSON: not INSERT, ATTACH, COPY, CALL, SET, LOAD. What the macro gives is what the server runs; NULL refuses.
ALLOWED = """
CREATE MACRO server.named(parsed, kind) AS list_transform(json_extract_string(parsed, '$..' || kind), lambda name: lower(name));
CREATE MACRO server.allowed(session, query) AS (
    SELECT CASE
        WHEN parsed ->> '$.error_type' = 'parser' THEN format('SELECT error(''{}'')', replace(parsed ->> '$.error_message', '''', ''''''))
        WHEN parsed ->> '$.error' = 'false' AND json_array_length(parsed, '$.statements') = 1 AND NOT EXISTS (
            FROM memory.server.refused
            WHERE list_contains(memory.server.named(parsed, 'function_name'), function_name)
               OR list_contains(memory.server.named(parsed, 'table_name'), view_name))
        THEN query END
    FROM (SELECT json_serialize_sql(CAST(query AS VARCHAR)) AS parsed)
)
"""
VIEWS = "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = ? AND NOT internal"
TABLES = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ?"


def add_commands(commands: Any) -> None:
    """Add ``serve`` to the command line."""
    serve = commands.add_parser("serve", help="answer DuckDB clients on this machine from the published snapshot")
    serve.add_argument("--port", type=int, default=PORT, help=f"default {PORT}")
    serve.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answer until SIGTERM or Ctrl-C; returns 0. Raises TerminalError when nothing has been published or the port is taken."""
    from warehouse.cli.query import find_snapshot

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    home = settings.home()
    shown = find_snapshot(home)
    with _own_folder(home, arguments.port) as folder, Endpoint(home, folder, arguments.port) as endpoint:
        endpoint.show(shown)
        print(
            f"快照 snapshot {shown.name}: {endpoint.address}，口令 token: secrets/{TOKEN}", file=sys.stderr, flush=True
        )
        while not stopped.wait(LOOK):
            if (current := find_snapshot(home)) != shown:
                endpoint.show(current)
                shown = current
                print(f"快照 snapshot {shown.name}", file=sys.stderr, flush=True)
    return 0


@contextmanager
def _own_folder(home: Path, port: int) -> Iterator[Path]:
    """A folder for the one server of ``port``, empty before and gone afterwards."""
    folder = home / "run" / "serve" / str(port)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with folder.with_suffix(".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(port) from None
        # What a killed server left.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _taken(port: int) -> TerminalError:
    return TerminalError(f"端口 {port} 不能使用 / port {port} cannot be used")


class Endpoint:
    """A DuckDB instance that answers on ``127.0.0.1:port`` from the snapshot that was shown to it last."""

    def __init__(self, home: Path, folder: Path, port: int) -> None:
        """``folder``: the only one that DuckDB may reach. Raises TerminalError when the port is taken or an extension does not load."""
        import duckdb

        from warehouse.database import load_extension
        from warehouse.keys import secret

        self.address = f"quack:127.0.0.1:{port}"
        self.folder = folder
        self.shown = 0
        self.con = duckdb.connect(
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "python_enable_replacements": False,
                "memory_limit": settings.get("query_memory_limit", "2GB") or "2GB",
                "temp_directory": str(folder / "spill"),
            }
        )
        # Quack needs httpfs.
        for name in ("httpfs", "quack"):
            load_extension(self.con, name)
        self.con.execute("CREATE SCHEMA server")
        self.con.execute(REFUSED)
        self.con.execute(ALLOWED)
        self.con.execute("SET GLOBAL quack_authorization_function = 'memory.server.allowed'")
        self.con.execute(f"SET allowed_directories = {[str(folder)]!r}")
        self.con.execute("SET enable_external_access = false")
        self.con.execute("SET lock_configuration = true")
        try:
            self.con.execute(f"CALL quack_serve('{self.address}', token := ?)", [secret(TOKEN, home)])
        except duckdb.Error:
            self.con.close()
            # The message may hold the token.
            raise _taken(port) from None

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def show(self, snapshot: Path) -> None:
        """Answer from the snapshot in this folder from now on; a query that has begun reads its own to the end."""
        from warehouse.history.views import make_views
        from warehouse.publish import past_file
        from warehouse.publish.snapshot import DATABASE

        before, self.shown = self.shown, self.shown + 1
        catalogs = []
        for name in (DATABASE, past_file.DATABASE):
            # Snapshots of former versions have no history.
            if (snapshot / name).exists():
                catalogs.append(f"{Path(name).stem}_{self.shown}")
                # A hard link: the snapshot may be removed while it is read.
                os.link(snapshot / name, self.folder / catalogs[-1])
                self.con.execute(f"ATTACH '{self.folder / catalogs[-1]}' AS {catalogs[-1]} (READ_ONLY)")
        self.con.execute("BEGIN")
        for schema, name in self._ask(VIEWS, "memory"):
            self.con.execute(f"DROP VIEW {schema}.{name}")
        for catalog in catalogs:
            for schema, name in self._ask(TABLES, catalog):
                self.con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
                self.con.execute(f"CREATE VIEW {schema}.{name} AS FROM {catalog}.{schema}.{name}")
            for schema, name in self._ask(f"{VIEWS} AND schema_name = 'main'", catalog):
                self.con.execute(f"CREATE VIEW main.{name} AS FROM {catalog}.{schema}.{name}")
            for schema, name in self._ask(f"{VIEWS} AND schema_name = 'core'", catalog):
                feed = name.removesuffix("_now")
                make_views(self.con, schema, feed, f"SELECT t.* FROM {catalog}.{schema}.{feed} AS t")
        self.con.execute("COMMIT")
        for path in sorted(self.folder.glob(f"*_{before}")):
            self.con.execute(f"DETACH {path.name}")
            path.unlink()

    def _ask(self, sql: str, catalog: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, [catalog]).fetchall()
