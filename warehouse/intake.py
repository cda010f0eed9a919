"""Out of the inbox, into batch folders: claim, recognise, sort by feed, tell duplicates.

A department has one inbox for all its feeds and several DAGs that watch it, so claiming is done under a lock per department:
whoever comes first sorts every file, the others find theirs among the unfinished batches.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors import drop, files, places, remote
from connectors.errors import FupinError
from connectors.feed import Feed, inboxes
from warehouse import sealing, sources, withdrawing
from warehouse.batch import UNRECOGNISED, Batch, open_mark, unfinished, utc_now

# Beside a claim of a file with several feeds' tables: the one feed that this claim is for.
ONLY = "only"

log = logging.getLogger("fupin")

_LONG_DIGITS = re.compile(r"\d{11,}[\dXx]?")


def safe_name(name: str) -> str:
    """A sender's file name as it may stand in the ledger and in logs: printable, short, long digit runs masked."""
    text = _LONG_DIGITS.sub(lambda found: found.group()[:4] + "****", name)
    return "".join(character if character.isprintable() else "�" for character in text)[:120]


@contextmanager
def department_lock(home: Path, department: str) -> Iterator[None]:
    """Only one process sorts a department's inbox at a time."""
    path = home / "run" / f"inbox-{department}.lock"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(path, "a+b") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def collect(
    home: Path,
    feed: Feed,
    feeds: dict[str, Feed],
    wake: Callable[[str], None] | None = None,
    everywhere: bool = False,
) -> list[str]:
    """References of all batches that await ``feed`` after its department's inboxes, here and elsewhere, have been sorted;
    ``everywhere``: those of every department that drops its files.

    A remote inbox that cannot be reached does not hold back what is here: it raises only when nothing waits. ``wake`` is called with
    every other feed whose file was among those sorted: the doorbell is silent once the file has left the inbox.
    """
    departments = senders(feed, feeds) if everywhere else [feed.department]
    return _sorted(home, departments, [feed], feeds, wake)[feed.name]


def collect_all(home: Path, department: str, feeds: dict[str, Feed]) -> dict[str, list[str]]:
    """The same for every feed that the department drops: feed → references."""
    return _sorted(home, [department], siblings_of(department, feeds), feeds, None)


def _sorted(
    home: Path, departments: list[str], wanted: list[Feed], feeds: dict[str, Feed], wake: Callable[[str], None] | None
) -> dict[str, list[str]]:
    failure: FupinError | None = None
    fresh: set[str] = set()
    for department in departments:
        try:
            sort(home, department, feeds, fresh)
        except FupinError as error:
            failure = failure or error
    mine = {feed.name: waiting(home, feed, feeds) for feed in wanted}
    if wake is not None:
        for name in sorted(fresh - set(mine)):
            wake(name)
    if failure is not None:
        count = sum(map(len, mine.values()))
        if not count:
            raise failure
        log.warning("%s; %d batches that are here go on", failure, count)
    return mine


def siblings_of(department: str, feeds: dict[str, Feed]) -> list[Feed]:
    """The feeds that a department drops as files: its own in order of name, then those that it shares with the department whose they are."""
    found = [feed for feed in feeds.values() if feed.is_from(department)]
    return sorted(found, key=lambda feed: (feed.department != department, feed.name))


def senders(feed: Feed, feeds: dict[str, Feed]) -> list[str]:
    """The departments that drop the feed's files."""
    return [department for department in inboxes(feeds) if feed.is_from(department)]


def sort(home: Path, department: str, feeds: dict[str, Feed], fresh: set[str]) -> None:
    """Make a batch of every whole file in the department's inboxes; the feeds that have a new one are added to ``fresh``.

    What is here is sorted even if the remote inbox fails (raises).
    """
    siblings = siblings_of(department, feeds)
    inbox = home / "ingest" / department
    inbox.mkdir(parents=True, exist_ok=True, mode=0o770)
    incoming = home / "landing" / ".incoming"
    with department_lock(home, department):
        remote.recover(department, incoming)
        drop.claim(department, inbox, incoming)
        _sort_pending(home, department, siblings, fresh)
        for refusal in drop.refusals(inbox):
            if _refuse(home, department, _thing(inbox, refusal), refusal):
                fresh.add(siblings[0].name)
        _collect_remote(home, department, incoming, siblings, fresh)


