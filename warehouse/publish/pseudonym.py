"""Pseudonyms: keyed stand-ins for the keys of people and households.

SHA-256 over a secret prefix of fixed length, cut to 64 of its 256 bits: without the key it can be neither computed nor extended.
The prefix has 128 bits, so that prefix and key fill one block of the hash, which halves the cost of a province.
The letters stand at fixed places and a token is 12 characters long, so it can never be taken for an id or an account number.
"""

from __future__ import annotations

import hashlib

PREFIX = {
    "person_token": "P",
    "household_token": "H",
    "project_token": "J",
    "allotment_token": "F",
    "need_token": "N",
    "offer_token": "G",
}
SHAPE = f"[{''.join(PREFIX.values())}][A-Za-z0-9+/]{{11}}"


def token_sql(target: str, source: str, key: str) -> str:
    """SQL of the pseudonym ``target`` (a key of PREFIX) for the column ``source``; NULL stays NULL."""
    secret = hashlib.sha256(f"{target}\0{key}".encode()).hexdigest()[:32]
    digest = f"sha256('{secret}' || CAST({source} AS VARCHAR))"
    return f"'{PREFIX[target]}' || left(base64(unhex(left({digest}, 16))), 11)"


def fingerprint(key: str) -> str:
    """Says whether two snapshots used the same key, without saying the key."""
    return hashlib.sha256(f"fingerprint\0{key}".encode()).hexdigest()[:8]
