"""The counts of the public tables as cells of one system: what is known of each, and which of them add up to which.

A cell is a count of a table in one area, for one part of its grouping. Two publications hold the same variable if the same cell has the same
value in both: whoever knows that nothing has changed there may use what both say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import duckdb

from connectors.errors import TerminalError
from connectors.quoting import identifier, literal
from warehouse.audiences import Table
from warehouse.publish.public import files

BASE = 3
# A published count says that the true one is nearer than this.
SLACK = BASE - 1

_TABLES = """
CREATE TABLE cell (period INTEGER, table_name VARCHAR, area_level VARCHAR, area_code VARCHAR, part VARCHAR, measure VARCHAR, n BIGINT, is_rest BOOLEAN);
CREATE TABLE said (period INTEGER, table_name VARCHAR, area_code VARCHAR, part VARCHAR, measure VARCHAR, told VARCHAR);
CREATE TABLE declared (equation VARCHAR, table_name VARCHAR, measure VARCHAR, sign INTEGER, is_outside BOOLEAN);
CREATE MACRO parent(area_code) AS CASE length(area_code) WHEN 12 THEN left(area_code, 9) WHEN 9 THEN left(area_code, 6) END;
"""
# Declared sums, area by area and part by part; then each count of an area and its parts below, where every part is known.
_TERMS = """
CREATE TABLE term AS
WITH inside AS (
  SELECT cell.period, declared.equation, cell.area_code, cell.part, cell.table_name, cell.measure, cell.n, declared.sign
  FROM declared JOIN cell USING (table_name, measure) WHERE NOT declared.is_outside
),
sums AS (
  FROM inside
  UNION ALL
  SELECT cell.period, place.equation, cell.area_code, place.part, cell.table_name, cell.measure, cell.n, declared.sign
  FROM (SELECT DISTINCT period, equation, area_code, part FROM inside) AS place
  JOIN declared ON declared.equation = place.equation AND declared.is_outside
  JOIN cell ON cell.period = place.period AND cell.table_name = declared.table_name AND cell.measure = declared.measure
    AND cell.area_code = place.area_code AND cell.part = ''
),
whole AS (
  SELECT period, equation || '@' || area_code || '/' || part AS equation, table_name, area_code, measure,
    CASE WHEN counted.is_outside THEN '' ELSE part END AS part, n, sign
  FROM sums JOIN (SELECT equation, table_name, measure, is_outside, count(*) OVER (PARTITION BY equation) AS terms FROM declared) AS counted
    USING (equation, table_name, measure)
  QUALIFY count(*) OVER (PARTITION BY period, equation, area_code, sums.part) = counted.terms
),
below AS (
  SELECT up.period, concat_ws('/', up.table_name, up.measure, up.part, up.area_code) AS equation, up.table_name, down.area_code, up.measure, up.part,
    cell.n, 1 AS sign, up.n AS total,
    count(*) OVER every = count(cell.n) OVER every AS is_whole
  FROM cell AS up
  JOIN (SELECT DISTINCT period, table_name, area_code FROM cell) AS down
    ON down.period = up.period AND down.table_name = up.table_name AND parent(down.area_code) = up.area_code
  LEFT JOIN cell ON cell.period = up.period AND cell.table_name = up.table_name AND cell.area_code = down.area_code AND cell.part = up.part
    AND cell.measure = up.measure
  WINDOW every AS (PARTITION BY up.period, up.table_name, up.measure, up.part, up.area_code)
)
SELECT period, equation, table_name, area_code, measure, part, n, sign FROM whole
UNION ALL SELECT period, equation, table_name, area_code, measure, part, n, sign FROM below WHERE is_whole
UNION ALL SELECT DISTINCT period, equation, table_name, parent(area_code), measure, part, total, -1 FROM below WHERE is_whole;
"""
# ``low`` and ``high``: what was said of a variable in earlier publications, ``value``: what would be said now.
_VARIABLES = """
CREATE TABLE variable AS
WITH last AS (SELECT max(period) AS period FROM cell),
hidden AS (SELECT DISTINCT table_name, area_code, part, measure FROM said WHERE told = {hidden}),
rounded AS (
  SELECT cell.*, CASE
      WHEN NOT is_rest AND n >= {smallest} AND hidden.measure IS NULL AND period = (SELECT period FROM last)
      THEN n - n % {base} + CASE
        WHEN n % {base} > CAST('0x' || left(sha256(concat_ws(chr(31), {secret}, table_name, measure, part, area_code, n)), 8) AS UINTEGER) % {base}
        THEN {base} ELSE 0 END
    END AS value
  FROM cell LEFT JOIN hidden USING (table_name, area_code, part, measure)
)
SELECT (row_number() OVER (ORDER BY table_name, measure, part, area_code, n)) - 1 AS id, table_name, measure, part, area_code, n,
  bool_or(is_rest) AS is_rest, max(value) AS value, count(earlier.told) > 0 AS is_known, bool_or(period = (SELECT period FROM last)) AS is_now,
  coalesce(max(greatest(earlier.told - {slack}, {smallest})) FILTER (earlier.told IS NOT NULL), CASE WHEN n >= 0 THEN 0 END) AS low,
  min(earlier.told + {slack}) AS high
