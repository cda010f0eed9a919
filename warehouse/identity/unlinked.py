"""Rows that name nobody by an id, and the people whom they may be about: what the tiers beyond the id compare.

A feed takes part if it has a ``subject`` and a name; further columns are known by their names: ``birth_date``, ``sex_code``,
``village_code``, ``household_id``, ``guardian_name``, ``guardian_citizen_id``. Relations are temporary and read what is believed today,
whatever was linked before, so that the outcome is a function of the warehouse's state.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse.history.tables import OPEN_DATE, OPEN_TIME, about, key_columns, name_column, table
from warehouse.history.views import record_sql

TODAY = f"recorded_to = {OPEN_TIME} AND valid_to = {OPEN_DATE}"


def is_linkable(feed: Feed) -> bool:
    """Whether a row of the feed may be about a person whom it does not name by an id."""
    return bool(feed.subject) and not feed.column(feed.subject[0]).required and name_column(feed) is not None


def is_about_head(feed: Feed) -> bool:
    """Whether the feed knows of the household's head only: a row without an id then speaks of a household, not of a person."""
    return about(feed) == "head_"


def gather_people(con: duckdb.DuckDBPyConnection) -> None:
    """``known_people``: everybody of ``core.person`` with name, former name, household and the names of the others in it.

    ``is_numbered``: known by the registry's number only, having no id.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE known_people AS WITH named AS ("
        "  SELECT p.person_key, coalesce(r.name, h.name) AS name, h.former_name, p.birth_date, p.sex_code, p.village_code, "
        "  coalesce(p.household_id, 'hukou:' || h.hukou_no) AS household_key, "
        "  coalesce(r.link_method = 'none', FALSE) AND p.source = 'registry_person' AS is_numbered "
        "  FROM core.person AS p "
        "  LEFT JOIN core.registry_person_now AS r ON r.person_id = p.person_id AND r.person_key = p.person_key "
        "  LEFT JOIN core.household_registration_now AS h ON h.person_key = p.person_key "
        "  QUALIFY row_number() OVER (PARTITION BY p.person_key ORDER BY r.person_id, h.source_row) = 1"
        "), home AS (SELECT household_key, list(DISTINCT name ORDER BY name) AS names FROM named WHERE name IS NOT NULL GROUP BY household_key "
        "  HAVING count(*) BETWEEN 2 AND 30) "
        "SELECT n.*, list_filter(h.names, lambda other: other <> n.name) AS relatives FROM named AS n LEFT JOIN home AS h USING (household_key)"
    )


def gather_rows(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> int:
    """``unlinked``: ``row_key`` UBIGINT, ``feed``, ``record`` UBIGINT, ``record_key`` (the key as text), the columns to compare,
    ``about_head``, ``is_numbered``; returns the number of rows.
    """
    parts = [_rows_sql(feed) for feed in feeds.values() if is_linkable(feed)]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE unlinked AS WITH found AS (" + " UNION ALL ".join(parts) + ") "
        "SELECT hash(f.feed, f.record) AS row_key, f.* EXCLUDE (guardian_key, guardian_name) "
        # A household's number tells the village, too.
        "REPLACE (coalesce(f.village_code, v.village_code) AS village_code), "
        # A guardian whose id is given tells the household better than anything else.
        "coalesce(f.household_id, g.household_key) AS household_key, "
        "list_filter([f.guardian_name] || coalesce(h.names, []), lambda other: other IS NOT NULL AND other <> f.name) AS relatives, "
        "CAST(NULL AS VARCHAR) AS birth_grain, CAST(NULL AS VARCHAR) AS id_part "
        "FROM found AS f LEFT JOIN known_people AS g ON g.person_key = f.guardian_key "
        "LEFT JOIN core.registry_household_now AS v ON v.household_id = f.household_id "
        "LEFT JOIN (SELECT household_key, list(DISTINCT name ORDER BY name) AS names FROM known_people WHERE household_key NOT LIKE 'hukou:%' "
        "GROUP BY household_key) AS h ON h.household_key = CASE WHEN f.is_numbered THEN f.household_id END"
    )
    row = con.execute("SELECT count(*) FROM unlinked").fetchone()
    return int(row[0]) if row else 0


def gather_households(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> None:
    """``household_rows``: the rows of ``unlinked`` that know a head only, and those of lists about households (a village, a head's name,
    nobody's id): ``feed``, ``record``, ``record_key``, ``name``, ``village_code``, ``household_id``.
    """
    columns = "feed, record, record_key, name, village_code, household_id"
    parts = [f"SELECT {columns} FROM unlinked WHERE about_head"]
    for feed in feeds.values():
        names = {column.name for column in feed.columns}
        if feed.subject or not {"head_name", "village_code"} <= names:
            continue
        household = "t.household_id" if "household_id" in names else "CAST(NULL AS VARCHAR)"
        parts.append(
            f"SELECT {literal(feed.name)} AS feed, {record_sql(feed, 't.')} AS record, "
            f"concat_ws('|', {', '.join(f't.{identifier(key)}' for key in key_columns(feed))}) AS record_key, t.head_name AS name, "
            f"t.village_code, {household} AS household_id FROM {table(feed)} AS t WHERE t.{TODAY.replace(' AND ', ' AND t.')}"
        )
    con.execute(f"CREATE OR REPLACE TEMP TABLE household_rows AS {' UNION ALL '.join(parts)}")


def _rows_sql(feed: Feed) -> str:
    columns = {column.name for column in feed.columns}

    def given(name: str, kind: str) -> str:
        return f"t.{identifier(name)}" if name in columns else f"CAST(NULL AS {kind})"

    guardian = "t.guardian_person_key" if "guardian_citizen_id" in columns else "CAST(NULL AS BIGINT)"
    via = f"t.{identifier(feed.person_via[0])}" if feed.person_via else "CAST(NULL AS VARCHAR)"
    via_feed = literal(feed.person_via[1]) if feed.person_via else "CAST(NULL AS VARCHAR)"
    without = "t.link_method = 'none'" if feed.person_number else "t.person_key IS NULL"
    return (
        f"SELECT {literal(feed.name)} AS feed, {record_sql(feed, 't.')} AS record, "
        f"concat_ws('|', {', '.join(f't.{identifier(key)}' for key in key_columns(feed))}) AS record_key, t.person_key AS own_key, "
        f"t.{identifier(str(name_column(feed)))} AS name, {given('birth_date', 'DATE')} AS birth_date, {given('sex_code', 'VARCHAR')} AS sex_code, "
        f"{given('village_code', 'VARCHAR')} AS village_code, {given('household_id', 'VARCHAR')} AS household_id, "
        f"{given('guardian_name', 'VARCHAR')} AS guardian_name, {guardian} AS guardian_key, "
        f"{via} AS via, {via_feed} AS via_feed, "
        f"{'TRUE' if is_about_head(feed) else 'FALSE'} AS about_head, {'TRUE' if feed.person_number else 'FALSE'} AS is_numbered "
        f"FROM {table(feed)} AS t WHERE {without} AND t.{TODAY.replace(' AND ', ' AND t.')}"
    )