def waiting(home: Path, feed: Feed, feeds: dict[str, Feed]) -> list[str]:
    """References of the batches that await ``feed``; files that no feed knows belong to the department's first one."""
    mine = [batch.reference for batch in unfinished(home, feed.name)]
    first = {department for department in senders(feed, feeds) if siblings_of(department, feeds)[0].name == feed.name}
    if first:
        mine += [batch.reference for batch in unfinished(home, UNRECOGNISED) if batch.data["department"] in first]
    return mine


def _sort_pending(home: Path, department: str, siblings: list[Feed], fresh: set[str]) -> None:
    """Sort every claim that there is; a file with tables of several feeds is pending again as one claim for each of them."""
    while claims := drop.pending(home / "landing" / ".incoming", department):
        for claim in claims:
            _sort(home, claim, siblings, fresh)


def _collect_remote(home: Path, department: str, incoming: Path, siblings: list[Feed], fresh: set[str]) -> None:
    place = places.inbox(department)
    if place is None:
        return
    with remote.opened(place, department, incoming) as inbox:
        for claim in inbox.claims():
            _sort(home, claim, siblings, fresh)
        _sort_pending(home, department, siblings, fresh)
        for refusal in inbox.refused:
            if _refuse(home, department, f"{place.url}/{refusal.name}", refusal):
                fresh.add(siblings[0].name)


def _sort(home: Path, claim: drop.Claim, siblings: list[Feed], fresh: set[str]) -> None:
    """Read a claimed file, give it a batch folder and leave nothing in ``.incoming`` (or a claim for each of several feeds)."""
    if (target := withdrawing.requested(claim.original_name)) is not None:
        _ask(home, claim, target, siblings, fresh)
        return
    mark = claim.path.with_name(ONLY)
    only = mark.read_text(encoding="ascii") if mark.exists() else None
    reading = files.read_file(claim.path, claim.original_name, siblings, claim.path.parent, only=only)
    if reading.several:
        _divide(claim, reading.several)
        return
    feed_name = reading.feed or UNRECOGNISED
    base = home / "landing" / feed_name
    (base / ".open").mkdir(parents=True, exist_ok=True, mode=0o700)
    batch_id, duplicate_of = sources.batch_id(base, reading.sha256)
    folder = base / batch_id
    data: dict[str, Any] = {
        "batch_id": batch_id,
        "feed": feed_name,
        "department": claim.department,
        "original_name": claim.original_name,
        "original_name_safe": safe_name(claim.original_name),
        "sha256": reading.sha256,
        "size_bytes": reading.size_bytes,
        "source": claim.path.name,
        "received_at": claim.received_at,
        "state": "received",
    }
    if only:
        data["only"] = only
    if reading.correction_of:
        corrected = _corrected(home, feed_name, reading.correction_of)
        if corrected is None:
            reading.problems.append(
                {"code": "CORRECTION_UNKNOWN", "message": "“批次号”列所指的批次不存在，请不要改动该列。"}
            )
        else:
            data |= {"correction_of": reading.correction_of, "corrected_as_of": corrected}
    if duplicate_of is not None:
        first = Batch.load(home, f"{feed_name}/{duplicate_of}").data
        data |= {"state": "duplicate", "duplicate_of": duplicate_of, "reason": "DUPLICATE_FILE", "validated_at": utc_now(), "as_of": first.get("as_of"),
                 "duplicate_received_at": first["received_at"]}  # fmt: skip
    data["reading"] = reading.to_json()
    _put_in_place(home, claim, Batch(folder, data))
    # Files that no feed knows belong to the department's first one, as in waiting().
    fresh.add(reading.feed or siblings[0].name)


