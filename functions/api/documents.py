"""The OpenAPI document's common parts: which problems a route may answer, and the heading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from functions.api.problems import MEDIA_TYPE
from shared.responses import Answer, Problem

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import BaseModel

API_VERSION = "1.0"

TITLE = "Stepfold"
DESCRIPTION = (
    "Backtests of crypto strategies as a service. Times are ISO 8601 UTC with Z, numbers are numbers and "
    "never NaN, long answers go on with a cursor, and everything from 400 on is a problem (RFC 9457) that "
    "says where and what to do."
)
TAGS = [
    {"name": "backtests", "description": "the life of a run"},
    {"name": "results", "description": "what a completed run found"},
    {"name": "playback", "description": "step through a completed run"},
    {"name": "strategies", "description": "presets, your own with their versions, and checks before a run"},
    {"name": "datasets", "description": "candles: what is held, and bringing in more"},
    {"name": "market", "description": "the candles themselves"},
    {
        "name": "live",
        "description": "what is pushed over the WebSocket API; docs/api.md has the conversation",
    },
    {"name": "operations", "description": "what is going on"},
]

Responses = dict[int | str, dict[str, Any]]


def missing() -> Responses:
    return _problem(404, "no such thing, or it belongs to somebody else")


def conflict() -> Responses:
    return _problem(
        409, "its state does not allow this; `run_status`, `current_version` or `run_ids` say more"
    )


def too_many() -> Responses:
    return _problem(429, "too many runs wait already; try again after Retry-After")


def refused() -> Responses:
    return _problem(422, "the request cannot be carried out as sent; `errors` says where and what to do")


def everywhere() -> Responses:
    """Return what every route but the health check may answer."""
    return {**_problem(401, "no verified token"), **_problem(503, "busy; try again after Retry-After")}


# Models that only document: FastAPI would prepare a validator for each at import, and never use it.
_documented: dict[str, type[Answer]] = {"Problem": Problem}


def series(model: type[Answer]) -> Responses:
    """Document the answer of a route that writes its own JSON."""
    _documented[model.__name__] = model
    content = {"application/json": {"schema": _reference(model)}}
    return {200: {"description": "Successful Response", "content": content}}


def _problem(status: int, description: str) -> Responses:
    return {status: {"description": description}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _schemas(
    models: Sequence[type[BaseModel]], mode: Literal["serialization", "validation"]
) -> dict[str, Any]:
    from pydantic.json_schema import models_json_schema

    _, written = models_json_schema(
        [(model, mode) for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = written["$defs"]
    return schemas


def _pushed(content: dict[str, Any]) -> dict[str, Any]:
    """Describe the WebSocket API's messages as webhooks; return the schemas of what is said there.

    Not by `app.webhooks`: FastAPI would prepare a validator for each at every cold start of the API.
    """
    from typing import get_args

    from shared import responses_live as live

    schemas: dict[str, Any] = {}
    content["webhooks"] = {}
    for stage, said, heard in (
        ("live", live.LiveMessage, live.LiveAction),
        ("market", live.MarketMessage, live.MarketAction),
    ):
        actions = get_args(get_args(heard)[0])
        messages = get_args(said)
        schemas |= _schemas(messages, "serialization") | _schemas(actions, "validation")
        for name, models, what in (
            (stage, messages, f"What a connection of the stage `{stage}` is sent, a frame each"),
            (f"{stage}/say", actions, f"What a client says on a connection of the stage `{stage}`"),
        ):
            body = {"oneOf": [_reference(model) for model in models]}
            content["webhooks"][name] = {
                "post": {
                    "tags": ["live"],
                    "summary": what,
                    "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                    "responses": {"200": {"description": "WebSocket frames have no answer"}},
                }
            }
    return schemas


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document; problems have their own media type and FastAPI's own 422 is gone."""
    from fastapi.openapi.utils import get_openapi

    content = get_openapi(
        title=TITLE,
        version=API_VERSION,
        description=DESCRIPTION,
        tags=TAGS,
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    for methods in content["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if status.isdigit() and int(status) >= 400:
                    answer["content"] = {MEDIA_TYPE: {"schema": _reference(Problem)}}
    schemas = {
        **content["components"]["schemas"],
        **_schemas(list(_documented.values()), "serialization"),
        **_pushed(content),
    }
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    content["components"]["schemas"] = dict(sorted(schemas.items()))
    return content
