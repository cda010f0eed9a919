"""An Airflow connection as an SQLAlchemy engine: dialect and driver, a read-only session, and errors that carry no text of a server.

Sessions show instants in Beijing time, write dates as ISO, and end a statement that runs too long.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.pool import NullPool

from connectors import errors
from connectors.connections import Connection
from connectors.errors import FupinError, TerminalError, TransientError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

CONNECT_SECONDS = 15
TIME_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Driver:
    """``url``: SQLAlchemy's dialect+driver; ``modules`` must import; ``packages`` are what to install if they do not."""

    url: str
    modules: tuple[str, ...] = ()
    packages: str = ""


_POSTGRES = Driver("postgresql+psycopg", ("psycopg",), "psycopg[binary]")
_MYSQL = Driver("mysql+pymysql", ("pymysql",), "PyMySQL")
_DAMENG = Driver("dm+dmPython", ("dmPython", "dmSQLAlchemy"), "dmPython dmSQLAlchemy")
# conn_type of the Airflow connection → driver.
DRIVERS = {
    "postgres": _POSTGRES,
    "postgresql": _POSTGRES,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "sqlite": Driver("sqlite"),
    "oracle": Driver("oracle+oracledb", ("oracledb",), "oracledb"),
    "mssql": Driver("mssql+pymssql", ("pymssql",), "pymssql"),
    "dm": _DAMENG,
    "dameng": _DAMENG,
}


