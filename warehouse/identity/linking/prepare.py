"""People and rows as they are compared: names folded and sounded out, birth dates by precision, villages by level.

Only for comparing: what is stored stays as it was sent. Macros of ``sql/macros`` do the reading of a cell, ``variant.csv`` and
``pinyin.csv`` of ``sql/codes/names`` say which characters are forms of one another and how they sound.
"""

from __future__ import annotations

import duckdb

from connectors.settings import ROOT
from expectations import normalise

CODES = ROOT / "sql" / "codes" / "names"

# From a stated date, else from the digits of a surviving id; `birth_other` is what the id says where it contradicts.
BIRTH_OF_ROW = """
  CASE WHEN birth_date IS NOT NULL THEN coalesce(birth_grain, 'day') END AS grain,
  id_part_birth(id_part) AS part, CAST(try_strptime(CASE WHEN strlen(part) = 8 THEN part END, '%Y%m%d') AS DATE) AS id_day,
  CASE WHEN grain = 'day' THEN birth_date ELSE id_day END AS birth,
  CASE WHEN id_day <> birth THEN id_day END AS birth_other,
  strftime(birth, '%Y%m%d') AS birth_digits,
  coalesce(left(birth_digits, 6), CASE WHEN grain = 'month' THEN strftime(birth_date, '%Y%m') END,
    CASE WHEN strlen(part) >= 6 THEN left(part, 6) END) AS birth_month,
  coalesce(left(birth_month, 4), strftime(birth_date, '%Y'), left(part, 4)) AS birth_year
"""
BIRTH_OF_PERSON = """
  birth_date AS birth, CAST(NULL AS DATE) AS birth_other, strftime(birth_date, '%Y%m%d') AS birth_digits, left(birth_digits, 6) AS birth_month,
  left(birth_digits, 4) AS birth_year
"""
# Names of more than four characters keep the rest as it is.
PLACES = (1, 2, 3, 4)


def install(con: duckdb.DuckDBPyConnection) -> None:
    """The macros, and the temporary table ``linking_character`` (``character``, ``common``, ``sound``, ``surname_sound``).

    ``common`` is the usual form of the character; for each syllable one character stands, so that a name's sound is as long as the name.
    """
    normalise.install(con)
    for name, columns in (
        ("variant", ("character", "common")),
        ("pinyin", ("character", "pinyin", "surname_pinyin")),
    ):
        # As one text: a list of values is bound one by one, and a connection of ours need not be allowed to read files.
        _, lines = (CODES / f"{name}.csv").read_text(encoding="utf-8").strip().split("\n", 1)
        cells = ", ".join(f"split_part(line, ',', {place}) AS {column}" for place, column in enumerate(columns, 1))
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE linking_{name} AS SELECT {cells} FROM (SELECT unnest(string_split(?, chr(10))) AS line)",
            [lines],
        )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE linking_character AS WITH syllable AS ("
        "  SELECT pinyin, min(character) AS sound FROM linking_pinyin GROUP BY pinyin"
        "), written AS ("
        "  SELECT character, character AS common FROM linking_pinyin ANTI JOIN linking_variant USING (character)"
        "  UNION ALL SELECT character, common FROM linking_variant"
        ") SELECT w.character, w.common, coalesce(s.sound, w.common) AS sound, coalesce(f.sound, w.common) AS surname_sound FROM written AS w "
        "LEFT JOIN linking_pinyin AS p ON p.character = w.common LEFT JOIN syllable AS s ON s.pinyin = p.pinyin "
        "LEFT JOIN syllable AS f ON f.pinyin = p.surname_pinyin"
    )
    con.execute("DROP TABLE linking_variant; DROP TABLE linking_pinyin")


def _prepared(source: str, key: str, birth: str) -> str:
    """SELECT of ``source`` as it is compared. ``unique_id`` is the place of the key, so that no order of the rows matters."""
    joins = " ".join(
        f"LEFT JOIN linking_character AS c{place} ON c{place}.character = substr(t.name, {place}, 1)"
        for place in PLACES
    )
    folded = " || ".join(f"coalesce(c{place}.common, substr(t.name, {place}, 1))" for place in PLACES)
    sound = " || ".join(
        f"coalesce(c{place}.{'surname_sound' if place == 1 else 'sound'}, substr(t.name, {place}, 1))"
        for place in PLACES
    )
    rest = "substr(t.name, 5)"
    return (
        # The numbers are made beside the rows: sorting whole rows costs three times as much.
        f"WITH numbered AS (SELECT {key} AS key, row_number() OVER (ORDER BY {key}) AS unique_id FROM {source}), "
        f"tidied AS (SELECT {key} AS key, name_plain(name) AS name, CASE WHEN sex_code IN ('1', '2') THEN sex_code END AS sex, {birth}, "
        f"village_code, household_key, CASE WHEN len(relatives) = 0 THEN NULL WHEN name_is_odd(array_to_string(relatives, '')) "
        f"THEN list_transform(relatives, lambda relative: name_plain(relative)) ELSE relatives END AS relatives FROM {source}) "
        f"SELECT n.unique_id, key, t.name, {folded} || {rest} AS folded, {sound} || {rest} AS sound, "
        f"coalesce(c1.common, left(t.name, 1)) AS surname, right(folded, 1) AS last, "
        f"sex, birth, birth_other, birth_digits, birth_month, birth_year, substr(birth_digits, 5) AS birth_day, "
        f"CASE WHEN year(birth + 60) > year(birth) THEN strftime(birth + 60, '%Y') END AS lunar_year, "
        f"coalesce(list_contains(relatives, t.name), FALSE) AS has_double, "
        f"village_code AS village, left(village_code, 9) AS town, left(village_code, 6) AS county, household_key AS household, relatives "
        f"FROM tidied AS t JOIN numbered AS n USING (key) {joins}"
    )


def prepare(con: duckdb.DuckDBPyConnection, unlinked: str, people: str) -> tuple[str, str]:
    """Create the temporary tables ``linking_people`` and ``linking_rows`` and return their names in this order."""
    install(con)
    con.execute(f"CREATE OR REPLACE TEMP TABLE linking_people AS {_prepared(people, 'person_key', BIRTH_OF_PERSON)}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE linking_rows AS {_prepared(unlinked, 'row_key', BIRTH_OF_ROW)}")
    con.execute("DROP TABLE linking_character")
    return "linking_people", "linking_rows"
