"""API Gateway in process: httpx requests become events (HTTP API, payload 2.0) of the Lambda handler."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import httpx

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    """The part of a Lambda's context that is read."""

    aws_request_id: str = "request-1"


class Gateway(httpx.BaseTransport):
    """Calls `handler` as the gateway would; `claims` are what its authorizer verified."""

    def __init__(
        self, handler: Callable[[Event, Any], Event], claims: Mapping[str, str] | None = None
    ) -> None:
        self._handler = handler
        self._claims = claims

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._handler(event_of(request, self._claims), Context())
        body = answer.get("body") or ""
        content = base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()
        return httpx.Response(answer["statusCode"], headers=answer.get("headers"), content=content)


def event_of(request: httpx.Request, claims: Mapping[str, str] | None = None) -> Event:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    decoded = unquote(path)
    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": decoded,
        "rawQueryString": query,
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "requestContext": {
            "apiId": "api",
            "http": {
                "method": request.method,
                "path": decoded,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "requestId": "request-1",
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if body := request.read():
        event["body"] = base64.b64encode(body).decode()
        event["isBase64Encoded"] = True
    if claims is not None:
        event["requestContext"]["authorizer"] = {"jwt": {"claims": dict(claims), "scopes": None}}
    return event


def client(handler: Callable[[Event, Any], Event], claims: Mapping[str, str] | None = None) -> httpx.Client:
    return httpx.Client(transport=Gateway(handler, claims), base_url="http://api")
