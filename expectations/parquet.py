"""A batch's two Parquet files, ``rows`` and ``rejects``: which lies there, and under which key.

The file's name has the key's (``rows.<key>.parquet``; ``rows.parquet`` is not encrypted), so that a file under another key may take its place in
one rename. The key itself is the connection's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from connectors.quoting import literal

if TYPE_CHECKING:
    import duckdb


def parquet_path(folder: Path, stem: str) -> Path:
    """The batch's file ``stem``; where there is none, a name without a file."""
    return next(iter(folder.glob(f"{stem}.*.parquet")), folder / f"{stem}.parquet")


def key_of(path: Path) -> str | None:
    """The name of the key under which a file lies; None if it is not encrypted."""
    return path.name.split(".")[1] if path.name.count(".") > 1 else None


def encrypted(key: str | None) -> list[str]:
    """The option of COPY that encrypts, if there is a ``key``."""
    return [f"ENCRYPTION_CONFIG {{footer_key: {literal(key)}}}"] if key else []


def parquet_sql(path: Path, *options: str) -> str:
    """``read_parquet`` of a batch's file."""
    key = key_of(path)
    decrypted = [f"encryption_config = {{footer_key: {literal(key)}}}"] if key else []
    return f"read_parquet({', '.join([literal(str(path)), *options, *decrypted])})"


def put(temporary: Path, target: Path) -> None:
    """``temporary`` becomes ``target``, mode 0600, in place of what lies there under another key."""
    temporary.chmod(0o600)
    temporary.replace(target)
    for other in target.parent.glob(f"{target.name.partition('.')[0]}*.parquet"):
        if other != target:
            other.unlink()


def copy(con: duckdb.DuckDBPyConnection, path: Path, key: str) -> Path:
    """Write the same rows in the same order under ``key`` to a temporary file, which is returned; :func:`put` it to :func:`named`.
    ``con`` keeps order."""
    temporary = path.with_name(f".{named(path, key).name}")
    options = ", ".join(["FORMAT parquet, COMPRESSION snappy", *encrypted(key)])
    con.execute(f"COPY (FROM {parquet_sql(path)}) TO {literal(str(temporary))} ({options})")
    return temporary


def named(path: Path, key: str) -> Path:
    """The name of the file ``path`` under ``key``."""
    return path.with_name(f"{path.name.partition('.')[0]}.{key}.parquet")
