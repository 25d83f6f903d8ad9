"""What is pushed over the WebSocket API, and what a client says there; docs/api.md has the conversation.

Every frame is one JSON object. Messages of a run carry its id and a `sequence`, which rises from message to
message of that run. What a client missed may reach it after what is newer: it drops only what it has seen,
and when it connects again names the sequence up to which it has seen all.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from shared.responses import Answer, Moment, RunError, RunStatus
from shared.responses_ticks import TickRow

MAX_RUNS = 50
"""Runs that a connection names at most; `all` takes any number."""
MAX_SYMBOLS = 20
"""Symbols that a connection listens to at most."""

RunId = Annotated[str, Field(max_length=64)]
Sequence = Annotated[int, Field(description="rises from message to message of a run, not by one")]
Attempt = Annotated[
    int,
    Field(description="which attempt at the run this is of; a `retracted` message takes it back"),
]
Provisional = Annotated[
    Literal[True],
    Field(description="the run is not published, and its attempt may be lost and come back otherwise"),
]


class RunMessage(Answer):
    """What every message of a run has."""

    run_id: str
    sequence: Sequence


class StatusMessage(RunMessage):
    """A run was made, named, began or ended; `deleted` is the last that is heard of it."""

    type: Literal["status"] = "status"
    status: RunStatus | Literal["deleted"]
    name: str | None
    started_at: Moment | None
    ended_at: Moment | None
    error: Annotated[RunError | None, Field(description="why it failed; its `errors` by HTTP alone")]


class ProgressMessage(RunMessage):
    """How far a run is. `progress_pct` never falls; the candles begin anew with another attempt."""

    type: Literal["progress"] = "progress"
    progress_pct: float
    current_phase: str
    current_timestamp: Moment | None
    total_candles: int
    processed_candles: int


class LogMessage(RunMessage):
    """What an attempt says of its work."""

    type: Literal["log"] = "log"
    attempt: Attempt
    provisional: Provisional = True
    lines: list[str]


class LiveEvent(Answer):
    """A decision, order, fill, stop or block, as GET …/playback/events has it once it is published."""

    seq: Annotated[int, Field(description="the same number of an attempt is the same event")]
    timestamp: Moment
    type: str
    symbol: str | None
    trigger_id: str | None
    payload: Annotated[str, Field(description="JSON")]


class EventMessage(RunMessage):
    """Events as they happen in the simulation."""

    type: Literal["event"] = "event"
    attempt: Attempt
    provisional: Provisional = True
    events: list[LiveEvent]
    left_out: Annotated[int, Field(description="events before these that were too many to push")]


class LiveFill(Answer):
    """A fill, as GET …/trades has it in full once it is published."""

    seq: Annotated[int, Field(description="the same number of an attempt is the same fill")]
    timestamp: Moment
    symbol: str
    side: Literal["buy", "sell"]
    qty: float
    price: float
    fee: float
    pnl: float
    trigger_id: str | None
    reason: str
    is_entry: bool
    position_after: float


class FillMessage(RunMessage):
    """Fills as they happen in the simulation."""

    type: Literal["fill"] = "fill"
    attempt: Attempt
    provisional: Provisional = True
    fills: list[LiveFill]
    left_out: Annotated[int, Field(description="fills before these that were too many to push")]


class RetractedMessage(RunMessage):
    """An attempt was lost, or ended without results: none of what was pushed of it holds."""

    type: Literal["retracted"] = "retracted"
    attempt: int


class GapMessage(Answer):
    """Messages of a run are held no more: read the run by HTTP, then go on with those that follow."""

    type: Literal["gap"] = "gap"
    run_id: str
    after: Annotated[int | None, Field(description="the sequence after which some are missing")]


class WorkflowMessage(Answer):
    """An execution of a backtest, an import or a fetch changed its state. Not numbered and not held."""

    type: Literal["workflow"] = "workflow"
    workflow_id: str
    kind: Literal["backtest", "import", "fetch"]
    status: Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]
    run_id: str | None


class RunSnapshot(Answer):
    """Where a run stands; messages up to `sequence` say nothing newer of its status and progress."""

    run_id: str
    sequence: Sequence
    attempt: int
    status: RunStatus
    progress_pct: float
    current_phase: str
    current_timestamp: Moment | None
    total_candles: int
    processed_candles: int
    latest_logs: list[str]
    error: RunError | None


class SubscribedMessage(Answer):
    """What the connection listens to from now on; what was missed follows, oldest first, news in between."""

    type: Literal["subscribed"] = "subscribed"
    all: bool
    runs: Annotated[list[RunSnapshot], Field(description="with `all`: those named and those in work")]


class MarketSubscribedMessage(Answer):
    type: Literal["subscribed"] = "subscribed"
    exchange: str
    symbols: list[str]


class TickMessage(Answer):
    """The latest prices of symbols that the connection listens to."""

    type: Literal["tick"] = "tick"
    exchange: str
    ticks: list[TickRow]


class PongMessage(Answer):
    type: Literal["pong"] = "pong"
    timestamp: Moment


class ErrorMessage(Answer):
    """Something that the client said cannot be done; the connection stays."""

    type: Literal["error"] = "error"
    code: str
    detail: str
    run_id: str | None = None


NumberedMessage = StatusMessage | ProgressMessage | LogMessage | EventMessage | FillMessage | RetractedMessage
LiveMessage = NumberedMessage | WorkflowMessage | GapMessage | SubscribedMessage | PongMessage | ErrorMessage
MarketMessage = MarketSubscribedMessage | TickMessage | PongMessage | ErrorMessage
RunMessageType = Literal["status", "progress", "log", "event", "fill", "retracted", "workflow"]


class Action(Answer):
    """What a client says; nothing in it is ignored."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class Subscribe(Action):
    """Listen to runs, or to all of mine; adds to what the connection listens to already."""

    action: Literal["subscribe"]
    runs: dict[RunId, int | None] = Field(
        default={},
        max_length=MAX_RUNS,
        description="by id the sequence up to which all was seen, or null: then from the beginning, if held",
    )
    all: bool = Field(default=False, description="every run of mine, those to come too")
    only: list[RunMessageType] | None = Field(
        default=None,
        max_length=7,
        description="with `all`: of runs that are not named, these messages alone",
    )
    since: dict[RunId, int] = Field(
        default={},
        max_length=MAX_RUNS,
        description="with `all`: the sequences up to which all was seen of runs",
    )


