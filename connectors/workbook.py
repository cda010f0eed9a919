"""Workbooks of every kind: refused or unpacked into text, by content and never by file name.

The checks that need no parser (kind of container, sizes, macros, DTDs, declared dimensions) run here; the parser itself runs in
a limited child process (:mod:`connectors.workbook_child`).
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors import settings
from connectors.reading import Problem
from connectors.workbook_child import DAMAGED, PASSWORD

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# Streams without a container, as Excel 2 to 5 wrote them.
OLD_BIFF = (
    b"\x09\x08\x10\x00\x00\x06",
    b"\x09\x08\x08\x00\x00\x05",
    b"\x09\x04\x06\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x00\x04\x00",
)
OTHER_KINDS = {
    b"%PDF": "PDF 文件",
    b"Rar!": "RAR 压缩包",
    b"7z\xbc\xaf\x27\x1c": "7z 压缩包",
    b"\x1f\x8b": "gzip 压缩包",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"{\\rtf": "RTF 文档",
    b"SQLite format 3": "数据库文件",
    b"PAR1": "Parquet 文件",
}
_MARKUP = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|meta|table|body|\?xml|frameset|style|div|script|center|title|workbook|!doctype)",
    re.IGNORECASE | re.DOTALL,
)
_PAGE = re.compile(
    rb"<(?:!doctype\s+html|html|head|meta|table|body|frameset|style|div|script|center|title)\b", re.IGNORECASE
)
_SPREADSHEET = re.compile(rb"<(?:\w+:)?Workbook\b[^>]*urn:schemas-microsoft-com:office:spreadsheet")
_DIMENSION = re.compile(rb'<dimension[^>]{0,80}?ref="(?:[A-Z]{1,3}\d{1,7}:)?([A-Z]{1,3})(\d{1,7})"')

MAX_ENTRIES = 5_000
MAX_PART_RATIO = 300
RATIO_COUNTS_FROM = 16 * 1024 * 1024
MAX_CELLS = 40_000_000
XML_HEAD = 16 * 1024
SAVE_AS = "请在 Excel 或 WPS 中打开，另存为“Excel 工作簿(.xlsx)”或“CSV UTF-8”后重新报送。"


@dataclass
class Sheet:
    """One sheet as the child found it; ``path`` is its text, None for hidden or empty ones."""

    name: str
    visible: bool
    path: Path | None
    rows: int
    hidden_rows: int = 0
    empty_formulas: int = 0


@dataclass
class Limits:
    """What the child may use: bytes of address space, seconds of CPU and of patience, bytes all parts may unpack to."""

    memory: int = field(default_factory=lambda: int(settings.number("workbook_memory_bytes", 2 * 1024**3)))
    seconds: int = field(default_factory=lambda: int(settings.number("workbook_seconds", 300)))
    patience: float = field(default_factory=lambda: settings.number("workbook_patience_seconds", 900))
    unpacked: int = field(default_factory=lambda: int(settings.number("workbook_unpacked_bytes", 4 * 1024**3)))


def too_large(reason: str) -> Problem:
    return Problem(
        "WORKBOOK_TOO_LARGE", f"工作簿过大或异常（{reason}），没有打开。请删除多余的格式和空行，或改用 CSV 报送。"
    )


def damaged(reason: str = "") -> Problem:
    return Problem(
        "WORKBOOK_DAMAGED", f"工作簿已损坏或不完整，无法打开{f'（{reason}）' if reason else ''}。请重新导出并完整上传。"
    )


def kind_of(head: bytes, path: Path) -> str | None:
    """``xlsx``, ``xlsb``, ``xls``, ``ods``, ``html``, ``xml`` (a spreadsheet of 2003), ``zip``, or None for what may be text.

    Raises Problem for every other container.
    """
    if head.startswith(OLE):
        return _ole(path)
    if head.startswith(OLD_BIFF):
        raise Problem("OLD_BIFF", f"这是 Excel 5 以前的旧版工作簿，无法读取。{SAVE_AS}")
    if head.startswith(ZIP):
        return _package_kind(path)
    if head.startswith(b"PK"):
        raise damaged()
    for magic, kind in OTHER_KINDS.items():
        if head.startswith(magic):
            raise Problem("NOT_A_TABLE", f"这是{kind}，不是表格。请报送 .xlsx 或 .csv 文件。")
    plain = head[:XML_HEAD]
    if plain.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")):
        plain = plain.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"")
    if _MARKUP.match(plain.removeprefix(b"\xef\xbb\xbf")):
        return _markup_kind(plain)
    return None


def _markup_kind(head: bytes) -> str:
    """``xml`` or ``html``. Nothing but the root element may declare entities, and it stands in the head."""
    if found := _SPREADSHEET.search(head):
        if b"<!DOCTYPE" in head[: found.start()] or b"<!ENTITY" in head[: found.start()]:
            raise Problem("WORKBOOK_DTD", f"文件内含有不允许的 XML 声明（DTD），不予打开。{SAVE_AS}")
        return "xml"
    if _PAGE.search(head):
        return "html"
    raise Problem("WORKBOOK_FAKE", f"文件内容是 XML，不是真正的工作簿。{SAVE_AS}")


def _package_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as package:
            names = {entry.filename.replace("\\", "/") for entry in package.infolist()}
            if "mimetype" in names and "content.xml" in names:
                kind = package.open("mimetype").read(100).strip()
                if not kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
                    raise Problem("NOT_A_TABLE", "这是 OpenDocument 文档，不是表格。请报送 .xlsx 或 .csv 文件。")
                return "ods"
    except Problem:
        raise
    except Exception:  # zipfile raises whatever a broken entry makes it raise
        raise damaged() from None
    for name, found in (("xl/workbook.xml", "xlsx"), ("xl/workbook.bin", "xlsb")):
        if name in names:
            return found
    if names & {"word/document.xml", "ppt/presentation.xml"}:
        raise Problem("NOT_A_TABLE", "这是 Word 或 PowerPoint 文档，不是表格。请报送 .xlsx 或 .csv 文件。")
    if "[Content_Types].xml" in names and "_rels/.rels" in names:
        raise damaged("缺少工作簿部件")
    return "zip"


def _ole(path: Path) -> str:
    """``xls``, or the Problem of another OLE container: stream names stand in the directory as UTF-16."""
    names = {
        "EncryptedPackage".encode("utf-16-le"): "password",
        "Workbook\0".encode("utf-16-le"): "biff",
        "Book\0".encode("utf-16-le"): "biff",
        "WordDocument".encode("utf-16-le"): "word",
        "_VBA_PROJECT".encode("utf-16-le"): "macro",
    }
    found: set[str] = set()
    tail = b""
    with open(path, "rb") as source:
        while chunk := source.read(1 << 20):
            found |= {kind for name, kind in names.items() if name in tail + chunk}
            tail = chunk[-64:]
    if "password" in found:
        raise Problem(
            "WORKBOOK_ENCRYPTED", "工作簿设置了打开密码，无法读取。请取消密码（文件 → 信息 → 保护工作簿）后重新报送。"
        )
    if "biff" in found:
        if "macro" in found:
            raise Problem("WORKBOOK_MACRO", f"工作簿含有宏，不予打开。{SAVE_AS}")
        _check_container(path)
        return "xls"
    if "word" in found:
        raise Problem("NOT_A_TABLE", "这是 Word 文档，不是表格。请报送 .xlsx 或 .csv 文件。")
    raise Problem("WORKBOOK_ENCRYPTED", f"无法识别的 Office 文件（可能设置了密码或已损坏）。{SAVE_AS}")


def _check_container(path: Path) -> None:
    """The parser asks for whatever memory a container's header claims; so the claims must fit the file."""
    size = path.stat().st_size
    with open(path, "rb") as source:
        header = source.read(512)
    if len(header) < 512:
        raise damaged()
    shift, tables, mini_tables, more_tables = (
        int.from_bytes(header[place : place + width], "little") for place, width in ((30, 2), (44, 4), (64, 4), (72, 4))
    )
    if shift not in (9, 12) or not tables or (tables + mini_tables + more_tables) << shift > size:
        raise damaged()


