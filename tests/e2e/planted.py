"""Hits of the rules against the situations that a simulated county planted for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.e2e.county import County
from warehouse.monitor.rules import HIT, Rule


@dataclass
class Judgement:
    """What one rule did: subjects (text; a person's true number) that it found and should not have, and the other way round."""

    planted: set[str]
    found: set[str]
    variants: dict[str, str] = field(default_factory=dict)

    @property
    def false(self) -> set[str]:
        return self.found - self.planted

    @property
    def missed(self) -> set[str]:
        return self.planted - self.found

    def explain(self) -> str:
        """Which variants were judged wrongly; for a failing test's message."""

        def told(subjects: set[str]) -> str:
            variants = sorted({self.variants.get(subject, "in nobody's plan") for subject in subjects})
            return f"{len(subjects)} {variants} {sorted(subjects)[:5]}"

        return f"found wrongly: {told(self.false)}; missed: {told(self.missed)}"


def judgement(county: County, rule: Rule) -> Judgement:
    """Compare the hits of ``rule`` in the county's warehouse with the planted truth."""
    truth = county.truth.execute(
        "SELECT CASE WHEN ? = 'person' THEN CAST(person AS VARCHAR) ELSE subject END, variant, verdict FROM clues WHERE rule_id = ?",
        [rule.subject_kind, rule.rule_id],
    ).fetchall()
    if rule.subject_kind == "person":
        values = dict(
            county.truth.execute(
                "SELECT citizen_id, CAST(person AS VARCHAR) FROM persons WHERE citizen_id IS NOT NULL "
                "UNION ALL SELECT person_id, CAST(person AS VARCHAR) FROM persons WHERE person_id IS NOT NULL"
            ).fetchall()
        )
        keys = county.warehouse(
            # A registered person without an id is known by the registry's number.
            f"SELECT h.subject, coalesce(i.value, r.person_id) FROM ops.rule_hit AS h "
            f"LEFT JOIN (SELECT person_key, value FROM core.identity WHERE kind = 'citizen_id') AS i ON i.person_key = CAST(h.subject AS BIGINT) "
            f"LEFT JOIN core.person AS r ON r.person_key = CAST(h.subject AS BIGINT) WHERE h.rule_id = '{rule.rule_id}' AND h.verdict = '{HIT}'"
        )
        found = {values.get(value, f"key {subject}") for subject, value in keys}
    else:
        found = {
            subject
            for (subject,) in county.warehouse(
                f"SELECT subject FROM ops.rule_hit WHERE rule_id = '{rule.rule_id}' AND verdict = '{HIT}'"
            )
        }
    return Judgement(
        planted={subject for subject, _, verdict in truth if verdict == HIT},
        found=found,
        variants={subject: variant for subject, variant, _ in truth},
    )
