"""Secrets of one data root, made on first use: ``python -m warehouse.upkeep.keys jwt`` prints one (airflow.cfg calls it)."""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

from connectors import settings
from connectors.errors import TerminalError

# What Airflow needs: a Fernet key is 32 bytes in URL-safe base64; the other two may be any long text.
NAMES = ("fernet", "api", "jwt")


def folder() -> Path:
    """``secrets/`` below the data root, readable by its owner only."""
    path = settings.home() / "secrets"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def secret(name: str) -> str:
    """The secret ``name`` of this data root; raises TerminalError for an unknown name.

    Four components ask at the same moment on the first start: a whole file is written aside and linked into place, and
    whoever comes second reads the first one's.
    """
    if name not in NAMES:
        raise TerminalError(f"unknown secret {name}; known: {', '.join(NAMES)}")
    path = folder() / f"airflow_{name}"
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(32)))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii")


def main() -> int:
    """Print one secret without a line end."""
    try:
        sys.stdout.write(secret(sys.argv[1] if len(sys.argv) == 2 else ""))
    except (TerminalError, OSError) as error:
        print(f"fupin: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
