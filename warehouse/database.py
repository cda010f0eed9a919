"""Connections to DuckDB: limits that are always set, extensions from installed packages, and the encrypted warehouse.

One process writes at a time (Airflow's pool ``warehouse_writer``, and a file lock for those who come without Airflow); nobody
but the writer opens the file. Readers use published snapshots.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from connectors import settings
from connectors.errors import TerminalError, TransientError, without_row_text
from connectors.quoting import literal
from expectations import normalise
from warehouse import keys, migrations, scratch

WAREHOUSE = "fupin"
LOCK_WAIT_SECONDS = 900.0


def warehouse_path(home: Path) -> Path:
    return home / "warehouse" / "fupin.duckdb"


def connect(home: Path, *, ordered: bool = True, jailed: bool = False) -> duckdb.DuckDBPyConnection:
    """An in-memory connection with the platform's limits; spills into ``run/spill`` of the data root.

    ``ordered=False`` lets bulk statements finish in any order, which writes a third faster; a reader that numbers rows needs order.
    ``jailed``: whatever a delivered file may bring DuckDB to do, it reaches nothing outside ``landing/``, no other machine, and loads no
    extension but the one that encrypts.
    """
    spill = scratch.spill(home)
    con = duckdb.connect(
        config={
            "memory_limit": settings.get("memory_limit", "2GB") or "2GB",
            "threads": int(settings.number("threads", os.cpu_count() or 1)),
            "temp_directory": str(spill),
            "temp_file_encryption": True,
            "preserve_insertion_order": ordered,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    # DuckDB draws its progress bar on standard output, where --json writes.
    con.execute("SET enable_progress_bar = false")
    if jailed:
        _load_crypto(con, home)
        allowed = [str(home / "landing"), str(spill)]
        con.execute(f"SET allowed_directories = {allowed!r}")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
    return con


def scalar(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The first cell of the answer; None for no row."""
    row = con.execute(sql).fetchone()
    return row[0] if row else None


