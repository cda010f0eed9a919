"""Which records wait for a person's judgement, and what a clerk has to see of each: temporary tables, in SQL."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse.history.deliveries import AREA_DIGITS
from warehouse.history.tables import name_column
from warehouse.history.views import record_sql
from warehouse.identity.masked import masked_ids_sql
from warehouse.monitor import reference

# So many candidates stand side by side in a list; those behind them stand in one cell.
CANDIDATES = 3
ALL_CANDIDATES = 20
REVIEW = "核对表"
OTHER_TOWN = "其他"
# Who may stand beside a record's name to tell namesakes apart, best first.
BESIDE = ("guardian_name", "caretaker_name", "head_name")
SEX = "CASE {} WHEN '1' THEN '男' WHEN '2' THEN '女' END"


def pending(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> int:
    """Find the records that wait; returns how many.

    Leaves the temp tables ``review_pending`` (item, feed, feed_title, record, name, birth_date, sex, village_code, beside,
    candidates BIGINT[], is_weak, town_code, town: one row per record) and ``review_choice`` (feed, record, choice 1..20, person_key, name,
    birth_date, sex, village_code, head_name, masked_id: one row per candidate; none for a record without candidates).
    ``core.link_candidate`` says ``review`` of them, nobody has decided, and the record is present without a person. ``is_weak``: no
    candidate but for his name. ``keyed_hash`` is installed.
    """
    if not con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'ref' AND table_name = 'division'"
    ).fetchone():
        reference.load_codes(con)
    _candidates(con)
    _records(con, feeds)
    _people(con, feeds)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_choice AS "
        "SELECT c.feed, c.record, c.choice, c.person_key, c.is_weak, p.name, p.birth_date, p.sex, p.village_code, p.head_name, i.masked_id "
        "FROM review_candidate AS c SEMI JOIN review_record AS r ON r.feed = c.feed AND r.record = c.record "
        "LEFT JOIN review_person AS p ON p.person_key = c.person_key "
        f"LEFT JOIN ({masked_ids_sql('review_candidate')}) AS i ON i.person_key = c.person_key"
    )
    con.execute(_pending_sql(feeds))
    row = con.execute("SELECT count(*) FROM review_pending").fetchone()
    return int(row[0]) if row else 0


def _candidates(con: duckdb.DuckDBPyConnection) -> None:
    """Keys that are one person today are one candidate."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_candidate AS WITH found AS ("
        "  SELECT c.feed, c.record, coalesce(a.spine_key, c.person_key) AS person_key, min(c.place) AS best, "
        "  bool_and(c.method = 'weak') AS is_weak "
        "  FROM core.link_candidate AS c LEFT JOIN core.person_alias AS a ON a.person_key = c.person_key "
        "  WHERE c.decision = 'review' AND NOT EXISTS (SELECT 1 FROM core.identity_decision AS d WHERE d.feed = c.feed "
        "    AND d.record = c.record AND d.kind IN ('link', 'no_link') AND d.undone_at IS NULL) "
        "  AND NOT EXISTS (SELECT 1 FROM core.link_candidate AS o WHERE o.feed = c.feed AND o.record = c.record AND o.decision = 'auto') "
        "  GROUP BY ALL"
        ") SELECT feed, record, person_key, is_weak, row_number() OVER (PARTITION BY feed, record ORDER BY best, person_key) AS choice "
        f"FROM found QUALIFY choice <= {ALL_CANDIDATES}"
    )