def postgres_options(timeout_seconds: int) -> str:
    """libpq's ``options``: what every PostgreSQL session of ours is set to, whoever opens it."""
    settings = {
        "default_transaction_read_only": "on",
        "default_transaction_isolation": "repeatable\\ read",
        "statement_timeout": str(timeout_seconds * 1000),
        "datestyle": "ISO",
        "timezone": TIME_ZONE,
        "extra_float_digits": "3",
        "standard_conforming_strings": "on",
        # The same rows come in the same order, so that an unchanged table gives the same bytes.
        "max_parallel_workers_per_gather": "0",
        "synchronize_seqscans": "off",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def url(connection: Connection) -> URL:
    """SQLAlchemy's URL of an Airflow connection. Raises TerminalError for an unknown type or a missing driver (naming the package)."""
    driver = DRIVERS.get(connection.conn_type.lower())
    if driver is None:
        raise TerminalError(
            f"Airflow connection {connection.conn_id}: conn_type {connection.conn_type!r} is none of {', '.join(DRIVERS)}"
        )
    for module in driver.modules:
        try:
            importlib.import_module(module)
        except ImportError:
            raise TerminalError(
                f"Airflow connection {connection.conn_id}: {connection.conn_type} needs the Python package: pip install {driver.packages}"
            ) from None
    if driver.url == "sqlite":
        path = connection.host or connection.schema
        if not os.path.isabs(path):
            raise TerminalError(
                f"Airflow connection {connection.conn_id}: host must be the absolute path of the SQLite file"
            )
        if not os.path.isfile(path):
            raise TransientError(f"Airflow connection {connection.conn_id}: the SQLite file is not there")
        return URL.create("sqlite", database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    query = {key: str(value) for key, value in connection.extra.items() if not key.startswith("__")}
    if driver.url.startswith("mysql"):
        query = {"charset": "utf8mb4", **query}
    return URL.create(
        driver.url, connection.login or None, connection.password or None, connection.host or None,
        connection.port, connection.schema or None, query,
    )  # fmt: skip


def engine(connection: Connection, timeout_seconds: int) -> Engine:
    """An engine without a pool whose sessions only read and whose statements end after ``timeout_seconds``."""
    address = url(connection)
    name = address.get_backend_name()
    arguments: dict[str, Any] = {}
    if name == "postgresql":
        arguments = {"options": postgres_options(timeout_seconds), "connect_timeout": CONNECT_SECONDS}
    elif name == "mysql":
        arguments = {"connect_timeout": CONNECT_SECONDS, "read_timeout": timeout_seconds + CONNECT_SECONDS}
    elif name == "mssql":
        arguments = {"login_timeout": CONNECT_SECONDS, "timeout": timeout_seconds}
    made = sa.create_engine(address, poolclass=NullPool, connect_args=arguments, hide_parameters=True)

    def settle(raw: Any, _record: Any) -> None:
        if name == "sqlite":
            deadline = time.monotonic() + timeout_seconds
            raw.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
            return
        cursor = raw.cursor()
        try:
            if name == "mysql":
                cursor.execute("SET SESSION TRANSACTION READ ONLY")
                cursor.execute("SET time_zone = '+08:00'")
                cursor.execute("SELECT version()")
                mariadb = "mariadb" in str(cursor.fetchone()).lower()
                cursor.execute(
                    f"SET SESSION max_statement_time = {timeout_seconds}"
                    if mariadb
                    else f"SET SESSION max_execution_time = {timeout_seconds * 1000}"
                )
            elif name == "oracle":
                raw.call_timeout = timeout_seconds * 1000
                cursor.execute("SET TRANSACTION READ ONLY")
            elif name == "dm":
                cursor.execute("SET TRANSACTION READ ONLY")
        finally:
            cursor.close()

    event.listen(made, "connect", settle)
    return made


# PostgreSQL: classes of SQLSTATE that may heal (connection, resources, operator intervention such as a time-out, rollback, locks).
_TRANSIENT_STATES = ("08", "53", "55", "57", "58", "40", "25006")
# MySQL and MariaDB: too many connections, shutdown, lock waits, deadlock, killed, unreachable, lost, time-outs.
_TRANSIENT_NUMBERS = {1040, 1053, 1203, 1205, 1213, 1317, 1927, 1969, 2002, 2003, 2006, 2013, 2055, 3024}
_TERMINAL_WORDS = ("authentication", "access denied", "password", "does not exist", "unknown database", "login failed")
_TRANSIENT_WORDS = (
    "timeout", "timed out", "max_statement_time", "execution time", "terminating connection", "connection", "shutting down",
    "lost", "locked", "failed to fetch result row", "could not send", "could not receive", "interrupted",
)  # fmt: skip


def translate(error: Exception, doing: str) -> FupinError:
    """A driver's error as ours: «doing: class (code)» and no word of the server's, which may hold a value or an address."""
    if isinstance(error, FupinError):
        return type(error)(*error.args)
    if isinstance(error, MemoryError):
        return TransientError(f"{doing}: out of memory")
    original = getattr(error, "orig", None) or error
    state = getattr(original, "sqlstate", None)
    number = original.args[0] if original.args and isinstance(original.args[0], int) else None
    text = str(original).lower()
    code = next((f" ({value})" for value in (state, number) if value), "")
    line = f"{doing}: {type(original).__name__}{code}"
    if state:
        return TransientError(line) if state.startswith(_TRANSIENT_STATES) else TerminalError(line)
    if number:
        return TransientError(line) if number in _TRANSIENT_NUMBERS else TerminalError(line)
    if any(word in text for word in _TERMINAL_WORDS):
        return TerminalError(line)
    lost = getattr(error, "connection_invalidated", False) or isinstance(original, OSError)
    lost = lost or type(original).__name__ in ("OperationalError", "InterfaceError")
    return TransientError(line) if lost or any(word in text for word in _TRANSIENT_WORDS) else TerminalError(line)


def guarded(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorator for a function of a Feed, or of a Request: whatever it raises leaves as one of ours.

    Without cause or context: a driver's error holds its statement and its values.
    """

    @wraps(function)
    def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            errors.debug(error)
            feed = getattr(args[0], "feed", args[0])
            failure = translate(error, f"feed {getattr(feed, 'name', '?')}: database")
        raise failure

    return wrapper
