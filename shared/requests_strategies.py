"""What a client sends of strategies that it checks or keeps."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from shared.terms import WireModel


class StrategyRequest(WireModel):
    """A strategy document to check, with the parameters it would run with."""

    strategy: str | dict[str, Any]
    parameters: Annotated[
        dict[Annotated[str, Field(max_length=60)], float | int | bool | str], Field(max_length=100)
    ] = Field(default={})


class StrategySave(WireModel):
    """A strategy document to keep."""

    id: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=48,
            description="small letters, digits, _ and -; default: made of the document's name",
            examples=["my_cross"],
        ),
    ] = None
    strategy: dict[str, Any]


class StrategyUpdate(WireModel):
    """The next version of a saved strategy."""

    strategy: dict[str, Any]
    if_version: Annotated[
        int | None, Field(ge=1, description="the version it is based on; 409 if that is not the newest")
    ] = None
