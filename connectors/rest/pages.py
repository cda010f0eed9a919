"""What has arrived, on disk: every page's bytes one behind the other, and a journal with their hashes that lets a pull go on."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

SOURCE = "pages.json"
JOURNAL = "pages.journal"


@dataclass(frozen=True)
class Page:
    """One page as it arrived (decompressed), with what its headers said."""

    body: bytes
    content_type: str
    link: str | None


class Pages:
    """The pages of one pull in ``workdir``; ``identity`` says which pull it is: what an earlier, different or old one left is dropped."""

    def __init__(self, workdir: Path, identity: str, resume_hours: float) -> None:
        self.source = workdir / SOURCE
        self._journal = workdir / JOURNAL
        self._head = {"identity": identity, "began": time.time()}
        self._entries: list[dict[str, Any]] = []
        if not self._is_ours(resume_hours):
            self.discard()
        self.size = 0
        self._data: IO[bytes] | None = None
        self._notes: IO[str] | None = None

    def _is_ours(self, resume_hours: float) -> bool:
        try:
            head, *entries = self._journal.read_text(encoding="utf-8").splitlines()
            found = json.loads(head)
            age = time.time() - float(found["began"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        if found.get("identity") != self._head["identity"] or not 0 <= age < resume_hours * 3600:
            return False
        self._head = found
        for line in entries:
            try:
                self._entries.append(json.loads(line))
            except ValueError:  # the line that was being written
                break
        return True

    def discard(self) -> None:
        """Forget every page."""
        self._entries = []
        for path in (self.source, self._journal):
            path.unlink(missing_ok=True)

    def kept(self) -> Iterator[Page]:
        """The pages of an interrupted pull whose bytes are whole, in order. Then :meth:`add` goes on behind the last."""
        whole: list[dict[str, Any]] = []
        self.size = 0
        if self._entries and self.source.exists():
            with open(self.source, "rb") as handle:
                for entry in self._entries:
                    body = handle.read(int(entry["length"]))
                    if hashlib.sha256(body).hexdigest() != entry["sha256"] or handle.read(1) != b"\n":
                        break
                    whole.append(entry)
                    self.size += len(body) + 1
                    yield Page(body, entry["content_type"], entry["link"])
        self._entries = whole

    def open(self) -> None:
        """Make ready for :meth:`add`: cut off what is not whole."""
        self._data = open(self.source, "ab", opener=_private)
        self._data.truncate(self.size)
        temporary = self._journal.with_suffix(".new")
        with open(temporary, "w", encoding="utf-8", opener=_private) as handle:
            for line in (self._head, *self._entries):
                handle.write(json.dumps(line) + "\n")
        os.replace(temporary, self._journal)
        self._notes = open(self._journal, "a", encoding="utf-8", opener=_private)

    def add(self, page: Page) -> None:
        """Keep a page: first its bytes, then its line in the journal."""
        assert self._data is not None and self._notes is not None, "open() comes first"
        self._data.write(page.body)
        self._data.write(b"\n")
        self._data.flush()
        self.size += len(page.body) + 1
        entry = {"length": len(page.body), "sha256": hashlib.sha256(page.body).hexdigest(), "content_type": page.content_type, "link": page.link}  # fmt: skip
        self._notes.write(json.dumps(entry) + "\n")
        self._notes.flush()

    def close(self) -> None:
        """Everything to disk."""
        for handle in (self._data, self._notes):
            if handle is not None:
                handle.flush()
                os.fsync(handle.fileno())
                handle.close()
        self._data = self._notes = None


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
