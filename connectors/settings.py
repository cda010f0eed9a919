"""Settings: Airflow's own convention (``[fupin]`` in airflow.cfg, ``AIRFLOW__FUPIN__KEY`` overrides) without importing Airflow.

The command line must answer in milliseconds and work where only this package is configured; Airflow's own reader costs two
seconds, so the few keys are read here.
"""

from __future__ import annotations

import configparser
import os
from functools import cache
from importlib import metadata
from pathlib import Path

from connectors.errors import TerminalError

ROOT = Path(__file__).resolve().parents[1]


@cache
def _from_file(path: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read(path, encoding="utf-8")
    return dict(parser.items("fupin")) if parser.has_section("fupin") else {}


def get(key: str, default: str | None = None) -> str | None:
    """The text of setting ``key``: environment first, then airflow.cfg, then ``default``."""
    value = os.environ.get(f"AIRFLOW__FUPIN__{key.upper()}")
    if value is not None:
        return value
    airflow_home = os.environ.get("AIRFLOW_HOME", str(ROOT))
    value = _from_file(str(Path(airflow_home) / "airflow.cfg")).get(key)
    if value is None:
        return default
    return os.path.expandvars(value.replace("$AIRFLOW_HOME", airflow_home))


def home() -> Path:
    """The data root; relative paths count from the checkout."""
    return (ROOT / os.path.expanduser(get("home", "./var") or "./var")).resolve()


def feed_folders() -> list[Path]:
    """Folders with feed declarations: the checkout's own first, then the site's (``AIRFLOW__FUPIN__FEEDS``, comma or colon separated)."""
    extra = (get("feeds", "") or "").replace("\n", ",").replace(os.pathsep, ",")
    folders = [ROOT / "connectors" / "feeds"]
    for part in filter(None, (piece.strip() for piece in extra.split(","))):
        folder = (ROOT / os.path.expanduser(part)).resolve()
        if not folder.is_dir():
            raise TerminalError(f"AIRFLOW__FUPIN__FEEDS names a folder that does not exist: {folder}")
        if folder not in folders:
            folders.append(folder)
    return folders


def number(key: str, default: float) -> float:
    """A numeric setting; a text that is no number is an error, not the default."""
    text = get(key)
    if text is None or not text.strip():
        return default
    try:
        return float(text)
    except ValueError:
        raise TerminalError(f"setting [fupin] {key} must be a number") from None


def code_version() -> str:
    """Commit of the checkout if it is one, else the package's version."""
    head = ROOT / ".git" / "HEAD"
    try:
        text = head.read_text(encoding="ascii").strip()
        if text.startswith("ref: "):
            text = (ROOT / ".git" / text.removeprefix("ref: ")).read_text(encoding="ascii").strip()
        return text
    except OSError:
        pass
    try:
        return metadata.version("fupin")
    except metadata.PackageNotFoundError:
        return "unknown"
