"""A synthetic county that went through ``fupin sync``, with its truth beside it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tests.e2e.commands import fupin
from tests.parsed import know_sql


class County:
    """A synced county: its data root, the truth, and the ledger read from the warehouse. ``words``: more options of simulate;
    ``without``: files whose names begin so are never sent. One that already lies below ``root`` is taken as it is."""

    def __init__(self, root: Path, people: int, seed: int, *words: str, without: str = "") -> None:
        self.without = without
        self.home = root / "home"
        self.common = ("simulate", "--people", str(people), "--seed", str(seed), *words)
        self.out = root / "county"
        root.mkdir(exist_ok=True)
        know_sql(self.home)
        with open(root / "synced.json", "a+", encoding="utf-8") as synced:
            fcntl.flock(synced, fcntl.LOCK_EX)
            synced.seek(0)
            if told := synced.read():
                self._said(*json.loads(told))
            else:
                self.deliver(self.out)
                json.dump(self.said, synced)
        self.truth = duckdb.connect()
        for path in sorted((self.out / "truth").glob("*.parquet")):
            self.truth.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet('{path}')")

    def deliver(self, out: Path, *words: str) -> Path:
        """Simulate a delivery into ``out`` and sync it: ``batches`` and ``output`` are the last delivery's."""
        fupin(self.home, *self.common, *words, "--out", str(out))
        for path in (out / "ingest").rglob("*"):
            if path.is_file() and not (self.without and path.name.startswith(self.without)):
                target = self.home / path.relative_to(out)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
                os.utime(target, (1e9, 1e9))
        done = fupin(self.home, "sync", "--json")
        self._said(done.stdout, done.stderr)
        return out

    def _said(self, stdout: str, stderr: str) -> None:
        self.said = stdout, stderr
        self.output = stdout + stderr
        self.batches = {batch["feed"]: batch for batch in json.loads(stdout)}

    def warehouse(self, sql: str) -> list[tuple]:
        """Rows of a query on the encrypted warehouse."""
        with self.opened() as con:
            return con.execute(sql).fetchall()

    @contextmanager
    def opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The encrypted warehouse, to be read."""
        from connectors import settings
        from warehouse.database import open_warehouse

        before = os.environ.get("AIRFLOW__FUPIN__HOME")
        os.environ["AIRFLOW__FUPIN__HOME"] = str(self.home)
        try:
            with open_warehouse(settings.home(), write=False) as con:
                yield con
        finally:
            if before is None:
                del os.environ["AIRFLOW__FUPIN__HOME"]
            else:
                os.environ["AIRFLOW__FUPIN__HOME"] = before
