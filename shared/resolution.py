"""From what a client asked to what is run: names made canonical, candles found, defaults filled in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from shared.candles import DatasetVersion
from shared.dataset_uses import UsedDataset
from shared.datasets import Dataset, DatasetIndex
from shared.errors import InvalidInputError, Issue
from shared.held_candles import common_exchanges, load_serving, names_of_timeframes, serving
from shared.market_defaults import fees_bps, min_notional, quantity_step
from shared.on_demand import EXPECTED, Wanted, check_listed, with_expected
from shared.requests import MAX_MONEY, MIN_CANDLES, BacktestRequest
from shared.resampling import fits
from shared.resolved_run import ResolvedRun, ResolvedSymbol, engine_plan, without_rates
from shared.store import ObjectStore
from shared.stored_funding import stored_funding
from shared.strategies import NamedStrategy, named_strategy, parse
from shared.symbols import base_of, canonical, exchange_name, nearest, quote_of
from shared.terms import StoredFunding
from shared.times import TIMEFRAMES, iso, parse_time
from shared.venues import VENUES

if TYPE_CHECKING:
    from engine import Strategy
    from shared.saved_strategies import SavedStrategies

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Resolution:
    """A resolved run with the candles that it will read (whose owner is no part of the fingerprint).

    Nor is the name that the strategy goes by: two ways to the same document are the same run. `versions`,
    `finer` and `funding` are in the order of the symbols; the last two are empty without a finer timeframe
    and without stored rates.
    """

    run: ResolvedRun
    named: NamedStrategy
    strategy: Strategy
    versions: tuple[DatasetVersion, ...]
    finer: tuple[DatasetVersion, ...] = ()
    funding: tuple[DatasetVersion, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    """Candles that are not held yet; their versions are promises."""

    @property
    def total_candles(self) -> int:
        """Return how many bars of all symbols trade."""
        return sum(version.count(self.run.start_ms, self.run.end_ms) for version in self.versions)

    @property
    def used(self) -> list[UsedDataset]:
        """Return what the run reads of which dataset, its warm-up too: by symbol, then the finer ones."""
        span = self.run.warm_up_start_ms, self.run.end_ms
        return [
            UsedDataset(version.owner, str(version.stored.dataset), version.version, *span)
            for version in (*self.versions, *self.finer, *self.funding)
        ]


def resolve(
    request: BacktestRequest,
    owner: str,
    datasets: DatasetIndex,
    store: ObjectStore,
    saved: SavedStrategies | None = None,
    *,
    on_demand: bool = False,
) -> Resolution:
    """Resolve a request against the candles that `owner` holds. Raises InvalidInputError with every issue.

    `saved` is where strategies of their own are looked up; a request that was accepted carries its document.
    With `on_demand` candles that can be fetched count as held, and are `wanted`.
    """
    import engine

    issues: list[Issue] = []
    parsed = _collect(issues, lambda: _strategy(request, owner, saved))
    names = _collect(issues, lambda: _canonical_symbols(request.symbols))
    if names is None or parsed is None:
        raise InvalidInputError(issues)
    named, strategy = parsed
    allocations = _collect(issues, lambda: _allocations(request, names))
    dated = _collect(issues, lambda: _with_regime(request))
    step = TIMEFRAMES[request.timeframe]
    risk = request.risk.model_dump() if request.risk else None
    needs_atr = risk is not None and engine.Risk(**risk).uses_stop_distance
    warm_up = engine.warm_up_bars(strategy, step, needs_atr=needs_atr)
    held, wanted = datasets.held(owner), tuple[Wanted, ...]()
    if on_demand and dated is not None:
        lacking = dated
        expected = _collect(issues, lambda: with_expected(lacking, names, held, owner, warm_up))
        held, wanted = expected or (held, wanted)
        _collect(issues, lambda: check_listed(store, wanted, names))
    chosen = _collect(issues, lambda: _choose(request, names, held))
    if issues or chosen is None or allocations is None or dated is None:
        raise InvalidInputError(issues)
    versions = tuple(load_serving(store, entry, request.timeframe) for entry in chosen)
    finer = _finer(request, store, chosen, held)
    start_ms, end_ms = _span(dated, versions)
    _check_finer(finer, start_ms, end_ms)
    funding: tuple[DatasetVersion, ...] = ()
    if isinstance(request.funding, StoredFunding):
        rates = datasets.held(owner, "funding")
        funding = stored_funding(store, rates, [version.dataset for version in versions], start_ms, end_ms)
    taker, maker = fees_bps(versions, request.costs.taker_fee_bps, request.costs.maker_fee_bps)
    cash, quotes = allocations
    run = ResolvedRun(
        strategy=strategy.raw,
        parameters=strategy.parameters,
        symbols=tuple(
            ResolvedSymbol(
                version.dataset.symbol,
                version.dataset.exchange,
                version.version,
                quantity_step=quantity_step(version),
                min_notional=min_notional(version),
                finer_version=finer[number].version if finer else None,
                made_of=_made_of(version),
                finer_made_of=_made_of(finer[number]) if finer else None,
                funding_dataset=str(funding[number].dataset) if funding else None,
                funding_version=funding[number].version if funding else None,
            )
            for number, version in enumerate(versions)
        ),
        timeframe=request.timeframe,
        start_ms=start_ms,
        end_ms=end_ms,
        warm_up_bars=warm_up,
        warm_up_start_ms=max(min(v.manifest.first_ms for v in versions), start_ms - warm_up * step),
        initial_cash=cash,
        allocations=quotes,
        taker_fee_bps=taker,
        slippage_bps=request.costs.slippage_bps,
        maker_fee_bps=maker,
        slippage_range_fraction=request.costs.slippage_range_fraction,
        slippage_volume_share=request.costs.slippage_volume_share,
        risk=risk,
        behaviour=request.behaviour.model_dump() if request.behaviour else None,
        leverage=request.leverage,
        maintenance_margin_pct=request.maintenance_margin_pct,
        funding=request.funding.model_dump() if request.funding else None,
        finer_timeframe=request.finer_timeframe,
    )
    engine_plan(run, without_rates(run))  # refuses what the engine would not run
    return Resolution(run, named, strategy, versions, finer, funding, wanted)


def _strategy(
    request: BacktestRequest, owner: str, saved: SavedStrategies | None
) -> tuple[NamedStrategy, Strategy]:
    named = named_strategy(request.strategy, owner, saved)
    return named, parse(named.document, request.parameters)


def _collect(issues: list[Issue], step: Callable[[], T]) -> T | None:
    """Run one step of the resolution; keep its issues, so that a client learns all of them at once."""
    try:
        return step()
    except InvalidInputError as error:
        issues.extend(error.issues)
        return None


def _canonical_symbols(symbols: Sequence[str]) -> tuple[str, ...]:
    issues: list[Issue] = []
    names: list[str] = []
    for number, text in enumerate(symbols):
        try:
            name = canonical(text)
        except ValueError as error:
            issues.append(Issue(f"symbols[{number}]", str(error), text[:40]))
            continue
        if name in names:
            issues.append(Issue(f"symbols[{number}]", f"{name} is named twice; name it once", text[:40]))
        elif names and quote_of(name) != quote_of(names[0]):
            message = f"{name} is not quoted in {quote_of(names[0])} as {names[0]} is; one run has one quote"
            issues.append(Issue(f"symbols[{number}]", message, text[:40]))
        names.append(name)
    if issues:
        raise InvalidInputError(issues)
    return tuple(names)


def _allocations(request: BacktestRequest, names: tuple[str, ...]) -> tuple[float, tuple[float, ...]]:
    """Return cash and the quote value of each symbol at the start."""
    if request.initial_allocations is None:
        return request.initial_cash, (0.0,) * len(names)
    issues: list[Issue] = []
    cash = 0.0
    values = dict.fromkeys(names, 0.0)
    for key, value in request.initial_allocations.items():
        path = f"initial_allocations.{key[:40]}"
        if key.lower() == "cash":
            cash = value
            continue
        matches = [name for name in names if key.upper() in (name, base_of(name))]
        if not matches:
            matches = [name for name in names if _same_symbol(key, name)]
        if len(matches) > 1:
            issues.append(Issue(path, f"is ambiguous; write one of {', '.join(matches)}", value))
        elif not matches:
            issues.append(
                Issue(path, f"is no symbol of this run; write cash or one of {', '.join(names)}", value)
            )
        elif values[matches[0]]:
            issues.append(Issue(path, f"allocates to {matches[0]} a second time", value))
        else:
            values[matches[0]] = value
    total = cash + sum(values.values())
    if not issues and not 0 < total <= MAX_MONEY:
        message = f"sums up to {total:g}; it must be more than 0 and at most {MAX_MONEY:g}"
        issues.append(Issue("initial_allocations", message))
    if issues:
        raise InvalidInputError(issues)
    return cash, tuple(values.values())


def _with_regime(request: BacktestRequest) -> BacktestRequest:
    """Return a request whose dates are those of the regime that it names."""
    import engine

    if request.regime is None:
        return request
    if request.start_date is not None or request.end_date is not None:
        message = "fills in start_date and end_date; leave these out, or leave the regime out"
        raise InvalidInputError([Issue("regime", message, request.regime)])
    known = {regime.id: regime for regime in engine.regimes()}
    if request.regime not in known:
        near = nearest(request.regime, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(known)}"
        raise InvalidInputError([Issue("regime", f"is no regime that is known; {hint}", request.regime)])
    regime = known[request.regime]
    return request.model_copy(update={"start_date": regime.start, "end_date": regime.end})


def _same_symbol(text: str, name: str) -> bool:
    try:
        return canonical(text) == name
    except ValueError:
        return False


def _choose(request: BacktestRequest, names: Sequence[str], held: Sequence[Dataset]) -> list[Dataset]:
    """Return the dataset of each symbol."""
    issues: list[Issue] = []
    wanted = None
    if request.exchange is not None:
        try:
            wanted = exchange_name(request.exchange)
        except ValueError as error:
            raise InvalidInputError([Issue("exchange", str(error), request.exchange)]) from None
    chosen: list[Dataset] = []
    exchanges = common_exchanges(held, names, request.timeframe) if wanted is None else {wanted}
    for number, name in enumerate(names):
        of_symbol = [d for d in held if d.name.symbol == name and wanted in (None, d.name.exchange)]
        common = [d for d in of_symbol if d.name.exchange in exchanges]
        fitting = serving(common, request.timeframe) or serving(of_symbol, request.timeframe)
        if len(fitting) == 1:
            chosen.append(fitting[0])
        elif fitting:
            options = ", ".join(sorted(d.name.exchange for d in fitting))
            issues.append(Issue("exchange", f"candles of {name} are held from {options}; choose one"))
        elif of_symbol:
            message = f"{name} is held at {names_of_timeframes(of_symbol)}, not at {request.timeframe}"
            issues.append(
                Issue("timeframe", f"{message}; choose one of these or import it", request.timeframe)
            )
        else:
            issues.append(Issue(f"symbols[{number}]", _not_held(name, wanted, request, held), name))
    if issues:
        raise InvalidInputError(issues)
    return chosen


def _finer(
    request: BacktestRequest, store: ObjectStore, chosen: Sequence[Dataset], held: Sequence[Dataset]
) -> tuple[DatasetVersion, ...]:
    """Return the finer candles of each symbol, from the same exchange; none where none are asked for."""
    finer = request.finer_timeframe
    if finer is None:
        return ()
    shorter = [name for name, ms in TIMEFRAMES.items() if fits(ms, TIMEFRAMES[request.timeframe])]
    if finer not in shorter:
        hint = f"choose one of {', '.join(shorter)}" if shorter else "there is none; leave it out"
        message = f"is not shorter than the timeframe, {request.timeframe}, and makes no bar of it; {hint}"
        raise InvalidInputError([Issue("finer_timeframe", message, finer)])
    of_symbols = [
        serving([d for d in held if (d.name.exchange, d.name.symbol) == _market(entry)], finer)
        for entry in chosen
    ]
    missing = [entry.name for entry, found in zip(chosen, of_symbols, strict=True) if not found]
    if missing:
        symbols, exchange = ", ".join(name.symbol for name in missing), missing[0].exchange
        message = f"no {finer} candles of {symbols} are held from {exchange}, nor shorter ones; "
        if exchange in VENUES:
            message += (
                f"fetch them: {_fetch_command(exchange, missing[0].symbol, finer, request.start_date)}; or "
            )
        message += "import them: stepfold data import; or leave this out"
        raise InvalidInputError([Issue("finer_timeframe", message, finer)])
    return tuple(load_serving(store, found[0], finer, "finer_timeframe") for found in of_symbols)


def _market(entry: Dataset) -> tuple[str, str]:
    return entry.name.exchange, entry.name.symbol


def _made_of(version: DatasetVersion) -> str | None:
    """Return the timeframe that a version's bars are made of as they are read."""
    return None if version.source is None else version.source.dataset.timeframe


