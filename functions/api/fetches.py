"""Fetching candles from an exchange: begin it once, whatever is sent twice."""

from __future__ import annotations

from functions.api.imports import dataset_name
from shared import access, identifiers
from shared.errors import ConflictError, InvalidInputError, Issue, NotFoundError
from shared.fetches import Fetch
from shared.market_lists import load_markets
from shared.markets import resolve_symbol
from shared.names import DatasetName
from shared.requests_data import FetchRequest
from shared.times import now_ms, parse_time
from shared.venues import venue


def begin_fetch(owner: str, request: FetchRequest, key: str | None) -> tuple[Fetch, bool]:
    """Return the fetch of a request, and whether this call began it.

    The same owner and key give the same fetch; without a key a request for the same candles gives the one
    that is at work. Raises InvalidInputError, and ConflictError where an import of the owner's hides the
    candles that would be fetched.
    """
    dataset = dataset_name(request)
    venue(dataset.exchange, dataset.timeframe)
    if dataset.kind == "funding" and not dataset.symbol.endswith("-PERP"):
        message = f"is no perpetual, which alone have funding rates; write {dataset.symbol}-PERP"
        raise InvalidInputError([Issue("symbol", message, request.symbol)])
    since, until = _span(request)
    _check_symbol(dataset)
    held = access.datasets().get(owner, dataset)
    if held is not None and held.owner == owner:
        raise ConflictError(
            f"{dataset} is an import of yours, which hides the candles that everybody shares; "
            f"add the newer bars by an import, or delete it first: DELETE /datasets/{dataset}"
        )
    of = ("key", key) if key else ("of", dataset, since, until, request.again)
    entry, new = access.fetches().begin(
        owner,
        identifiers.fetch_id(owner, *of),
        dataset,
        since_ms=since,
        until_ms=until,
        again=request.again,
        anew=key is None,
    )
    asked = (str(dataset), since, until, request.again)
    if (entry.dataset_id, entry.since_ms, entry.until_ms, entry.again) != asked:
        message = "was used for another request; send a new key, or the same request again"
        raise InvalidInputError([Issue("Idempotency-Key", message, key)])
    if entry.status == "queued":
        # Also on a repeat: whoever came first may have died before this call. Twice is harmless.
        access.workflows().start_fetch(entry)
    return entry, new


def fetch_of(owner: str, dataset_id: str, fetch_id: str) -> Fetch:
    """Return a fetch of this dataset. Raises NotFoundError."""
    entry = access.fetches().get(owner, fetch_id)
    if entry.dataset_id != dataset_id:
        raise NotFoundError(f"there is no fetch {fetch_id!r} of {dataset_id[:64]!r}")
    return entry


def _span(request: FetchRequest) -> tuple[int | None, int | None]:
    issues: list[Issue] = []

    def moment(path: str, text: str | None, *, end_of_day: bool) -> int | None:
        if text is None:
            return None
        try:
            return parse_time(text, end_of_day=end_of_day)
        except ValueError as error:
            issues.append(Issue(path, str(error), text))
            return None

    since = moment("since", request.since, end_of_day=False)
    until = moment("until", request.until, end_of_day=True)
    if since is not None and since >= now_ms():
        issues.append(Issue("since", "is in the future; no bar has closed since", request.since))
    elif since is not None and until is not None and until <= since:
        issues.append(Issue("until", "is not after since", request.until))
    if issues:
        raise InvalidInputError(issues)
    return since, until


def _check_symbol(dataset: DatasetName) -> None:
    """Refuse at once a symbol that the exchange is known not to have; else the workflow asks it."""
    listed = load_markets(access.store(), dataset.exchange, dataset.symbol.endswith("-PERP"))
    if listed is not None and listed.sure:
        resolve_symbol(dataset.symbol, dataset.exchange, listed.markets)
