"""Validate one batch with its feed's suite: which rows are rejected and why, what blocks the batch, what is only told.

Importing this module is cheap; Great Expectations is imported by the first :func:`validate` (or by :func:`warm`, which
may run in a background thread while files are still being read).

A cell counts once: if it could not be understood, no other check of that column speaks; a rule judges only rows whose
columns are sound; keys are compared only among rows that nothing else rejects, so that a bad copy does not take the
good row down.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import duckdb

from connectors.errors import DeclarationError, FupinError, TerminalError, TransientError, without_row_text
from connectors.feed import Feed
from connectors.quoting import identifier, literal
from expectations.rules import SEVERITIES, Rule, load_rules
from expectations.suite import CELL_CODES, derive

_SEVERITY = {gx: ours for ours, gx in SEVERITIES.items()}
# GX's context and data source are one per process; the work itself is DuckDB's, which uses every core anyway.
_LOCK = threading.RLock()
_RESULT_FORMAT = {
    "result_format": "BASIC",
    "partial_unexpected_count": 0,
    "unexpected_index_column_names": ["_row"],
    "return_unexpected_index_query": True,
}


@dataclass(frozen=True)
class Validation:
    """What the suite found. No field holds a value of the data.

    ``rejected``: quoted name of a temporary table (_row BIGINT, code VARCHAR, "column" VARCHAR, rule VARCHAR) in the
    caller's connection, one line per row and reason; ``rule`` is the id of the feed's rule, NULL for derived checks.
    ``blocking``: ``{code, message}``; ``warnings``: ``{rule, count, message}``; ``summary``: GX's result as JSON,
    counts only.
    """

    rejected: str
    rejected_rows: int
    blocking: list[dict[str, str]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def statistics(self) -> dict[str, Any]:
        return self.summary["statistics"]


def warm() -> None:
    """Import Great Expectations and build its context now (some four seconds, once per process)."""
    with _LOCK:
        _context()


@cache
def _context() -> Any:
    import gc
    import warnings

    # GX imports modules that Python calls deprecated; where warnings are errors that would end the import.
    warnings.filterwarnings("ignore", "module 'sre_(constants|parse)' is deprecated", DeprecationWarning)
    enabled = gc.isenabled()
    # The import makes millions of lasting objects: collecting meanwhile, and scanning them in every later collection
    # (0.2 s each), is wasted; frozen, they also stay shared between forked workers.
    gc.disable()
    try:
        import great_expectations as gx
        from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

        import expectations.engine  # noqa: F401 - registers data source, metrics and expectations

        config = DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars={"globally": False},  # type: ignore[arg-type]
        )
        context = gx.get_context(mode="ephemeral", project_config=config)
        gc.freeze()
    finally:
        if enabled:
            gc.enable()
    return context


_SUITES: dict[tuple[str, frozenset[str]], tuple[tuple[Feed, tuple[Rule, ...]], Any, dict[str, Any]]] = {}


def _suite(feed: Feed, present: frozenset[str]) -> tuple[Any, dict[str, Any]]:
    """The feed's suite for the columns in ``present``, as GX's object and as JSON; built again only if anything changed."""
    made_of = (feed, load_rules(feed))
    known = _SUITES.get((feed.name, present))
    if known is None or known[0] != made_of:
        known = (made_of, *_build(*made_of, present))
        _SUITES[feed.name, present] = known
    return known[1], known[2]


def _build(feed: Feed, rules: tuple[Rule, ...], present: frozenset[str]) -> tuple[Any, dict[str, Any]]:
    from great_expectations.core import ExpectationSuite

    from expectations import engine

    raw = derive(feed, rules, present)
    built = []
    for entry in raw["expectations"]:
        try:
            built.append(engine.expectation(entry))
        except Exception as error:
            why = f"{entry['type']} is unknown or does not accept its arguments ({type(error).__name__})"
            raise DeclarationError(f"feed {feed.name}: rule {entry['meta']['rule']}: {why}") from None
    return ExpectationSuite(name=feed.name, expectations=built, meta=raw["meta"]), raw


def check(feed: Feed) -> None:
    """Raise DeclarationError if Great Expectations does not accept the feed's rules."""
    _context()
    _build(feed, load_rules(feed), frozenset(column.name for column in feed.columns))


def _raised(result: Any) -> bool:
    info = result.exception_info or {}
    return bool(info.get("raised_exception")) or any(
        isinstance(item, dict) and item.get("raised_exception") for item in info.values()
    )


