"""Folders for a while: many are made side by side, and what a killed process left is gone with the next one."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from warehouse.scratch import UNLOCKED_SECONDS, temporary

AT_ONCE, EACH = 8, 150


def test_many_at_once_neither_fail_nor_take_each_other_s(tmp_path: Path) -> None:
    def work(number: int) -> int:
        for _ in range(EACH):
            with temporary(tmp_path) as folder:
                (folder / "mine").write_text(str(number), encoding="ascii")
                assert (folder / "mine").read_text(encoding="ascii") == str(number)
        return number

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(work, range(AT_ONCE))) == list(range(AT_ONCE))
    with temporary(tmp_path) as last:
        assert [path for path in tmp_path.iterdir() if not path.name.startswith(".")] == [last]


def test_what_nobody_holds_is_removed(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / ".lock").touch()
    for name, age in ((".young", 0.0), (".old", UNLOCKED_SECONDS + 1)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    with temporary(tmp_path) as mine:
        # One without a lock may be about to get it.
        assert {path.name for path in tmp_path.iterdir()} == {mine.name, ".young"}
