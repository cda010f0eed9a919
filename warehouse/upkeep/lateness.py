"""Which feeds are late: no data newer than ``freshness_days`` have been merged."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.feed import Feed
from warehouse import sources
from warehouse.batch import write_json
from warehouse.upkeep import alerts

# A feed that stays late is told again after this many days.
REMIND_DAYS = 7


@dataclass(frozen=True)
class Late:
    """``days``: by how many days the feed's newest data are older than it promised."""

    feed: str
    as_of: dt.date
    days: int


def late_feeds(home: Path, feeds: Mapping[str, Feed], today: dt.date) -> list[Late]:
    """Late feeds, the latest first. A feed that has never come is no news to anyone and is not among them."""
    found = []
    for name, feed in feeds.items():
        if as_of := sources.last(home, name).get("as_of"):
            day = dt.date.fromisoformat(str(as_of))
            days = (today - day).days - feed.freshness_days
            if days > 0:
                found.append(Late(name, day, days))
    return sorted(found, key=lambda late: (-late.days, late.feed))


def tell(home: Path, feeds: Mapping[str, Feed], today: dt.date) -> list[Late]:
    """Alert for every late feed once, and again each week; returns all that are late."""
    late = late_feeds(home, feeds, today)
    path = home / "run" / "late.json"
    told: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    now: dict[str, list[str]] = {}
    for one in late:
        before = told.get(one.feed)
        if before and before[0] == str(one.as_of) and (today - dt.date.fromisoformat(before[1])).days < REMIND_DAYS:
            now[one.feed] = before
            continue
        feed = feeds[one.feed]
        line = f"late by {one.days} days: newest data are of {one.as_of}, promised every {feed.freshness_days} days"
        alerts.tell(one.feed, line, home)
        now[one.feed] = [str(one.as_of), today.isoformat()]
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_json(path, now)
    return late
