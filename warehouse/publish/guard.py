"""The guard: reads a finished snapshot as a stranger would and refuses it if anything looks like a person.

Column names are held against the dictionary and the feeds' declarations, every value against what its column may hold, every file
(the parts of a workbook too) against the shapes of ids, phones and accounts. A message names table and column, never a value.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse import columns
from warehouse.columns import Entry
from warehouse.publish import past
from warehouse.publish.pseudonym import SHAPE

HISTORY = "history.duckdb"
# Column names that say what they hold, in whatever language they come.
NAMES = re.compile(
    r"citizen|(^|_)id_?(no|card|number)|phone|mobile|account|address|(^|_)names?$|passport|identity|bank_card|birth_date"
    r"|身份证|证件号|姓名|电话|手机|账号|帐号|卡号|住址|地址|户编号|人编号|学籍号"
)
LOAD_TIMES = frozenset({"recorded_from", "recorded_to"})
PLACE_NAMES = frozenset({"village_name", "town_name"})
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊"
    "金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂焦佟关富那"
)
# Letters, full-width forms and separators that could hide a number from the patterns.
_WIDE = "０１２３４５６７８９ＸｘＧ"
_NARROW = "0123456789XxG"
_GAPS = " -\u00a0\u3000\u200b\ufeff\t"
_LONG = re.compile(r"[0-9]{15,}|[0-9]{14}[0-9Xx]")
_PHONE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_HIDDEN = re.compile(r'hidden="(1|true)"|state="(h|veryH)idden"')
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|DECIMAL|DOUBLE|FLOAT")
_CHECKED = re.compile(rf"(VARCHAR|BOOLEAN|DATE)$|{_NUMBER.pattern}")
# SHA-256 and Git commits; a run of digits alone is never taken for one.
_DIGEST = re.compile(r"\b(?=[0-9]*[a-f])(?:[0-9a-f]{64}|[0-9a-f]{40})\b")


@dataclass(frozen=True)
class Finding:
    """One reason to refuse: where, what it looks like (中文, English), in how many values."""

    where: str
    what: str
    english: str
    count: int = 1


def _folded(column: str) -> str:
    return f"translate(CAST({column} AS VARCHAR), '{_WIDE}', '{_NARROW}')"


def _squeezed(column: str) -> str:
    return f"translate({_folded(column)}, '{_GAPS}', '')"


# (中文, English, condition on a text as it stands, ``folded``, and without gaps, ``squeezed``)
_TEXT_CHECKS = (
    (
        "像证件号或账号的长数字",
        "long digit runs (id, certificate, account)",
        "regexp_matches({squeezed}, '[0-9]{{15}}|[0-9]{{14}}[Xx]')",
    ),
    ("像手机号的数字", "mobile phone numbers", "regexp_matches({squeezed}, '(^|[^0-9])1[3-9][0-9]{{9}}($|[^0-9])')"),
    ("9 位以上的编号", "numbers of nine or more digits", "regexp_matches({folded}, '[0-9]{{9}}')"),
    ("像疾病编码的内容", "ICD codes", "regexp_matches({folded}, '(^|[^A-Za-z])[A-Z][0-9]{{2}}\\.[0-9x]')"),
)


@dataclass(frozen=True)
class _Check:
    """What is asked of a column: ``aggregate`` is SQL of a count, above zero where it must not be, over its rows or its different values."""

    where: str
    what: str
    english: str
    aggregate: str


def _counted(condition: str) -> str:
    return f"count(*) FILTER (WHERE {condition})"


def _text_checks(
    where: str, entry: Entry, feeds: Mapping[str, Feed], batches: Collection[str]
) -> tuple[list[_Check], bool]:
    """The checks of a text column; True: they are asked of its different values."""
    quoted = identifier(entry.name)
    if entry.contents in ("token", "division"):
        shape = SHAPE if entry.contents == "token" else "[0-9]{6}([0-9]{3}([0-9]{3})?)?|不详"
        wrong = _counted(f"NOT regexp_full_match({quoted}, {literal(shape)})")
        return [_Check(where, "不符合该列应有的形式", f"values that are no {entry.contents}", wrong)], False
    if entry.contents in ("batch", "code"):
        if entry.contents == "batch":
            what, allowed = "批次号", list(batches)
        else:
            feed, column = entry.codes.split(".")
            what, allowed = "代码", list(feeds[feed].column(column).codes)
        unknown = _counted(f"NOT list_contains([{', '.join(map(literal, allowed))}]::VARCHAR[], {quoted})")
        return [_Check(where, f"不是已知的{what}", f"values that are no known {entry.contents}", unknown)], True
    texts = {"squeezed": _squeezed(quoted), "folded": _folded(quoted)}
    checks = [
        _Check(where, what, english, _counted(condition.format(**texts))) for what, english, condition in _TEXT_CHECKS
    ]
    if entry.contents == "text":
        names = _counted(
            f"regexp_full_match({quoted}, '[{SURNAMES}][一-龥]{{1,2}}|(欧阳|司马|上官|诸葛|东方|皇甫)[一-龥]{{1,2}}')"
        )
        # A code list may hold one or two such words; a column of names holds little else.
        many = f"CASE WHEN {names} >= 3 AND 2 * {names} > count(*) THEN {names} ELSE 0 END"
        checks.append(_Check(where, "像姓名的内容", "values that look like personal names", many))
    return checks, True


def _number_checks(where: str, entry: Entry) -> list[_Check]:
    number = f"CAST({identifier(entry.name)} AS DOUBLE)"
    checks = [_Check(where, "15 位以上的整数", "numbers of 15 or more digits", _counted(f"abs({number}) >= 1e14"))]
    # Sums of money may well be as large.
    if not (entry.unit or "").startswith("元"):
        phones = _counted(f"{number} BETWEEN 13000000000 AND 19999999999")
        checks.append(_Check(where, "像手机号的整数", "numbers like mobile phones", phones))
    return checks


def _date_checks(where: str, entry: Entry) -> list[_Check]:
    if entry.contents != "month":
        return []
    days = _counted(f"day({identifier(entry.name)}) <> 1")
    return [_Check(where, "应为月份而有日", "days where there should be months", days)]


def _checks(
    where: str, kind: str, entry: Entry, feeds: Mapping[str, Feed], batches: Collection[str]
) -> tuple[list[_Check], bool]:
    """The checks of any column; True: they are asked of its different values."""
    if kind == "VARCHAR":
        return _text_checks(where, entry, feeds, batches)
    if kind in ("BOOLEAN", "DATE"):
        return _date_checks(where, entry), False
    return _number_checks(where, entry) if _NUMBER.match(kind) else [], False


def _asked(
    con: duckdb.DuckDBPyConnection, rows: str, of_rows: Sequence[_Check], of_values: Mapping[str, Sequence[_Check]]
) -> list[Finding]:
    """The findings in one table, ``rows``: one reading for all that is asked of rows, one statement for the different values (by column)."""
    findings = []
    questions = [(of_rows, rows)] if of_rows else []
    questions += [
        (checks, f"(SELECT DISTINCT {identifier(name)} FROM {rows} WHERE {identifier(name)} IS NOT NULL)")
        for name, checks in of_values.items()
    ]
    asked = " UNION ALL ".join(
        f"SELECT {number} AS number, [{', '.join(check.aggregate for check in checks)}] AS counts FROM {source}"
        for number, (checks, source) in enumerate(questions)
    )
    for number, counts in sorted(con.execute(asked).fetchall()) if asked else ():
        for check, count in zip(questions[number][0], counts, strict=True):
            if count:
                findings.append(Finding(check.where, check.what, check.english, count))
    return findings


def inspect_database(
    path: Path,
    feeds: Mapping[str, Feed],
    batches: Collection[str],
    described: Mapping[str, Mapping[str, Entry]] | None = None,
    inspected: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Findings in a DuckDB snapshot: its columns' names, its comments, every value.

    ``described``: table → column → entry, where a table's columns are not those of the one dictionary; no other table may be there then.
    ``inspected``: table → condition on those of its rows that were not inspected in an earlier snapshot.
    """
    forbidden = {
        column.name for feed in feeds.values() for column in feed.columns if column.sensitivity == "identifier"
    }
    findings: list[Finding] = []
    with duckdb.connect(str(path), read_only=True, config={"enable_external_access": False}) as con:
        found = con.execute(
            "SELECT schema_name || '.' || table_name, column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
            "WHERE NOT internal AND database_name = current_database() "
            "AND (schema_name, table_name) IN (SELECT (schema_name, table_name) FROM duckdb_tables()) ORDER BY ALL"
        ).fetchall()
        tables = sorted({table for table, *_ in found})
        # Every declared table is there, whoever has delivered: most are empty, and each column would be a question of its own.
        filled = {
            name
            for part in (tables[start : start + 64] for start in range(0, len(tables), 64))
            for (name,) in con.execute(
                " UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in part)
            ).fetchall()
        }
        of_rows: dict[str, list[_Check]] = {table: [] for table in tables}
        of_values: dict[str, dict[str, list[_Check]]] = {table: {} for table in tables}
        for table, column, kind, comment in found:
            where = f"{table}.{column}"
            known = columns.dictionary() if described is None else described.get(table, {})
            entry = known.get(column)
            named = NAMES.search(column.lower()) is not None and column not in PLACE_NAMES
            if entry is None or entry.sensitivity == "identifier" or column in forbidden or named:
                findings.append(Finding(where, "是标识列或没有声明的列", "an identifier or undeclared column"))
                continue
            findings += _text_in(where, comment)
            is_load_time = kind == "TIMESTAMP" and column in LOAD_TIMES and described is not None
            if not is_load_time and not _CHECKED.match(kind):
                findings.append(Finding(where, f"类型 {kind} 不能核对", f"type {kind} cannot be checked"))
            checks, is_of_values = _checks(where, kind, entry, feeds, batches)
            if is_of_values:
                of_values[table][column] = checks
            else:
                of_rows[table] += checks
        for table in tables:
            condition = (inspected or {}).get(table, "TRUE")
            if condition != "FALSE" and table in filled:
                rows = table if condition == "TRUE" else f"(SELECT * FROM {table} WHERE {condition})"
                findings += _asked(con, rows, of_rows[table], of_values[table])
        texts = con.execute(
            "SELECT schema_name || '.' || table_name, coalesce(comment, '') FROM duckdb_tables() "
            "UNION ALL SELECT schema_name || '.' || view_name, sql FROM duckdb_views() WHERE NOT internal "
            "UNION ALL SELECT schema_name || '.' || function_name, macro_definition FROM duckdb_functions() "
            "WHERE NOT internal AND macro_definition IS NOT NULL"
        ).fetchall()
        for where, text in texts:
            findings += _text_in(where, text)
    return findings


