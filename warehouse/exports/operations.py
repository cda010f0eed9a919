"""Lists of named people for one department or township, as ``audiences.toml`` declares them: its rows, its columns and no others.

Asked for, approved and written down like any export. The file is an encrypted workbook; its password is made for it, shown once to whoever
writes it and kept nowhere. The rows never lie on a disk but in that file.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import duckdb
from msoffcrypto.format.ooxml import OOXMLFile

from connectors.errors import TerminalError, without_row_text
from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse import audit, columns
from warehouse.audiences import PEOPLE, List, audiences
from warehouse.exports import DAYS, Request, ask, granted, written
from warehouse.exports.write import SHEET_ROWS, workbook
from warehouse.identity.masked import whole_ids_sql
from warehouse.publish import guard

PREFIX = "operations."
PASSWORD_BYTES = 15
ROWS = "listed_people"


def request(
    con: duckdb.DuckDBPyConnection,
    home: Path,
    name: str,
    town: str,
    recipient: str,
    why: str,
    who: str,
    *,
    days: int = DAYS,
) -> str:
    """Ask for the declared list ``name`` for ``recipient``, of the township ``town`` (nine digits) alone if it is given; returns the request's id.

    Raises TerminalError for a list or township that there is not, and for a list of one township without any.
    """
    listed = _declared(name)
    if listed.by_town and not town:
        raise TerminalError(f"{name}（{listed.title}）只按乡镇给：请指明乡镇 / {name} is for one township: --town CODE")
    if town and con.execute("SELECT 1 FROM ref.division WHERE town_code = ? LIMIT 1", [town]).fetchone() is None:
        raise TerminalError("there is no such township: --town takes a nine-digit code")
    relation = f"{PREFIX}{name}" + (f"/{town}" if town else "")
    return ask(con, home, relation, [*listed.people, *listed.columns], recipient, why, who, days=days)


def is_list(asked: Request) -> bool:
    return asked.relation.startswith(PREFIX)


def _declared(name: str) -> List:
    lists = audiences().operations.lists
    if name not in lists:
        raise TerminalError(f"audiences.toml declares no list {name}; there are: {', '.join(lists)}")
    return lists[name]


def write(
    con: duckdb.DuckDBPyConnection, home: Path, feeds: Mapping[str, Feed], request_id: str, out: Path, who: str
) -> tuple[Path, str]:
    """Write the encrypted workbook of an approved request into the folder ``out``; returns it and its password.

    Raises TerminalError for a request that may not be written or was, for a list that is declared otherwise by now, and when the guard finds
    anything in its columns: nothing is there then.
    """
    asked = granted(con, request_id)
    if asked.written_at is not None:
        raise TerminalError(f"{request_id} was written already and its password is kept nowhere: ask again")
    name, _, town = asked.relation.removeprefix(PREFIX).partition("/")
    listed = _declared(name)
    if asked.columns != [*listed.people, *listed.columns]:
        raise TerminalError(f"{asked.relation} is declared otherwise by now: ask again")
    audit.note(
        con,
        home,
        "reveal",
        asked.relation,
        who=who,
        why=asked.why,
        detail={"request": request_id, "columns": asked.columns},
    )
    with without_row_text(f"writing {request_id}"):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {ROWS} AS {_rows_sql(listed, town)}")
        try:
            content, rows = _content(con, feeds, asked, listed, town)
        finally:
            con.execute(f"DROP TABLE {ROWS}")
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = out / f"{name}_{request_id}.xlsx"
    locked = io.BytesIO()
    OOXMLFile(content).encrypt(password, locked)
    unfinished = out / f".{file.name}"
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(locked.getvalue())
    os.replace(unfinished, file)
    written(con, home, asked, who, "", rows, hashlib.sha256(locked.getvalue()).hexdigest())
    return file, password


def _rows_sql(listed: List, town: str) -> str:
    """SELECT of the list's rows and columns; citizen ids come from ``core.identity``, and of nobody but these."""
    conditions = [f"{identifier(name)} IN ({', '.join(map(literal, told))})" for name, told in listed.rows.items()]
    conditions += [f"town_code = {literal(town)}"] if town else []
    source = f"(SELECT * FROM {listed.relation} WHERE {' AND '.join(conditions) or 'TRUE'})"
    ids = f"LEFT JOIN ({whole_ids_sql('wanted')}) AS ids USING (person_key)" if "citizen_id" in listed.people else ""
    shown = [
        *(identifier(name) for name in listed.people),
        *(f"wanted.{identifier(name)}" for name in listed.columns),
    ]
    return (
        f"WITH wanted AS {source} SELECT {', '.join(shown)} FROM wanted {ids} LEFT JOIN (SELECT person_key, arg_min(name, person_id) AS name "
        f"FROM core.registry_person_now GROUP BY person_key) AS named USING (person_key) ORDER BY ALL"
    )


def _content(
    con: duckdb.DuckDBPyConnection, feeds: Mapping[str, Feed], asked: Request, listed: List, town: str
) -> tuple[io.BytesIO, int]:
    """The workbook, in memory, and its number of rows."""
    (rows,) = con.execute(f"SELECT count(*) FROM {ROWS}").fetchone() or (0,)
    if rows > SHEET_ROWS:
        raise TerminalError(f"{rows} rows do not fit a worksheet: ask township by township")
    batches = [batch for (batch,) in con.execute("SELECT DISTINCT batch_id FROM ops.batch").fetchall()]
    guard.refuse(guard.inspect_list(con, ROWS, listed.people, feeds, batches))
    (day,) = con.execute("SELECT CAST(as_of AS VARCHAR) FROM ref.run").fetchone() or ("",)
    said = {
        "名单": listed.title, "范围": f"乡镇 {town}" if town else "全县", "接收单位": asked.recipient, "用途": asked.why, "申请号": asked.request_id,
        "审批人": str(asked.decided_by), "数据日期": day, "行数": str(rows),
        "说明": f"实名名单，仅供{asked.recipient}用于上述用途，不得转交、公开，用后销毁。名单是核实线索，不是结论。",
    }  # fmt: skip
    entries = columns.dictionary()
    heads = {name: (PEOPLE[name], "", "") for name in listed.people}
    heads |= {name: (entries[name].label, "", entries[name].meaning) for name in listed.columns}
    content = io.BytesIO()
    workbook(con, ROWS, content, asked, said, heads, {"in_memory": True})
    guard.refuse(guard.hidden_in(content, asked.request_id))
    return content, int(rows)
