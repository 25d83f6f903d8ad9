"""The outermost layer: one log line a request, and no exception that leaves the application."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from functions.api import problems
from functions.step import logger
from shared.errors import Issue

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Boundary:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except RecursionError:
            # Only a document can be nested so deeply: what a client sent, not a fault.
            issue = Issue("body", "is nested too deeply; simplify its expressions")
            await problems.of_issues([issue])(scope, receive, counted)
        except Exception as error:
            logger().exception("fault", extra=_about(scope))
            if status:
                raise
            await problems.of_fault(error, _request_id(scope))(scope, receive, counted)
        milliseconds = round((time.perf_counter() - begun) * 1000, 1)
        logger().info("request", extra={**_about(scope), "status": status, "ms": milliseconds})


def _about(scope: Mapping[str, Any]) -> dict[str, object]:
    """Return what a log line says of a request: its route, whose it is and which run it is about."""
    route = scope.get("route")
    about = {
        "method": scope["method"],
        "route": getattr(route, "path", None),
        "owner": scope.get("state", {}).get("owner"),
        "run_id": str(scope.get("path_params", {}).get("run_id", ""))[:64] or None,
        "request_id": _request_id(scope),
    }
    return {name: value for name, value in about.items() if value is not None}


def _request_id(scope: Mapping[str, Any]) -> str | None:
    return getattr(scope.get("aws.context"), "aws_request_id", None)