def inspect_list(
    con: duckdb.DuckDBPyConnection,
    rows: str,
    people: Collection[str],
    feeds: Mapping[str, Feed],
    batches: Collection[str],
) -> list[Finding]:
    """Findings in the relation ``rows`` of a list that names people in the columns ``people``: the others are held to what they may hold."""
    findings: list[Finding] = []
    for name, kind, *_ in con.execute(f"DESCRIBE FROM {rows}").fetchall():
        entry = columns.dictionary().get(name)
        if name in people:
            continue
        if entry is None or entry.sensitivity == "identifier" or not _CHECKED.match(kind):
            findings.append(Finding(name, "是标识列或没有声明的列", "an identifier or undeclared column"))
        else:
            checks, is_of_values = _checks(name, kind, entry, feeds, batches)
            findings += _asked(con, rows, [], {name: checks}) if is_of_values else _asked(con, rows, checks, {})
    return findings


def _text_in(where: str, text: str, batches: Collection[str] = ()) -> list[Finding]:
    text = _DIGEST.sub("", text.translate(str.maketrans(_WIDE, _NARROW)))
    for batch in batches:
        text = text.replace(batch, "")
    findings = []
    if _LONG.search(text):
        findings.append(Finding(where, "像证件号或账号的长数字", "long digit runs (id, certificate, account)"))
    if _PHONE.search(text):
        findings.append(Finding(where, "像手机号的数字", "mobile phone numbers"))
    return findings


