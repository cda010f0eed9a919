"""What a snapshot tells of the past: which columns of every feed's history, under which names, with what meaning.

The declaration decides (``published`` of a column in ``connectors/feeds/``); what names a person or a household becomes the pseudonym
that it has in the marts, or stays at home. Hashes and row numbers of the department's file stay at home too: either could be matched
with the file, which others have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.errors import TerminalError
from connectors.feed import Column, Feed
from connectors.quoting import identifier
from warehouse import columns
from warehouse.audiences import audiences
from warehouse.columns import Entry
from warehouse.history.tables import CoreColumn, core_columns
from warehouse.publish.pseudonym import token_sql

SCHEMA = "core"
LABELS = f"{SCHEMA}.code_label"
PERSON = "person_token"
BOOKKEEPING = (
    Entry("valid_from", "起始日期", "DATE", "自这一天起部门的记录是这样（含）"),
    Entry("valid_to", "截止日期", "DATE", "到这一天为止部门的记录是这样（不含）；9999-12-31 为至今"),
    Entry("recorded_from", "入库时间", "TIMESTAMP", "自这一时刻起仓库这样认为（协调世界时）"),
    Entry(
        "recorded_to", "作废时间", "TIMESTAMP", "到这一时刻为止仓库这样认为（协调世界时）；9999-12-31 为现在仍这样认为"
    ),
)
# ``published`` of a declared column → (what its name ends in, SQL, what the dictionary says of it).
CUTS = {
    "value": ("", "{}", ""),
    "month": ("month", "CAST(date_trunc('month', {}) AS DATE)", "只发布到月"),
    "year": ("year", "year({})", "只发布到年"),
}


@dataclass(frozen=True)
class Published:
    """One published column: its entry in the dictionary, the history column that it is made of, and how (``token``: as a pseudonym)."""

    entry: Entry
    source: str
    expression: str
    token: str = ""


@dataclass(frozen=True)
class Past:
    """The published history of one feed; the relation of a snapshot that the dictionary describes."""

    feed: Feed
    published: tuple[Published, ...]
    code_table: str = LABELS

    @property
    def name(self) -> str:
        return f"{SCHEMA}.{self.feed.name}"

    @property
    def title(self) -> str:
        name = self.feed.name
        return (
            f"{self.feed.title}的全部历史（{self.feed.department_title}报送）：{name}_now 为现状，{name}_as_of(日期) 为某日的情况，"
            f"{name}_as_known(日期, 知悉日) 为当时所知的情况；在 history.duckdb 中"
        )

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(column.entry for column in self.published)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.entries)

    @property
    def people(self) -> list[str]:
        """History columns that become a person's pseudonym."""
        return [column.source for column in self.published if column.token == PERSON]

    def select(self, source: str, key: str, people: str = "") -> str:
        """SELECT of the published columns from ``source`` (as :func:`warehouse.history.views.source_sql` gives it).

        ``people``: a relation (``person_key``, ``token``) of pseudonyms that are already known; without it each row computes its own.
        """
        selected: list[str] = []
        joins: list[str] = []
        for column in self.published:
            text = column.expression.format(f"h.{identifier(column.source)}")
            if column.token == PERSON and people:
                alias = f"p{len(joins)}"
                joins.append(f"LEFT JOIN {people} AS {alias} ON {alias}.person_key = {text}")
                text = f"{alias}.token"
            elif column.token:
                text = token_sql(column.token, text, key)
            selected.append(f"{text} AS {identifier(column.entry.name)}")
        return f"SELECT {', '.join(selected)} FROM ({source}) AS h {' '.join(joins)}"


def describe(feed: Feed) -> Past | None:
    """What of the feed's history is published; None when its declaration publishes nothing of it.

    Raises TerminalError for a text that is declared as published but is no place: free text may hold anything.
    """
    if not any(column.published for column in feed.columns):
        return None
    published = [made for column in core_columns(feed) if (made := _published(feed, column)) is not None]
    published += [Published(entry, entry.name, "{}") for entry in BOOKKEEPING]
    names = [column.entry.name for column in published]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TerminalError(f"{feed.path.name}: published columns {twice} would bear the same name")
    return Past(feed, tuple(published))


def pasts(feeds: Iterable[Feed]) -> list[Past]:
    """The published histories, in order of name."""
    found = [past for feed in feeds if (past := describe(feed)) is not None]
    return sorted(found, key=lambda past: past.name)


def _published(feed: Feed, column: CoreColumn) -> Published | None:
    of, known = column.of, columns.dictionary().get(column.name)
    if column.name.endswith("person_key"):
        return Published(_person(feed, column), column.name, "{}", PERSON)
    if known is not None and known.published_as:
        return Published(columns.dictionary()[known.published_as], column.name, "{}", known.published_as)
    if not of.published:
        return None
    if of.type == "text" and (known is None or known.contents not in ("division", "place")):
        raise TerminalError(f"{feed.path.name}: column {of.name} is free text and cannot be published")
    unit, expression, note = CUTS[of.published]
    name = of.name if not unit else f"{of.name.removesuffix('_date')}_{unit}"
    entry = _entry(feed, of, name, column.type if unit != "year" else "BIGINT", note, known)
    return Published(entry, column.name, audiences().statistics.cut(name, expression))


def _person(feed: Feed, column: CoreColumn) -> Entry:
    token = columns.dictionary()[PERSON]
    if column.name == "person_key":
        return token
    return Entry(
        name=column.name.removesuffix("key") + "token",
        label=f"{column.of.label}的代号",
        type=token.type,
        meaning=f"{feed.title}中此人的代号，与各表的 {PERSON} 是同一套",
        sensitivity="pseudonym",
        contents="token",
    )


def _entry(feed: Feed, of: Column, name: str, kind: str, note: str, known: Entry | None) -> Entry:
    what = f"{feed.department_title}报送的{feed.title}中的{of.label}"
    contents = "month" if of.type == "month" or note and kind == "DATE" else "code" if of.type == "code" else "text"
    return Entry(
        name=name,
        label=of.label,
        type=kind,
        meaning="，".join(filter(None, (of.meaning or what, note))),
        # A column that the marts take for sensitive is so here.
        sensitivity="sensitive" if "sensitive" in (of.sensitivity, known.sensitivity if known else "") else "plain",
        unit=of.unit or ("元" if of.type == "money" else ""),
        contents=known.contents if of.type == "text" and known else contents,
        codes=f"{feed.name}.{of.name}" if of.type == "code" else "",
    )


def code_labels(found: Iterable[Past]) -> list[tuple[str, str, str, str]]:
    """(feed, column, code, label) of every published code column; the label is the declaration's first spelling."""
    return sorted(
        (past.feed.name, column.source, code, spellings[0] if spellings else code)
        for past in found
        for column in past.published
        if column.entry.contents == "code"
        for code, spellings in past.feed.column(column.source).codes.items()
    )


@dataclass(frozen=True)
class Labels:
    """The table of code labels, as the dictionary describes it."""

    name: str = LABELS
    title: str = "历史各表代码列的代码和中文名称；在 history.duckdb 中"
    code_table: str = LABELS

    @property
    def entries(self) -> tuple[Entry, ...]:
        known = columns.dictionary()
        return tuple(known[name] for name in ("feed", "code_column", "code_value", "code_label"))

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.entries)


def by_table(feeds: Mapping[str, Feed]) -> dict[str, dict[str, Entry]]:
    """Table → column → entry: what a file of history may hold."""
    tables: list[Past | Labels] = [*pasts(feeds.values()), Labels()]
    return {table.name: {entry.name: entry for entry in table.entries} for table in tables}
