"""Which SQL files there are, what each reads, and in which order they can be built."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import sqlglot
from sqlglot import exp

from connectors.errors import DeclarationError
from connectors.settings import ROOT

SQL = ROOT / "sql"
FOLDERS = {"core": "core", "marts": "mart", "rules": "rule"}
# What the rules leave behind; whoever reads one of these is built after all rules.
CLUES = "ops.clue"
OPEN_ROW = "core.open_row"
JUDGED = frozenset({CLUES, "ops.clue_round", "ops.rule_run", "ops.rule_hit"})
# Columns that say to which family a row belongs.
KEYS = ("person_key", "household_id", "hukou_no", "family_key")
_SCOPE = re.compile(r"^-- Scope: (\w+)(?: = (\w+))?", re.MULTILINE)


@dataclass(frozen=True)
class Reference:
    """Where a SELECT names a table: ``text[start:end]``; ``in_fact``: inside a CTE that tells a fact of a whole feed."""

    name: str
    start: int
    end: int
    has_alias: bool
    in_fact: bool


@dataclass(frozen=True)
class Table:
    """One SQL file: the table it becomes, its SELECT, and the tables it reads (``schema.name``).

    ``is_view``: the header says «Kept as: view», for long lists that are cheaper to compute again than to store twice.
    ``is_undone``: a rule whose header says «Undone by»: a hit falls where a refused row may speak of its subject.
    ``is_step``: no file at all, but the place in the order where clues follow from what the rules found.
    ``scope``: one of KEYS, from the header's «Scope: person_key»: what the rows of one value say follows from the rows of that family alone
    and from ``facts``, the CTEs that aggregate a whole input (``facts_sql`` digests their values); ``scope_column``: where it stands, if not
    under its own name («Scope: family_key = subject»).
    """

    name: str
    path: Path
    select: str
    inputs: frozenset[str]
    is_view: bool = False
    scope: str = ""
    scope_column: str = ""
    references: tuple[Reference, ...] = ()
    facts: frozenset[str] = frozenset()
    facts_sql: str = ""
    is_undone: bool = False

    @property
    def is_mart(self) -> bool:
        return self.name.startswith("mart.")

    @property
    def is_rule(self) -> bool:
        return self.name.startswith("rule.")

    @property
    def is_step(self) -> bool:
        return self.name == CLUES


def parse(path: Path, name: str) -> Table:
    """Read one file. Raises DeclarationError unless it is exactly one SELECT whose tables all carry a schema."""
    text = path.read_text(encoding="utf-8")
    try:
        statements = [statement for statement in sqlglot.parse(text, read="duckdb") if statement is not None]
    except sqlglot.ParseError as error:
        raise DeclarationError(f"{path.name}: is no valid SQL ({str(error).splitlines()[0]})") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise DeclarationError(f"{path.name}: must be one bare SELECT")
    common = {cte.alias_or_name for cte in statements[0].find_all(exp.CTE)}
    inputs = set()
    for table in statements[0].find_all(exp.Table):
        if table.db:
            inputs.add(f"{table.db}.{table.name}")
        elif table.name not in common:
            raise DeclarationError(f"{path.name}: table {table.name} needs its schema")
    scope = _SCOPE.search(text)
    if scope and scope[1] not in KEYS:
        raise DeclarationError(f"{path.name}: Scope must be one of {', '.join(KEYS)}")
    facts = _facts(statements[0]) if scope else {}
    return Table(
        name=name,
        path=path,
        select=text.rstrip().rstrip(";"),
        inputs=frozenset(inputs),
        is_view="\n-- Kept as: view" in text,
        is_undone="\n-- Undone by: " in text,
        scope=scope[1] if scope else "",
        scope_column=(scope[2] or scope[1]) if scope else "",
        references=_references(statements[0], facts) if scope else (),
        facts=frozenset(facts),
        facts_sql=_facts_sql(facts),
    )


def _facts(query: exp.Expr) -> dict[str, exp.CTE]:
    """The CTEs that aggregate whole inputs without GROUP BY, by name: what they tell is nobody's own."""
    facts: dict[str, exp.CTE] = {}
    for cte in query.args["with_"].expressions if query.args.get("with_") else []:
        select = cte.this
        if (
            not isinstance(select, exp.Select)
            or select.args.get("group")
            or not any(
                found.find_ancestor(exp.Select) is select and not isinstance(found.parent, exp.Window)
                for column in select.expressions
                for found in column.find_all(exp.AggFunc)
            )
        ):
            continue
        read = list(select.find_all(exp.Table))
        if all(table.db or table.name in facts for table in read):
            facts[cte.alias_or_name] = cte
    return facts


