"""Whose request it is: the verified `sub` of its token, and nothing that a client can write itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from shared.identifiers import owner_of_subject
from shared.settings import LOCAL_OWNER, settings


async def owner_of(request: Request) -> str:
    """Return the owner of everything that this request reads and writes. Answers 401 without a login."""
    if settings().auth == "none":
        owner = LOCAL_OWNER
    else:
        subject = _claim(request.scope.get("aws.event"), "sub")
        if not subject:
            raise HTTPException(
                401,
                "the request carries no verified token; log in and send `Authorization: Bearer …`",
                {"WWW-Authenticate": "Bearer"},
            )
        owner = owner_of_subject(subject)
    request.state.owner = owner
    return owner


def _claim(event: Mapping[str, Any] | None, name: str) -> str | None:
    """Return a claim that the gateway's authorizer verified; it stands in the event and nowhere else."""
    value: Any = event
    for key in ("requestContext", "authorizer", "jwt", "claims", name):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None


Owner = Annotated[str, Depends(owner_of)]
