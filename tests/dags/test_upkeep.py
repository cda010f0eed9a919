"""The launcher's parts that need no running Airflow: secrets, ports, the environment of the components."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from connectors.errors import TerminalError, TransientError
from connectors.settings import ROOT
from warehouse.upkeep import keys
from warehouse.upkeep.api import AirflowApi, passwords_path
from warehouse.upkeep.environment import airflow_environment
from warehouse.upkeep.ports import reserved_port


def test_secrets_are_made_once_and_for_the_owner_only(data_root: Path) -> None:
    command = [sys.executable, "-m", "warehouse.upkeep.keys", "jwt"]

    def ask() -> str:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(4) as pool:  # as four components do on the first start
        answers = {pool.submit(ask).result() for _ in range(4)}
    assert len(answers) == 1 and answers == {keys.airflow_secret("jwt")} and len(answers.pop()) >= 32
    files = list((data_root / "secrets").iterdir())
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600]
    assert stat.S_IMODE((data_root / "secrets").stat().st_mode) == 0o700


def test_the_fernet_key_is_one(data_root: Path) -> None:
    from cryptography.fernet import Fernet

    key = keys.airflow_secret("fernet")
    assert Fernet(key).decrypt(Fernet(key).encrypt(b"x")) == b"x"


def test_an_unknown_secret_is_refused_in_one_line(data_root: Path) -> None:
    with pytest.raises(TerminalError, match="unknown secret 'root'"):
        keys.airflow_secret("root")
    done = subprocess.run(
        [sys.executable, "-m", "warehouse.upkeep.keys", "root"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with reserved_port(port) as found:
            assert port < found < port + 100


def test_two_launchers_never_choose_the_same_port() -> None:
    with reserved_port(21080) as one, reserved_port(21080) as two, reserved_port(21080) as three:
        assert len({one, two, three}) == 3
    with reserved_port(21080) as again:
        assert again == one


def test_everything_of_airflow_follows_the_data_root(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__LOGGING__BASE_LOG_FOLDER"):
        monkeypatch.delenv(name)
    environment = airflow_environment(21080)
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == f"sqlite:///{data_root}/airflow/airflow.db?timeout=30"
    assert environment["AIRFLOW__LOGGING__BASE_LOG_FOLDER"] == f"{data_root}/airflow/logs"
    assert environment["AIRFLOW_HOME"] == str(ROOT)
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:21080/execution/"
    assert not any(str(ROOT / "var") in value for name, value in environment.items() if name.startswith("AIRFLOW__"))


def test_a_site_s_own_database_stays(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql+psycopg2:///airflow")
    assert airflow_environment()["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == "postgresql+psycopg2:///airflow"


class BusyServer(BaseHTTPRequestHandler):
    """An API server whose database is locked for the first ``busy`` changes."""

    busy = 0
    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        status = 500 if self.path != "/auth/token" and len(self.asked) <= 1 + self.busy else 200
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b'{"access_token": "t", "dag_run_id": "r"}')

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def busy_server(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AirflowApi]:
    monkeypatch.delenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE")
    monkeypatch.setattr(BusyServer, "asked", [])
    passwords_path().parent.mkdir()
    passwords_path().write_text('{"admin": "secret"}', encoding="utf-8")
    with HTTPServer(("127.0.0.1", 0), BusyServer) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield AirflowApi(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_a_change_is_asked_for_again_while_the_server_is_busy(
    busy_server: AirflowApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BusyServer, "busy", 1)
    assert busy_server.post("/dags/d/dagRuns", {})["dag_run_id"] == "r"
    assert BusyServer.asked == ["/auth/token", *["/api/v2/dags/d/dagRuns"] * 2]


def test_a_server_that_stays_busy_is_told(busy_server: AirflowApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BusyServer, "busy", 99)
    with pytest.raises(TransientError, match="answered 500 to POST"):
        busy_server.post("/dags/d/dagRuns", {})
    assert len(BusyServer.asked) == 6


def test_the_lock_file_records_no_address_and_every_hash() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text and "index-url" not in text and "file:" not in text
    packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert all("==" in line and line.endswith("\\") for line in packages) and len(packages) > 100
    assert text.count("--hash=sha256:") >= len(packages)
