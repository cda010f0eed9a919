"""Which rows speak of the same person: the deterministic tiers.

A person's key is a keyed hash (HMAC-SHA-256) of the citizen id, so it is the same whichever feed or batch comes first, and cannot
be found by trying the ids of a county without the key. ``core.identity`` is the only table that holds the ids themselves.

Tiers: exact 18 digits, 15 → 18, disability certificate, student number ``G…``; each row carries the tier as ``link_method``. Rows
that have none of them are the business of :mod:`warehouse.identity.linking`.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from connectors.errors import TerminalError
from connectors.feed import ID_TYPES, Feed
from connectors.quoting import identifier, literal
from warehouse.history.tables import OPEN_TIME, core_columns, table

KINDS = {"citizen_id": "citizen_id", "student_no": "student_no", "disability_cert": "disability_cert"}


def install(con: duckdb.DuckDBPyConnection, key: str) -> None:
    """Create the temporary macro ``keyed_hash(text)`` → BIGINT ≥ 0: HMAC-SHA-256 with ``key``, first 63 bits.

    DuckDB has SHA-256 but no HMAC; the two padded key blocks are computed here (RFC 2104).
    """
    block = bytes.fromhex(key) if len(key) == 64 and all(c in "0123456789abcdef" for c in key) else key.encode()
    if len(block) > 64:
        raise TerminalError("the identity key must be at most 64 bytes")
    block = block.ljust(64, b"\0")
    inner = "".join(f"\\x{byte ^ 0x36:02x}" for byte in block)
    outer = "".join(f"\\x{byte ^ 0x5C:02x}" for byte in block)
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO keyed_hash(content) AS CAST(CAST('0x' || left(sha256('{outer}'::BLOB || "
        f"unhex(sha256('{inner}'::BLOB || encode(content)))), 16) AS UBIGINT) >> 1 AS BIGINT)"
    )


def knows(con: duckdb.DuckDBPyConnection, key: str) -> bool:
    """Is ``key`` the one by which the people of ``core.identity`` got their keys? Installs it; True where there is nobody."""
    install(con, key)
    found = con.execute(
        f"SELECT person_key = {_key_sql('citizen_id')} FROM core.identity WHERE kind = 'citizen_id' LIMIT 1"
    ).fetchone()
    return found is None or bool(found[0])


def subject_sql(feed: Feed, present: set[str]) -> tuple[str, str]:
    """SQL of the subject's citizen id and of the tier that found it, over the staged rows."""
    ids, methods = [], []
    for name in feed.subject:
        if name not in present:
            continue
        kind = feed.column(name).type
        value = identifier(name)
        if kind == "citizen_id":
            ids.append(value)
            method = identifier(name + "__method")
            # It says of an id whether there is one, and is the cheaper to read.
            methods.append(f"WHEN {method} IS NOT NULL THEN {method}")
            continue
        inside = (
            f"CASE WHEN left({value}, 1) = 'G' THEN substr({value}, 2) END"
            if kind == "student_no"
            else f"left({value}, 18)"
        )
        sound = f"CASE WHEN id_is_sound({inside}, id_whole({inside}), try_cast(left({inside}, 17) AS BIGINT)) THEN {inside} END"
        ids.append(sound)
        methods.append(f"WHEN {sound} IS NOT NULL THEN {literal('student_g' if kind == 'student_no' else 'cert20')}")
    if not ids:
        return "CAST(NULL AS VARCHAR)", "CAST(NULL AS VARCHAR)"
    return f"coalesce({', '.join(ids)})", f"CASE {' '.join(methods)} ELSE 'none' END"


