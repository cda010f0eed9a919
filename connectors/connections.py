"""Where a system is and how to get in: Airflow connections, from whichever secrets backend the site has configured.

Works in a task (through Airflow's supervisor) and on the command line (``AIRFLOW_CONN_<ID>``, configured backends). Nothing of a
connection but its id may be logged or raised.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from connectors.errors import TerminalError


@dataclass(frozen=True)
class Connection:
    """An Airflow connection as plain data; its ``repr`` shows no secret."""

    conn_id: str
    conn_type: str = ""
    host: str = ""
    port: int | None = None
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    schema: str = ""
    extra: dict[str, Any] = field(default_factory=dict, repr=False)


def get(conn_id: str) -> Connection:
    """The connection ``conn_id``. Raises TerminalError when no secrets backend knows it."""
    from airflow.sdk import Connection as AirflowConnection

    try:
        found = AirflowConnection.get(conn_id)
    except Exception as error:
        # The class only: a backend's message may hold its own address or token.
        reason = "is not defined" if "NotFound" in type(error).__name__ else f"cannot be read ({type(error).__name__})"
        raise TerminalError(f"Airflow connection {conn_id} {reason}") from None
    return Connection(
        conn_id=conn_id,
        conn_type=found.conn_type or "",
        host=found.host or "",
        port=found.port,
        login=found.login or "",
        password=found.password or "",
        schema=found.schema or "",
        extra=dict(found.extra_dejson or {}),
    )
