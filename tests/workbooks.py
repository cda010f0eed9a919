"""Writes one table as every kind of workbook that departments send; a cell is text, a number, a date or an error (``#DIV/0!``)."""

from __future__ import annotations

import datetime as dt
import html
import io
import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt

Rows = Sequence[Sequence[Any]]
EPOCH = dt.date(1899, 12, 30)
ERRORS = {"#DIV/0!": 7, "#N/A": 42}


WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def sound_id(head: str) -> str:
    """17 digits with their check digit (ISO 7064 MOD 11-2)."""
    return head + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(head, WEIGHTS, strict=True)) % 11]


def xlsx(
    sheets: Mapping[str, Rows], hidden: Sequence[str] = (), hidden_rows: Sequence[int] = (), since_1904: bool = False
) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd", "date_1904": since_1904})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell in ERRORS:
                    sheet.write_formula(number, column, "=1/0", None, cell)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write(number, column, cell)
            if number in hidden_rows:
                sheet.set_row(number, None, None, {"hidden": True})
        if name in hidden:
            sheet.hide()
        elif not any(other in sheets and other not in hidden for other in list(sheets)[: list(sheets).index(name)]):
            sheet.activate()
    book.close()
    return buffer.getvalue()


def xls(
    sheets: Mapping[str, Rows], hidden: Sequence[str] = (), hidden_rows: Sequence[int] = (), since_1904: bool = False
) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = since_1904
    day = xlwt.XFStyle()
    day.num_format_str = "yyyy-mm-dd"
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        sheet.visibility = int(name in hidden)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell in ERRORS:
                    sheet.row(number).set_cell_error(column, ERRORS[cell])
                elif isinstance(cell, dt.date):
                    # The writer counts from 1900 whatever the book says.
                    sheet.write(number, column, (cell - EPOCH).days - 1462 * since_1904, day)
                elif cell is not None:
                    sheet.write(number, column, cell)
            if number in hidden_rows:
                sheet.row(number).hidden = True
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _record(kind: int, body: bytes = b"") -> bytes:
    """One BIFF12 record: kind and size in seven-bit groups, then the body."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(body)
    while True:
        head += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            return head + body


def _wide(text: str) -> bytes:
    raw = text.encode("utf-16-le")
    return struct.pack("<I", len(raw) // 2) + raw


def _biff12_cell(column: int, cell: Any) -> bytes:
    place = struct.pack("<II", column, 1 if isinstance(cell, dt.date) else 0)
    if cell in ERRORS:
        return _record(3, place + bytes([ERRORS[cell]]))
    if isinstance(cell, str):
        return _record(6, place + _wide(cell))
    if isinstance(cell, bool):
        return _record(4, place + bytes([cell]))
    value = (cell - EPOCH).days if isinstance(cell, dt.date) else cell
    return _record(5, place + struct.pack("<d", float(value)))


def xlsb(
    sheets: Mapping[str, Rows], hidden: Sequence[str] = (), hidden_rows: Sequence[int] = (), since_1904: bool = False
) -> bytes:
    """No library writes this kind, so the records are written here (MS-XLSB): just enough for a reader."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        bundle = relations = b""
        for number, (name, rows) in enumerate(sheets.items(), 1):
            bundle += _record(
                156, struct.pack("<II", int(name in hidden), number) + _wide(f"rId{number}") + _wide(name)
            )
            relations += (
                f'<Relationship Id="rId{number}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
                f'Target="worksheets/sheet{number}.bin"/>'
            ).encode()
            width = max(map(len, rows), default=1)
            data = (
                _record(129) + _record(148, struct.pack("<IIII", 0, max(len(rows) - 1, 0), 0, width - 1)) + _record(145)
            )
            for index, row in enumerate(rows):
                data += _record(0, struct.pack("<IIHBB", index, 0, 300, 0, 0x10 * (index in hidden_rows)) + bytes(5))
                for column, cell in enumerate(row):
                    if cell is not None:
                        shifted = cell - dt.timedelta(1462) if since_1904 and isinstance(cell, dt.date) else cell
                        data += _biff12_cell(column, shifted)
            package.writestr(f"xl/worksheets/sheet{number}.bin", data + _record(146) + _record(130))
        properties = _record(153, struct.pack("<III", int(since_1904), 0, 0))
        package.writestr(
            "xl/workbook.bin",
            _record(131) + properties + _record(143) + bundle + _record(144) + _record(157) + _record(132),
        )
        package.writestr(
            "xl/_rels/workbook.bin.rels",
            b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            + relations + b"</Relationships>",
        )  # fmt: skip
        formats = [_record(47, struct.pack("<HHHHHH", 0, number, 0, 0, 0, 0) + bytes(4)) for number in (0, 14)]
        styles = (
            _record(278)
            + _record(615, bytes(4))
            + _record(616)
            + _record(617, struct.pack("<I", 2))
            + b"".join(formats)
        )
        package.writestr("xl/styles.bin", styles + _record(618) + _record(279))
    return buffer.getvalue()