def _references(query: exp.Expr, facts: Mapping[str, exp.CTE]) -> tuple[Reference, ...]:
    found = []
    for table in query.find_all(exp.Table):
        if not table.db:
            continue
        around: exp.Expr | None = table
        while around is not None and not (isinstance(around, exp.CTE) and facts.get(around.alias_or_name) is around):
            around = around.parent
        found.append(
            Reference(
                f"{table.db}.{table.name}",
                table.args["db"].meta["start"],
                table.this.meta["end"] + 1,
                bool(table.alias),
                around is not None,
            )
        )
    return tuple(sorted(found, key=lambda one: one.start))


def _facts_sql(facts: Mapping[str, exp.CTE]) -> str:
    """One row, one column: the digest of all facts that read more than ``ref``."""
    wanted = [
        name for name, cte in facts.items() if any(table.db not in ("ref", "") for table in cte.find_all(exp.Table))
    ]
    if not wanted:
        return ""
    ctes = ", ".join(f"{name} AS ({cte.this.sql(dialect='duckdb', comments=False)})" for name, cte in facts.items())
    return f"WITH {ctes} SELECT hash({', '.join(f'(SELECT hash(list(f)) FROM {name} AS f)' for name in wanted)})"


def build_order(root: Path = SQL) -> tuple[Table, ...]:
    """All tables of ``root``/core and ``root``/marts and all rules of ``root``/rules, each after those it reads; equal rank is sorted by name.

    Between the rules and what reads their results stands one more: the step ``ops.clue``.

    Raises DeclarationError for a circle or a mart that reads a mart nobody builds.
    """
    return _build_order(root)


# A second of parsing: once, whether the folder was named or not.
@cache
def _build_order(root: Path) -> tuple[Table, ...]:
    tables: dict[str, Table] = {}
    for folder, schema in FOLDERS.items():
        for path in sorted((root / folder).glob("*.sql")):
            tables[f"{schema}.{path.stem}"] = parse(path, f"{schema}.{path.stem}")
    for table in tables.values():
        if missing := sorted(name for name in table.inputs if name.startswith("mart.") and name not in tables):
            raise DeclarationError(f"{table.path.name}: reads {', '.join(missing)}, which no file of sql/marts makes")
        if "core.identity" in table.inputs:
            raise DeclarationError(f"{table.path.name}: core.identity holds raw ids and may not be read by a mart")
    graph = {name: sorted(needs(table) & {*tables, CLUES}) for name, table in tables.items()}
    graph[CLUES] = sorted(name for name in tables if tables[name].is_rule)
    tables[CLUES] = Table(name=CLUES, path=root / "rules", select="", inputs=frozenset(graph[CLUES]))
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        raise DeclarationError(f"sql/: tables read each other in a circle: {' → '.join(error.args[1])}") from None
    ordered: list[Table] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered.extend(tables[name] for name in ready)
        sorter.done(*ready)
    return tuple(ordered)


def needs(table: Table) -> frozenset[str]:
    """What has to be there before ``table``: its inputs, the clues where it reads what rules found, the refused rows that may undo a hit."""
    more = {CLUES} if table.inputs & JUDGED else set()
    return table.inputs | more | ({OPEN_ROW} if table.is_undone else set())
