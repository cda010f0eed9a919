"""Running a rule: its verdicts become rows of ``ops.rule_hit``, one row of ``ops.rule_run`` says over how many subjects and on what ground.

Only hits and the subjects that could not be judged are kept; everybody else is in the counts. A rule without its feeds or its
parameters judges nobody, so nothing of it becomes a hit and nothing is cleared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from connectors.errors import DeclarationError
from connectors.quoting import identifier, literal
from warehouse.database import scalar
from warehouse.monitor.order import OPEN_ROW
from warehouse.monitor.rules import CLEAR, COLUMNS, HIT, UNKNOWN, UNSET, VERDICTS, Rule

# Of a rule that judges twice: is the row of the second time?
_NOW = '"judged now"'
# The subjects of core.open_row that are a rule's own.
OPEN_KINDS = ("person", "household", "family", "village")


@dataclass(frozen=True)
class Conditions:
    """What rules need in order to judge: the feeds that have come and are not out of date, the parameters that hold on the run date (as texts)."""

    ready: frozenset[str]
    parameters: Mapping[str, str | None]

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection) -> Conditions:
        """As ``ref`` says now."""
        ready = con.execute("SELECT feed FROM ref.feed_state WHERE is_present AND NOT is_stale").fetchall()
        parameters = con.execute(
            "SELECT p.code, CAST(p.value AS VARCHAR) FROM ref.parameter AS p CROSS JOIN ref.run AS r "
            "WHERE r.as_of >= p.valid_from AND r.as_of < p.valid_to"
        ).fetchall()
        return cls(frozenset(feed for (feed,) in ready), dict(parameters))

    def parameters_of(self, rule: Rule) -> dict[str, str | None]:
        """The rule's parameters; None: unset."""
        return {code: self.parameters.get(code) for code in rule.parameters}

    def missing_feeds(self, rule: Rule) -> list[str]:
        """The feeds of the rule that never came or are out of date; of a group ``a|b`` one is enough."""
        return [group for group in rule.feeds if not self.ready & set(group.split("|"))]

    def suffice(self, rule: Rule) -> bool:
        return not self.missing_feeds(rule) and None not in self.parameters_of(rule).values()


def newest_batches(con: duckdb.DuckDBPyConnection, feeds: Sequence[str]) -> list[tuple[Any, ...]]:
    """Per feed that has any: feed, its newest merged batch, its as-of date, and how many batches its history is made of."""
    return con.execute(
        "SELECT feed, max_by(batch_id, (as_of, received_at, batch_id)), max(as_of), count(*) FROM ops.batch "
        "WHERE state = 'merged' AND list_contains(?, feed) GROUP BY feed ORDER BY feed",
        [list(feeds)],
    ).fetchall()


def _feeds_of(rule: Rule) -> list[str]:
    return [name for group in rule.feeds for name in group.split("|")]


def _batches(found: Iterable[tuple[Any, ...]]) -> str:
    return json.dumps(
        {
            feed: {"newest": batch, "as_of": None if as_of is None else str(as_of), "batches": count}
            for feed, batch, as_of, count in found
        },
        ensure_ascii=False,
    )


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


def judge(con: duckdb.DuckDBPyConnection, rule: Rule, conditions: Conditions) -> Mapping[str, int]:
    """Run one rule and replace what it found last time; returns the number of subjects per verdict.

    Works inside the caller's transaction, on a database whose tables are up to date. Raises DeclarationError for a file whose SELECT is no rule's.
    """
    lacking = conditions.missing_feeds(rule)
    parameters = conditions.parameters_of(rule)
    unset = [code for code, value in parameters.items() if value is None]
    con.execute(f"DELETE FROM ops.rule_hit WHERE rule_id = {literal(rule.rule_id)}")
    if lacking or unset:
        # Whatever the SELECT would say counts for nothing: only how many it would speak of.
        evidence_columns(con, rule, f"SELECT * FROM ({rule.table.select}\n)")
        subjects = int(scalar(con, f"SELECT count(*) FROM ({rule.table.select}\n)"))
        counted = {UNKNOWN if lacking else UNSET: subjects}
    else:
        counted = _find(con, rule)
        subjects = sum(counted.values())
    con.execute(f"DELETE FROM ops.rule_run WHERE rule_id = {literal(rule.rule_id)}")
    con.execute(
        "INSERT INTO ops.rule_run SELECT ?, ?, ?, ?, ?, ?, (SELECT as_of FROM ref.run), ?, ?, ?, ?, ?, ?, ?, ?, ?",
        [
            rule.rule_id, rule.version, rule.title, rule.severity, rule.owner, rule.subject_kind, subjects, counted.get(HIT, 0),
            counted.get(CLEAR, 0), counted.get(UNKNOWN, 0), counted.get(UNSET, 0), ",".join(lacking) or None, ",".join(unset) or None,
            json.dumps(parameters, ensure_ascii=False), _batches(newest_batches(con, _feeds_of(rule))),
        ],
    )  # fmt: skip
    return {verdict: counted.get(verdict, 0) for verdict in VERDICTS}