def register(
    con: duckdb.DuckDBPyConnection, feed: Feed, staged: str, present: set[str], batch_id: str, *, few: bool = False
) -> str:
    """Give every identifier of the relation ``staged`` a place in ``core.identity``; returns the relation (kind, value, person_key) in
    which they are found: that table, or with ``few`` the temp table ``people`` of theirs alone, so that it is searched only once.

    Raises TerminalError if two identifiers of different people hash to one key (2^-63 per pair): nothing may be merged then.
    """
    sources = _identifiers(feed, present)
    if few and sources:
        _register_few(con, sources, staged, batch_id)
        return "people"
    before = con.execute("SELECT count(*) FROM core.identity").fetchone()
    for kind, value in sources:
        con.execute(
            f"INSERT INTO core.identity SELECT {literal(kind)}, value, {_key_sql(kind)}, {literal(batch_id)} "
            # Known ones go first: in an ordinary month nothing is left for DISTINCT to do.
            f"FROM (SELECT DISTINCT value FROM (SELECT {value} AS value FROM {staged} WHERE {value} IS NOT NULL) AS found "
            f"ANTI JOIN (SELECT value FROM core.identity WHERE kind = {literal(kind)}) AS known USING (value))"
        )
    after = con.execute("SELECT count(*) FROM core.identity").fetchone()
    if before != after:
        _refuse_clash(con, "SELECT count(*) - count(DISTINCT person_key) FROM core.identity")
    return "core.identity"


def _identifiers(feed: Feed, present: set[str]) -> list[tuple[str, str]]:
    """(kind, SQL of the value) of every identifier in a staged row."""
    sources = [("citizen_id", "_subject")] if feed.subject else []
    sources += [
        (KINDS[column.type], identifier(column.name))
        for column in feed.columns
        if column.type in ID_TYPES
        and column.name in present
        and not (column.type == "citizen_id" and column.name in feed.subject[:1])
    ]
    return sources


def _key_sql(kind: str) -> str:
    prefix = "" if kind == "citizen_id" else kind + ":"
    return f"keyed_hash({literal(prefix)} || value)"


def _register_few(con: duckdb.DuckDBPyConnection, sources: list[tuple[str, str]], staged: str, batch_id: str) -> None:
    named = " UNION ALL ".join(
        f"SELECT {literal(kind)} AS kind, {value} AS value FROM {staged} WHERE {value} IS NOT NULL"
        for kind, value in sources
    )
    keys = " ".join(f"WHEN {literal(kind)} THEN {_key_sql(kind)}" for kind in dict(sources))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE people AS SELECT kind, value, coalesce(known, CASE kind {keys} END) AS person_key, known IS NULL AS is_new "
        f"FROM (SELECT n.kind, n.value, max(i.person_key) FILTER (i.kind = n.kind) AS known FROM ({named}) AS n "
        # By the value alone: hashing a second column of everybody costs more than a few rows of another kind.
        f"LEFT JOIN core.identity AS i ON i.value = n.value GROUP BY n.kind, n.value)"
    )
    if not con.execute("SELECT 1 FROM people WHERE is_new LIMIT 1").fetchone():
        return
    _refuse_clash(
        con,
        "WITH newcomers AS (FROM people WHERE is_new) SELECT count(*) - count(DISTINCT person_key) + "
        "(SELECT count(*) FROM core.identity SEMI JOIN newcomers USING (person_key)) FROM newcomers",
    )
    con.execute(
        f"INSERT INTO core.identity SELECT kind, value, person_key, {literal(batch_id)} FROM people WHERE is_new"
    )


def _refuse_clash(con: duckdb.DuckDBPyConnection, count: str) -> None:
    clash = con.execute(count).fetchone()
    if clash and clash[0]:
        raise TerminalError("two identifiers hash to one key: choose another identity key before anything is merged")


def forget(con: duckdb.DuckDBPyConnection, batch_id: str, feeds: Iterable[Feed]) -> None:
    """Take out of ``core.identity`` what came with a withdrawn batch and with nothing that is believed: nobody may keep it."""
    columns = [
        (table(feed), column.name) for feed in feeds for column in core_columns(feed) if column.of.type in ID_TYPES
    ]
    used = " UNION ".join(
        f"SELECT {identifier(name)} AS person_key FROM {target} WHERE recorded_to = {OPEN_TIME}"
        for target, name in columns
    )
    con.execute(
        f"DELETE FROM core.identity WHERE batch_id = {literal(batch_id)} AND person_key NOT IN "
        f"(SELECT person_key FROM ({used}) WHERE person_key IS NOT NULL)"
    )
