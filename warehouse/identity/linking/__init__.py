"""Which rows without a usable citizen id speak of which known people: the probabilistic tier (Fellegi and Sunter's weights, by Splink).

``train`` learns from a county's own data how often the same person's fields agree and how often strangers' do; ``link`` weighs every
plausible pair and decides: linked without asking, or up to five candidates for somebody to judge.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb

from warehouse.identity.linking import county, decide, engine, prepare
from warehouse.identity.linking.engine import Model

__all__ = ["Model", "link", "train"]


def train(con: duckdb.DuckDBPyConnection, unlinked: str, people: str, seed: int) -> Model:
    """A model of this county, the same for the same relations and seed.

    ``people``: ``person_key`` BIGINT, ``name``, ``birth_date`` DATE, ``sex_code``, ``village_code`` (12 digits), ``household_key``,
    ``relatives`` VARCHAR[] (names of the household's other members). ``unlinked``: ``row_key`` UBIGINT, the same but for the person, any
    of them NULL, and ``birth_grain`` (``day``, ``month``, ``year``), ``id_part`` (surviving leading digits of an id). Keys are unique.
    Raises TerminalError if nothing can be learnt.
    """
    known, rows = prepare.prepare(con, unlinked, people)
    try:
        u = county.known_u(con, known, rows)
        return engine.fit(con, known, rows, replace(county.COUNTY, known_u=u), seed)
    finally:
        _drop(con, known, rows)


def link(con: duckdb.DuckDBPyConnection, unlinked: str, people: str, model: Model, out: str) -> dict[str, int]:
    """Replace the table ``out``: ``row_key``, ``person_key``, ``weight`` (log2), ``probability``, ``rank`` (1 = the row's best), ``margin``
    (log2 over the best other candidate, NULL without one), ``decision`` ``auto`` or ``review``, ``method`` ``splink``, ``model_version``.

    A linked row stands there once, any other with its best candidates, at most five. Returns ``rows``, ``pairs`` weighed, rows ``auto``,
    rows in ``review`` and rows with ``none`` at all. Relations as in :func:`train`.
    """
    known, rows = prepare.prepare(con, unlinked, people)
    try:
        pairs = engine.weigh(con, known, rows, model, "linking_scored")
        decide.decide(con, "linking_scored", known, rows, county.COUNTY, "linking_decided")
        con.execute(
            f"CREATE OR REPLACE TABLE {out} AS SELECT row_key, known_key AS person_key, weight, probability, rank, margin, decision, "
            f"'splink' AS method, ? AS model_version FROM linking_decided ORDER BY row_key, rank",
            [model.version],
        )
        counted = con.execute(
            f"SELECT (SELECT count(*) FROM {rows}), count(*) FILTER (decision = 'auto'), count(DISTINCT row_key) FILTER (decision = 'review') FROM {out}"
        ).fetchone()
    finally:
        _drop(con, known, rows, "linking_scored", "linking_decided")
    assert counted is not None
    total, auto, review = counted
    return {"rows": total, "pairs": pairs, "auto": auto, "review": review, "none": total - auto - review}


def _drop(con: duckdb.DuckDBPyConnection, *tables: str) -> None:
    for table in tables:
        con.execute(f"DROP TABLE IF EXISTS {table}")
