"""How fast a pull from PostgreSQL is, beside a plain loop that runs ``COPY … TO STDOUT`` and throws the bytes away.

Both run three times in turn, each in a process of its own against the same server; the ratio is taken per round, the median is told.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from tests import databases

ROUNDS = 3
# Twelve columns, as a business system keeps them; ids are of the unassigned division 2199xx.
TABLE = """
CREATE TABLE loan AS SELECT
  i AS id,
  '2199' || lpad((i % 100)::text, 2, '0') || '19' || lpad((50 + i % 50)::text, 2, '0') || '0101' || '000' || (i % 10) AS sfzh,
  '张' || chr(20000 + (i * 7 % 20000)::int) || chr(20000 + (i * 13 % 20000)::int) AS xm,
  ((i * 37) % 10000000)::numeric(14, 2) / 100 AS je,
  i % 3 = 0 AS zt,
  date '2010-01-01' + (i % 3600)::int AS ffrq,
  '备注' || i AS bz,
  timestamp '2019-01-01' + (i % 10000000) * interval '7 second' AS gxsj,
  '2199' || lpad((i % 100)::text, 2, '0') || lpad((i % 1000)::text, 6, '0') AS cun,
  (i % 9)::int AS dj,
  '第' || (i % 30) || '镇第' || (i % 300) || '村' AS dz,
  CASE WHEN i % 5 = 0 THEN '1380' || lpad((i % 10000000)::text, 7, '0') END AS dh
FROM generate_series(1, {rows}) AS i
"""
MORE = "".join(
    f'\n[[columns]]\nname = "{name}"\ntype = "{type_}"\naliases = ["{alias}"]\n'
    for name, type_, alias in (
        ("updated_at", "text", "gxsj"), ("village_code", "text", "cun"), ("grade", "integer", "dj"), ("address", "text", "dz"),
        ("phone", "phone", "dh"),
    )
)  # fmt: skip
BARE = """
import psycopg, sys, time
begun = time.perf_counter()
with psycopg.connect(sys.argv[1]) as session, session.cursor() as cursor, cursor.copy("COPY loan TO STDOUT") as copy:
    size = sum(len(block) for block in copy)
assert size > 0
print(time.perf_counter() - begun)
"""
# The check before imports what a worker of Airflow has imported long ago.
PULL = """
import sys, time
from pathlib import Path
from connectors import pull
from connectors.feed import load_feed
feed, work = load_feed(Path(sys.argv[1])), Path(sys.argv[2])
pull.check(feed)
begun = time.perf_counter()
pulled = pull.pull(pull.Request(feed, work, spill=work))
assert pulled is not None and not pulled.reading.problems and pulled.reading.rows == int(sys.argv[3])
print(time.perf_counter() - begun)
"""


def _seconds(program: str, *arguments: str, environment: dict[str, str] | None = None) -> float:
    """Wall seconds that the program itself states: what importing costs is no part of reading rows."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return float(done.stdout.split()[-1])


def measure(people: int) -> dict[str, float]:
    """``database_ratio`` (pull ÷ bare COPY) and ``database_rows_per_second`` of a snapshot of ``people`` rows."""
    server = databases.postgres()
    where = f"host={server.host} port={server.port} user={server.user} dbname=postgres"
    work = Path(tempfile.mkdtemp(prefix="fupin-bench-database-"))
    environment = {
        **os.environ, "AIRFLOW_CONN_BENCH": server.airflow("postgres"), "AIRFLOW__FUPIN__HOME": str(work / "home"),
    }  # fmt: skip
    try:
        with psycopg.connect(where, autocommit=True) as session:
            session.execute("DROP TABLE IF EXISTS loan")
            session.execute(TABLE.replace("{rows}", str(people)))
            session.execute("ALTER TABLE loan ADD PRIMARY KEY (id)")
            session.execute("VACUUM ANALYZE loan")
        declared = work / "port_loan.toml"
        source = 'connection = "bench"\ntable = "loan"'
        text = databases.declaration("port_loan", source, "snapshot", databases.COLUMNS + MORE)
        declared.write_text(text, encoding="utf-8")
        ratios, rates = [], []
        for _ in range(ROUNDS):
            target = work / "pulled"
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            bare = _seconds(BARE, where)
            pulled = _seconds(PULL, str(declared), str(target), str(people), environment=environment)
            print(f"bare {bare:.2f} s, pull {pulled:.2f} s ({pulled / bare:.2f})", file=sys.stderr, flush=True)
            ratios.append(pulled / bare)
            rates.append(people / pulled)
        return {"database_ratio": statistics.median(ratios), "database_rows_per_second": statistics.median(rates)}
    finally:
        with psycopg.connect(where, autocommit=True) as session:
            session.execute("DROP TABLE IF EXISTS loan")
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    begun = time.perf_counter()
    print(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000), f"{time.perf_counter() - begun:.0f} s")
