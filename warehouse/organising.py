"""From a received file to validated rows: staging, as-of date, table-level checks, the suite, the rejects."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import Any

import duckdb

from connectors import settings
from connectors.errors import TerminalError
from connectors.feed import Feed, load_feeds
from connectors.files import read_file
from connectors.quoting import identifier
from connectors.reading import OWN_TEXTS, Reading
from expectations import stage
from expectations.run import validate
from warehouse import keys, sealing, sources, withdrawing
from warehouse.batch import Batch, utc_now, write_json
from warehouse.database import connect
from warehouse.history.deliveries import AREA_DIGITS, ROWS
from warehouse.intake import siblings_of
from warehouse.recording import count_filled

log = logging.getLogger("fupin")

SHRINK_LIMIT = 0.3
# The feed's newest Great Expectations result, which its page in the Data Docs shows.
LATEST_RESULT = ".latest.gx.json"
UNIT_JUMP = (3_000.0, 30_000.0)


def organise(batch: Batch, feed: Feed | None) -> None:
    """Stage and validate ``batch``; it ends ``validated``, or ``blocked`` with every reason at once."""
    reading = Reading.from_json(batch.data["reading"])
    if batch.data.get("withdraws"):
        refusal = None if reading.problems else withdrawing.refusal(settings.home(), batch)
        if problems := [*reading.problems, *([refusal] if refusal else [])]:
            _block(batch, problems)
        else:
            batch.save(state="validated", validated_at=utc_now())
        return
    source = str(batch.data["source"])
    is_reread = bool(batch.data.get("reread")) and feed is not None and feed.dropped
    if feed is None or (reading.problems and not is_reread):
        _block(batch, list(reading.problems))
        return
    text = Path(reading.text_path).name
    wanted = [source] if is_reread else [text if text in OWN_TEXTS else source, sealing.STRUCTURE]
    with sealing.opened(batch, settings.home(), *wanted) as folder:
        reading.relocate(folder, folder / source)
        if is_reread:
            # An engineer had it opened again: the declaration may have been mended since.
            reading = read_file(folder / source, str(batch.data["original_name"]), [feed], folder)
            batch.data["reading"] = reading.to_json()
        if reading.problems:
            _block(batch, list(reading.problems), reread=False)
            return
        try:
            _connected(batch, feed, reading)
        except stage.Misread:
            log.warning("batch %s: records differ from the scan; reading again with care", batch.reference)
            with sealing.opened(batch, settings.home(), source) as again:
                _read_with_care(batch, feed, again)
    if batch.data.get("reread"):
        batch.save(reread=False)
    # From here on the original is read again, if ever.
    sealing.forget_texts(batch)


def _read_with_care(batch: Batch, feed: Feed, folder: Path) -> None:
    # Killed in between, it is read again from the beginning.
    batch.data["reread"] = True
    only = batch.data.get("only")
    feeds = siblings_of(str(batch.data["department"]), load_feeds()) if only else [feed]
    name, source = str(batch.data["original_name"]), folder / str(batch.data["source"])
    reading = read_file(source, name, feeds, folder, careful=True, only=only)
    batch.data["reading"] = reading.to_json()
    try:
        _connected(batch, feed, reading)
    except stage.Misread:
        raise TerminalError(f"batch {batch.reference} cannot be read: its records differ from the scan twice") from None


def _connected(batch: Batch, feed: Feed, reading: Reading) -> None:
    with connect(settings.home(), jailed=True) as con:
        _organise(con, batch, feed, reading)


def _organise(con: duckdb.DuckDBPyConnection, batch: Batch, feed: Feed, reading: Reading) -> None:
    staged = stage.stage(con, batch.folder, feed, reading, keys.present(keys.LANDING, settings.home()))
    problems = list(staged.problems)
    as_of, source, found = _as_of(con, batch, feed, reading, staged)
    problems += found
    figures = _figures(con, feed, staged.present)
    medians = {
        figure["column_name"]: figure["median_yuan"] for figure in figures if figure.get("median_yuan") is not None
    }
    batch.save(
        state="staged", staged_at=utc_now(), present=sorted(staged.present), skipped=staged.skipped, as_of=as_of, as_of_source=source,
        medians=medians, figures=figures, filled=count_filled(con, batch, staged.filled), areas=_areas(con, feed, staged.present),
        rows_read=staged.rows_read, rows_skipped=len(staged.skipped),
    )  # fmt: skip
    if reading.delta:
        batch.save(coverage=ROWS)
    if not batch.data.get("correction_of") and not batch.data.get("accepted"):
        problems += _compare_with_last(batch, feed, reading, staged.rows_read, medians)
    validation = validate(con, feed, "staged_rows", staged.present)
    write_json(batch.folder / "gx.json", validation.summary)
    write_json(batch.folder.parent / LATEST_RESULT, validation.summary)
    known = {problem["code"] for problem in problems}
    problems += [problem for problem in validation.blocking if problem["code"] not in known]
    quarantined = stage.write_rejects(con, batch.folder, reading, staged, validation.rejected)
    if staged.rows_read and quarantined == staged.rows_read and not problems:
        problems.append(
            {
                "code": "ALL_ROWS_REJECTED",
                "message": "文件的每一行都有错误，没有可以接收的数据。请先按“退回行”改正一行试送。",
            }
        )
    changes: dict[str, Any] = {
        "rows_quarantined": quarantined,
        "rows_landed": staged.rows_read - quarantined,
        "warnings": validation.warnings,
    }
    if problems:
        _block(batch, problems, **{**changes, "rows_landed": 0})
    else:
        batch.save(state="validated", validated_at=utc_now(), **changes)


def _block(batch: Batch, problems: list[dict[str, Any]], **changes: Any) -> None:
    reason = ",".join(dict.fromkeys(str(problem["code"]) for problem in problems)) or "UNRECOGNISED"
    log.warning("batch %s blocked: %s", batch.reference, reason)
    batch.save(state="blocked", problems=problems, reason=reason, validated_at=utc_now(), **changes)


def _as_of(
    con: duckdb.DuckDBPyConnection, batch: Batch, feed: Feed, reading: Reading, staged: stage.Staged
) -> tuple[str | None, str, list[dict[str, str]]]:
    """The batch's as-of date, where it came from, and problems. Column first, then the reader's title or file name, then the day of receipt."""
    received = dt.datetime.fromisoformat(str(batch.data["received_at"])).date()
    if inherited := batch.data.get("corrected_as_of"):
        return str(inherited), "correction", []
    found: dt.date | None = None
    source = ""
    if feed.as_of_column in staged.present:
        name = identifier(str(feed.as_of_column))
        row = con.execute(
            f"SELECT {name}, count(*) AS n FROM staged_rows WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 DESC LIMIT 1"
        ).fetchone()
        if row is not None:
            found, source = row[0], "column"
    if found is None and reading.as_of:
        found, source = dt.date.fromisoformat(reading.as_of), str(reading.as_of_source)
    if found is None:
        return received.isoformat(), "received", []
    # Ledger times are UTC; the county's day is eight hours ahead.
    if found > received + dt.timedelta(days=1):
        message = f"数据日期 {found} 晚于收到文件的日期 {received}。请核对数据日期。"
        return found.isoformat(), source, [{"code": "AS_OF_FUTURE", "message": message}]
    return found.isoformat(), source, []


def _figures(con: duckdb.DuckDBPyConnection, feed: Feed, present: set[str]) -> list[dict[str, Any]]:
    """What the batch's columns come to, in one scan: of each money column the sum and the median of the positive amounts (which shows a file in
    万元 that says 元), of each column of the key how many rows leave it empty.
    """
    columns = [column for column in feed.columns if column.name in present]
    wanted = {
        **{
            (column.name, name): sql.format(identifier(column.name))
            for column in columns
            if column.type == "money"
            for name, sql in (
                ("median_yuan", "approx_quantile({0}, 0.5) FILTER ({0} > 0)"),
                ("total_yuan", "CAST(sum({0}) AS VARCHAR)"),
            )
        },
        **{
            (column.name, "empty_rows"): f"count(*) FILTER ({identifier(column.name)} IS NULL)"
            for column in columns
            if column.name in feed.key
        },
    }
    if not wanted:
        return []
    row = con.execute(f"SELECT {', '.join(wanted.values())} FROM staged_rows").fetchone() or ()
    found: dict[str, dict[str, Any]] = {}
    for (column, name), value in zip(wanted, row, strict=True):
        found.setdefault(column, {})[name] = float(value) if name == "median_yuan" and value is not None else value
    return [{"column_name": name, "column_label": feed.column(name).label, **values} for name, values in found.items()]


def _areas(con: duckdb.DuckDBPyConnection, feed: Feed, present: set[str]) -> list[str]:
    """The townships that a full list's rows lie in."""
    if feed.partial_by is None or feed.partial_by not in present:
        return []
    area = f"left({identifier(feed.partial_by)}, {AREA_DIGITS})"
    rows = con.execute(
        f"SELECT DISTINCT {area} AS area FROM staged_rows WHERE {area} IS NOT NULL ORDER BY 1"
    ).fetchall()
    return [str(name) for (name,) in rows]


