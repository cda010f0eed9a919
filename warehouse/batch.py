"""A batch is a folder: ``landing/<feed>/<batch_id>/`` with the original bytes and everything that was made of them.

``batch.json`` is its state outside the warehouse, replaced atomically after each step, so that a killed process finds what is
done. The batch id is the beginning of the content's SHA-256: the same bytes are the same batch, wherever a process died.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors import settings
from connectors.errors import TerminalError
from expectations.parquet import parquet_path
from warehouse import cipher, keys

UNRECOGNISED = "unrecognised"
# In batch.json: what may name people, sealed; and which fields that are.
SEALED = "sealed"
NAMED = ("original_name", "receipt")
# `request`: a file that asked for something (a withdrawal) and was granted it; it has no rows.
STATES = ("received", "staged", "validated", "merged", "blocked", "duplicate", "withdrawn", "request")


# Ledger times are UTC; the county's clock is eight hours ahead.
BEIJING = dt.timedelta(hours=8)


def utc_now() -> str:
    """Now as ISO text in UTC (ledger times are facts about a run, never inputs of SQL)."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def write_json(path: Path, content: Any) -> None:
    """Replace ``path`` atomically and durably, mode 0600."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(temporary, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as handle:
        json.dump(content, handle, ensure_ascii=False, indent=1, default=str)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(temporary, path)


class Batch:
    """One batch folder; ``data`` is batch.json as a dict (fields of ops.batch plus ``reading``, ``problems``, ``warnings``, ``skipped``)."""

    def __init__(self, folder: Path, data: dict[str, Any]) -> None:
        self.folder = folder
        self.data = data

    @classmethod
    def load(cls, home: Path, reference: str) -> Batch:
        """The batch ``<feed>/<batch_id>``. Raises TerminalError when there is none."""
        folder = home / "landing" / reference
        path = folder / "batch.json"
        if not path.is_file():
            raise TerminalError(f"batch {reference} is not in the landing folder")
        data = json.loads(path.read_text(encoding="utf-8"))
        if (sealed := data.pop(SEALED, None)) is not None:
            said = json.loads(cipher.decrypt_text(sealed, keys.ring(keys.LANDING, home), reference))
            data.get("reading", {})["titles"] = said.pop("titles")
            data |= said
        return cls(folder, data)

    @property
    def reference(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def state(self) -> str:
        return str(self.data["state"])

    @property
    def source(self) -> Path:
        return self.folder / str(self.data["source"])

    @property
    def rows(self) -> Path:
        return parquet_path(self.folder, "rows")

    @property
    def rejects(self) -> Path:
        return parquet_path(self.folder, "rejects")

    def save(self, **changes: Any) -> None:
        self.data.update(changes)
        write_json(self.folder / "batch.json", self._to_json())

    def _to_json(self) -> dict[str, Any]:
        """A file's name and the lines above its header may name people: they stand there sealed."""
        reading = self.data.get("reading") or {}
        named = {name: self.data[name] for name in NAMED if self.data.get(name)}
        titles = reading.get("titles") or []
        if named.get("original_name") == self.data.get("original_name_safe") and not titles:
            return self.data
        sealed = json.dumps({**named, "titles": titles}, ensure_ascii=False)
        known = {name: value for name, value in self.data.items() if name not in named}
        known["original_name"] = self.data.get("original_name_safe")
        known[SEALED] = cipher.encrypt_text(sealed, keys.ring(keys.LANDING, settings.home()))
        return {**known, "reading": {**reading, "titles": []}} if reading else known

    @property
    def is_open(self) -> bool:
        """Has it still steps to go?"""
        return open_mark(self.folder).exists()

    def close(self) -> None:
        """Take the batch off the list of unfinished ones."""
        open_mark(self.folder).unlink(missing_ok=True)


def open_mark(folder: Path) -> Path:
    """The mark that says a batch still has steps to go; listing marks is cheap when years of batches lie beside them."""
    return folder.parent / ".open" / folder.name


def batches(home: Path) -> list[Batch]:
    """All that lie in landing, by feed and batch id; claims and pulls on their way are none."""
    return [
        Batch.load(home, f"{path.parents[1].name}/{path.parent.name}")
        for path in sorted((home / "landing").glob("[!.]*/[!.]*/batch.json"))
    ]


def unfinished(home: Path, feed: str) -> Iterator[Batch]:
    """Batches of ``feed`` that still have a step to go, in order of receipt."""
    marks = home / "landing" / feed / ".open"
    found = []
    for mark in marks.iterdir() if marks.is_dir() else ():
        folder = mark.parent.parent / mark.name
        if (folder / "batch.json").is_file():
            found.append(Batch.load(home, f"{feed}/{mark.name}"))
    yield from sorted(found, key=lambda batch: (batch.data["received_at"], batch.folder.name))
