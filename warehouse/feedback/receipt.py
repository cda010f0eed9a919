"""Write the receipt of one batch: streamed, atomic, one file per batch."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from connectors import settings
from connectors.feed import Feed
from expectations.parquet import parquet_sql
from warehouse import keys
from warehouse.feedback import names, recognised, returned, summary
from warehouse.feedback.content import Receipt
from warehouse.feedback.reasons import Explainer
from warehouse.feedback.style import Styles

CHUNK = 2_000


def _rows(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[tuple[int, list[dict[str, Any]], list[str | None]]]:
    cursor = con.execute(f"SELECT _row, reasons, cells FROM {parquet_sql(path)} ORDER BY _row")
    while chunk := cursor.fetchmany(CHUNK):
        yield from chunk


def _reasons(con: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str, str | None, str | None, int, int]]:
    return con.execute(
        'SELECT reason.code, reason."column", reason.rule, count(DISTINCT _row) AS n, min(_row) AS first '
        f"FROM (SELECT _row, unnest(reasons) AS reason FROM {parquet_sql(path)}) GROUP BY ALL ORDER BY n DESC, first, 1, 2"
    ).fetchall()


def _created(batch: Mapping[str, Any]) -> dt.datetime:
    """A time that a second run repeats: when the file came."""
    try:
        return dt.datetime.fromisoformat(str(batch.get("received_at"))).replace(tzinfo=None, microsecond=0)
    except ValueError:
        return dt.datetime(2000, 1, 1)


def write_receipt(
    outbox: Path, batch: Mapping[str, Any], feed: Feed | None, rejects_parquet: Path | None, header: Sequence[str]
) -> Path:
    """Write the receipt of ``batch`` (batch.json as a dict) into ``outbox``; returns its path.

    ``rejects_parquet``: one row per rejected row (_row BIGINT, reasons STRUCT(code, "column", rule)[], cells VARCHAR[]), or None.
    ``header``: the sender's header cells. Writing again replaces the batch's own receipt and no other. Cells keep the sender's
    text, since that is what has to be corrected; every one is inert.
    """
    outbox.mkdir(parents=True, exist_ok=True)
    reading = dict(batch.get("reading") or {})
    headers = {name: header[index] for name, index in (reading.get("mapping") or {}).items() if index < len(header)}
    has_rejects = rejects_parquet is not None and rejects_parquet.exists()
    # What the writer spills is the sender's rows: it may lie in the batch's own folder or the sender's outbox, nowhere else.
    spill = (rejects_parquet.parent if has_rejects and rejects_parquet else outbox) / f".receipt-{batch['batch_id']}"
    shutil.rmtree(spill, ignore_errors=True)
    spill.mkdir(mode=0o700)
    temporary = outbox / f".{batch['batch_id']}.tmp"
    # Left by a killed run it may be a second name of a finished receipt: it must not be written through.
    temporary.unlink(missing_ok=True)
    try:
        with duckdb.connect(config={"threads": 1, "memory_limit": "512MB", "temp_directory": str(spill)}) as con:
            receipt = Receipt(
                batch=batch, feed=feed, header=list(header), explainer=Explainer(feed, headers), reading=reading
            )
            if has_rejects and rejects_parquet:
                keys.unlock(con, settings.home())
                receipt.reasons = _reasons(con, rejects_parquet)
            _write(
                temporary, spill, receipt, _rows(con, rejects_parquet) if has_rejects and rejects_parquet else iter(())
            )
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.chmod(temporary, 0o640)
        identity = f"{batch.get('feed') or ''}/{batch['batch_id']}"
        return names.place(temporary, outbox, str(batch.get("original_name") or ""), identity)
    finally:
        temporary.unlink(missing_ok=True)
        shutil.rmtree(spill, ignore_errors=True)


def _write(
    path: Path, spill: Path, receipt: Receipt, rows: Iterator[tuple[int, list[dict[str, Any]], list[str | None]]]
) -> None:
    options = {
        "constant_memory": True,
        "tmpdir": str(spill),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    batch = receipt.batch
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": "数据报送回执", "created": _created(batch)})
        book.set_custom_property(names.BATCH_PROPERTY, f"{batch.get('feed') or ''}/{batch['batch_id']}")
        styles = Styles(book)
        summary.write(book, styles, receipt)
        returned.write(book, styles, receipt, rows)
        recognised.write(book, styles, receipt)