def _passed(result: Any) -> bool:
    """Whether the expectation holds; an aggregate over no value at all (GX: failed) has nothing to say."""
    return bool(result.success) or ("observed_value" in result.result and result.result["observed_value"] is None)


def _summary(raw: dict[str, Any], results: Collection[Any]) -> dict[str, Any]:
    """GX's result as JSON: counts and what the declaration says; never a query, an observed or an unexpected value."""
    kept = ("element_count", "unexpected_count", "unexpected_percent", "missing_count", "missing_percent")
    lines = []
    for entry, result in zip(raw["expectations"], results, strict=True):
        line = {key: result.result[key] for key in kept if result.result.get(key) is not None}
        if entry["type"] == "expect_table_row_count_to_be_between":
            line["observed_value"] = result.result.get("observed_value")
        lines.append(
            {
                "success": _passed(result),
                "expectation_config": entry,
                "result": line,
                "meta": {},
                "exception_info": {"raised_exception": False, "exception_traceback": None, "exception_message": None},
            }
        )
    passed = sum(line["success"] for line in lines)
    return {
        "success": passed == len(lines),
        "suite_name": raw["name"],
        "results": lines,
        "statistics": {
            "evaluated_expectations": len(lines),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(lines) - passed,
            "success_percent": 100 * passed / len(lines),
        },
        "meta": raw["meta"],
    }


def _keys_sql(feed: Feed, table: str, rejected: str, present: Collection[str]) -> str:
    """Sound rows whose key occurs twice: copies after the first are DUPLICATE_ROW, differing ones KEY_CONFLICT."""
    key = ", ".join(identifier(name) for name in feed.key)
    complete = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in feed.key)
    content = ", ".join(identifier(column.name) for column in feed.columns if column.name in present)
    return f"""
        WITH sound AS (
          SELECT * FROM {identifier(table)} AS t
          WHERE {complete} AND NOT EXISTS (FROM {rejected} AS r WHERE r._row = t._row)),
        repeated AS (SELECT {key} FROM sound GROUP BY {key} HAVING count(*) > 1),
        judged AS (
          SELECT _row, count(*) OVER (PARTITION BY {key}) AS of_key,
            count(*) OVER (PARTITION BY {content}) AS of_content,
            row_number() OVER (PARTITION BY {content} ORDER BY _row) AS copy
          FROM sound SEMI JOIN repeated USING ({key}))
        SELECT _row, CASE WHEN of_key = of_content THEN 'DUPLICATE_ROW' ELSE 'KEY_CONFLICT' END,
          {literal(feed.key[0])}, NULL
        FROM judged WHERE of_content < of_key OR copy > 1"""


def _unless_rejected(rejected: str, columns: Iterable[str]) -> str:
    names = ", ".join(literal(name) for name in columns)
    return f' WHERE NOT EXISTS (FROM {rejected} AS r WHERE r._row = q._row AND r."column" IN ({names}))'


def _quarantine(con: duckdb.DuckDBPyConnection, failed: Collection[tuple[dict[str, Any], str]], rejected: str) -> None:
    """Fill ``rejected`` by steps (cells, columns, rules); each is blind to columns in which an earlier one rejects."""
    steps: tuple[list[str], list[str], list[str]] = ([], [], [])
    for entry, query in failed:
        meta = entry["meta"]
        column, of_rule = literal(meta["columns"][0]), meta["rule"] == meta["code"]
        if meta["code"] == CELL_CODES:
            steps[0].append(f"SELECT _row, {identifier(entry['kwargs']['column'])}, {column}, NULL FROM ({query})")
        else:
            line = f"_row, {literal(meta['code'])}, {column}, {literal(meta['rule']) if of_rule else 'NULL'}"
            unless = _unless_rejected(rejected, meta["columns"])
            steps[2 if of_rule else 1].append(f"SELECT {line} FROM ({query}) AS q{unless}")
    for selects in steps:
        if selects:
            con.execute(f"INSERT INTO {rejected} " + " UNION ALL ".join(selects))


def validate(con: duckdb.DuckDBPyConnection, feed: Feed, table: str, present: Collection[str]) -> Validation:
    """Run the feed's suite on ``table``.

    ``table`` is SQL for a table or view that ``con`` itself can read (a temporary view will do): the columns in
    ``present`` (declared columns that the file has), ``<column>__problem`` for each, and ``_row`` BIGINT, unique.
    ``con`` is used as it is (same transaction, temporary objects); nothing but a temporary view and table is made.
    Safe to call from threads that each have their own connection. Raises TerminalError naming the rule if a check
    cannot be evaluated, DeclarationError if a rule is wrong, TransientError for locks, memory and disk.
    """
    with _LOCK:
        return _validate(con, feed, table, frozenset(present))


