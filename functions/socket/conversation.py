"""What a client says on its connection, and what it is answered."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from functions.socket.listening import listen_to_market, listen_to_runs, unlisten_market, unlisten_runs
from functions.socket.polling import keep_polling
from functions.step import logger
from shared import access
from shared.connections import Connection
from shared.errors import InvalidInputError, Issue, StepfoldError, field_path
from shared.live import frame
from shared.names import MARKET_STAGE
from shared.responses_live import (
    ErrorMessage,
    LiveAction,
    MarketAction,
    Ping,
    PongMessage,
    Subscribe,
    SubscribeMarket,
    Unsubscribe,
)
from shared.times import iso, now_ms

MAX_ISSUES = 10
_SAY = {
    True: '{"action":"subscribe","symbols":["BTC-USDT"]}, {"action":"unsubscribe"} or {"action":"ping"}',
    False: '{"action":"subscribe","all":true}, {"action":"subscribe","runs":{"bt-…":null}}, '
    '{"action":"unsubscribe","all":true} or {"action":"ping"}',
}


def hear(connection: Connection, text: str) -> None:
    """Do what a client says; what cannot be done is answered with an error, and the connection stays."""
    try:
        _do(connection, _read(connection, text))
    except StepfoldError as error:
        _say(connection, ErrorMessage(code=error.code, detail=error.detail[:2_000]))
    except Exception:  # noqa: BLE001 - logged; the client is told, not left waiting
        logger().exception("fault")
        _say(connection, ErrorMessage(code="internal", detail="a fault of the service; say it again"))


def _do(connection: Connection, action: BaseModel) -> None:
    match action:
        case Ping():
            if connection.stage == MARKET_STAGE:
                keep_polling()
            _say(connection, PongMessage(timestamp=iso(now_ms())))
        case Subscribe():
            for frames in listen_to_runs(connection, action):
                if not access.sockets().post(connection, frames):
                    return
        case Unsubscribe():
            _say(connection, unlisten_runs(connection, action))
        case SubscribeMarket():
            for message in listen_to_market(connection, action):
                _say(connection, message)
        case _:
            unlisten_market(connection)


def _read(connection: Connection, text: str) -> BaseModel:
    of_market = connection.stage == MARKET_STAGE
    try:
        action: BaseModel = _actions(of_market).validate_json(text)
    except ValidationError as error:
        raise InvalidInputError(_issues(error, of_market)) from None
    return action


@lru_cache(maxsize=2)
def _actions(of_market: bool) -> TypeAdapter[Any]:  # of a union that is chosen here
    return TypeAdapter(MarketAction if of_market else LiveAction)


def _issues(error: ValidationError, of_market: bool) -> list[Issue]:
    """Say what is wrong: with the action, what can be said instead; with a field of it, which."""
    entries = error.errors(include_url=False, include_input=False)
    if any(len(entry["loc"]) == 0 for entry in entries):
        return [Issue("message", f"is not understood; say one of {_SAY[of_market]}")]
    # The first part of a place is which action it was taken for.
    return [Issue(field_path(entry["loc"][1:]), entry["msg"]) for entry in entries[:MAX_ISSUES]]


def _say(connection: Connection, message: BaseModel) -> None:
    access.sockets().post(connection, [frame(message)])
