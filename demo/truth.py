"""The truth beside the files, as Parquet in ``truth/``: what a run of the platform must find.

persons     one row per person: person (true number), citizen_id, name, birth_date, sex_code, person_id and household_id (registry, or
            NULL), household (true number), village_code, is_registered, is_poor, is_dead
rows        one row per data row of every file: feed, file, row (1-based row of the file, titles and header counted), person,
            has_id (the row carries an id that should link), expected_link (person, or NULL: quarantined or without an id)
errors      the planted errors: feed, file, row, column (NULL: the whole row), code, description
tolerated   harmless dirt: feed, file, row, column, kind
situations  who is what: situation, person, household (true number), household_id
counts      name, feed (or NULL), value
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.feed import Feed
from demo.dirt import Fault, Spelling
from demo.layouts import header_of
from demo.write import Sheet, quote, rows_of

TABLES = ("persons", "rows", "errors", "tolerated", "situations", "counts")

_DDL = """
CREATE OR REPLACE TABLE t_rows (feed VARCHAR, file VARCHAR, "row" BIGINT, person BIGINT, has_id BOOLEAN, expected_link BIGINT);
CREATE OR REPLACE TABLE t_errors (feed VARCHAR, file VARCHAR, "row" BIGINT, "column" VARCHAR, code VARCHAR, description VARCHAR);
CREATE OR REPLACE TABLE t_tolerated (feed VARCHAR, file VARCHAR, "row" BIGINT, "column" VARCHAR, kind VARCHAR);
CREATE OR REPLACE TABLE t_counts (name VARCHAR, feed VARCHAR, value BIGINT);
"""

# A situation holds for a person (its head, where it is the household's). The registry's own rules of age are those of the
# policy: school age 6–15, working age 16–59, on the base date of the county.
_SITUATIONS = """
CREATE OR REPLACE TABLE t_situations AS
SELECT situation, pno AS person, hno AS household, household_id FROM (
  SELECT 'still_poor_person' AS situation, * FROM person WHERE is_poor
  UNION ALL SELECT 'omitted_household', * FROM person WHERE is_omitted AND k = 1
  UNION ALL SELECT 'dropout_not_enrolled', * FROM person WHERE is_dropout AND u(pno, 'drop-out kind') < 500000
  UNION ALL SELECT 'dropout_status', * FROM person WHERE is_dropout AND u(pno, 'drop-out kind') >= 500000
  UNION ALL SELECT 'uninsured_registered', * FROM person WHERE is_uninsured
  UNION ALL SELECT 'pension_not_paid_by_government', * FROM person WHERE has_pension_gap AND NOT is_pupil
  UNION ALL SELECT 'dead_still_registered', * FROM person WHERE is_dead AND is_registered
  UNION ALL SELECT 'house_grade_d', * FROM person WHERE has_house_d AND k = 1
  UNION ALL SELECT 'house_rebuilt', * FROM person WHERE has_house_rebuilt AND k = 1
  UNION ALL SELECT 'unsafe_water', * FROM person WHERE has_unsafe_water AND k = 1
  UNION ALL SELECT 'loan_overdue', * FROM person WHERE is_overdue AND pno IN (SELECT pno FROM borrower)
  UNION ALL SELECT 'loan_used_by_company', * FROM person WHERE is_company_loan AND pno IN (SELECT pno FROM borrower)
  UNION ALL SELECT 'loans_over_limit', * FROM person WHERE k = 1 AND hno IN (SELECT hno FROM borrower GROUP BY hno HAVING sum(balance) > 50000 AND bool_and(is_registered))
  UNION ALL SELECT 'large_medical_cost_registered', * FROM person WHERE pno IN (SELECT pno FROM patient WHERE self_paid >= 5000)
)
"""


def begin(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def _has_id(feed: Feed) -> str:
    """SQL: does the canonical row carry an id that should link? J numbers of pupils are none."""
    parts = [f"\"{name}\" LIKE 'G%'" if feed.column(name).type == "student_no" else f'"{name}" IS NOT NULL' for name in feed.subject]
    return " OR ".join(f"coalesce({part}, FALSE)" for part in parts) or "FALSE"


def clean_rows(con: duckdb.DuckDBPyConnection, feed: Feed, file: str) -> int:
    """The truth of a clean file whose data begin in row 2. Returns its number of data rows."""
    con.execute(
        f"""INSERT INTO t_rows SELECT '{feed.name}', '{file}', row_number() OVER () + 1, pno, has_id, CASE WHEN has_id THEN pno END
        FROM (SELECT pno, {_has_id(feed)} AS has_id FROM c_{feed.name})"""
    )
    _certificates(con, feed, file, "n + 1", "TRUE")
    return _count(con, feed, f"c_{feed.name}", "FALSE")


def dirty_rows(con: duckdb.DuckDBPyConnection, feed: Feed, file: str, sheet: Sheet, writable: list[Spelling], planted: list[Fault]) -> int:
    """The truth of ``d_<feed>`` as written by ``sheet``. Returns its number of data rows."""
    row = sheet.row_sql("n")
    con.execute(
        f"""INSERT INTO t_rows SELECT '{feed.name}', '{file}', {row}, d.pno, has_id AND ek IS NULL, CASE WHEN has_id AND ek IS NULL THEN d.pno END
        FROM d_{feed.name} d LEFT JOIN (SELECT n AS base, {_has_id(feed)} AS has_id FROM c_{feed.name}) ON base = n ORDER BY n"""
    )
    for k, fault in enumerate(planted):
        title = header_of(feed, feed.column(fault.column), sheet.layout).strip().replace("\n", "") if fault.column else "整行"
        con.execute(
            f"INSERT INTO t_errors SELECT '{feed.name}', '{file}', {row}, ?, '{fault.code}', ? FROM d_{feed.name} WHERE ek = {k} ORDER BY n",
            [None if fault.row != "cell" else fault.column, f"{title}：{fault.code}"],
        )
    kinds = " ".join(f"WHEN {k} THEN '{s.kind}'" for k, s in enumerate(writable))
    columns = " ".join(f"WHEN {k} THEN '{s.column}'" for k, s in enumerate(writable))
    con.execute(
        f"""INSERT INTO t_tolerated SELECT '{feed.name}', '{file}', {row}, CASE tk {columns} END, CASE tk {kinds} END
        FROM d_{feed.name} WHERE tk IS NOT NULL AND ek IS NULL ORDER BY n"""
    )
    _certificates(con, feed, file, row, f"n NOT IN (SELECT n FROM d_{feed.name} WHERE ek IS NOT NULL)")
    return _count(con, feed, f"d_{feed.name}", "ek IS NOT NULL")


def _certificates(con: duckdb.DuckDBPyConnection, feed: Feed, file: str, row: str, condition: str) -> None:
    for name in feed.subject:
        if "cert20" in feed.column(name).personal_id:
            con.execute(f"INSERT INTO t_tolerated SELECT '{feed.name}', '{file}', {row}, '{name}', 'cert20' FROM c_{feed.name} WHERE length(\"{name}\") = 20 AND {condition} ORDER BY n")


def _count(con: duckdb.DuckDBPyConnection, feed: Feed, table: str, is_error: str) -> int:
    con.execute(f"INSERT INTO t_counts SELECT unnest(['rows', 'errors']), '{feed.name}', unnest([count(*), count(*) FILTER ({is_error})]) FROM {table}")
    return rows_of(con, f"SELECT value FROM t_counts WHERE feed = '{feed.name}' AND name = 'rows'")[0][0]


def finish(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Situations and county figures; write all tables. Returns the county figures."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE borrower AS SELECT p.pno, hno, is_registered, sum(CAST(balance_yuan AS DECIMAL(18,2))) AS balance
        FROM c_bank_loan l JOIN person p ON p.pno = l.pno GROUP BY ALL;
        CREATE OR REPLACE TEMP TABLE patient AS SELECT pno, sum(CAST(self_paid_yuan AS DECIMAL(18,2))) AS self_paid
        FROM c_health_settlement WHERE visit_code = '1' AND pno IN (SELECT pno FROM person WHERE is_registered) GROUP BY pno;
        {_SITUATIONS}"""
    )
    con.execute(
        """INSERT INTO t_counts
        SELECT unnest(['people', 'registered_people', 'registered_households', 'poor_people', 'poor_households']), NULL,
          unnest([count(*), count(*) FILTER (is_registered), count(*) FILTER (is_registered AND k = 1), count(*) FILTER (is_poor), count(*) FILTER (is_poor AND k = 1)]) FROM person
        UNION ALL SELECT unnest(['villages', 'poor_villages', 'still_poor_villages']), NULL, unnest([count(*), count(*) FILTER (is_poor_village), count(*) FILTER (is_still_poor)]) FROM village
        UNION ALL SELECT 'situation ' || situation, NULL, count(*) FROM t_situations GROUP BY situation ORDER BY ALL"""
    )
    sources = {
        "persons": """SELECT pno AS person, citizen_id, name, birth_date, sex_code, person_id, household_id, hno AS household, village_code,
          is_registered, is_poor, is_dead FROM person ORDER BY pno""",
        **{name: f"SELECT * FROM t_{name}" for name in TABLES[1:]},
    }
    for name, sql in sources.items():
        con.execute(f"COPY ({sql}) TO {quote(folder / f'{name}.parquet')} (FORMAT parquet, COMPRESSION zstd)")
    return dict(rows_of(con, "SELECT name, value FROM t_counts WHERE feed IS NULL"))
