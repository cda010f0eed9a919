"""A feed's declaration (``connectors/feeds/<feed>.toml``): the only place that says what a department sends.

Everything else about a feed (DAG, suite, warehouse table, test folder) is derived from :class:`Feed`.
Every key is described in connectors/README.md.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from connectors import settings
from connectors.errors import DeclarationError

TYPES = frozenset(
    "text name citizen_id student_no disability_cert date month year money integer number ratio boolean code phone account".split()
)
MODES = frozenset({"snapshot", "upsert", "append"})
SENSITIVITIES = frozenset({"identifier", "sensitive", "plain"})
ID_KINDS = frozenset({"id18", "id15", "cert20", "student_g"})
ID_TYPES = frozenset({"citizen_id", "student_no", "disability_cert"})
PRECISIONS = ("day", "month", "year")
# How a column stands in the published history: not at all, as it is, or a date only to the month or year.
PUBLISHED = ("", "value", "month", "year")
# Types that name somebody, whatever the column is called.
PERSONAL_TYPES = frozenset({"name", "phone", "account"}) | ID_TYPES
SOURCES = frozenset({"drop", "rest", "database"})
EVERYBODY = "*"

_NAME = re.compile(r"[a-z][a-z0-9_]{1,62}")
_BRACKETS = str.maketrans("（）［］【】〔〕", "()[][][]")
_UNIT_SUFFIX = re.compile(r"\((元|万元|千元|百元|亿元|亩|㎡|m2|平方米|月|%|人|户|个)\)$")


def normalise_header(text: str) -> str:
    """A header as it is compared: NFKC, no white space, unified brackets, lower case."""
    text = unicodedata.normalize("NFKC", text).translate(_BRACKETS)
    return re.sub(r"[\s\u200b-\u200f\u2060\ufeff]+", "", text).lower()


def split_unit(text: str) -> tuple[str, str | None]:
    """A normalised header without its unit bracket, and the unit: ``金额(万元)`` → ``("金额", "万元")``."""
    found = _UNIT_SUFFIX.search(text)
    return (text[: found.start()], found.group(1)) if found else (text, None)


@dataclass(frozen=True)
class Column:
    """One declared column; ``aliases[0]`` is its Chinese label."""

    name: str
    type: str
    aliases: tuple[str, ...]
    required: bool = False
    sensitivity: str = "plain"
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unit: str | None = None
    personal_id: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    precision: str = "day"
    century: int | None = None
    meaning: str = ""
    published: str = ""

    @property
    def label(self) -> str:
        return self.aliases[0]


@dataclass(frozen=True)
class Feed:
    """One feed; ``columns`` keeps the order of the file."""

    name: str
    department: str
    department_title: str
    title: str
    grain: str
    mode: str
    key: tuple[str, ...]
    subject: tuple[str, ...]
    person_number: str | None
    schedule: str
    freshness_days: int
    legal_basis: str
    purpose: str
    as_of_column: str | None
    source: Mapping[str, Any]
    columns: tuple[Column, ...]
    path: Path
    partial_by: str | None = None
    # (own column, other feed): the row is about whom that feed's row with this key is about.
    person_via: tuple[str, str] | None = None
    # Other departments that drop the same feed's files into inboxes of their own; EVERYBODY: all of them.
    also_from: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def dropped(self) -> bool:
        """Its files come into the department's inbox; otherwise it is pulled from its system."""
        return bool(self.source["kind"] == "drop")

    def is_from(self, department: str) -> bool:
        """May this department drop the feed's files?"""
        return self.dropped and (
            department == self.department or department in self.also_from or EVERYBODY in self.also_from
        )

    # Asked for every file by every feed of its department.
    @cached_property
    def headers(self) -> dict[str, str]:
        """Normalised header (with and without its unit bracket) → column name."""
        known: dict[str, str] = {}
        for column in self.columns:
            for alias in column.aliases:
                header = normalise_header(alias)
                known.setdefault(header, column.name)
                known.setdefault(split_unit(header)[0], column.name)
        return known


