"""Small relations that marts read beside the data: dated parameters, code lists, the run date, what is known of each feed."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from connectors.errors import DeclarationError
from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse import columns
from warehouse.database import relations
from warehouse.history.deliveries import AREA_DIGITS, FULL, ROWS
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, table
from warehouse.history.views import record_sql
from warehouse.monitor.order import SQL
from warehouse.monitor.rules import Rule

CODES = SQL / "codes"


def _insert(
    con: duckdb.DuckDBPyConnection, name: str, types: Mapping[str, str], rows: Iterable[tuple[object, ...]]
) -> None:
    body = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
    con.execute(f"CREATE OR REPLACE TABLE {name} ({body})")
    values = [list(column) for column in zip(*rows, strict=True)]
    if values:
        con.execute(f"INSERT INTO {name} SELECT {', '.join('unnest(?)' for _ in types)}", values)


def load_codes(con: duckdb.DuckDBPyConnection, folder: Path = CODES) -> None:
    """Each ``<name>.csv`` of ``folder`` becomes ``ref.<name>``; types come from columns.toml, an empty cell is NULL.

    Raises DeclarationError for a ragged file, an undeclared column, or two parameters of one code that hold on the same day.
    """
    known = columns.dictionary()
    for path in sorted(folder.glob("*.csv")):
        with open(path, encoding="utf-8", newline="") as handle:
            header, *rows = list(csv.reader(handle))
        if undeclared := [name for name in header if name not in known]:
            raise DeclarationError(f"{path.name}: columns {undeclared} are not in warehouse/columns.toml")
        if ragged := next((number for number, row in enumerate(rows, 2) if len(row) != len(header)), None):
            raise DeclarationError(f"{path.name}: line {ragged} has a different number of cells than the header")
        try:
            types = {name: known[name].type for name in header}
            _insert(con, f"ref.{path.stem}", types, (tuple(cell.strip() or None for cell in row) for row in rows))
        except duckdb.ConversionException as error:
            raise DeclarationError(
                f"{path.name}: a cell does not fit its type ({str(error).splitlines()[0]})"
            ) from None
    _check_parameters(con)


def load_areas(con: duckdb.DuckDBPyConnection) -> None:
    """``ref.area`` (area_level, area_code, area): the names of the county, its townships and villages."""
    con.execute(
        "CREATE OR REPLACE TABLE ref.area AS "
        "SELECT '村' AS area_level, village_code AS area_code, max(village_name) AS area FROM ref.division GROUP BY village_code "
        "UNION ALL SELECT '乡', town_code, max(town_name) FROM ref.division GROUP BY town_code "
        "UNION ALL SELECT '县', county_code, max(county) FROM ref.county GROUP BY county_code"
    )


def load_workdays(con: duckdb.DuckDBPyConnection) -> None:
    """``ref.workday``: every day with the number of working days up to it, from the weeks and ``sql/codes/holiday.csv``."""
    con.execute(
        "CREATE OR REPLACE TABLE ref.workday AS SELECT CAST(d.day AS DATE) AS day, sum(CASE WHEN coalesce(h.is_workday, isodow(d.day) < 6) "
        "THEN 1 ELSE 0 END) OVER (ORDER BY d.day) AS number FROM generate_series(DATE '2010-01-01', DATE '2049-12-31', INTERVAL 1 DAY) AS d(day) "
        "LEFT JOIN ref.holiday AS h ON h.holiday_date = CAST(d.day AS DATE)"
    )


def _check_parameters(con: duckdb.DuckDBPyConnection) -> None:
    clash = con.execute(
        "SELECT a.code FROM ref.parameter AS a JOIN ref.parameter AS b ON a.code = b.code AND a.rowid < b.rowid "
        "AND a.valid_from < b.valid_to AND b.valid_from < a.valid_to ORDER BY a.code LIMIT 1"
    ).fetchone()
    if clash:
        raise DeclarationError(f"parameter.csv: {clash[0]} has two values for the same day")


def run_date(con: duckdb.DuckDBPyConnection) -> dt.date | None:
    """The newest as-of date of a merged batch.

    A date that a file states counts before the day on which a file without any date happened to arrive; None without a batch.
    """
    row = con.execute(
        "SELECT coalesce(max(as_of) FILTER (WHERE as_of_source IS DISTINCT FROM 'received'), max(as_of)) "
        "FROM ops.batch WHERE state = 'merged'"
    ).fetchone()
    return row[0] if row else None


def load_feeds(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], as_of: dt.date | None) -> None:
    """Fill ``ref.run``, ``ref.feed``, ``ref.department`` and ``ref.feed_state``.

    A feed is present once a batch was merged, and stale when its newest as-of date lies more than ``freshness_days`` before ``as_of``.
    """
    _insert(con, "ref.run", {"as_of": "DATE"}, [(as_of,)])
    _insert(
        con,
        "ref.feed",
        {
            "feed": "VARCHAR",
            "title": "VARCHAR",
            "department": "VARCHAR",
            "department_title": "VARCHAR",
            "mode": "VARCHAR",
            "freshness_days": "BIGINT",
        },
        [
            (feed.name, feed.title, feed.department, feed.department_title, feed.mode, feed.freshness_days)
            for feed in feeds.values()
        ],
    )
    _insert(
        con,
        "ref.department",
        {"department": "VARCHAR", "department_title": "VARCHAR"},
        sorted({feed.department: feed.department_title for feed in reversed(list(feeds.values()))}.items()),
    )
    con.execute(
        "CREATE OR REPLACE TABLE ref.feed_state AS "
        "WITH last AS (SELECT feed, max(as_of) AS last_as_of FROM ops.batch WHERE state = 'merged' GROUP BY feed) "
        "SELECT feed.feed, last.last_as_of, last.last_as_of IS NOT NULL AS is_present, "
        "coalesce(date_diff('day', last.last_as_of, run.as_of) > feed.freshness_days, FALSE) AS is_stale "
        "FROM ref.feed AS feed CROSS JOIN ref.run AS run LEFT JOIN last ON last.feed = feed.feed"
    )


def load_links(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> None:
    """Fill ``ops.late_link``: of the rows that a batch delivered without an id, how many were found a person or a household later, by what.

    A snapshot's rows are those that stood on its day where it speaks (the county, a township), whichever batch brought them first. Only rows
    that stand today are looked for: of a batch that brought one that has gone since, nothing is told. Without the links themselves (the past
    is laid out without them) the table stays as it is.
    """
    if not {"core.record_link", "core.household_link"} <= relations(con).keys():
        return
    linked = con.execute("SELECT feed FROM core.record_link UNION SELECT feed FROM core.household_link").fetchall()
    con.execute("DELETE FROM ops.late_link")
    for feed in (feeds[name] for (name,) in sorted(linked) if name in feeds):
        name = literal(feed.name)
        nobody = "TRUE"
        if feed.subject:
            nobody = "t.link_method = 'none'" if feed.person_number else "t.person_key IS NULL"
        delivered, area = "b.batch_id = t.batch_id", "CAST(NULL AS VARCHAR)"
        if feed.mode == "snapshot":
            if feed.partial_by:
                area = f"left(t.{identifier(feed.partial_by)}, {AREA_DIGITS})"
            delivered = (
                f"CASE WHEN b.coverage = {literal(ROWS)} THEN {delivered} ELSE b.as_of >= t.valid_from AND b.as_of < t.valid_to "
                f"AND coalesce(b.coverage, {literal(FULL)}) IN ({literal(FULL)}, t.area) END"
            )
        con.execute(
            f"INSERT INTO ops.late_link WITH found AS (SELECT record, method FROM core.record_link WHERE feed = {name} AND person_key IS NOT NULL), "
            f"linked AS (FROM found UNION ALL SELECT record, method FROM core.household_link WHERE feed = {name} "
            f"  AND record NOT IN (SELECT record FROM found)), "
            f"nameless AS (SELECT {record_sql(feed, 't.')} AS record, t.batch_id, t.valid_from, t.valid_to, {area} AS area "
            f"  FROM {table(feed)} AS t WHERE {nobody} AND t.recorded_to = {OPEN_TIME}), "
            f"told AS (SELECT b.batch_id, t.record, t.valid_to FROM nameless AS t JOIN ops.batch AS b "
            f"  ON b.feed = {name} AND b.state = 'merged' AND {delivered}), "
            f"whole AS (SELECT batch_id FROM told GROUP BY batch_id HAVING min(valid_to) = {OPEN_DATE}) "
            f"SELECT told.batch_id, {name}, coalesce(linked.method, 'none'), count(*) FROM told SEMI JOIN whole USING (batch_id) "
            f"LEFT JOIN linked ON linked.record = told.record GROUP BY told.batch_id, linked.method"
        )


def load_rules(con: duckdb.DuckDBPyConnection, rules: Iterable[Rule]) -> None:
    """Fill ``ref.rule``: every version of every rule, in force or not; a clue may outlive its rule."""
    names = ("rule_id", "rule_version", "rule_title", "rule_purpose", "policy_basis")
    _insert(
        con,
        "ref.rule",
        {name: "BIGINT" if name == "rule_version" else "VARCHAR" for name in names},
        [(rule.rule_id, rule.version, rule.title, rule.purpose, rule.policy) for rule in rules],
    )


def load(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], as_of: dt.date | None, rules: Iterable[Rule] = ()
) -> None:
    """All of the above."""
    load_rules(con, rules)
    load_codes(con)
    load_areas(con)
    load_workdays(con)
    load_feeds(con, feeds, as_of)
    load_links(con, feeds)