def relations(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """``schema.name`` → TABLE or VIEW of everything in the default database."""
    return dict(
        con.execute(
            "SELECT schema_name || '.' || table_name, 'TABLE' FROM duckdb_tables() WHERE database_name = current_database() "
            "UNION ALL SELECT schema_name || '.' || view_name, 'VIEW' FROM duckdb_views() WHERE database_name = current_database()"
        ).fetchall()
    )


# An instance with its extension (40 ms) and macros (15 ms) but with nothing attached, left by one merge for the next: (whose, it).
_idle: list[tuple[tuple[object, ...], duckdb.DuckDBPyConnection]] = []


@dataclass
class _Open:
    """The warehouse attached for merging, and the lock."""

    home: Path
    use: tuple[object, ...]
    con: duckdb.DuckDBPyConnection
    lock: ExitStack

    def give_back(self) -> None:
        """Close the warehouse and keep the instance."""
        try:
            self.con.execute(f"DETACH {WAREHOUSE}")
            _close_idle()
            _idle.append((self.use, self.con))
        except BaseException:
            self.con.close()
            raise
        finally:
            self.lock.close()

    def abandon(self) -> None:
        self.con.close()
        self.lock.close()


# Left open by a merge inside :func:`kept_open`.
_kept: list[_Open] = []
_keeping = False


def _close_idle() -> None:
    while _idle:
        _idle.pop()[1].close()


def _close_kept() -> None:
    while _kept:
        _kept.pop().give_back()


def _before_fork() -> None:
    _close_kept()
    _close_idle()


# Its threads would not exist in a child.
os.register_at_fork(before=_before_fork)


def _use(home: Path) -> tuple[object, ...]:
    return home, settings.get("memory_limit", None), settings.get("threads", None), *keys.ring(keys.LANDING, home)


def _borrowed(home: Path) -> duckdb.DuckDBPyConnection:
    """The idle instance if it fits, else a new one."""
    while _idle:
        use, con = _idle.pop()
        if use == _use(home):
            return con
        con.close()
    con = connect(home, ordered=False)
    _load_crypto(con, home)
    normalise.install(con, temporary=False)
    # What small deliveries leave in the log goes into the file once, when it is closed.
    con.execute("SET checkpoint_threshold = '256MB'")
    return con


def _load_crypto(con: duckdb.DuckDBPyConnection, home: Path) -> None:
    """DuckDB writes encrypted files only with OpenSSL, which httpfs brings; and landing's keys."""
    load_extension(con, "httpfs")
    keys.unlock(con, home)


def load_extension(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """LOAD an extension of DuckDB out of its Python package."""
    package = resources.files(f"duckdb_extension_{name}")
    with without_row_text(f"loading DuckDB's {name} extension"):
        con.execute(f"LOAD '{package / 'extensions' / f'v{duckdb.__version__}' / f'{name}.duckdb_extension'}'")


@contextmanager
def writer_lock(home: Path, wait_seconds: float = LOCK_WAIT_SECONDS) -> Iterator[None]:
    """Hold the one writer's place; raises TransientError after ``wait_seconds``."""
    path = home / "run" / "writer.lock"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    deadline = time.monotonic() + wait_seconds
    with open(path, "a+b") as handle:
        os.chmod(path, 0o600)
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TransientError("the warehouse is being written by another process") from None
                time.sleep(0.05)
        yield


def require_space(home: Path, incoming_bytes: int) -> None:
    """Refuse to start a merge that the disk cannot hold. Raises TransientError (space can be freed)."""
    free = shutil.disk_usage(home).free
    needed = 3 * incoming_bytes + 64 * 2**20
    if free < needed:
        raise TransientError(f"no space left: {free // 2**20} MB free under the data root, {needed // 2**20} MB needed")


def require_warehouse(home: Path) -> None:
    """Raises TerminalError where nothing was ever loaded."""
    if not warehouse_path(home).exists():
        raise TerminalError("there is no warehouse yet: no batch has been merged")


@contextmanager
def open_warehouse(
    home: Path, *, write: bool = True, wait_seconds: float = LOCK_WAIT_SECONDS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The encrypted warehouse, attached and in use as the default database, behind the writer lock.

    Raises TerminalError with a plain sentence when the key does not fit the file, TransientError when others write for ``wait_seconds``.
    """
    if not write:
        require_warehouse(home)
    _close_kept()
    with writer_lock(home, wait_seconds):
        con = connect(home, ordered=False)
        try:
            _load_crypto(con, home)
            _attach(con, home, write)
            con.execute(f"USE {WAREHOUSE}")
            yield con
        finally:
            con.close()


@contextmanager
def second(con: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A second connection to the database that is the default one of ``con``: for work beside it, with transactions of its own."""
    with con.cursor() as other:
        other.execute(f'USE "{scalar(con, "SELECT current_database()")}"')
        yield other


@contextmanager
def open_for_merge(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same for one merge after the other, with the macros of ``sql/macros`` in place: a small delivery must not pay for them again.

    Between two merges the warehouse is closed like any other time, unless in :func:`kept_open`; an instance without it stays in the process.
    """
    opened = _opened(home)
    try:
        # A connection of its own takes its temporary tables with it.
        con = opened.con.cursor()
        try:
            con.execute("SET enable_progress_bar = false")
            con.execute(f"SET search_path = '{WAREHOUSE}.main,memory.main'")
            yield con
        finally:
            con.close()
    except BaseException:
        opened.abandon()
        raise
    if _keeping:
        _kept.append(opened)
    else:
        opened.give_back()


def _opened(home: Path) -> _Open:
    while _kept:
        kept = _kept.pop()
        if kept.home == home and kept.use == _use(home):
            return kept
        kept.give_back()
    with ExitStack() as lock:
        lock.enter_context(writer_lock(home))
        con = _borrowed(home)
        try:
            _attach(con, home, write=True)
        except BaseException:
            con.close()
            raise
        return _Open(home, _use(home), con, lock.pop_all())


@contextmanager
def kept_open() -> Iterator[Callable[[], None]]:
    """Merges one after the other that leave the warehouse open for the next, so that what they read is read once and not every few rows
    are a checkpoint of their own; each is committed all the same. Yields what closes the warehouse, for when the next batch is not ready:
    other processes wait for it. So does whatever opens the warehouse in this process.
    """
    global _keeping
    _keeping = True
    try:
        yield _close_kept
    finally:
        _keeping = False
        _close_kept()


def attach(con: duckdb.DuckDBPyConnection, home: Path, name: str) -> None:
    """Attach the warehouse of another data root as ``name`` to what :func:`open_warehouse` opened; nobody else may use it."""
    _attach(con, home, write=True, name=name)


@contextmanager
def alone(home: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """The warehouse attached under its name but not in use, behind the writer lock, and the id of its key; in an instance that keeps order."""
    require_warehouse(home)
    _close_kept()
    with writer_lock(home):
        con = connect(home)
        try:
            _load_crypto(con, home)
            yield con, _attach(con, home, write=True)
        finally:
            con.close()


def attach_file(con: duckdb.DuckDBPyConnection, home: Path, path: Path, name: str) -> str:
    """Attach a copy of the warehouse of ``home`` to read it; returns the id of its key. Raises TerminalError when no key fits."""
    return _attach_path(con, home, path, name, ", READ_ONLY")


def table_hashes(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[Any]]:
    """``schema.name`` → rows and content hash of every table of an attached database, whatever the order of its rows: every block is read."""
    names = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ? AND NOT internal ORDER BY ALL",
        [database],
    ).fetchall()
    found = {}
    for schema, name in names:
        row = con.execute(
            f'SELECT count(*), CAST(sum(CAST(hash(t) AS HUGEINT)) AS VARCHAR) FROM {database}."{schema}"."{name}" AS t'
        ).fetchone()
        found[f"{schema}.{name}"] = list(row or ())
    return found


def _attach(con: duckdb.DuckDBPyConnection, home: Path, write: bool, name: str = WAREHOUSE) -> str:
    path = warehouse_path(home)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    mode = "" if write else ", READ_ONLY"
    used = _attach_path(con, home, path, name, mode)
    if migrations.is_behind(con, name):
        # Who only reads waits behind the same lock.
        if not write:
            con.execute(f"DETACH {name}")
            _attach_path(con, home, path, name, "")
        with con.cursor() as other, without_row_text("bringing the warehouse to the present schema"):
            other.execute(f"USE {name}")
            migrations.migrate(other, home)
        if not write:
            con.execute(f"DETACH {name}")
            _attach_path(con, home, path, name, mode)
    os.chmod(path, 0o600)
    return used


def _attach_path(con: duckdb.DuckDBPyConnection, home: Path, path: Path, name: str, mode: str) -> str:
    # A file does not say which of the keys is its own; the present one is tried first.
    for key in keys.ring(keys.WAREHOUSE, home).values():
        try:
            con.execute(f"ATTACH '{path}' AS {name} (ENCRYPTION_KEY {literal(key)}{mode})")
            break
        except duckdb.Error as error:
            # The statement holds the key, so neither it nor the original message may travel.
            if "key" not in str(error).lower() and "decrypt" not in str(error).lower():
                raise TerminalError(f"the warehouse cannot be opened: {type(error).__name__}") from None
    else:
        raise TerminalError("the warehouse cannot be opened: the key does not fit the file")
    return keys.key_id(key)
