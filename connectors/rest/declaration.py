"""``[source]`` of a feed with ``kind = "rest"`` as typed values; every key is described in connectors/README.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

PAGINGS = ("none", "page", "offset", "cursor", "link")
AUTHS = ("none", "basic", "api_key", "oauth2", "signed")
SENDS = ("query", "json", "form")
DIGESTS = ("hmac-sha256", "hmac-sm3")
CLOCKS = ("time", "epoch_s", "epoch_ms", "number")
ENCODINGS = ("utf-8", "gb18030")


@dataclass(frozen=True)
class Paging:
    """How the next page is asked for; ``size`` is rows a page (0: the server decides)."""

    kind: str = "none"
    param: str = ""
    size_param: str = ""
    size: int = 0
    first: int = 1
    next: str = ""
    more: str = ""
    overlap: str = "refuse"


@dataclass(frozen=True)
class Auth:
    """How a request is signed; the secrets themselves stand in the Airflow connection (``secret`` names where)."""

    kind: str = "none"
    secret: str = "password"
    header: str = ""
    param: str = ""
    prefix: str = ""
    token_path: str = ""
    scope: str = ""
    client: str = "basic"
    digest: str = "hmac-sha256"
    text: str = "{method}\n{path}\n{query}\n{timestamp}\n{nonce}"
    encoding: str = "hex"
    clock: str = "epoch_ms"
    key_header: str = "X-App-Id"
    timestamp_header: str = "X-Timestamp"
    nonce_header: str = "X-Nonce"
    signature_header: str = "X-Signature"


@dataclass(frozen=True)
class Watermark:
    """Which field of a record says how new it is, and in which parameter the next pull names the newest one."""

    field: str = ""
    param: str = ""
    clock: str = "time"


@dataclass(frozen=True)
class Ok:
    """A field of the answer that says whether it is one, and the values that mean yes."""

    field: str = ""
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What one pull may cost: seconds, bytes, pages, attempts a page."""

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    page_seconds: float = 300.0
    deadline_seconds: float = 3600.0
    attempts: int = 6
    backoff_seconds: float = 1.0
    backoff_limit_seconds: float = 60.0
    page_bytes: int = 16 * 1024**2
    pull_bytes: int = 20 * 1000**3
    pages: int = 100_000
    resume_hours: float = 6.0


@dataclass(frozen=True)
class Source:
    """The whole ``[source]`` table; ``records`` and ``total`` are dotted paths into a page."""

    connection: str
    path: str
    kind: str = "rest"
    send: str = "query"
    records: str = ""
    total: str = ""
    encoding: str = "utf-8"
    content_types: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    as_of_param: str = ""
    as_of_format: str = "%Y-%m-%d"
    ok: Ok = Ok()
    paging: Paging = Paging()
    auth: Auth = Auth()
    watermark: Watermark | None = None
    limits: Limits = Limits()


_TABLES: dict[str, Callable[..., Any]] = {"ok": Ok, "paging": Paging, "auth": Auth, "watermark": Watermark, "limits": Limits}  # fmt: skip


