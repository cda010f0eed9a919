"""SQL that makes canonical rows hard to link: missing ids, variants of names, coarse birth dates, former and foreign ids.

The draws of a row depend on its key, so that a row is written alike in every delivery. A row that is blurred carries no planted
error: ``is_spare`` becomes false.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.feed import Column, Feed

# SQL of the rows that lack their id; ``miss`` is a draw in 0 … 999999. Feeds that need an id are not listed.
WITHOUT_ID = {
    "registry_person": "miss < CASE WHEN birth_date >= '2017-07-01' THEN 850000 ELSE 40000 END OR pno IN (SELECT pno FROM unknown_child)",
    "education_enrollment": "miss < 30000",
    "housing_assessment": "miss < 80000",
    "disability": "miss < 400000",
    "aid_measure": "miss < 300000",
    "loan_repayment": "miss < 400000",
    "housing_renovation": "miss < 300000",
}
# Variants of surnames: the domain calls them a warning, not equality.
VARIANT_FROM = "闫阎閆吕呂刘劉于於"
VARIANT_TO = "阎閆闫呂吕劉刘於于"
DOTS = "['•', '．', '.', '・']"
TITLES = "['（户主）', '(已故)', '（配偶）', '(户主)']"
MISSING = "['未办理', '新生儿', '同上', '未上户']"

# What GBK cannot carry comes back as one of three characters; the rest of a name stays.
_LOST = "left({0}, 1) || {1} || substr({0}, 3)"
NAME_VALUES = {
    "middle_dot": f"replace({{0}}, '·', {DOTS}[1 + name_draw % 4])",
    "variant": f"translate(left({{0}}, 1), '{VARIANT_FROM}', '{VARIANT_TO}') || substr({{0}}, 2)",
    "inner_space": "left({0}, 1) || ' ' || right({0}, 1)",
    "wide_space": "left({0}, 1) || '　' || right({0}, 1)",
    "title": f"{{0}} || {TITLES}[1 + name_draw % 4]",
    "digits": "{0} || CAST(2 + name_draw % 3 AS VARCHAR)",
    "question": _LOST.replace("{1}", "'?'"),
    "replacement": _LOST.replace("{1}", "chr(65533)"),
    "private_use": _LOST.replace("{1}", "chr(CAST(57344 + name_draw % 1800 AS INTEGER))"),
}
# The draw decides: seven of ten names with a dot, every fifth with a variant surname, one in twelve of the others at most.
NAME_KIND = f"""CASE
  WHEN {{0}} IS NULL THEN NULL
  WHEN contains({{0}}, '·') THEN CASE WHEN name_draw % 10 < 7 THEN 'middle_dot' END
  WHEN contains('{VARIANT_FROM}', left({{0}}, 1)) THEN CASE WHEN name_draw < 200000 THEN 'variant' END
  WHEN name_draw >= {{1}} THEN NULL
  WHEN name_draw % 11 < 3 THEN CASE WHEN length({{0}}) = 2 THEN CASE WHEN name_draw % 2 = 0 THEN 'inner_space' ELSE 'wide_space' END END
  WHEN name_draw % 11 < 5 THEN 'title'
  WHEN name_draw % 11 < 7 THEN 'digits'
  WHEN name_draw % 11 = 7 THEN 'question'
  WHEN name_draw % 11 = 8 THEN 'replacement'
  WHEN name_draw % 11 = 9 THEN 'private_use'
