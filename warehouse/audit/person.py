"""Who it is that works: the account of the operating system, which nobody can choose for himself."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

# What the kernel says of a process that no log-in began.
_UNSET = 2**32 - 1


def person() -> str:
    """The account that logged in, which the kernel keeps through ``sudo`` and ``su``; where none did (a service), the process's own.

    Environment variables such as USER are not asked: anybody may set them.
    """
    try:
        number = int(Path("/proc/self/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        number = _UNSET
    if number == _UNSET:
        number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
