"""The truth beside the files, as Parquet in ``truth/``: what a run of the platform must find.

persons     one row per person: person (true number), citizen_id, name, birth_date, sex_code, person_id and household_id
            (registry, or NULL), household (true number), village_code, is_registered, is_poor, is_dead
rows        one row per data row of every file: feed, file, row (1-based row of the file, titles and header counted),
            person, has_id (its id should link), expected_link (person; NULL: quarantined or without an id)
errors      the planted errors: feed, file, row, column (NULL: the whole row), code, description
tolerated   harmless dirt: feed, file, row, column, kind
situations  who is what: situation, person, household (true number), household_id
counts      name, feed (or NULL), value

A county with people who have no id has more of it (:mod:`demo.identity`).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.feed import Feed
from demo.faults import Fault
from demo.spellings import Spelling
from demo.write import Sheet, quote, rows_of

HERE = Path(__file__).resolve().parent
TABLES = ("rows", "errors", "tolerated", "situations", "counts")
PERSONS = """SELECT pno AS person, citizen_id, name, birth_date, sex_code, person_id, household_id, hno AS household,
  village_code, is_registered, is_poor, is_dead FROM person ORDER BY pno"""
IDENTITY_PERSONS = """SELECT pno AS person, CASE WHEN u.pno IS NULL THEN citizen_id END AS citizen_id, name, birth_date, sex_code, person_id,
  household_id, person.hno AS household, village_code, is_registered, is_poor, is_dead, x.old_id AS former_citizen_id
  FROM person LEFT JOIN unknown_child u USING (pno) LEFT JOIN (FROM id_change WHERE is_done) x USING (pno) ORDER BY pno"""
KINDS = ("id_kind", "name_kind", "birth_kind")

# What the situations need of a feed's canonical rows, kept when the rows are dropped.
_NOTES = {
    "bank_loan": """CREATE OR REPLACE TABLE borrower AS
        SELECT p.pno, p.hno, household_id, is_registered, is_overdue, is_company_loan, balance
        FROM (SELECT pno, sum(CAST(balance_yuan AS DECIMAL(18,2))) AS balance FROM c_bank_loan GROUP BY pno) l
        JOIN (SELECT * EXCLUDE (citizen_id, name) FROM person) p USING (pno) ORDER BY pno""",
    "health_settlement": """CREATE OR REPLACE TABLE patient AS
        SELECT pno, any_value(hno) AS hno, sum(CAST(self_paid_yuan AS DECIMAL(18,2))) AS self_paid
        FROM (SELECT pno, self_paid_yuan FROM c_health_settlement WHERE visit_code = '1')
        JOIN (SELECT pno, hno FROM person WHERE is_registered) USING (pno)
        GROUP BY pno HAVING self_paid >= 5000;
        INSERT INTO marked SELECT DISTINCT hno FROM patient WHERE hno NOT IN (SELECT hno FROM marked)""",
}


def begin(con: duckdb.DuckDBPyConnection, identity: bool = False) -> None:
    """Empty truth tables; with ``identity`` the rows have their kinds too."""
    con.execute((HERE / "truth.sql").read_text(encoding="utf-8"))
    if identity:
        for kind in KINDS:
            con.execute(f"ALTER TABLE t_rows ADD COLUMN {kind} VARCHAR")


def note(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Keep what the situations need of ``c_<feed>``."""
    if feed.name in _NOTES:
        con.execute(_NOTES[feed.name])


def _has_id(feed: Feed, identity: bool) -> str:
    """SQL: does the canonical row carry an id that should link? J numbers of pupils are none."""
    if identity:
        return "id_kind <> 'none'"
    parts = []
    for name in feed.subject:
        is_number = feed.column(name).type == "student_no"
        parts.append(f"coalesce(\"{name}\" LIKE 'G%', FALSE)" if is_number else f'"{name}" IS NOT NULL')
    return " OR ".join(parts) or "FALSE"


def clean_rows(con: duckdb.DuckDBPyConnection, feed: Feed, file: str, identity: bool = False) -> int:
    """The truth of a clean file, whose data begin in row 2. Returns its number of data rows."""
    kinds = "".join(f", {kind}" for kind in KINDS) if identity else ""
    con.execute(
        f"""INSERT INTO t_rows SELECT '{feed.name}', '{file}', n + 1, pno, has_id, CASE WHEN has_id THEN pno END{kinds}
        FROM (SELECT n, pno{kinds}, coalesce({_has_id(feed, identity)}, FALSE) AS has_id FROM c_{feed.name}) ORDER BY n"""
    )
    _certificates(con, feed, file, "n + 1", "TRUE")
    return _count(con, feed, f"c_{feed.name}", "FALSE")


