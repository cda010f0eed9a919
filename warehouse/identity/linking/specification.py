"""What is compared, and what is good enough: the part of a linkage that differs from one kind of data to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Specification:
    """A linkage of rows to known records.

    ``comparisons`` are Splink's (see :func:`comparison`); ``blocking`` the rules whose pairs are looked at, ``training`` those under
    which EM learns how matches agree: SQL over ``l`` (known) and ``r`` (row). ``automatic`` is SQL over the levels ``gamma_<name>``
    (-1 unknown, 0 the last level, upwards) and the columns ``<name>_l``, ``<name>_r``; a pair that fails it is never linked without a
    person. ``weight`` and ``margin`` are in log2. ``u_pairs``: random pairs from which is learnt how strangers agree. ``one_to_one``: a
    known record takes one row at most.
    """

    comparisons: tuple[dict[str, Any], ...]
    blocking: tuple[str, ...]
    training: tuple[str, ...]
    automatic: str
    weight: float
    margin: float
    u_pairs: float
    one_to_one: bool = False
    # Chances that strangers reach a level, by (comparison, label), where sampling would see too few of them.
    known_u: Mapping[tuple[str, str], float] = field(default_factory=dict)


def level(condition: str, label: str, m: float, u: float, tf: str | None = None) -> dict[str, Any]:
    """One level of a comparison; ``m`` and ``u`` are where training starts, and what stays if it never sees the level.

    With ``tf`` the weight follows how common the value is in that column: log2(m / its frequency).
    """
    made: dict[str, Any] = {
        "sql_condition": condition,
        "label_for_charts": label,
        "m_probability": m,
        "u_probability": u,
    }
    if tf:
        made |= {"tf_adjustment_column": tf, "disable_tf_exact_match_detection": True}
    return made


def comparison(name: str, unknown: str, *levels: dict[str, Any]) -> dict[str, Any]:
    """A comparison of the levels from best to worst; where ``unknown`` holds it says nothing."""
    null = {"sql_condition": unknown, "label_for_charts": "unknown", "is_null_level": True}
    return {"output_column_name": name, "comparison_levels": [null, *levels]}
