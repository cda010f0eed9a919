"""Candidates for rows that give too little to be weighed: the household that they name, and whoever's name fits, the nearest first.

They are never linked without a person. A row that knows a name only meets its namesakes of the county; as many as somebody looks
through are kept, so that of a very common name the right one may be missing (the list takes an id that is typed in).
"""

from __future__ import annotations

import duckdb

# In all, those that were weighed included.
CANDIDATES = 20
# Log2: a row whose best candidate weighs less has found nobody who speaks for himself.
POOR = 5.0
# Somebody's name may be written wrong here or there; two of its characters must meet, or one and the place or the month of birth. A name
# of two characters of which one is wrong is another name.
NEAR = "(r.town IS NULL OR l.town = r.town)"
BLOCKING = (
    "l.sound = r.sound",
    f"l.surname = r.surname AND l.last = r.last AND {NEAR}",
    f"l.beginning = r.beginning AND {NEAR}",
    f"l.ending = r.ending AND {NEAR}",
    "l.village = r.village AND l.surname = r.surname",
    "l.village = r.village AND l.last = r.last",
    "l.birth_month = r.birth_month AND l.surname = r.surname",
    "l.birth_day = r.birth_day AND l.surname = r.surname",
    "l.town = r.town AND contains(r.name, '?') AND l.surname = r.surname",
    "l.is_wild AND l.surname = r.surname",
    # Whoever lives where the row says may have another name by now.
    "l.household = r.household",
)
PARTS = (
    "CASE WHEN length(folded) > 1 THEN left(folded, 2) END AS beginning, "
    "CASE WHEN length(folded) > 2 THEN substr(folded, 2) WHEN length(folded) = 2 THEN folded END AS ending"
)
POINTS = (
    "CASE WHEN l.name = r.name THEN 4 WHEN l.folded = r.folded OR l.sound = r.sound THEN 3 "
    "WHEN name_fits(l.folded, r.folded) THEN 2 WHEN name_differs_once(l.folded, r.folded) THEN 1 ELSE 0 END "
    "+ CASE WHEN l.birth = r.birth OR l.birth = r.birth_other THEN 3 WHEN l.birth_month = r.birth_month THEN 2 "
    "WHEN birth_slipped(l.birth_digits, r.birth_digits) OR birth_is_lunar(l.birth, r.birth) THEN 2 "
    "WHEN l.birth_year = r.birth_year THEN 1 WHEN l.birth_year <> r.birth_year THEN -1 ELSE 0 END "
    "+ CASE WHEN l.household = r.household THEN 5 WHEN l.village = r.village THEN 2 WHEN l.town = r.town THEN 1 ELSE 0 END "
    "+ CASE WHEN list_has_any(l.relatives, r.relatives) THEN 2 ELSE 0 END - CASE WHEN l.sex <> r.sex THEN 2 ELSE 0 END"
)
ALIKE = "l.household = r.household OR l.sound = r.sound OR name_fits(l.folded, r.folded) OR name_differs_once(l.folded, r.folded)"


def add(con: duckdb.DuckDBPyConnection, known: str, rows: str, decided: str) -> None:
    """Fill up ``decided`` for the rows that nobody, or nobody heavier than POOR, was found for: ``method`` ``weak``, without weight, ranks
    behind those that were weighed. ``known`` and ``rows`` are the compared relations.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE linking_poor AS SELECT r.*, {PARTS}, coalesce(d.ranks, 0) AS ranks FROM {rows} AS r LEFT JOIN ("
        f"  SELECT row_key, max(rank) AS ranks, max(weight) AS best FROM {decided} GROUP BY row_key"
        f") AS d ON d.row_key = r.key WHERE r.name IS NOT NULL AND (d.best IS NULL OR d.best < {POOR})"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW linking_named AS SELECT *, {PARTS}, contains(name, '?') AS is_wild FROM {known}"
    )
    pairs = " UNION ".join(
        f"SELECT l.unique_id AS known_id, r.unique_id AS row_id FROM linking_named AS l JOIN linking_poor AS r ON {rule} WHERE {ALIKE}"
        for rule in BLOCKING
    )
    con.execute(
        f"INSERT INTO {decided} (row_key, known_key, rank, decision, method) WITH found AS ("
        f"  SELECT r.key AS row_key, l.key AS known_key, r.ranks, {POINTS} AS points FROM ({pairs}) AS p "
        f"  JOIN linking_named AS l ON l.unique_id = p.known_id JOIN linking_poor AS r ON r.unique_id = p.row_id"
        f") SELECT row_key, known_key, ranks + row_number() OVER by_points, 'review', 'weak' FROM found "
        f"ANTI JOIN (SELECT row_key, known_key FROM {decided}) AS d USING (row_key, known_key) "
        f"WINDOW by_points AS (PARTITION BY row_key ORDER BY points DESC, known_key) QUALIFY row_number() OVER by_points <= {CANDIDATES} - ranks"
    )
    con.execute("DROP VIEW temp.linking_named; DROP TABLE temp.linking_poor")