def dirty_rows(
    con: duckdb.DuckDBPyConnection,
    feed: Feed,
    file: str,
    sheet: Sheet,
    writable: list[Spelling],
    planted: list[Fault],
    identity: bool = False,
) -> int:
    """The truth of ``d_<feed>`` as written by ``sheet``. Returns its number of data rows."""
    kinds = "".join(f", {kind}" for kind in KINDS) if identity else ""
    place = f"'{feed.name}', '{file}', {sheet.row_sql('n')}"
    con.execute(
        f"""INSERT INTO t_rows SELECT {place}, pno, links, CASE WHEN links THEN pno END{kinds} FROM (
          SELECT n, d.pno, coalesce(has_id, FALSE) AND ek IS NULL AS links{kinds} FROM d_{feed.name} d
          LEFT JOIN (SELECT n, {_has_id(feed, identity)} AS has_id{kinds} FROM c_{feed.name}) USING (n)) ORDER BY n"""
    )
    titles = {c.name: "".join(h.split()) for c, h in zip(feed.columns, sheet.headers, strict=True)}
    cells = [(k, f.column if f.row == "cell" else None, f.code) for k, f in enumerate(planted)]
    named = ", ".join(
        f"({k}, {_text(column)}, {_text(code)}, {_text(titles.get(column or '', '整行') + '：' + code)})"
        for k, column, code in cells
    )
    con.execute(
        f"""INSERT INTO t_errors SELECT {place}, "column", code, description
        FROM d_{feed.name} JOIN (VALUES {named}) f(k, "column", code, description) ON ek = k ORDER BY n"""
    )
    kinds = " ".join(f"WHEN {k} THEN '{spelling.kind}'" for k, spelling in enumerate(writable))
    columns = " ".join(f"WHEN {k} THEN '{spelling.column}'" for k, spelling in enumerate(writable))
    con.execute(
        f"""INSERT INTO t_tolerated SELECT {place}, CASE tk {columns} END, CASE tk {kinds} END
        FROM d_{feed.name} WHERE tk IS NOT NULL ORDER BY n"""
    )
    sound = f"n NOT IN (SELECT n FROM d_{feed.name} WHERE ek IS NOT NULL)"
    _certificates(con, feed, file, sheet.row_sql("n"), sound)
    return _count(con, feed, f"d_{feed.name}", "ek IS NOT NULL")


def _text(value: str | None) -> str:
    return "NULL" if value is None else f"'{value}'"


def _certificates(con: duckdb.DuckDBPyConnection, feed: Feed, file: str, row: str, condition: str) -> None:
    for name in feed.subject:
        if "cert20" in feed.column(name).personal_id:
            con.execute(
                f"""INSERT INTO t_tolerated SELECT '{feed.name}', '{file}', {row}, '{name}', 'cert20'
                FROM c_{feed.name} WHERE length("{name}") = 20 AND {condition} ORDER BY n"""
            )


def _count(con: duckdb.DuckDBPyConnection, feed: Feed, table: str, is_error: str) -> int:
    rows, errors = rows_of(con, f"SELECT count(*), count(*) FILTER ({is_error}) FROM {table}")[0]
    con.execute("INSERT INTO t_counts VALUES ('rows', ?, ?), ('errors', ?, ?)", [feed.name, rows, feed.name, errors])
    return rows


def finish(con: duckdb.DuckDBPyConnection, folder: Path, identity: bool = False) -> dict[str, int]:
    """Situations and county figures; write all tables. Returns the county figures."""
    con.execute((HERE / "situations.sql").read_text(encoding="utf-8"))
    tables = (*TABLES, "identity") if identity else TABLES
    persons = IDENTITY_PERSONS if identity else PERSONS
    for name, sql in {"persons": persons, **{name: f"FROM t_{name}" for name in tables}}.items():
        con.execute(f"COPY ({sql}) TO {quote(folder / f'{name}.parquet')} (FORMAT parquet, COMPRESSION zstd)")
    return dict(rows_of(con, "SELECT name, value FROM t_counts WHERE feed IS NULL"))
