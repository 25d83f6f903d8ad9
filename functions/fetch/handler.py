"""Everything that asks an exchange: the steps of a fetch, a backtest that waits for one, prices."""

from __future__ import annotations

from typing import Any

from functions.fetch.join import join_pieces
from functions.fetch.piece import fetch_piece
from functions.fetch.plan import plan_fetch
from functions.fetch.ticks import fetch_ticks
from functions.fetch.waiting import await_candles
from functions.step import Event, workflow_step


def fetch(event: Event) -> dict[str, Any]:
    match event["step"]:
        case "plan":
            return plan_fetch(event["owner"], event["fetch_id"])
        case "piece":
            return fetch_piece(event["owner"], event["fetch_id"], event["market"], event["piece"])
        case "join":
            return join_pieces(
                event["owner"], event["fetch_id"], event["span"], event["facts"], event["changed"]
            )
        case "candles":
            return await_candles(event["owner"], event["run_id"])
        case "ticks":
            return fetch_ticks(event["exchange"], event["symbols"])
        case step:
            raise ValueError(f"{step!r} is no step of a fetch")


handler = workflow_step(fetch)
