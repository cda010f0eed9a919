"""Puts the published page and the Data Docs among Airflow's own pages. Every component loads this file, so it imports next to nothing."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin

# Below which path of the API server the pages lie.
PREFIX = "/fupin"


class Pages(AirflowPlugin):
    """Two entries of the navigation and the application that serves them."""

    name = "fupin"

    @cached_property
    def fastapi_apps(self) -> list[Any]:  # type: ignore[override]
        # Only the API server asks, and only it needs FastAPI.
        from warehouse.upkeep.pages import application

        return [{"app": application(), "url_prefix": PREFIX, "name": "fupin"}]

    @cached_property
    def fastapi_root_middlewares(self) -> list[Any]:  # type: ignore[override]
        from warehouse.upkeep.pages import SecureHeaders

        return [{"middleware": SecureHeaders, "name": "secure headers"}]

    @cached_property
    def external_views(self) -> list[Any]:  # type: ignore[override]
        from urllib.parse import urlsplit

        from airflow.configuration import conf

        # Behind a proxy the server may lie below a path of its own.
        root = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/") + PREFIX
        return [
            {"name": "脱贫攻坚看板", "href": f"{root}/published/index.html", "destination": "nav", "url_route": "fupin-page"},
            {"name": "数据质量检查", "href": f"{root}/docs/index.html", "destination": "nav", "url_route": "fupin-docs"},
        ]  # fmt: skip