class Unsubscribe(Action):
    """Listen no more to these runs, or to all but those that were named."""

    action: Literal["unsubscribe"]
    runs: list[RunId] = Field(default=[], max_length=MAX_RUNS)
    all: bool = False


class SubscribeMarket(Action):
    """Listen to these symbols of one exchange too."""

    action: Literal["subscribe"]
    symbols: Annotated[list[str], Field(min_length=1, max_length=MAX_SYMBOLS, examples=[["BTC-USDT"]])]
    exchange: Annotated[
        str | None,
        Field(max_length=32, description="default: the one that their candles are held from, else coinbase"),
    ] = None


class UnsubscribeMarket(Action):
    """Listen to nothing any more."""

    action: Literal["unsubscribe"]


class Ping(Action):
    """Say that somebody is there: a gateway closes connections that are silent for ten minutes."""

    action: Literal["ping"]


LiveAction = Annotated[Subscribe | Unsubscribe | Ping, Field(discriminator="action")]
MarketAction = Annotated[SubscribeMarket | UnsubscribeMarket | Ping, Field(discriminator="action")]


class TicketAnswer(Answer):
    """Lets one connection in: `wss://…?ticket=…`."""

    ticket: str
    expires_at: Moment
    live_url: Annotated[str, Field(description="where runs are pushed, without the ticket")]
    market_url: Annotated[str, Field(description="where prices are pushed, without the ticket")]
