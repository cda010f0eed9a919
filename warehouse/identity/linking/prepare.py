"""People and rows as they are compared: names folded and sounded out, birth dates by precision, villages by level.

Only for comparing: what is stored stays as it was sent. Macros of ``sql/macros`` do the reading of a cell, ``name_variant.csv`` and
``name_pinyin.csv`` of ``sql/codes`` say which characters are forms of one another and how they sound.
"""

from __future__ import annotations

import csv

import duckdb

from connectors.settings import ROOT
from expectations import normalise

CODES = ROOT / "sql" / "codes"

# From a stated date, else from the digits of a surviving id; `birth_other` is what the id says where it contradicts.
BIRTH_OF_ROW = """
  CASE WHEN birth_date IS NOT NULL THEN coalesce(birth_grain, 'day') END AS grain,
  id_part_birth(id_part) AS part, CAST(try_strptime(CASE WHEN strlen(part) = 8 THEN part END, '%Y%m%d') AS DATE) AS id_day,
  CASE WHEN grain = 'day' THEN birth_date ELSE id_day END AS birth,
  CASE WHEN id_day <> birth THEN id_day END AS birth_other,
  strftime(birth, '%Y%m%d') AS birth_digits,
  coalesce(left(birth_digits, 6), CASE WHEN grain = 'month' THEN strftime(birth_date, '%Y%m') END, CASE WHEN strlen(part) >= 6 THEN left(part, 6) END) AS birth_month,
  coalesce(left(birth_month, 4), strftime(birth_date, '%Y'), left(part, 4)) AS birth_year
"""
BIRTH_OF_PERSON = """
  birth_date AS birth, CAST(NULL AS DATE) AS birth_other, strftime(birth_date, '%Y%m%d') AS birth_digits, left(birth_digits, 6) AS birth_month,
  left(birth_digits, 4) AS birth_year
"""
COLUMNS = (
    "unique_id, key, n.name, n.folded, n.sound, left(n.folded, 1) AS surname, sex, birth, birth_other, birth_digits, birth_month, birth_year, "
    "substr(birth_digits, 5) AS birth_day, village_code AS village, left(village_code, 9) AS town, left(village_code, 6) AS county, "
    "household_key AS household, relatives"
)


def install(con: duckdb.DuckDBPyConnection) -> None:
    """The macros, and the temporary tables ``linking_variant`` (``character``, ``common``) and ``linking_sound`` (``character``, ``sound``,
    ``surname_sound``: for each syllable one character that stands for it, so that a name's sound is as short as the name)."""
    normalise.install(con)
    for name, columns in (
        ("name_variant", "character, common_character"),
        ("name_pinyin", "character, pinyin, surname_pinyin"),
    ):
        with open(CODES / f"{name}.csv", encoding="utf-8", newline="") as handle:
            _, *rows = csv.reader(handle)
        values = [list(column) for column in zip(*rows, strict=True)]
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE linking_{name} AS SELECT * FROM (SELECT {', '.join('unnest(?)' for _ in values)}) AS t ({columns})",
            values,
        )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE linking_sound AS WITH syllable AS (SELECT pinyin, min(character) AS sound FROM linking_name_pinyin GROUP BY pinyin) "
        "SELECT p.character, coalesce(s.sound, p.character) AS sound, coalesce(f.sound, p.character) AS surname_sound FROM linking_name_pinyin AS p "
        "LEFT JOIN syllable AS s USING (pinyin) LEFT JOIN syllable AS f ON f.pinyin = p.surname_pinyin"
    )


def prepare(con: duckdb.DuckDBPyConnection, unlinked: str, people: str) -> tuple[str, str]:
    """Create the temporary tables ``linking_rows`` and ``linking_people`` and return their names, people first.

    ``unique_id`` numbers the rows in the order of their key: equal inputs are numbered alike, whatever order they lie in.
    """
    install(con)
    for source, key, birth, target in (
        (people, "person_key", BIRTH_OF_PERSON, "linking_people"),
        (unlinked, "row_key", BIRTH_OF_ROW, "linking_rows"),
    ):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {target}_read AS SELECT row_number() OVER (ORDER BY {key}) AS unique_id, {key} AS key, "
            f"name_plain(name) AS plain, CASE WHEN sex_code IN ('1', '2') THEN sex_code END AS sex, {birth}, village_code, household_key, "
            f"CASE WHEN len(relatives) > 0 THEN list_transform(relatives, lambda relative: name_plain(relative)) END AS relatives FROM {source}"
        )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE linking_name AS WITH known AS ("
        "  SELECT plain AS name FROM linking_people_read WHERE plain IS NOT NULL UNION SELECT plain FROM linking_rows_read WHERE plain IS NOT NULL"
        "), piece AS ("
        "  SELECT name, unnest(string_split(name, '')) AS character, generate_subscripts(string_split(name, ''), 1) AS place FROM known"
        "), common AS ("
        "  SELECT name, place, coalesce(v.common_character, p.character) AS character FROM piece AS p LEFT JOIN linking_name_variant AS v USING (character)"
        ") SELECT name, string_agg(c.character, '' ORDER BY place) AS folded, "
        "string_agg(coalesce(CASE WHEN place = 1 THEN s.surname_sound ELSE s.sound END, c.character), '' ORDER BY place) AS sound "
        "FROM common AS c LEFT JOIN linking_sound AS s USING (character) GROUP BY name"
    )
    for target in ("linking_people", "linking_rows"):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {target} AS SELECT {COLUMNS} FROM {target}_read AS t LEFT JOIN linking_name AS n ON n.name = t.plain"
        )
        con.execute(f"DROP TABLE {target}_read")
    for name in ("linking_name", "linking_sound", "linking_name_pinyin", "linking_name_variant"):
        con.execute(f"DROP TABLE {name}")
    return "linking_people", "linking_rows"
