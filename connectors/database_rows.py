"""Rows of one SELECT into one parquet file of text, in bounded memory.

PostgreSQL and MySQL: DuckDB's own scanners read the driver's buffers straight into vectors (binary COPY, streamed result), the casts
to text are made by the source. Everything else: a server-side cursor in blocks, a column at a time.
"""

from __future__ import annotations

import copy
import datetime as dt
import importlib.util
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine
from sqlalchemy.sql import quoted_name

from connectors import settings as site
from connectors.connections import Connection
from connectors.database_columns import EXACT_TYPES, SourceColumn, text_of
from connectors.database_engine import CONNECT_SECONDS, engine, postgres_options, url
from connectors.errors import TerminalError, TransientError, without_row_text
from connectors.quoting import literal
from connectors.reading import Problem

# Dictionaries of mostly unique text cost a third of the writing time and are thrown away by the next step.
# Small groups: a group is held whole while it is written, whatever its texts weigh.
PARQUET = "FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1, ROW_GROUP_SIZE 10240"
BLOCK_BYTES = 16 * 2**20
SCANNERS = {"postgresql": "postgres", "mysql": "mysql"}
_COUNTY_TIME = dt.timezone(dt.timedelta(hours=8))


def _quoted(value: object, mark: str) -> str:
    """A value in a connection string: libpq quotes with ', DuckDB's mysql scanner with "."""
    return mark + str(value).replace("\\", "\\\\").replace(mark, "\\" + mark) + mark