def _check_finer(finer: Sequence[DatasetVersion], start: int, end: int) -> None:
    """Refuse finer candles that are all outside the span; where only some are missing, bars decide."""
    issues = [
        Issue(
            "finer_timeframe",
            f"{version.dataset.timeframe} candles of {version.dataset.symbol} are held from "
            f"{iso(version.manifest.first_ms)} to {iso(version.manifest.last_ms)}, "
            "which this run does not touch",
            version.dataset.timeframe,
        )
        for version in finer
        if not version.count(start, end)
    ]
    if issues:
        raise InvalidInputError(issues)


def _fetch_command(exchange: str | None, symbol: str, timeframe: str, start: str | None) -> str:
    venue = VENUES.get(exchange or "")
    length = timeframe if venue is None else venue.fetched_for(timeframe)
    since = (start or "2021-01-01")[:10]
    return f"stepfold data fetch {exchange or 'EXCHANGE'} {symbol} {length} --since {since}"


def _not_held(name: str, exchange: str | None, request: BacktestRequest, held: Sequence[Dataset]) -> str:
    where = f" from {exchange}" if exchange else ""
    near = nearest(name, {d.name.symbol for d in held if exchange in (None, d.name.exchange)})
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif exchange is None or exchange in VENUES:
        command = _fetch_command(exchange, name, request.timeframe, request.start_date)
        hint = f"fetch them: {command}; or import them: stepfold data import"
    else:
        hint = "import them with `stepfold data import`"
    return f"no candles of {name} are held{where}; {hint}"


