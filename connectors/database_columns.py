"""The columns of a table or query: found before a row is read, compared with the feed, and written as exact text in the source's SQL.

The source itself makes the text wherever its cast is exact (PostgreSQL, MySQL); elsewhere :mod:`connectors.database_rows` does.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Session
from sqlalchemy.sql import quoted_name

from connectors.database_engine import TIME_ZONE
from connectors.database_settings import Settings
from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.reading import Problem, Reading

# Feed types whose every digit counts: a floating-point source cannot hold them.
EXACT_TYPES = frozenset("text name citizen_id student_no disability_cert code phone account".split())
ID_TYPES = frozenset("citizen_id student_no disability_cert account phone".split())
TEMPORAL = frozenset({"date", "datetime", "instant"})

_KINDS = {
    16: "boolean", 17: "binary", 20: "integer", 21: "integer", 23: "integer", 25: "text", 700: "single", 701: "float", 790: "money",
    1042: "text", 1043: "text", 1082: "date", 1114: "datetime", 1184: "instant", 1700: "decimal",
}  # fmt: skip
_MYSQL_KINDS = {
    0: "decimal", 1: "integer", 2: "integer", 3: "integer", 4: "single", 5: "float", 7: "datetime", 8: "integer", 9: "integer",
    10: "date", 12: "datetime", 13: "integer", 16: "bit", 246: "decimal", 249: "text", 250: "text", 251: "text", 252: "text",
    253: "text", 254: "text", 255: "binary",
}  # fmt: skip
_MYSQL_BINARY = 63


@dataclass(frozen=True)
class SourceColumn:
    """``kind``: text integer decimal money float single boolean bit date datetime instant binary other; ``shown``: the source's own type."""

    name: str
    kind: str
    shown: str
    nullable: bool = True


def kind_of(found: Any, dialect: str) -> str:
    """Kind of a reflected SQLAlchemy type."""
    name = type(found).__name__.upper()
    if name == "DOMAIN":
        return kind_of(found.data_type, dialect)
    if isinstance(found, sa.types._Binary) or name in ("IMAGE", "ROWVERSION", "BFILE", "GEOMETRY", "BIT_VARYING"):
        return "binary"
    if isinstance(found, sa.Boolean):
        return "boolean"
    if name == "BIT":
        return "bit" if dialect == "mysql" else "text"
    if name in ("MONEY", "SMALLMONEY"):
        return "money"
    if isinstance(found, sa.Float):
        single = name in ("REAL", "FLOAT") and dialect in ("postgresql", "mysql") and (found.precision or 0) <= 24
        return "single" if single and not (dialect == "postgresql" and name == "FLOAT") else "float"
    if isinstance(found, sa.Integer) and not isinstance(found, sa.Numeric) or name == "YEAR":
        return "integer"
    if isinstance(found, sa.Numeric):
        # SQLite has no decimals: it keeps them as floating point.
        return "float" if dialect == "sqlite" else "decimal"
    if dialect == "sqlite" and isinstance(found, (sa.DateTime, sa.Date, sa.Time)):
        return "text"
    if isinstance(found, sa.DateTime):
        return "instant" if getattr(found, "timezone", False) else "datetime"
    if isinstance(found, sa.Date):
        return "date"
    return "text" if isinstance(found, (sa.String, sa.Uuid)) else "other"


def relation(settings: Settings) -> tuple[str | None, str]:
    """Schema and name of ``table``."""
    schema, _, name = settings.table.rpartition(".")
    return schema or None, name


def columns(session: Session, settings: Settings) -> list[SourceColumn]:
    """Every column of the source in its order. Raises TerminalError if there is no such table or it has no columns."""
    dialect = session.dialect.name
    if settings.query:
        found = _described(session, settings)
    else:
        schema, name = relation(settings)
        try:
            reflected = sa.inspect(session).get_columns(name, schema=schema)
        except sa.exc.NoSuchTableError:
            raise TerminalError(f"there is no table {settings.table!r} that this account may see") from None
        found = [
            SourceColumn(
                str(column["name"]), kind_of(column["type"], dialect), _shown(column["type"]), bool(column["nullable"])
            )
            for column in reflected
        ]
    if not found:
        raise TerminalError(f"{settings.table or 'the query'!r} has no columns")
    return found


def _shown(found: Any) -> str:
    try:
        return re.sub(r" (CHARACTER SET|COLLATE) \S+", "", str(found))
    except Exception:  # a type without a generic name
        return type(found).__name__


def _described(session: Session, settings: Settings) -> list[SourceColumn]:
    """Columns of a query as the driver describes its empty result."""
    result: sa.CursorResult[Any] = session.execute(
        sa.select(sa.literal_column("*")).select_from(from_clause(settings, [])).where(sa.false())
    )
    description = list(result.cursor.description) if result.cursor is not None else []
    fields = getattr(getattr(result.cursor, "_result", None), "fields", None) or [None] * len(description)
    dialect = session.dialect.name
    found = []
    for entry, field in zip(description, fields, strict=True):
        code: Any = entry[1]
        if dialect == "postgresql":
            kind, shown = _KINDS.get(code, "other"), str(getattr(entry, "type_display", code))
        elif dialect == "mysql":
            kind = _MYSQL_KINDS.get(code, "other")
            if kind == "text" and field is not None and field.charsetnr == _MYSQL_BINARY:
                kind = "binary"
            shown = kind
        else:
            kind, shown = "other", str(getattr(code, "name", "") or "unknown")
        found.append(SourceColumn(str(entry[0]), kind, shown))
    result.close()
    return found