def _fail(path: Path, message: str) -> DeclarationError:
    return DeclarationError(f"{path.name}: {message}")


def _column(path: Path, raw: dict[str, Any]) -> Column:
    name = raw.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _fail(path, f"[[columns]] name {name!r} must match [a-z][a-z0-9_]*")
    known = set(Column.__dataclass_fields__)
    if unknown := set(raw) - known:
        raise _fail(path, f"column {name}: unknown keys {sorted(unknown)}")
    aliases = raw.get("aliases") or ()
    checks = [
        (raw.get("type") in TYPES, f"type must be one of {sorted(TYPES)}"),
        (bool(aliases) and all(isinstance(alias, str) for alias in aliases), "aliases must list at least one header"),
        (raw.get("sensitivity", "plain") in SENSITIVITIES, f"sensitivity must be one of {sorted(SENSITIVITIES)}"),
        (set(raw.get("personal_id", ())) <= ID_KINDS, f"personal_id may list {sorted(ID_KINDS)}"),
        (raw.get("precision", "day") in PRECISIONS, f"precision must be one of {PRECISIONS}"),
        (raw.get("century") in (None, 19, 20), "century must be 19 or 20"),
        (raw.get("type") != "code" or bool(raw.get("codes")), "type code needs codes"),
        (
            raw.get("type") not in ID_TYPES or raw.get("sensitivity") == "identifier",
            'an id column is sensitivity = "identifier"',
        ),
        (raw.get("published", "") in PUBLISHED, f"published must be one of {PUBLISHED[1:]}"),
        (
            raw.get("published") not in ("month", "year") or raw.get("type") == "date",
            "only a date is cut to its month or year",
        ),
        (
            not raw.get("published")
            or (raw.get("sensitivity") != "identifier" and raw.get("type") not in PERSONAL_TYPES),
            "what identifies a person is never published",
        ),
    ]
    for passed, message in checks:
        if not passed:
            raise _fail(path, f"column {name}: {message}")
    codes = {str(code): tuple(spellings) for code, spellings in raw.get("codes", {}).items()}
    return Column(
        **{**raw, "aliases": tuple(aliases), "codes": codes, "personal_id": tuple(raw.get("personal_id", ()))}
    )


def _check_source(path: Path, source: Mapping[str, Any], mode: str) -> None:
    """Let the connector judge its own keys. Raises DeclarationError."""
    if source["kind"] == "rest":
        from connectors.rest import declaration

        try:
            declaration.parse(source, mode)
        except ValueError as error:
            raise _fail(path, f"source.{error}") from None
    elif source["kind"] == "database":
        from connectors import database_settings

        database_settings.validate(path, mode, source)


def load_feed(path: Path) -> Feed:
    """Read and check one declaration. Raises DeclarationError that names the file and the key."""
    try:
        status = path.stat()
    except OSError as error:
        raise _fail(path, f"cannot be read ({type(error).__name__})") from None
    return _load(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=512)
