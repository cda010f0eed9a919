"""How good links are, measured against the planted truth of a county drawn with ``fupin simulate --identity``.

A person's key says nothing by itself, so keys are given owners: a key belongs to the person who has most of its rows with an id
of their own (full | cert | student_g; then most rows), and the person's home is the key that has most of theirs. A link is *right* if
the row's person owns its key; it is *at home* if it is also the person's home key. Precision is the share of right links; recall
the share of rows at home, so that a person split over two keys costs recall and two people on one key cost precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.feed import Feed
from warehouse.history.views import record_sql

SURE = ("full", "cert", "student_g")


@dataclass(frozen=True)
class Score:
    """Rows of one tier: ``rows`` about a person and not refused, of them ``linked``, ``right``, ``home``."""

    tier: str
    rows: int
    linked: int
    right: int
    home: int

    @property
    def precision(self) -> float:
        """Share of links to the row's own person; 1.0 where nothing is linked."""
        return self.right / self.linked if self.linked else 1.0

    @property
    def recall(self) -> float:
        """Share of rows that are linked to their person's home key."""
        return self.home / self.rows if self.rows else 1.0


def links_sql(feeds: Iterable[Feed]) -> str:
    """SELECT of (feed, file, source_row, person_key) from the warehouse, for the feeds that speak of persons."""
    parts = [
        f"SELECT '{feed.name}' AS feed, b.original_name AS file, h.source_row, h.person_key "
        f"FROM core.{feed.name} AS h JOIN ops.batch AS b ON b.feed = '{feed.name}' AND b.batch_id = h.batch_id"
        for feed in feeds
        if feed.subject
    ]
    return " UNION ".join(parts)


def present_links_sql(feeds: Iterable[Feed]) -> str:
    """SELECT of (feed, source_row, person_key) as the warehouse answers today, whatever tier found it.

    A row that names a household's head only is linked to the household: it counts as its head's.
    """
    parts = [
        f"SELECT '{feed.name}' AS feed, t.source_row, coalesce(t.person_key, h.head_key) AS person_key FROM core.{feed.name}_now AS t "
        f"LEFT JOIN core.household_link AS h ON h.feed = '{feed.name}' AND h.record = {record_sql(feed, 't.')}"
        for feed in feeds
        if feed.subject
    ]
    return " UNION ALL ".join(parts)


def score(
    con: duckdb.DuckDBPyConnection,
    links: str,
    truths: Sequence[Path],
    by: str = "id_kind",
    feeds: Sequence[str] | None = None,
) -> dict[str, Score]:
    """Scores of ``links`` by tier.

    ``links``: SQL relation (feed, source_row, person_key), one row per merged row, person_key NULL or absent where nobody is
    linked. With more than one delivery also ``file``, and only rows in ``links`` are scored: a row that a later delivery repeats
    stands under the file that brought it first. ``truths``: the folder ``truth`` of each delivery. ``by``: SQL over the
    truth's rows that names the tier (``id_kind``, ``feed || '/' || id_kind``, ``coalesce(name_kind, 'as is')``). ``feeds``: only
    these are scored (default: all of the truth). Nothing is written but temporary tables.
    """
    chosen = f"AND feed IN ({', '.join(map(repr, feeds))})" if feeds else ""
    rows = [f"{folder}/rows.parquet" for folder in truths]
    errors = [f"{folder}/errors.parquet" for folder in truths]
    file, join = (", file", "JOIN") if len(truths) > 1 else ("", "LEFT JOIN")
    sure = ", ".join(map(repr, SURE))
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE scored AS
        WITH told AS (
          SELECT *, "row" AS source_row FROM read_parquet({rows}) AS r ANTI JOIN read_parquet({errors}) AS e USING (feed, file, "row")
          WHERE person IS NOT NULL {chosen}
        )
        SELECT {by} AS tier, person, id_kind IN ({sure}) AS is_sure, person_key FROM told
        {join} (SELECT DISTINCT feed{file}, source_row, person_key FROM ({links})) USING (feed{file}, source_row)"""
    )
    votes = "SELECT person_key, person, count(*) FILTER (is_sure) AS sure, count(*) AS n FROM scored WHERE person_key IS NOT NULL GROUP BY ALL"
    found = con.execute(
        f"""WITH vote AS ({votes}),
        owner AS (FROM vote QUALIFY row_number() OVER (PARTITION BY person_key ORDER BY sure DESC, n DESC, person) = 1),
        home AS (FROM vote QUALIFY row_number() OVER (PARTITION BY person ORDER BY sure DESC, n DESC, person_key) = 1)
        SELECT tier, count(*), count(s.person_key), count(*) FILTER (o.person = s.person),
          count(*) FILTER (o.person = s.person AND h.person_key = s.person_key)
        FROM scored AS s LEFT JOIN owner AS o ON o.person_key = s.person_key LEFT JOIN home AS h ON h.person = s.person
        GROUP BY tier ORDER BY tier"""
    ).fetchall()
    return {str(tier): Score(str(tier), *figures) for tier, *figures in found}


def report(scores: Iterable[Score]) -> str:
    """The scores as lines of text, for a log or a bench."""
    return "\n".join(
        f"{one.tier:<24} rows {one.rows:>9,}  precision {one.precision:.4f}  recall {one.recall:.4f}" for one in scores
    )
