"""Secrets of a data root: the warehouse's encryption key, the identity key and the publication key.

Each comes from the environment (``AIRFLOW__FUPIN__<NAME>``), from a command (``AIRFLOW__FUPIN__<NAME>_CMD``) or from a file under
``secrets/`` that is generated once per data root with mode 0600.
"""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from connectors import settings
from connectors.errors import TerminalError


def create_once(path: Path, content: Callable[[], str]) -> str:
    """The text of ``path``; made by ``content`` (mode 0600, durable) if there is none, by whichever process is first."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as handle:
            handle.write(content())
            handle.flush()
            os.fsync(handle.fileno())
        try:
            # link() fails if another process was first: one secret per data root, whoever wins.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii").strip()


def secret(name: str, home: Path) -> str:
    """The secret ``name`` (``warehouse_key``, ``identity_key``, ``publication_key``) as text.

    Raises TerminalError when the key command fails: a silently generated key would make a second, unreadable warehouse.
    """
    if given := settings.get(name):
        return given
    if command := settings.get(f"{name}_cmd"):
        done = subprocess.run(shlex.split(command), capture_output=True, text=True, timeout=30, check=False)
        if done.returncode or not done.stdout.strip():
            raise TerminalError(f"the command in [fupin] {name}_cmd gave no key (exit {done.returncode})")
        return done.stdout.strip()
    return create_once(home / "secrets" / name, lambda: secrets.token_hex(32))
