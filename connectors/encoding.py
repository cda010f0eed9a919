"""Encoding, line ends and first records of a text table, judged from its beginning."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from typing import Any

from connectors.reading import Problem

HEAD_BYTES = 256 * 1024
BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
ENCODING_NAMES = {
    "utf8": "utf-8", "utf-8-sig": "utf-8", "utf_8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030",
    "utf-16": "utf-16-le", "utf16": "utf-16-le",
}  # fmt: skip
# Fewer characters than this that happen to be valid UTF-8 prove nothing: «联通» in GB18030 is valid UTF-8 too.
PROOF_CHARACTERS = 10


@dataclass(frozen=True)
class Dialect:
    """``encoding`` is a Python codec; ``bom`` its length in bytes; ``sure``: proven or pinned, not merely assumed."""

    encoding: str
    bom: int
    sure: bool
    delimiter: str = ","
    quote: str = '"'


def head_encoding(head: bytes, pinned: str | None = None) -> Dialect:
    """Encoding by pin, byte-order mark, NUL pattern (UTF-16), validity as UTF-8, else GB18030."""
    bom, by_bom = next(((len(mark), name) for mark, name in BOMS.items() if head.startswith(mark)), (0, None))
    if pinned:
        name = ENCODING_NAMES.get(pinned.lower(), pinned.lower())
        return Dialect(name, bom if by_bom == name else 0, True)
    if by_bom:
        return Dialect(by_bom, bom, True)
    sample = head[:4096]
    if len(sample) >= 8 and b"\0" in sample:
        # ASCII punctuation and digits of UTF-16 have their zero byte at odd (little-endian) or even places; so has every line end.
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        most = 0.6 * sample.count(b"\n")
        if even + odd > len(sample) / 25:
            if odd > 4 * even and sample.count(b"\n\0") > most:
                return Dialect("utf-16-le", 0, True)
            if even > 4 * odd and sample.count(b"\0\n") > most:
                return Dialect("utf-16-be", 0, True)
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError as error:
        if characters(head[: error.start]) < PROOF_CHARACTERS:
            return Dialect("gb18030", 0, False)
        return Dialect("utf-8", 0, True)
    return Dialect("utf-8", 0, sum(map(len, re.findall(r"[^\x00-\x7f]+", text))) >= PROOF_CHARACTERS)


def characters(valid_utf8: bytes) -> int:
    return len(re.sub(rb"[\x00-\x7f\x80-\xbf]+", b"", valid_utf8))


def head_lines(head: bytes, dialect: Dialect, complete: bool) -> list[str]:
    """Physical lines of a file's beginning; a last line that was cut off is left out. Raises Problem ENCODING_INVALID."""
    decoder = codecs.getincrementaldecoder(dialect.encoding)("strict")
    try:
        text = decoder.decode(head[dialect.bom :], final=complete)
    except UnicodeDecodeError as error:
        raise invalid_encoding(
            dialect.encoding, dialect.bom + error.start, head[: dialect.bom + error.start].count(b"\n") + 1
        ) from None
    lines = re.split(r"\r\n|\n|\r", text)
    return lines if complete else lines[:-1]


def line_ends(head: bytes) -> tuple[bytes, list[bytes]]:
    """The commonest line end of a file's beginning, and all of them in order; ``\\r`` is one only where there is hardly any other."""
    ends = re.findall(rb"\r\n|\n|\r", head.replace(b"\0", b""))
    if ends.count(b"\r") > 4 * (len(ends) - ends.count(b"\r")):
        return b"\r", ends
    return (b"\r\n" if ends.count(b"\r\n") > ends.count(b"\n") else b"\n"), ends


def head_records(lines: list[str], delimiter: str, quote: str, limit: int) -> tuple[list[list[str]], list[int]]:
    """The first ``limit`` records and, for each, the number of physical lines up to its end; a blank line is an empty record."""
    records: list[list[str]] = []
    ends: list[int] = []
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(lines, delimiter=delimiter, **quoting(quote))
    while len(records) < limit:
        try:
            record = next(reader)
        except (StopIteration, csv.Error):
            break
        records.append(record)
        ends.append(reader.line_num)
    return records, ends


def is_sound(line: str, dialect: Dialect) -> bool:
    """Whether every quoted cell of a line ends where its quote does."""
    try:
        next(csv.reader([line], delimiter=dialect.delimiter, strict=True, **quoting(dialect.quote)))
    except (csv.Error, StopIteration):
        return False
    return True


def quoting(quote: str) -> dict[str, Any]:
    return {"quotechar": quote, "doublequote": True} if quote else {"quoting": csv.QUOTE_NONE}


def invalid_encoding(encoding: str, offset: int, row: int) -> Problem:
    label = {"utf-8": "UTF-8", "gb18030": "GB18030"}.get(encoding, encoding.upper())
    return Problem(
        "ENCODING_INVALID",
        f"文件编码有误：按 {label} 读到第 {row} 行附近（第 {offset + 1} 个字节）出现无法识别的字节，"
        "可能混用了两种编码或文件不完整。请统一另存为 UTF-8 后重新报送。",
    )


def is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
