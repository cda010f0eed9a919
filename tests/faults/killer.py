"""Run ``fupin sync`` and die by SIGKILL at the n-th call that touches disk or database.

``python -m tests.faults.killer N [before|after]``; N = 0 runs undisturbed and prints how many such calls there are, one name per line.
The calls are found by the interpreter's own profiling hook, so the platform needs no hook of its own and nothing is replaced.
"""

from __future__ import annotations

import os
import signal
import sys

WATCHED = {
    ("posix", "rename"), ("posix", "replace"), ("posix", "link"), ("posix", "fsync"), ("posix", "unlink"), ("posix", "symlink"),
    ("posix", "chmod"),
}  # fmt: skip
OURS = ("warehouse", "expectations", "connectors")


def main() -> int:
    at, when = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "before"
    wanted = "c_call" if when == "before" else "c_return"
    count = 0
    names: list[str] = []

    def watch(frame: object, event: str, function: object) -> None:
        nonlocal count
        if event != wanted:
            return
        name = getattr(function, "__name__", "")
        owner = getattr(function, "__self__", None)
        is_disk = (getattr(owner, "__name__", ""), name) in WATCHED
        # A bound method of DuckDB's connection names no owner; its caller does.
        is_database = name == "execute" and frame.f_globals.get("__name__", "").startswith(OURS)  # type: ignore[attr-defined]
        if not (is_disk or is_database):
            return
        count += 1
        module = frame.f_globals.get("__name__", "")  # type: ignore[attr-defined]
        names.append(f"{module}.{frame.f_code.co_name} {name}")  # type: ignore[attr-defined]
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    from warehouse.cli.main import main as fupin

    sys.setprofile(watch)
    code = fupin(["sync"])
    sys.setprofile(None)
    print("\n".join(names))
    return code


if __name__ == "__main__":
    sys.exit(main())
