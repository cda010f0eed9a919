"""Answers that are none (faults 23), and numbers, names and texts that must arrive as they were sent."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from connectors.errors import TransientError
from connectors.rest.numbers import quote_numbers
from tests.connectors.test_rest_support import (
    QUICK,
    Reply,
    codes,
    grant,
    grants,
    rows,
)

LIST = 'records = "data.list"\ntotal = "data.total"\n'
OK = LIST + '[source.ok]\nfield = "code"\nvalues = [0, "0"]\n'
SMALL = QUICK + "page_bytes = 1000\n"


def answer(records: Any, **changes: Any) -> dict[str, Any]:
    return {"code": 0, "msg": "成功", "data": {"total": len(records or ()), "list": records}} | changes


WHOLE = json.dumps(answer(grants(1, 3))).encode()
FALSE: dict[str, tuple[str, Reply, str]] = {
    "truncated JSON": (LIST, Reply(WHOLE[:-20]), "JSON_BROKEN"),
    "JSON with a trailing comma": (LIST, Reply(WHOLE.replace(b"}]", b"},]")), "JSON_BROKEN"),
    "NaN for a number": (LIST, Reply(WHOLE.replace(b"1001", b"NaN")), "JSON_BROKEN"),
    "a number beyond every range": (LIST, Reply(WHOLE.replace(b"1001", b"1e400")), "JSON_BROKEN"),
    "200 with an error body": (OK, Reply({"code": 500, "msg": "系统异常", "data": None}), "ANSWER_NOT_OK"),
    "true where 1 means success": (OK.replace("[0", "[1"), Reply(answer(grants(1, 1), code=True)), "ANSWER_NOT_OK"),
    "an error body nobody declared": (LIST, Reply({"error": "busy"}), "RECORDS_MISSING"),
    "a record list that is null": (LIST, Reply(answer(None, data={"total": 3, "list": None})), "RECORDS_MISSING"),
    "records that are no objects": (LIST, Reply(answer([grant(1), "G0002"])), "RECORD_SHAPE"),
    "a member that is an object in some records only": (LIST, Reply(answer([grant(1), grant(2, person="219901")])), "RECORD_SHAPE"),
    "a field twice in one record": (LIST, Reply(b'{"data":{"total":1,"list":[{"grantNo":"G1","person":{"idCard":"1"},"grantNo":"G2"}]}}'), "FIELD_REPEATED"),
    "a login page": (LIST, Reply("<!DOCTYPE html><title>统一身份认证</title>".encode(), kind="text/html"), "HTML_PAGE"),
    "a login page that calls itself JSON": (LIST, Reply(b"\r\n <html>login</html>"), "HTML_PAGE"),
    "a file instead of JSON": (LIST, Reply(WHOLE, kind="application/octet-stream"), "CONTENT_TYPE"),
    "count and rows differ": (LIST, Reply(answer(grants(1, 3), data={"total": 4, "list": grants(1, 3)})), "COUNT_MISMATCH"),
    "a page above the limit": (LIST + SMALL, Reply(answer(grants(1, 30))), "PAGE_TOO_LARGE"),
    "a gzip bomb": (LIST + SMALL, Reply(b" " * 50_000_000 + WHOLE, zipped=True), "PAGE_TOO_LARGE"),
    "a broken gzip": (LIST, Reply(b"\x1f\x8b no gzip", headers={"Content-Encoding": "gzip"}), "COMPRESSION_BROKEN"),
    "half a character": (LIST + 'encoding = "gb18030"\n', Reply(WHOLE[:-3] + b"\xff"), "ENCODING_BROKEN"),
    "no column of the feed": (LIST, Reply(answer([{"a": 1, "b": 2}])), "COLUMN_MISSING"),
    "a required column absent in all records": (LIST, Reply(answer([{"grantNo": "G1", "amount": 5}, {"grantNo": "G2"}])), "COLUMN_MISSING"),
    "two fields for one column": (LIST, Reply(answer([grant(1) | {"GrantNo": "x"}])), "COLUMN_DUPLICATED"),
}  # fmt: skip


@pytest.mark.parametrize("case", FALSE)
def test_a_false_answer_is_discarded_whole_and_says_why(pulled, case):
    source, reply, code = FALSE[case]
    found, _ = pulled(source, reply)
    assert codes(found) == [code]
    assert found is not None and found.watermark is None and found.source.exists()
    message = found.reading.problems[0]["message"]
    assert any("\u4e00" <= character <= "\u9fff" for character in message)
    assert "219901198003050118" not in message and "统一身份认证" not in message


def cut(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n" + WHOLE)


def cut_chunk(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + WHOLE[:40])  # fmt: skip


@pytest.mark.parametrize("way", [cut, cut_chunk])
def test_a_connection_that_ends_in_the_middle_of_an_answer_is_tried_again(pulled, way):
    play = lambda asked, number: Reply(raw=way) if number < 3 else Reply(answer(grants(1, 3)))  # noqa: E731
    assert len(rows(pulled(LIST, play)[0])) == 3
    with pytest.raises(TransientError, match="ProtocolError"):
        pulled(LIST, Reply(raw=way))


def test_numbers_and_texts_arrive_as_they_were_written(pulled):
    """Exact text, or the platform could not see that a spreadsheet has rounded an id."""
    numbers = [
        "219901198003050118", "21990119800305011843", "123456789012345678901234567890.1234567890123456789", "1.50", "-0", "2.19901E+17", "0.1e-7",
    ]  # fmt: skip
    texts = [r'"00012"', r'"\u4e2d\ud83d\ude00 \"5\": 7, \\"', '"a,\\n1.50]"', '"e9"', '""', "null", "true", "false"]
    nested = ['{"x": [1.50, 2], "y": null}']
    body = ", ".join(f'{{"grantNo": "G{place}", "idCard": "1", "remark": {value}}}' for place, value in enumerate(numbers + texts + nested))  # fmt: skip
    found = rows(pulled("", Reply(f"[\r\n {body}\n]".encode()))[0])
    told = [row[-1] for row in found]
    assert told[: len(numbers)] == numbers
    assert told[len(numbers) :] == [
        "00012", '中😀 "5": 7, \\', "a,\n1.50]", "e9", None, None, "true", "false", '{"x":["1.50","2"],"y":null}',
    ]  # fmt: skip


def test_quoting_touches_nothing_but_numbers():
    page = rb'{"a":true,"e":-1.50e+10,"b":[1, 2.0,false],"s\\":"x\"1,2:3\\","\\\"k":5,"z":null,"E1":1E5,"":[{}]}'
    assert quote_numbers(page) == (
        rb'{"a":true,"e":"-1.50e+10","b":["1", "2.0",false],"s\\":"x\"1,2:3\\","\\\"k":"5","z":null,"E1":"1E5","":[{}]}'
    )


def test_fields_are_the_union_of_all_records_and_pages(pulled):
    lists = [
        [{"grantNo": "G1", "person": {}}, {"grantNo": "G2", "person": None}],
        [{"grantNo": "G3", "person": {"idCard": "219901198003050118", "phone": "1"}}, {"Remark": "后来才有", "grantNo": "G4"}],
    ]  # fmt: skip
    play = lambda asked, number: Reply({"data": {"total": 4, "list": lists[number - 1]}})  # noqa: E731
    paging = '[source.paging]\nkind = "page"\nparam = "page"\n'
    found, _ = pulled(LIST + paging, play)
    assert rows(found) == [
        ("G1", None, None), ("G2", None, None), ("G3", "219901198003050118", None), ("G4", None, "后来才有"),
    ]  # fmt: skip
    # Only what is declared is landed, the rest is named.
    assert found is not None
    assert found.reading.header == ["grantNo", "person.idCard", "Remark"]
    assert found.reading.undeclared == ["person.phone"]


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("", b"\xef\xbb\xbf" + json.dumps(grants(1, 2), indent=1).encode()),
        ('encoding = "gb18030"\n', json.dumps(grants(1, 2), ensure_ascii=False).encode("gb18030")),
    ],
)
def test_a_byte_order_mark_line_breaks_and_a_declared_encoding_change_nothing(pulled, source, body):
    found = rows(pulled(source, Reply(body))[0])
    assert [row[-1] for row in found] == ["在校", "在校"]


def test_gzip_is_unpacked_and_a_file_name_of_the_server_names_nothing(tmp_path, pulled):
    headers = {"Content-Disposition": "attachment; filename=\"../../$(reboot){{ds}}.json\"; filename*=UTF-8''%2Fetc%2Fpasswd"}  # fmt: skip
    found, _ = pulled("", Reply(grants(1, 2), zipped=True, headers=headers))
    assert len(rows(found)) == 2
    assert found is not None and found.label.startswith("学生资助 接口获取 ")
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["pages.journal", "pages.json", "text.parquet"]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pupils.toml", "work"]
