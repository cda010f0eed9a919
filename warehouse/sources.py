"""What is remembered of a feed's deliveries beside the ledger: batch ids by content, and the last merged delivery.

It can be asked without the warehouse's lock, which collecting must not wait for.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from warehouse.batch import Batch


def batch_id(base: Path, sha256: str) -> tuple[str, str | None]:
    """The id for content ``sha256`` in ``landing/<feed>``, and the batch that already holds it, if that one was not blocked."""
    first = sha256[:16]
    number = 1
    while (base / (first if number == 1 else f"{first}-{number}")).exists():
        existing = first if number == 1 else f"{first}-{number}"
        state = Batch.load(base.parent.parent, f"{base.name}/{existing}").state
        # What was refused or taken back may be sent again as it is.
        if state not in ("blocked", "withdrawn"):
            copy = 1
            while (base / f"{first}-dup{copy}").exists():
                copy += 1
            return f"{first}-dup{copy}", existing
        number += 1
    return (first if number == 1 else f"{first}-{number}"), None


def last(home: Path, feed: str) -> dict[str, Any]:
    """As-of date, row count, medians and watermark of the feed's last merged delivery; empty before the first."""
    path = _path(home, feed)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    # The last whole line; a data root of an earlier version has one object over all lines.
    for said in (*reversed(text.splitlines()), text):
        with suppress(ValueError):
            return dict(json.loads(said))
    return {}


def watermark(home: Path, feed: str) -> str | None:
    """Where the feed's last merged pull ended."""
    found = last(home, feed).get("watermark")
    return str(found) if found is not None else None


def remember(home: Path, data: dict[str, Any]) -> None:
    """After the commit: what the next delivery is compared with and where the next pull begins.

    A correction or a township's file is no full delivery. A delta is none either, but it makes the feed's data newer.
    """
    if data.get("correction_of") or str(data.get("coverage")).isdigit():
        return
    feed = str(data["feed"])
    if _is_delta(data):
        before = last(home, feed)
        _add(home, feed, {"rows": 0, **before, "as_of": max(str(before.get("as_of", "")), str(data["as_of"]))})
        return
    kept = watermark(home, feed) if data.get("watermark") is None else data["watermark"]
    _add(
        home,
        feed,
        {
            "as_of": data["as_of"],
            "rows": data["rows_read"],
            "areas": data.get("areas", []),
            "medians": data.get("medians", {}),
            "watermark": kept,
        },
    )


def _path(home: Path, feed: str) -> Path:
    return home / "landing" / feed / ".last.json"


def _add(home: Path, feed: str, content: dict[str, Any]) -> None:
    # A line more costs a hundredth of a file that is replaced and synced. Half a line, of a process that died, is not read.
    with open(
        _path(home, feed), "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)
    ) as handle:
        handle.write(f"\n{json.dumps(content, default=str)}\n")


def _is_delta(data: dict[str, Any]) -> bool:
    return bool((data.get("reading") or {}).get("delta"))


def has_list(home: Path, feed: str) -> bool:
    """Whether any delivery of the feed that was not refused is, or may become, a list that a delta can change."""
    found = (Batch.load(home, f"{feed}/{path.parent.name}") for path in (home / "landing" / feed).glob("*/batch.json"))
    return any(
        one.state in ("received", "staged", "validated", "merged")
        and not (_is_delta(one.data) or one.data.get("correction_of") or one.data.get("withdraws"))
        for one in found
    )


def forget(home: Path, feed: str) -> None:
    """After a withdrawal: remember what the merged deliveries that are left say, in the order in which they were merged."""
    left = [Batch.load(home, f"{feed}/{path.parent.name}") for path in (home / "landing" / feed).glob("*/batch.json")]
    _path(home, feed).unlink(missing_ok=True)
    for batch in sorted((one for one in left if one.state == "merged"), key=lambda one: str(one.data.get("merged_at"))):
        remember(home, batch.data)
