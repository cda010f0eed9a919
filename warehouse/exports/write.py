"""The file of an approved export, and whose a file is that was found somewhere."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import duckdb
import xlsxwriter

from connectors import disk
from connectors.errors import TerminalError
from connectors.feed import Feed
from connectors.quoting import identifier, literal
from warehouse import columns, keys
from warehouse.exports import Request, granted, mark, published_columns, requests, written
from warehouse.publish import guard, manifest
from warehouse.publish.snapshot import DATABASE, published

SHEET_ROWS = 1_048_575
AT_ONCE = 10_000
_REQUEST = re.compile(r"E[0-9a-f]{8}(?![0-9a-f])")


def write(
    con: duckdb.DuckDBPyConnection, home: Path, feeds: Mapping[str, Feed], request_id: str, out: Path, who: str
) -> Path:
    """Write the file of an approved request into the folder ``out``; the same request again gives the same file.

    Raises TerminalError for a request that may not be written, for a table that the current snapshot has not, and when the guard finds
    anything in the file: nothing is there then.
    """
    asked = granted(con, request_id)
    snapshot = (published(home) / (asked.snapshot_id or "current")).resolve()
    if not (snapshot / DATABASE).is_file():
        raise TerminalError(f"the snapshot {snapshot.name} of {request_id} is not there any more")
    if gone := sorted(set(asked.columns) - set(published_columns(snapshot, asked.relation)[1])):
        raise TerminalError(f"{asked.relation} has no longer {', '.join(gone)}: ask again")
    batches = [batch for (batch,) in con.execute("SELECT DISTINCT batch_id FROM ops.batch").fetchall()]
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Beside its place, so that it moves there in one step.
    folder = out / f".{request_id}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        file = folder / f"{asked.relation.split('.')[1]}_{request_id}.{asked.format}"
        rows = _make(folder / "export.duckdb", file, snapshot, asked, keys.secret("export_key", home))
        guard.refuse([
            *guard.inspect_database(folder / "export.duckdb", feeds, batches), *guard.inspect_file(file, batches),
        ])  # fmt: skip
        file.chmod(0o600)
        written(con, home, asked, who, snapshot.name, rows, disk.digest(file))
        os.replace(file, out / file.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return out / file.name


def _make(database: Path, file: Path, snapshot: Path, asked: Request, key: str) -> int:
    """The rows as a table that the guard can read, and the file of them; returns how many."""
    entries = columns.dictionary()
    tokens = {name for name in asked.columns if entries[name].sensitivity == "pseudonym"}
    with duckdb.connect(str(database)) as con:
        con.execute(f"ATTACH {literal(str(snapshot / DATABASE))} AS snapshot (READ_ONLY)")
        con.execute(f"CREATE SCHEMA {asked.relation.split('.')[0]}")
        select = mark.marked_sql(
            f"snapshot.{asked.relation}", asked.columns, tokens, asked.recipient, asked.request_id, key
        )
        con.execute(f"CREATE TABLE {asked.relation} AS {select}")
        con.execute("DETACH snapshot")
        (rows,) = con.execute(f"SELECT count(*) FROM {asked.relation}").fetchone() or (0,)
        said = _said(asked, manifest.read(snapshot) or {}, rows)
        if asked.format == "parquet":
            told = ", ".join(f"{identifier(name)}: {literal(text)}" for name, text in said.items())
            con.execute(
                f"COPY (FROM {asked.relation}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{told}}})"
            )
        elif rows > SHEET_ROWS:
            raise TerminalError(f"{rows} rows do not fit a worksheet: ask for parquet")
        else:
            entries = columns.dictionary()
            heads = {name: (name, entries[name].label, entries[name].comment) for name in asked.columns}
            workbook(con, asked.relation, str(file), asked, said, heads, {"constant_memory": True})
    return int(rows)


def _said(asked: Request, head: Mapping[str, Any], rows: int) -> dict[str, str]:
    """What the file openly says of itself."""
    return {
        "表": asked.relation,
        "接收单位": asked.recipient,
        "用途": asked.why,
        "申请号": asked.request_id,
        "审批人": str(asked.decided_by),
        "数据日期": str(head.get("as_of") or ""),
        "快照": str(head.get("snapshot_id") or ""),
        "行数": str(rows),
        "说明": f"仅供{asked.recipient}用于上述用途，不得转交。代号为该单位专用，与其他文件不能对接，可据以查明文件的来源。",
    }


def workbook(
    con: duckdb.DuckDBPyConnection,
    rows: str,
    file: str | IO[bytes],
    asked: Request,
    said: Mapping[str, str],
    heads: Mapping[str, tuple[str, str, str]],
    how: Mapping[str, bool],
) -> None:
    """The relation ``rows`` as a workbook that says whose it is. ``heads``: column → heading, label, meaning; ``how``: where xlsxwriter works."""
    day = dt.date.fromisoformat(said["数据日期"]) if said["数据日期"] else dt.date(2000, 1, 1)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, **how}
    with xlsxwriter.Workbook(file, options) as book:
        # A fixed time: the same export is the same file.
        book.set_properties({
            "title": asked.relation, "subject": f"仅供{asked.recipient}使用", "keywords": asked.request_id,
            "created": dt.datetime.combine(day, dt.time()),
        })  # fmt: skip
        for name, text in said.items():
            book.set_custom_property(name, text[:255])
        head, wrap = (
            book.add_format({"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF"}),
            book.add_format({"text_wrap": True}),
        )
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        about, data = book.add_worksheet("说明"), book.add_worksheet("数据")
        for sheet in (about, data):
            sheet.set_footer(f"&L仅供{asked.recipient.replace('&', '&&')}使用&C申请号 {asked.request_id}&R&P / &N")
            sheet.set_landscape()
            sheet.set_paper(9)
        about.set_column(0, 1, 24)
        about.set_column(2, 3, 60, wrap)
        lines = [(name, text) for name, text in said.items()] + [("", ""), ("列", "中文名", "含义")]
        lines += list(heads.values())
        for number, line in enumerate(lines):
            for index, text in enumerate(line):
                about.write_string(number, index, text, head if index == 0 and text else None)
        data.freeze_panes(1, 0)
        data.repeat_rows(0)
        data.set_column(0, len(heads) - 1, 16)
        for index, (heading, *_) in enumerate(heads.values()):
            data.write_string(0, index, heading, head)
        con.execute(f"FROM {rows}")
        number = 0
        while some := con.fetchmany(AT_ONCE):
            for row in some:
                number += 1
                for index, value in enumerate(row):
                    _cell(data, number, index, value, date)


def _cell(sheet: Any, row: int, column: int, value: Any, date: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, dt.date):
        sheet.write_datetime(row, column, value, date)
    elif isinstance(value, (int, float, Decimal)) and abs(float(value)) < 1e14:
        sheet.write_number(row, column, round(float(value), 9))
    else:
        sheet.write_string(row, column, str(value))


@dataclass(frozen=True)
class Trace:
    """A request whose file this may be: ``tokens`` of ``of`` pseudonyms found are its own; ``named``: the file says so itself."""

    request: Request
    tokens: int
    of: int
    named: bool

    @property
    def is_certain(self) -> bool:
        """Chance gives a wrong request one token in CHANCE: two and twenty times as many as chance are no chance."""
        return self.tokens >= 2 and self.tokens * mark.CHANCE > 20 * self.of


def trace(con: duckdb.DuckDBPyConnection, home: Path, file: Path) -> list[Trace]:
    """The exports of which ``file``, or a part of it, may come, the likeliest first; a file of several has several."""
    texts, tokens = mark.texts(file)
    made = [asked for asked in requests(con) if asked.written_at is not None]
    named = {found for text in (file.name, *texts) for found in _REQUEST.findall(text)}
    counts = mark.matches(con, tokens, [asked.request_id for asked in made], keys.secret("export_key", home))
    found = [Trace(asked, counts[asked.request_id], len(tokens), asked.request_id in named) for asked in made]
    likely = [one for one in found if one.is_certain or one.named or (one.tokens and one.of < mark.CHANCE // 20)]
    return sorted(likely, key=lambda one: (-one.tokens, not one.named, one.request.request_id))
