"""How strictly every route reads its request: real JSON, known parameters, a bounded body."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.errors import InvalidInputError, Issue, TooLargeError
from shared.symbols import nearest

# Far over the largest strategy, far under what a Lambda can be handed (6 MB).
MAX_BODY_BYTES = 4 * 1024 * 1024


class StrictRequest(Request):
    """Reads JSON as the standard has it: UTF-8, no NaN or Infinity, no bottomless nesting."""

    async def json(self) -> Any:
        return orjson.loads(await self.body())


class StrictRoute(APIRoute):
    """Refuses query parameters that the route does not know or that come twice; nothing is ignored."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known: set[str] | None = None

        async def strict(request: Request) -> Response:
            nonlocal known
            if known is None:
                known = _parameters(self.dependant)
            _check_parameters(request, known)
            request = StrictRequest(request.scope, request.receive)
            if len(await request.body()) > MAX_BODY_BYTES:
                raise TooLargeError(f"the body is over {MAX_BODY_BYTES:,} bytes")
            return await handle(request)

        return strict


def router(tag: str) -> APIRouter:
    """Return a router of strict routes under one heading of the OpenAPI document."""
    return APIRouter(route_class=StrictRoute, tags=[tag])


def _parameters(dependant: Dependant) -> set[str]:
    """Return the names of a route's query parameters, those of its dependencies included."""
    names = {field.alias for field in dependant.query_params}
    return names.union(*(_parameters(inner) for inner in dependant.dependencies))


def _check_parameters(request: Request, known: set[str]) -> None:
    issues: list[Issue] = []
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            near = nearest(name[:60], known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            issues.append(Issue(name[:60], f"is not a parameter of this path{hint}"))
        elif name in seen:
            issues.append(Issue(name, "is given twice; give it once"))
        seen.add(name)
    if issues:
        raise InvalidInputError(issues)
