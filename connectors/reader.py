"""The exact DuckDB reader of a recognised file, and the check that it read exactly what the scan had seen.

Measured on DuckDB 1.5.5: its parallel CSV reader is exact on clean text only. At the boundary between two scans a blank line
can double a row, a rejected line can lose hundreds of rows behind it, and a line break inside quotes can shift cells; an odd
``buffer_size`` loses rows of perfect files. So :mod:`connectors.text` hands DuckDB nothing but clean text, the reader keeps its
default buffers, and :func:`misread` compares counts afterwards.
"""

from __future__ import annotations

import duckdb

from connectors.quoting import literal
from connectors.reading import Reading

MAX_LINE_BYTES = 2_000_000
STRUCTURE_COLUMNS = "{'line': 'BIGINT', 'error_type': 'VARCHAR', 'csv_line': 'VARCHAR'}"


def reader_sql(reading: Reading, columns: list[str] | None = None, *, rejects: bool = True) -> str:
    """DuckDB table function that reads the file's data records as VARCHAR columns ``c0`` … ``cN`` (or ``columns``, in header order).

    Nothing is sniffed. ``rejects``: a line DuckDB cannot read goes to the temp table ``reject_errors`` instead of raising; there
    should be none, see :func:`misread`. Rows come in file order if ``preserve_insertion_order`` is on (the default).
    """
    names = columns if columns is not None else [f"c{index}" for index in range(len(reading.header))]
    if len(names) != len(reading.header):
        raise ValueError("columns must name every cell of the header")
    if reading.text_path.endswith(".parquet"):
        cells = ", ".join(f'c{index} AS "{name}"' for index, name in enumerate(names))
        return f"(SELECT {cells} FROM read_parquet({literal(reading.text_path)}))"
    typed = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    options = [
        "auto_detect = false",
        f"columns = {{{typed}}}",
        f"delim = {literal(reading.text_delimiter)}",
        f"quote = {literal(reading.text_quote)}",
        f"escape = {literal(reading.text_quote)}",
        "header = false",
        f"skip = {reading.skip}",
        "nullstr = ''",
        "encoding = 'utf-8'",
        "compression = 'none'",
        "strict_mode = true",
        "null_padding = false",
        # buffer_size is left alone on purpose (module docstring).
        f"max_line_size = {MAX_LINE_BYTES}",
    ]
    if rejects:
        options += ["store_rejects = true", "rejects_limit = 0"]
    return f"read_csv({literal(reading.text_path)}, {', '.join(options)})"


def structure_sql(reading: Reading) -> str:
    """SELECT of the structurally broken rows: ``line`` (sender's row number), ``error_type`` (DuckDB's words), ``csv_line`` (the text).

    The text never leaves DuckDB this way. Words: TOO MANY COLUMNS, MISSING COLUMNS, UNQUOTED VALUE, LINE SIZE OVER MAXIMUM.
    """
    if not reading.structure_path:
        return "SELECT NULL::BIGINT AS line, NULL::VARCHAR AS error_type, NULL::VARCHAR AS csv_line WHERE false"
    return (
        f"SELECT line, error_type, csv_line FROM read_csv({literal(reading.structure_path)}, auto_detect = false, "
        f"columns = {STRUCTURE_COLUMNS}, delim = ',', quote = '\"', escape = '\"', header = false, nullstr = '\x01', "
        f"max_line_size = {2 * MAX_LINE_BYTES}, parallel = false)"
    )


def structure_rejects(connection: duckdb.DuckDBPyConnection, reading: Reading) -> list[tuple[int, str]]:
    """(sender's row number, kind) of every structurally broken row, in order; the rows' texts stay behind."""
    return connection.execute(f"SELECT line, error_type FROM ({structure_sql(reading)}) ORDER BY line").fetchall()


def misread(connection: duckdb.DuckDBPyConnection, reading: Reading, rows: int) -> bool:
    """True if DuckDB saw other records than the scan: ``rows`` is what the COPY from :func:`reader_sql` wrote.

    Then read again with ``read_file(…, careful=True)``, which parses every quoted line; if that misreads too, give up.
    """
    exists = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchone()
    refused = connection.execute("SELECT 1 FROM reject_errors LIMIT 1").fetchone() if exists else None
    return rows != reading.rows or refused is not None


def row_number_sql(
    reading: Reading, source: str, ordinal: str = "file_row_number", broken: list[int] | None = None
) -> str:
    """SELECT of ``source`` plus ``_row``, the sender's row number; ``ordinal`` is the record's 0-based place in file order.

    ``broken``: rows of :func:`structure_rejects` (with ``reading.gaps`` they are the rows without a record).
    """
    absent = sorted({*reading.gaps, *(broken or ())})
    if not absent:
        return f"SELECT *, {ordinal} + {reading.first_row} AS _row FROM {source}"
    # For each row without a record: the ordinal of the first record behind it. Neighbours share one, and the last counts them all.
    shifts = {row - reading.first_row - before: before + 1 for before, row in enumerate(absent)}
    gaps = f"SELECT unnest({list(shifts)}) AS threshold, unnest({list(shifts.values())}) AS shift"
    return (
        f"SELECT r.*, r.{ordinal} + {reading.first_row} + coalesce(g.shift, 0) AS _row "
        f"FROM {source} AS r ASOF LEFT JOIN ({gaps}) AS g ON r.{ordinal} >= g.threshold"
    )
