"""Which rows without a usable citizen id speak of which known people: the probabilistic tier (Fellegi and Sunter's weights, by Splink).

``train`` learns from a county's own data how often the same person's fields agree and how often strangers' do; ``link`` weighs every
plausible pair and decides: linked without asking, or up to five candidates for somebody to judge. Rows that give too little to be weighed
get up to twenty whose names fit (:mod:`warehouse.identity.linking.weak`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import duckdb

from connectors.errors import without_row_text
from warehouse.identity.linking import county, decide, engine, prepare, weak
from warehouse.identity.linking.engine import Model
from warehouse.identity.linking.weak import POOR

__all__ = ["POOR", "SPECIFICATION", "Model", "link", "train"]

# What is compared and how: a model learnt under another specification is not to be used.
SPECIFICATION = hashlib.sha256(repr(county.COUNTY).encode()).hexdigest()[:12]


def train(con: duckdb.DuckDBPyConnection, unlinked: str, people: str, seed: int) -> Model:
    """A model of this county, the same for the same relations and seed.

    ``people``: ``person_key`` BIGINT, ``name``, ``birth_date`` DATE, ``sex_code``, ``village_code`` (12 digits), ``household_key``,
    ``relatives`` VARCHAR[] (names of the household's other members). ``unlinked``: ``row_key`` UBIGINT, the same but for the person, any
    of them NULL, and ``birth_grain`` (``day``, ``month``, ``year``), ``id_part`` (surviving leading digits of an id). Keys are unique.
    Raises TerminalError if nothing can be learnt.
    """
    with without_row_text("training the linkage"), _prepared(con, unlinked, people) as (known, rows):
        return engine.fit(con, known, rows, replace(county.COUNTY, known_u=county.known_u(con, known, rows)), seed)


def link(con: duckdb.DuckDBPyConnection, unlinked: str, people: str, model: Model | None, out: str) -> dict[str, int]:
    """Replace the temporary table ``out``: ``row_key``, ``person_key``, ``weight`` (log2), ``probability``, ``rank`` (1 = the row's best), ``margin``
    (log2 over the best other candidate, NULL without one), ``decision`` ``auto`` or ``review``, ``method`` ``splink`` or ``weak``, ``model_version``.

    A linked row stands there once, any other with its best candidates, at most five that were weighed; ``weak`` ones, without weight, fill
    up poor rows to twenty. Without a model nothing is weighed and nobody linked. Returns ``rows``, ``pairs`` weighed, rows ``auto``,
    rows in ``review`` and rows with ``none`` at all. Relations as in :func:`train`.
    """
    with without_row_text("linking"), _prepared(con, unlinked, people) as (known, rows):
        pairs = (
            engine.weigh(con, known, rows, model, "linking_scored") if model else decide.nothing(con, "linking_scored")
        )
        decide.decide(con, "linking_scored", known, rows, county.COUNTY, "linking_decided")
        weak.add(con, known, rows, "linking_decided")
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {out} AS SELECT row_key, known_key AS person_key, weight, probability, rank, margin, decision, "
            f"method, CASE WHEN method = 'splink' THEN CAST(? AS VARCHAR) END AS model_version FROM linking_decided ORDER BY row_key, rank",
            [model.version if model else None],
        )
        counted = con.execute(
            f"SELECT (SELECT count(*) FROM {rows}), count(*) FILTER (decision = 'auto'), count(DISTINCT row_key) FILTER (decision = 'review') FROM {out}"
        ).fetchone()
    assert counted is not None
    total, auto, review = counted
    return {"rows": total, "pairs": pairs, "auto": auto, "review": review, "none": total - auto - review}


@contextmanager
def _prepared(con: duckdb.DuckDBPyConnection, unlinked: str, people: str) -> Iterator[tuple[str, str]]:
    """Both relations as they are compared, people first; afterwards nothing of the linkage is left in memory."""
    try:
        yield prepare.prepare(con, unlinked, people)
    finally:
        for name in ("people", "rows", "scored", "few", "decided", "poor", "character", "variant", "pinyin"):
            con.execute(f"DROP TABLE IF EXISTS temp.linking_{name}")
