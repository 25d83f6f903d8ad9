"""Resolve a run's request against the candles held now, and put the plan where simulate finds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

import engine
from shared import access, names
from shared.dataset_uses import UsedDataset
from shared.errors import InvalidInputError, Issue
from shared.identifiers import fingerprint
from shared.limit_checks import check_size
from shared.requests import BacktestRequest, issues_of
from shared.resolution import resolve
from shared.settings import settings
from shared.times import iso


def plan_run(owner: str, run_id: str) -> dict[str, Any]:
    """Write the plan of a queued run and say that it is running.

    Raises InvalidInputError if the candles that it was accepted for are not there any more, RunLimitError if
    they have become more than a run may read.
    """
    run = access.runs().get(owner, run_id)
    try:
        request = BacktestRequest.model_validate(access.store().get_json(run.request_key))
    except ValidationError as error:
        raise InvalidInputError(issues_of(error.errors())) from error
    resolution = resolve(request, owner, access.datasets(), access.store())
    check_size(resolution, settings().limits)  # of candles that came only now, too
    resolved = resolution.run
    owners = [version.owner for version in resolution.versions]
    finer_owners = [version.owner for version in resolution.finer]
    funding_owners = [version.owner for version in resolution.funding]
    access.store().put_json(
        names.run_plan(run_id),
        {
            "run": resolved.to_dict(),
            "dataset_owners": owners,
            "finer_owners": finer_owners,
            "funding_owners": funding_owners,
        },
    )
    access.uses().note(owner, run_id, resolution.used)
    _refuse_deleted(resolution.used)
    print_of = fingerprint(resolved.to_dict(), engine.ENGINE_VERSION)
    access.runs().plan(
        owner,
        run_id,
        {
            "phase": "planned",
            "processed": 0,
            "total": resolution.total_candles,
            "start_date": iso(resolved.start_ms),
            "end_date": iso(resolved.end_ms),
            "dataset_owners": owners,
            "finer_owners": finer_owners,
            "funding_owners": funding_owners,
            "datasets": [entry.to_dict() for entry in resolution.used],
            "same_as": access.runs().run_with_fingerprint(owner, print_of),
        },
    )
    return {"run_id": run_id, "owner": owner}


def _refuse_deleted(used: Sequence[UsedDataset]) -> None:
    """Refuse candles that are being deleted: whoever deletes them may not have seen that they are used.

    From here on they do; see shared/dataset_removal.py.
    """
    index = access.datasets()
    for entry in used:
        held = index.of_owner(entry.owner, entry.name)
        if held is None or held.deleting:
            message = f"{entry.dataset_id} was deleted while the backtest began; bring its candles in again"
            raise InvalidInputError([Issue("symbols", message)])
