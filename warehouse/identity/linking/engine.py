"""Splink on a connection of ours: train a model, weigh pairs.

Both relations must have ``unique_id`` (a whole number without gaps from 1: the number is what is sampled by, so that equal inputs give
equal models) and the columns that the specification names. Everything made on the way is a temporary table and is dropped again.
Splink is heavy to import and talks a lot: it is imported inside the functions and silenced.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from connectors.errors import without_row_text
from warehouse.identity.linking.specification import Specification

if TYPE_CHECKING:
    from splink import DuckDBAPI

# Splink takes left and right from the order of these names. One letter, so that the keys of pairs (k-__-1234567) stay within the
# twelve bytes that DuckDB keeps in place.
KNOWN, ROWS = "k", "r"
SIDES = f"l.source_dataset = '{KNOWN}' AND r.source_dataset = '{ROWS}'"
# Sums of threads end in any order: beyond these digits two trainings on the same data differ.
DIGITS = 8


@dataclass(frozen=True)
class Model:
    """A trained model: Splink's settings as JSON, ``version`` the beginning of their SHA-256."""

    version: str
    settings_json: str


@contextmanager
def _quietly() -> Iterator[None]:
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        # It logs that a level was never observed; such a level keeps the specification's figures, as it should.
        yield
    finally:
        logger.setLevel(before)


def _api(con: duckdb.DuckDBPyConnection) -> DuckDBAPI:
    from splink import DuckDBAPI

    class Temporary(DuckDBAPI):
        """Nothing is written to the attached warehouse: Splink itself would create its tables there."""

        def _setup_for_execute_sql(self, sql: str, physical_name: str) -> str:
            return super()._setup_for_execute_sql(sql, physical_name).replace("CREATE TABLE", "CREATE TEMP TABLE", 1)

        def _table_registration(self, input: Any, table_name: str) -> None:
            # Splink's counts of levels, a list of records: it would take them to DuckDB through pyarrow, which nothing else here needs.
            columns = {name: [record[name] for record in input] for name in input[0]}
            cells = ", ".join(f"unnest(?) AS {name}" for name in columns)
            con.execute(f"CREATE OR REPLACE TEMP TABLE {table_name} AS SELECT {cells}", list(columns.values()))

    return Temporary(con)


def _linker(api: DuckDBAPI, known: str, rows: str, settings: dict[str, Any]) -> Any:
    from splink import Linker

    tables = [
        api.register(known, dataset_display_name=KNOWN),
        api.register(rows, dataset_display_name=ROWS),
    ]
    return Linker(tables, settings, log_level=None, validate_settings=False)


def _settings(specification: Specification, known: int) -> dict[str, Any]:
    comparisons = json.loads(json.dumps(specification.comparisons))
    for one in comparisons:
        for level in one["comparison_levels"]:
            u = specification.known_u.get((one["output_column_name"], level["label_for_charts"]))
            if u is not None:
                level |= {"u_probability": max(u, 1e-12), "fix_u_probability": True}
    return {
        "link_type": "link_only",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [f"{SIDES} AND {rule}" for rule in specification.blocking],
        # A row speaks of one of the known people, any of them.
        "probability_two_random_records_match": 1 / max(known, 2),
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items() if name != "linker_uid"}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value


def fit(con: duckdb.DuckDBPyConnection, known: str, rows: str, specification: Specification, seed: int) -> Model:
    """Train on the relations themselves: u from random pairs, m by EM under each training rule that yields pairs.

    Raises TerminalError, without any value, for whatever Splink or DuckDB raise.
    """
    with without_row_text("training the linkage"), _quietly():
        found = con.execute(f"SELECT count(*) FROM {known}").fetchone()
        api = _api(con)
        try:
            linker = _linker(api, known, rows, _settings(specification, found[0] if found else 0))
            linker.training.estimate_u_using_random_sampling(
                max_pairs=specification.u_pairs, seed=seed, min_count_per_level=None, num_chunks=1
            )
            for rule in specification.training:
                pairs = con.execute(
                    f"SELECT 1 FROM {known} AS l JOIN {rows} AS r ON {rule} LIMIT 1",
                ).fetchone()
                if pairs:
                    linker.training.estimate_parameters_using_expectation_maximisation(
                        f"{SIDES} AND {rule}", estimate_without_term_frequencies=True
                    )
            settings = json.dumps(
                _rounded(linker.misc.save_model_to_json()), ensure_ascii=False, sort_keys=True, separators=(",", ":")
            )
        finally:
            api.delete_tables_created_by_splink_from_db()
    return Model(hashlib.sha256(settings.encode()).hexdigest()[:12], settings)


def weigh(con: duckdb.DuckDBPyConnection, known: str, rows: str, model: Model, scored: str) -> int:
    """Create the temporary table ``scored``: ``known_id``, ``row_id``, ``weight`` (log2), ``probability``, for every pair that the model's
    blocking rules bring together. Returns the number of pairs.

    Raises TerminalError, without any value, for whatever Splink or DuckDB raise.
    """
    with without_row_text("weighing pairs"), _quietly():
        api = _api(con)
        try:
            linker = _linker(api, known, rows, json.loads(model.settings_json))
            pairs = linker.inference.predict(warning_mode="never")
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE {scored} AS SELECT CAST(unique_id_l AS INTEGER) AS known_id, "
                f"CAST(unique_id_r AS INTEGER) AS row_id, match_weight AS weight, match_probability AS probability "
                f"FROM {pairs.physical_name}"
            )
            counted = con.execute(f"SELECT count(*) FROM {scored}").fetchone()
        finally:
            api.delete_tables_created_by_splink_from_db()
    return int(counted[0]) if counted else 0
