"""The doorbell: when it rings, when it keeps quiet, and that nothing in an inbox is ever forgotten."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from connectors.drop import is_unfinished
from connectors.watch import FIRST_REPEAT_SECONDS, LAST_REPEAT_SECONDS, Bell, InboxTrigger, look

POKE = 0.05


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "ingest" / "jiaoyu"
    folder.mkdir(parents=True)
    return folder


async def events(trigger: InboxTrigger, seconds: float) -> list[dict[str, Any]]:
    """Payloads of all events that the trigger fires within ``seconds``."""
    found: list[dict[str, Any]] = []

    async def listen() -> None:
        async for event in trigger.run():
            found.append(event.payload)

    task = asyncio.create_task(listen())
    await asyncio.sleep(seconds)
    task.cancel()
    return found


def rung(trigger: InboxTrigger, seconds: float = 0.5) -> list[dict[str, Any]]:
    return asyncio.run(events(trigger, seconds))


def test_a_whole_file_rings_once(inbox: Path) -> None:
    (inbox / "学籍.csv").write_text("a\n1\n")
    assert rung(InboxTrigger(folder=str(inbox), poke=POKE)) == [{"department": "jiaoyu", "files": 1}]


def test_twelve_files_in_one_moment_ring(inbox: Path) -> None:
    for number in range(12):
        (inbox / f"{number}.csv").write_text("a\n1\n")
    assert sum(event["files"] for event in rung(InboxTrigger(folder=str(inbox), poke=POKE))) == 12


def test_a_restart_rings_again_for_what_is_still_there(inbox: Path) -> None:
    (inbox / "a.csv").write_text("a\n1\n")
    assert len(rung(InboxTrigger(folder=str(inbox), poke=POKE))) == 1
    assert len(rung(InboxTrigger(folder=str(inbox), poke=POKE))) == 1


def test_a_growing_file_is_left_alone_until_it_rests(inbox: Path) -> None:
    path = inbox / "a.csv"

    async def story() -> tuple[int, int]:
        found: list[Any] = []

        async def listen() -> None:
            async for event in InboxTrigger(folder=str(inbox), poke=0.2).run():
                found.append(event)

        task = asyncio.create_task(listen())
        for _ in range(20):
            with path.open("a") as file:
                file.write("row\n")
            await asyncio.sleep(0.05)
        while_growing = len(found)
        await asyncio.sleep(1.0)
        task.cancel()
        return while_growing, len(found)

    assert asyncio.run(story()) == (0, 1)


@pytest.mark.parametrize("name", [".a.csv", ".a.csv.part", "a.csv.part", "~$a.xlsx", "a.TMP", "a.crdownload"])
def test_a_name_that_says_unfinished_never_rings(inbox: Path, name: str) -> None:
    assert is_unfinished(name)
    (inbox / name).write_text("a\n1\n")
    assert rung(InboxTrigger(folder=str(inbox), poke=POKE)) == []


def test_only_the_own_department_rings(inbox: Path) -> None:
    other = inbox.parent / "yibao"
    other.mkdir()
    (other / "a.csv").write_text("a\n1\n")
    assert rung(InboxTrigger(folder=str(inbox), poke=POKE)) == []


def test_an_inbox_that_is_not_there_yet_is_no_error(tmp_path: Path) -> None:
    assert rung(InboxTrigger(folder=str(tmp_path / "none" / "jiaoyu"), poke=POKE)) == []


def test_a_link_is_seen_but_not_followed_and_a_folder_is_not_seen(inbox: Path, tmp_path: Path) -> None:
    target = tmp_path / "big"
    target.write_text("x" * 1000)
    (inbox / "link.csv").symlink_to(target)
    (inbox / "folder").mkdir()
    seen = look(inbox.parent)["jiaoyu"]
    assert set(seen) == {"link.csv"}
    assert seen["link.csv"][0] == os.lstat(inbox / "link.csv").st_size != 1000


def test_a_file_that_nobody_takes_rings_ever_more_rarely_and_for_ever() -> None:
    bell = Bell()
    settled = {"a.csv": (4, 1)}
    times = [now for now in range(0, 20_000) if bell.rings(settled, float(now))]
    gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert gaps[0] == FIRST_REPEAT_SECONDS
    assert gaps == sorted(gaps) and gaps[-1] == LAST_REPEAT_SECONDS


def test_new_content_under_an_old_name_rings_at_once() -> None:
    bell = Bell()
    assert bell.rings({"a.csv": (4, 1)}, 0.0) == 1
    assert bell.rings({"a.csv": (4, 1)}, 1.0) == 0
    assert bell.rings({"a.csv": (5, 2)}, 2.0) == 1
    assert bell.rings({}, 3.0) == 0
    assert bell.rings({"a.csv": (5, 2)}, 4.0) == 1


def test_inboxes_of_one_data_root_share_one_scan(tmp_path: Path) -> None:
    one = InboxTrigger(folder=str(tmp_path / "ingest" / "jiaoyu"))
    two = InboxTrigger(folder=str(tmp_path / "ingest" / "yibao"))
    assert one.shared_stream_key() == two.shared_stream_key()
    assert (
        one.shared_stream_key() != InboxTrigger(folder=str(tmp_path / "ingest" / "yibao"), poke=9).shared_stream_key()
    )
    path, arguments = one.serialize()
    assert path == "connectors.watch.InboxTrigger" and InboxTrigger(**arguments).serialize() == one.serialize()
