"""The inbox elsewhere (SFTP, object storage): whole files become claims as those of :mod:`connectors.drop` do; receipts go back.

A file is fetched into a hidden folder beside the claims, checked against a second look at its source, made durable, written into a
journal, renamed to a claim, and only then removed at the source. Wherever a process dies, the next run finds either nothing but the
original, or the journal's entry, which says «this is ours»: the claim is finished and the original removed, never fetched again.

The caller holds the department's lock. A sender's name is only ever a label here; at the source it is the last part of a path.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors import disk, drop, places, settings
from connectors.drop import Claim, Refusal
from connectors.errors import FupinError, TerminalError, TransientError
from connectors.places import Place

log = logging.getLogger("fupin")

JOURNAL = ".remote.json"
FETCHING = ".fetch-"
CHUNK = 4 * 1024**2
SETTLE_SECONDS = 5.0
UNSAFE_NAME = ("NAME_UNSAFE", "文件名中含有路径，没有读取。请改名后再放入。")
# Fields under which file systems tell when a file was last changed; an entity tag is better: it says what is in it.
TAGS = ("ETag", "etag", "md5", "checksum")
TIMES = ("LastModified", "mtime", "modified", "modify", "last_modified", "updated", "created")


@dataclass(frozen=True)
class Look:
    """What is seen of a file: bytes, and the text that changes with it. ``order`` sorts files by arrival."""

    size: int
    version: str
    order: str = ""

    def same(self, other: Look | None) -> bool:
        return other is not None and (self.size, self.version) == (other.size, other.version)


@contextmanager
def opened(place: Place, department: str, incoming: Path) -> Iterator[RemoteInbox]:
    """The inbox, connected. Raises TransientError or TerminalError, one safe line."""
    with places.opened(place) as (fs, path):
        yield RemoteInbox(place, department, incoming / department, fs, path)


class RemoteInbox:
    """One visit; ``refused`` holds what lies there and will never be taken, once :meth:`claims` has begun."""

    def __init__(self, place: Place, department: str, base: Path, fs: Any, path: str) -> None:
        self.refused: list[Refusal] = []
        self._place = place
        self._department = department
        self._base = base
        self._fs = fs
        self._path = path.rstrip("/")
        self._journal = Journal(base, place)

    def claims(self, settle_seconds: float | None = None) -> Iterator[Claim]:
        """Take every whole file, in order of arrival; each claim is durable before it is handed over.

        A file is whole when two looks, ``settle_seconds`` apart (only if something new lies there), and one more after its
        transfer see the same size and time or entity tag.
        """
        if settle_seconds is None:
            settle_seconds = settings.number("remote_settle_seconds", SETTLE_SECONDS)
        self._base.mkdir(mode=0o700, parents=True, exist_ok=True)
        first = self._look()
        self._journal.forget_all_but(first)
        fresh: dict[str, Look] = {}
        for name, look in first.items():
            if not look.same(self._journal.look(name)):
                fresh[name] = look
            elif (failure := self._remove(name)) is not None:
                raise failure
        if not fresh:
            return
        time.sleep(settle_seconds)
        second = self._look()
        whole = {name: look for name, look in fresh.items() if look.same(second.get(name))}
        for name in sorted(whole, key=lambda name: (whole[name].order, name)):
            claim = self._take(name, whole[name])
            if claim is None:
                continue
            failure = self._remove(name)
            yield claim
            if failure is not None:
                raise failure

    def _look(self) -> dict[str, Look]:
        """Every candidate by name; what is refused is noted."""
        found: dict[str, Look] = {}
        refused: list[Refusal] = []
        for info in self._list():
            name = str(info["name"]).removeprefix(self._path + "/").rstrip("/")
            if not name or name == self._path or drop.is_unfinished(name):
                continue
            why = _why_refused(name, info)
            if why is not None:
                refused.append(Refusal(drop.as_text(name), *why))
            else:
                found[name] = _look_of(info)
        self.refused = sorted(refused, key=lambda refusal: refusal.name)
        return found

    def _list(self) -> list[dict[str, Any]]:
        with places.explained(self._place):
            self._fs.invalidate_cache()
            try:
                # Details of a listing are those of the entries themselves; `info` would follow a link on SFTP.
                return list(self._fs.ls(self._path or "/", detail=True))
            except FileNotFoundError as error:
                # An object store has no empty folders: nothing lies there. A bucket that does not exist has a cause.
                if self._place.is_object_store and error.__cause__ is None and "/" in self._path:
                    return []
                raise

    def _take(self, name: str, look: Look) -> Claim | None:
        received, unique = drop.new_claim()
        hidden = self._base / (FETCHING + unique)
        hidden.mkdir(mode=0o700)
        try:
            label = drop.write_label(hidden, self._department, name, received)
            if not self._fetch(name, look, hidden / "source.bin") or not look.same(self._look().get(name)):
                shutil.rmtree(hidden)
                return None  # it changed meanwhile: another time
        except BaseException:
            shutil.rmtree(hidden, ignore_errors=True)
            raise
        disk.sync(hidden)
        # From here on it is ours: a killed run is finished by `recover`.
        self._journal.add(name, look, unique)
        folder = self._base / unique
        os.rename(hidden, folder)
        disk.sync(self._base)
        return Claim(folder / "source.bin", label, self._department, received)

    def _fetch(self, name: str, look: Look, target: Path) -> bool:
        """Copy to ``target``, durably; False if it is gone or has not the size that was seen (then no byte more is read)."""
        left = look.size
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as out, places.explained(self._place):
            try:
                # Not `open`, which takes a name for a URL again and loses line breaks and question marks in it.
                source = self._fs._open(f"{self._path}/{name}", mode="rb")
            except FileNotFoundError:
                return False
            with _closing(source):
                while chunk := source.read(min(CHUNK, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        return False
                    _write(out, chunk)
            _write(out, b"", durable=True)
        return left == 0

    def _remove(self, name: str) -> FupinError | None:
        """Take the original away, unless it is to be kept; a failure is returned, since the claim is safe whatever happens here."""
        if self._place.keep:
            return None
        try:
            with places.explained(self._place):
                try:
                    self._fs.rm_file(f"{self._path}/{name}")
                except FileNotFoundError:
                    pass
        except TransientError as error:
            return error
        except TerminalError:
            # It stays in the journal, so it is not taken twice.
            log.warning(
                "%s: a file that was taken cannot be removed; use after=keep for a read-only source",
                self._place.setting,
            )
            return None
        self._journal.drop(name)
        return None


def recover(department: str, incoming: Path) -> None:
    """Finish what a killed run had fetched whole, clear away what it had not. Before :func:`connectors.drop.pending`."""
    base = incoming / department
    if not base.is_dir():
        return
    folders = Journal.folders(base)
    for hidden in base.glob(FETCHING + "*"):
        unique = hidden.name.removeprefix(FETCHING)
        if unique in folders:
            os.rename(hidden, base / unique)
        else:
            shutil.rmtree(hidden, ignore_errors=True)


class Journal:
    """What was taken from a place and lies there still: name → size, version and claim folder. Replaced atomically, durable."""

    def __init__(self, base: Path, place: Place) -> None:
        self._path = base / JOURNAL
        self._url = place.url
        content = _read_json(self._path)
        # Another place has other files, however they are called.
        self._taken: dict[str, Any] = content.get("taken", {}) if content.get("url") == self._url else {}

    @staticmethod
    def folders(base: Path) -> set[str]:
        return {str(entry.get("folder")) for entry in _read_json(base / JOURNAL).get("taken", {}).values()}

    def look(self, name: str) -> Look | None:
        entry = self._taken.get(_key(name))
        return Look(int(entry["size"]), str(entry["version"])) if entry else None

    def add(self, name: str, look: Look, folder: str) -> None:
        self._taken[_key(name)] = {"size": look.size, "version": look.version, "folder": folder}
        self._save()

    def drop(self, name: str) -> None:
        if self._taken.pop(_key(name), None) is not None:
            self._save()

    def forget_all_but(self, names: dict[str, Look]) -> None:
        kept = {_key(name) for name in names}
        if gone := self._taken.keys() - kept:
            for key in gone:
                del self._taken[key]
            self._save()

    def _save(self) -> None:
        temporary = self._path.with_name(f"{JOURNAL}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with open(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as handle:
            json.dump({"url": self._url, "taken": self._taken}, handle, indent=1)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, self._path)
        disk.sync(self._path.parent)


def deliver(place: Place, receipt: Path) -> None:
    """Put ``receipt`` into an outbox elsewhere, under its own name, whole or not at all; again replaces it.

    Raises TransientError or TerminalError, one safe line.
    """
    with places.opened(place) as (fs, path), places.explained(place):
        folder = path.rstrip("/")
        target = f"{folder}/{receipt.name}"
        if place.is_object_store:
            fs.put_file(str(receipt), target)
            return
        temporary = f"{folder}/.{_key(receipt.name)[:16]}.part"
        fs.put_file(str(receipt), temporary)
        fs.mv(temporary, target)


def _why_refused(name: str, info: dict[str, Any]) -> tuple[str, str] | None:
    kind = info.get("type")
    if kind == "link" or info.get("islink"):
        return drop.SYMLINK
    if kind == "directory":
        return drop.FOLDER
    if "/" in name or "\0" in name or name in (".", ".."):
        return UNSAFE_NAME
    if kind != "file" or not isinstance(info.get("size"), int):
        return drop.NOT_A_FILE
    return drop.too_large(info["size"])


def _look_of(info: dict[str, Any]) -> Look:
    times = [value for value in (info.get(field) for field in TIMES) if value is not None]
    changed = times[0] if times else ""
    if isinstance(changed, int | float):
        changed = dt.datetime.fromtimestamp(changed, dt.UTC)
    order = changed.isoformat() if isinstance(changed, dt.datetime) else str(changed)
    tag = next((str(info[field]) for field in TAGS if info.get(field)), "")
    return Look(int(info["size"]), tag or order, order)


def _key(name: str) -> str:
    """A name as the journal knows it: file names may hold a person's."""
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()


@contextmanager
def _closing(source: Any) -> Iterator[None]:
    """Close a remote file; when its connection is lost, closing fails too and says nothing new."""
    try:
        yield
    finally:
        try:
            source.close()
        except Exception:
            source.close = lambda: None


def _write(out: Any, chunk: bytes, durable: bool = False) -> None:
    """Write to our own disk: a failure here is no failure of the source."""
    try:
        out.write(chunk)
        if durable:
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise TransientError(f"a fetched file cannot be written: {os.strerror(error.errno or 0)}") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return {}
