"""The way in to what is pushed: tickets of the WebSocket API."""

from __future__ import annotations

from functions.api.owner import Owner
from functions.api.route import router
from shared import access
from shared.names import LIVE_STAGE, MARKET_STAGE
from shared.responses_live import TicketAnswer
from shared.sockets import socket_url
from shared.times import iso

routes = router("live")


@routes.post(
    "/live/tickets",
    response_model=TicketAnswer,
    status_code=201,
    summary="Draw a ticket that lets one WebSocket connection in, within a minute",
)
def ticket(owner: Owner) -> TicketAnswer:
    drawn, expires_at = access.tickets().draw(owner)
    return TicketAnswer(
        ticket=drawn,
        expires_at=iso(expires_at * 1000),
        live_url=socket_url(LIVE_STAGE),
        market_url=socket_url(MARKET_STAGE),
    )