def _fits(value: Any, default: Any) -> bool:
    """Whether ``value`` has the type of a key's default; a whole number passes for a fraction, a list for a tuple."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, (int, float))
    if isinstance(default, tuple):
        return isinstance(value, list)
    return isinstance(value, type(default))


def _build(kind: Callable[..., Any], raw: Mapping[str, Any], where: str) -> Any:
    """``raw`` as the dataclass ``kind``. Raises ValueError «key: what is wrong»."""
    values: dict[str, Any] = {}
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    for name, value in raw.items():
        if name not in known:
            raise ValueError(f"{where}{name}: is no key; there are {', '.join(sorted(known))}")
        if name in _TABLES and not where:
            if not isinstance(value, dict):
                raise ValueError(f"{name}: must be a table")
            values[name] = _build(_TABLES[name], value, f"{name}.")
            continue
        one = known[name]
        default = one.default if one.default is not MISSING else ({} if one.default_factory is not MISSING else "")
        if not _fits(value, default):
            raise ValueError(f"{where}{name}: must be a {type(default).__name__}")
        values[name] = tuple(value) if isinstance(default, tuple) else value
    return kind(**values)


def parse(raw: Mapping[str, Any], mode: str = "upsert") -> Source:
    """``[source]`` checked. Raises ValueError that names the key."""
    for name in ("connection", "path"):
        if not isinstance(raw.get(name), str) or not raw[name]:
            raise ValueError(f"{name}: is missing")
    source: Source = _build(Source, raw, "")
    paging, auth, limits = source.paging, source.auth, source.limits
    placeholders = {"method": "", "path": "", "query": "", "timestamp": "", "nonce": "", "key": "", "body": ""}
    try:
        auth.text.format(**placeholders)
        readable = True
    except (KeyError, IndexError, ValueError):
        readable = False
    checks: list[tuple[bool, str]] = [
        (source.path.startswith("/") and "//" not in source.path and "?" not in source.path, "path: must begin with / and hold no address and no query"),
        (source.send in SENDS, f"send: must be one of {', '.join(SENDS)}"),
        (source.encoding in ENCODINGS, f"encoding: must be one of {', '.join(ENCODINGS)}"),
        (all(isinstance(value, str) for value in source.headers.values()), "headers: must be texts"),
        (not {name.lower() for name in source.headers} & {"authorization", "cookie", "host"}, "headers: credentials stand in the Airflow connection"),
        (all(isinstance(value, (str, int, float, bool)) for value in source.params.values()), "params: must be texts, numbers or true/false"),
        (not source.ok.field or bool(source.ok.values), "ok.values: must list the values that mean success"),
        (paging.kind in PAGINGS, f"paging.kind: must be one of {', '.join(PAGINGS)}"),
        (paging.kind not in ("page", "offset", "cursor") or bool(paging.param), "paging.param: is missing"),
        (paging.kind != "offset" or paging.size > 0, "paging.size: an offset needs the rows a page holds"),
        (paging.kind != "cursor" or bool(paging.next), "paging.next: must name the field with the next cursor"),
        (not paging.size_param or paging.size > 0, "paging.size: is missing"),
        (paging.overlap in ("refuse", "allow"), "paging.overlap: must be refuse or allow"),
        (auth.kind in AUTHS, f"auth.kind: must be one of {', '.join(AUTHS)}"),
        (auth.kind != "api_key" or bool(auth.header) != bool(auth.param), "auth: an api_key needs header or param"),
        (auth.kind != "oauth2" or auth.token_path.startswith("/"), "auth.token_path: must begin with /: the token comes from the connection's own host"),
        (auth.client in ("basic", "body"), "auth.client: must be basic or body"),
        (auth.digest in DIGESTS, f"auth.digest: must be one of {', '.join(DIGESTS)}"),
        (auth.encoding in ("hex", "HEX", "base64"), "auth.encoding: must be hex, HEX or base64"),
        (auth.clock in ("epoch_s", "epoch_ms"), "auth.clock: must be epoch_s or epoch_ms"),
        (readable, f"auth.text: may hold {', '.join('{' + name + '}' for name in placeholders)}"),
        (all(getattr(limits, one.name) > 0 for one in fields(limits)), "limits: must be above 0"),
    ]  # fmt: skip
    if source.watermark is not None:
        mark = source.watermark
        checks += [
            (bool(mark.field) and bool(mark.param), "watermark: needs field and param"),
            (mark.clock in CLOCKS, f"watermark.clock: must be one of {', '.join(CLOCKS)}"),
            (mode != "snapshot", "watermark: a snapshot is always fetched whole, or absence would end facts"),
        ]
    for passed, message in checks:
        if not passed:
            raise ValueError(message)
    return source
