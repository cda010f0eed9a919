"""The environment in which Airflow's components run: airflow.cfg, re-rooted to the data root and to the port in use."""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path

from connectors import settings

ROOT = settings.ROOT
_DEFAULT_HOME = "$AIRFLOW_HOME/var"


def airflow_folder() -> Path:
    """Where Airflow keeps its database, logs and passwords: ``airflow/`` below the data root."""
    return settings.home() / "airflow"


def configured(section: str, key: str, default: str) -> str:
    """A value of airflow.cfg or its ``AIRFLOW__SECTION__KEY`` override, without the cost of importing Airflow."""
    if (value := os.environ.get(f"AIRFLOW__{section.upper()}__{key.upper()}")) is not None:
        return value
    return _config().get(section, key, fallback=default)


def airflow_environment(port: int | None = None) -> dict[str, str]:
    """Environment variables for every Airflow process of this checkout and data root.

    ``port``: where the API server listens; None leaves what airflow.cfg says. What the caller's environment already
    sets stays, except for the address of our own API server.
    """
    home = settings.home()
    environment = dict(os.environ)
    environment["AIRFLOW_HOME"] = str(ROOT)
    environment["AIRFLOW__FUPIN__HOME"] = str(home)
    environment["FUPIN_PYTHON"] = sys.executable
    paths = [str(ROOT), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    config = _config()
    for section in config.sections():
        for key, value in config.items(section):
            if _DEFAULT_HOME in value and section != "fupin":
                variable = f"AIRFLOW__{section.upper()}__{key.upper()}"
                environment.setdefault(variable, value.replace(_DEFAULT_HOME, str(home)))
    if port is not None:
        address = f"http://127.0.0.1:{port}"
        environment["AIRFLOW__API__PORT"] = str(port)
        environment["AIRFLOW__API__BASE_URL"] = address
        environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = f"{address}/execution/"
    # A site's proxy must not see, and cannot reach, what the components say to each other.
    for variable in ("NO_PROXY", "no_proxy"):
        names = [*filter(None, environment.get(variable, "").split(",")), "127.0.0.1", "localhost"]
        environment[variable] = ",".join(dict.fromkeys(names))
    return environment


def _config() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.read(ROOT / "airflow.cfg", encoding="utf-8")
    return parser
