"""Proof that a SELECT is local: that what it says of a family follows from the rows of that family and from small tables alone.

A file of ``sql`` may declare a Scope (only the rows of affected families are made anew) if this module finds every join between rows of
people to be an equation of their keys, every group and window to be one family's, and every fact of a whole feed to be a CTE
of its own (``Table.facts``), whose value is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from warehouse.monitor.order import KEYS, Table

# The prefix that makes a family_key of another key.
PREFIXES = {"R": "household_id", "H": "hukou_no", "P": "person_key"}


class NotLocal(Exception):
    """Says which part of the SELECT looks beyond the family."""


@dataclass
class Relation:
    """``is_keyed``: its rows belong to families; ``kinds``: which key each of its columns holds."""

    is_keyed: bool
    kinds: dict[str, str] = field(default_factory=dict)


Sources = dict[str, Relation]


def prove(table: Table, inputs: Mapping[str, Relation]) -> Relation:
    """What ``table`` yields, if it is local. ``inputs``: the relations it reads; whatever is not in there belongs to nobody.

    Raises NotLocal otherwise.
    """
    query = sqlglot.parse_one(table.select, read="duckdb")
    return _query(query, inputs, {}, {}, table.facts)


def _query(
    node: exp.Expr, inputs: Mapping[str, Relation], ctes: Sources, outer: Sources, facts: frozenset[str]
) -> Relation:
    ctes = dict(ctes)
    if with_ := node.args.get("with_"):
        if with_.args.get("recursive"):
            raise NotLocal("recursion")
        for cte in with_.expressions:
            name = cte.alias_or_name
            ctes[name] = Relation(False) if name in facts else _query(cte.this, inputs, ctes, {}, facts)
    if isinstance(node, exp.Subquery):
        return _query(node.this, inputs, ctes, outer, facts)
    if isinstance(node, exp.SetOperation):
        one, other = (_query(side, inputs, ctes, outer, facts) for side in (node.left, node.right))
        if one.is_keyed != other.is_keyed:
            raise NotLocal("a union of rows of people and others")
        # A column is a key where both sides have it; a key of the left alone is none of the right.
        kinds = {name: kind for name, kind in one.kinds.items() if other.kinds.get(name) == kind}
        # NULL stands for a key that one side lacks: told apart by the name only.
        return Relation(one.is_keyed, kinds)
    if not isinstance(node, exp.Select):
        raise NotLocal(type(node).__name__)
    return _select(node, inputs, ctes, outer, facts)


def _select(
    node: exp.Select, inputs: Mapping[str, Relation], ctes: Sources, outer: Sources, facts: frozenset[str]
) -> Relation:
    sources: Sources = {}
    if node.args.get("limit"):
        raise NotLocal("LIMIT")
    where = _conjuncts(node.args["where"].this) if node.args.get("where") else []
    start = node.args.get("from_")
    if start is not None:
        name, relation = _source(start.this, inputs, ctes, facts)
        sources[name] = relation
    for join in node.args.get("joins") or []:
        name, relation = _source(join.this, inputs, ctes, facts)
        on = _conjuncts(join.args["on"]) if join.args.get("on") else []
        if join.args.get("using"):
            raise NotLocal(f"USING at {name}")
        keyed_before = any(one.is_keyed for one in sources.values())
        if relation.is_keyed and keyed_before:
            if not _met([*on, *(where if not join.side else [])], {name: relation}, sources):
                raise NotLocal(f"{name} is joined without an equation of keys")
        elif relation.is_keyed and join.side in ("LEFT", "FULL"):
            raise NotLocal(f"rows of nobody meet {name}")
        elif keyed_before and join.side in ("RIGHT", "FULL"):
            raise NotLocal(f"rows of nobody are kept from {name}")
        sources[name] = relation
    is_keyed = any(one.is_keyed for one in sources.values())
    scope = {**outer, **sources}
    if outer and is_keyed and not _met(where, sources, outer):
        raise NotLocal("a subquery of other rows")
    _inner(node, inputs, ctes, scope, facts)
    if is_keyed:
        _one_family(node, scope)
    kinds: dict[str, str] = {}
    for column in node.expressions:
        if isinstance(column, exp.Star) or (isinstance(column, exp.Column) and isinstance(column.this, exp.Star)):
            of = [column.table] if isinstance(column, exp.Column) and column.table else list(sources)
            for name in of:
                kinds |= sources[name].kinds
        elif kind := _kind(column, scope):
            kinds[column.alias_or_name] = kind
    return Relation(is_keyed, kinds)


def _source(
    node: exp.Expr, inputs: Mapping[str, Relation], ctes: Sources, facts: frozenset[str]
) -> tuple[str, Relation]:
    if isinstance(node, exp.Table):
        if node.db:
            return node.alias_or_name, inputs.get(f"{node.db}.{node.name}", Relation(False))
        if node.name in ctes:
            return node.alias_or_name, ctes[node.name]
        if isinstance(node.this, exp.Func):
            return node.alias_or_name, Relation(False)
    if isinstance(node, exp.Subquery):
        return node.alias_or_name, _query(node.this, inputs, ctes, {}, facts)
    if isinstance(node, exp.Values):
        return node.alias_or_name, Relation(False)
    raise NotLocal(f"reads {type(node).__name__}")


def _inner(
    node: exp.Select, inputs: Mapping[str, Relation], ctes: Sources, scope: Sources, facts: frozenset[str]
) -> None:
    """Every subquery in an expression: keyed ones only as ``key IN (SELECT key …)`` or with an equation to the outer row."""
    parts = [*node.expressions, node.args.get("where"), node.args.get("having"), node.args.get("qualify")]
    parts += [join.args.get("on") for join in node.args.get("joins") or []]
    for part in parts:
        if part is None:
            continue
        for inner in _top_queries(part):
            parent = inner.parent
            if isinstance(parent, exp.Subquery):
                parent = parent.parent
            if isinstance(parent, exp.In):
                found = _query(inner, inputs, ctes, {}, facts)
                wanted = _kind(parent.this, scope)
                chosen = inner.expressions[0].alias_or_name if isinstance(inner, exp.Select) else ""
                if found.is_keyed and (wanted is None or found.kinds.get(chosen) != wanted):
                    raise NotLocal("IN without a key")
            else:
                _query(inner, inputs, ctes, scope, facts)


def _top_queries(node: exp.Expr) -> Iterator[exp.Query]:
    """The outermost queries inside an expression."""
    if isinstance(node, exp.Query) and not isinstance(node, exp.Subquery):
        yield node
        return
    for child in node.iter_expressions():
        yield from _top_queries(child)


def _one_family(node: exp.Select, scope: Sources) -> None:
    group = node.args.get("group")
    if group is not None:
        by = [_aliased(one, node) for one in group.expressions]
        if not any(_kind(one, scope) for one in by):
            raise NotLocal(f"groups of several families: {group.sql(dialect='duckdb')}")
    elif any(_own_aggregates(column) for column in node.expressions):
        raise NotLocal("an aggregate over everybody")
    if node.args.get("distinct") and not any(_kind(column, scope) for column in node.expressions):
        raise NotLocal("DISTINCT without a key")
    for window in node.find_all(exp.Window):
        if window.find_ancestor(exp.Select) is node and not any(
            _kind(one, scope) for one in window.args.get("partition_by") or []
        ):
            raise NotLocal("a window over several families")


def _aliased(node: exp.Expr, select: exp.Select) -> exp.Expr:
    """The column that an alias or a number in GROUP BY names."""
    if isinstance(node, exp.Literal) and node.is_int:
        return select.expressions[int(node.name) - 1]
    return node


def _own_aggregates(column: exp.Expr) -> bool:
    for found in column.find_all(exp.AggFunc):
        inside = found.find_ancestor(exp.Window, exp.Select, exp.Filter)
        if isinstance(inside, exp.Filter):
            inside = inside.find_ancestor(exp.Window, exp.Select)
        if not isinstance(inside, exp.Window) and found.find_ancestor(exp.Select) is column.find_ancestor(exp.Select):
            return True
    return False


def _conjuncts(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Paren):
        return _conjuncts(node.this)
    if isinstance(node, exp.And):
        return [*_conjuncts(node.left), *_conjuncts(node.right)]
    return [node]


def _met(conditions: list[exp.Expr], ours: Sources, theirs: Sources) -> bool:
    """Does one condition equate a key of ``ours`` with the same key of ``theirs``?"""
    for one in conditions:
        if isinstance(one, exp.EQ):
            for left, right in ((one.left, one.right), (one.right, one.left)):
                kind = _kind(left, ours)
                if kind and kind == _kind(right, {name: source for name, source in theirs.items() if source.is_keyed}):
                    return True
    return False


def _kind(node: exp.Expr | None, sources: Sources) -> str | None:
    """The key that an expression holds."""
    if node is None:
        return None
    if isinstance(node, (exp.Alias, exp.Paren)):
        return _kind(node.this, sources)
    if isinstance(node, exp.Column):
        if node.table:
            return sources[node.table].kinds.get(node.name) if node.table in sources else None
        found = {one.kinds[node.name] for one in sources.values() if node.name in one.kinds}
        return found.pop() if len(found) == 1 else None
    if isinstance(node, exp.Cast):
        return None
    if isinstance(node, (exp.Min, exp.Max, exp.AnyValue)):
        return _kind(node.this, sources)
    if isinstance(node, exp.Coalesce):
        return _common([node.this, *node.expressions], sources)
    if isinstance(node, exp.Case):
        return _common([*(one.args["true"] for one in node.args["ifs"]), node.args.get("default")], sources)
    if isinstance(node, exp.DPipe) and isinstance(node.left, exp.Literal):
        of = node.right.this if isinstance(node.right, exp.Cast) else node.right
        wanted = PREFIXES.get(node.left.name)
        return "family_key" if wanted and _kind(of, sources) == wanted else None
    return None


def _common(nodes: list[exp.Expr | None], sources: Sources) -> str | None:
    kinds = {_kind(one, sources) for one in nodes if one is not None and not isinstance(one, exp.Null)}
    return kinds.pop() if len(kinds) == 1 else None


def relations_of_feeds(columns: Mapping[str, list[str]]) -> dict[str, Relation]:
    """The history and the present of every feed: ``feed → names of its columns``."""
    found: dict[str, Relation] = {}
    for feed, names in columns.items():
        kinds = {name: name for name in names if name in KEYS}
        for suffix in ("", "_now"):
            of = dict(kinds)
            if feed == "registry_person" and suffix:
                # One row per number in the present: the number leads to the same row.
                of["person_id"] = "person_id"
            found[f"core.{feed}{suffix}"] = Relation(bool(kinds), of)
    # A part holds the rows that are linked to its households.
    found["core.household_link"] = Relation(False, {"household_id": "household_id"})
    return found
