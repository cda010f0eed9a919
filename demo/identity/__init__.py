"""A county in which it is hard to say who is who (``fupin simulate --identity``): people without ids, and the truth about them.

``people.sql`` chooses the people (namesakes, shared and changed ids, newborns), ``life.sql`` lets a month pass between two
deliveries, :mod:`demo.identity.blur` changes the canonical rows of every feed before its file is written. Four more feeds are
sent, whose rows may lack an id. Everything is drawn by hashing, as in the county itself.

The truth grows by ``truth/identity.parquet`` (event, person, other_person, household, other_household, feed, as_of): every
planted event, with true numbers; by three columns of ``truth/rows.parquet``: id_kind (full | cert | student_g | none | shared:
the number is another person's | changed: the number is the person's former one), name_kind and birth_kind (how name and birth
date were written, NULL: as they are); and by ``former_citizen_id`` in ``truth/persons.parquet``.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.feed import Feed
from demo.identity import blur

HERE = Path(__file__).resolve().parent

# Which quiet households a month's events may happen to, the rarest kind first; *_to are the households that people come to.
LIFE = (
    ("split", "is_registered AND third_age >= 20"),
    ("born", "is_registered AND size <= 5 AND spouse_age BETWEEN 20 AND 45"),
    ("died", "is_registered AND spouse_age IS NOT NULL"),
    ("moved", "is_registered AND size >= 3"),
    ("merged", "is_registered AND size <= 2"),
    ("moved_to", "is_registered AND size BETWEEN 2 AND 5"),
    ("merged_to", "is_registered AND size BETWEEN 2 AND 4"),
    ("household_renumbered", "is_registered"),
    ("person_renumbered", "is_registered"),
    ("entered", "NOT is_registered"),
)
# One registered household in a thousand per event and per cent of change, at least three.
QUOTA = "CAST(greatest(3, ceil((SELECT count(*) FROM quiet WHERE is_registered) * getvariable('changed') / 1000)) AS BIGINT)"


def people(con: duckdb.DuckDBPyConnection) -> None:
    """Choose the people of the drawn county; with a share of change (variable ``changed`` > 0) let the month pass."""
    con.execute((HERE / "people.sql").read_text(encoding="utf-8"))
    if not con.execute("SELECT getvariable('changed') > 0").fetchall()[0][0]:
        return
    con.execute(
        """CREATE OR REPLACE TABLE quiet AS
        SELECT hno, h.size, h.is_registered, max(age) FILTER (p.k = 2 AND role = 'spouse') AS spouse_age,
          max(age) FILTER (p.k = 3 AND role = 'child') AS third_age, hash(hno, getvariable('seed'), 'life') AS draw
        FROM household h JOIN (SELECT hno, k, role, age, is_dead FROM person) p USING (hno)
        WHERE NOT h.is_omitted AND (h.is_registered OR u(hno, 'enters') < 50000)
          AND hno NOT IN (SELECT hno FROM marked) AND hno NOT IN (SELECT hno FROM special)
        GROUP BY ALL HAVING NOT bool_or(is_dead)"""
    )
    con.execute("CREATE OR REPLACE TABLE life (event VARCHAR, hno BIGINT, turn BIGINT)")
    con.execute(f"SET VARIABLE quota = (SELECT {QUOTA})")
    for event, condition in LIFE:
        con.execute(
            f"""INSERT INTO life SELECT '{event}', hno, row_number() OVER (ORDER BY draw, hno) AS turn FROM quiet
            WHERE {condition} AND hno NOT IN (SELECT hno FROM life) QUALIFY turn <= getvariable('quota')"""
        )
    con.execute((HERE / "life.sql").read_text(encoding="utf-8"))


def rows(con: duckdb.DuckDBPyConnection, feed: Feed, select: str) -> None:
    """Table ``c_<feed>``: the canonical rows of ``select``, blurred, with id_kind, name_kind and birth_kind."""
    if feed.name == "household_registration":
        # Only where ids were changed does the register have a column for former ones.
        select = f"SELECT *, CAST(NULL AS VARCHAR) AS former_citizen_id FROM ({select})"
    con.execute(f"CREATE OR REPLACE TABLE c_{feed.name} AS {blur.select_sql(feed, select)}")
    for statement in blur.updates(feed):
        con.execute(statement)


def note(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Keep the loan notes of ``c_bank_loan``: repayments are booked on them."""
    if feed.name == "bank_loan":
        con.execute(
            """CREATE OR REPLACE TABLE noted_loan AS
            SELECT n, pno, loan_no, bank, amount_yuan, balance_yuan, issued_date FROM c_bank_loan ORDER BY n"""
        )
