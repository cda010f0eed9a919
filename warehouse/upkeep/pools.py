"""The Airflow pools that tasks may name. A task whose pool does not exist waits for ever, so they are created at start."""

from __future__ import annotations

WRITER = "warehouse_writer"

# name -> (slots, description)
POOLS: dict[str, tuple[int, str]] = {
    WRITER: (1, "DuckDB has one writer: merges and mart builds pass one at a time"),
}
