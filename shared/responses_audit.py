"""What the API answers about how far candles can be trusted: flags, audits, versions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.responses import Answer, Cursor, Moment

FlagKind = Literal["disagreement", "jump", "gap", "incomplete", "flat", "zero_volume"]


class FlagRow(Answer):
    """Bars that are possible and suspicious; both times are opens of bars, the last one included."""

    kind: FlagKind
    start: Moment
    end: Moment
    count: Annotated[int, Field(description="of the bars from `start` to `end` that are flagged")]
    values: Annotated[
        dict[str, float],
        Field(description="a jump's `move_pct` and `atrs`, the `price` of flat bars; docs/data.md has all"),
    ]


class AuditAnswer(Answer):
    """What was found in all bars of a version; its gaps are in `gap_list`."""

    duplicates_removed: Annotated[
        int, Field(description="rows of imported files that were equal to another in every column")
    ]
    out_of_order_rows: Annotated[
        int, Field(description="rows of imported files that stood after a later one")
    ]
    jump_atrs: Annotated[float, Field(description="average true ranges beyond which a bar is a jump")]
    zero_volume_bars: int
    flat_bars: int
    jumps: int
    disagreeing_bars: int
    incomplete_bars: Annotated[int, Field(description="of a resampled dataset: bars that lack finer bars")]
    flags: Annotated[
        list[FlagRow],
        Field(description="in time; of one kind at most 20 a month, otherwise the month's as one"),
    ]


class DataFlag(FlagRow):
    dataset_id: str


class DataFlags(Answer):
    """What is suspicious in the candles that a run read, its warm-up and its finer candles included."""

    counts: Annotated[dict[FlagKind, int], Field(description="flagged bars by kind, over all datasets")]
    flags: Annotated[list[DataFlag], Field(description="in time; the gravest kinds where there are many")]
    left_out: Annotated[int, Field(description="flags that are counted and not listed")]
    not_audited: Annotated[
        list[str], Field(description="datasets of versions older than audits; their gaps alone are known")
    ]


class FinerUsed(Answer):
    """The finer candles of a run's symbol, which decide what came first inside its bars."""

    dataset_id: str
    version: str
    start: Annotated[Moment, Field(description="the first that is held")]
    end: Annotated[Moment, Field(description="the last")]
    coverage_pct: Annotated[
        float,
        Field(description="of the run's bars; in the others the stop comes first"),
    ]
    made_of: Annotated[str | None, Field(description="as of the candles")]


class CandlesUsed(Answer):
    """The candles of one of a run's symbols, in its span."""

    symbol: str
    dataset_id: Annotated[str, Field(description="the dataset that was read")]
    version: str
    bars: int
    missing_bars: int
    made_of: Annotated[
        str | None, Field(description="timeframe of the finer candles that the bars are made of; null: none")
    ]
    incomplete_bars: Annotated[
        int, Field(description="of made bars, those that lack some of their finer bars")
    ]
    finer: FinerUsed | None
    funding_dataset: Annotated[str | None, Field(description="the stored rates that its positions paid")]
    funding_version: str | None


class ChangedBars(Answer):
    start: Moment
    end: Moment
    bars: int


class VersionAnswer(Answer):
    """One version of a dataset, and in what bars it differs from the one before."""

    number: int
    version: str
    created_at: Moment
    rows: int
    start: Moment
    end: Annotated[Moment, Field(description="open of the last bar")]
    gaps: int
    missing_bars: int
    bars_added: int
    bars_changed: int
    bars_removed: int
    changes: Annotated[list[ChangedBars], Field(description="where they are; empty for the first version")]


class VersionList(Answer):
    dataset_id: str
    versions: Annotated[list[VersionAnswer], Field(description="newest first")]
    next_cursor: Cursor
