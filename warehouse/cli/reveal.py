"""Commands that show rows by which a household or person can be told: the log has an entry before anything is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb

from connectors import settings
from connectors.feed import load_feeds
from warehouse import audit
from warehouse.database import open_warehouse, require_warehouse
from warehouse.history.schema import ensure

# What somebody typed may be anything, a citizen id too.
_TARGET = re.compile(r"[A-Za-z]\w{0,60}", re.ASCII)
_LONG = re.compile(r"\d{7}")


@contextmanager
def revealing(
    *target: str, about: str | None = None, why: str = "", detail: Mapping[str, Any] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, to look at ``target`` (mart and column, rule, list); ``about``: the household's or person's number, kept as a hash."""
    home = settings.home()
    require_warehouse(home)
    named = ".".join(part if _TARGET.fullmatch(part) and not _LONG.search(part) else "?" for part in target)
    with open_warehouse(home) as con:
        ensure(con, load_feeds().values())
        audit.note(
            con, home, "reveal", named, about=audit.token(home, about) if about else None, why=why, detail=detail
        )
        yield con
