"""A site's own interface feed from its TOML to the receipt: first pull, news only, an outage, a false answer, and no secret anywhere."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.errors import TransientError
from tests.connectors.test_rest_support import CONN, SECRET, Asked, Reply, connection, serve

ORCHARDS = """
name = "orchard_api"
department = "linye"
department_title = "市林业局"
title = "果园登记"
grain = "one row per orchard"
mode = "upsert"
key = ["orchard_no"]
subject = ["citizen_id"]
legal_basis = "地方试点"
purpose = "产业帮扶"

[source]
kind = "rest"
connection = "test_rest"
path = "/orchards"
records = "data.list"
total = "data.total"
[source.ok]
field = "code"
values = [0]
[source.paging]
kind = "page"
param = "page"
size_param = "size"
size = 2
[source.auth]
kind = "api_key"
param = "appkey"
[source.watermark]
field = "updateTime"
param = "since"
[source.limits]
attempts = 2
backoff_seconds = 0.01

[[columns]]
name = "orchard_no"
type = "text"
aliases = ["果园编号", "orchardNo"]
required = true

[[columns]]
name = "citizen_id"
type = "citizen_id"
aliases = ["经营者身份证号", "owner.idCard"]
required = true
sensitivity = "identifier"
personal_id = ["id18"]

[[columns]]
name = "area_mu"
type = "number"
aliases = ["面积", "area"]
unit = "亩"
"""
OWNER = "219901198003050118"


class Forestry:
    """The bureau's interface: orchards by number with their time of change, two a page, newest last."""

    def __init__(self) -> None:
        self.orchards: dict[str, tuple[float, str, int]] = {}
        self.broken_at: str | None = None
        self.says_error = False

    def play(self, asked: Asked, number: int) -> Reply:
        assert asked.params["appkey"] == SECRET
        if self.says_error:
            return Reply({"code": 500, "msg": f"{OWNER} 不存在", "data": None})
        if asked.params["page"] == self.broken_at:
            return Reply(status=502)
        known = sorted(self.orchards.items(), key=lambda one: (one[1][1], one[0]))
        news = [one for one in known if one[1][1] >= asked.params.get("since", "")]
        first = (int(asked.params["page"]) - 1) * int(asked.params["size"])
        records: list[dict[str, Any]] = [
            {"orchardNo": name, "owner": {"idCard": idcard}, "area": area, "updateTime": time}
            for name, (area, time, idcard) in news[first : first + 2]
        ]
        return Reply({"code": 0, "data": {"total": len(news), "list": records}})


def everything(folder: Path) -> bytes:
    """All bytes below ``folder``, workbooks unpacked."""
    import zipfile

    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            found.append(path.name.encode() + path.read_bytes())
            if path.suffix == ".xlsx":
                with zipfile.ZipFile(path) as archive:
                    found += [archive.read(name) for name in archive.namelist()]
    return b"".join(found)


def history(home: Path) -> list[tuple]:
    from warehouse.database import open_warehouse

    with open_warehouse(home, write=False) as con:
        return con.execute("SELECT orchard_no, area_mu FROM core.orchard_api_now ORDER BY 1").fetchall()


@pytest.fixture
def forestry(tmp_path, monkeypatch):
    """The bureau, and a site that declares it."""
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "orchard_api.toml").write_text(ORCHARDS, encoding="utf-8")
    monkeypatch.setenv("AIRFLOW__FUPIN__FEEDS", str(tmp_path / "feeds"))
    bureau = Forestry()
    with serve(bureau.play) as site:
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN}", connection(site.url))
        bureau.site = site  # type: ignore[attr-defined]
        yield bureau


def test_an_interface_is_synchronised_like_a_file(forestry, data_root, caplog, capfd):
    from warehouse import tasks

    caplog.set_level(logging.DEBUG)
    site = forestry.site

    def sync() -> list[dict[str, Any]]:
        """collect → organise → merge → feedback of the feed, as ``fupin sync`` and the DAG do it."""
        site.asked.clear()
        done = []
        for reference in tasks.collect("orchard_api"):
            tasks.organise("orchard_api", reference)
            tasks.merge("orchard_api", reference)
            done.append(tasks.feedback("orchard_api", reference))
        return done

    forestry.orchards = {
        "G1": (12.50, "2026-06-01 08:00:00", OWNER), "G2": (3.25, "2026-06-03 08:00:00", OWNER), "G3": (1, "2026-06-02 08:00:00", OWNER[:-1] + "9"),
    }  # fmt: skip
    # An outage on page 2 leaves nothing but the first page, which is not asked for again.
    forestry.broken_at = "2"
    with pytest.raises(TransientError, match="HTTP 502"):
        sync()
    assert OWNER.encode() not in everything(data_root), "what waits for the next attempt is sealed"
    forestry.broken_at = None
    (first,) = sync()
    assert site.pages("page") == ["2"]
    assert (first["state"], first["rows_read"], first["rows_landed"], first["rows_quarantined"]) == ("merged", 3, 2, 1)
    assert [(row[0], float(row[1])) for row in history(data_root)] == [("G1", 12.5), ("G2", 3.25)]

    # The next run asks from the last time of change, that moment included: the same row again changes nothing, and once more it is no news.
    (again,) = sync()
    assert site.pages("since") == ["2026-06-03 08:00:00"]
    assert (again["state"], again["rows_read"], again["rows_unchanged"]) == ("merged", 1, 1)
    assert sync() == []
    forestry.orchards["G1"] = (13, "2026-06-04 08:00:00", OWNER)
    forestry.orchards["G4"] = (7, "2999-01-01 00:00:00", OWNER)
    (second,) = sync()
    assert (second["state"], second["rows_inserted"]) == ("merged", 2)
    assert [(row[0], float(row[1])) for row in history(data_root)] == [("G1", 13.0), ("G2", 3.25), ("G4", 7.0)]

    # A false answer is held with a receipt, and the data and the watermark stay where they are.
    forestry.says_error = True
    (held,) = sync()
    assert site.pages("since") == ["2026-06-04 08:00:00"]
    assert (held["state"], held["reason"]) == ("blocked", "ANSWER_NOT_OK")
    assert len(history(data_root)) == 3
    receipts = sorted((data_root / "outbox" / "linye").iterdir())
    assert len(receipts) == 4 and all(re.fullmatch(r"果园登记 接口获取 .*\.回执\.xlsx", path.name) for path in receipts)
    told = [
        "\n".join(str(cell.value) for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row if cell.value is not None)
        for path in receipts
    ]  # fmt: skip
    assert sum("接口返回了错误（code = 500）" in text for text in told) == 1
    assert sum("1 行的更新时间晚于现在" in text for text in told) == 1
    assert not any(OWNER in text for text in told)

    # The credential was in the requests and is nowhere else: not in the ledger, the journal, batch.json, a receipt or a log.
    assert SECRET.encode() not in everything(data_root)
    assert SECRET not in caplog.text + "".join(capfd.readouterr())
    assert OWNER not in caplog.text and OWNER.encode() not in everything(data_root)
