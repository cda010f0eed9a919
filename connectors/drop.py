"""The inbox: takes whole, regular files out of ``ingest/<department>/``, one atomic rename each.

A claimed file lies in ``landing/.incoming/<department>/<unique>/source.bin`` beside ``name.json`` (its name as text, and when
it was received), which is written first: wherever a process dies, the file is either still in the inbox or a claim that
:func:`pending` lists. A sender's name is only ever a label; no path is made of it.

What is not a department's own regular file (link, second hard link, FIFO, folder) is never opened for reading, never moved, and
reported as a :class:`Refusal`.
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from connectors import settings
from connectors.errors import TerminalError

# Names that senders' programs use for a file that is not whole yet, or for a lock beside an open one.
UNFINISHED_PREFIXES = (".", "~$")
UNFINISHED_SUFFIXES = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
MAX_FILE_BYTES = 20 * 1024**3
# A file this large of which less than a twentieth stands on the disk is a bomb, not a table.
SPARSE_FROM_BYTES = 64 * 1024**2
SPARSE_RATIO = 20
# An empty claim folder younger than this may be about to receive its file.
ORPHAN_SECONDS = 60.0

SYMLINK = ("SYMLINK", "这是链接，不是文件本身。请放入文件本身。")
FOLDER = ("FOLDER", "这是文件夹。请把其中的文件直接放入收件目录。")
NOT_A_FILE = ("NOT_A_FILE", "这不是普通文件（管道、设备等），没有读取。")

# What is seen of a file: inode, size, mtime in nanoseconds.
Look = tuple[int, int, int]


@dataclass(frozen=True)
class Claim:
    """A file that was taken: ``path`` is ours, ``original_name`` a label, ``received_at`` UTC as ISO text."""

    path: Path
    original_name: str
    department: str
    received_at: str


@dataclass(frozen=True)
class Refusal:
    """Something in the inbox that is left where it is; ``reason`` is Chinese."""

    name: str
    code: str
    reason: str


@dataclass
class Inbox:
    """One look: ``whole`` file names in order of arrival, ``growing`` ones to look at again, and what is refused."""

    whole: list[str] = field(default_factory=list)
    growing: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def is_unfinished(name: str) -> bool:
    """True for a name that says «not mine to take yet»: hidden, ``~$…``, ``….part``; ``..…`` is no way to hide a file but a trick."""
    return (name.startswith(UNFINISHED_PREFIXES) and not name.startswith("..")) or name.lower().endswith(
        UNFINISHED_SUFFIXES
    )


def as_text(name: str) -> str:
    """A file name as text, whatever bytes a sender's machine wrote (GB18030 names come from older Windows shares)."""
    raw = os.fsencode(name)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def too_large(size: int) -> tuple[str, str] | None:
    """Code and Chinese reason when a file of ``size`` bytes is over the limit."""
    limit = int(settings.number("max_file_bytes", MAX_FILE_BYTES))
    if size <= limit:
        return None
    return (
        "FILE_TOO_LARGE",
        f"文件有 {size / 1024**3:.1f} GB，超过上限 {limit / 1024**3:.1f} GB。请拆分后报送。",
    )


def _settle_seconds() -> float:
    return settings.number("settle_seconds", 1.0)


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    """A descriptor of a real folder; everything inside is then reached through it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _opened(folder: int, name: str) -> Iterator[int]:
    """The file ``name`` itself: no link is followed, a FIFO does not block."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _why_refused(status: os.stat_result) -> tuple[str, str] | None:
    if stat.S_ISLNK(status.st_mode):
        return SYMLINK
    if stat.S_ISDIR(status.st_mode):
        return FOLDER
    if not stat.S_ISREG(status.st_mode):
        return NOT_A_FILE
    if status.st_nlink != 1:
        return "HARD_LINK", "这个文件还有另一个硬链接，没有读取。请复制一份再放入。"
    if (large := too_large(status.st_size)) is not None:
        return large
    if status.st_size >= SPARSE_FROM_BYTES and status.st_blocks * 512 * SPARSE_RATIO < status.st_size:
        return "FILE_SPARSE", "文件内容几乎全是空洞，不是正常的数据文件。"
    return None