END"""

BIRTH_VALUES = {
    "swapped": "left(birth_date, 5) || substr(birth_date, 9, 2) || '-' || substr(birth_date, 6, 2)",
    "month": "left(birth_date, 8) || '01'",
    "year": "left(birth_date, 5) || '01-01'",
}
# A birth date known to the month or the year is written as its first day: nothing in the cell tells.
BIRTH_KIND = """CASE WHEN birth_draw < {0} AND birth_date < '2019-01-01' {1} THEN CASE
  WHEN birth_draw % 3 = 0 THEN CASE WHEN substr(birth_date, 9, 2) <= '12' AND substr(birth_date, 9, 2) <> substr(birth_date, 6, 2) THEN 'swapped' END
  WHEN birth_draw % 3 = 1 THEN CASE WHEN substr(birth_date, 9, 2) <> '01' THEN 'month' END
  WHEN substr(birth_date, 6, 5) <> '01-01' THEN 'year' END END"""
# The police keep names better than anybody else.
NAME_LIMITS = {"household_registration": "20000"}
# A rare thing in the police's register, and never where a death or a change could come to lie before the birth.
BIRTH_LIMITS = {"household_registration": ("5000", "AND death_date IS NULL AND change_date IS NULL")}

# A number without an id: built like one, of another division, so of nobody or of somebody else.
_OTHER = "CAST(substr(student_no, 2, 17) AS BIGINT)"
STUDENT_NO = (
    f"CASE WHEN miss % 2 = 0 THEN 'J' ELSE 'L' END || id_of((219901 + ({_OTHER} // 100000000000 - 219901 + 37) % 99) "
    f"* 100000000000 + {_OTHER} % 100000000000)"
)


def _name(feed: Feed) -> str | None:
    return next((column.name for column in feed.columns if column.type == "name"), None)


def _ids(feed: Feed) -> list[Column]:
    return [feed.column(name) for name in feed.subject]


def _values(kind: str, column: str, values: dict[str, str]) -> str:
    cases = " ".join(f"WHEN '{name}' THEN {value.format(column)}" for name, value in values.items())
    return f"CASE {kind} {cases} ELSE {column} END AS {column}"


def _id_kind(feed: Feed) -> str:
    cases = []
    for column in _ids(feed):
        if column.type == "student_no":
            cases.append(f"WHEN {column.name} LIKE 'G%' AND NOT is_without THEN 'student_g'")
        elif column.type == "disability_cert":
            cases.append(f"WHEN {column.name} IS NOT NULL THEN 'cert'")
        else:
            cases.append(f"WHEN length({column.name}) = 20 AND NOT is_without THEN 'cert'")
            cases.append(f"WHEN {column.name} IS NOT NULL AND NOT is_without THEN 'full'")
    return f"CASE {' '.join(cases)} ELSE 'none' END" if cases else "'none'"


def select_sql(feed: Feed, select: str) -> str:
    """SELECT of the blurred canonical rows of ``select``, numbered ``n`` from 1 on, with id_kind, name_kind, birth_kind."""
    if not feed.subject:
        kinds = (
            "CAST(NULL AS VARCHAR) AS id_kind, CAST(NULL AS VARCHAR) AS name_kind, CAST(NULL AS VARCHAR) AS birth_kind"
        )
        return f"SELECT row_number() OVER () AS n, *, {kinds} FROM ({select})"
    # Who has no id stands in no file that needs one.
    needs_id = any(column.required and column.type == "citizen_id" for column in _ids(feed))
    known = "WHERE pno NOT IN (SELECT pno FROM unknown_child)" if needs_id else ""
    key = f"concat_ws('|', {', '.join(feed.key)})"
    numbered = f"SELECT row_number() OVER () AS n, * FROM ({select}) {known}"
    drawn = f"SELECT *, hash({key}, getvariable('seed'), '{feed.name}') AS drawn FROM ({numbered})"
    draws = ", ".join(
        f"CAST(drawn // {10**power} % 1000000 AS BIGINT) AS {name}"
        for power, name in ((0, "miss"), (6, "name_draw"), (12, "birth_draw"))
    )
    without = WITHOUT_ID.get(feed.name, "FALSE")
    names = {column.name for column in feed.columns}
    name, name_limit = _name(feed), NAME_LIMITS.get(feed.name, "80000")
    birth = BIRTH_KIND.format(*BIRTH_LIMITS.get(feed.name, ("30000", ""))) if "birth_date" in names else "NULL"
    judged = (
        f"SELECT * EXCLUDE (drawn), ({without}) AS is_without, {NAME_KIND.format(name, name_limit) if name else 'NULL'} AS name_kind, "
        f"CAST({birth} AS VARCHAR) AS birth_kind FROM (SELECT *, {draws} FROM ({drawn}))"
    )
    changed = [f"is_spare AND name_kind IS NULL AND birth_kind IS NULL AND ({_id_kind(feed)}) <> 'none' AS is_spare"]
    if name:
        changed.append(_values("name_kind", name, NAME_VALUES))
    if "birth_date" in names:
        changed.append(_values("birth_kind", "birth_date", BIRTH_VALUES))
    for column in _ids(feed):
        if column.type == "citizen_id" and feed.name in WITHOUT_ID:
            word = f"CASE WHEN miss % 10 = 0 THEN {MISSING}[1 + miss // 10 % 4] END"
            changed.append(f"CASE WHEN is_without THEN {word} ELSE {column.name} END AS {column.name}")
        elif column.type == "student_no":
            changed.append(
                f"CASE WHEN is_without AND student_no LIKE 'G%' THEN {STUDENT_NO} ELSE student_no END AS student_no"
            )
    return (
        f"SELECT * EXCLUDE (miss, name_draw, birth_draw, is_without) REPLACE ({', '.join(changed)}), "
        f"{_id_kind(feed)} AS id_kind FROM ({judged})"
    )


def updates(feed: Feed) -> Iterator[str]:
    """Statements on ``c_<feed>`` about the few people with a former or a foreign id, and about namesakes and the dead."""
    if not feed.subject:
        return
    table, name = f"c_{feed.name}", _name(feed)
    ids = [column.name for column in _ids(feed) if column.type == "citizen_id"]
    names = {column.name for column in feed.columns}
    if feed.name in WITHOUT_ID and ids:
        # Namesakes are hard only where the id is missing.
        none = "CASE WHEN id_kind = 'full' THEN 'cert' ELSE id_kind END" if feed.name == "disability" else "'none'"
        yield (
            f"UPDATE {table} SET {ids[0]} = NULL, id_kind = {none}, is_spare = FALSE "
            f"WHERE pno IN (SELECT pno FROM namesake UNION ALL SELECT twin FROM namesake) AND u(pno, '{feed.name} twin') < 500000"
        )
    if feed.name == "household_registration":
        # The police lead; a change of name is told, of an id mostly (an office that keeps no former ids tells none), and a death in the
        # month that passed.
        yield (
            f"UPDATE {table} SET former_citizen_id = x.old_id FROM id_change x "
            f"WHERE {table}.pno = x.pno AND x.is_done AND u(x.pno, 'former id told') < 800000"
        )
        yield (
            f"UPDATE {table} SET former_name = x.old_name FROM id_change x "
            f"WHERE {table}.pno = x.pno AND x.is_done AND x.old_name <> x.new_name"
        )
        yield (
            f"UPDATE {table} SET death_date = CAST(day AS VARCHAR), change_date = CAST(day AS VARCHAR), is_spare = FALSE "
            f"FROM (SELECT person AS pno, getvariable('base') + CAST(1 + dice(person, 'died', 28) AS INTEGER) AS day FROM t_identity WHERE event = 'died') d "
            f"WHERE {table}.pno = d.pno"
        )
        return
    # A number that contains an id keeps the former one.
    for column in _ids(feed):
        if column.type != "citizen_id":
            yield (
                f"UPDATE {table} SET {column.name} = replace({column.name}, x.new_id, x.old_id), is_spare = FALSE, "
                f"id_kind = CASE WHEN id_kind IN ('cert', 'student_g') THEN 'changed' ELSE id_kind END "
                f"FROM id_change x WHERE {table}.pno = x.pno AND x.is_done"
            )
    # Departments follow one by one: seven of ten keep the former id at first, four of ten a month later.
    late = f"u(x.pno, '{feed.department} follows') < CASE WHEN getvariable('changed') > 0 THEN 400000 ELSE 700000 END"
    sets = [f"{one} = replace({one}, x.new_id, x.old_id)" for one in ids]
    if name:
        sets.append(f"{name} = CASE WHEN x.old_name <> x.new_name THEN x.old_name ELSE {table}.{name} END")
        sets.append("name_kind = CASE WHEN x.old_name <> x.new_name THEN 'former' ELSE name_kind END")
    if "birth_date" in names:
        sets.append("birth_date = CAST(x.old_birth AS VARCHAR)")
        sets.append("birth_kind = CASE WHEN x.old_birth <> x.new_birth THEN 'former' END")
    yield (
        f"UPDATE {table} SET {', '.join(sets)}, id_kind = 'changed', is_spare = FALSE FROM id_change x "
        f"WHERE {table}.pno = x.pno AND x.is_done AND {late} AND id_kind IN ('full', 'cert') AND {ids[0]} IS NOT NULL"
    )
    yield (
        f"UPDATE {table} SET {ids[0]} = replace({ids[0]}, s.own_id, s.other_id), id_kind = 'shared', is_spare = FALSE FROM id_share s "
        f"WHERE {table}.pno = s.pno AND s.feed = '{feed.name}' AND id_kind IN ('full', 'cert')"
    )
    yield (
        f"INSERT INTO t_identity SELECT DISTINCT 'id_shared', s.pno, owner, s.hno, owner_hno, feed, getvariable('base') "
        f"FROM {table} c JOIN id_share s ON c.pno = s.pno AND s.feed = '{feed.name}' WHERE id_kind = 'shared' ORDER BY ALL"
    )
