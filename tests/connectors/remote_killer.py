"""Take two files out of a ``file://`` inbox and die by SIGKILL at the n-th call that touches the disk, for every n.

``python -m tests.connectors.remote_killer`` prints one JSON line per run: the call, and what a second, undisturbed run ends with.
The last run is the one that was not killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path

# Between two of these nothing changes but the content of a file that is being written: «after n» is «before n + 1».
WATCHED = ("mkdir", "fsync", "rename", "replace", "remove", "unlink", "rmdir")


def take(root: Path) -> None:
    from connectors import drop, remote
    from connectors.places import Place

    incoming = root / "landing" / ".incoming"
    remote.recover("minzheng", incoming)
    drop.pending(incoming, "minzheng")
    with remote.opened(Place("test", f"file://{root}/in"), "minzheng", incoming) as box:
        list(box.claims(0))


def child(root: Path, at: int) -> int:
    """Process id of a taker that dies at its ``at``-th call (0: never); the call's name is left in ``root/call``."""
    pid = os.fork()
    if pid:
        return pid
    count = 0

    def watch(frame: object, what: str, function: object) -> None:
        nonlocal count
        owner = getattr(getattr(function, "__self__", None), "__name__", "")
        if what != "c_call" or owner != "posix" or getattr(function, "__name__", "") not in WATCHED:
            return
        count += 1
        if count == at:
            sys.setprofile(None)
            (root / "call").write_text(getattr(function, "__name__", ""))
            os.kill(os.getpid(), signal.SIGKILL)

    if at:
        sys.setprofile(watch)
    code = 1
    try:
        take(root)
        code = 0
    finally:
        sys.setprofile(None)
        os._exit(code)


def wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> int:
    import fsspec.implementations.local  # noqa: F401  (before the forks: once is enough)

    from connectors import drop

    # What a killed process has written stays with the kernel: no disk is needed, and fsync costs nothing in memory.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as base:
        at = 0
        killed = True
        while killed:
            at += 1
            root = Path(base, str(at))
            (root / "in").mkdir(parents=True)
            for name in ("one", "two"):
                (root / "in" / f"{name}.csv").write_text(name)
            killed = wait(child(root, at)) == -signal.SIGKILL
            run = {"at": at, "killed": killed, "call": (root / "call").read_text() if killed else ""}
            run["again"] = wait(child(root, 0))
            taken = drop.pending(root / "landing" / ".incoming", "minzheng")
            run["taken"] = sorted(claim.path.read_text() for claim in taken)
            run["left"] = sorted(path.name for path in (root / "in").iterdir())
            print(json.dumps(run))
    return 0


if __name__ == "__main__":
    sys.exit(main())
