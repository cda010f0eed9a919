"""Running a rule: its verdicts become rows of ``ops.rule_hit``, one row of ``ops.rule_run`` says over how many subjects and on what ground.

Only hits and the subjects that could not be judged are kept; everybody else is in the counts. A rule without its feeds or its
parameters judges nobody, so nothing of it becomes a hit and nothing is cleared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from connectors.errors import DeclarationError
from expectations.normalise import identifier, literal
from warehouse.monitor.order import OPEN_ROW
from warehouse.monitor.rules import CLEAR, COLUMNS, HIT, UNKNOWN, UNSET, VERDICTS, Rule

# The subjects of core.open_row that are a rule's own.
OPEN_KINDS = ("person", "household", "family", "village")
TABLES = """
CREATE TABLE IF NOT EXISTS ops.rule_run (
  rule_id VARCHAR, rule_version BIGINT, rule_title VARCHAR, severity VARCHAR, owner VARCHAR, subject_kind VARCHAR, as_of DATE,
  subjects BIGINT, hits BIGINT, clear BIGINT, unknown BIGINT, unset BIGINT, missing_feeds VARCHAR, unset_parameters VARCHAR,
  parameters VARCHAR, batches VARCHAR);
CREATE TABLE IF NOT EXISTS ops.rule_hit (
  rule_id VARCHAR, subject VARCHAR, person_key BIGINT, household_id VARCHAR, village_code VARCHAR, verdict VARCHAR, evidence VARCHAR);
"""


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Make the two tables; the schema ``ops`` is made too where it is missing."""
    con.execute("CREATE SCHEMA IF NOT EXISTS ops")
    con.execute(TABLES)


def parameters_of(con: duckdb.DuckDBPyConnection, rule: Rule) -> dict[str, str | None]:
    """The rule's parameters as they stand on the run date, as texts; None: unset."""
    found = dict(
        con.execute(
            "SELECT p.code, CAST(p.value AS VARCHAR) FROM ref.parameter AS p CROSS JOIN ref.run AS r "
            "WHERE r.as_of >= p.valid_from AND r.as_of < p.valid_to AND list_contains(?, p.code)",
            [list(rule.parameters)],
        ).fetchall()
    )
    return {code: found.get(code) for code in rule.parameters}


def missing_feeds(con: duckdb.DuckDBPyConnection, rule: Rule) -> list[str]:
    """The feeds of the rule that never came or are out of date; of a group ``a|b`` one is enough."""
    ready = {
        feed for (feed,) in con.execute("SELECT feed FROM ref.feed_state WHERE is_present AND NOT is_stale").fetchall()
    }
    return [group for group in rule.feeds if not ready & set(group.split("|"))]


def newest_batches(con: duckdb.DuckDBPyConnection, feeds: Sequence[str]) -> list[tuple[Any, ...]]:
    """Per feed that has any: feed, its newest merged batch, its as-of date, and how many batches its history is made of."""
    return con.execute(
        "SELECT feed, max_by(batch_id, (as_of, received_at, batch_id)), max(as_of), count(*) FROM ops.batch "
        "WHERE state = 'merged' AND list_contains(?, feed) GROUP BY feed ORDER BY feed",
        [list(feeds)],
    ).fetchall()


def _batches(con: duckdb.DuckDBPyConnection, rule: Rule) -> dict[str, dict[str, object]]:
    names = [name for group in rule.feeds for name in group.split("|")]
    return {
        feed: {"newest": batch, "as_of": None if as_of is None else str(as_of), "batches": count}
        for feed, batch, as_of, count in newest_batches(con, names)
    }


def evidence_columns(con: duckdb.DuckDBPyConnection, rule: Rule, relation: str) -> list[str]:
    """The evidence columns of ``relation``, which holds the rule's rows. Raises DeclarationError unless the shape is a rule's."""
    found = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {relation}").fetchall()}
    if wrong := [name for name, kind in COLUMNS.items() if found.get(name) != kind]:
        raise DeclarationError(
            f"{rule.table.path.name}: needs the columns {', '.join(f'{name} {COLUMNS[name]}' for name in wrong)}"
        )
    return [name for name in found if name not in COLUMNS]


