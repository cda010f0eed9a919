"""Cross-field rules (``expectations/rules/<feed>.toml``): what no single column's declaration can say.

::

    [[rules]]
    id = "RH01"                      # unique in the file; the reject code and the word that the receipt shows
    severity = "quarantine"          # quarantine: rejects the row; block: the batch; warn: only told
    message = "年收入与四项收入之和不符"
    cure = "请核对…"                  # what the department is asked to do
    columns = ["total_income_yuan", …]   # every column the rule reads; a file without one of them is not judged by it
    expectation = "row_rule"         # or the snake-case name of a core expectation of Great Expectations
    bad = "…"                        # row_rule only: SQL predicate of a bad row; NULL passes
    [rules.kwargs]                   # otherwise: the expectation's own arguments

A site's feed (outside the checkout) has its rules in a folder ``rules`` beside its TOML. Importing this module is
cheap; whether an expectation exists and takes its arguments is checked where Great Expectations is loaded
(:func:`expectations.run.check`).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from connectors.errors import DeclarationError
from connectors.feed import Feed
from connectors.settings import ROOT

RULES = ROOT / "expectations" / "rules"
ROW_RULE = "row_rule"
# GX's own words for how bad a failure is.
SEVERITIES = {"block": "critical", "quarantine": "warning", "warn": "info"}

# Its query for the failing rows joins the table with itself and cannot be pushed down (GX 1.24).
UNSUPPORTED = {"expect_compound_columns_to_be_unique": "several columns are unique together by the feed's key only"}

_ID = re.compile(r"[A-Z][A-Z0-9_]{1,30}")
_AGGREGATE = re.compile(
    r"expect_(table_|query_|column_(distinct|kl|max|mean|median|min|most|proportion|quantile|stdev|sum|unique|to_exist|type)|unexpected_rows)"
)


@dataclass(frozen=True)
class Rule:
    """One cross-field rule; ``expectation`` is ROW_RULE (with ``bad``) or a core expectation (with ``kwargs``)."""

    id: str
    severity: str
    message: str
    cure: str
    columns: tuple[str, ...]
    expectation: str
    bad: str | None = None
    kwargs: dict[str, Any] = field(default_factory=dict)

    @property
    def by_row(self) -> bool:
        """Whether the expectation can say which rows fail."""
        return not _AGGREGATE.match(self.expectation)


def rules_path(feed: Feed) -> Path:
    """Where the rules of ``feed`` stand (the file need not exist)."""
    beside = feed.path.parent / "rules" / f"{feed.name}.toml"
    return beside if beside.is_file() else RULES / f"{feed.name}.toml"


def _predicate_columns(bad: str) -> set[str] | None:
    """The columns a predicate reads, or None if it is no single SQL predicate."""
    try:
        # Parsed without brackets: text that closes a bracket and goes on is no predicate.
        (tree,) = sqlglot.parse(f"SELECT 1 FROM t WHERE\n{bad}\n", read="duckdb")
    except (sqlglot.errors.SqlglotError, ValueError):
        return None
    # The parser spells its key ``from_``; anything beside these parts is more than a predicate.
    known = {"expressions", "from", "from_", "where", "kind"}
    if not isinstance(tree, exp.Select) or not {part for part, value in tree.args.items() if value} <= known:
        return None
    bound = {name.name for function in tree.find_all(exp.Lambda) for name in function.expressions}
    return {column.name for column in tree.args["where"].find_all(exp.Column)} - bound


def _rule(path: Path, feed: Feed, raw: dict[str, Any]) -> Rule:
    name = raw.get("id", "?")

    def fail(message: str) -> DeclarationError:
        return DeclarationError(f"rules/{path.name}: rule {name}: {message}")

    if unknown := set(raw) - set(Rule.__dataclass_fields__):
        raise fail(f"unknown keys {sorted(unknown)}")
    for key in ("id", "severity", "message", "cure", "expectation"):
        if not isinstance(raw.get(key), str) or not raw[key].strip():
            raise fail(f"{key} must be a text")
    if not _ID.fullmatch(name):
        raise fail("id must be capital letters and digits")
    if raw["severity"] not in SEVERITIES:
        raise fail(f"severity must be one of {sorted(SEVERITIES)}")
    columns = raw.get("columns")
    if not isinstance(columns, list) or not columns:
        raise fail("columns must list the columns that the rule reads")
    if unknown := set(columns) - {column.name for column in feed.columns}:
        raise fail(f"columns not declared by the feed: {sorted(unknown)}")
    if raw["expectation"] == ROW_RULE:
        if not isinstance(raw.get("bad"), str) or raw.get("kwargs"):
            raise fail("row_rule needs bad (a SQL predicate) and no kwargs")
        read = _predicate_columns(raw["bad"])
        if read is None:
            raise fail("bad is no single SQL predicate")
        # Rows are judged before those with unreadable cells are set aside: a text that is no number must not end the batch.
        raw = {**raw, "bad": re.sub(r"\bcast\(", "try_cast(", raw["bad"], flags=re.IGNORECASE)}
    else:
        if why := UNSUPPORTED.get(raw["expectation"]):
            raise fail(f"{raw['expectation']} is not supported: {why}")
        if not raw["expectation"].startswith("expect_") or "bad" in raw:
            raise fail("expectation must be row_rule (with bad) or the name of a core expectation (with kwargs)")
        kwargs = raw.get("kwargs", {})
        read = {kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs}
        read |= set(kwargs.get("column_list", ()))
    if read != set(columns):
        raise fail(f"columns must be exactly what it reads: {sorted(read)}")
    rule = Rule(**{**raw, "columns": tuple(columns)})
    if rule.severity == "quarantine" and not rule.by_row:
        raise fail("an expectation over the whole table cannot quarantine rows: use block or warn")
    return rule


def load_rules(feed: Feed) -> tuple[Rule, ...]:
    """The rules of one feed, in file order (empty if none). Raises DeclarationError naming file, rule and key."""
    path = rules_path(feed)
    if not path.is_file():
        return ()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(f"rules/{path.name}: is no valid TOML ({error})") from None
    if unknown := set(raw) - {"rules"}:
        raise DeclarationError(f"rules/{path.name}: unknown keys {sorted(unknown)}")
    rules = tuple(_rule(path, feed, entry) for entry in raw.get("rules", []))
    ids = [rule.id for rule in rules]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise DeclarationError(f"rules/{path.name}: rule ids used twice: {twice}")
    return rules
