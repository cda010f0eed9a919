"""Numbers of a JSON page as texts: DuckDB, like most readers, makes a binary fraction of ``1.50`` or of 20 digits."""

from __future__ import annotations

import numpy as np

_QUOTE = ord('"')
_IS_NUMERIC = np.zeros(256, bool)
_IS_NUMERIC[list(b"0123456789-+.")] = True


def quote_numbers(page: bytes) -> bytes:
    """``page`` (valid JSON, UTF-8) with every bare number in quotes, its characters untouched; works on whole pages, not on tokens."""
    # Escaped quotes end no text; both replacements keep every position.
    masked = page.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in page else page
    codes = np.frombuffer(masked, np.uint8)
    outside = (np.cumsum(codes == _QUOTE, dtype=np.uint8) & 1) == 0
    numeric = _IS_NUMERIC[codes] & outside
    # An e behind a digit is an exponent, those of true and false stand behind letters.
    exponent = ((codes[1:] | 32) == ord("e")) & numeric[:-1]
    numeric[1:] |= exponent
    edges = np.flatnonzero(numeric[1:] != numeric[:-1]) + 1
    quoted: bytes = np.insert(np.frombuffer(page, np.uint8), edges, _QUOTE).tobytes()
    return quoted