def _look(folder: int) -> tuple[dict[str, Look], list[Refusal]]:
    """Every candidate by name, and what is refused."""
    found: dict[str, Look] = {}
    refused: list[Refusal] = []
    for name in os.listdir(folder):
        if is_unfinished(name):
            continue
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            why = _why_refused(status)
            if why is None:
                # Once more on the opened file itself: the name may have been given to something else in between.
                with _opened(folder, name) as descriptor:
                    status = os.fstat(descriptor)
                    why = _why_refused(status)
        except FileNotFoundError:
            continue
        except OSError as error:
            why = SYMLINK if error.errno == errno.ELOOP else ("UNREADABLE", "没有读取这个文件的权限。请检查文件权限。")
        if why is not None:
            refused.append(Refusal(as_text(name), *why))
        else:
            found[name] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found, sorted(refused, key=lambda refusal: refusal.name)


def _whole(folder: int, settle_seconds: float) -> tuple[dict[str, Look], Inbox]:
    first, refused = _look(folder)
    # A time that lies ahead says nothing about rest (a sender's wrong clock): such a file is looked at twice.
    now = time.time()
    whole = {name: look for name, look in first.items() if now - look[2] / 1e9 >= settle_seconds}
    inbox = Inbox(refused=refused)
    if len(whole) < len(first):
        time.sleep(settle_seconds)
        second, inbox.refused = _look(folder)
        whole = {name: look for name, look in second.items() if first.get(name) == look}
        inbox.growing = sorted(second.keys() - whole.keys())
    inbox.whole = sorted(whole, key=lambda name: (whole[name][2], name))
    return whole, inbox


def whole_files(folder: Path, settle_seconds: float | None = None) -> Inbox:
    """Look into an inbox without touching it.

    A file is whole when its last change lies ``settle_seconds`` back, or when two looks that far apart see the same size and
    time (then this call takes that long). Raises FileNotFoundError if there is no such folder.
    """
    with _folder(folder) as descriptor:
        return _whole(descriptor, _settle_seconds() if settle_seconds is None else settle_seconds)[1]


def refusals(inbox: Path) -> list[Refusal]:
    """What lies in the inbox and will never be taken."""
    with _folder(inbox) as descriptor:
        return _look(descriptor)[1]


def check(department: str, inbox: Path) -> list[str]:
    """What an engineer wants to know of an inbox, line by line; nothing is touched. Raises TerminalError if it cannot be used."""
    if not inbox.is_dir() or inbox.is_symlink():
        raise TerminalError(f"ingest/{department} is not a folder")
    if not os.access(inbox, os.R_OK | os.W_OK | os.X_OK):
        raise TerminalError(f"ingest/{department} cannot be read and written by this user")
    with _folder(inbox) as descriptor:
        found, refused = _look(descriptor)
    return [f"ingest/{department}: {len(found)} files waiting, {len(refused)} that will not be taken"]


def claim(department: str, inbox: Path, incoming: Path, settle_seconds: float | None = None) -> list[Claim]:
    """Take every whole file out of ``inbox`` into ``incoming/<department>/``, in order of arrival.

    ``incoming`` must be on the inbox's file system (TerminalError otherwise). Refused things stay; :func:`refusals` lists them.
    """
    base = incoming / department
    for path in (incoming.parent, incoming, base):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    claims: list[Claim] = []
    with _folder(inbox) as source:
        looks, seen = _whole(source, _settle_seconds() if settle_seconds is None else settle_seconds)
        for name in seen.whole:
            taken = _take(department, source, name, looks[name], base)
            if taken is not None:
                claims.append(taken)
    return claims


