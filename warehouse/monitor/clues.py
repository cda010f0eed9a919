"""From hits to clues 线索: what is new, what goes on, what is over. A clue is one rule's suspicion about one subject, for as long as it lives.

The same suspicion never becomes a second task: it goes on (``last_seen``), is cleared (``cleared_on``) when its rule finds nothing any
more, and is opened again if it comes back. A subject that cannot be judged today keeps its clue as it is. What people found
out about a clue stands elsewhere (``mart.clue``). From one opening to the next clearing is a round (``ops.clue_round``): what was found out in
an earlier round stays counted, and is no answer to the next one.
"""

from __future__ import annotations

import duckdb

from connectors.quoting import literal
from warehouse.database import scalar
from warehouse.monitor.rules import HIT, SEVERITIES, UNKNOWN


def clue_id_sql(rule_id: str, subject: str) -> str:
    """SQL of a clue's number: the rule and ten digits that follow from its subject, so that it is the same in every run."""
    return f"{rule_id} || '-' || left(md5({rule_id} || ':' || {subject}), 10)"


def _due_sql(severity: str, opened: str) -> str:
    """SQL of the day until which an answer is due, counted in working days (``ref.workday``)."""
    days = " ".join(f"WHEN {literal(name)} THEN {number}" for name, number in SEVERITIES.items() if number is not None)
    return (
        f"(SELECT min(later.day) FROM ref.workday AS later JOIN ref.workday AS start ON start.day = {opened} "
        f"WHERE later.number = start.number + CASE {severity} {days} END)"
    )


def follow(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Bring ``ops.clue`` up to date with ``ops.rule_hit``; returns ``new``, ``reopened``, ``persisting``, ``cleared``.

    The date of everything is the run date; a second time on the same results changes nothing. Works inside the caller's transaction.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE found AS SELECT {clue_id_sql('h.rule_id', 'h.subject')} AS clue_id, h.*, r.rule_version, r.subject_kind, "
        "r.severity, r.owner, r.as_of FROM ops.rule_hit AS h JOIN ops.rule_run AS r ON r.rule_id = h.rule_id"
    )
    counts = {}
    for name, sql in (
        # Its rule has judged, and this subject is neither a hit nor beyond judging.
        (
            "cleared",
            "UPDATE ops.clue AS c SET cleared_on = r.as_of FROM ops.rule_run AS r WHERE r.rule_id = c.rule_id AND c.cleared_on IS NULL "
            "AND r.missing_feeds IS NULL AND r.unset_parameters IS NULL AND c.clue_id NOT IN (SELECT clue_id FROM temp.found)",
        ),
        (
            "reopened",
            "UPDATE ops.clue AS c SET cleared_on = NULL, opened_on = f.as_of, last_seen = f.as_of, times_opened = times_opened + 1, "
            "due_date = f.due_date FROM (SELECT *, "
            + _due_sql("found.severity", "found.as_of")
            + f" AS due_date FROM temp.found WHERE verdict = {literal(HIT)}) AS f WHERE f.clue_id = c.clue_id AND c.cleared_on IS NOT NULL",
        ),
        (
            "persisting",
            "UPDATE ops.clue AS c SET last_seen = f.as_of, rule_version = f.rule_version, severity = f.severity, owner = f.owner, "
            "person_key = f.person_key, household_id = f.household_id, village_code = f.village_code, evidence = f.evidence "
            f"FROM temp.found AS f WHERE f.clue_id = c.clue_id AND f.verdict = {literal(HIT)}",
        ),
        (
            "new",
            "INSERT INTO ops.clue SELECT clue_id, rule_id, rule_version, subject_kind, subject, person_key, household_id, village_code, "
            f"severity, owner, as_of, as_of, as_of, NULL, 1, {_due_sql('f.severity', 'f.as_of')}, evidence FROM temp.found AS f "
            f"WHERE verdict = {literal(HIT)} AND clue_id NOT IN (SELECT clue_id FROM ops.clue)",
        ),
        (
            "ended",
            "UPDATE ops.clue_round AS r SET cleared_on = c.cleared_on FROM ops.clue AS c WHERE c.clue_id = r.clue_id AND r.round = c.times_opened "
            "AND r.cleared_on IS DISTINCT FROM c.cleared_on",
        ),
        (
            "begun",
            "INSERT INTO ops.clue_round SELECT clue_id, times_opened, opened_on, due_date, cleared_on FROM ops.clue AS c "
            "WHERE NOT EXISTS (SELECT 1 FROM ops.clue_round AS r WHERE r.clue_id = c.clue_id AND r.round = c.times_opened)",
        ),
    ):
        row = con.execute(sql).fetchone()
        counts[name] = int(row[0]) if row else 0
    counts["unjudged"] = scalar(con, f"SELECT count(*) FROM temp.found WHERE verdict = {literal(UNKNOWN)}")
    con.execute("DROP TABLE temp.found")
    return counts