def _records(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE review_record (feed VARCHAR, record UBIGINT, name VARCHAR, birth_date DATE, sex VARCHAR, "
        "village_code VARCHAR, beside VARCHAR)"
    )
    for (name,) in con.execute("SELECT DISTINCT feed FROM review_candidate ORDER BY feed").fetchall():
        if feed := feeds.get(name):
            con.execute(f"INSERT INTO review_record {_record_sql(feed, 'registry_household' in feeds)}")


def _record_sql(feed: Feed, has_households: bool) -> str:
    """SELECT of the feed's records that are present, without a person, and have candidates."""
    columns = {column.name for column in feed.columns}
    name = name_column(feed)
    beside = [f"t.{identifier(other)}" for other in BESIDE if other in columns and other != name]
    village = ["t.village_code"] if "village_code" in columns else []
    join = ""
    if has_households and "household_id" in columns and feed.name != "registry_household":
        join = (
            "LEFT JOIN (SELECT household_id, min(village_code) AS village_code, min(head_name) AS head_name "
            "FROM core.registry_household_now GROUP BY ALL) AS h ON h.household_id = t.household_id "
        )
        beside.append("h.head_name")
        village.append("h.village_code")
    # A registered person without an id has a key all the same: his number's.
    unknown = "t.link_method = 'none'" if feed.person_number else "t.person_key IS NULL"
    return (
        f"SELECT {literal(feed.name)}, {record_sql(feed, 't.')} AS record, {f't.{identifier(name)}' if name else 'NULL'}, "
        f"{'t.birth_date' if 'birth_date' in columns else 'NULL'}, {SEX.format('t.sex_code') if 'sex_code' in columns else 'NULL'}, "
        f"{_first(village)}, {_first(beside)} FROM core.{identifier(feed.name + '_now')} AS t {join}"
        f"WHERE {unknown} AND record IN (SELECT record FROM review_candidate WHERE feed = {literal(feed.name)}) "
        f"QUALIFY row_number() OVER (PARTITION BY record ORDER BY t.source_row) = 1"
    )


def _first(values: list[str]) -> str:
    return f"coalesce({', '.join(values)})" if values else "NULL"


def _people(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> None:
    """Temp table ``review_person``: what registry and police register say of each candidate, the registry first."""
    wanted = "SEMI JOIN review_candidate AS c ON c.person_key = t.person_key"
    parts = []
    if {"registry_person", "registry_household"} <= set(feeds):
        parts.append(
            f"SELECT 1 AS source, t.person_key, t.name, t.birth_date, {SEX.format('t.sex_code')} AS sex, h.village_code, h.head_name "
            "FROM core.registry_person_now AS t LEFT JOIN core.registry_household_now AS h ON h.household_id = t.household_id "
            f"{wanted}"
        )
    if "household_registration" in feeds:
        parts.append(
            f"SELECT 2, t.person_key, t.name, t.birth_date, {SEX.format('t.sex_code')}, t.village_code, h.head_name "
            "FROM core.household_registration_now AS t LEFT JOIN (SELECT hukou_no, arg_min(name, (relation_code, name)) AS head_name "
            # GB/T 4761: 01 本人, 02 户主.
            "FROM core.household_registration_now WHERE relation_code IN ('01', '02') GROUP BY ALL) AS h ON h.hukou_no = t.hukou_no "
            f"{wanted}"
        )
    nobody = (
        "SELECT 9 AS source, NULL::BIGINT AS person_key, NULL::VARCHAR AS name, NULL::DATE AS birth_date, NULL::VARCHAR AS sex, "
        "NULL::VARCHAR AS village_code, NULL::VARCHAR AS head_name WHERE FALSE"
    )
    best = ", ".join(
        f"arg_min({name}, (source, {name})) AS {name}"
        for name in ("name", "birth_date", "sex", "village_code", "head_name")
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE review_person AS SELECT person_key, {best} "
        f"FROM ({' UNION ALL '.join([nobody, *parts])}) GROUP BY person_key"
    )


def _pending_sql(feeds: Mapping[str, Feed]) -> str:
    """One row per record. Its item names feed, record, candidates and how often an engineer has taken an answer back: the same
    question has the same item in every list, another question has another.
    """
    titles = ", ".join(f"({literal(feed.name)}, {literal(feed.title)})" for feed in feeds.values())
    question = "'review:' || r.feed || ':' || r.record || ':' || array_to_string(c.candidates, ',') || ':' || coalesce(u.times, 0)"
    area = f"left(coalesce(r.village_code, c.village_code), {AREA_DIGITS})"
    return (
        "CREATE OR REPLACE TEMP TABLE review_pending AS WITH choices AS ("
        "  SELECT feed, record, coalesce(list(person_key ORDER BY choice) FILTER (person_key IS NOT NULL), []) AS candidates, "
        "  coalesce(bool_and(is_weak), FALSE) AS is_weak, arg_min(village_code, choice) AS village_code "
        "  FROM review_choice GROUP BY ALL"
        "), towns AS (SELECT town_code, min(town_name) AS town FROM ref.division GROUP BY ALL"
        "), taken_back AS (SELECT feed, record, count(*) AS times FROM core.identity_decision "
        f"  WHERE undone_at IS NOT NULL AND undone_by <> {literal(REVIEW)} GROUP BY ALL"
        # The letter keeps spreadsheet programs from reading a token as a number.
        f") SELECT 'r' || right(repeat('0', 15) || lower(to_hex(keyed_hash({question}))), 15) AS item, r.feed, f.title AS feed_title, "
        "r.record, r.name, r.birth_date, r.sex, r.village_code, r.beside, c.candidates, c.is_weak, coalesce(t.town_code, '') AS town_code, "
        f"coalesce(t.town, {literal(OTHER_TOWN)}) AS town "
        f"FROM review_record AS r JOIN choices AS c ON c.feed = r.feed AND c.record = r.record "
        f"JOIN (VALUES {titles}) AS f(feed, title) ON f.feed = r.feed "
        f"LEFT JOIN towns AS t ON t.town_code = {area} "
        "LEFT JOIN taken_back AS u ON u.feed = r.feed AND u.record = r.record"
    )
