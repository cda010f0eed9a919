"""AES-256-GCM in chunks, for files of any size: each under a key of its own that follows from one of a ring and a salt.

What is sealed begins with a mark, the id of the key, the salt and the beginning of the nonces; the chunks are numbered and the last one is
marked, so that none can be changed, moved, taken out or cut off unseen (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár,
2015).
"""

from __future__ import annotations

import base64
import io
import secrets
from collections.abc import Iterator, Mapping
from typing import IO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connectors.errors import TerminalError

MARK = b"fupin\0\1\0"
ID_BYTES, SALT_BYTES, NONCE_BYTES, TAG_BYTES = 4, 16, 7, 16
HEAD_BYTES = len(MARK) + ID_BYTES + SALT_BYTES + NONCE_BYTES
CHUNK = 1 << 20


class Readable(Protocol):
    """What bytes are read from, as many as are wanted until it ends."""

    def read(self, size: int, /) -> bytes: ...


def encrypt(source: Readable, out: IO[bytes], ring: Mapping[str, str]) -> None:
    """Write what ``source`` has left to ``out``, under the first key of ``ring`` (id → key)."""
    name, key = next(iter(ring.items()))
    head = MARK + bytes.fromhex(name) + secrets.token_bytes(SALT_BYTES + NONCE_BYTES)
    cipher = _cipher(key, head)
    out.write(head)
    for number, (piece, is_last) in enumerate(_pieces(source, CHUNK)):
        out.write(cipher.encrypt(_nonce(head, number, is_last), piece, head))


def decrypt(source: IO[bytes], ring: Mapping[str, str], called: str) -> Iterator[bytes]:
    """The chunks of the plain text of ``source``. Raises TerminalError, which names it as it is ``called``, if its key is not in ``ring`` or it is
    not what was written."""
    head = source.read(HEAD_BYTES)
    name = key_of(head)
    key = ring.get(name or "")
    if name is None or key is None:
        what = f"its key {name} is not among the keys that are known" if name else "it is not a sealed file"
        raise TerminalError(f"{called} cannot be read: {what}")
    cipher = _cipher(key, head)
    for number, (piece, is_last) in enumerate(_pieces(source, CHUNK + TAG_BYTES)):
        try:
            yield cipher.decrypt(_nonce(head, number, is_last), piece, head)
        except InvalidTag:
            raise TerminalError(f"{called} is not what was written") from None


def key_of(head: bytes) -> str | None:
    """The id of the key of what is sealed and begins with ``head``; None if it is not."""
    return head[len(MARK) :][:ID_BYTES].hex() if len(head) >= HEAD_BYTES and head.startswith(MARK) else None


def key_of_text(text: str) -> str | None:
    """The same of what :func:`encrypt_text` sealed."""
    return key_of(base64.b64decode(text))


def encrypt_text(text: str, ring: Mapping[str, str]) -> str:
    """``text`` sealed, as ASCII."""
    out = io.BytesIO()
    encrypt(io.BytesIO(text.encode("utf-8", "surrogatepass")), out, ring)
    return base64.b64encode(out.getvalue()).decode("ascii")


def decrypt_text(text: str, ring: Mapping[str, str], called: str) -> str:
    """What :func:`encrypt_text` sealed. Raises like :func:`decrypt`."""
    return b"".join(decrypt(io.BytesIO(base64.b64decode(text)), ring, called)).decode("utf-8", "surrogatepass")


def _cipher(key: str, head: bytes) -> AESGCM:
    salt = head[len(MARK) + ID_BYTES :][:SALT_BYTES]
    return AESGCM(HKDF(hashes.SHA256(), length=32, salt=salt, info=b"fupin sealed file").derive(key.encode()))


def _nonce(head: bytes, number: int, is_last: bool) -> bytes:
    return head[-NONCE_BYTES:] + number.to_bytes(4, "big") + bytes([is_last])


def _pieces(source: Readable, size: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of ``size`` bytes, each with whether it is the last; an empty file is one empty piece."""
    piece = source.read(size)
    while True:
        following = source.read(size)
        yield piece, not following
        if not following:
            return
        piece = following
