"""Every Airflow asset of the platform, in one place: the same name with two addresses would stop its tasks."""

from __future__ import annotations

from collections.abc import Mapping

from airflow.sdk import Asset, AssetAlias, AssetWatcher

from connectors import settings
from connectors.feed import Feed
from connectors.feed import inboxes as inbox_departments
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
        for department in inbox_departments(feeds)
    }


def arrival(feed: str) -> Asset:
    """The asset that says «a batch of this feed waits in the landing folder»; only a feed that is dropped as a file has one."""
    return Asset(name=f"arrived_{feed}", uri=f"fupin://landing/{feed}")


def sorted_inbox(department: str) -> AssetAlias:
    """Through this alias whoever sorts a department's inbox tells which of its feeds have new batches."""
    return AssetAlias(name=f"sorted_{department}")


def tables(feeds: Mapping[str, Feed]) -> dict[str, Asset]:
    """Feed → the asset that says «its rows in the warehouse have changed»."""
    return {name: Asset(name=f"feed_{name}", uri=f"fupin://warehouse/{name}") for name in sorted(feeds)}


def who_is_who() -> AssetAlias:
    """Through this alias a task tells that somebody is somebody else now (:data:`IDENTITY`); a night without news tells nothing."""
    return AssetAlias(name="who_is_who")


IDENTITY = Asset(name="identity", uri="fupin://warehouse/identity")
MARTS = Asset(name="marts", uri="fupin://warehouse/mart")
SNAPSHOT = Asset(name="snapshot", uri="fupin://published/current")