def _take(department: str, source: int, name: str, look: Look, base: Path) -> Claim | None:
    received, unique = new_claim()
    folder = base / unique
    folder.mkdir(mode=0o700)
    label = write_label(folder, department, name, received)
    target = folder / "source.bin"
    try:
        os.rename(name, target, src_dir_fd=source)
    except OSError as error:
        shutil.rmtree(folder)
        if error.errno == errno.EXDEV:
            raise TerminalError("ingest/ and landing/ must be on one file system") from None
        if error.errno in (errno.ENOENT, errno.EISDIR):
            return None  # taken back by its sender
        raise TerminalError(
            f"a file cannot be taken out of the inbox of {department}: {errno.errorcode.get(error.errno or 0, 'OSError')}"
        ) from None
    # What was renamed must be what was looked at: not swapped for a link, not still being written.
    status = os.lstat(target)
    if _why_refused(status) is not None or (status.st_ino, status.st_size, status.st_mtime_ns) != look:
        if _give_back(target, source, name):
            shutil.rmtree(folder)
            return None
        if _why_refused(status) is not None:
            os.rename(folder, base / f".refused-{folder.name}")
            return None
    try:
        os.chmod(target, 0o600, follow_symlinks=False)
    except (OSError, NotImplementedError):
        _own(target)
    return Claim(target, label, department, received)


def new_claim() -> tuple[str, str]:
    """Now as ISO text in UTC, and a folder name that sorts by it; the random part keeps two claims of one moment apart."""
    received = dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return received, f"{received.replace(':', '').replace('-', '').replace('.', '')}-{secrets.token_hex(4)}"


def write_label(folder: Path, department: str, name: str, received: str) -> str:
    """Write the ``name.json`` of a claim folder; returns the sender's name as text."""
    text = as_text(name)
    label = {"original_name": text, "received_at": received, "department": department}
    _write_private(folder / "name.json", json.dumps(label, ensure_ascii=False))
    return text


def _give_back(target: Path, source: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=source, follow_symlinks=False)
        return False  # the sender has put another file under the name meanwhile
    except FileNotFoundError:
        os.rename(target, name, dst_dir_fd=source)
        return True


def _own(target: Path) -> None:
    """Mode 0600 for a file of another owner: only a copy of our own can have it; the 0700 folder protects it until then."""
    copy = target.with_name("source.copy")
    with (
        open(target, "rb") as source,
        open(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as out,
    ):
        shutil.copyfileobj(source, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())
    os.replace(copy, target)


def _write_private(path: Path, content: str) -> None:
    with open(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w", encoding="utf-8"
    ) as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def pending(incoming: Path, department: str | None = None) -> list[Claim]:
    """Claims that an interrupted run left behind, in order of receipt; empty claim folders are cleared away."""
    claims: list[Claim] = []
    bases = [incoming / department] if department else sorted(incoming.iterdir()) if incoming.is_dir() else []
    for base in bases:
        for folder in sorted(base.iterdir()) if base.is_dir() else ():
            if folder.name.startswith("."):
                continue
            # The next step renames source.bin to source.<suffix> just before it renames the folder away.
            sources = sorted(
                path
                for path in folder.glob("source.*")
                if path.name != "source.copy" and path.is_file() and not path.is_symlink()
            )
            if not sources:
                if time.time() - folder.stat().st_mtime > ORPHAN_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            label = _label(folder / "name.json")
            received = (
                dt.datetime.fromtimestamp(folder.stat().st_mtime, dt.UTC)
                .replace(tzinfo=None)
                .isoformat(timespec="microseconds")
            )
            claims.append(
                Claim(
                    sources[0],
                    label.get("original_name", "（文件名未知）"),
                    base.name,
                    label.get("received_at", received),
                )
            )
    return sorted(claims, key=lambda claim: (claim.received_at, claim.path.parent.name))


def _label(path: Path) -> dict[str, str]:
    try:
        return {str(key): str(value) for key, value in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError):
        return {}
