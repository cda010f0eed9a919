"""The poverty office's clerks, whom review lists ask: three records without an id, and four people whom they could be."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import duckdb
import openpyxl

from connectors.feed import load_feeds
from expectations import normalise
from warehouse import identity, keys, reviewing, tasks
from warehouse.batch import Batch
from warehouse.database import open_warehouse
from warehouse.history.schema import create_tables
from warehouse.history.tables import OPEN_DATE, OPEN_TIME
from warehouse.merging import load_time

FEEDS = load_feeds()
GOUBANGZI, DAFOSI = "210782008004", "210782004001"
# Ids of the division 2199, which was never assigned.
IDS = {11: "219901201005020018", 12: "219902201005030029", 13: "219903196003040036", 14: "219904197007080044"}
PUPIL, OTHER_PUPIL, ELDER = "1001", "1002", "2107820000000001"


class County:
    """The poverty office and its warehouse, at a data root of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.outbox = home / "outbox" / "fupinban"
        self.inbox = home / "ingest" / "fupinban"

    def settle(self) -> None:
        self.inbox.mkdir(parents=True)
        with self.warehouse() as con:
            create_tables(con, FEEDS.values())
            _people(con)

    def warehouse(self) -> Any:
        return open_warehouse(self.home)

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        with self.warehouse() as con:
            return con.execute(sql).fetchall()

    def find(self, feed: str, record: str, *candidates: int, decision: str = "review") -> None:
        """What the probabilistic tier leaves behind: the candidates of a record, best first."""
        with self.warehouse() as con:
            for place, key in enumerate(candidates, 1):
                con.execute(
                    f"INSERT INTO core.link_candidate SELECT ?, {record}, ?, ?, ?, ?, ?, 'model', 'v1'",
                    [feed, key, 9.0 - place, 0.9 - place / 10, place, decision],
                )

    def night(self) -> dict[str, int]:
        """What follows when candidates have been found: answers, who is who, lists."""
        with self.warehouse() as con:
            normalise.install(con)
            identity.install(con, keys.secret("identity_key", self.home))
            con.execute("BEGIN")
            before = reviewing.who_is_who(con)
            counts = reviewing.follow(con, FEEDS, load_time(con), self.home / "outbox")
            counts["changed"] = int(reviewing.who_is_who(con) != before)
            con.execute("COMMIT")
        return {name: counts[name] for name in ("decided", "changed", "pending", "lists")}

    def lists(self) -> list[str]:
        return sorted(path.name for path in self.outbox.glob("人员核对_*.xlsx"))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a list by header; a header that stands again belongs to the next candidate: 姓名, 候选1姓名, …"""
        sheet = openpyxl.load_workbook(self.outbox / name)["核对表"]
        found = []
        for cells in sheet.iter_rows(min_row=5, values_only=True):
            found.append(dict(zip(headers_of(sheet), cells, strict=True)))
        return found

    def answer(
        self,
        name: str,
        answers: dict[str, str],
        as_: str | None = None,
        note: str = "已核对户口簿",
        other: str | None = None,
    ) -> dict[str, Any]:
        """A clerk fills in a list (name of the record → conclusion, ``other``: an id) and drops it back; the batch as it ends."""
        book = openpyxl.load_workbook(self.outbox / name)
        sheet = book["核对表"]
        headers = headers_of(sheet)
        for row in range(5, sheet.max_row + 1):
            who = sheet.cell(row, headers.index("姓名") + 1).value
            if who in answers:
                for header, value in zip(
                    ("结论", "核对人", "备注", "另有其人的身份证号"), (answers[who], "赵明", note, other), strict=True
                ):
                    sheet.cell(row, headers.index(header) + 1).value = value
        return self.drop(book, as_ or f"回{time.monotonic_ns()}_{name}")

    def drop(self, book: openpyxl.Workbook, name: str) -> dict[str, Any]:
        path = self.inbox / name
        book.save(path)
        os.utime(path, (time.time() - 3600,) * 2)
        (reference,) = tasks.collect("link_review")
        feed, batch_id = reference.split("/")
        assert feed == "link_review", "the list was not recognised"
        tasks.organise(feed, batch_id)
        tasks.merge(feed, batch_id)
        tasks.feedback(feed, batch_id)
        return Batch.load(self.home, reference).data

    def pupil(self, key: str = PUPIL) -> tuple[Any, ...]:
        return self.asked(
            f"SELECT person_key, link_method FROM core.education_enrollment_now WHERE student_key = {key}"
        )[0]

    def decisions(self) -> list[tuple[Any, ...]]:
        return self.asked(
            "SELECT kind, person_key, undone_at IS NULL FROM core.identity_decision ORDER BY decided_at, kind, person_key"
        )


def headers_of(sheet: Any) -> list[str]:
    headers: list[str] = []
    for cell in next(sheet.iter_rows(min_row=4, max_row=4)):
        band = next(
            (sheet.cell(3, merged.min_col).value for merged in sheet.merged_cells.ranges
             if merged.min_row == 3 and merged.min_col <= cell.column <= merged.max_col), "",
        )  # fmt: skip
        headers.append((band if band.startswith("候选") else "") + cell.value)
    return headers


def _insert(con: duckdb.DuckDBPyConnection, feed: str, **values: Any) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    con.execute(
        f"INSERT INTO core.{feed} ({names}, valid_from, valid_to, recorded_from, recorded_to, batch_id, source_row) "
        f"VALUES ({', '.join('?' for _ in values)}, DATE '2019-06-30', {OPEN_DATE}, TIMESTAMP '2019-07-01', {OPEN_TIME}, 'b{feed}', "
        f"(SELECT 2 + count(*) FROM core.{feed}))",
        list(values.values()),
    )


def _people(con: duckdb.DuckDBPyConnection) -> None:
    """Two pupils and an old man without an id; four people whom they could be."""
    con.execute(
        "INSERT INTO ops.batch (batch_id, feed, state, as_of, as_of_source, merged_at) "
        "VALUES ('b', 'village', 'merged', DATE '2019-06-30', 'column', TIMESTAMP '2019-07-01')"
    )
    for key, value in IDS.items():
        con.execute("INSERT INTO core.identity VALUES ('citizen_id', ?, ?, 'b')", [value, key])
    register = [
        (11, "张小明", "2010-05-02", "1", GOUBANGZI, "H1", "20"), (12, "张晓明", "2010-05-03", "1", GOUBANGZI, "H2", "20"),
        (13, "张建国", "1960-03-04", "1", GOUBANGZI, "H1", "02"), (14, "张建军", "1970-07-08", "1", GOUBANGZI, "H2", "02"),
    ]  # fmt: skip
    for key, name, born, sex, village, number, relation in register:
        _insert(con, "household_registration", person_key=key, name=name, birth_date=born, sex_code=sex, village_code=village,
                hukou_no=number, relation_code=relation, link_method="id18")  # fmt: skip
    _insert(
        con, "registry_household", household_id="21078200000001", village_code=DAFOSI, head_name="李德福", person_key=99
    )
    _insert(con, "registry_person", person_id=ELDER, household_id="21078200000001", name="李老栓", birth_date="1940-01-01",
            sex_code="1", relation_code="11", person_key=501, link_method="none")  # fmt: skip
    _insert(con, "education_enrollment", student_key=int(PUPIL), name="张小明", birth_date="2010-05-02", sex_code="1",
            guardian_name="张建国", link_method="none")  # fmt: skip
    _insert(con, "education_enrollment", student_key=int(OTHER_PUPIL), name="=张大明", birth_date="2011-05-02", sex_code="1",
            guardian_name=None, link_method="none")  # fmt: skip
