"""What a worklist says: which clues wait for whom, about whom they are, what the rule saw, what was answered so far — temporary tables, in SQL."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from connectors.feed import Feed
from connectors.quoting import literal
from warehouse import columns
from warehouse.identity.masked import masked_ids_sql
from warehouse.monitor.rules import SEVERITIES, SUBJECTS, TOWNSHIP
from warehouse.publish.plan import code_labels

OTHER_TOWN = "其他"
# An answer that was not adopted is told as long as its clue is open, and that long after its list's date.
TOLD_DAYS = 31
ANSWER_CODES = ("conclusion_code", "handling_code", "review_code", "appeal_code")
UNADOPTED = ("clue_id", "rule", "verifier_name", "verified_date", "said", "reason", "state")


def prepare(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], feed: Feed) -> None:
    """Leave the temp tables ``worklist_row`` (unit, place, and the texts of a line: one row per clue that waits), ``worklist_unadopted``
    (unit and UNADOPTED: one row per answer that does not count) and ``worklist_unit`` (unit, title, list_id, clues, unadopted,
    has_people, has_objects: one row per list).

    ``feed``: the declaration of the answers.
    """
    _waiting(con, feed)
    _labels(con, feeds, feed)
    _people(con)
    _objects(con, feeds)
    _evidence(con)
    _answers(con)
    _rows(con)
    _unadopted(con, feed)
    _units(con)


def _waiting(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Temp table ``worklist_clue``: the clues that wait for people, with their unit. What is only information waits for nobody."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_clue AS SELECT s.*, c.evidence, r.rule_title, r.policy_basis, "
        f"CASE WHEN s.owner = {literal(TOWNSHIP)} THEN {literal(feed.department + '/')} || coalesce(s.town_code, '') ELSE s.owner END AS unit, "
        "v.supervision_state = '督办' AS is_supervised "
        "FROM core.clue_state AS s JOIN ops.clue AS c ON c.clue_id = s.clue_id "
        "LEFT JOIN ref.rule AS r ON r.rule_id = s.rule_id AND r.rule_version = s.rule_version "
        "LEFT JOIN mart.clue_supervision AS v ON v.clue_id = s.clue_id "
        "WHERE s.is_current AND s.is_open AND s.clue_state <> '提示'"
    )


def _labels(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], feed: Feed) -> None:
    """Temp tables ``worklist_label`` (key, label, unit, type) and ``worklist_code`` (code_column, code, code_label)."""
    entries = list(columns.dictionary().values())
    # A share is read as it stands; «比例» behind it says nothing.
    units = ["" if entry.unit == "比例" else entry.unit for entry in entries]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_label AS SELECT unnest(?) AS key, unnest(?) AS label, unnest(?) AS unit, unnest(?) AS type",
        [[entry.name for entry in entries], [entry.label for entry in entries], units, [entry.type for entry in entries]],
    )  # fmt: skip
    codes = dict.fromkeys(code_labels(feeds))
    codes |= {
        (name, code, spellings[0]): None for name in ANSWER_CODES for code, spellings in feed.column(name).codes.items()
    }
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_code AS SELECT unnest(?) AS code_column, unnest(?) AS code, unnest(?) AS code_label",
        [list(part) for part in zip(*codes, strict=True)],
    )


def _people(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table ``worklist_person``: name and masked id of whom the clues and their evidence speak, the registry first."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_key AS SELECT DISTINCT person_key FROM ("
        "  SELECT person_key FROM worklist_clue UNION ALL "
        "  SELECT h.person_key FROM core.registry_household_now AS h SEMI JOIN worklist_clue AS c ON c.household_id = h.household_id UNION ALL "
        "  SELECT TRY_CAST(json_extract_string(evidence, '$.\"' || key || '\"') AS BIGINT) FROM "
        "    (SELECT evidence, unnest(json_keys(evidence)) AS key FROM worklist_clue) WHERE ends_with(key, 'person_key')"
        ") WHERE person_key IS NOT NULL"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_person AS WITH named AS ("
        "  SELECT person_key, arg_min(name, (source, name)) AS name FROM ("
        "    SELECT 1 AS source, p.person_key, p.name FROM core.registry_person_now AS p SEMI JOIN worklist_key AS k ON k.person_key = p.person_key UNION ALL "
        "    SELECT 2, r.person_key, r.name FROM core.household_registration_now AS r SEMI JOIN worklist_key AS k ON k.person_key = r.person_key UNION ALL "
        "    SELECT 3, h.person_key, h.head_name FROM core.registry_household_now AS h SEMI JOIN worklist_key AS k ON k.person_key = h.person_key"
        "  ) WHERE name IS NOT NULL GROUP BY person_key"
        ") SELECT k.person_key, n.name, i.masked_id FROM worklist_key AS k LEFT JOIN named AS n ON n.person_key = k.person_key "
        f"LEFT JOIN ({masked_ids_sql('worklist_key')}) AS i ON i.person_key = k.person_key"
    )


def _objects(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> None:
    """Temp table ``worklist_object``: the number and name of what a clue is about where that is no person and no registered household."""
    named = [
        f"SELECT {literal(kind)} AS subject_kind, {key} AS subject, min({name}) AS name FROM core.{feed}_now GROUP BY {key}"
        for kind, feed, key, name in (
            ("project", "project", "project_no", "project_name"),
            ("enterprise", "business_registration", "credit_code", "enterprise_name"),
        )
        if feed in feeds
    ]
    named.append("SELECT 'village', village_code, min(village_name) FROM ref.division GROUP BY village_code")
    named.append("SELECT 'town', town_code, min(town_name) FROM ref.division GROUP BY town_code")
    titles = ", ".join(f"({literal(kind)}, {literal(title)})" for kind, title in SUBJECTS.items())
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_object AS SELECT c.clue_id, k.title AS kind_title, n.name, CASE "
        # Keys of the warehouse say nothing to a clerk; an account is told by its last four digits.
        "WHEN c.subject_kind IN ('person', 'household', 'county') THEN NULL "
        "WHEN c.subject_kind = 'family' THEN CASE WHEN c.subject[1] IN ('H', 'R') THEN c.subject[2:] END "
        "WHEN c.subject_kind = 'account' THEN repeat('*', greatest(length(c.subject) - 4, 0)) || right(c.subject, 4) "
        "ELSE c.subject END AS number "
        f"FROM worklist_clue AS c LEFT JOIN (VALUES {titles}) AS k(subject_kind, title) ON k.subject_kind = c.subject_kind "
        f"LEFT JOIN ({' UNION ALL '.join(named)}) AS n ON n.subject_kind = c.subject_kind AND n.subject = c.subject"
    )


def _evidence(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table ``worklist_evidence``: what the rule saw, in the dictionary's words."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_evidence AS WITH cell AS ("
        "  SELECT clue_id, key, place, json_extract_string(evidence, '$.\"' || key || '\"') AS value FROM ("
        "    SELECT clue_id, evidence, unnest(json_keys(evidence)) AS key, generate_subscripts(json_keys(evidence), 1) AS place FROM worklist_clue)"
        "), told AS ("
        "  SELECT cell.clue_id, cell.place, coalesce(l.label, cell.key) AS label, CASE "
        "    WHEN p.person_key IS NOT NULL THEN concat_ws(' ', coalesce(p.name, '姓名不详'), p.masked_id) "
        "    WHEN ends_with(cell.key, 'person_key') THEN '姓名不详' "
        "    WHEN regexp_matches(cell.key, 'account(_no)?$') THEN repeat('*', greatest(length(cell.value) - 4, 0)) || right(cell.value, 4) "
        "    WHEN l.type = 'BOOLEAN' THEN CASE cell.value WHEN 'true' THEN '是' ELSE '否' END "
        "    WHEN o.code_label IS NOT NULL THEN o.code_label "
        "    WHEN l.type LIKE 'DECIMAL%' THEN regexp_replace(regexp_replace(cell.value, '(\\.[0-9]*?)0+$', '\\1'), '\\.$', '') || l.unit "
        "    ELSE cell.value || coalesce(l.unit, '') END AS value "
        "  FROM cell LEFT JOIN worklist_label AS l ON l.key = cell.key "
        "  LEFT JOIN worklist_code AS o ON o.code_column = cell.key AND o.code = cell.value "
        "  LEFT JOIN worklist_person AS p ON p.person_key = CASE WHEN ends_with(cell.key, 'person_key') THEN TRY_CAST(cell.value AS BIGINT) END "
        "  WHERE cell.value IS NOT NULL"
        ") SELECT clue_id, string_agg(label || '：' || value, '；' ORDER BY place) AS evidence FROM told GROUP BY clue_id"
    )


def _answers(con: duckdb.DuckDBPyConnection) -> None:
    """Temp table ``worklist_answer``: every answer, with what it said in words."""
    joins = " ".join(
        f"LEFT JOIN worklist_code AS of_{name} ON of_{name}.code_column = '{name}' AND of_{name}.code = a.{name}"
        for name in ANSWER_CODES
    )
    words = ", ".join(f"of_{name}.code_label" for name in ANSWER_CODES)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_answer AS SELECT a.*, concat_ws('、', "
        f"{words}, CASE WHEN a.review_code IS NOT NULL THEN '复核人' || a.reviewer_name END) || coalesce('（' || a.note || '）', '') AS said "
        f"FROM core.clue_answer AS a {joins}"
    )


def _rows(con: duckdb.DuckDBPyConnection) -> None:
    ranks = " ".join(f"WHEN {literal(name)} THEN {place}" for place, name in enumerate(SEVERITIES))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_row AS WITH said AS ("
        "  SELECT clue_id, string_agg(CAST(verified_date AS VARCHAR) || ' ' || verifier_name || '：' || said, chr(10) ORDER BY round, step) AS history, "
        "  arg_max(verifier_name, (round, step)) AS last_verifier, CAST(arg_max(verified_date, (round, step)) AS VARCHAR) AS last_date "
        "  FROM worklist_answer WHERE is_adopted GROUP BY clue_id"
        "), place AS (SELECT village_code, min(village_name) AS village, min(town_name) AS town FROM ref.division GROUP BY village_code"
        ") SELECT c.unit, row_number() OVER (PARTITION BY c.unit ORDER BY "
        f"CASE c.severity {ranks} END, c.due_date, c.village_code NULLS LAST, c.household_id NULLS LAST, c.clue_id) AS place, "
        "c.clue_id, c.token, c.rule_id || ' ' || coalesce(c.rule_title, '') AS rule, c.severity, c.clue_state || CASE "
        "WHEN c.is_frozen THEN '（申诉中）' WHEN c.is_supervised THEN '（督办）' WHEN c.is_overdue THEN '（逾期）' ELSE '' END AS state, "
        "o.kind_title AS subject_kind, o.number AS object_number, o.name AS object_name, "
        # A household is its head's.
        "p.name AS person_name, p.masked_id, c.household_id, h.head_name, "
        f"concat_ws(' ', CASE WHEN c.owner <> {literal(TOWNSHIP)} THEN d.town END, coalesce(d.village, c.village_code)) AS village, "
        "e.evidence, c.policy_basis, CAST(c.opened_on AS VARCHAR) AS opened_on, CAST(c.due_date AS VARCHAR) AS due_date, s.history, "
        # What waits for a review keeps who did the work: the reviewer only adds himself.
        "CASE WHEN c.clue_state = '已整改' THEN s.last_verifier END AS verifier_name, "
        "CASE WHEN c.clue_state = '已整改' THEN s.last_date END AS verified_date "
        "FROM worklist_clue AS c LEFT JOIN worklist_object AS o ON o.clue_id = c.clue_id "
        "LEFT JOIN core.registry_household_now AS h ON h.household_id = c.household_id "
        "LEFT JOIN worklist_person AS p "
        "ON p.person_key = CASE WHEN c.subject_kind = 'household' THEN coalesce(h.person_key, c.person_key) ELSE c.person_key END "
        "LEFT JOIN worklist_evidence AS e ON e.clue_id = c.clue_id LEFT JOIN said AS s ON s.clue_id = c.clue_id "
        "LEFT JOIN place AS d ON d.village_code = c.village_code"
    )


def _unadopted(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Whoever sent an answer that does not count finds it in the list of the clue's unit, or in his own department's."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_unadopted AS SELECT "
        "CASE WHEN split_part(u.unit, '/', 1) = a.department THEN u.unit ELSE a.department END AS unit, "
        "a.clue_id, concat_ws(' ', u.rule_id, r.rule_title) AS rule, a.verifier_name, CAST(a.verified_date AS VARCHAR) AS verified_date, a.said, "
        "a.unadopted_reason AS reason, u.clue_state AS state FROM worklist_answer AS a CROSS JOIN ref.run AS run "
        f"LEFT JOIN (SELECT *, CASE WHEN owner = {literal(TOWNSHIP)} THEN {literal(feed.department + '/')} || coalesce(town_code, '') ELSE owner END AS unit "
        "  FROM core.clue_state WHERE is_current) AS u ON u.clue_id = a.clue_id "
        "LEFT JOIN ref.rule AS r ON r.rule_id = u.rule_id AND r.rule_version = u.rule_version "
        "WHERE a.unadopted_reason IS NOT NULL AND a.department IS NOT NULL "
        f"AND (coalesce(u.is_open, FALSE) OR a.answered_on >= run.as_of - {TOLD_DAYS})"
    )


def _units(con: duckdb.DuckDBPyConnection) -> None:
    """A list is another one when anything in it is: its number follows from every text that it shows."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worklist_unit AS WITH line AS ("
        "  SELECT unit, md5(CAST(to_json(r) AS VARCHAR)) AS print, 1 AS clue, 0 AS unadopted, "
        "  masked_id IS NOT NULL OR person_name IS NOT NULL OR household_id IS NOT NULL AS is_person, "
        "  object_number IS NOT NULL OR object_name IS NOT NULL AS is_object FROM worklist_row AS r UNION ALL "
        "  SELECT unit, md5(CAST(to_json(u) AS VARCHAR)), 0, 1, FALSE, FALSE FROM worklist_unadopted AS u"
        "), town AS (SELECT town_code, min(town_name) AS town FROM ref.division GROUP BY town_code"
        ") SELECT l.unit, CASE WHEN contains(l.unit, '/') THEN coalesce(min(t.town), "
        f"{literal(OTHER_TOWN)}) ELSE coalesce(min(d.department_title), l.unit) END AS title, "
        "left(md5(string_agg(l.print, ',' ORDER BY l.print)), 16) AS list_id, sum(l.clue) AS clues, sum(l.unadopted) AS unadopted, "
        "bool_or(l.is_person) AS has_people, bool_or(l.is_object) AS has_objects "
        "FROM line AS l LEFT JOIN town AS t ON t.town_code = nullif(split_part(l.unit, '/', 2), '') "
        "LEFT JOIN ref.department AS d ON d.department = l.unit GROUP BY l.unit"
    )