def from_clause(settings: Settings, found: list[SourceColumn]) -> Any:
    """What stands behind FROM: the table, quoted by SQLAlchemy, or the wrapped query."""
    names: list[Any] = [sa.column(quoted_name(column.name, quote=True)) for column in found]
    if settings.query:
        # A colon before a word would be a parameter for SQLAlchemy.
        text = re.sub(r"(?<![:\w\\]):(\w+)(?!:)", r"\\:\1", settings.query)
        # The line break ends a comment on the query's last line.
        return sa.text(text + "\n").columns(*names).subquery("pulled")
    schema, name = relation(settings)
    return sa.table(name, *names, schema=schema)


def only_reads(settings: Settings, dialect: str, feed: Feed) -> None:
    """Parse ``query`` in the source's dialect. Raises TerminalError unless it is exactly one statement that reads."""
    import sqlglot
    from sqlglot import exp

    names = {"postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite", "mssql": "tsql"}
    try:
        statements = sqlglot.parse(settings.query, read=names.get(dialect, "oracle"))
    except sqlglot.errors.SqlglotError:
        raise TerminalError(f"feed {feed.name}: [source] query is no valid {dialect} SELECT") from None
    writes = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock)
    statement = statements[0] if len(statements) == 1 else None
    if not isinstance(statement, exp.Query) or any(
        isinstance(node, writes) and not isinstance(node, exp.Query) for node in statement.walk()
    ):
        raise TerminalError(f"feed {feed.name}: [source] query must be one SELECT that changes nothing")


def compare(feed: Feed, reading: Reading, found: list[SourceColumn]) -> None:
    """Add to ``reading`` what a type of the source cannot hold: a problem where values are lost, else a note."""
    for column in feed.columns:
        if column.name not in reading.mapping:
            continue
        source = found[reading.mapping[column.name]]
        says = f"“{column.label}”在来源中的类型是 {source.shown}，"
        if source.kind == "binary":
            reading.refuse(Problem("COLUMN_TYPE", f"{says}是二进制数据，不能作为文字读取。请改用文本类型的列。"))
        elif source.kind in ("float", "single") and column.type in EXACT_TYPES:
            reading.refuse(
                Problem("COLUMN_INEXACT", f"{says}浮点数会改变号码的末位数字，不能接收。请改用文本类型的列。")
            )
        elif source.kind == "single" and column.type == "money":
            reading.refuse(
                Problem("COLUMN_INEXACT", f"{says}单精度浮点数只有六七位有效数字，不能存放金额。请改用定点小数。")
            )
        elif source.kind == "float" and column.type == "money":
            reading.notes.append(f"{says}浮点数超过十五位有效数字时不精确，建议改用定点小数。")
        elif source.kind in ("integer", "decimal") and column.type in ID_TYPES:
            reading.notes.append(f"{says}数字类型存不下号码开头的 0 和末位的 X，请核对。")


def text_of(column: SourceColumn, dialect: str) -> sa.ColumnElement[Any]:
    """The column as exact text in the source's own SQL (PostgreSQL and MySQL only)."""
    plain: sa.ColumnElement[Any] = sa.column(quoted_name(column.name, quote=True))
    if dialect == "mysql":
        return sa.cast(plain + sa.literal_column("0") if column.kind == "bit" else plain, sa.CHAR)
    if column.kind == "boolean":
        plain = sa.cast(plain, sa.Integer)
    elif column.kind == "instant":
        plain = sa.func.timezone(TIME_ZONE, plain)
    elif column.kind == "money":
        plain = sa.cast(plain, sa.Numeric)
    return sa.cast(plain, sa.Text)


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "decimal": Decimal,
    "date": lambda text: dt.date.fromisoformat(text[:10]),
    "datetime": dt.datetime.fromisoformat,
    "instant": dt.datetime.fromisoformat,
}


def value_of(text: str, column: SourceColumn) -> Any:
    """A watermark or key as the column's own kind of value. Raises TerminalError if the column has changed its type since."""
    try:
        value = _READERS.get(column.kind, str)(text)
    except (ValueError, ArithmeticError):
        raise TerminalError(
            f"column {column.name!r} is now {column.shown}: the watermark kept for it does not fit"
        ) from None
    if column.kind == "instant" and value.tzinfo is None:
        value = value.replace(tzinfo=dt.timezone(dt.timedelta(hours=8)))
    return value


def type_of(column: SourceColumn, dialect: str) -> Any:
    """SQLAlchemy type with which a value of the column is compared."""
    types: dict[str, Any] = {
        "integer": sa.BigInteger(), "decimal": sa.Numeric(), "date": sa.Date(), "datetime": sa.DateTime(),
        "instant": sa.DateTime(timezone=True), "text": sa.String(),
    }  # fmt: skip
    return types.get(column.kind, sa.types.NullType() if dialect != "sqlite" else sa.String())
