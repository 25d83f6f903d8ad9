"""Whether a strategy could see the future on these candles, and whether its warm-up is long enough.

In this function for the reasons of `why`. It is about fifty runs, so that the bars are bounded: 50,000 take
a second or two, many symbols and long rules more, and the HTTP API gives up after thirty.
"""

from __future__ import annotations

from shared import access
from shared.errors import InvalidInputError, Issue
from shared.requests import BacktestRequest
from shared.resolution import resolve
from shared.resolved_run import engine_plan
from shared.responses_why import RunCheck
from shared.run_candles import all_bars

MAX_BARS = 50_000


def check_request(owner: str, request: BacktestRequest) -> RunCheck:
    """Check what would be run. Raises InvalidInputError, also for more bars than one request can take."""
    import engine

    resolution = resolve(request, owner, access.datasets(), access.store(), access.strategies())
    run = resolution.run
    count = sum(version.count(run.warm_up_start_ms, run.end_ms) for version in resolution.versions)
    if count > MAX_BARS:
        message = (
            f"the check reads at most {MAX_BARS:,} bars, warm-up and all symbols together; this is "
            f"{count:,}: choose a shorter span, fewer symbols or a longer timeframe"
        )
        raise InvalidInputError([Issue("start_date", message, request.start_date)])
    bars, finer = all_bars(access.store(), run, [*resolution.versions, *resolution.finer])
    report = engine.check(engine_plan(run), bars, finer=finer)
    return RunCheck.model_validate(report.to_dict())
