"""How people of a county are compared.

Surnames alone bring a twelfth of the county together, so every blocking rule joins a name with a place or a time, or does without the
name. Whatever is wrong in the date: the sound of the name (which equal and variant names share) in the township, in the year of birth, in
the year after if a lunar date lies near its end, or on the day of any year. Whatever is wrong in the name: the household, the day of birth
in the village or with the surname, and surname, village and year or day where both are a little wrong. Rows without a birth meet their
namesakes, rows without a name those of their day, or of their month and village. At a million people that is about seven pairs a row.
"""

from __future__ import annotations

import duckdb

from warehouse.identity.linking.specification import Specification, comparison, level

# A household is in a village, so both are one comparison: counted apart, members of one household would be taken for one another.
PLACE = comparison(
    "place",
    "(household_l IS NULL OR household_r IS NULL) AND (village_l IS NULL OR village_r IS NULL)",
    level("household_l = household_r", "same household", 0.3, 4e-6),
    level("village_l = village_r", "same village", 0.6, 4e-3),
    level("town_l = town_r", "same township", 0.05, 5e-2),
    level("county_l = county_r", "same county", 0.04, 0.9),
    level("ELSE", "elsewhere", 0.01, 0.05),
)
NAME = comparison(
    "name",
    "name_l IS NULL OR name_r IS NULL",
    level("name_l = name_r", "equal", 0.9, 1e-5, tf="name"),
    level("folded_l = folded_r", "variant characters", 0.01, 1e-6, tf="folded"),
    level("sound_l = sound_r", "same sound", 0.03, 1e-5, tf="sound"),
    level(
        "name_fits(folded_l, folded_r) AND least(length(replace(folded_l, '?', '')), length(replace(folded_r, '?', ''))) >= 2",
        "wildcard fits, two characters known",
        0.005,
        1e-6,
    ),
    level("name_differs_once(folded_l, folded_r)", "one character", 0.03, 1e-3),
    level("name_fits(folded_l, folded_r)", "wildcard fits, one character known", 0.005, 1e-4),
    level("ELSE", "other", 0.02, 0.99),
)
# One comparison for all that is known of the birth: what an id's digits say of it is no second witness, but may rescue a wrong date.
BIRTH = comparison(
    "birth",
    "birth_year_l IS NULL OR birth_year_r IS NULL",
    level("birth_l = birth_r OR birth_l = birth_other_r", "same day", 0.85, 4e-5),
    level("birth_month_l = birth_month_r AND (birth_l IS NULL OR birth_r IS NULL)", "same month", 0.04, 5e-5),
    level("birth_year_l = birth_year_r AND (birth_month_l IS NULL OR birth_month_r IS NULL)", "same year", 0.03, 4e-4),
    level("birth_slipped(birth_digits_l, birth_digits_r)", "slip of the pen", 0.04, 1e-3),
    level("birth_is_lunar(birth_l, birth_r)", "lunar calendar", 0.02, 4e-3),
    level("ELSE", "other", 0.02, 0.99),
)
SEX = comparison(
    "sex",
    "sex_l IS NULL OR sex_r IS NULL",
    level("sex_l = sex_r", "equal", 0.98, 0.5),
    level("ELSE", "other", 0.02, 0.5),
)
RELATIVES = comparison(
    "relatives",
    "relatives_l IS NULL OR relatives_r IS NULL",
    level("list_has_any(relatives_l, relatives_r)", "one in common", 0.9, 1e-3),
    level("ELSE", "none", 0.1, 0.99),
)

COUNTY = Specification(
    comparisons=(NAME, BIRTH, PLACE, SEX, RELATIVES),
    blocking=(
        "l.household = r.household",
        "l.sound = r.sound AND l.town = r.town",
        "l.sound = r.sound AND l.birth_year = r.birth_year",
        "l.sound = r.sound AND l.birth_year = r.lunar_year",
        "l.sound = r.sound AND l.birth_day = r.birth_day",
        "l.birth = r.birth AND l.village = r.village",
        "l.birth = r.birth AND l.surname = r.surname",
        "l.surname = r.surname AND l.birth_year = r.birth_year AND l.village = r.village",
        "l.surname = r.surname AND l.birth_day = r.birth_day AND l.village = r.village",
        "l.sound = r.sound AND l.birth = r.birth_other",
        "r.birth_year IS NULL AND l.sound = r.sound",
        "r.name IS NULL AND l.birth = r.birth",
        "r.name IS NULL AND l.birth_month = r.birth_month AND l.village = r.village",
        "r.birth_year IS NULL AND l.surname = r.surname AND l.last = r.last AND l.village = r.village",
    ),
    training=(
        "l.name = r.name AND l.birth = r.birth",
        "l.birth = r.birth AND l.village = r.village",
        "l.name = r.name AND l.village = r.village",
    ),
    # A name with another character is another name (brothers, twins), a name without a birth may be the father's, and where somebody of
    # the household bears the same name only the very day tells them apart: a person decides.
    automatic="gamma_name >= 3 AND gamma_birth >= 1 AND gamma_sex <> 0 AND (gamma_birth = 5 OR NOT has_double_l)",
    weight=10.0,
    margin=7.0,
    u_pairs=2e6,
)


def known_u(con: duckdb.DuckDBPyConnection, people: str, rows: str) -> dict[tuple[str, str], float]:
    """The exact share of all pairs that are in one household, and that are born on one day: too few for a sample to meet."""
    found = {}
    for key, column, comparable in (
        (("place", "same household"), "household", "coalesce(household, village)"),
        (("birth", "same day"), "birth", "birth_year"),
    ):
        share = con.execute(
            f"WITH p AS (SELECT {column}, count(*) AS n, count({comparable}) AS comparable FROM {people} GROUP BY {column}), "
            f"r AS (SELECT {column}, count(*) AS n, count({comparable}) AS comparable FROM {rows} GROUP BY {column}) "
            f"SELECT sum(p.n * r.n) / ((SELECT sum(comparable) FROM p) * (SELECT sum(comparable) FROM r)) FROM p JOIN r USING ({column})"
        ).fetchone()
        if share and share[0]:
            found[key] = float(share[0])
    return found