def check_package(path: Path, limits: Limits) -> None:
    """Look at an xlsx, xlsb or ods package without parsing it. Raises Problem for anything a department's workbook would not be."""
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
            _check_entries(entries, limits)
            if any(entry.filename.lower().endswith("vbaproject.bin") for entry in entries):
                raise Problem("WORKBOOK_MACRO", f"工作簿含有宏，不予打开。{SAVE_AS}")
            manifest = next((entry for entry in entries if entry.filename == "META-INF/manifest.xml"), None)
            if manifest is not None and b"encryption-data" in package.open(manifest).read(1 << 20):
                raise Problem("WORKBOOK_ENCRYPTED", "工作簿设置了打开密码，无法读取。请取消密码后重新报送。")
            for entry in entries:
                if entry.filename.lower().endswith((".xml", ".rels", ".vml")):
                    _check_part(package, entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise damaged() from None


def _check_entries(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > MAX_ENTRIES:
        raise too_large(f"内含 {len(entries)} 个部件")
    if len({entry.filename.lower() for entry in entries}) != len(entries):
        raise damaged("同名部件出现两次")
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if entry.filename.startswith(("/", "\\")) or ".." in parts or stat.S_ISLNK(entry.external_attr >> 16):
            raise damaged("部件路径异常")
        if entry.flag_bits & 1:
            raise Problem("WORKBOOK_ENCRYPTED", "工作簿设置了密码，无法读取。请取消密码后重新报送。")
        if entry.file_size > RATIO_COUNTS_FROM and entry.file_size > MAX_PART_RATIO * max(entry.compress_size, 1):
            raise too_large("压缩比异常")
    if sum(entry.file_size for entry in entries) > limits.unpacked:
        raise too_large("解压后过大")


def _check_part(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    with package.open(entry) as stream:
        head = stream.read(XML_HEAD)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.replace(b"\0", b"")
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise Problem("WORKBOOK_DTD", f"工作簿内含有不允许的 XML 声明（DTD），不予打开。{SAVE_AS}")
    if entry.filename.startswith("xl/worksheets/") and (found := _DIMENSION.search(head)):
        column = 0
        for letter in found[1]:
            column = 26 * column + letter - 64
        if column * int(found[2]) > MAX_CELLS:
            raise too_large(f"声明了 {int(found[2])} 行 × {column} 列")


def unpack(path: Path, folder: Path, kind: str = "xlsx", limits: Limits | None = None) -> list[Sheet]:
    """Every visible sheet of a workbook of this ``kind`` as ``sheet-N.csv`` in ``folder``, read by a limited child. Raises Problem for what cannot be read."""
    limits = limits or Limits()
    if kind in ("xlsx", "xlsb", "ods"):
        check_package(path, limits)
    try:
        sheets = _run_child(path, folder, kind, limits)
    except BaseException:
        for part in folder.glob("sheet-*.csv"):
            part.unlink(missing_ok=True)
        raise
    return [
        Sheet(
            sheet["name"],
            sheet["visible"],
            folder / sheet["file"] if sheet["file"] else None,
            sheet["rows"],
            sheet.get("hidden_rows", 0),
            sheet.get("empty_formulas", 0),
        )
        for sheet in sheets
    ]


def _run_child(path: Path, folder: Path, kind: str, limits: Limits) -> list[dict[str, Any]]:
    child = Path(__file__).with_name("workbook_child.py")
    command = [
        sys.executable,
        "-I",
        str(child),
        str(path),
        str(folder),
        kind,
        str(limits.memory),
        str(limits.seconds),
        str(MAX_CELLS),
    ]
    # The child needs no secret, and Airflow's environment holds some.
    environment = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if key in os.environ}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a panic prints what it chokes on
            timeout=limits.patience,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise too_large("读取超时") from None
    if done.returncode == PASSWORD:
        raise Problem("WORKBOOK_ENCRYPTED", "工作簿设置了打开密码，无法读取。请取消密码后重新报送。")
    if done.returncode == DAMAGED:
        raise damaged()
    if done.returncode != 0:  # TOO_LARGE, or killed by a limit (SIGABRT, SIGXCPU, SIGKILL, SIGSEGV)
        raise too_large("超出内存或时间限制")
    try:
        return list(json.loads(done.stdout)["sheets"])
    except (ValueError, KeyError):
        raise damaged() from None
