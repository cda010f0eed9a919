"""Cells become typed values: the SQL macros of ``sql/macros`` put together for the columns that a feed declares.

A macro file is one bare SELECT over ``cell`` with a header ``-- name(arguments)`` that becomes the DuckDB macro of that name.
The files are the one place that knows how a date, an amount or an id may be written; Python only says which macro a column
needs, in five nested levels so that the costly tidying is done once, and only for cells that are not canonical already:

``f`` fast value of a canonical cell → ``p`` tidied text of any other → ``k``, ``q``, ``h`` shape, candidate and number of an id
→ ``v`` value → reject code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import duckdb
import sqlglot
from sqlglot import exp

from connectors.errors import DeclarationError
from connectors.feed import ID_TYPES, Column
from connectors.quoting import identifier, literal
from connectors.settings import ROOT

MACROS = ROOT / "sql" / "macros"
UNIT_FACTORS = {"元": 1, "百元": 100, "千元": 1000, "万元": 10_000, "亿元": 100_000_000}
ID_SHAPES = {
    "student_no": "[GJL]?[0-9]{17}[0-9X]|[0-9A-Z]{6,24}",
    "disability_cert": "[0-9]{17}[0-9X][1-7][1-4](B[0-9])?",
}
SQL_TYPES = {
    "date": "DATE",
    "month": "DATE",
    "year": "BIGINT",
    "integer": "BIGINT",
    "money": "DECIMAL(18,2)",
    "number": "DECIMAL(18,4)",
    "ratio": "DECIMAL(18,6)",
    "boolean": "BOOLEAN",
}

_HEADER = re.compile(r"--\s*(\w+)\(([\w, ]*)\)")


@cache
def definitions() -> tuple[str, ...]:
    """``MACRO name(…) AS …`` in an order in which each finds the macros that it calls."""
    bodies: dict[str, tuple[str, str, set[str]]] = {}
    for path in sorted(MACROS.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        found = _HEADER.match(text)
        if found is None or found.group(1) != path.stem:
            raise DeclarationError(f"{path.name}: the first line must be «-- {path.stem}(arguments)»")
        (output,) = sqlglot.parse_one(text, read="duckdb").expressions
        called = {str(call.this) for call in output.find_all(exp.Anonymous)}
        bodies[path.stem] = (found.group(2), output.this.sql(dialect="duckdb", comments=False), called)
    ordered: list[str] = []
    done: set[str] = set()

    def define(name: str) -> None:
        if name in done:
            return
        done.add(name)
        arguments, body, called = bodies[name]
        for other in sorted(called & bodies.keys()):
            define(other)
        ordered.append(f"MACRO {name}({arguments}) AS ({body})")

    for name in sorted(bodies):
        define(name)
    return tuple(ordered)


def install(con: duckdb.DuckDBPyConnection, *, temporary: bool = True) -> None:
    """Create the macros in ``con``; temporary ones, so that nothing is written to an attached database, or ones that every connection
    to the same instance finds in its default database.
    """
    kind = "TEMP " if temporary else ""
    for definition in definitions():
        con.execute(f"CREATE OR REPLACE {kind}{definition}")


@dataclass(frozen=True)
class Cell:
    """A declared column as one file has it: the SQL of its raw text, and the unit that header or title stated."""

    column: Column
    raw: str
    unit: str | None = None


def _spellings(column: Column) -> str:
    known: dict[str, str] = {}
    for code, written in column.codes.items():
        for text in (code, code.lstrip("0") or "0", *written):
            known.setdefault(text, code)
    return " ".join(f"WHEN {literal(text)} THEN {literal(code)}" for text, code in known.items())


def _fast(cell: Cell, raw: str, whole: str, head: str, odd: str) -> str:
    column = cell.column
    match column.type:
        case "citizen_id":
            return f"CASE WHEN id_is_sound({raw}, {whole}, {head}) THEN {raw} END"
        case "student_no" | "disability_cert":
            return f"CASE WHEN regexp_full_match({raw}, {literal(ID_SHAPES[column.type])}) THEN {raw} END"
        case "code":
            return f"CASE {raw} {_spellings(column)} END"
        case "text":
            return f"CASE WHEN {odd} THEN cell_text({raw}) ELSE {raw} END"
        case "phone":
            return f"CASE WHEN {odd} OR contains({raw}, '.') THEN regexp_replace(cell_text({raw}), '\\.0$', '') ELSE {raw} END"
        case "account":
            return f"CASE WHEN {odd} OR contains({raw}, ' ') THEN replace(cell_text({raw}), ' ', '') ELSE {raw} END"
        case "name":
            return f"CASE WHEN {odd} THEN cell_name({raw}) ELSE {raw} END"
        case "date":
            return f"date_fast({raw})"
        case "month":
            return f"coalesce(month_fast({raw}), CAST(date_trunc('month', date_fast({raw})) AS DATE))"
        case "year":
            return f"CASE WHEN regexp_full_match({raw}, '(19|20)[0-9]{{2}}') THEN CAST({raw} AS BIGINT) END"
        case "integer":
            # DuckDB rounds 12.5 to a whole number, so a point goes the slow way.
            return f"CASE WHEN NOT contains({raw}, '.') AND NOT contains({raw}, '_') THEN try_cast({raw} AS BIGINT) END"
        case "money" if UNIT_FACTORS.get(cell.unit or "元", 1) == 1:
            # The cast alone takes what number_value takes, but for 1_000; it is four times as fast as a pattern.
            return f"CASE WHEN NOT contains({raw}, '_') THEN try_cast({raw} AS DECIMAL(18,2)) END"
        case "money":
            return "CAST(NULL AS DECIMAL(18,2))"
        case "number":
            return f"CASE WHEN regexp_full_match({raw}, '-?[0-9]{{1,12}}(\\.[0-9]{{1,4}})?') THEN CAST({raw} AS DECIMAL(18,4)) END"
        case "ratio":
            return f"CASE WHEN regexp_full_match({raw}, '0(\\.[0-9]{{1,6}})?') THEN CAST({raw} AS DECIMAL(18,6)) END"
        case "boolean":
            return f"CASE {raw} WHEN '是' THEN TRUE WHEN '否' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE END"
    raise DeclarationError(f"column {column.name}: type {column.type} has no reader")


# A text is odd when the row has a suspicious character (asked once for all its texts) and this cell does, or when it says nothing.
_ODD_TEXT = "(z AND text_is_marked({0})) OR text_is_void({0})"
_TEXT = {"text": _ODD_TEXT, "phone": _ODD_TEXT, "account": _ODD_TEXT, "name": "name_is_odd({0})"}
_PLAIN = {
    "citizen_id": "id_plain({0})",
    "student_no": "id_plain({0})",
    "disability_cert": "id_plain({0})",
    "code": "regexp_replace(replace(cell_plain({0}), ' ', ''), '\\.0$', '')",
    "date": "date_plain({0})",
    "month": "date_plain({0})",
    "year": "date_plain({0})",
    "integer": "number_plain({0})",
    "money": "number_plain({0})",
    "number": "number_plain({0})",
    "ratio": "number_plain({0})",
    "boolean": "cell_plain({0})",
}


def _value(cell: Cell, raw: str, f: str, p: str, q: str, h: str) -> str:
    """SQL of the value from the levels below; ``f`` wins."""
    column = cell.column
    match column.type:
        case "citizen_id":
            slow = f"CASE WHEN id_is_sound({q}, id_whole({q}), {h}) THEN {q} END"
        case "student_no" | "disability_cert":
            slow = f"CASE WHEN regexp_full_match({p}, {literal(ID_SHAPES[column.type])}) THEN {p} END"
        case "code":
            # An unknown spelling keeps its text: the suite's value set, not this expression, refuses it.
            slow = f"CASE {p} {_spellings(column)} ELSE CASE WHEN NOT cell_is_null({p}) THEN {p} END END"
        case "date":
            century = f"CASE WHEN regexp_full_match({p}, '[0-9]{{2}}-[0-9]{{1,2}}-[0-9]{{1,2}}') THEN '{column.century}' || {p} ELSE {p} END"
            slow = f"date_value({century if column.century else p})"
        case "month":
            slow = f"CASE WHEN date_grain({p}) <> 'year' THEN CAST(date_trunc('month', date_value({p})) AS DATE) END"
        case "year":
            slow = f"year(date_value(regexp_replace({p}, '度$|-?度$', '')))"
        case "integer":
            slow = (
                f"CASE WHEN number_value({p}) = floor(number_value({p})) THEN try_cast(number_value({p}) AS BIGINT) END"
            )
        case "money":
            slow = f"yuan_value({raw}, {p}, {UNIT_FACTORS.get(cell.unit or '元', 1)})"
        case "number":
            slow = f"try_cast(number_value({p}) AS DECIMAL(18,4))"
            if cell.unit == "月":
                # The unit behind a number is dropped, but «1年» is no single month.
                slow = f"CASE WHEN NOT ends_with({p}, '年') THEN {slow} END"
        case "ratio":
            slow = f"ratio_value({p})"
        case "boolean":
            slow = f"boolean_value({p})"
        case _:
            return f
    return f"CASE WHEN {f} IS NOT NULL THEN {f} WHEN {p} IS NOT NULL THEN {slow} END"


def _problem(cell: Cell, raw: str, v: str, p: str, k: str, q: str, odd: str) -> str:
    """SQL of the reject code of a cell, NULL when it was understood."""
    column = cell.column
    if column.type in _TEXT:
        return f"CASE WHEN {odd} THEN text_problem({raw}) END"
    if column.type == "code":
        return f"CASE WHEN {p} IS NOT NULL THEN text_problem({raw}) END"
    missed = f"{v} IS NULL AND {p} IS NOT NULL"
    if column.type in ID_TYPES:
        code = f"id_problem({p}, {k}, {q})"
        if column.type != "citizen_id":
            code = f"CASE WHEN {code} IN ('ID_MISSING', 'ID_SCI_NOTATION', 'ID_PLACEHOLDER') THEN {code} ELSE 'ID_SHAPE' END"
        if column.required:
            return f"CASE WHEN {v} IS NULL THEN {code} END"
        return f"CASE WHEN {missed} THEN nullif({code}, 'ID_MISSING') END"
    code = {
        "date": f"date_problem({p})",
        "month": f"CASE WHEN date_grain({p}) = 'year' THEN 'DATE_PRECISION' ELSE date_problem({p}) END",
        "year": f"date_problem({p})",
        "money": f"CASE WHEN NOT cell_is_null({p}) THEN 'MONEY_INVALID' END",
        "boolean": f"CASE WHEN NOT cell_is_null({p}) THEN 'BOOLEAN_INVALID' END",
    }.get(column.type, f"CASE WHEN NOT cell_is_null({p}) THEN 'NUMBER_INVALID' END")
    if column.type == "date" and column.precision != "year":
        coarse = "'year'" if column.precision == "month" else "'year', 'month'"
        return f"CASE WHEN {p} IS NOT NULL THEN CASE WHEN {v} IS NULL THEN {code} WHEN date_grain({p}) IN ({coarse}) THEN 'DATE_PRECISION' END END"
    return f"CASE WHEN {missed} THEN {code} END"


def typed_sql(cells: Sequence[Cell], relation: str, keep: Mapping[str, str] | None = None) -> str:
    """SELECT of the typed values of ``cells`` from ``relation``; ``keep``: more columns, name → SQL over the relation.

    For every cell: ``<name>`` (typed); for a citizen id ``<name>__method`` too, the shape in which it was understood. For the row:
    ``_problems`` (name → reject code, NULL when every cell was understood): hardly a row has any, and a column of codes per cell
    costs a quarter of what is written; :func:`problem_columns` spreads it again.
    """
    n = range(len(cells))
    ids = [i for i in n if cells[i].column.type in ID_TYPES]
    persons = [i for i in ids if cells[i].column.type == "citizen_id"]
    planned = [i for i in n if cells[i].column.type in _PLAIN]
    keep = keep or {}
    kept = "".join(f"{name}, " for name in keep)

    def names(*groups: tuple[str, Sequence[int]]) -> str:
        return ", ".join(f"{letter}{i}" for letter, group in groups for i in group)

    accepted = {
        i: ", ".join(literal(kind) for kind in (cells[i].column.personal_id or ("id18", "id15"))) for i in persons
    }
    scan = ", ".join(f"{cells[i].raw} AS c{i}" for i in n)
    texts = [f"c{i}" for i in n if _TEXT.get(cells[i].column.type) == _ODD_TEXT]
    marked = f", text_is_marked(concat_ws('|', {', '.join(texts)})) AS z" if texts else ""
    odd = "".join(
        f", {_TEXT[cells[i].column.type].format(f'c{i}')} AS o{i}" for i in n if cells[i].column.type in _TEXT
    )
    wholes = "".join(f", id_whole(c{i}) AS w{i}" for i in persons)
    heads = "".join(f", id_head(c{i}, w{i}) AS s{i}" for i in persons)
    fast = "".join(f", {_fast(cells[i], f'c{i}', f'w{i}', f's{i}', f'o{i}')} AS f{i}" for i in n)
    plain = "".join(
        f", CASE WHEN f{i} IS NULL AND strlen(c{i}) > 0 THEN {_PLAIN[cells[i].column.type].format(f'c{i}')} END AS p{i}"
        for i in planned
    )
    kinds = "".join(f", CASE WHEN p{i} IS NOT NULL THEN id_kind(p{i}) END AS k{i}" for i in ids)
    candidates = "".join(
        f", CASE WHEN k{i} IN ({accepted[i]}) THEN id_candidate(p{i}, k{i}) END AS q{i}" for i in persons
    ) + "".join(f", CAST(NULL AS VARCHAR) AS q{i}" for i in ids if i not in persons)
    candidate_heads = "".join(f", try_cast(left(q{i}, 17) AS BIGINT) AS h{i}" for i in persons)
    values = "".join(f", {_value(cells[i], f'c{i}', f'f{i}', f'p{i}', f'q{i}', f'h{i}')} AS v{i}" for i in n)

    made = "".join(f"{sql} AS {name}, " for name, sql in keep.items())
    level = f"SELECT {made}{scan} FROM {relation}"
    for added in (marked, odd + wholes, heads, fast, plain, kinds, candidates, candidate_heads, values):
        if added:
            level = f"SELECT *{added} FROM ({level})"
    level = f"SELECT *{''.join(_numbered_problem(i, cells[i]) for i in n)} FROM ({level})"
    out = []
    for i in n:
        name = cells[i].column.name
        out.append(f"v{i} AS {identifier(name)}")
        if i in persons:
            out.append(f"CASE WHEN v{i} IS NOT NULL THEN coalesce(k{i}, 'id18') END AS {identifier(name + '__method')}")
    entries = ", ".join(f"struct_pack(k := {literal(cells[i].column.name)}, v := x{i})" for i in n)
    out.append(
        f"CASE WHEN coalesce({names(('x', n))}) IS NOT NULL THEN map_from_entries(list_filter([{entries}], lambda e: e.v IS NOT NULL)) "
        "END AS _problems"
    )
    return f"SELECT {kept}{', '.join(out)} FROM ({level})"


def _numbered_problem(i: int, cell: Cell) -> str:
    return f", {_problem(cell, f'c{i}', f'v{i}', f'p{i}', f'k{i}', f'q{i}', f'o{i}')} AS x{i}"


def problem_columns(names: Iterable[str]) -> str:
    """SQL of ``<name>__problem`` for each of ``names``, over a relation with ``_problems``."""
    # Behind the CASE, so that rows without a problem are not looked up once per column.
    return ", ".join(
        f"CASE WHEN _problems IS NOT NULL THEN _problems[{literal(name)}] END AS {identifier(name + '__problem')}"
        for name in names
    )


def sql_type(column: Column) -> str:
    """DuckDB type of a column's typed value."""
    return SQL_TYPES.get(column.type, "VARCHAR")
