"""Late feeds are told once, again each week, and no longer when data come; alerts reach a webhook and never fail a task."""

from __future__ import annotations

import datetime as dt
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from connectors.feed import load_feeds
from connectors.settings import ROOT
from warehouse import sources
from warehouse.upkeep import alerts, lateness

FEEDS = load_feeds([ROOT / "connectors" / "feeds"])
DAY = dt.date(2019, 9, 1)


def merged(home, feed, as_of):
    (home / "landing" / feed).mkdir(parents=True, exist_ok=True)
    sources.remember(home, {"feed": feed, "as_of": as_of, "rows_read": 1})


def told(home):
    path = home / "run" / "alerts.jsonl"
    return [json.loads(line)["subject"] for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def test_a_feed_is_late_the_day_after_its_promise(tmp_path):
    promised = FEEDS["bank_loan"].freshness_days
    merged(tmp_path, "bank_loan", str(DAY))
    assert lateness.late_feeds(tmp_path, FEEDS, DAY + dt.timedelta(days=promised)) == []
    (late,) = lateness.late_feeds(tmp_path, FEEDS, DAY + dt.timedelta(days=promised + 1))
    assert late == lateness.Late("bank_loan", DAY, 1)


def test_it_is_told_once_then_weekly_until_data_come(tmp_path):
    start = DAY + dt.timedelta(days=FEEDS["bank_loan"].freshness_days + 1)
    merged(tmp_path, "bank_loan", str(DAY))
    for days, expected in ((0, 1), (1, 1), (6, 1), (7, 2), (8, 2), (14, 3)):
        lateness.tell(tmp_path, FEEDS, start + dt.timedelta(days=days))
        assert told(tmp_path) == ["bank_loan"] * expected, days
    merged(tmp_path, "bank_loan", str(start))
    assert lateness.tell(tmp_path, FEEDS, start + dt.timedelta(days=15)) == []
    assert (tmp_path / "run" / "alerts.jsonl").stat().st_mode & 0o077 == 0


def test_a_feed_that_never_came_is_not_told(tmp_path):
    assert lateness.tell(tmp_path, FEEDS, DAY) == [] and told(tmp_path) == []


@pytest.fixture
def webhook():
    received: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.headers["Authorization"], json.loads(body)))
            self.send_response(204 if self.path == "/" else 500)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, received
    server.shutdown()
    server.server_close()


def test_an_alert_is_posted_with_the_connection_s_token(tmp_path, monkeypatch, webhook):
    port, received = webhook
    monkeypatch.setenv("AIRFLOW__FUPIN__ALERT_CONNECTION", "office")
    monkeypatch.setenv(
        "AIRFLOW_CONN_OFFICE",
        json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": port, "schema": "http", "password": "s3cret"}),
    )
    alerts.tell("bank_loan", "late", tmp_path)
    ((authorization, body),) = received
    assert authorization == "Bearer s3cret" and body["subject"] == "bank_loan" and body["line"] == "late"


def test_an_alert_that_cannot_be_posted_is_still_written(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("AIRFLOW__FUPIN__ALERT_CONNECTION", "office")
    monkeypatch.setenv(
        "AIRFLOW_CONN_OFFICE",
        json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": 9, "schema": "http", "password": "s3cret"}),
    )
    alerts.tell("bank_loan", "late", tmp_path)
    monkeypatch.setenv("AIRFLOW__FUPIN__ALERT_CONNECTION", "no_such_connection")
    alerts.tell("village", "late", tmp_path)
    assert told(tmp_path) == ["bank_loan", "village"]
    assert "not posted" in caplog.text and "s3cret" not in caplog.text and "127.0.0.1" not in caplog.text


def test_a_run_beyond_its_deadline_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__FUPIN__HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__FUPIN__ALERT_CONNECTION", "")
    alerts.run_is_late(feed="village", minutes=60, context={})
    assert told(tmp_path) == ["village"]
