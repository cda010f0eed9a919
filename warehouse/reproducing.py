"""A published snapshot once more, from the original bytes of its deliveries: is it what was published, bit for bit in content?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from connectors import disk, settings
from connectors.errors import TerminalError, scrubbed
from connectors.feed import Feed, load_feeds
from connectors.quoting import literal
from warehouse import keys, publish, replaying, sealing
from warehouse.batch import Batch
from warehouse.database import open_warehouse, table_hashes
from warehouse.history.schema import prepare
from warehouse.identity import knows
from warehouse.publish import manifest
from warehouse.publish.past_file import DATABASE
from warehouse.publish.pseudonym import fingerprint
from warehouse.publish.snapshot import SNAPSHOT, published
from warehouse.replaying import BUILD, LOAD, WITHDRAW, Deed
from warehouse.scratch import scratch_root

Progress = Callable[[str], None]


@scrubbed
def reproduce(home: Path, snapshot_id: str, progress: Progress) -> dict[str, Any]:
    """Make the snapshot again in a scratch root and compare; returns ``snapshot_id``, ``deliveries``, ``tables``, ``histories`` and ``differs``,
    a sentence per difference: empty if it is what was published.

    Raises TerminalError, with every reason at once, where it cannot be made again.
    """
    folder = published(home) / snapshot_id
    was = manifest.read(folder) if SNAPSHOT.fullmatch(snapshot_id) else None
    if was is None:
        raise TerminalError(f"there is no snapshot {snapshot_id} with a manifest")
    feeds = load_feeds()
    reasons = _strange(home, folder, was)
    with open_warehouse(home, write=False) as con:
        until = int((was.get("audit") or {}).get("entries", 0))
        wanted = replaying.deeds(con, until)
        if not knows(con, keys.secret("identity_key", home)):
            reasons.append("the identity key is not the one by which people's keys were made")
    reasons += _missing(home, was, wanted, feeds)
    if reasons:
        raise TerminalError(f"{snapshot_id} cannot be made again: {'; '.join(reasons)}")
    if not any(deed.what == BUILD for deed in wanted):
        # A warehouse of a former version did not note its builds.
        wanted.append(Deed(until, BUILD, "", dt.datetime.fromisoformat(was["published_at"]).replace(tzinfo=None), {}))
    with scratch_root(home) as root:
        with open_warehouse(root) as con:
            prepare(con, root, feeds)
        for deed in replaying.play(home, root, wanted):
            progress(f"{deed.what} {deed.target}".rstrip())
        with open_warehouse(root) as con:
            prepare(con, root, feeds)
            again = published(root) / publish.publish(con, root, feeds)["snapshot_id"]
        differs = differences(was, manifest.read(again) or {})
        differs += _other_histories(folder / DATABASE, again / DATABASE)
    return {
        "snapshot_id": snapshot_id,
        "deliveries": sum(deed.what == LOAD for deed in wanted),
        "tables": len(was["tables"]),
        "histories": len(was["history"]),
        "differs": differs,
    }


def _strange(home: Path, folder: Path, was: Mapping[str, Any]) -> list[str]:
    """What is not as it was when the snapshot was published, apart from the data."""
    found = []
    for name, now in (
        ("code_version", settings.code_version()),
        ("duckdb_version", duckdb.__version__),
        ("key_fingerprint", fingerprint(keys.secret("publication_key", home))),
    ):
        if was.get(name) != now:
            found.append(f"its {name} is {was.get(name)}, the present one {now}")
    sources, present = was.get("sources") or {}, manifest.sources()
    if changed := [name for name in sorted(sources.keys() | present) if sources.get(name) != present.get(name)]:
        found.append(f"{len(changed)} files of sql/ are not what they were ({', '.join(changed[:5])})")
    for name, facts in was["files"].items():
        path = folder / name
        if not path.is_file() or disk.digest(path) != facts["sha256"]:
            found.append(f"its file {name} is not what was published")
    return found


def _missing(home: Path, was: Mapping[str, Any], wanted: list[Deed], feeds: Mapping[str, Feed]) -> list[str]:
    """Deliveries that the log or the landing folder does not have any more."""
    found = []
    loaded = {deed.target for deed in wanted if deed.what == LOAD}
    if unlogged := {f"{one['feed']}/{one['batch_id']}" for one in was["batches"]} - loaded:
        found.append(f"the log does not say when {', '.join(sorted(unlogged)[:5])} came")
    merged = {deed.target for deed in wanted if deed.what == LOAD and deed.detail["state"] == "merged"}
    for target in sorted(loaded | {deed.target for deed in wanted if deed.what == WITHDRAW}):
        folder = home / "landing" / target
        if not (folder / "batch.json").is_file():
            found.append(f"the batch {target} was removed from landing/")
        elif target in merged:
            if target.split("/")[0] not in feeds:
                found.append(f"the feed of {target} is not declared any more")
            found += _altered(home, target)
    return found


def _altered(home: Path, target: str) -> list[str]:
    batch = Batch.load(home, target)
    if not sealing.is_there(batch.source):
        return [f"the original bytes of {target} were removed from landing/"]
    if sealing.digest(batch.source, home) != batch.data["sha256"]:
        return [f"the original bytes of {target} are not what was received"]
    return []


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In what the tables of two manifests differ, a sentence each."""
    found = []
    for name in sorted(was["tables"].keys() | now["tables"]):
        old, new = was["tables"].get(name), now["tables"].get(name)
        if old is None or new is None:
            found.append(f"{name} is {'new' if old is None else 'missing'}")
        elif old["columns"] != new["columns"]:
            found.append(f"{name} has other columns")
        elif old["rows"] != new["rows"]:
            found.append(f"{name} has {new['rows']} rows, published were {old['rows']}")
        elif old["content_hash"] != new["content_hash"]:
            found.append(f"{name} has other content in its {old['rows']} rows")
    if not found and was["content_hash"] != now["content_hash"]:
        found.append("the dictionary, the page or what is believed of a history is another")
    return found


def _other_histories(was: Path, now: Path) -> list[str]:
    """Histories that differ in what was believed, or when."""
    with duckdb.connect() as con:
        for name, path in (("was", was), ("now", now)):
            con.execute(f"ATTACH {literal(str(path))} AS {name} (READ_ONLY)")
        old, new = table_hashes(con, "was"), table_hashes(con, "now")
    return [f"the history {name} is another" for name in sorted(old.keys() | new) if old.get(name) != new.get(name)]
