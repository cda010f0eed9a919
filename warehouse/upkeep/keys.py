"""Airflow's secrets of one data root: airflow.cfg reads them with ``python -m warehouse.upkeep.keys jwt``.

Without one secret shared by all components each would invent its own, and every task would fail with a bad signature.
"""

from __future__ import annotations

import base64
import hashlib
import sys

from connectors import settings
from connectors.errors import FupinError, TerminalError
from warehouse.keys import secret

NAMES = ("fernet", "api", "jwt")


def airflow_secret(name: str) -> str:
    """The secret ``name`` of this data root, made on first use; raises TerminalError for an unknown name."""
    if name not in NAMES:
        raise TerminalError(f"unknown secret {name!r}; known: {', '.join(NAMES)}")
    text = secret(f"airflow_{name}", settings.home())
    if name == "fernet":  # 32 bytes in URL-safe base64, whatever the text is
        return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return text


def main() -> int:
    """Print one secret without a line end; returns the exit code."""
    try:
        sys.stdout.write(airflow_secret(sys.argv[1] if len(sys.argv) == 2 else ""))
    except FupinError as error:
        print(f"fupin: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"fupin: {error.strerror}: {error.filename}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
