"""What a snapshot holds: which relations, which columns of them, under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.quoting import identifier
from warehouse import columns
from warehouse.audiences import audiences
from warehouse.columns import Entry
from warehouse.monitor.order import build_order
from warehouse.publish import lineage
from warehouse.publish.pseudonym import token_sql

REFERENCE = {
    "parameter": "参数：扶贫标准、年龄、比例、上限，按日期分行，附来源",
    "poverty_status": "脱贫属性代码及是否计为贫困",
    "division": "行政村、乡镇的区划代码和名称",
    "county": "县的区划代码和名称",
    "code": "代码列的代码和中文名称",
    "lineage": "专题表的每一列取值于哪些数据源的哪些列（由 SQL 得出，不含筛选条件）",
}
# Made for the publication; the others stand in the warehouse.
MADE = {"code": "publish_code", "lineage": "publish_lineage"}


@dataclass(frozen=True)
class Relation:
    """One published relation: ``select`` is SQL on the warehouse, ``raw`` the same before pseudonyms (cheap to hash)."""

    name: str
    title: str
    columns: tuple[str, ...]
    select: str
    raw: str
    # Where the labels of its code columns stand.
    code_table: str = "ref.code"

    @property
    def entries(self) -> tuple[Entry, ...]:
        known = columns.dictionary()
        return tuple(known[name] for name in self.columns)

    @property
    def stem(self) -> str:
        return self.name.split(".")[1]


def title_of(path: Path) -> str:
    """The Chinese purpose: second line of a SQL file's header."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return lines[1].removeprefix("--").strip() if len(lines) > 1 else ""


def code_labels(feeds: Mapping[str, Feed]) -> list[tuple[str, str, str]]:
    """(column, code, label) of every published code column; the label is the declaration's first spelling."""
    rows = []
    for entry in columns.dictionary().values():
        feed, _, column = entry.codes.partition(".")
        if feed in feeds:
            for code, spellings in feeds[feed].column(column).codes.items():
                rows.append((entry.name, code, spellings[0] if spellings else code))
    return sorted(rows)


def load_codes(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed]) -> None:
    """Temporary table ``publish_code`` with the labels."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE publish_code (code_column VARCHAR, code_value VARCHAR, code_label VARCHAR)"
    )
    if rows := code_labels(feeds):
        con.execute(
            "INSERT INTO publish_code SELECT unnest(?), unnest(?), unnest(?)",
            [list(part) for part in zip(*rows, strict=True)],
        )


def _relation(con: duckdb.DuckDBPyConnection, name: str, source: str, title: str, key: str) -> Relation:
    known, statistics = columns.dictionary(), audiences().statistics
    wanted, selected, raw = [], [], []
    for column, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall():
        entry = known.get(column)
        if entry is None:
            raise TerminalError(
                f"发布被拒绝：{name} 的列 {column} 没有在 warehouse/columns.toml 中声明 / publication refused: undeclared column {name}.{column}"
            )
        if entry.type != kind:
            raise TerminalError(
                f"发布被拒绝：{name} 的列 {column} 声明为 {entry.type}，实为 {kind} / publication refused: {name}.{column} is {kind}, declared {entry.type}"
            )
        if entry.sensitivity not in statistics.sensitivities:
            if not entry.published_as:
                continue
            wanted.append(entry.published_as)
            selected.append(f"{token_sql(entry.published_as, column, key)} AS {entry.published_as}")
        else:
            wanted.append(column)
            selected.append(f'{statistics.cut(column, identifier(column))} AS "{column}"')
        raw.append(f'{statistics.cut(column, identifier(column))} AS "{column}"')
    return Relation(
        name=name,
        title=title,
        columns=tuple(wanted),
        select=f"SELECT {', '.join(selected)} FROM {source}",
        raw=f"SELECT {', '.join(raw)} FROM {source}",
    )


def plan(con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], key: str) -> list[Relation]:
    """Every mart and reference table that the statisticians are shown, in order of name.

    Raises TerminalError for a column that columns.toml does not declare: nothing is published by accident.
    """
    load_codes(con, feeds)
    lineage.load(con, lineage.trace(feeds))
    relations = [
        _relation(con, table.name, table.name, title_of(table.path), key) for table in build_order() if table.is_mart
    ]
    for stem, title in REFERENCE.items():
        relations.append(_relation(con, f"ref.{stem}", MADE.get(stem, f"ref.{stem}"), title, key))
    shown = [relation for relation in relations if audiences().statistics.shows(relation.name)]
    return sorted(shown, key=lambda relation: relation.name)
