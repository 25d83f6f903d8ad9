"""Posting to connections of the WebSocket API, each in order, several at once; who is gone is forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.connections import Connection, ConnectionIndex
from shared.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

AT_ONCE = 8


def management_url(api_id: str, stage: str) -> str:
    """Return where a stage's connections are managed: on AWS its own address, on an emulator a path."""
    if endpoint := settings().endpoint_url:
        return f"{endpoint}/_aws/execute-api/{api_id}/{stage}"
    return f"https://{api_id}.execute-api.{settings().region}.amazonaws.com/{stage}"


def socket_url(stage: str) -> str:
    """Return where clients connect to a stage of the WebSocket API."""
    return management_url(settings().socket_api, stage).replace("http", "ws", 1)


@lru_cache(maxsize=4)
def _client(api_id: str, stage: str) -> ApiGatewayManagementApiClient:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=management_url(api_id, stage),
        # A client that reads nothing must not keep the others waiting.
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=2,
            read_timeout=5,
            max_pool_connections=AT_ONCE,
        ),
    )


class Sockets:
    def __init__(self, connections: ConnectionIndex) -> None:
        self._connections = connections

    def post(self, connection: Connection, frames: Sequence[bytes]) -> bool:
        """Send frames to one connection, in order. Return whether it got all of them.

        One that did not is closed and forgotten: it connects again and asks for what it missed.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        client = _client(connection.api_id, connection.stage)
        try:
            for body in frames:
                client.post_to_connection(ConnectionId=connection.connection_id, Data=body)
        except client.exceptions.GoneException:
            self._connections.close(connection)
            return False
        except (BotoCoreError, ClientError):
            self._connections.close(connection)
            self.hang_up(connection)
            return False
        return True

    def post_all(self, outgoing: Mapping[str, tuple[Connection, Sequence[bytes]]]) -> int:
        """Send to several connections, by their ids; return how many got all of their frames."""
        if not outgoing:
            return 0
        with ThreadPoolExecutor(min(AT_ONCE, len(outgoing))) as pool:
            return sum(pool.map(lambda each: self.post(*each), outgoing.values()))

    def hang_up(self, connection: Connection) -> None:
        """Close a connection from our side, if it is still there."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            _client(connection.api_id, connection.stage).delete_connection(
                ConnectionId=connection.connection_id
            )
        except (BotoCoreError, ClientError):
            return
