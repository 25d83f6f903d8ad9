"""From a change to messages, to the log of the run, to whoever listens; no change keeps others waiting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from functions.step import logger
from shared import access
from shared.connections import Connection
from shared.items import from_item
from shared.live import frame, messages_of
from shared.names import RUN_KEYS
from shared.responses_live import WorkflowMessage
from shared.runs import REVISION

_KINDS: tuple[tuple[str, Literal["backtest", "import", "fetch"]], ...] = (
    ("run_id", "backtest"),
    ("import_id", "import"),
    ("fetch_id", "fetch"),
)


@dataclass(slots=True)
class _Outbox:
    """Frames by connection, in the order of what they tell."""

    connections: dict[str, Sequence[Connection]] = field(default_factory=dict)
    frames: dict[str, tuple[Connection, list[bytes]]] = field(default_factory=dict)

    def add(self, owner: str, run_id: str | None, told: Iterable[tuple[str, bytes]]) -> None:
        """Take messages (type and frame) of a run for all of its owner's connections that want them."""
        if owner not in self.connections:
            # Looked up after the log was written: who subscribes later finds it there.
            self.connections[owner] = access.connections().of_owner(owner)
        for kind, body in told:
            for connection in self.connections[owner]:
                if connection.wants(run_id, kind):
                    entry = self.frames.setdefault(connection.connection_id, (connection, []))
                    entry[1].append(body)

    def send(self) -> int:
        return access.sockets().post_all(self.frames)


def push_changes(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tell what the stream's records mean; return the numbers of those that could not be kept.

    A record that makes no sense is logged and passed over: it would make none the next time.
    """
    told: list[tuple[str, str, list[tuple[str, bytes]]]] = []
    failed: list[str] = []
    for record in records:
        change = record["dynamodb"]
        try:
            kept = _kept(change)
        except Exception as error:  # noqa: BLE001 - logged, and asked again where that helps
            logger().exception("a change was not told", extra={"keys": change.get("Keys")})
            if _is_of_aws(error):
                failed.append(change["SequenceNumber"])
            continue
        if kept is not None:
            told.append(kept)
    outbox = _Outbox()
    for owner, run_id, messages in told:
        outbox.add(owner, run_id, messages)
    outbox.send()
    return failed


def push_workflow(detail: Mapping[str, Any]) -> int:
    """Tell the owner of an execution that its state changed; return to how many connections."""
    subject = json.loads(detail.get("input") or "{}")
    for name, kind in _KINDS:
        if name in subject and "owner" in subject:
            message = WorkflowMessage(
                workflow_id=subject[name], kind=kind, status=detail["status"], run_id=subject.get("run_id")
            )
            outbox = _Outbox()
            outbox.add(subject["owner"], message.run_id, [(message.type, frame(message))])
            return outbox.send()
    return 0


def _kept(change: Mapping[str, Any]) -> tuple[str, str, list[tuple[str, bytes]]] | None:
    """Keep what a change means in the run's log; return it with its owner and run."""
    if "NewImage" not in change or not change["Keys"]["sk"]["S"].startswith(RUN_KEYS):
        return None
    old = from_item(change["OldImage"]) if "OldImage" in change else None
    new = from_item(change["NewImage"])
    if new.get(REVISION, 0) == (old or {}).get(REVISION, 0):
        return None
    messages = messages_of(old, new)
    access.live_log().keep(new["run_id"], new[REVISION], messages)
    return new["owner"], new["run_id"], [(message.type, frame(message)) for message in messages]


def _is_of_aws(error: Exception) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    return isinstance(error, BotoCoreError | ClientError)