def _ods_cell(cell: Any) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if cell in ERRORS:
        return f'<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>{cell}</text:p></table:table-cell>'
    if isinstance(cell, dt.date):
        return f'<table:table-cell office:value-type="date" office:date-value="{cell}"><text:p>{cell}</text:p></table:table-cell>'
    if isinstance(cell, bool):
        return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(cell).lower()}"><text:p>{cell}</text:p></table:table-cell>'
    if isinstance(cell, (int, float)):
        return f'<table:table-cell office:value-type="float" office:value="{cell!r}"><text:p>{cell}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="string"><text:p>{html.escape(cell)}</text:p></table:table-cell>'


def ods(
    sheets: Mapping[str, Rows], hidden: Sequence[str] = (), hidden_rows: Sequence[int] = (), since_1904: bool = False
) -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    tables = ""
    for name, rows in sheets.items():
        tables += f'<table:table table:name="{name}" table:style-name="{"off" if name in hidden else "on"}">'
        for number, row in enumerate(rows):
            shown = ' table:visibility="collapse"' if number in hidden_rows else ""
            tables += f"<table:table-row{shown}>{''.join(map(_ods_cell, row))}</table:table-row>"
        # As LibreOffice ends a sheet: the rest of its million rows.
        tables += (
            '<table:table-row table:number-rows-repeated="1048000">'
            '<table:table-cell table:number-columns-repeated="1024"/></table:table-row></table:table>'
        )
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table"><style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("on", "true"), ("off", "false"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} {calc}><office:automatic-styles>{styles}'
        f"</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        package.writestr("content.xml", content)
        manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        package.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


def html_page(sheets: Mapping[str, Rows], encoding: str = "gb2312") -> bytes:
    """A page as export tools write it and call it .xls: every cell as it is shown, ids forced to text."""
    page = (
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>'
        f'<meta http-equiv="Content-Type" content="text/html; charset={encoding}"><style>td{{}}</style></head><body>'
    )
    for rows in sheets.values():
        page += "<table border=1>"
        for row in rows:
            cells = ("" if cell is None else html.escape(str(cell)) for cell in row)
            page += (
                "<tr>" + "".join(f"<td style='vnd.ms-excel.numberformat:@'>{cell}</td>" for cell in cells) + "</tr>\r\n"
            )
        page += "</table>"
    return (page + "</body></html>").encode({"gb2312": "gb18030"}.get(encoding, encoding))


def xml_2003(sheets: Mapping[str, Rows]) -> bytes:
    page = (
        '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
    )
    for name, rows in sheets.items():
        page += f'<Worksheet ss:Name="{name}"><Table>'
        for row in rows:
            page += "<Row>"
            for column, cell in enumerate(row, 1):
                if cell is not None:
                    kind = "DateTime" if isinstance(cell, dt.date) else "String" if isinstance(cell, str) else "Number"
                    text = f"{cell}T00:00:00.000" if kind == "DateTime" else html.escape(str(cell))
                    page += f'<Cell ss:Index="{column}"><Data ss:Type="{kind}">{text}</Data></Cell>'
            page += "</Row>"
        page += "</Table></Worksheet>"
    return (page + "</Workbook>").encode()


def packed(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            package.writestr(name, content)
    return buffer.getvalue()


BOOKS: dict[str, Callable[..., bytes]] = {"xlsx": xlsx, "xls": xls, "xlsb": xlsb, "ods": ods}


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