def hidden_in(book: Path | IO[bytes], name: str) -> list[Finding]:
    """Findings where a workbook holds what its reader does not see."""
    with zipfile.ZipFile(book) as archive:
        return [
            Finding(f"{name}:{part}", "有隐藏内容、批注或外部链接", "hidden content, comments or external links")
            for part in archive.namelist()
            if "comments" in part
            or "externalLink" in part
            or _HIDDEN.search(archive.read(part).decode("utf-8", "replace"))
        ]


def inspect_file(path: Path, batches: Collection[str] = ()) -> list[Finding]:
    """Findings in a text file or workbook, its name and its hidden parts included. Parquet holds what the database holds."""
    findings = _text_in(f"file name {path.name[:12]}…", path.name, batches)
    if path.suffix == ".xlsx":
        findings += hidden_in(path, path.name)
        with zipfile.ZipFile(path) as archive:
            for part in archive.namelist():
                findings += _text_in(f"{path.name}:{part}", archive.read(part).decode("utf-8", "replace"), batches)
    elif path.suffix in (".csv", ".json", ".html", ".md", ".txt"):
        findings += _text_in(path.name, path.read_text(encoding="utf-8"), batches)
    elif path.suffix not in (".parquet", ".duckdb"):
        findings.append(Finding(path.name, "不能核对的文件类型", "a kind of file that cannot be checked"))
    return findings