def _put_in_place(home: Path, claim: drop.Claim, batch: Batch) -> None:
    """Everything stands in the claim's own folder; the one rename makes it a batch. Killed before, it is still a claim and is sorted again;
    killed after, whoever organises it seals it.
    """
    Batch(claim.path.parent, batch.data).save()
    open_mark(batch.folder).touch(mode=0o600)
    os.rename(claim.path.parent, batch.folder)
    (batch.folder / "name.json").unlink(missing_ok=True)
    sealing.seal_batch(batch, home)


def _ask(home: Path, claim: drop.Claim, target: str, siblings: list[Feed], fresh: set[str]) -> None:
    """Make a batch of a file that asks to take an earlier one back."""
    feed, said = withdrawing.request(home, target, claim.path, claim.department, siblings)
    base = home / "landing" / (feed or UNRECOGNISED)
    (base / ".open").mkdir(parents=True, exist_ok=True, mode=0o700)
    reading = said["reading"]
    # Whoever asks again asks anew: between the two the file may have been sent again.
    batch_id = hashlib.sha256(f"{reading['sha256']} {claim.received_at}".encode()).hexdigest()[:16]
    data = {
        "batch_id": batch_id, "feed": base.name, "department": claim.department, "original_name": claim.original_name,
        "original_name_safe": safe_name(claim.original_name), "sha256": reading["sha256"], "size_bytes": reading["size_bytes"],
        "source": claim.path.name, "received_at": claim.received_at, "state": "received", **said,
    }  # fmt: skip
    _put_in_place(home, claim, Batch(base / batch_id, data))
    fresh.add(feed or siblings[0].name)


def _divide(claim: drop.Claim, feeds: list[str]) -> None:
    """One claim of the same bytes for each feed, then the claim itself is gone; killed in between, it is divided again."""
    folder = claim.path.parent
    for name in feeds:
        target = folder.with_name(f"{folder.name}-{name}")
        if target.exists():
            continue
        draft = folder.with_name(f".{target.name}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        shutil.copyfile(folder / "name.json", draft / "name.json")
        shutil.copyfile(claim.path, draft / "source.bin")
        (draft / "source.bin").chmod(0o600)
        (draft / ONLY).write_text(name, encoding="ascii")
        draft.rename(target)
    claim.path.unlink()
    shutil.rmtree(folder)


def _thing(inbox: Path, refusal: drop.Refusal) -> str:
    """What tells a thing in a local inbox from another one under the same name."""
    department = inbox.name
    try:
        status = os.lstat(inbox / refusal.name)
        return f"{department}/{refusal.name}/{status.st_ino}/{status.st_mtime_ns}"
    except OSError:
        return f"{department}/{refusal.name}"


def _refuse(home: Path, department: str, thing: str, refusal: drop.Refusal) -> bool:
    """A batch without a file for something that stays in the inbox (a link, a pipe), so that its sender is told — once per ``thing``;
    True when it is a new one.
    """
    base = home / "landing" / UNRECOGNISED
    batch_id = hashlib.sha256(thing.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    folder = base / batch_id
    if (folder / "batch.json").exists():
        return False
    (base / ".open").mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(mode=0o700, exist_ok=True)
    open_mark(folder).touch(mode=0o600)
    reading = files.Reading(problems=[{"code": refusal.code, "message": refusal.reason}])
    Batch(folder, {
        "batch_id": batch_id, "feed": UNRECOGNISED, "department": department, "original_name": refusal.name,
        "original_name_safe": safe_name(refusal.name), "sha256": "", "size_bytes": 0, "source": "", "received_at": utc_now(),
        "state": "received", "reading": reading.to_json(),
    }).save()  # fmt: skip
    return True


def _corrected(home: Path, feed: str, batch_id: str) -> str | None:
    """As-of date of the batch that a reject sheet refers to."""
    if (
        not re.fullmatch(r"[0-9a-f]{16}(-\d+)?", batch_id)
        or not (home / "landing" / feed / batch_id / "batch.json").is_file()
    ):
        return None
    as_of = Batch.load(home, f"{feed}/{batch_id}").data.get("as_of")
    return str(as_of) if as_of else None
