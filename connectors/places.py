"""Inboxes and outboxes that lie elsewhere: which setting names one, how it is opened, and what its errors mean.

``[fupin] inbox_<department>`` and ``outbox_<department>`` hold an fsspec URL; ``?connection=`` names the Airflow connection with the
credentials. No URL, host, login or answer of a server ever stands in an error: only the setting's name and the class of the failure.
"""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors import connections, settings
from connectors.connections import Connection
from connectors.errors import FupinError, TerminalError, TransientError

SFTP = ("sftp", "ssh")
S3 = ("s3", "s3a")
# What is put into an object store is there whole or not at all; it knows neither folders nor renaming.
OBJECT_STORES = (*S3, "gs", "gcs", "az", "abfs", "adl", "oci", "oss")
CONNECT_SECONDS = 30
SILENCE_SECONDS = 60
# By class name: the libraries that define them may not be installed.
REFUSED = {
    "PermissionDenied": "access denied",
    "SFTPPermissionDenied": "access denied",
    "NoCredentialsError": "no credentials",
    "PartialCredentialsError": "no credentials",
    "HostKeyNotVerifiable": "the server's host key is not the declared one",
    "KeyImportError": "a key of the connection cannot be read",
    "KeyEncryptionError": "a key of the connection cannot be read",
    "SFTPNoSuchFile": "not found",
    "SFTPNoSuchPath": "not found",
    "ParamValidationError": "not a valid address",
    "InvalidRegionError": "not a valid address",
}


@dataclass(frozen=True)
class Place:
    """``setting`` names it in messages; ``url`` without query; ``keep``: nothing there may be removed."""

    setting: str
    url: str
    connection: str | None = None
    keep: bool = False

    @property
    def protocol(self) -> str:
        return urlsplit(self.url).scheme

    @property
    def is_object_store(self) -> bool:
        return self.protocol in OBJECT_STORES


def inbox(department: str) -> Place | None:
    """Where the department's files lie besides ``ingest/<department>/``; None if nowhere. Raises TerminalError for a wrong setting."""
    return _place(f"inbox_{department}", ("connection", "after"))


def outbox(department: str) -> Place | None:
    """Where the department's receipts go besides ``outbox/<department>/``; None if nowhere. Raises TerminalError for a wrong setting."""
    return _place(f"outbox_{department}", ("connection",))


def _place(key: str, known: tuple[str, ...]) -> Place | None:
    text = (settings.get(key) or "").strip()
    if not text:
        return None
    setting = f"[fupin] {key}"
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  (read to be checked)
    except ValueError:
        raise TerminalError(f"{setting} is not a URL") from None
    if not parts.scheme or "::" in text or "://" not in text:
        raise TerminalError(f"{setting} must be a URL such as sftp://host/path or s3://bucket/prefix")
    if "@" in parts.netloc:
        raise TerminalError(f"{setting} must not hold a login or password: name an Airflow connection, ?connection=…")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(set(options) - set(known)):
        raise TerminalError(f"{setting}: unknown option {', '.join(unknown)}; there are: {', '.join(known)}")
    after = options.get("after", "remove")
    if after not in ("remove", "keep"):
        raise TerminalError(f"{setting}: after must be remove or keep")
    return Place(setting, text.partition("?")[0].rstrip("/"), options.get("connection") or None, after == "keep")


@contextmanager
def explained(place: Place) -> Iterator[None]:
    """Whatever a file system raises in the block becomes one safe line: TerminalError for what an engineer must mend (credentials,
    host key, a missing host, folder or package), else TransientError."""
    try:
        yield
    except FupinError:
        raise
    except Exception as error:
        raise _explain(error, place.setting) from None


def _explain(error: Exception, setting: str) -> FupinError:
    name = type(error).__name__
    if isinstance(error, ImportError):
        return TerminalError(
            f"{setting}: the package for this kind of URL is not installed ({error.name or 'unknown'})"
        )
    if isinstance(error, PermissionError):
        return TerminalError(f"{setting}: access denied")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return TerminalError(f"{setting}: not found")
    if isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN:
        return TerminalError(f"{setting}: there is no such host")
    # asyncssh derives its classes from each other: a subclass means what its base means.
    known = next((REFUSED[base.__name__] for base in type(error).__mro__ if base.__name__ in REFUSED), None)
    if known:
        return TerminalError(f"{setting}: {known}")
    if isinstance(error, ValueError | TypeError | AttributeError | NotImplementedError):
        return TerminalError(f"{setting}: {name}")
    return TransientError(f"{setting}: {name}")


@contextmanager
def opened(place: Place) -> Iterator[tuple[Any, str]]:
    """An fsspec file system and the path of the place in it, closed afterwards; what opening raises is explained, the block is not."""
    with explained(place):
        connection = connections.get(place.connection) if place.connection else None
        fs, path = _sftp(place, connection) if place.protocol in SFTP else _other(place, connection)
    try:
        yield fs, path
    finally:
        if place.protocol in SFTP:
            fs.loop.call_soon_threadsafe(fs.client.close)


