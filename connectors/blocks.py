"""A text file as UTF-8 blocks of whole lines, hashed and checked for its encoding on the way."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from connectors.encoding import PROOF_CHARACTERS, Dialect, characters, invalid_encoding, is_utf8
from connectors.reading import Problem

READ_BYTES = 4 * 1024 * 1024
# Larger blocks leave the processor's cache while they are decoded.
BLOCK_BYTES = 256 * 1024
# A file without any line end is refused before it fills the memory.
UNBROKEN_BYTES = 64 * 1024 * 1024


class Restart(Exception):
    """The assumed encoding was wrong, and little enough had been proven: scan again as GB18030."""


class Blocks:
    """Iterates over ``path`` once; then ``sha256`` and ``size`` are those of the whole file.

    A block ends at a line end (``line_end``), but for the last; the byte-order mark is left out. ``records`` is kept up by the
    consumer, for messages. Raises Problem ENCODING_INVALID or LINE_TOO_LONG, and Restart.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.path = path
        self.dialect = dialect
        self.line_end = b"\n"
        self.records = 0
        self.sha256 = ""
        self.size = 0
        self.proven = 0

    def _raw(self) -> Iterator[bytes]:
        """Big reads; the hash is computed beside the scan (hashlib lets go of the interpreter lock)."""
        digest = hashlib.sha256()
        pending: Future[None] | None = None
        with open(self.path, "rb", buffering=0) as source, ThreadPoolExecutor(1) as pool:
            while data := source.read(READ_BYTES):
                if pending is not None:
                    pending.result()
                pending = pool.submit(digest.update, data)
                self.size += len(data)
                yield data
            if pending is not None:
                pending.result()
        self.sha256 = digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """UTF-8 blocks that end at a line end, without a byte-order mark."""
        encoding = self.dialect.encoding
        carry = b""
        offset = self.dialect.bom
        skip = self.dialect.bom
        # Neither UTF-8 nor GB18030 uses the bytes of line ends inside a character, so blocks can be cut before decoding.
        aligned = encoding in ("utf-8", "gb18030")
        decoder = None if aligned else codecs.getincrementaldecoder(encoding)("strict")
        for data in self._raw():
            for start in range(0, len(data), BLOCK_BYTES):
                piece = data[start + skip : start + BLOCK_BYTES]
                skip = 0
                if decoder is not None:
                    try:
                        converted = decoder.decode(piece).encode()
                    except UnicodeError as error:
                        raise self._invalid(offset + getattr(error, "start", 0)) from None
                    offset += len(piece)
                    piece = converted
                # A \r at the very end may be the first half of \r\n.
                old = piece.rfind(b"\r", 0, len(piece) - 1) if self.line_end == b"\r" else -1
                end = max(piece.rfind(b"\n"), old) + 1
                if not end:
                    carry += piece
                    if len(carry) > UNBROKEN_BYTES:
                        raise Problem(
                            "LINE_TOO_LONG",
                            f"第 {self.records + 1} 行之后 64 MB 内没有换行，不是一张表格。请检查文件。",
                        )
                    continue
                block, carry = carry + piece[:end], piece[end:]
                if aligned:
                    yield self._decoded(block, offset)
                    offset += len(block)
                else:
                    yield block
        if decoder is not None:
            try:
                carry += decoder.decode(b"", final=True).encode()
            except UnicodeError:
                raise self._invalid(self.size - 1) from None
        if carry:
            yield self._decoded(carry, offset) if aligned else carry

    def _decoded(self, block: bytes, offset: int) -> bytes:
        """The block as UTF-8. Raises Restart or Problem ENCODING_INVALID."""
        if block.isascii():
            return block
        if self.dialect.encoding == "utf-8":
            try:
                text = block.decode()
            except UnicodeDecodeError as error:
                self.proven += characters(block[: error.start])
                if not self.dialect.sure and self.proven < PROOF_CHARACTERS:
                    raise Restart from None
                raise self._invalid(offset + error.start, block[: error.start]) from None
            if self.proven < PROOF_CHARACTERS:
                self.proven += len(text) - len(text.encode("ascii", "ignore"))
            return block
        self._refuse_utf8_inside(block, offset)
        try:
            return _from_gb18030(block).encode()
        except UnicodeDecodeError as error:
            raise self._invalid(offset + error.start, block[: error.start]) from None
        except UnicodeEncodeError:  # a lone surrogate: GB18030 can spell what no text may hold
            raise self._invalid(offset, b"") from None

    def _refuse_utf8_inside(self, block: bytes, offset: int) -> None:
        """GB18030 decodes most UTF-8 to nonsense without complaint, so a stretch of UTF-8 inside must be looked for.

        Two files glued together show at the edges of a block; a small file is looked through line by line.
        """
        wide = re.compile(rb"[^\n]*[\x80-\xff][^\n]*")
        first = wide.search(block)
        tail = block[-8192:]
        last = wide.findall(tail[tail.find(b"\n") + 1 :])[-1:]
        edges = [first[0]] if first else []
        if len(block) >= BLOCK_BYTES // 2 and not any(is_utf8(line) for line in edges + last):
            return
        start = run = 0
        for line in wide.finditer(block):
            if not is_utf8(line[0]):
                run = 0
                continue
            start = start if run else line.start()
            run += characters(line[0])
            if run >= PROOF_CHARACTERS:
                raise self._invalid(offset + start, block[:start])

    def _invalid(self, offset: int, before: bytes = b"") -> Problem:
        return invalid_encoding(self.dialect.encoding, offset, self.records + before.count(b"\n") + 1)


def _from_gb18030(block: bytes) -> str:
    """GBK first: Python's codec for it is 1.4 times as fast, and wherever it decodes at all it agrees with GB18030 (a test)."""
    try:
        return block.decode("gbk")
    except UnicodeDecodeError:
        return block.decode("gb18030")
