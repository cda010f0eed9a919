"""The review lists in the outbox: one workbook per township, written when its questions change and not before."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from expectations.normalise import literal
from warehouse.feedback import names
from warehouse.identity.review import workbook
from warehouse.identity.review.pending import CANDIDATES, pending

REGISTRY = "registry_person"
CHUNK = 1_000
MAX_COPIES = 1_000
WEAK, NO_CANDIDATE = "（线索少）", "（无法提供候选）"


def write_lists(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], outbox: Path, as_of: str | dt.date
) -> list[Path]:
    """Write a workbook for every township whose questions are not those of its last list; returns the new files.

    ``outbox``: the folder of all departments' outboxes; the lists go to the registry's. ``as_of``: date of the data, in names and
    titles. Works inside the caller's transaction. A list that is superseded and that nobody has touched is taken away.
    """
    if REGISTRY not in feeds:
        return []
    day = str(as_of)
    pending(con, feeds)
    con.execute(
        "INSERT INTO core.review_item SELECT item, feed, record, CAST(? AS TIMESTAMP), candidates FROM review_pending AS p "
        "WHERE NOT EXISTS (SELECT 1 FROM core.review_item AS i WHERE i.item = p.item)",
        [day],
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_wanted_list AS SELECT town_code, min(town) AS town, count(*) AS items, "
        "left(md5(string_agg(item, ',' ORDER BY item)), 16) AS list_id, "
        f"greatest(1, least(max(len(candidates)), {CANDIDATES})) AS shown FROM review_pending GROUP BY town_code"
    )
    folder = outbox / feeds[REGISTRY].department
    obsolete = con.execute(
        "DELETE FROM core.review_list AS l WHERE NOT EXISTS (SELECT 1 FROM review_wanted_list AS w "
        "WHERE w.town_code = l.town_code AND w.list_id = l.list_id) RETURNING file, sha256"
    ).fetchall()
    for file, digest in obsolete:
        _take_away(folder / file, digest)
    new = con.execute(
        "SELECT town_code, town, list_id, items, shown FROM review_wanted_list AS w WHERE NOT EXISTS "
        "(SELECT 1 FROM core.review_list AS l WHERE l.town_code = w.town_code) ORDER BY town_code"
    ).fetchall()
    written = []
    for town_code, town, list_id, items, shown in new:
        path = _write(con, folder, town_code, town, list_id, day, int(items), int(shown))
        con.execute(
            "INSERT INTO core.review_list VALUES (?, ?, ?, ?, CAST(? AS TIMESTAMP), FALSE)",
            [town_code, list_id, path.name, _digest(path), day],
        )
        written.append(path)
    return written


def undelivered(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], outbox: Path) -> list[Path]:
    """Lists that have not been taken to the department's outbox elsewhere."""
    folder = outbox / feeds[REGISTRY].department
    found = con.execute("SELECT file FROM core.review_list WHERE NOT is_delivered ORDER BY file").fetchall()
    return [folder / file for (file,) in found if (folder / file).is_file()]


def mark_delivered(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    con.execute("UPDATE core.review_list SET is_delivered = TRUE WHERE file = ?", [path.name])


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _take_away(path: Path, digest: str) -> None:
    """Remove a superseded list, unless somebody has written into it."""
    if path.is_file() and not path.is_symlink() and _digest(path) == digest:
        path.unlink()


def _write(
    con: duckdb.DuckDBPyConnection, folder: Path, town_code: str, town: str, list_id: str, day: str, items: int, shown: int
) -> Path:  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    spill, temporary = folder / f".review-{list_id}", folder / f".{list_id}.tmp"
    shutil.rmtree(spill, ignore_errors=True)
    spill.mkdir(mode=0o700)
    # Left by a killed run it may be a second name of a finished list: it must not be written through.
    temporary.unlink(missing_ok=True)
    try:
        workbook.write(temporary, spill, town, list_id, day, _rows(con, town_code, shown), items, shown)
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.chmod(temporary, 0o640)
        return _place(temporary, folder, names.safe_stem(f"人员核对_{town}_{day}"), f"review/{list_id}")
    finally:
        temporary.unlink(missing_ok=True)
        shutil.rmtree(spill, ignore_errors=True)


def _place(temporary: Path, folder: Path, stem: str, identity: str) -> Path:
    """Move a finished list to its name. Another list of the same day may have answers in it already: it stays, a number is added."""
    for copy in range(1, MAX_COPIES):
        target = folder / (stem + (f"({copy})" if copy > 1 else "") + ".xlsx")
        if not target.exists() and not target.is_symlink():
            os.replace(temporary, target)
            return target
        if not target.is_symlink() and names.batch_of(target) == identity and _digest(target) == _digest(temporary):
            return target
    raise TerminalError("no free name for a review list")


def _rows(con: duckdb.DuckDBPyConnection, town_code: str, shown: int) -> Iterator[Sequence[Any]]:
    """The rows of a township's list as texts, in the order of the sheet: what can be told first, what only a name speaks for, what has
    no candidate."""
    village = (
        "(SELECT CASE WHEN d.town_code = p.town_code THEN d.village_name ELSE concat_ws(' ', d.town_name, d.village_name) END "
        "FROM ref.division AS d WHERE d.village_code = {0}.village_code LIMIT 1)"
    )
    columns = []
    for number in range(1, shown + 1):
        of = f"c{number}"
        columns += [
            f"{of}.name", f"strftime({of}.birth_date, '%Y-%m-%d')", f"{of}.sex", f"coalesce({village.format(of)}, {of}.village_code)",
            f"{of}.head_name", f"{of}.masked_id",
        ]  # fmt: skip
    joins = " ".join(
        f"LEFT JOIN review_choice AS c{number} ON c{number}.feed = p.feed AND c{number}.record = p.record AND c{number}.choice = {number}"
        for number in range(1, shown + 1)
    )
    further = (
        "(SELECT string_agg(concat_ws(' ', '候选' || c.choice, c.name, strftime(c.birth_date, '%Y-%m-%d'), c.sex, "
        f"coalesce({village.format('c')}, c.village_code), c.head_name, c.masked_id), chr(10) ORDER BY c.choice) FROM review_choice AS c "
        f"WHERE c.feed = p.feed AND c.record = p.record AND c.choice > {CANDIDATES})"
    )
    title = f"p.feed_title || CASE WHEN len(p.candidates) = 0 THEN {literal(NO_CANDIDATE)} WHEN p.is_weak THEN {literal(WEAK)} ELSE '' END"
    cursor = con.execute(
        f"SELECT p.item, {title}, p.name, strftime(p.birth_date, '%Y-%m-%d'), p.sex, coalesce({village.format('p')}, p.village_code), "
        f"p.beside, len(p.candidates), {', '.join([*columns, further])} FROM review_pending AS p {joins} WHERE p.town_code = ? "
        "ORDER BY len(p.candidates) = 0, p.is_weak, p.feed_title, p.village_code NULLS LAST, p.name NULLS LAST, p.item",
        [town_code],
    )
    while chunk := cursor.fetchmany(CHUNK):
        yield from chunk
