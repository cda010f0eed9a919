"""What the tests of every database share: a feed that pulls from connection ``civil``, and the cells that arrived."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

from connectors import pull
from connectors.feed import Feed, load_feed
from tests import databases


def feed(folder: Path, source: str, mode: str = "upsert") -> Feed:
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / "port_loan.toml"
    path.write_text(databases.declaration("port_loan", source, mode), encoding="utf-8")
    return load_feed(path)


def fetch(found: Feed, workdir: Path, watermark: str | None = None, as_of: dt.date | None = None) -> pull.Pulled | None:
    workdir.mkdir(exist_ok=True)
    return pull.pull(pull.Request(found, workdir, watermark, as_of, spill=workdir.parent / "spill"))


def cells(pulled: pull.Pulled | None) -> list[tuple[str | None, ...]]:
    assert pulled is not None and not pulled.reading.problems
    with duckdb.connect() as con:
        rows = con.execute("FROM read_parquet(?)", [str(pulled.source)]).fetchall()
    assert len(rows) == pulled.reading.rows
    return rows