def _span(request: BacktestRequest, versions: Sequence[DatasetVersion]) -> tuple[int, int]:
    """Return start and end on the timeframe's grid. Raises InvalidInputError where candles do not reach."""
    step = TIMEFRAMES[request.timeframe]
    first = max(version.manifest.first_ms for version in versions)
    last = min(version.manifest.last_ms for version in versions) + step
    if last <= first:
        spans = "; ".join(
            f"{v.dataset.symbol} from {iso(v.manifest.first_ms)} to {iso(v.manifest.last_ms)}"
            for v in versions
        )
        raise InvalidInputError([Issue("symbols", f"their candles have no time in common: {spans}")])
    issues: list[Issue] = []
    start = _time(issues, "start_date", request.start_date, first, end_of_day=False)
    end = _time(issues, "end_date", request.end_date, last, end_of_day=True)
    if not issues:
        start, end = start + -start % step, end + -end % step
        if end <= start:
            message = f"is not after the start, {iso(start)}"
            issues.append(Issue("end_date", message, request.end_date))
        for version in versions:
            issues.extend(_coverage(version, start, end, step))
    if issues:
        raise InvalidInputError(issues)
    return start, end


def _time(issues: list[Issue], path: str, text: str | None, default: int, *, end_of_day: bool) -> int:
    if text is None:
        return default
    try:
        return parse_time(text, end_of_day=end_of_day)
    except ValueError as error:
        issues.append(Issue(path, str(error), text))
        return default


def _coverage(version: DatasetVersion, start: int, end: int, step: int) -> list[Issue]:
    """Return what keeps a dataset from carrying the span; a bar missing inside is a gap, not an issue."""
    symbol, manifest = version.dataset.symbol, version.manifest
    verb = "can be had" if version.version == EXPECTED else "are held"
    held = f"candles of {symbol} {verb} from {iso(manifest.first_ms)} to {iso(manifest.last_ms)}"
    if start < manifest.first_ms:
        return [Issue("start_date", f"{held}; start then or later", iso(start))]
    if end > manifest.last_ms + step:
        return [Issue("end_date", f"{held}; end at {iso(manifest.last_ms + step)} or earlier", iso(end))]
    count = version.count(start, end)
    if start < end and count < MIN_CANDLES:
        message = f"the span holds {count} candles of {symbol}; at least {MIN_CANDLES} are needed"
        return [Issue("end_date", message, iso(end))]
    return []
