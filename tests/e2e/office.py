"""A department whose system a site pulls: its server, and the site's declaration and settings for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import databases
from tests.connectors.test_rest_support import SECRET, Asked, Reply, serve

SOURCE = """connection = "office"
path = "/loans"
records = "list"
as_of_param = "day"
[source.auth]
kind = "api_key"
header = "X-Key"
"""


class Office:
    """The department's server: what it was asked for, and whether it answers at the moment."""

    def __init__(self) -> None:
        self.days: list[str | None] = []
        self.answers = threading.Event()
        self.answers.set()

    def play(self, asked: Asked, _: int) -> Reply:
        self.answers.wait(60)
        if asked.headers.get("X-Key") != SECRET:
            return Reply(status=401)
        day = asked.params.get("day")
        self.days.append(day)
        loan = {
            "id": "L1",
            "sfzh": databases.citizen_id(7),
            "xm": "某甲",
            "je": 100,
            "ffrq": "2019-01-02",
            "bz": day or "今日",
        }
        return Reply({"list": [loan]})


@contextmanager
def settings_of(office: Office, feeds: Path) -> Iterator[dict[str, str]]:
    """The server runs; what a site sets to pull ``port_loan`` from it, declared in the folder ``feeds``."""
    declared = databases.declaration("port_loan", SOURCE, "snapshot").replace('kind = "database"', 'kind = "rest"')
    # Its own clock rings once a year: the runs of these tests are those that they ask for.
    declared = declared.replace('mode = "snapshot"', 'mode = "snapshot"\nschedule = "0 4 1 1 *"')
    feeds.mkdir()
    (feeds / "port_loan.toml").write_text(declared, encoding="utf-8")
    with serve(office.play) as site:
        yield {
            "AIRFLOW__FUPIN__FEEDS": str(feeds),
            # Not so short that every run of the start would be told of.
            "AIRFLOW__FUPIN__RUN_DEADLINE_MINUTES": "0.2",
            "AIRFLOW_CONN_OFFICE": json.dumps({"conn_type": "http", "host": site.url, "password": SECRET}),
        }
