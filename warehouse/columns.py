"""The dictionary of published columns (``columns.toml`` and, by theme, ``dictionary/*.toml``): a name means one thing, wherever it stands."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from connectors.errors import DeclarationError

PATH = Path(__file__).with_name("columns.toml")
# identifier: never leaves the warehouse; pseudonym: a keyed stand-in for one; the others are published.
SENSITIVITIES = ("plain", "sensitive", "pseudonym", "identifier")
# What a text column may hold, which is what the publication guard holds it to.
CONTENTS = ("text", "place", "division", "token", "batch", "code", "month")


@dataclass(frozen=True)
class Entry:
    """One column: ``codes`` names the feed column (``feed.column``) or ref table whose labels explain its codes;
    ``published_as`` is the pseudonym column that stands for an identifier in a snapshot."""

    name: str
    label: str
    type: str
    meaning: str
    sensitivity: str = "plain"
    unit: str = ""
    contents: str = "text"
    codes: str = ""
    published_as: str = ""

    @property
    def comment(self) -> str:
        """What stands beside the column in a published database."""
        return self.label + (f"（{self.unit}）" if self.unit else "") + "：" + self.meaning


@cache
def dictionary(path: Path = PATH) -> dict[str, Entry]:
    """All entries by column name. Raises DeclarationError that names the entry and the key."""
    entries: dict[str, Entry] = {}
    for part in (path, *sorted((path.parent / "dictionary").glob("*.toml"))):
        _read(part, entries)
    for entry in entries.values():
        if entry.published_as and entries.get(entry.published_as, entry).sensitivity != "pseudonym":
            raise DeclarationError(f"{path.name}: [{entry.name}] published_as must name a pseudonym column")
    return entries


def _read(path: Path, entries: dict[str, Entry]) -> None:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path.name}: is no valid TOML ({error})") from None
    for name, keys in raw.items():
        if name in entries:
            raise DeclarationError(f"{path.name}: [{name}] is declared already")
        if unknown := set(keys) - set(Entry.__dataclass_fields__):
            raise DeclarationError(f"{path.name}: [{name}] has unknown keys {sorted(unknown)}")
        if missing := [key for key in ("label", "type", "meaning") if not str(keys.get(key, "")).strip()]:
            raise DeclarationError(f"{path.name}: [{name}] lacks {missing}")
        entry = Entry(name=name, **keys)
        if entry.sensitivity not in SENSITIVITIES:
            raise DeclarationError(f"{path.name}: [{name}] sensitivity must be one of {SENSITIVITIES}")
        if entry.contents not in CONTENTS:
            raise DeclarationError(f"{path.name}: [{name}] contents must be one of {CONTENTS}")
        entries[name] = entry
