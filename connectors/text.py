"""One streaming pass over a text table: hash, encoding, control bytes, and the shape of every record.

DuckDB gets clean text only (why: :mod:`connectors.reader`). A file that is already clean (valid UTF-8, one kind of line end, every
line with the header's number of cells) is left where it is; otherwise the good records are written to ``text.csv``, the broken
ones to ``structure.csv`` and blank lines are counted. The pass looks at blocks with C-speed bytes methods: everything but
delimiters, quotes and line ends is deleted, and what remains must be the same short pattern on every line. Only lines that
differ are parsed one by one.
"""

from __future__ import annotations

import csv
import io
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

from connectors.blocks import READ_BYTES, Blocks
from connectors.encoding import Dialect, quoting
from connectors.reader import MAX_LINE_BYTES
from connectors.reading import Problem

# A quoted cell may run over this many lines; a longer one is a quote that nobody closed.
CELL_LINES = 1000
LONGEST_LINE = MAX_LINE_BYTES - 2
SHOWN_BYTES = 100_000
_OPEN_QUOTE = "unexpected end of data"


@dataclass
class Scan:
    """What one pass found; row numbers count records from the top of the file."""

    sha256: str = ""
    size: int = 0
    rows: int = 0
    gaps: list[int] = field(default_factory=list)
    structure_rows: int = 0
    text: bool = False
    line_breaks: int = 0
    mixed_line_ends: bool = False