def _compare_with_last(
    batch: Batch, feed: Feed, reading: Reading, rows: int, medians: dict[str, float]
) -> list[dict[str, str]]:
    """Table-level comparison with the feed's last merged file: a collapsed row count, an amount that jumped by about 10,000.

    A list that collapsed to one township is that township's own file: it is taken as such, and the receipt says so. A delta's length
    says nothing, but there must have been a list that it changes.
    """
    last = sources.last(settings.home(), feed.name)
    if reading.delta and not last.get("rows") and not sources.has_list(settings.home(), feed.name):
        message = "还没有收到过全量名单，无法按增量处理。请先报送一次全量名单。"
        return [{"code": "DELTA_WITHOUT_LIST", "message": message}]
    if not last:
        return []
    problems = []
    limit = settings.number("shrink_limit", SHRINK_LIMIT)
    areas = batch.data["areas"]
    # A delta may be as short as it likes; its amounts are compared all the same.
    is_short = not reading.delta and rows < (1 - limit) * last["rows"]
    if is_short and len(areas) == 1 and len(last.get("areas") or ()) > 1:
        reading.notes.append(f"只有一个乡镇（{areas[0]}）的数据，按这个乡镇的报送处理，其他乡镇的记录不受影响。")
        batch.save(coverage=areas[0], reading=reading.to_json())
    elif is_short and feed.mode == "snapshot":
        gone = 1 - rows / last["rows"]
        problems.append({
            "code": "ROW_COUNT_COLLAPSE",
            "message": f"本次 {rows} 行，上次 {last['rows']} 行，少了 {gone:.0%}。如果只报新增和变更的记录，请在文件名里写明“增量”后重新报送；"
            "如果漏了记录，请补齐；如果确实减少，请联系数据工程师放行。",
        })  # fmt: skip
    low, high = UNIT_JUMP
    for name, value in medians.items():
        before = last.get("medians", {}).get(name)
        if before and value and (low < value / before < high or low < before / value < high):
            label = feed.column(name).label
            problems.append(
                {"code": "UNIT_JUMP", "message": f"“{label}”与上次相比相差约一万倍，请核对单位是元还是万元。"}
            )
    return problems
