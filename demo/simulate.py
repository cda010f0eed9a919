"""The synthetic county: ten departments' files and the truth beside them, from a number of people and a seed.

Everything is drawn in DuckDB SQL by hashing (thing, seed), so one seed gives the same files on any machine. Nobody in
it can be a living person: all citizen ids are of the unassigned divisions 2199xx; phones are of the range 1440, which
serves machines.

Scale: about 4.8 rows per person over ten feeds, a fifth of the people registered. From 20,000 people on, exactly 1,542
people in registered households are still poor (脱贫属性 未脱贫 or 返贫); below, in proportion (never none). Four
villages have not exited.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from connectors import settings
from connectors.errors import TerminalError
from connectors.feed import Feed, load_feeds
from demo import identity as unclear
from demo import monitoring as planted_rules
from demo import truth
from demo.layouts import IDENTITY_LAYOUTS, LAYOUTS, SHEET_LIMIT, Layout, headers_of
from demo.write import Sheet, plan, quote, rows_of, settle, spoil, write_sheet, write_text

HERE = Path(__file__).resolve().parent
BASE = date(2019, 6, 30)
CHANGED_AS_OF = date(2019, 7, 31)
POOR = 1542
POOR_FROM = 20_000
PEOPLE = range(100, 20_000_001)
IN_MEMORY = 2_000_000


def simulate(
    people: int,
    seed: int,
    out: Path,
    dirt: str = "real",
    fmt: str | None = None,
    progress: Callable[[str], Any] = print,
    *,
    as_of: date | None = None,
    changed: float = 0.0,
    delta: bool = False,
    identity: bool = False,
    monitoring: bool = False,
    memory_gb: float = 3.0,
) -> dict[str, Any]:
    """Write ``out/ingest/<department>/<file>`` and ``out/truth/*.parquet``; return files, rows, county figures.

    ``dirt``: ``none`` (UTF-8 CSV, canonical values) or ``real`` (as departments send them). ``fmt``: ``csv`` or
    ``mixed`` (small files as xlsx); default csv for clean files, mixed for real ones. ``changed``: per cent of each
    feed's rows that differ from the same county a month before (as-of 2019-07-31). ``delta``: only the rows that ``changed``, in
    files marked 增量 (no file where nothing changed); the truth's rows are those of the files. ``identity``: with people and rows
    that are hard to tell apart, four more feeds and, with ``changed``, a month's life events (``demo.identity``). ``monitoring``: every feed, with a
    situation for each rule (``demo.monitoring``). Raises TerminalError for arguments
    that make no county.
    """
    if people not in PEOPLE:
        raise TerminalError(f"people must be {PEOPLE.start} to {PEOPLE.stop - 1}")
    if dirt not in ("none", "real") or fmt not in (None, "csv", "mixed"):
        raise TerminalError("dirt must be none or real, format csv or mixed")
    if dirt == "none" and fmt == "mixed":
        raise TerminalError("clean files are CSV only")
    if identity and monitoring:
        raise TerminalError("a county is hard to tell apart or has something for every rule, not both")
    if not 0 <= changed <= 100:
        raise TerminalError("changed must be 0 to 100 per cent")
    if delta and not changed:
        raise TerminalError("a delta needs a share of changed rows")
    if delta and (identity or monitoring):
        raise TerminalError("a delta is of the plain county: what else happens in a month needs full lists")
    day = as_of or (CHANGED_AS_OF if changed else BASE)
    if day < BASE:
        raise TerminalError(f"as_of must not be before {BASE}")
    fmt = fmt or ("csv" if dirt == "none" else "mixed")
    declared = load_feeds([settings.ROOT / "connectors" / "feeds"])
    # A feed is simulated when a layout and a query of its own say what the county sends.
    layouts = {**LAYOUTS, **IDENTITY_LAYOUTS} if identity else LAYOUTS
    if monitoring:
        layouts = {**_plain_layouts(declared), **IDENTITY_LAYOUTS, **LAYOUTS}
    feeds = {name: feed for name, feed in declared.items() if name in layouts}
    out = Path(out).resolve()
    (out / "truth").mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".simulate-", dir=out))
    try:
        # Up to two million people the tables stay in memory (and spill); above, they are compressed on disk.
        place = ":memory:" if people <= IN_MEMORY else str(work / "county.duckdb")
        with duckdb.connect(
            place,
            config={"memory_limit": f"{memory_gb}GB", "temp_directory": str(work / "spill")},
        ) as con:
            _county(con, people, seed, day, changed)
            if identity:
                unclear.people(con)
            progress(f"{people:,} people drawn")
            truth.begin(con, identity)
            if monitoring:
                for feed in feeds.values():
                    _canonical(con, feed, identity)
                    unclear.note(con, feed)
                planted_rules.plant(con)
                planted_rules.write(con, out / "truth")
                progress("situations planted")
            files = []
            for name, past_day in (planted_rules.past(con) if monitoring else {}).items():
                files.append(_past_file(con, feeds[name], layouts[name], out, past_day))
                progress(f"{files[-1]['file']}: {files[-1]['rows']:,} rows")
            for feed in feeds.values():
                if not monitoring:
                    _canonical(con, feed, identity)
                truth.note(con, feed)
                if delta and not _only_changed(con, feed, changed):
                    con.execute(f"DROP TABLE c_{feed.name}")
                    continue
                mark = "增量" if delta else ""
                files.append(_department_file(con, feed, layouts[feed.name], out, day, dirt, fmt, identity, mark))
                progress(f"{files[-1]['file']}: {files[-1]['rows']:,} rows")
            figures = truth.finish(con, out / "truth", identity)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return {
        "people": people,
        "seed": seed,
        "as_of": day.isoformat(),
        "rows": sum(file["rows"] for file in files),
        "files": files,
        "county": figures,
    }


def _county(con: duckdb.DuckDBPyConnection, people: int, seed: int, day: date, changed: float) -> None:
    poor = POOR if people >= POOR_FROM else max(1, round(POOR * people / POOR_FROM))
    variables: dict[str, Any] = {
        "seed": seed,
        "people": people,
        "poor": poor,
        "base": BASE,
        "as_of": day.isoformat(),
        "changed": float(changed),
        "divisions": str(HERE / "divisions_210782.csv"),
    }
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = ?", [value])
    for name in ("macros", "county", "projects", "help"):
        con.execute((HERE / f"{name}.sql").read_text(encoding="utf-8"))


def _plain_layouts(declared: dict[str, Feed]) -> dict[str, Layout]:
    """What departments without habits send: every feed that has a query of its own."""
    return {name: Layout(feed.title) for name, feed in declared.items() if (HERE / "feeds" / f"{name}.sql").is_file()}


def _select(feed: Feed) -> str:
    return (HERE / "feeds" / f"{feed.name}.sql").read_text(encoding="utf-8").rstrip().rstrip(";")


def _canonical(con: duckdb.DuckDBPyConnection, feed: Feed, identity: bool) -> None:
    """Table ``c_<feed>``: the feed's canonical rows."""
    if identity:
        unclear.rows(con, feed, _select(feed))
    else:
        con.execute(
            f"CREATE OR REPLACE TABLE c_{feed.name} AS SELECT row_number() OVER () AS n, * FROM ({_select(feed)})"
        )


def _only_changed(con: duckdb.DuckDBPyConnection, feed: Feed, changed: float) -> int:
    """Keep of ``c_<feed>`` what the feed did not say a month before; returns how many rows that is."""
    sent = {name for name, *_ in rows_of(con, f"DESCRIBE c_{feed.name}")}
    said = ", ".join(f'"{column.name}"' for column in feed.columns if column.name in sent - {feed.as_of_column})
    con.execute("SET VARIABLE changed = 0.0")
    con.execute(f"CREATE OR REPLACE TEMP TABLE before AS SELECT hash({said}) AS content FROM ({_select(feed)})")
    con.execute("SET VARIABLE changed = ?", [changed])
    con.execute(
        f"CREATE OR REPLACE TABLE c_{feed.name} AS SELECT row_number() OVER (ORDER BY n) AS n, * EXCLUDE (n) FROM c_{feed.name} "
        f"WHERE hash({said}) NOT IN (SELECT content FROM before) ORDER BY n"
    )
    con.execute("DROP TABLE before")
    return int(rows_of(con, f"SELECT count(*) FROM c_{feed.name}")[0][0])


def _past_file(con: duckdb.DuckDBPyConnection, feed: Feed, layout: Layout, out: Path, day: str) -> dict[str, Any]:
    """The delivery of ``past_<feed>``: clean, and not in the truth about the rows of the files."""
    folder = out / "ingest" / feed.department
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{layout.stem}_{day.replace('-', '')}.csv"
    temporary = folder / f".{path.name}.part"
    _write_clean(con, feed, f"past_{feed.name}", temporary)
    rows = rows_of(con, f"SELECT count(*) FROM past_{feed.name}")[0][0]
    settle(temporary, path)
    return _described(feed, path, rows)


def _write_clean(con: duckdb.DuckDBPyConnection, feed: Feed, source: str, path: Path) -> None:
    names = ", ".join(f'"{c.name}" AS "{label}"' for c, label in zip(feed.columns, headers_of(feed, None), strict=True))
    # COPY keeps the order of the table, and so the row numbers of the truth.
    con.execute(f"COPY (SELECT {names} FROM {source}) TO {quote(path)} (FORMAT csv, HEADER)")


def _described(feed: Feed, path: Path, rows: int) -> dict[str, Any]:
    return {
        "feed": feed.name,
        "department": feed.department,
        "file": path.name,
        "rows": rows,
        "bytes": path.stat().st_size,
    }


def _department_file(
    con: duckdb.DuckDBPyConnection,
    feed: Feed,
    layout: Layout,
    out: Path,
    day: date,
    dirt: str,
    fmt: str,
    identity: bool,
    mark: str,
) -> dict[str, Any]:
    """One feed's file and its truth, from ``c_<feed>``; it appears under its name, with ``mark`` in it, only when it is whole."""
    sent = {name for name, *_ in rows_of(con, f"DESCRIBE c_{feed.name}")}
    feed = replace(feed, columns=tuple(column for column in feed.columns if column.name in sent))
    rows = rows_of(con, f"SELECT count(*) FROM c_{feed.name}")[0][0]
    kind = "xlsx" if fmt == "mixed" and layout.format == "xlsx" and rows < SHEET_LIMIT else "csv"
    folder = out / "ingest" / feed.department
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{layout.stem}{mark}_{day:%Y%m%d}.{kind}"
    temporary = folder / f".{path.name}.part"
    if dirt == "real":
        sheet = Sheet(feed, layout, day)
        writable, planted = plan(con, feed, layout, kind, identity)
        spoil(con, feed, layout, writable, planted)
        if kind == "xlsx":
            write_sheet(con, sheet, temporary)
        else:
            write_text(con, sheet, planted, temporary)
        rows = truth.dirty_rows(con, feed, path.name, sheet, writable, planted, identity)
        con.execute(f"DROP TABLE d_{feed.name}")
    else:
        _write_clean(con, feed, f"c_{feed.name}", temporary)
        rows = truth.clean_rows(con, feed, path.name, identity)
    if identity:
        unclear.note(con, feed)
    con.execute(f"DROP TABLE c_{feed.name}")
    settle(temporary, path)
    return _described(feed, path, rows)