class Scanner:
    """Scans ``path`` from behind its header; see :meth:`run`.

    ``head_lines`` physical lines hold ``head_records`` records (title rows and header); every record behind must have ``width``
    cells. ``careful``: parse every line that holds a quote instead of trusting its pattern.
    """

    def __init__(
        self,
        path: Path,
        dialect: Dialect,
        workdir: Path,
        *,
        head_lines: int,
        head_records: int,
        width: int,
        careful: bool = False,
    ) -> None:
        self.path = path
        self.dialect = dialect
        self.workdir = workdir
        self.head_lines = head_lines
        self.record = head_records
        self.width = width
        self.careful = careful
        self.scan = Scan()
        self.delimiter = dialect.delimiter.encode()
        self.quote = dialect.quote.encode()
        keep = self.delimiter + self.quote + b"\r\n\0"
        self.delete = bytes(byte for byte in range(256) if byte not in keep)
        self.quoted = (
            re.compile(self.quote + b"[^" + re.escape(self.quote) + b"\r\n]*" + self.quote) if self.quote else None
        )
        self.line_end = b"\n"
        self.out: IO[bytes] | None = None
        self.structure: IO[str] | None = None
        self.clean_bytes = 0  # of the source, while it is still clean
        self.blocks = Blocks(path, dialect)

    # ---- the pass ---------------------------------------------------------------------------------------------------

    def run(self, line_end: bytes, rewrite: bool) -> Scan:
        """Scan the whole file. ``rewrite``: write ``text.csv`` in any case (other encodings, odd title rows).

        Raises Problem for what makes the whole file unreadable, Restart for a wrong guess of the encoding.
        """
        self.line_end = self.blocks.line_end = line_end
        line = self.delimiter * (self.width - 1) + (b"\n" if line_end == b"\r" else line_end)
        to_skip = self.head_lines
        consumed = self.dialect.bom
        open_region = b""
        try:
            if rewrite or line_end == b"\r":
                self._start_text()
            for block in self.blocks:
                size = len(block)
                if line_end == b"\r":
                    block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                if to_skip:
                    # Title rows may end lines differently from the data, so count as head_lines() did.
                    block, to_skip, dropped = _without_lines(block, to_skip)
                    self.clean_bytes = consumed + dropped
                consumed += size
                if open_region:
                    block, open_region = open_region + block, b""
                if not block:
                    continue
                open_region = self._block(block, line)
                self.blocks.records = self.record
                if not open_region and self.out is None:
                    self.clean_bytes = consumed
            if open_region:
                raise self._unterminated(self.record + 1)
        finally:
            for handle in (self.out, self.structure):
                if handle is not None:
                    handle.close()
        self.scan.sha256, self.scan.size = self.blocks.sha256, self.blocks.size
        self.scan.text = self.out is not None
        return self.scan

    def _block(self, block: bytes, line: bytes) -> bytes:
        """Take in a block; returns the beginning of a quoted cell that runs on into the next one."""
        if not block.endswith(b"\n"):  # the file's last line
            block += b"\n" if block.endswith(b"\r") or not line.endswith(b"\r\n") else b"\r\n"
        shape = block.translate(None, self.delete)
        if self.quote and self.quote in shape:
            # A few quotes are looked at one by one; where every cell is quoted, the pattern must do.
            if self.careful or shape.count(self.quote) < shape.count(b"\n"):
                return self._lines(block, None, line)
            shape = shape.replace(self.quote * 2, b"")
            if self.quote in shape and self.quoted is not None:
                shape = self.quoted.sub(b"", shape)
        lines = shape.count(b"\n")
        if shape == line * lines and len(block) < LONGEST_LINE:
            self.record += lines
            self.scan.rows += lines
            if self.out is not None:
                self._write(block)
            return b""
        return self._lines(block, shape, line)

    def _lines(self, block: bytes, shape: bytes | None, line: bytes) -> bytes:
        """The slow way through a block: lines that do not have the pattern (or, without ``shape``, hold a quote) are parsed."""
        if b"\0" in block:
            raise self._nul(self.record + block[: block.index(b"\0")].count(b"\n") + 1)
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        if shape is not None and shape.count(b"\n") == len(lines):
            pattern = line[:-1]
            odd = [
                index
                for index, (part, text) in enumerate(zip(shape.split(b"\n"), lines, strict=False))
                if part != pattern or len(text) >= LONGEST_LINE
            ]
        else:
            carriage = line.endswith(b"\r\n")
            odd = [
                index
                for index, text in enumerate(lines)
                if (self.quote and self.quote in text)
                or text.count(self.delimiter) != self.width - 1
                or text.endswith(b"\r") != carriage
                or text.count(b"\r") != carriage
                or len(text) >= LONGEST_LINE
            ]
        kept: list[bytes] = []
        last = 0
        changed = False
        rows = 0
        glued = 0  # physical lines that belong to the record of a line above
        for index in odd:
            if index < last:
                continue
            kept += lines[last:index]
            rows += index - last
            record = self.record + index - glued + 1
            outcome = self._odd(lines, index, record)
            if outcome is None:  # runs on beyond this block
                rest = b"\n".join(lines[index:]) + b"\n"
                if len(rest) > LONGEST_LINE or len(lines) - index > CELL_LINES:
                    raise self._unterminated(record)
                self._flush(kept, rows, changed, index - glued, block, len(block) - len(rest))
                return rest
            good, taken, same = outcome
            changed |= not same
            kept += good
            rows += len(good)
            # Text between stray carriage returns counts as rows of their own: ``taken`` is negative then.
            glued += taken - 1
            last = index + max(taken, 1)
        kept += lines[last:]
        rows += len(lines) - last
        self._flush(kept, rows, changed, len(lines) - glued, block, len(block))
        return b""

    def _flush(self, kept: list[bytes], rows: int, changed: bool, records: int, block: bytes, used: int) -> None:
        if changed and self.out is None:
            self._start_text()
        if self.out is not None:
            self._write(b"".join(text.removesuffix(b"\r") + b"\n" for text in kept) if changed else block[:used])
        elif used < len(block):
            self.clean_bytes += used  # counted here: run() counts whole blocks only
        self.record += records
        self.scan.rows += rows

    def _odd(self, lines: list[bytes], index: int, record: int) -> tuple[list[bytes], int, bool] | None:
        """One line without the pattern: (good lines to keep, physical lines taken, whether they are unchanged); None: needs more."""
        text = lines[index]
        same_end = text.endswith(b"\r") == (self.line_end == b"\r\n")
        bare = text.removesuffix(b"\r")
        if not bare.strip(b" \t\r\xc2\xa0" + b"\xe3\x80"):
            self.scan.gaps.append(record)
            return [], 1, False
        if len(text) >= LONGEST_LINE:
            self._broken(record, "LINE SIZE OVER MAXIMUM", bare)
            return [], 1, False
        if b"\r" in bare and not (self.quote and self.quote in bare):
            # Old Mac line ends among others: as many rows as there are pieces.
            return self._pieces(bare, record)
        cells, fault = self._parse(bare)
        taken = 1
        if fault == _OPEN_QUOTE:
            joined = self._join(lines, index, record)
            if joined is None:
                return None
            cells, taken = joined
            self.scan.line_breaks += 1
            return [self._row(cells)], taken, False
        if fault or cells is None:
            self._broken(record, "UNQUOTED VALUE", bare)
            return [], 1, False
        if len(cells) != self.width:
            self._broken(record, "TOO MANY COLUMNS" if len(cells) > self.width else "MISSING COLUMNS", bare)
            return [], 1, False
        if b"\r" in bare:
            self.scan.line_breaks += 1
            return [self._row(cells)], 1, False
        self.scan.mixed_line_ends |= not same_end
        return [text], 1, same_end

    def _pieces(self, text: bytes, record: int) -> tuple[list[bytes], int, bool]:
        good: list[bytes] = []
        pieces = text.split(b"\r")
        self.scan.mixed_line_ends = True
        for number, piece in enumerate(pieces):
            cells, fault = self._parse(piece)
            if not piece.strip():
                self.scan.gaps.append(record + number)
            elif fault or cells is None or len(cells) != self.width:
                many = cells is not None and len(cells) > self.width
                self._broken(record + number, "TOO MANY COLUMNS" if many else "MISSING COLUMNS", piece)
            else:
                good.append(piece)
        return good, 2 - len(pieces), False

    def _parse(self, text: bytes) -> tuple[list[str] | None, str | None]:
        """Cells of one line as DuckDB's strict mode splits it; or the fault."""
        try:
            return next(
                csv.reader(
                    [text.decode().replace("\r", "\n")],
                    delimiter=self.dialect.delimiter,
                    strict=True,
                    **quoting(self.dialect.quote),
                )
            ), None
        except csv.Error as error:
            return None, str(error)

    def _join(self, lines: list[bytes], index: int, record: int) -> tuple[list[str], int] | None:
        """A quoted cell with line breaks: the record's cells and its number of physical lines; None if it runs out of the block.

        Raises Problem UNTERMINATED_QUOTE when closing it further down would swallow rows.
        """
        for end in range(index + 1, min(len(lines), index + CELL_LINES)):
            if self.quote not in lines[end]:
                continue
            region = [line.removesuffix(b"\r") for line in lines[index : end + 1]]
            cells, fault = self._parse(b"\n".join(region))
            if fault == _OPEN_QUOTE:
                continue
            whole_rows = all(line.count(self.delimiter) == self.width - 1 for line in region)
            if cells is None or len(cells) != self.width or whole_rows:
                raise self._unterminated(record)
            return cells, end + 1 - index
        if index + CELL_LINES <= len(lines):
            raise self._unterminated(record)
        return None

    def _row(self, cells: list[str]) -> bytes:
        """A record on one line: line breaks inside cells become spaces."""
        buffer = io.StringIO()
        flat = [" ".join(cell.splitlines()) if "\n" in cell or "\r" in cell else cell for cell in cells]
        csv.writer(buffer, delimiter=self.dialect.delimiter, lineterminator="", **quoting(self.dialect.quote)).writerow(
            flat
        )
        return buffer.getvalue().encode()

    # ---- output -----------------------------------------------------------------------------------------------------

    def _start_text(self) -> None:
        """From here on (after what was clean so far) records go to ``text.csv``, with ``\\n`` as line end."""
        self.out = create(self.workdir / "text.csv")
        if not self.clean_bytes:
            return
        with open(self.path, "rb") as source:
            left = self.clean_bytes
            skipping = self.head_lines
            source.seek(self.dialect.bom)
            left -= self.dialect.bom
            carry = b""
            while left and (data := source.read(min(READ_BYTES, left))):
                left -= len(data)
                data = carry + data
                end = data.rfind(b"\n") + 1 if left else len(data)
                data, carry = data[:end], data[end:]
                if skipping:
                    data, skipping, _ = _without_lines(data, skipping)
                self._write(data)

    def _write(self, block: bytes) -> None:
        assert self.out is not None
        self.out.write(block.replace(b"\r\n", b"\n") if self.line_end == b"\r\n" else block)
        if not block.endswith(b"\n") and block:
            self.out.write(b"\n")

    def _broken(self, record: int, kind: str, text: bytes) -> None:
        if self.structure is None:
            self.structure = io.TextIOWrapper(create(self.workdir / "structure.csv"), encoding="utf-8", newline="")
            self.writer = csv.writer(self.structure, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self.writer.writerow([record, kind, re.sub(r"[\r\n]+", " ", text[:SHOWN_BYTES].decode("utf-8", "ignore"))])
        self.scan.structure_rows += 1

    def _unterminated(self, record: int) -> Problem:
        return Problem(
            "UNTERMINATED_QUOTE",
            f"第 {record} 行有一个引号没有成对，其后的行会被并成一格，无法可靠读取。请删除或补全该行的引号。",
        )

    def _nul(self, record: int) -> Problem:
        return Problem("NUL_BYTES", f"第 {record} 行附近含有空字节（NUL），文件可能已损坏或不是文本。请重新导出。")


def create(path: Path) -> BinaryIO:
    """A new private file (0600), replacing what an interrupted run may have left."""
    path.unlink(missing_ok=True)
    return os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb", buffering=1 << 20
    )


def _without_lines(block: bytes, count: int) -> tuple[bytes, int, int]:
    """``block`` without its first ``count`` physical lines, how many are still to skip, and the bytes that were dropped."""
    position = 0
    for found in re.finditer(rb"\r\n|\n|\r", block):
        position = found.end()
        count -= 1
        if not count:
            return block[position:], 0, position
    return b"", count - (position < len(block)), len(block)