def compare_parquet(folder: Path, database: Path) -> list[Finding]:
    """Findings where a Parquet file is not the table that was made of it and inspected, or carries metadata of its own."""
    findings: list[Finding] = []
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(f"ATTACH '{database}' AS snapshot (READ_ONLY)")
        for path in sorted(folder.glob("*.parquet")):
            table = con.execute(
                "SELECT schema_name FROM duckdb_tables() WHERE database_name = 'snapshot' AND table_name = ?",
                [path.stem],
            ).fetchone()
            extra = con.execute("SELECT count(*) FROM parquet_kv_metadata(?)", [str(path)]).fetchone()
            if table is None or (extra and extra[0]):
                findings.append(
                    Finding(
                        path.name,
                        "不对应任何已核对的表，或带有附加信息",
                        "a file without an inspected table, or with metadata",
                    )
                )
                continue
            shape = [
                con.execute(f"{question} {source}").fetchall()
                for source in (f'snapshot.{table[0]}."{path.stem}"', f"'{path}'")
                for question in ("DESCRIBE FROM", "SELECT count(*) FROM")
            ]
            if shape[:2] != shape[2:]:
                findings.append(Finding(path.name, "与已核对的表不同", "not the inspected table"))
    return findings


def enforce(
    folder: Path,
    feeds: Mapping[str, Feed],
    batches: Collection[str],
    inspected: Mapping[str, str] | None = None,
    found: Mapping[Path, Sequence[Finding]] | None = None,
) -> None:
    """Refuse the snapshot in ``folder`` if anything is found. Raises TerminalError naming places, never values.

    ``inspected``: see :func:`inspect_database`, for the tables of history. ``found``: what is known already of databases that were complete
    before the others.
    """
    findings: list[Finding] = []
    with ThreadPoolExecutor(2) as beside:
        databases = []
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                findings.append(Finding(path.name, "不是普通文件", "not a regular file"))
            elif path.is_file():
                findings += inspect_file(path, batches)
                if found and path in found:
                    findings += found[path]
                elif path.name == HISTORY:
                    described = past.by_table(feeds)
                    databases.append(beside.submit(inspect_database, path, feeds, batches, described, inspected))
                elif path.suffix == ".duckdb":
                    databases.append(beside.submit(inspect_statistics, path, feeds, batches))
        findings += [finding for database in databases for finding in database.result()]
    refuse(findings)


def inspect_statistics(path: Path, feeds: Mapping[str, Feed], batches: Collection[str]) -> list[Finding]:
    """Findings in the database of a snapshot and in the Parquet files beside it."""
    return inspect_database(path, feeds, batches) + compare_parquet(path.parent / "parquet", path)


def refuse(findings: Sequence[Finding]) -> None:
    """Raises TerminalError if there are any, naming places, never values."""
    if findings:
        chinese = "；".join(f"{finding.where}（{finding.what}，{finding.count} 处）" for finding in findings[:8])
        english = "; ".join(f"{finding.where} ({finding.english}, {finding.count})" for finding in findings[:8])
        raise TerminalError(f"发布被拒绝：{chinese} / publication refused: {english}")
