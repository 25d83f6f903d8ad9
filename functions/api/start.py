"""Starting a backtest: once for one key, whatever is lost on the way."""

from __future__ import annotations

from shared import access, identifiers, names
from shared.errors import InvalidInputError, Issue, NotFoundError
from shared.limit_checks import check_size
from shared.requests import BacktestRequest
from shared.resolution import Resolution, resolve
from shared.runs import Run
from shared.settings import settings
from shared.times import iso, now_ms, stamp
from shared.turns import start_next


def start_run(owner: str, request: BacktestRequest, key: str | None) -> tuple[Run, bool]:
    """Return the run of a request, and whether this call made it.

    The same owner and key give the same run. Raises InvalidInputError for a request that cannot be carried
    out or a key that was used for another one, ConflictError while a run of this key is being deleted,
    TooManyRunsError where the owner has too many that wait.
    """
    digest = _digest(request)
    run_id = identifiers.run_id(owner, key or identifiers.idempotency_key())
    run, new, admitted = _known(owner, run_id), False, False
    if run is None:
        resolution = resolve(
            request, owner, access.datasets(), access.store(), access.strategies(), on_demand=True
        )
        check_size(resolution, settings().limits)
        # With the document in the place of its name: a version that is saved a moment later changes nothing.
        document = dict(resolution.named.document)
        kept = request.model_copy(update={"strategy": document}).model_dump(mode="json")
        wanted = _new_run(owner, run_id, digest, request, resolution, identifiers.body_hash(kept))
        # First of all: where the queue is full nothing of the request stays.
        admitted = access.queue().enter(owner, run_id)
        # The request is there before the index names it: plan will read it.
        access.store().put_json(wanted.request_key, kept)
        run, new = access.runs().create(wanted)
    if run.body_hash != digest:
        message = "was used for another request; send a new key, or the same request again"
        raise InvalidInputError([Issue("Idempotency-Key", message, key)])
    if run.status == "queued":
        # Also on a repeat: whoever came first may have died before this call. Twice is harmless. Who waits
        # asks once more: its turn may have come, and been taken back, before the run was there to be started.
        if admitted or access.queue().enter(owner, run_id):
            access.workflows().start_backtest(run)
        else:
            start_next(access.queue(), access.runs(), access.workflows(), owner)
    return run, new


def _digest(request: BacktestRequest) -> str:
    try:
        return identifiers.body_hash(request.model_dump(mode="json"))
    except (TypeError, ValueError, RecursionError):
        raise InvalidInputError([Issue("strategy", "is nested too deeply; simplify it")]) from None


def _known(owner: str, run_id: str) -> Run | None:
    try:
        return access.runs().get(owner, run_id)
    except NotFoundError:
        return None


def _new_run(
    owner: str, run_id: str, digest: str, request: BacktestRequest, resolution: Resolution, kept_hash: str
) -> Run:
    now = now_ms()
    resolved, named = resolution.run, resolution.named
    return Run(
        owner=owner,
        run_id=run_id,
        status="queued",
        created_at=stamp(now),
        body_hash=digest,
        request_key=names.run_request(run_id, kept_hash),
        # An execution's name can be used once; a run that was deleted may be made again.
        execution=f"{run_id}-{now:x}",
        strategy=named.strategy_id or resolution.strategy.name,
        strategy_id=named.strategy_id,
        strategy_version=named.version,
        strategy_hash=named.content_hash,
        symbols=tuple(symbol.symbol for symbol in resolved.symbols),
        timeframe=resolved.timeframe,
        simulated=any(symbol.exchange == names.SIMULATED_EXCHANGE for symbol in resolved.symbols),
        name=request.name,
        tags=tuple(request.tags),
        notes=request.notes,
        start_date=iso(resolved.start_ms),
        end_date=iso(resolved.end_ms),
        total=resolution.total_candles,
        wanted=tuple(wanted.to_dict() for wanted in resolution.wanted),
    )
