"""The Airflow pools that tasks may name: created at start, since a task whose pool is missing waits for ever."""

from __future__ import annotations

WRITER = "warehouse_writer"

# name -> (slots, description)
POOLS: dict[str, tuple[int, str]] = {
    WRITER: (1, "DuckDB has one writer: merges and mart builds pass one at a time"),
}
