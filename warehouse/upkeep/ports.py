"""A port for the API server that no other launcher on this machine takes at the same moment."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.errors import TransientError

_TRIES = 100


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server itself will do: a port in TIME_WAIT after the last stop counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def reserved_port(first: int) -> Iterator[int]:
    """The first free port from ``first`` upwards, ours until the block ends.

    The API server binds it some ten seconds later. Until then an abstract Unix socket of the port's name keeps other
    launchers away: the kernel drops it with the process, so nothing stale can remain. Raises TransientError when a
    hundred ports in a row are taken.
    """
    for port in range(first, min(first + _TRIES, 65536)):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mark:
            if sys.platform == "linux":
                try:
                    mark.bind(f"\0fupin-port-{port}")
                except OSError:
                    continue
            if _is_free(port):
                yield port
                return
    raise TransientError(f"no free port from {first} to {first + _TRIES}")
