"""What departments sent, encrypted at rest: a file ``<name>.sealed`` in place of each (:mod:`warehouse.cipher`).

What is to be read is unsealed into a folder of this process, which is gone when it is done, or when the next one is made after a kill.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors import disk
from connectors.reading import OWN_TEXTS
from warehouse import cipher, keys
from warehouse.batch import Batch
from warehouse.scratch import temporary

SUFFIX = ".sealed"
STRUCTURE = "structure.csv"


def sealed(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def seal(path: Path, home: Path) -> None:
    """Leave ``<name>.sealed`` in place of ``path``, durably; whoever dies in between leaves the one or the other, or both whole."""
    target, fresh = sealed(path), path.with_name(f".{path.name}.sealing")
    if not target.exists():
        with open(path, "rb") as source:
            _write(source, fresh, home)
        os.replace(fresh, target)
    path.unlink()


def unseal(path: Path, target: Path, home: Path) -> None:
    """Write the plain text of the sealed file ``path`` to ``target``, mode 0600. Raises TerminalError like :func:`plain`."""
    with open(_private(target), "wb") as out:
        for piece in plain(path, home):
            out.write(piece)


def plain(path: Path, home: Path) -> Iterator[bytes]:
    """The chunks of a sealed file's plain text. Raises TerminalError if its key is not in the ring or it is not what was written."""
    with open(path, "rb") as source:
        yield from cipher.decrypt(source, keys.ring(keys.LANDING, home), f"{path.parent.name}/{path.name}")


def is_there(path: Path) -> bool:
    """Does the file ``path`` stand there, sealed or not yet?"""
    return sealed(path).is_file() or path.is_file()


def link(path: Path, target: Path) -> None:
    """A second name for a batch's file, sealed or not yet, if there is one: nobody writes to either."""
    for source, name in ((path, target), (sealed(path), sealed(target))):
        if source.is_file():
            os.link(source, name)


def digest(path: Path, home: Path) -> str:
    """SHA-256 of the plain text of the file that is, or was, ``path``."""
    if not sealed(path).exists():
        return disk.digest(path)
    found = hashlib.sha256()
    for piece in plain(sealed(path), home):
        found.update(piece)
    return found.hexdigest()


def seal_batch(batch: Batch, home: Path) -> None:
    """Leave nothing of what a sender wrote in plain text in the batch's folder; cheap where nothing is."""
    for name in (str(batch.data["source"]), *OWN_TEXTS, STRUCTURE):
        if name and (batch.folder / name).is_file():
            seal(batch.folder / name, home)


def seal_again(path: Path, home: Path) -> bool:
    """Write the sealed file ``path`` anew under the present key; False if it lies under that already. Whoever reads it meanwhile goes on."""
    with open(path, "rb") as source:
        if cipher.key_of(source.read(cipher.HEAD_BYTES)) == keys.present(keys.LANDING, home):
            return False
    # It passes through this process only in pieces.
    fresh = path.with_name(f".{path.name}.again")
    _write(_Pieces(plain(path, home)), fresh, home)
    os.replace(fresh, path)
    return True


class _Pieces:
    """What :func:`plain` yields, to be read: every piece but the last has the size that is asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, _: int, /) -> bytes:
        return next(self._pieces, b"")


def forget_texts(batch: Batch) -> None:
    """Remove what was made of a dropped file to be read by DuckDB: the original is there."""
    for name in ("text.csv", STRUCTURE):
        sealed(batch.folder / name).unlink(missing_ok=True)


def seal_folder(folder: Path, home: Path) -> None:
    """Seal whatever lies in ``folder``, which a later process goes on with after :func:`unseal_folder`."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != SUFFIX:
            seal(path, home)


def unseal_folder(folder: Path, home: Path) -> None:
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        target = path.with_suffix("")
        if not target.exists():
            fresh = target.with_name(f".{target.name}.unsealing")
            unseal(path, fresh, home)
            os.replace(fresh, target)
        path.unlink()


@contextmanager
def opened(batch: Batch, home: Path, *names: str) -> Iterator[Path]:
    """A folder with the plain text of the batch's files ``names`` (those that there are), for as long as the block lasts."""
    with temporary(home / "landing" / ".plain") as folder:
        for name in names:
            path = batch.folder / name
            if sealed(path).exists():
                unseal(sealed(path), folder / name, home)
            elif path.is_file():
                # Who was to seal it was killed.
                disk.link_or_copy(path, folder / name)
        yield folder


def _write(source: cipher.Readable, fresh: Path, home: Path) -> None:
    """What ``source`` has left, sealed under the present key, durably in ``fresh``."""
    with open(_private(fresh), "wb") as out:
        cipher.encrypt(source, out, keys.ring(keys.LANDING, home))
        out.flush()
        os.fsync(out.fileno())


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
