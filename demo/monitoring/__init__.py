"""A county with something to find for every rule (``fupin simulate --monitoring``): all feeds, planted situations, and the truth about them.

Each ``<rule>_<what>.sql`` of this folder plants the situations of one rule: those it must find, those that only look like it, and those nobody can judge. It
claims households that are in no other situation (table ``free``), writes them into ``planted`` with the verdict that is due, and changes
the canonical rows (``c_<feed>``) of whatever departments know about them. Situations of the county itself are claimed the same way.

``demo/past/<feed>.sql`` makes of what is planted ``past_<feed>``: the feed's rows a year before, which are delivered as a file of their own. A situation
that needs another income then writes it into ``past_income`` (cents a head; NULL: the household was not listed then).

What a file may use: the county's tables (``person``, ``household``, ``village``), every ``c_<feed>``, ``free`` (one row per unclaimed household: hno, class,
draw and what is shared; class: poor, exited, other), ``wanted(n)`` (how many to claim: n in a county of 20,000 people and more, in
proportion below, never none).

Whoever else a situation rests on (the relatives that a family left, everybody of a village whose rate is on the edge) goes into ``rested_on``: their
rows carry no dirt, like those of the households planted and of the villages judged, or the truth would be about rows that nobody received.

The truth is ``truth/clues.parquet``: rule_id, variant, verdict, subject (the rule's subject as text where it is no person), person and household (true
numbers, or NULL). What is not in it as 命中 may not be a hit.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from demo.write import quote, rows_of

HERE = Path(__file__).resolve().parent
PAST = HERE.parent / "past"
FULL = 20_000
# A household of the county's own situations is not free: it may be claimed by its flag only.
_BEGIN = f"""
CREATE OR REPLACE TABLE planted (rule_id VARCHAR, variant VARCHAR, verdict VARCHAR, subject VARCHAR, hno BIGINT, pno BIGINT);
CREATE OR REPLACE TABLE rested_on (hno BIGINT);
CREATE OR REPLACE TABLE past_income (household_id VARCHAR, income_cents BIGINT);
CREATE OR REPLACE TABLE pool AS
SELECT h.hno, CASE WHEN h.is_poor THEN 'poor' WHEN h.is_registered THEN 'exited' ELSE 'other' END AS class, h.size, h.v, h.village_code, h.town_code,
  h.is_minimum_living, h.has_loan, h.head_age, p.* EXCLUDE (hno), hash(h.hno, getvariable('seed'), 'pool') AS draw
FROM household h
JOIN (SELECT hno, max(household_id) AS household_id, count(*) FILTER (age BETWEEN 6 AND 15) AS children, count(*) FILTER (age BETWEEN 16 AND 59) AS adults,
    count(*) FILTER (age >= 60) AS elderly, count(*) FILTER (is_disabled) AS disabled
  FROM person GROUP BY hno HAVING NOT bool_or(is_dead OR is_dropout OR is_uninsured OR has_pension_gap)) p USING (hno)
WHERE NOT h.is_omitted AND NOT (h.has_house_d OR h.has_house_rebuilt OR h.has_unsafe_water OR h.is_overdue OR h.has_second_loan OR h.is_company_loan)
  AND h.v NOT IN (SELECT v FROM village WHERE is_still_poor);
CREATE OR REPLACE VIEW free AS FROM pool WHERE hno NOT IN (SELECT hno FROM planted WHERE hno IS NOT NULL);
CREATE OR REPLACE MACRO wanted(n) AS CAST(greatest(1, least(n, n * getvariable('people') // {FULL})) AS BIGINT);
"""


def plant(con: duckdb.DuckDBPyConnection) -> None:
    """Plant every situation into the canonical tables ``c_<feed>``, all of which exist; rows of whom it concerns carry no dirt."""
    con.execute(_BEGIN)
    for path in sorted(HERE.glob("*.sql")):
        con.execute(path.read_text(encoding="utf-8"))
    for path in sorted(PAST.glob("*.sql")):
        con.execute(f"CREATE OR REPLACE TABLE past_{path.stem} AS {path.read_text(encoding='utf-8')}")
    taken = "SELECT pno FROM person WHERE hno IN (SELECT hno FROM planted WHERE hno IS NOT NULL UNION FROM rested_on)"
    for (name,) in rows_of(con, "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'c_')"):
        # Rows that a situation has added stand at the end of the file.
        con.execute(
            f"CREATE OR REPLACE TABLE {name} AS SELECT * REPLACE (row_number() OVER (ORDER BY n NULLS LAST, hash(t)) AS n, "
            f"is_spare AND coalesce(pno NOT IN ({taken}), TRUE) AS is_spare) FROM {name} AS t ORDER BY n"
        )
    con.execute(
        "UPDATE c_village SET is_spare = FALSE WHERE village_code IN (SELECT subject FROM planted WHERE starts_with(rule_id, 'V'))"
    )


def past(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The feeds that were delivered a year before too, with the day of their data."""
    return {
        path.stem: rows_of(con, f"SELECT max(data_date) FROM past_{path.stem}")[0][0]
        for path in sorted(PAST.glob("*.sql"))
    }


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write ``clues.parquet``."""
    con.execute(
        "COPY (SELECT rule_id, variant, verdict, subject, pno AS person, hno AS household FROM planted ORDER BY ALL) "
        f"TO {quote(folder / 'clues.parquet')} (FORMAT parquet, COMPRESSION zstd)"
    )
