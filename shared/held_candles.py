"""Which of the candles that are held serve at a timeframe: those held at it, or finer ones to make it of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.candles import DatasetVersion, load_version
from shared.datasets import Dataset
from shared.errors import InvalidInputError, Issue
from shared.on_demand import EXPECTED, expected_version
from shared.resampled import resampled_version
from shared.resampling import fits
from shared.store import ObjectStore
from shared.times import TIMEFRAMES, iso


def serving(held: Iterable[Dataset], timeframe: str) -> list[Dataset]:
    """Return the datasets of one symbol that serve at a timeframe, one for each exchange.

    Where any exchange has them as they are, only such; else of each exchange the longest bars that a whole
    number of makes one: the fewest to read.
    """
    every = list(held)
    exact = [dataset for dataset in every if dataset.name.timeframe == timeframe]
    if exact:
        return exact
    finest_first = sorted(every, key=lambda dataset: dataset.name.timeframe_ms)
    of_exchange = {d.name.exchange: d for d in finest_first if _makes(d, timeframe)}
    return [of_exchange[exchange] for exchange in sorted(of_exchange)]


def common_exchanges(held: Sequence[Dataset], symbols: Sequence[str], timeframe: str) -> set[str]:
    """Return the exchanges whose candles serve every symbol: as they are if any has all of them so."""
    exact = [d for d in held if d.name.timeframe == timeframe]
    made = [d for d in held if _makes(d, timeframe)]
    return _of_all(exact, symbols) or _of_all([*exact, *made], symbols)


def load_serving(
    store: ObjectStore, dataset: Dataset, timeframe: str, path: str = "timeframe"
) -> DatasetVersion:
    """Return the newest version of a dataset that serves, its bars made as they are read if they are finer.

    Of candles that are to be fetched it is a promise.
    Raises InvalidInputError where they span no whole bar; `path` is the request's field.
    """
    if dataset.version == EXPECTED:
        version = expected_version(dataset)
    else:
        version = load_version(store, dataset.owner, dataset.name, dataset.version)
    made = version if dataset.name.timeframe == timeframe else resampled_version(version, timeframe)
    if made is None:
        first, last = iso(version.manifest.first_ms), iso(version.manifest.last_ms)
        message = f"{dataset.dataset_id}, from {first} to {last}, spans no whole {timeframe} bar"
        raise InvalidInputError([Issue(path, f"{message}; bring in more of it", timeframe)])
    return made


def names_of_timeframes(held: Iterable[Dataset]) -> str:
    """Return the timeframes that candles are held at, the shortest first, as a sentence has them."""
    return ", ".join(sorted({dataset.name.timeframe for dataset in held}, key=TIMEFRAMES.__getitem__))


def _makes(dataset: Dataset, timeframe: str) -> bool:
    return fits(dataset.name.timeframe_ms, TIMEFRAMES[timeframe])


def _of_all(held: Sequence[Dataset], symbols: Sequence[str]) -> set[str]:
    return set.intersection(*({d.name.exchange for d in held if d.name.symbol == name} for name in symbols))