def _load(path: Path, changed: int, size: int) -> Feed:
    """A declaration is read again only when its file has changed: every step asks for all of them."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _fail(path, f"is no valid TOML ({error})") from None
    columns = tuple(_column(path, column) for column in raw.pop("columns", []))
    names = [column.name for column in columns]
    missing = [key for key in ("name", "department", "title", "grain", "mode", "key") if not raw.get(key)]
    if missing:
        raise _fail(path, f"missing keys {missing}")
    allowed = set(Feed.__dataclass_fields__) - {"path"}
    checks = [
        (set(raw) <= allowed, f"unknown keys {sorted(set(raw) - allowed)}"),
        (raw["name"] == path.stem and _NAME.fullmatch(raw["name"]), f"name {raw['name']!r} must equal the file's stem"),
        (bool(re.fullmatch(r"[a-z][a-z0-9_-]*", raw["department"])), "department must be a plain folder name"),
        (raw["mode"] in MODES, f"mode must be one of {sorted(MODES)}"),
        (len(names) == len(set(names)) and bool(names), "columns must be present, each name once"),
        (set(raw["key"]) <= set(names), "key names an undeclared column"),
        (
            set(raw.get("subject", ())) <= {column.name for column in columns if column.type in ID_TYPES},
            "subject must list id columns",
        ),
        (raw.get("person_number") in (None, *raw["key"]), "person_number must be a key column"),
        (raw.get("as_of_column") in (None, *names), "as_of_column names an undeclared column"),
        (
            "person_via" not in raw or (len(raw["person_via"]) == 2 and raw["person_via"][0] in names),
            "person_via must be [own column, other feed]",
        ),
        (raw.get("partial_by") in (None, *names), "partial_by names an undeclared column"),
        (
            raw.get("partial_by") is None or raw["mode"] == "snapshot",
            "partial_by is for full lists: elsewhere absence says nothing",
        ),
        (set(raw.get("source", {}).get("fill_down", ())) <= set(names), "source.fill_down names an undeclared column"),
        *(
            (set(raw.get("source", {}).get(key, ())) <= set(names), f"source.{key} names an undeclared column")
            for key in ("skip_empty", "skip_all_empty")
        ),
        (
            not raw.get("also_from") or raw.get("source", {}).get("kind", "drop") == "drop",
            "also_from is for files that are dropped",
        ),
        (
            not raw.get("also_from") or raw["mode"] != "snapshot",
            "also_from is not for full lists: one department's absence says nothing about another's",
        ),
        (raw.get("source", {}).get("kind", "drop") in SOURCES, f"source.kind must be one of {sorted(SOURCES)}"),
    ]
    for passed, message in checks:
        if not passed:
            raise _fail(path, message)
    _check_source(path, {"kind": "drop", **raw.get("source", {})}, raw["mode"])
    by_name = {column.name: column for column in columns}
    for name in raw["key"]:
        if not by_name[name].required:
            raise _fail(path, f"key column {name} must be required")
    seen: dict[str, str] = {}
    for column in columns:
        for alias in column.aliases:
            header = normalise_header(alias)
            if seen.setdefault(header, column.name) != column.name:
                raise _fail(path, f"header {alias} belongs to both {seen[header]} and {column.name}")
    return Feed(
        name=raw["name"],
        department=raw["department"],
        department_title=raw.get("department_title", raw["department"]),
        title=raw["title"],
        grain=raw["grain"],
        mode=raw["mode"],
        key=tuple(raw["key"]),
        subject=tuple(raw.get("subject", ())),
        person_number=raw.get("person_number"),
        schedule=raw.get("schedule", "*/15 * * * *"),
        freshness_days=int(raw.get("freshness_days", 31)),
        legal_basis=raw.get("legal_basis", ""),
        purpose=raw.get("purpose", ""),
        as_of_column=raw.get("as_of_column"),
        source={"kind": "drop", **raw.get("source", {})},
        columns=columns,
        path=path,
        partial_by=raw.get("partial_by"),
        person_via=tuple(raw["person_via"]) if "person_via" in raw else None,
        also_from=(raw["also_from"],) if isinstance(raw.get("also_from"), str) else tuple(raw.get("also_from", ())),
    )


def load_feeds(folders: Iterable[Path] | None = None) -> dict[str, Feed]:
    """All feeds by name, sorted; a name declared in two folders is an error."""
    feeds: dict[str, Feed] = {}
    for folder in folders if folders is not None else settings.feed_folders():
        for path in sorted(Path(folder).glob("*.toml")):
            feed = load_feed(path)
            if feed.name in feeds:
                raise _fail(path, f"feed {feed.name} is declared in {feeds[feed.name].path} too")
            feeds[feed.name] = feed
    return dict(sorted(feeds.items()))


def inboxes(feeds: Mapping[str, Feed]) -> list[str]:
    """The departments that have an inbox: those of which a feed's files may come, in order of name."""
    departments = {feed.department for feed in feeds.values()}
    return sorted(department for department in departments if any(feed.is_from(department) for feed in feeds.values()))
