"""What a receipt speaks of, and what happened to the delivery in one sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.feed import Feed
from warehouse.batch import BEIJING
from warehouse.feedback.reasons import Explainer
from warehouse.feedback.style import AMBER, GREEN, GREY, RED

AS_OF_SOURCES = {
    "column": "取自文件中的数据日期列",
    "title": "取自标题行",
    "file_name": "取自文件名",
    "received": "文件里没有写，按收到文件的日期计",
    "correction": "与所更正的批次相同",
}


@dataclass
class Receipt:
    """What the sheets need: the batch, its feed (None if unrecognised), the header, reasons as (code, column, rule, rows, first row)."""

    batch: Mapping[str, Any]
    feed: Feed | None
    header: Sequence[str]
    explainer: Explainer
    reasons: Sequence[tuple[str, str | None, str | None, int, int]] = ()
    reading: Mapping[str, Any] = field(default_factory=dict)

    def count(self, name: str) -> int:
        return int(self.batch.get(name) or 0)


def local_time(text: object) -> str:
    """A ledger time (UTC) as the county's clock shows it."""
    try:
        return (dt.datetime.fromisoformat(str(text)).replace(tzinfo=None) + BEIJING).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return "" if text is None else str(text)


def verdict(receipt: Receipt) -> tuple[str, str, str]:
    """(short word, one plain sentence, colour) of what happened to the delivery."""
    batch = receipt.batch
    read, landed, back = receipt.count("rows_read"), receipt.count("rows_landed"), receipt.count("rows_quarantined")
    match batch.get("state"):
        case "duplicate":
            when = local_time(batch["duplicate_received_at"]) + " " if batch.get("duplicate_received_at") else "以前"
            return (
                "重复报送",
                f"内容与{when}收到的批次 {batch.get('duplicate_of') or ''} 完全相同，没有重复入库，不需要再做什么。",
                GREY,
            )
        case "withdrawn":
            when = local_time(batch.get("withdrawn_at"))
            return "已撤回", f"这个文件已于 {when} 撤回，其中的内容不再算数。同一文件可以重新报送。", GREY
        case "request":
            return "已撤回", f"批次 {batch.get('withdraws')} 已按要求撤回，其中的内容不再算数。", GREEN
        case "blocked" if batch.get("withdraws"):
            return "没有撤回", "没有找到要撤回的报送，什么都没有改变。", RED
        case "blocked":
            return "整批退回", "这个文件没有入库，请按下面的说明改正后重新报送整个文件。", RED
    if back and not landed:
        return "整批退回", f"{read} 行全部有错误，没有一行入库，请改正后重新报送。", RED
    if back:
        return (
            "部分退回",
            f"共 {read} 行，{landed} 行已接收，{back} 行有错误退回。请在“退回行”中改正后重新报送。",
            AMBER,
        )
    return "已接收", f"共 {read} 行，全部接收，不需要再做什么。", GREEN


def as_of(batch: Mapping[str, Any]) -> str:
    """The date that the data speak of, and where it was read."""
    if not batch.get("as_of"):
        return "没有读出"
    source = str(batch.get("as_of_source") or "")
    return f"{batch['as_of']}（{AS_OF_SOURCES.get(source, source)}）" if source else str(batch["as_of"])
