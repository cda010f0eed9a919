"""What the tests of receipts share: a batch of loans with its rejected rows, and a receipt as its reader sees it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import openpyxl

from connectors.feed import load_feeds

FEEDS = load_feeds()
LOAN = FEEDS["bank_loan"]
HEADER = ["序号", "借据号", "借款人姓名", "借款人证件号", "贷款金额", "贷款余额", "发放日期", "到期日期", "数据日期"]
MAPPING = {
    "loan_no": 1,
    "name": 2,
    "citizen_id": 3,
    "amount_yuan": 4,
    "balance_yuan": 5,
    "issued_date": 6,
    "due_date": 7,
    "data_date": 8,
}
GOOD = ["1", "JD0001", "张三", "21990019700101002X", "5", "5", "2018-06-01", "2020-06-01", "2019-06-30"]
BATCH = {
    "batch_id": "3fa9c1d2e4b5a697",
    "feed": "bank_loan",
    "department": "yinhang",
    "original_name": "贷款台账.csv",
    "state": "merged",
    "received_at": "2019-07-03T01:12:33.123456",
    "as_of": "2019-06-30",
    "as_of_source": "column",
    "rows_read": 10,
    "rows_landed": 9,
    "rows_quarantined": 1,
    "rows_skipped": 0,
    "reading": {
        "format": "csv",
        "encoding": "utf-8",
        "delimiter": ",",
        "header_row": 1,
        "header": HEADER,
        "mapping": MAPPING,
        "units": {},
    },
}


def rejects(
    folder: Path, rows: list[tuple[int, list[tuple[str, str | None, str | None]], list[str | None] | None]]
) -> Path:
    """rejects.parquet with (row, [(code, column, rule)], cells)."""
    path = folder / "rejects.parquet"
    with duckdb.connect() as con:
        con.execute(
            'CREATE TABLE r (_row BIGINT, reasons STRUCT(code VARCHAR, "column" VARCHAR, rule VARCHAR)[], cells VARCHAR[])'
        )
        for row, reasons, cells in rows:
            con.execute(
                "INSERT INTO r VALUES (?, ?, ?)",
                [row, [dict(zip(("code", "column", "rule"), r, strict=True)) for r in reasons], cells],
            )
        con.execute(f"COPY r TO '{path}' (FORMAT parquet)")
    return path


def book(path: Path) -> dict[str, list[list[object]]]:
    found = openpyxl.load_workbook(path)
    try:
        return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in found}
    finally:
        found.close()


def text_of(path: Path, sheet: str) -> str:
    return "\n".join(str(cell) for row in book(path)[sheet] for cell in row if cell is not None)


def outbox_files(outbox: Path) -> list[str]:
    return sorted(path.name for path in outbox.iterdir())
