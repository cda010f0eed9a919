"""Which SQL files there are, what each reads, and in which order they can be built."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from connectors.errors import DeclarationError
from connectors.settings import ROOT
from warehouse.monitor.parsing import Kept, Parsed, Reference
from warehouse.monitor.parsing import parse as parse_text

SQL = ROOT / "sql"
FOLDERS = {"core": "core", "marts": "mart", "rules": "rule"}
# What the rules leave behind; whoever reads one of these is built after all rules.
CLUES = "ops.clue"
OPEN_ROW = "core.open_row"
JUDGED = frozenset({CLUES, "ops.clue_round", "ops.rule_run", "ops.rule_hit"})
# Columns that say to which family a row belongs.
KEYS = ("person_key", "household_id", "hukou_no", "family_key")
Parsing = Callable[[str, str, bool], Parsed]
_SCOPE = re.compile(r"^-- Scope: (\w+)(?: = (\w+))?", re.MULTILINE)


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


def parse(path: Path, name: str, parsing: Parsing = parse_text) -> Table:
    """Read one file. Raises DeclarationError unless it is exactly one SELECT whose tables all carry a schema."""
    text = path.read_text(encoding="utf-8")
    scope = _SCOPE.search(text)
    if scope and scope[1] not in KEYS:
        raise DeclarationError(f"{path.name}: Scope must be one of {', '.join(KEYS)}")
    parsed = parsing(text, path.name, scope is not None)
    return Table(
        name=name,
        path=path,
        select=text.rstrip().rstrip(";"),
        inputs=frozenset(parsed.inputs),
        is_view="\n-- Kept as: view" in text,
        is_undone="\n-- Undone by: " in text,
        scope=scope[1] if scope else "",
        scope_column=(scope[2] or scope[1]) if scope else "",
        references=parsed.references,
        facts=frozenset(parsed.facts),
        facts_sql=parsed.facts_sql,
    )


def build_order(root: Path = SQL) -> tuple[Table, ...]:
    """All tables of ``root``/core and ``root``/marts and all rules of ``root``/rules, each after those it reads; equal rank is sorted by name.

    Between the rules and what reads their results stands one more: the step ``ops.clue``.

    Raises DeclarationError for a circle or a mart that reads a mart nobody builds.
    """
    return _build_order(root)


# Once, whether the folder was named or not.
@cache
def _build_order(root: Path) -> tuple[Table, ...]:
    tables: dict[str, Table] = {}
    kept = Kept() if root == SQL else None
    for folder, schema in FOLDERS.items():
        for path in sorted((root / folder).glob("*.sql")):
            tables[f"{schema}.{path.stem}"] = parse(path, f"{schema}.{path.stem}", kept.parse if kept else parse_text)
    if kept:
        kept.save()
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
