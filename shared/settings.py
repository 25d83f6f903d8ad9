"""What a deployed function knows of its surroundings; the only place that reads the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, cast

from shared.run_limits import RunLimits

AuthMode = Literal["none", "jwt"]
STEP_SECONDS = 600.0

# The owner of everything on a stage without a login; see DESIGN: every other stage has one.
LOCAL_OWNER = "local"


@dataclass(frozen=True, slots=True)
class Settings:
    stage: str
    table: str
    bucket: str
    backtest_machine: str
    import_machine: str
    fetch_machine: str
    fetch_function: str
    ticker_function: str
    auth: AuthMode
    endpoint_url: str | None
    """Where all of AWS is, on an emulator; None: where it is."""
    region: str
    socket_api: str
    """Id of the WebSocket API, where clients are told of it; what posts to connections has it from them."""
    exchange_urls: Mapping[str, str]
    """Where exchanges are found in place of the real ones: stand-ins, on an emulator's stages alone."""
    step_seconds: float = STEP_SECONDS
    """How long one step of a run works before it hands on to the next: well below what a Lambda lives."""
    limits: RunLimits = field(default_factory=RunLimits)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the variables that the CDK app sets on every function.

        Raises KeyError naming the variable where one is missing, ValueError for an unknown login mode.
        """
        auth = environment["STEPFOLD_AUTH"]
        if auth not in ("none", "jwt"):
            raise ValueError(f"STEPFOLD_AUTH is {auth!r}; it must be 'none' or 'jwt'")
        exchange_urls = json.loads(environment.get("STEPFOLD_EXCHANGE_URLS") or "{}")
        if (
            exchange_urls
            and "AWS_ENDPOINT_URL" not in environment
            and environment["STEPFOLD_STAGE"] != "test"
        ):
            raise ValueError("STEPFOLD_EXCHANGE_URLS is set outside an emulator; candles would not be real")
        return cls(
            stage=environment["STEPFOLD_STAGE"],
            table=environment["STEPFOLD_TABLE"],
            bucket=environment["STEPFOLD_BUCKET"],
            backtest_machine=environment["STEPFOLD_BACKTEST_MACHINE"],
            import_machine=environment["STEPFOLD_IMPORT_MACHINE"],
            fetch_machine=environment["STEPFOLD_FETCH_MACHINE"],
            fetch_function=environment["STEPFOLD_FETCH_FUNCTION"],
            ticker_function=environment["STEPFOLD_TICKER_FUNCTION"],
            auth=cast(AuthMode, auth),
            endpoint_url=environment.get("AWS_ENDPOINT_URL"),
            region=environment.get("AWS_REGION", environment.get("AWS_DEFAULT_REGION", "")),
            socket_api=environment.get("STEPFOLD_SOCKET_API", ""),
            exchange_urls=exchange_urls,
            step_seconds=float(environment.get("STEPFOLD_STEP_SECONDS") or STEP_SECONDS),
            limits=RunLimits.from_environment(environment),
        )


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return this process's settings, read once, at first use."""
    return Settings.from_environment(os.environ)