@cache
def _definition(context: Any, table: str) -> Any:
    sources = context.data_sources
    source = sources.all().get("batches") or sources.add_duckdb("batches", connection_string="duckdb:///:memory:")
    return source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("all")


def _validate(con: duckdb.DuckDBPyConnection, feed: Feed, table: str, present: frozenset[str]) -> Validation:
    context = _context()
    from expectations import engine

    suite, raw = _suite(feed, present)
    # GX keeps its assets for ever: one per feed, over a view that each batch replaces.
    view = f"batch_{feed.name}"
    with without_row_text(f"feed {feed.name}: validation"):
        con.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(view)} AS FROM {table}")

    def ask(question: Any) -> tuple[Any, FupinError | None]:
        current = engine.DuckDBExecutionEngine.over(con)
        token = engine.CURRENT.set(current)
        try:
            return _definition(context, view).get_batch().validate(
                question, result_format=_RESULT_FORMAT
            ), current.failure
        finally:
            engine.CURRENT.reset(token)

    outcome, failure = ask(suite)
    if failure is not None or any(_raised(result) for result in outcome.results):
        if isinstance(failure, TransientError):
            raise TransientError(f"feed {feed.name}: validation: {failure}")
        # One broken rule fails the query that all share: asked one by one, it names itself.
        for entry, expectation in zip(raw["expectations"], suite.expectations, strict=True):
            result, why = ask(expectation)
            if why is not None or _raised(result):
                raise TerminalError(f"feed {feed.name}: rule {entry['meta']['rule']} cannot be evaluated ({why})")
        raise TerminalError(f"feed {feed.name}: the suite cannot be evaluated ({failure})")
    # GX groups results by how they were computed; the suite's own order is restored by rule.
    by_rule = {result.expectation_config.meta["rule"]: result for result in outcome.results}
    results = [by_rule[entry["meta"]["rule"]] for entry in raw["expectations"]]

    rejected = identifier(f"rejected_{feed.name}")
    blocking: list[dict[str, str]] = []
    told: list[tuple[dict[str, Any], str | None, int]] = []
    failed: list[tuple[dict[str, Any], str]] = []
    keys_failed = False
    for entry, result in zip(raw["expectations"], results, strict=True):
        if _passed(result):
            continue
        severity = _SEVERITY[entry["severity"]]
        query = (result.result.get("unexpected_index_query") or "").strip().rstrip(";") or None
        if severity == "block":
            blocking.append({"code": entry["meta"]["code"], "message": _blocking_message(feed, present, entry)})
        elif severity == "warn":
            told.append((entry, query, int(result.result.get("unexpected_count", 1))))
        elif entry["type"] == "expect_row_key_to_be_unique":
            keys_failed = True
        elif query is None:
            raise TerminalError(f"feed {feed.name}: rule {entry['meta']['rule']} cannot name the rows that fail")
        else:
            failed.append((entry, query))

    with without_row_text(f"feed {feed.name}: quarantine"):
        columns = '_row BIGINT, code VARCHAR, "column" VARCHAR, rule VARCHAR'
        con.execute(f"CREATE OR REPLACE TEMP TABLE {rejected} ({columns})")
        _quarantine(con, failed, rejected)
        if keys_failed:
            con.execute(f"INSERT INTO {rejected} {_keys_sql(feed, view, rejected, present)}")
        unsound = {name for (name,) in con.execute(f'SELECT DISTINCT "column" FROM {rejected}').fetchall()}
        warnings = []
        for entry, query, count in told:
            if query is not None and unsound.intersection(entry["meta"]["columns"]):
                sound = _unless_rejected(rejected, entry["meta"]["columns"])
                found = con.execute(f"SELECT count(*) FROM ({query}) AS q{sound}").fetchone()
                count = int(found[0]) if found else 0
            if count:
                warnings.append({"rule": entry["meta"]["rule"], "count": count, "message": entry["description"]})
        row = con.execute(f"SELECT count(DISTINCT _row) FROM {rejected}").fetchone()
    return Validation(
        rejected=rejected,
        rejected_rows=int(row[0]) if row else 0,
        blocking=blocking,
        warnings=warnings,
        summary=_summary(raw, results),
    )


def _blocking_message(feed: Feed, present: Collection[str], entry: dict[str, Any]) -> str:
    if entry["meta"]["code"] == "COLUMN_MISSING":
        missing = [column.label for column in feed.columns if column.required and column.name not in present]
        return f"{entry['description']}：{'、'.join(missing)}"
    return entry["description"]
