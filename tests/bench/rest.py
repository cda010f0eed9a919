"""The REST connector against a plain loop of ``requests.get`` and ``json.loads`` over the same pages from the same loopback server.

The server is a process of its own that sends page bytes built before the clock starts, so that what is compared is the client.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from connectors import pull
from connectors.feed import load_feed

PAGE = 1000
ROUNDS = 3
FEED = """
name = "bench_rest"
department = "bench"
title = "接口测速"
grain = "one row per loan"
mode = "upsert"
key = ["loan_no"]
subject = ["citizen_id"]
[source]
kind = "rest"
connection = "bench_rest"
path = "/loans"
records = "data.list"
total = "data.total"
[source.paging]
kind = "page"
param = "page"
size_param = "size"
size = 1000
"""
COLUMNS = {
    "loan_no": "text", "name": "name", "citizen_id": "citizen_id", "village_code": "text", "amount_yuan": "money", "balance_yuan": "money",
    "rate": "ratio", "issued_date": "date", "due_date": "date", "bank": "text",
}  # fmt: skip

SERVER = """
import socket, sys, threading
from pathlib import Path
folder, last = Path(sys.argv[1]), int(sys.argv[2])
bodies = [b""] + [(folder / str(number)).read_bytes() for number in range(1, last + 1)]
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting = b""
    while True:
        while b"\\r\\n\\r\\n" not in waiting:
            received = connection.recv(65536)
            if not received:
                return
            waiting += received
        head, _, waiting = waiting.partition(b"\\r\\n\\r\\n")
        line = head.split(b"\\r\\n", 1)[0].decode()
        query = line.split(" ")[1].partition("?")[2]
        body = bodies[int(dict(part.split("=") for part in query.split("&"))["page"])]
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


def write_pages(folder: Path, rows: int) -> int:
    """Write the pages of ``rows`` records as a server would send them; returns their number. Nobody in them can be a living person."""
    chance = random.Random(11)
    pages = -(-rows // PAGE)
    for page in range(pages):
        records = [
            {
                "loan_no": f"L{number:010d}",
                "name": f"{'张王李赵'[number % 4]}测{'甲乙丙丁戊'[number % 5]}",
                "citizen_id": f"219901{1950 + number % 60}0305{number % 1000:03d}X",
                "village_code": f"210782{number % 240:06d}",
                "amount_yuan": chance.randrange(1, 5_000_000) / 100,
                "balance_yuan": chance.randrange(1, 5_000_000) / 100,
                "rate": 0.0435,
                "issued_date": f"2019-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
                "due_date": "2022-06-30",
                "bank": "北镇市农村信用合作联社",
            }
            for number in range(page * PAGE, min(rows, (page + 1) * PAGE))
        ]
        answer = {"code": 0, "message": "成功", "data": {"total": rows, "page": page + 1, "list": records}}
        (folder / str(page + 1)).write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    return pages


def plain_loop(address: str, pages: int) -> int:
    """What anybody would write in ten lines; returns the rows seen."""
    rows = 0
    with requests.Session() as session:
        session.trust_env = False
        for page in range(1, pages + 1):
            response = session.get(address, params={"page": page, "size": PAGE}, timeout=60)
            rows += len(json.loads(response.content)["data"]["list"])
    return rows


def measure(people: int) -> dict[str, float]:
    """``rest_ratio``: median of three of connector over plain loop, seconds; ``rest_rows_per_second`` of the connector. One row a person."""
    work = Path(tempfile.mkdtemp(prefix="fupin-rest-"))
    (work / "pages").mkdir()
    pages = write_pages(work / "pages", people)
    columns = "".join(f'[[columns]]\nname = "{name}"\ntype = "{kind}"\naliases = ["{name}"]\nrequired = {str(name == "loan_no").lower()}\n'
                      + ('sensitivity = "identifier"\n' if kind == "citizen_id" else "") for name, kind in COLUMNS.items())  # fmt: skip
    (work / "bench_rest.toml").write_text(FEED + columns, encoding="utf-8")
    feed = load_feed(work / "bench_rest.toml")
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(work / "pages"), str(pages)], stdout=subprocess.PIPE, text=True)  # fmt: skip
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        os.environ["AIRFLOW_CONN_BENCH_REST"] = f"http://127.0.0.1:{port}"
        ratios, speeds = [], []
        for number in range(ROUNDS):
            if number == 0:
                # Both once for nothing: imports, and the server's own first touch of its pages.
                plain_loop(f"http://127.0.0.1:{port}/loans", min(pages, 20))
                from connectors import connections

                connections.get("bench_rest")
            started = time.perf_counter()
            assert plain_loop(f"http://127.0.0.1:{port}/loans", pages) == people
            plain = time.perf_counter() - started
            workdir = work / f"pull{number}"
            workdir.mkdir()
            started = time.perf_counter()
            pulled = pull.pull(pull.Request(feed, workdir))
            seconds = time.perf_counter() - started
            assert pulled is not None and not pulled.reading.problems and pulled.reading.rows == people
            ratios.append(seconds / plain)
            speeds.append(people / seconds)
            print(f"rest: plain {plain:.2f} s, connector {seconds:.2f} s ({ratios[-1]:.2f})", file=sys.stderr, flush=True)  # fmt: skip
            shutil.rmtree(workdir)
        return {"rest_ratio": statistics.median(ratios), "rest_rows_per_second": statistics.median(speeds)}
    finally:
        server.terminate()
        server.wait()
        os.environ.pop("AIRFLOW_CONN_BENCH_REST", None)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)))