def _find(con: duckdb.DuckDBPyConnection, rule: Rule) -> dict[str, int]:
    """Put what the rule finds into ``ops.rule_hit``; returns the number of subjects per verdict."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {rule.table.select}")
    columns = evidence_columns(con, rule, "temp.judged")
    _undo(con, rule)
    counted = dict(con.execute("SELECT verdict, count(*) FROM temp.judged GROUP BY verdict").fetchall())
    if unknown := set(counted) - set(VERDICTS):
        raise DeclarationError(f"{rule.table.path.name}: verdicts {sorted(map(str, unknown))} are none of {VERDICTS}")
    con.execute(
        f"INSERT INTO ops.rule_hit SELECT {literal(rule.rule_id)}, subject, person_key, household_id, village_code, verdict, "
        f"{evidence_sql(columns)} FROM temp.judged WHERE verdict IN ({literal(HIT)}, {literal(UNKNOWN)})"
    )
    twice = scalar(
        con, f"SELECT count(*) - count(DISTINCT subject) FROM ops.rule_hit WHERE rule_id = {literal(rule.rule_id)}"
    )
    if twice:
        raise DeclarationError(f"{rule.table.path.name}: judges {twice} subjects more than once")
    con.execute("DROP TABLE temp.judged")
    return counted


def judge_part(con: duckdb.DuckDBPyConnection, rule: Rule, scope: str, before: str, after: str) -> bool:
    """Replace what one rule found about the subjects of ``before`` by what it finds about those of ``after``: its SELECT over the same families as
    they were and as they are. The rule has its feeds and parameters.

    False, and nothing is changed, unless what ``before`` says is what stands in ``ops.rule_hit``, and every subject has a family
    (its key in column ``scope``).
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE judged AS SELECT FALSE AS {_NOW}, * FROM ({before}\n) UNION ALL SELECT TRUE, * FROM ({after}\n)"
    )
    # The refused rows are those of the last time, or the rule would be run whole.
    _undo(con, rule)
    try:
        return _replace(con, rule, scope)
    finally:
        con.execute("DROP TABLE temp.judged")


def _replace(con: duckdb.DuckDBPyConnection, rule: Rule, scope: str) -> bool:
    own = f"rule_id = {literal(rule.rule_id)} AND subject IN (SELECT subject FROM temp.judged)"
    evidence = evidence_sql([name for name in evidence_columns(con, rule, "temp.judged") if name != "judged now"])
    shape = "subject, person_key, household_id, village_code, verdict"
    found = f"verdict IN ({literal(HIT)}, {literal(UNKNOWN)})"
    digest = f"hash({shape}, evidence)"
    counts = ", ".join(f"count(*) FILTER (WHERE verdict = {literal(verdict)})" for verdict in VERDICTS)
    # In one reading: what was judged (FALSE), what is judged (TRUE), and what stands (NULL).
    sides = {
        side: (strange, content, counted)
        for side, strange, content, *counted in con.execute(
            "SELECT side, count(*) FILTER (WHERE is_strange) + count(*) FILTER (WHERE side) - count(DISTINCT subject) FILTER (WHERE side), "
            f"(count(*) FILTER (WHERE {found}), bit_xor({digest}) FILTER (WHERE {found}), sum(CAST({digest} AS HUGEINT)) FILTER (WHERE {found})), {counts} "
            f"FROM (SELECT {_NOW} AS side, {shape}, CASE WHEN {found} THEN {evidence} END AS evidence, "
            f"{scope} IS NULL OR coalesce(verdict NOT IN ({', '.join(map(literal, VERDICTS))}), TRUE) AS is_strange FROM temp.judged "
            f"UNION ALL SELECT NULL, {shape}, evidence, FALSE FROM ops.rule_hit WHERE {own}) GROUP BY side"
        ).fetchall()
    }
    nothing = (0, (0, None, None), [0] * len(VERDICTS))
    stood, was, now = (sides.get(side, nothing) for side in (None, False, True))
    if was[0] or now[0] or stood[1] != was[1]:
        return False
    if was[1] != now[1]:
        con.execute(f"DELETE FROM ops.rule_hit WHERE {own}")
        con.execute(
            f"INSERT INTO ops.rule_hit SELECT {literal(rule.rule_id)}, {shape}, {evidence} FROM temp.judged WHERE {_NOW} AND {found}"
        )
    more = [after - before for before, after in zip(was[2], now[2], strict=True)]
    if any(more):
        con.execute(
            "UPDATE ops.rule_run SET subjects = subjects + ?, hits = hits + ?, clear = clear + ?, unknown = unknown + ?, unset = unset + ? "
            f"WHERE rule_id = {literal(rule.rule_id)}",
            [sum(more), *more],
        )
    return True


def refresh(con: duckdb.DuckDBPyConnection, rules: Iterable[Rule]) -> None:
    """On which batches a verdict stands and of which day it is changes with every delivery, whether or not the rule had to judge again."""
    newest = {row[0]: row for row in newest_batches(con, sorted({name for rule in rules for name in _feeds_of(rule)}))}
    stands = dict(con.execute("SELECT rule_id, batches FROM ops.rule_run").fetchall())
    for rule in rules:
        batches = _batches(newest[name] for name in sorted(_feeds_of(rule)) if name in newest)
        if stands.get(rule.rule_id, batches) != batches:
            con.execute("UPDATE ops.rule_run SET batches = ? WHERE rule_id = ?", [batches, rule.rule_id])
    con.execute(
        "UPDATE ops.rule_run SET as_of = run.as_of FROM ref.run AS run WHERE rule_run.as_of IS DISTINCT FROM run.as_of"
    )


def retire(con: duckdb.DuckDBPyConnection, in_force: Sequence[str]) -> None:
    """Forget the results of rules that are not in force on the run date; their clues stay as they stand."""
    for name in ("ops.rule_run", "ops.rule_hit"):
        con.execute(f"DELETE FROM {name} WHERE NOT list_contains(?, rule_id)", [list(in_force)])
