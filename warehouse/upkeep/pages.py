"""The current snapshot's page and dictionary and the Data Docs, for whoever has logged in to Airflow. Nothing else of the data root is served."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors import settings

PUBLISHED = ("index.html", "dictionary.html")
_FEED = re.compile(r"[a-z0-9_]+\.html")
# The pages bring all they need with them, and only Airflow's own pages may frame them.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}

# What every answer of Airflow's own says too. Its pages bring scripts and styles of their own, so less is forbidden to them.
AIRFLOW_HEADERS = {
    "Content-Security-Policy": "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class SecureHeaders:
    """ASGI middleware around the whole API server: an answer that does not say otherwise gets :data:`AIRFLOW_HEADERS`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in AIRFLOW_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _page(path: Path, missing: str) -> FileResponse:
    if not path.is_file():
        raise HTTPException(404, missing)
    return FileResponse(path, media_type="text/html; charset=utf-8")


def application() -> FastAPI:
    """``/published/<page>`` and ``/docs/<page>``; 401 without a session, 404 for what is not there (yet) and for any other name."""
    access = [Depends(requires_access_view(AccessView.WEBSITE))]
    app = FastAPI(title="fupin", openapi_url=None, dependencies=access)

    @app.middleware("http")
    async def headers(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await proceed(request)
        answer.headers.update(HEADERS)
        return answer

    @app.get("/")
    def home() -> RedirectResponse:
        return RedirectResponse("published/index.html")

    @app.get("/published/{name}")
    def published(name: str) -> FileResponse:
        if name not in PUBLISHED:
            raise HTTPException(404, "没有这个页面 / there is no such page")
        # Resolved once: the next publication may move «current» at any moment.
        folder = (settings.home() / "published" / "current").resolve()
        return _page(folder / name, "还没有发布过数据 / nothing has been published yet")

    @app.get("/docs/{name}")
    def docs(name: str) -> FileResponse:
        if not _FEED.fullmatch(name):
            raise HTTPException(404, "没有这个页面 / there is no such page")
        return _page(settings.home() / "docs" / name, "还没有检查结果 / there is no result yet")

    return app
