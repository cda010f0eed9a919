"""A real SFTP server on 127.0.0.1 for one test, which can also misbehave."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncssh

LOGIN, PASSWORD = "minzheng", "geheim-口令-7"


def nothing(*_: Any) -> None:
    """A hook that does nothing."""


class SftpServer:
    """Serves ``root`` as «/»; ``listed``, ``read`` and ``written`` (bytes so far) and ``removed`` are called before those moments, in its thread.

    A hook that returns ``"cut"`` breaks the connection. ``names``: names that every listing shows besides the real ones.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.listed: Callable[[], object] = nothing
        self.read: Callable[[int], object] = nothing
        self.written: Callable[[int], object] = nothing
        self.removed: Callable[[str], object] = nothing
        self.names: list[bytes] = []
        self.opened = 0
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._connections: list[asyncssh.SSHServerConnection] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> SftpServer:
        self._thread.start()
        self._acceptor = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(20)
        self.port = self._acceptor.get_port()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    @property
    def host_key(self) -> str:
        return self._key.export_public_key().decode().strip()

    def url(self, folder: str = "in") -> str:
        return f"sftp://127.0.0.1:{self.port}/{folder}"

    def connection(self, **changes: Any) -> str:
        """An Airflow connection as JSON, as AIRFLOW_CONN_… holds it."""
        plain = {"conn_type": "sftp", "login": LOGIN, "password": PASSWORD, "extra": {"host_key": self.host_key}}
        return json.dumps(plain | changes)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        server = self

        class Login(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                server._connections.append(conn)

            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == (LOGIN, PASSWORD)

        class Files(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(server.root).encode())
                self._sent = 0

            def _after(self, told: object) -> None:
                if told == "cut":
                    self.channel.get_connection().abort()

            async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
                self._after(server.listed())
                async for name in super().scandir(path):
                    yield name
                for more in server.names:
                    yield asyncssh.SFTPName(
                        more, attrs=asyncssh.SFTPAttrs(permissions=0o100644, size=3, mtime=1, atime=1)
                    )

            def open(self, *args: Any) -> Any:
                server.opened += 1
                return super().open(*args)

            def read(self, file_obj: Any, offset: int, size: int) -> Any:
                data = super().read(file_obj, offset, size)
                self._sent += len(data)  # type: ignore[arg-type]
                self._after(server.read(self._sent))
                return data

            def remove(self, path: bytes) -> Any:
                told = server.removed(path.decode("utf-8", "replace"))
                self._after(told)
                if told == "cut":
                    raise asyncssh.SFTPFailure("cut before anything was removed")
                return super().remove(path)

            def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
                self._after(server.written(offset + len(data)))
                return super().write(file_obj, offset, data)

        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Login, server_host_keys=[self._key], sftp_factory=Files, config=None
        )

    async def _stop(self) -> None:
        self._acceptor.close()
        for connection in self._connections:
            connection.abort()
            await connection.wait_closed()
        await self._acceptor.wait_closed()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
