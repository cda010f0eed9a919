"""Pseudonyms that say whose they are: of a file, or of one line of it, the recipient can be told without anything else.

A token is the letter of its kind, nine characters that stand for the published pseudonym under the recipient's own key, and two that prove
to whom these nine went: of another request's tokens one in 4,096 would pass.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from connectors.errors import TerminalError
from connectors.quoting import identifier, literal
from warehouse.publish.pseudonym import PREFIX, SHAPE

BODY, PROOF = 9, 2
TOKEN = re.compile(rf"(?<![A-Za-z0-9+/])[{''.join(PREFIX.values())}][A-Za-z0-9+/]{{{BODY + PROOF}}}(?![A-Za-z0-9+/])")
# Chance gives one token in so many to a wrong request.
CHANCE = 64**PROOF


def _prefix(kind: str, of: str, key: str) -> str:
    return hashlib.sha256(f"{kind}\0{of}\0{key}".encode()).hexdigest()[:32]


def _hashed(prefix: str, text: str, characters: int) -> str:
    return f"left(base64(unhex(left(sha256({literal(prefix)} || {text}), 16))), {characters})"


def _proof(request_id: str, key: str, body: str) -> str:
    return _hashed(_prefix("proof", request_id, key), body, PROOF)


def marked_sql(
    source: str, columns: Sequence[str], tokens: Collection[str], recipient: str, request_id: str, key: str
) -> str:
    """SELECT of ``columns`` of ``source``, those of ``tokens`` as the recipient's own, and in the order of these, which tells nothing."""
    told = _prefix("recipient", recipient, key)
    own = [name for name in columns if name in tokens]
    bodies = [f"{_hashed(told, identifier(name), BODY)} AS {identifier('_' + name)}" for name in own]
    marked = [
        f"left({identifier(name)}, 1) || {identifier('_' + name)} || {_proof(request_id, key, identifier('_' + name))} AS {identifier(name)}"
        if name in own
        else identifier(name)
        for name in columns
    ]
    return (
        f"SELECT * FROM (SELECT {', '.join(marked)} FROM (SELECT {', '.join(['*', *bodies])} FROM {source})) "
        f"ORDER BY {', '.join(map(identifier, [*own, *(name for name in columns if name not in own)]))}"
    )


def texts(path: Path) -> tuple[list[str], set[str]]:
    """The texts of a Parquet file, a workbook or a text file beside its rows, and whatever looks like a pseudonym in it.

    Raises TerminalError for a file that cannot be read.
    """
    try:
        if path.suffix == ".parquet":
            return _parquet(path)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as book:
                parts = [
                    book.read(name).decode("utf-8", "replace") for name in book.namelist() if name.endswith(".xml")
                ]
        else:
            parts = [path.read_text(encoding="utf-8", errors="replace")]
    except (OSError, zipfile.BadZipFile, duckdb.Error):
        raise TerminalError(f"{path.name} cannot be read") from None
    return parts, {token for part in parts for token in TOKEN.findall(part)}


def _parquet(path: Path) -> tuple[list[str], set[str]]:
    file = literal(str(path))
    with duckdb.connect() as con:
        said = con.execute(f"SELECT decode(value) FROM parquet_kv_metadata({file})").fetchall()
        names = [
            name
            for name, kind, *_ in con.execute(f"DESCRIBE FROM read_parquet({file})").fetchall()
            if kind == "VARCHAR"
        ]
        cells = (
            " UNION ".join(f"SELECT {identifier(name)} AS cell FROM read_parquet({file})" for name in names)
            or "SELECT '' AS cell"
        )
        found = con.execute(f"SELECT cell FROM ({cells}) WHERE regexp_full_match(cell, {literal(SHAPE)})").fetchall()
    return [text for (text,) in said], {cell for (cell,) in found}


def matches(con: duckdb.DuckDBPyConnection, tokens: set[str], request_ids: Sequence[str], key: str) -> dict[str, int]:
    """How many of ``tokens`` each request's file may have held; chance gives it one in CHANCE."""
    con.execute("CREATE OR REPLACE TEMP TABLE traced AS SELECT unnest(?::VARCHAR[]) AS token", [sorted(tokens)])
    body = f"substr(token, 2, {BODY})"
    return {
        request_id: con.execute(
            f"SELECT count(*) FROM traced WHERE right(token, {PROOF}) = {_proof(request_id, key, body)}"
        ).fetchall()[0][0]
        for request_id in request_ids
    }