class Rows:
    """Reads from one source; ``memory_bytes`` bounds DuckDB's share, ``spill`` is its folder for what does not fit."""

    def __init__(self, connection: Connection, timeout_seconds: int, memory_bytes: int, spill: Path) -> None:
        self.connection = connection
        self.timeout_seconds = timeout_seconds
        self.memory_bytes = memory_bytes
        self.spill = spill
        self.engine: Engine = engine(connection, timeout_seconds)
        self._con: duckdb.DuckDBPyConnection | None = None

    def close(self) -> None:
        if self._con is not None:
            self._con.close()
        self.engine.dispose()

    @property
    def scans(self) -> bool:
        return self.engine.dialect.name in SCANNERS

    def expression(self, column: SourceColumn) -> Any:
        """How the column stands in the SELECT list of :meth:`write`."""
        if self.scans:
            return text_of(column, self.engine.dialect.name)
        return sa.column(quoted_name(column.name, quote=True))

    def write(
        self, statement: sa.Select[Any], names: Sequence[str], types: Sequence[str], target: Path, labels: Sequence[str]
    ) -> int:
        """Write the statement's rows to ``target`` as VARCHAR columns ``names``, empty text as NULL; returns their number.

        ``types`` and ``labels``: the feed's type and title of each column. The file appears whole or not at all. Raises Problem for
        values that have no exact text.
        """
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            if self.scans:
                count = self._scan(statement, names, temporary)
            else:
                count = self._fetch(statement, names, types, labels, temporary)
            os.chmod(temporary, 0o600)
            temporary.replace(target)
            return count
        finally:
            temporary.unlink(missing_ok=True)

    def merge(self, parts: Sequence[Path], names: Sequence[str], target: Path) -> int:
        """The parts, one behind the other, as ``target``."""
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            files = ", ".join(literal(str(part)) for part in parts)
            found = self._duckdb.execute(
                f"COPY (SELECT {', '.join(names)} FROM read_parquet([{files}])) TO {literal(str(temporary))} ({PARQUET})"
            ).fetchone()
            os.chmod(temporary, 0o600)
            temporary.replace(target)
            return int(found[0]) if found else 0
        finally:
            temporary.unlink(missing_ok=True)

    def readable(self, parts: Sequence[Path]) -> bool:
        """Whether every part is a whole file: a machine that lost its power may have kept the name alone."""
        try:
            with duckdb.connect() as con:
                for part in parts:
                    con.execute("SELECT count(*) FROM read_parquet(?)", [str(part)])
        except duckdb.Error:
            return False
        return True

    def last(self, part: Path, names: Sequence[str]) -> list[str | None]:
        """The last row of a part, its columns ``names`` only."""
        with duckdb.connect() as con:
            total = con.execute("SELECT count(*) FROM read_parquet(?)", [str(part)]).fetchone() or (0,)
            row = con.execute(
                f"SELECT {', '.join(names)} FROM read_parquet(?) LIMIT 1 OFFSET ?", [str(part), total[0] - 1]
            ).fetchone()
        return list(row or ())

    @property
    def _duckdb(self) -> duckdb.DuckDBPyConnection:
        """The one connection of this object, with the source attached if it is scanned."""
        if self._con is not None:
            return self._con
        self.spill.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._con = con = duckdb.connect(
            config={
                "memory_limit": f"{int(self.memory_bytes * 0.6) // 2**20}MiB",
                "threads": min(2, os.cpu_count() or 1),
                "temp_directory": str(self.spill),
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                # A column of objects is text, whatever its first thousand values are.
                "pandas_analyze_sample": 0,
            }
        )
        con.execute("SET enable_progress_bar = false")
        if self.scans:
            kind = SCANNERS[self.engine.dialect.name]
            _load(con, f"{kind}_scanner")
            if kind == "mysql":
                con.execute("SET mysql_session_time_zone = '+08:00'")
                # Within a transaction of its own a statement could not be made to read only, and would have a second time limit.
                con.execute("SET mysql_enable_transactions = false")
                con.execute("SET mysql_query_timeout_enabled = false")
            address = address_of(self.connection, self.timeout_seconds)
            con.execute(f"ATTACH {literal(address)} AS source (TYPE {kind}, READ_ONLY)")
        return con

    def _compiled(self, statement: sa.Select[Any]) -> str:
        """The statement with its values in it, quoted by SQLAlchemy: a scanner takes text alone."""
        dialect = copy.copy(self.engine.dialect)
        # Under the driver's own style every % would be doubled.
        dialect.paramstyle = "named"
        dialect.identifier_preparer = dialect.preparer(dialect)
        return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))

    def _scan(self, statement: sa.Select[Any], names: Sequence[str], target: Path) -> int:
        kind = SCANNERS[self.engine.dialect.name]
        options = ", stream_results = true" if kind == "mysql" else ""
        mariadb = bool(getattr(self.engine.dialect, "is_mariadb", False))
        if kind == "mysql" and not mariadb:
            statement = statement.prefix_with(f"/*+ MAX_EXECUTION_TIME({self.timeout_seconds * 1000}) */")
        text = self._compiled(statement)
        if mariadb:
            text = f"SET STATEMENT max_statement_time={self.timeout_seconds}, tx_read_only=ON FOR {text}"
        cells = ", ".join(f"nullif({name}, '') AS {name}" for name in names)
        found = self._duckdb.execute(
            f"COPY (SELECT {cells} FROM {kind}_query('source', {literal(text)}{options}) AS pulled({', '.join(names)})) "
            f"TO {literal(str(target))} ({PARQUET})"
        ).fetchone()
        return int(found[0]) if found else 0

    def _fetch(
        self, statement: sa.Select[Any], names: Sequence[str], types: Sequence[str],
        labels: Sequence[str], target: Path,
    ) -> int:  # fmt: skip
        con = self._duckdb
        cells = ", ".join(f"nullif({name}, '') AS {name}" for name in names)
        deadline = time.monotonic() + self.timeout_seconds
        size, count = 2_000, 0
        # A block is a file of its own: a table that grows in DuckDB's memory would need all of it before it spills.
        with tempfile.TemporaryDirectory(prefix="blocks-", dir=self.spill) as folder, self.engine.connect() as session:
            blocks: list[Path] = []
            result = session.execution_options(stream_results=True, max_row_buffer=size).execute(statement)
            while (rows := result.fetchmany(size)) or not blocks:
                if time.monotonic() > deadline:
                    raise TransientError(f"the statement ran longer than {self.timeout_seconds} s")
                columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
                block = {
                    name: np.array(_texts(values, kind, label), dtype=object)
                    for name, values, kind, label in zip(names, columns, types, labels, strict=True)
                }
                blocks.append(Path(folder) / f"{len(blocks):06d}.parquet")
                con.register("block", block)
                typed = f"SELECT {', '.join(f'{name}::VARCHAR AS {name}' for name in names)} FROM block"
                con.execute(f"COPY (SELECT {cells} FROM ({typed})) TO {literal(str(blocks[-1]))} ({PARQUET})")
                con.unregister("block")
                count += len(rows)
                if rows:
                    weight = sum(sum(map(len, filter(None, column))) + 50 * len(column) for column in block.values())
                    size = max(200, min(50_000, self._block_bytes * len(rows) // weight))
            result.close()
            files = ", ".join(literal(str(path)) for path in blocks)
            con.execute(
                f"COPY (SELECT {', '.join(names)} FROM read_parquet([{files}])) TO {literal(str(target))} ({PARQUET})"
            )
        return count

    @property
    def _block_bytes(self) -> int:
        return min(BLOCK_BYTES, self.memory_bytes // 16)


def address_of(connection: Connection, timeout_seconds: int) -> str:
    """Connection string of DuckDB's scanners. It holds the password: never to be shown."""
    address: URL = url(connection)
    parts: dict[str, object] = {
        key: value for key, value in {
            "host": address.host, "port": address.port, "user": address.username, "password": address.password,
        }.items() if value is not None
    }  # fmt: skip
    query = {key: str(value) for key, value in address.query.items()}
    if address.get_backend_name() == "postgresql":
        if address.database:
            parts["dbname"] = address.database
        parts |= {key: value for key, value in query.items() if key.startswith(("ssl", "gss", "target_"))}
        parts |= {
            "options": postgres_options(timeout_seconds), "connect_timeout": CONNECT_SECONDS, "client_encoding": "UTF8",
            "application_name": "fupin", "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
        }  # fmt: skip
    else:
        if address.database:
            parts["database"] = address.database
        if "unix_socket" in query:
            parts["socket"] = query["unix_socket"]
        parts |= {key: query[key] for key in ("ssl_ca", "ssl_cert", "ssl_key") if key in query}
        if "ssl_ca" in query:
            parts["ssl_mode"] = "verify_ca"
    mark = "'" if address.get_backend_name() == "postgresql" else '"'
    return " ".join(f"{key}={_quoted(value, mark)}" for key, value in parts.items())


def _load(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """LOAD an extension from its Python package, as the warehouse does with httpfs."""
    folder = site.home() / "run" / "extensions"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    con.execute(f"SET extension_directory = {literal(str(folder))}")
    try:
        con.execute(f"LOAD {name}")
    except duckdb.Error:
        package = f"duckdb-extension-{name.replace('_', '-')}"
        if importlib.util.find_spec(package.replace("-", "_")) is None:
            raise TerminalError(
                f"DuckDB's {name} is not installed: pip install {package}=={duckdb.__version__}"
            ) from None
        from duckdb_extensions import import_extension

        with without_row_text(f"installing DuckDB's {name}"):
            import_extension(name, con=con)
            con.execute(f"LOAD {name}")


def _instant(value: dt.datetime) -> str:
    local = value.astimezone(_COUNTY_TIME).replace(tzinfo=None) if value.tzinfo else value
    return local.isoformat(sep=" ")


def _float(value: float) -> str:
    return format(Decimal(repr(value)), "f")


_WRITERS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "1" if value else "0",
    int: str,
    float: _float,
    Decimal: lambda value: format(value, "f"),
    str: str,
    dt.datetime: _instant,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    dt.timedelta: str,
    uuid.UUID: str,
}


def _texts(values: Sequence[Any], kind: str, label: str) -> Sequence[str | None]:
    """A block's column as text. Raises Problem for binary values and for floating point where every digit counts."""
    types = set(map(type, values)) - {type(None)}
    if types <= {str}:
        return values
    if types & {bytes, bytearray, memoryview}:
        raise Problem(
            "COLUMN_TYPE", f"“{label}”中有二进制数据，或不是文本编码的内容，不能作为文字读取。请改用文本类型的列。"
        )
    if float in types and kind in EXACT_TYPES:
        raise Problem("COLUMN_INEXACT", f"“{label}”中有浮点数，号码的末位数字会改变，不能接收。请改用文本类型的列。")
    for found in types:
        if found not in _WRITERS:
            raise TerminalError(f"a column holds values of the driver's type {found.__name__}, which has no exact text")
    if len(types) == 1:
        (writer,) = (_WRITERS[found] for found in types)
        return [None if value is None else writer(value) for value in values]
    return [None if value is None else _WRITERS[type(value)](value) for value in values]


def text_of_value(value: Any) -> str:
    """One value (a watermark) as the same text its column would have."""
    return _WRITERS[type(value)](value)
