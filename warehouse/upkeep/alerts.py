"""Alerts: one safe line for the engineer, kept in ``run/alerts.jsonl`` and, where a site names a connection, posted to a webhook.

``[fupin] alert_connection`` is the id of an Airflow HTTP connection; its host (and schema) is the address, its password a bearer
token. An alert that cannot be posted is still in the file, and never fails the task that raised it.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from connectors import connections, settings
from connectors.errors import FupinError
from warehouse.batch import utc_now

log = logging.getLogger("fupin")

POST_SECONDS = 10


def tell(subject: str, line: str, home: Path | None = None) -> None:
    """Write and post the alert ``line`` about ``subject`` (a feed, a batch); neither may hold a value of a row."""
    alert = {"at": utc_now(), "subject": subject, "line": line}
    path = (home or settings.home()) / "run" / "alerts.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(path, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as handle:
        handle.write(json.dumps(alert, ensure_ascii=False) + "\n")
    log.warning("alert: %s: %s", subject, line)
    if conn_id := settings.get("alert_connection", ""):
        _post(conn_id, alert)


def _post(conn_id: str, alert: dict[str, Any]) -> None:
    import requests

    try:
        target = connections.get(conn_id)
        scheme = target.schema or "https"
        port = f":{target.port}" if target.port else ""
        address = target.host if "://" in target.host else f"{scheme}://{target.host}{port}"
        headers = {"Authorization": f"Bearer {target.password}"} if target.password else {}
        answer = requests.post(address, json=alert, headers=headers, timeout=POST_SECONDS, allow_redirects=False)
        if answer.status_code >= 300:
            log.warning("alert not posted: %s answered %s", conn_id, answer.status_code)
    except (requests.RequestException, FupinError) as error:
        # The class only: the message would show the address.
        log.warning("alert not posted through %s: %s", conn_id, type(error).__name__)


def run_is_late(feed: str, minutes: int, context: dict[str, Any] | None = None) -> None:
    """Airflow's deadline callback: a run of ``feed`` has not ended ``minutes`` after it was queued."""
    tell(feed, f"a run has not ended after {minutes} minutes")
