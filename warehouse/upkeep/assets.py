"""Every Airflow asset of the platform, in one place: the same name with two addresses would stop its tasks."""

from __future__ import annotations

from collections.abc import Mapping

from airflow.sdk import Asset, AssetWatcher

from connectors import settings
from connectors.feed import Feed
from connectors.watch import InboxTrigger

SHORTEST_POKE_SECONDS = 0.2


def doorbells(feeds: Mapping[str, Feed]) -> dict[str, Asset]:
    """Department → the asset that rings when whole files lie in its inbox."""
    poke = max(SHORTEST_POKE_SECONDS, settings.number("settle_seconds", 1.0))
    inboxes = settings.home() / "ingest"
    return {
        department: Asset(
            name=f"inbox_{department}",
            uri=f"fupin://inbox/{department}",
            watchers=[
                AssetWatcher(
                    name=f"inbox_{department}", trigger=InboxTrigger(folder=str(inboxes / department), poke=poke)
                )
            ],
        )
        for department in sorted({feed.department for feed in feeds.values() if feed.source["kind"] == "drop"})
    }


def arrivals(feeds: Mapping[str, Feed]) -> dict[str, Asset]:
    """Feed (of a department that drops files) → the asset that says «a batch of it waits in the landing folder»."""
    return {
        name: Asset(name=f"arrived_{name}", uri=f"fupin://landing/{name}")
        for name, feed in sorted(feeds.items())
        if feed.source["kind"] == "drop"
    }


def tables(feeds: Mapping[str, Feed]) -> dict[str, Asset]:
    """Feed → the asset that says «its rows in the warehouse have changed»."""
    return {name: Asset(name=f"feed_{name}", uri=f"fupin://warehouse/{name}") for name in sorted(feeds)}


MARTS = Asset(name="marts", uri="fupin://warehouse/mart")
SNAPSHOT = Asset(name="snapshot", uri="fupin://published/current")
