"""From the answers of the review lists (``core.link_review_now``) to decisions, and back when an answer is corrected or withdrawn."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import duckdb

from connectors.feed import Feed
from connectors.quoting import literal
from warehouse.identity.decisions import decide_all, undo_all
from warehouse.identity.review.pending import REVIEW

log = logging.getLogger("fupin")

FEED = "link_review"
METHOD = "review"
NONE_OF_THEM = "0"
SOMEBODY_ELSE = "8"
UNDECIDED = "9"
NO_CANDIDATE = ", ".join(literal(code) for code in (NONE_OF_THEM, SOMEBODY_ELSE, UNDECIDED))


def apply(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], when: str) -> int:
    """Make the decisions that follow from all answers stand, and no other of this method; returns how many were made or undone.

    The newest answer to a record counts; «不确定» leaves the record pending. A decision that an engineer has undone does not come
    back with the same answer. An answer without its question is left out (:func:`unanswerable`). ``when``: ISO. Works inside the
    caller's transaction; follow with :func:`warehouse.identity.decisions.resolve`.
    """
    if FEED not in feeds:
        return 0
    if lost := unanswerable(con, feeds):
        log.warning("%d answers of review lists name no question that was asked", lost)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_answer AS SELECT i.feed, i.record, i.item, r.reviewer_name, "
        f"CASE WHEN r.conclusion_code = {literal(NONE_OF_THEM)} THEN 'no_link' WHEN r.conclusion_code <> {literal(UNDECIDED)} THEN 'link' END AS kind, "
        f"CASE WHEN r.conclusion_code = {literal(SOMEBODY_ELSE)} THEN r.other_person_key "
        f"WHEN r.conclusion_code NOT IN ({NO_CANDIDATE}) THEN i.candidates[CAST(r.conclusion_code AS INTEGER)] END AS person_key "
        "FROM core.link_review_now AS r JOIN core.review_item AS i ON i.item = r.item "
        "QUALIFY row_number() OVER (PARTITION BY i.feed, i.record ORDER BY r.valid_from DESC, r.recorded_from DESC, r.source_row DESC, i.item) = 1"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_wanted AS SELECT kind, person_key, NULL::BIGINT AS other_key, NULL::VARCHAR AS name, "
        f"feed, record, reviewer_name AS who, {literal(REVIEW)} || ' ' || item AS why FROM review_answer "
        "WHERE kind = 'no_link' OR person_key IS NOT NULL"
    )
    same = (
        "d.kind = w.kind AND d.feed = w.feed AND d.record = w.record AND d.person_key IS NOT DISTINCT FROM w.person_key "
        "AND d.why = w.why"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_obsolete AS SELECT decision_id FROM core.identity_decision AS d "
        f"WHERE d.method = {literal(METHOD)} AND d.undone_at IS NULL AND NOT EXISTS (SELECT 1 FROM review_wanted AS w WHERE {same})"
    )
    con.execute(
        f"DELETE FROM review_wanted AS w WHERE EXISTS (SELECT 1 FROM core.identity_decision AS d WHERE d.method = {literal(METHOD)} "
        f"AND d.undone_at IS NOT NULL AND d.undone_by <> {literal(REVIEW)} AND {same})"
    )
    undone = undo_all(con, "review_obsolete", REVIEW, "核对结论已更改或撤回", when)
    return undone + decide_all(con, "review_wanted", METHOD, when)


def unanswerable(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> int:
    """How many answers name an item that no list ever had, or a candidate that its question did not have."""
    if FEED not in feeds:
        return 0
    row = con.execute(
        "SELECT count(*) FROM core.link_review_now AS r LEFT JOIN core.review_item AS i ON i.item = r.item "
        f"WHERE i.item IS NULL OR (r.conclusion_code NOT IN ({NO_CANDIDATE}) "
        "AND i.candidates[CAST(r.conclusion_code AS INTEGER)] IS NULL)"
    ).fetchone()
    return int(row[0]) if row else 0
