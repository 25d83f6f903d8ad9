"""The application: every router, the one error mapping, the OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from functions.api import problems
from functions.api.boundary import Boundary
from functions.api.documents import API_VERSION, TITLE, document, everywhere
from functions.api.routes import datasets, live, market, operations, playback, results, runs, strategies

ROUTERS = (runs, results, playback, strategies, datasets, market, live, operations)


def create_app() -> FastAPI:
    """Return the ASGI application. It opens nothing and reads no environment until a request comes."""
    app = FastAPI(title=TITLE, version=API_VERSION, docs_url=None, redoc_url=None, redirect_slashes=False)
    for module in ROUTERS:
        app.include_router(module.routes, responses=everywhere())
    app.include_router(operations.open_routes)
    problems.install(app)
    app.add_middleware(Boundary)
    built: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not built:
            built.update(document(app))
        return built

    app.openapi = openapi  # type: ignore[method-assign]
    return app