FROM rounded LEFT JOIN (
  SELECT period, table_name, area_code, part, measure, try_cast(told AS BIGINT) AS told FROM said WHERE try_cast(told AS BIGINT) IS NOT NULL
) AS earlier USING (period, table_name, area_code, part, measure)
GROUP BY table_name, measure, part, area_code, n;
"""
# The same equation of the same variables says nothing twice.
_EQUATIONS = """
CREATE TABLE equation AS
SELECT row_number() OVER (ORDER BY variables) - 1 AS id, variables, signs
FROM (
  SELECT DISTINCT list(variable.id ORDER BY variable.id) AS variables, list(term.sign ORDER BY variable.id) AS signs
  FROM term JOIN variable USING (table_name, measure, part, area_code, n) GROUP BY term.period, term.equation
);
"""


def create(con: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> None:
    """Empty tables of the system in ``con``, and the equations that the audience declares."""
    con.execute(_TABLES)
    declared: list[tuple[str, str, str, int, bool]] = []
    for name, table in tables.items():
        equations = [*table.equations, *((whole, [part, f"{whole}-{part}"]) for whole, part in table.rests)]
        for whole, parts in equations:
            outside, _, measure = whole.rpartition(".")
            label = f"{name}: {whole} = {' + '.join(parts)}"
            declared.append((label, outside or name, measure, -1, bool(outside)))
            declared += [(label, name, part, 1, False) for part in parts]
    con.executemany("INSERT INTO declared VALUES (?, ?, ?, ?, ?)", declared)


def load(con: duckdb.DuckDBPyConnection, period: int, snapshot: Path, tables: Mapping[str, Table]) -> None:
    """The true counts of the snapshot's marts as cells of ``period``. Raises TerminalError where a mart has not the declared columns."""
    for name, table in tables.items():
        measures = {count: identifier(count) for count in table.counts}
        rests = {f"{whole}-{part}": f"{identifier(whole)} - {identifier(part)}" for whole, part in table.rests}
        counted = ", ".join(f"{sql} AS {identifier(measure)}" for measure, sql in {**measures, **rests}.items())
        try:
            con.execute(
                f"INSERT INTO cell SELECT {period}, {literal(name)}, area_level, area_code, part, measure, n, measure LIKE '%-%' FROM ("
                f"UNPIVOT (SELECT area_level, area_code, {files.part_sql(table)} AS part, {counted} FROM {files.source(snapshot, table)}) "
                f"ON {', '.join(map(identifier, (*measures, *rests)))} INTO NAME measure VALUE n)"
            )
        except (duckdb.BinderException, duckdb.ConversionException):
            raise TerminalError(
                f"audiences.toml: [public.tables.{name}] {table.relation} has not the columns that are declared"
            ) from None


def complete(con: duckdb.DuckDBPyConnection, smallest: int, key: str) -> None:
    """Variables and equations of all that was loaded and said. Raises TerminalError where a declared sum is not one."""
    con.execute(_TERMS)
    wrong = con.execute(
        "SELECT split_part(equation, '@', 1), count(*) FROM (SELECT equation, sum(sign * n) AS off FROM term GROUP BY period, equation) "
        "WHERE off <> 0 GROUP BY ALL ORDER BY ALL LIMIT 1"
    ).fetchone()
    if wrong:
        raise TerminalError(f"audiences.toml: {wrong[0]} does not hold in {wrong[1]} places")
    secret = hashlib.sha256(f"rounding\0{key}".encode()).hexdigest()
    con.execute(
        _VARIABLES.format(
            hidden=literal(files.HIDDEN), smallest=smallest, base=BASE, slack=SLACK, secret=literal(secret)
        )
    )
    con.execute(_EQUATIONS)