def _need(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise TerminalError(f"the package {module} is not installed; it comes with fupin[remote]") from None


def _sftp(place: Place, connection: Connection | None) -> tuple[Any, str]:
    # Not fsspec's own SFTP: it accepts any host key (AutoAddPolicy). Nor sshfs' default, which checks none.
    sshfs, asyncssh = _need("sshfs"), _need("asyncssh")
    # On INFO it logs file names.
    asyncssh.set_log_level("WARNING")
    parts = urlsplit(place.url)
    if connection is None:
        raise TerminalError(f"{place.setting}: an SFTP server needs ?connection=… with login and host key")
    host = parts.hostname or connection.host
    if not connection.login:
        raise TerminalError(f"{place.setting}: connection {connection.conn_id} has no login")
    if not host:
        raise TerminalError(f"{place.setting}: no host, neither in the URL nor in connection {connection.conn_id}")
    port = parts.port or (connection.port if not parts.hostname or parts.hostname == connection.host else None) or 22
    options: dict[str, Any] = {
        "port": port,
        "username": connection.login,
        "password": connection.password or None,
        "known_hosts": _known_hosts(place, connection, asyncssh),
        "client_keys": _client_keys(connection, asyncssh),
        # Nothing of the account that runs the platform: what is not in the connection does not count.
        "config": None,
        "agent_path": None,
        "connect_timeout": CONNECT_SECONDS,
        "login_timeout": CONNECT_SECONDS,
        "keepalive_interval": SILENCE_SECONDS / 4,
        "keepalive_count_max": 3,
    }
    # Older Windows servers send names in GB18030: they come through as the bytes they are.
    names = {"path_encoding": "utf-8", "path_errors": "surrogateescape"}
    fs = sshfs.SSHFileSystem(host, sftp_client_kwargs=names, skip_instance_cache=True, **options)
    return fs, parts.path or "/"


def _known_hosts(place: Place, connection: Connection, asyncssh: Any) -> Any:
    """The keys that the server may show: ``host_key`` of the connection, or a known_hosts file. Never «any»."""
    key = str(connection.extra.get("host_key") or "").strip()
    if key:
        # Airflow's own SSH connections also know the bare base64 of an RSA key.
        text = key if " " in key else f"ssh-rsa {key}"
        return [asyncssh.import_public_key(text)], [], []
    path = Path(os.path.expanduser(str(connection.extra.get("known_hosts") or "~/.ssh/known_hosts")))
    if not path.is_file():
        raise TerminalError(
            f"{place.setting}: connection {connection.conn_id} must pin the server's key: host_key or known_hosts in its extra"
        )
    return str(path)


def _client_keys(connection: Connection, asyncssh: Any) -> list[Any] | None:
    extra = connection.extra
    phrase = extra.get("private_key_passphrase") or None
    if extra.get("private_key"):
        return [asyncssh.import_private_key(str(extra["private_key"]), phrase)]
    if extra.get("key_file"):
        path = Path(os.path.expanduser(str(extra["key_file"])))
        if not path.is_file():
            raise TerminalError(f"the key_file of connection {connection.conn_id} does not exist")
        return [asyncssh.read_private_key(str(path), phrase)]
    return None


def _other(place: Place, connection: Connection | None) -> tuple[Any, str]:
    if place.protocol in S3:
        cls = _need("s3fs").S3FileSystem
        options = _s3_options(connection)
    else:
        cls = _need("fsspec").get_filesystem_class(place.protocol)
        options = dict(cls._get_kwargs_from_urls(place.url))
        if connection is not None:
            login = {"username": connection.login, "password": connection.password}
            options |= connection.extra | {key: value for key, value in login.items() if value}
    fs = cls(**options, skip_instance_cache=True, use_listings_cache=False)
    return fs, str(cls._strip_protocol(place.url))


def _s3_options(connection: Connection | None) -> dict[str, Any]:
    """Without a connection the machine's own role counts (boto's usual chain)."""
    # s3fs tries again by itself; boto's own attempts would multiply with that.
    patience = {"connect_timeout": CONNECT_SECONDS, "read_timeout": SILENCE_SECONDS, "retries": {"max_attempts": 0}}
    options: dict[str, Any] = {"config_kwargs": patience}
    if connection is not None:
        extra = connection.extra
        wanted = {
            "key": connection.login,
            "secret": connection.password,
            "token": extra.get("aws_session_token"),
            "endpoint_url": extra.get("endpoint_url"),
        }
        options |= {key: value for key, value in wanted.items() if value}
        if extra.get("region_name"):
            options["client_kwargs"] = {"region_name": extra["region_name"]}
    return options