def evidence_sql(columns: Sequence[str]) -> str:
    """SQL of the evidence as a JSON object."""
    return (
        f"CAST(to_json(struct_pack({', '.join(f'{identifier(name)} := {identifier(name)}' for name in columns)})) AS VARCHAR)"
        if columns
        else "'{}'"
    )


def _undo(con: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    """Nobody is a hit because of a row that waits for its correction: where a refused row of a feed that could undo it may speak of the
    subject, it cannot be judged yet. Loans, payments and projects are looked for by their number, their person and their household.
    """
    if not rule.undone_by:
        return
    refused = (
        f"SELECT subject FROM {OPEN_ROW} WHERE subject_kind = {{}} AND list_contains({list(rule.undone_by)}, feed)"
    )
    kind = rule.subject_kind
    if kind in OPEN_KINDS:
        spoken_of = f"subject IN ({refused.format(literal(kind))})"
    else:
        named = {"record": "subject", "person": "CAST(person_key AS VARCHAR)", "household": "household_id"}
        spoken_of = " OR ".join(f"{what} IN ({refused.format(literal(kind))})" for kind, what in named.items())
    con.execute(f"UPDATE temp.judged SET verdict = {literal(UNKNOWN)} WHERE verdict = {literal(HIT)} AND ({spoken_of})")


def judge(con: duckdb.DuckDBPyConnection, rule: Rule) -> Mapping[str, int]:
    """Run one rule and replace what it found last time; returns the number of subjects per verdict.

    Works inside the caller's transaction, on a database whose tables are up to date. Raises DeclarationError for a file whose SELECT is no rule's.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {rule.table.select}")
    columns = evidence_columns(con, rule, "temp.judged")
    _undo(con, rule)
    lacking = missing_feeds(con, rule)
    parameters = parameters_of(con, rule)
    unset = [code for code, value in parameters.items() if value is None]
    counted = dict(con.execute("SELECT verdict, count(*) FROM temp.judged GROUP BY verdict").fetchall())
    if unknown := set(counted) - set(VERDICTS):
        raise DeclarationError(f"{rule.table.path.name}: verdicts {sorted(map(str, unknown))} are none of {VERDICTS}")
    subjects = sum(counted.values())
    if lacking:
        counted = {UNKNOWN: subjects}
    elif unset:
        counted = {UNSET: subjects}
    con.execute(f"DELETE FROM ops.rule_hit WHERE rule_id = {literal(rule.rule_id)}")
    if not lacking and not unset:
        con.execute(
            f"INSERT INTO ops.rule_hit SELECT {literal(rule.rule_id)}, subject, person_key, household_id, village_code, verdict, "
            f"{evidence_sql(columns)} FROM temp.judged WHERE verdict IN ({literal(HIT)}, {literal(UNKNOWN)})"
        )
        twice = con.execute(
            f"SELECT count(*) - count(DISTINCT subject) FROM ops.rule_hit WHERE rule_id = {literal(rule.rule_id)}"
        ).fetchone()
        if twice and twice[0]:
            raise DeclarationError(f"{rule.table.path.name}: judges {twice[0]} subjects more than once")
    con.execute("DROP TABLE temp.judged")
    con.execute(f"DELETE FROM ops.rule_run WHERE rule_id = {literal(rule.rule_id)}")
    con.execute(
        "INSERT INTO ops.rule_run SELECT ?, ?, ?, ?, ?, ?, (SELECT as_of FROM ref.run), ?, ?, ?, ?, ?, ?, ?, ?, ?",
        [
            rule.rule_id, rule.version, rule.title, rule.severity, rule.owner, rule.subject_kind, subjects, counted.get(HIT, 0),
            counted.get(CLEAR, 0), counted.get(UNKNOWN, 0), counted.get(UNSET, 0), ",".join(lacking) or None, ",".join(unset) or None,
            json.dumps(parameters, ensure_ascii=False), json.dumps(_batches(con, rule), ensure_ascii=False),
        ],
    )  # fmt: skip
    return {verdict: counted.get(verdict, 0) for verdict in VERDICTS}


def retire(con: duckdb.DuckDBPyConnection, in_force: Sequence[str]) -> None:
    """Forget the results of rules that are not in force on the run date; their clues stay as they stand."""
    for name in ("ops.rule_run", "ops.rule_hit"):
        con.execute(f"DELETE FROM {name} WHERE NOT list_contains(?, rule_id)", [list(in_force)])
