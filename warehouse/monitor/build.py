"""Build ``core.person`` and what else ``sql/core`` makes, judge by every rule, bring the clues up to date, build every mart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from connectors.feed import Feed
from warehouse.database import relations
from warehouse.monitor import clues, judge, reference
from warehouse.monitor.affected import NEW, OLD, Affected
from warehouse.monitor.order import OPEN_ROW, SQL, Table, build_order, needs
from warehouse.monitor.rules import Rule, all_rules, check, rules_on
from warehouse.monitor.versions import Versions, digest

Progress = Callable[[str], None]


def build(
    con: duckdb.DuckDBPyConnection,
    feeds: Mapping[str, Feed],
    as_of: dt.date | None = None,
    progress: Progress | None = None,
    anew: bool = False,
    root: Path = SQL,
    wanted: Iterable[str] | None = None,
) -> dict[str, int]:
    """Build whatever is not current, in one transaction; returns ``mart name → rows`` (names without schema).

    ``con`` is a writable connection whose default database is the warehouse, with the history tables of all ``feeds`` in
    place (empty where nothing came). ``as_of`` overrides the run date; ``anew`` builds what is current too; ``root``: the folder
    with the SQL files; ``wanted``: only these and what they need. Readers see all old tables or all new ones.
    """
    rows: dict[str, int] = {}
    check(feeds, root)
    con.execute("BEGIN")
    try:
        day = as_of or reference.run_date(con)
        reference.load(con, feeds, day, all_rules(root))
        order = _needed(build_order(root), wanted)
        rules = rules_on(day, root)
        _drop_leftovers(
            con, {t.name: "VIEW" if t.is_view else "TABLE" for t in order if not t.is_rule and not t.is_step}
        )
        judge.retire(con, [rule.rule_id for rule in rules.values()])
        versions = Versions(con, feeds)
        affected = Affected(con, feeds, order, versions, anew)
        conditions = judge.Conditions.of(con)
        judge.refresh(con, rules.values())
        # Only for those who can work in part is it worth knowing what has changed in a table that was made whole.
        read = {name for table in order if table.scope for name in table.inputs}
        for table in order:
            if table.is_rule and table.name not in rules:
                continue
            ground = _ground(conditions, versions, table, rules)
            version = _version(versions, table, rules, ground)
            content = versions.before.get(table.name)
            if anew or not versions.is_current(table, version):
                if progress:
                    progress(f"  {table.name}")
                if not affected.is_usable:
                    _make(con, table, rules, conditions)
                    content = None
                elif not _make_part(con, table, rules, conditions, versions, affected, ground):
                    content = _make_whole(con, table, rules, conditions, versions, affected, table.name in read)
                elif table.name in affected.parts or table.is_rule:
                    content = None
                _note_fact(table, versions, affected)
            elif table.facts_sql:
                versions.known[f"fact:{table.name}"] = versions.before.get(f"fact:{table.name}", "")
            versions.note(table.name, version, content)
            if table.is_mart:
                counted = con.execute(f"SELECT count(*) FROM {table.name}").fetchone()
                rows[table.name.removeprefix("mart.")] = int(counted[0]) if counted else 0
        affected.close()
        versions.save([table.name for table in order])
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return rows


def _ground(conditions: judge.Conditions, versions: Versions, table: Table, rules: Mapping[str, Rule]) -> str:
    """Whether a rule can judge at all depends on its feeds and parameters, whatever its SQL reads."""
    if not table.is_rule:
        return ""
    rule = rules[table.name]
    return str(
        (
            rule.version,
            rule.severity,
            rule.owner,
            conditions.missing_feeds(rule),
            conditions.parameters_of(rule),
            versions.of(OPEN_ROW) if rule.undone_by else "",
        )
    )


def _version(versions: Versions, table: Table, rules: Mapping[str, Rule], ground: str) -> str:
    if table.is_step:
        return digest((versions.of("ref.run"), *(versions.of(name) for name in rules)))
    return versions.wanted(table, ground)


def _make_part(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    rules: Mapping[str, Rule],
    conditions: judge.Conditions,
    versions: Versions,
    affected: Affected,
    ground: str,
) -> bool:
    """Make what has changed of ``table``, and it alone; False where that cannot be told apart."""
    changed = versions.changed(table, ground) if table.scope and (table.is_rule or versions.is_there(table)) else None
    if (
        changed is None
        or not changed <= affected.parts
        or affected.fact(table) != versions.before.get(f"fact:{table.name}", "")
    ):
        return False
    if table.is_rule:
        return conditions.suffice(rules[table.name]) and judge.judge_part(
            con, rules[table.name], table.scope_column, affected.select(table, OLD), affected.select(table, NEW)
        )
    if table.is_view:
        affected.parts.add(table.name)
        return True
    return affected.make(table) is not False


def _make_whole(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    rules: Mapping[str, Rule],
    conditions: judge.Conditions,
    versions: Versions,
    affected: Affected,
    is_read: bool,
) -> str | None:
    """Make ``table`` whole; returns its former version if it is what it was, and tells whether only affected families have changed."""
    former = versions.before.get(table.name)
    if table.is_rule or table.is_step or table.is_view or not is_read or former is None or not versions.is_there(table):
        _make(con, table, rules, conditions)
        return None
    shape = con.execute(f"DESCRIBE {table.name}").fetchall()
    affected.remember(table)
    rest = affected.rest(table)
    _make(con, table, rules, conditions)
    if con.execute(f"DESCRIBE {table.name}").fetchall() != shape or affected.rest(table) != rest:
        return None
    affected.parts.add(table.name)
    if affected.is_same(table):
        affected.parts.discard(table.name)
        return former
    return None


def _note_fact(table: Table, versions: Versions, affected: Affected) -> None:
    if table.facts_sql:
        versions.known[f"fact:{table.name}"] = affected.fact(table)


def _make(
    con: duckdb.DuckDBPyConnection, table: Table, rules: Mapping[str, Rule], conditions: judge.Conditions
) -> None:
    if table.is_step:
        clues.follow(con)
    elif table.is_rule:
        judge.judge(con, rules[table.name], conditions)
    else:
        con.execute(f"CREATE OR REPLACE {'VIEW' if table.is_view else 'TABLE'} {table.name} AS {table.select}")


def _needed(order: Sequence[Table], wanted: Iterable[str] | None) -> Sequence[Table]:
    """``order``, or the part of it that ``wanted`` rests on."""
    if wanted is None:
        return order
    needed = set(wanted)
    for table in reversed(order):
        if table.name in needed:
            needed |= needs(table)
    return [table for table in order if table.name in needed]


def _drop_leftovers(con: duckdb.DuckDBPyConnection, wanted: Mapping[str, str]) -> None:
    """A mart whose file is gone must not be published as if it were current; nor can a table be replaced by a view."""
    # Views first: they read tables.
    for name, kind in sorted(relations(con).items(), key=lambda found: found[1], reverse=True):
        if wanted[name] != kind if name in wanted else name.startswith("mart."):
            con.execute(f"DROP {kind} {name}")
