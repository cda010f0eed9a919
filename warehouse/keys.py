"""Secrets of a data root: the keys of data at rest, the identity key, the publication key, the keys of log and exports.

Each comes from the environment (``AIRFLOW__FUPIN__<NAME>``), from a command (``AIRFLOW__FUPIN__<NAME>_CMD``), from Airflow's secrets backend
(``AIRFLOW__FUPIN__<NAME>_SECRET`` names it there, as Airflow has it for its own settings) or from a file under ``secrets/`` that is
generated once per data root with mode 0600.

A key of data at rest may be a ring: one key a line, the present one first, behind it those under which something may still be written. Which
one it was, a file says itself, by the key's id.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shlex
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from connectors import disk, settings
from connectors.errors import TerminalError

if TYPE_CHECKING:
    # The pages of Airflow read keys, and have no use for a database.
    import duckdb

LANDING, WAREHOUSE = "landing_key", "warehouse_key"


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


def given(name: str) -> str | None:
    """The secret ``name`` as the site gives it, None where it leaves it to the data root.

    Raises TerminalError when the command or the backend has none: a silently generated key would make a second, unreadable warehouse.
    """
    if text := settings.get(name):
        return text
    if command := settings.get(f"{name}_cmd"):
        return _from_command(name, command)
    if wanted := settings.get(f"{name}_secret"):
        return _from_backend(name, wanted)
    return None


# Every file that is read asks; a process asks them once.
@cache
def _from_command(name: str, command: str) -> str:
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, timeout=30, check=False)
    if done.returncode or not done.stdout.strip():
        raise TerminalError(f"the command in [fupin] {name}_cmd gave no key (exit {done.returncode})")
    return done.stdout.strip()


@cache
def _from_backend(name: str, wanted: str) -> str:
    # Two seconds: only for those who have a backend.
    from airflow.configuration import get_custom_secret_backend

    try:
        backend = get_custom_secret_backend()
        found = backend.get_config(wanted) if backend is not None else None
    except Exception as error:
        # A backend's own message may hold its credentials.
        raise TerminalError(f"the secrets backend cannot be asked for [fupin] {name}: {type(error).__name__}") from None
    if not found or not found.strip():
        raise TerminalError(f"the secrets backend of airflow.cfg has no key as [fupin] {name}_secret names it")
    return str(found).strip()


def path(name: str, home: Path) -> Path:
    return home / "secrets" / name


def secret(name: str, home: Path) -> str:
    """The secret ``name`` (``warehouse_key``, ``landing_key``, ``identity_key``, ``publication_key`` …) as text. Raises like :func:`given`."""
    return given(name) or create_once(path(name, home), lambda: secrets.token_hex(32))


def key_id(key: str) -> str:
    """Eight hexadecimal digits that tell a key from others and say nothing of it."""
    return hashlib.sha256(f"key\0{key}".encode()).hexdigest()[:8]


def ring(name: str, home: Path) -> dict[str, str]:
    """The keys of data at rest by their ids, the present one first."""
    return {key_id(key): key for key in secret(name, home).splitlines() if key}


def present(name: str, home: Path) -> str:
    """The id of the key under which is written now."""
    return next(iter(ring(name, home)))


def renew(name: str, home: Path) -> list[str]:
    """Put a new key before the present one, unless there is one already that an earlier call did not finish with; returns the ids of the others.

    Raises TerminalError where the site gives the key, and has not put a new one before it.
    """
    known = ring(name, home)
    if len(known) == 1:
        if given(name) is not None:
            raise TerminalError(
                f"[fupin] {name} is given from outside: give a new key on its first line and the present one on the second, then rotate again"
            )
        _replace(path(name, home), [secrets.token_hex(32), *known.values()])
        return list(known)
    return list(known)[1:]


def retire(name: str, home: Path) -> bool:
    """Forget all keys but the present one; False where that is for the site to do."""
    if given(name) is not None:
        return False
    _replace(path(name, home), [next(iter(ring(name, home).values()))])
    return True


def _replace(target: Path, lines: list[str]) -> None:
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)
    create_once(fresh, lambda: "\n".join(lines))
    os.replace(fresh, target)
    disk.sync(target.parent)


def unlock(con: duckdb.DuckDBPyConnection, home: Path) -> None:
    """Give ``con`` the keys of landing's Parquet files, each under its id."""
    for name, key in ring(LANDING, home).items():
        derived = hashlib.sha256(f"parquet\0{key}".encode()).digest()
        con.execute(f"PRAGMA add_parquet_key('{name}', '{base64.b64encode(derived).decode()}')")
