"""The review lists in the outbox: one workbook per township, written when its questions change and not before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from connectors.feed import Feed
from connectors.quoting import literal
from warehouse.feedback import lists
from warehouse.identity.review import workbook
from warehouse.identity.review.pending import CANDIDATES, pending

REGISTRY = "registry_person"
CHUNK = 1_000
WEAK, NO_CANDIDATE = "（线索少）", "（无法提供候选）"


def kind(feeds: Mapping[str, Feed]) -> lists.Kind:
    """Review lists: one per township, all of them in the registry's outbox."""
    return lists.Kind("review", "core.review_list", "town_code", lambda town: feeds[REGISTRY].department)


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

    def sheet(town_code: str, list_id: str) -> tuple[str, lists.Fill]:
        town, items, shown = con.execute(
            "SELECT town, items, shown FROM review_wanted_list WHERE town_code = ?", [town_code]
        ).fetchall()[0]

        def fill(path: Path, spill: Path) -> None:
            rows = _rows(con, town_code, int(shown))
            workbook.write(path, spill, town, kind(feeds).identity(list_id), day, rows, int(items), int(shown))

        return f"人员核对_{town}_{day}", fill

    return lists.write_changed(con, kind(feeds), "review_wanted_list", outbox, day, sheet)


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
