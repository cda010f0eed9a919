"""A synthetic county that went through ``fupin sync``, with its truth beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb


def fupin(home: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AIRFLOW__FUPIN__HOME": str(home), "AIRFLOW__FUPIN__SETTLE_SECONDS": "0"}
    return subprocess.run(
        [sys.executable, "-m", "warehouse.cli.main", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=check,
    )


class County:
    """A synced county: its data root, the truth, and the ledger read from the warehouse. ``words``: more options of simulate;
    ``without``: files whose names begin so are never sent."""

    def __init__(self, root: Path, people: int, seed: int, *words: str, without: str = "") -> None:
        self.without = without
        self.home = root / "home"
        self.common = ("simulate", "--people", str(people), "--seed", str(seed), *words)
        self.out = self.deliver(root / "county")
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
        self.output = done.stdout + done.stderr
        self.batches = {batch["feed"]: batch for batch in json.loads(done.stdout)}
        return out

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
