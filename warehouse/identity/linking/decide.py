"""From weighed pairs to decisions: linked, or laid before a person."""

from __future__ import annotations

import re

import duckdb

from warehouse.identity.linking.specification import Specification

# As many candidates as somebody looks through before guessing.
CANDIDATES = 5
COLUMN = re.compile(r"\b(\w+)_[lr]\b")


def _levels(specification: Specification, known: str, rows: str, pairs: str) -> str:
    """SELECT of the relation ``pairs`` with both keys and ``is_good``: whether the levels that its comparisons reach satisfy ``automatic``."""
    columns = set(COLUMN.findall(specification.automatic))
    gammas = []
    for one in specification.comparisons:
        null, *levels = one["comparison_levels"]
        whens = [f"WHEN {null['sql_condition']} THEN -1"]
        for place, level in enumerate(levels[:-1]):
            whens.append(f"WHEN {level['sql_condition']} THEN {len(levels) - 1 - place}")
        gammas.append(f"CASE {' '.join(whens)} ELSE 0 END AS gamma_{one['output_column_name']}")
        columns |= set(COLUMN.findall(" ".join(whens)))
    both = "".join(f", l.{name} AS {name}_l, r.{name} AS {name}_r" for name in sorted(columns))
    return (
        f"SELECT * EXCLUDE (pair), pair.*, coalesce({specification.automatic}, FALSE) AS is_good FROM (SELECT *, {', '.join(gammas)} FROM ("
        f"SELECT p AS pair, l.key AS known_key, r.key AS row_key{both} FROM {pairs} AS p "
        f"JOIN {known} AS l ON l.unique_id = p.known_id JOIN {rows} AS r ON r.unique_id = p.row_id))"
    )


def nothing(con: duckdb.DuckDBPyConnection, scored: str) -> int:
    """An empty relation ``scored`` where nothing could be weighed; returns the number of pairs, 0."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {scored} (known_id INTEGER, row_id INTEGER, weight DOUBLE, probability DOUBLE)"
    )
    return 0


def decide(
    con: duckdb.DuckDBPyConnection, scored: str, known: str, rows: str, specification: Specification, decided: str
) -> None:
    """Create the temporary table ``decided``: ``row_key``, ``known_key``, ``weight``, ``probability``, ``rank``, ``margin``, ``decision``, ``method``.

    ``known`` and ``rows`` are the compared relations with their ``key``. A row's best candidate is linked (``auto``) if its weight and its
    margin reach the specification's and its levels satisfy ``automatic``; then no other candidate is kept. Any other row keeps its best
    five as ``review``. ``margin`` is the weight over the best other candidate of the row, NULL if there is none. Ties go by the known's
    number, so that equal inputs give equal ranks; a tie has no margin and is never linked.
    """
    one_to_one = specification.one_to_one
    known_rank = "row_number() OVER (PARTITION BY known_id ORDER BY rank, weight DESC, row_id)" if one_to_one else "1"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE linking_few AS WITH ranked AS ("
        f"  SELECT *, row_number() OVER in_row AS rank, first_value(weight) OVER in_row AS best, nth_value(weight, 2) OVER in_row AS second "
        f"  FROM {scored} WINDOW in_row AS (PARTITION BY row_id ORDER BY weight DESC, known_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
        f") SELECT known_id, row_id, weight, probability, CAST(rank AS INTEGER) AS rank, weight - CASE WHEN rank = 1 THEN second ELSE best END AS margin, "
        f"{known_rank} AS known_rank FROM ranked WHERE rank <= {CANDIDATES}"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {decided} AS WITH judged AS ("
        f"  SELECT *, rank = 1 AND known_rank = 1 AND weight >= {specification.weight} AND coalesce(margin >= {specification.margin}, TRUE) "
        f"  AND is_good AS is_linked FROM ({_levels(specification, known, rows, 'linking_few')})"
        f") SELECT row_key, known_key, weight, probability, rank, margin, CASE WHEN is_linked THEN 'auto' ELSE 'review' END AS decision, "
        f"'splink' AS method "
        f"FROM (SELECT *, bool_or(is_linked) OVER (PARTITION BY row_id) AS row_is_linked FROM judged) WHERE is_linked OR NOT row_is_linked"
    )
    con.execute("DROP TABLE linking_few")
