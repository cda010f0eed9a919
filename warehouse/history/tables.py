"""The tables of history: one per feed, derived from its declaration.

A history row says: from ``valid_from`` (an as-of date, included) to ``valid_to`` (excluded) the department's record had this
content, as believed from ``recorded_from`` to ``recorded_to``. Citizen ids never stand in it: an id column becomes the BIGINT
key of ``core.identity``.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.feed import ID_TYPES, Column, Feed
from connectors.quoting import identifier
from expectations.normalise import sql_type

OPEN_DATE = "DATE '9999-12-31'"
OPEN_TIME = "TIMESTAMP '9999-12-31 00:00:00'"

BOOKKEEPING = (
    ("link_method", "VARCHAR"),
    ("valid_from", "DATE"),
    ("valid_to", "DATE"),
    ("recorded_from", "TIMESTAMP"),
    ("recorded_to", "TIMESTAMP"),
    ("batch_id", "VARCHAR"),
    ("source_row", "BIGINT"),
    ("row_hash", "UBIGINT"),
)


@dataclass(frozen=True)
class CoreColumn:
    """A column of ``core.<feed>``; ``of`` is the declared column it holds (the subject's key may hold several)."""

    name: str
    type: str
    of: Column


def key_name(feed: Feed, column: Column) -> str:
    """Name under which an id column's key stands: the subject's is ``person_key``."""
    if feed.subject and column.name == feed.subject[0]:
        return "person_key"
    if column.name.endswith("citizen_id"):
        return column.name.removesuffix("citizen_id") + "person_key"
    return column.name.removesuffix("_no").removesuffix("_id") + "_key"


def core_columns(feed: Feed) -> list[CoreColumn]:
    """The declared columns as they stand in the history table, in order."""
    return [
        CoreColumn(key_name(feed, column), "BIGINT", column)
        if column.type in ID_TYPES
        else CoreColumn(column.name, sql_type(column), column)
        for column in feed.columns
    ]


def key_columns(feed: Feed) -> list[str]:
    """The feed's key as it stands in the history table."""
    names = {column.of.name: column.name for column in core_columns(feed)}
    return [names[name] for name in feed.key]


def name_column(feed: Feed) -> str | None:
    """The column with the name of whom a row is about: the subject's own, whatever other names stand before it.

    A feed about places or households has no subject: its first name is whom a clerk would look for.
    """
    if feed.subject:
        names = {column.name for column in feed.columns}
        return next((name for name in (about(feed) + "name", "name") if name in names), None)
    return next((column.name for column in feed.columns if column.type == "name"), None)


def about(feed: Feed) -> str:
    """What the names of the subject's columns begin with: ``head_`` where a row knows the household's head only, else nothing."""
    return feed.subject[0].removesuffix("citizen_id") if feed.subject and feed.subject[0].endswith("citizen_id") else ""


def table(feed: Feed) -> str:
    return f"core.{identifier(feed.name)}"
