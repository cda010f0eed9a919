"""A small client of the running Airflow's own REST API, for the launcher, the demonstration and tests."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import requests

from connectors import settings
from connectors.errors import TerminalError, TransientError
from warehouse.upkeep.environment import airflow_folder, configured

_SECONDS = 15
# A change waits for SQLite's one writer (sql_alchemy_conn in airflow.cfg says how long) and may be answered 500 when it waited
# in vain: nothing was written then, and it is safe to ask again. After no answer at all it would not be.
_CHANGE_SECONDS = 60
_TRIES = 5


def state_path() -> Path:
    """The file in which a running launcher says where it is: ``run/up.json`` below the data root."""
    return settings.home() / "run" / "up.json"


def passwords_path() -> Path:
    """The file with the generated passwords of Airflow's local users."""
    default = str(airflow_folder() / "passwords.json")
    path = configured("core", "simple_auth_manager_passwords_file", default)
    return Path(default if path.startswith("$AIRFLOW_HOME/var") else path)


def local_users() -> list[str]:
    """The names of the local users; the first one is an administrator unless a site says otherwise."""
    declared = configured("core", "simple_auth_manager_users", "admin:admin")
    return [name for user in declared.split(",") if (name := user.split(":")[0].strip())]


def first_user() -> str:
    """The name of the first local user."""
    return local_users()[0]


class AirflowApi:
    """Requests to one API server; logs in as the first local user when a route wants it.

    Raises TransientError when the server does not answer (yet) and TerminalError when it refuses.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        # The environment's proxies and .netrc are none of a loopback connection's business.
        self._session.trust_env = False

    def health(self) -> dict[str, str]:
        """Component → ``healthy`` | ``unhealthy`` | ``unknown``."""
        answer = self._send("GET", "/api/v2/monitor/health").json()
        return {name: str((part or {}).get("status") or "unknown") for name, part in answer.items()}

    def warm(self) -> None:
        """Make the server build the part that tasks talk to: the first request to it takes four to ten seconds."""
        self._send("GET", "/execution/health", timeout=60)

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """The JSON answer of ``GET /api/v2<path>``."""
        if "Authorization" not in self._session.headers:
            self._log_in()
        return self._send("GET", f"/api/v2{path}", params=parameters).json()

    def all(self, path: str, field: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every entry of a list route, read page by page."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.get(path, limit=100, offset=len(found), **parameters)
            found += answer[field]
            if not answer[field] or len(found) >= answer["total_entries"]:
                return found

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The JSON answer of ``POST /api/v2<path>``, asked again when the server's database was busy."""
        return self._change("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The JSON answer of ``PATCH /api/v2<path>``, asked again when the server's database was busy."""
        return self._change("PATCH", path, body)

    def authorization(self) -> str:
        """The header with which a logged-in request goes out."""
        if "Authorization" not in self._session.headers:
            self._log_in()
        return str(self._session.headers["Authorization"])

    def _change(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if "Authorization" not in self._session.headers:
            self._log_in()
        return self._send(method, f"/api/v2{path}", _TRIES, json=body, timeout=_CHANGE_SECONDS).json()

    def _log_in(self) -> None:
        user = first_user()
        try:
            password = json.loads(passwords_path().read_text(encoding="utf-8"))[user]
        except (OSError, ValueError, KeyError):
            raise TerminalError(f"no password of Airflow's user {user} in {passwords_path()}") from None
        answer = self._send("POST", "/auth/token", json={"username": user, "password": password})
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _send(self, method: str, path: str, tries: int = 1, **arguments: Any) -> requests.Response:
        for left in reversed(range(tries)):
            try:
                answer = self._session.request(method, self.url + path, **{"timeout": _SECONDS, **arguments})
            except requests.RequestException as error:
                raise TransientError(f"Airflow's API does not answer at {self.url} ({type(error).__name__})") from None
            if answer.status_code < 500 or not left:
                break
            time.sleep(1)
        if answer.status_code >= 500:
            raise TransientError(f"Airflow's API answered {answer.status_code} to {method} {path}")
        if answer.status_code >= 400:
            raise TerminalError(f"Airflow's API answered {answer.status_code} to {method} {path}")
        return answer
