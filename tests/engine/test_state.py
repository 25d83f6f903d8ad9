"""States through bytes, bars that are none, and what importing the engine loads."""

import subprocess
import sys

import numpy as np
import pytest

import engine
from engine import (
    Bars,
    BarsError,
    Market,
    Plan,
    State,
    StateError,
    finish,
    initial_state,
    parse_strategy,
    preset,
    simulate,
)
from tests.engine.market import MINUTE, candles, document, generated, play


def plan(**changes: object) -> Plan:
    given = {
        "strategy": parse_strategy(preset("ema_cross")),
        "markets": (Market("A"),),
        "timeframe_ms": MINUTE,
    }
    given |= {"start_ms": 0, "end_ms": 1000 * MINUTE}
    return Plan(**{**given, **changes})  # type: ignore[arg-type] # a mapping of plain values


def test_a_state_survives_its_bytes() -> None:
    state, _ = simulate(plan(), initial_state(plan()), {"A": generated(300)})
    again = State.from_bytes(state.to_bytes())
    assert again.to_bytes() == state.to_bytes()
    assert (again.rows, again.last_timestamp, again.finished) == (300, 299 * MINUTE, False)
    assert len(state.to_bytes()) < 4_000


@pytest.mark.parametrize("data", [b"", b"STEPFOLD", b"x" * 100])
def test_bytes_that_are_no_state_are_refused(data: bytes) -> None:
    with pytest.raises(StateError):
        State.from_bytes(data)


def test_a_state_that_was_cut_off_is_refused() -> None:
    with pytest.raises(StateError):
        State.from_bytes(initial_state(plan()).to_bytes()[:-1])


def test_a_state_of_another_plan_is_refused() -> None:
    with pytest.raises(StateError, match="another plan"):
        simulate(plan(initial_cash=5.0), initial_state(plan()), {})


def test_a_finished_run_takes_no_more_bars() -> None:
    state, _ = finish(plan(), initial_state(plan()))
    with pytest.raises(StateError, match="finished"):
        simulate(plan(), state, {})


def test_simulate_leaves_the_state_it_was_given() -> None:
    first = initial_state(plan())
    before = first.to_bytes()
    simulate(plan(), first, {"A": generated(100)})
    assert first.to_bytes() == before


def test_read_only_arrays_are_enough() -> None:
    bars = generated(200)
    for column in vars(bars).values():
        column.flags.writeable = False
    state, _ = simulate(plan(), initial_state(plan()), {"A": bars})
    assert state.rows == 200


def test_bars_at_or_after_the_end_are_left_out() -> None:
    state, _ = simulate(
        plan(end_ms=50 * MINUTE), initial_state(plan(end_ms=50 * MINUTE)), {"A": generated(100)}
    )
    assert state.rows == 50


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("close", 7, np.nan, "bar 7 at 420000 is no candle"),
        ("open", 7, np.nan, "is no candle"),
        ("open", 300, np.inf, "bar 300 at 18000000 is no candle"),
        ("low", 7, 0.0, "is no candle"),
        ("low", 7, 1e6, "is no candle"),
        ("high", 7, 1.0, "is no candle"),
        ("timestamp", 7, 6 * MINUTE, "bar 7 at 360000 does not come after the one before it at 360000"),
        ("timestamp", 599, 0, "bar 599 at 0 does not come after"),
    ],
)
def test_bars_that_are_no_candles_are_refused(column: str, row: int, value: float, message: str) -> None:
    bars = generated(600)
    getattr(bars, column)[row] = value
    with pytest.raises(BarsError, match=message):
        simulate(plan(), initial_state(plan()), {"A": bars})
    both = plan(markets=(Market("A"), Market("B")))
    ragged = {"A": bars, "B": generated(600, 2, holes=0.2)}
    with pytest.raises(BarsError, match=r"A: bar"):
        simulate(both, initial_state(both), ragged)


def test_bars_of_an_unknown_symbol_and_of_the_past_are_refused() -> None:
    with pytest.raises(BarsError, match="does not trade"):
        simulate(plan(), initial_state(plan()), {"X": generated(10)})
    state, _ = simulate(plan(), initial_state(plan()), {"A": generated(100)})
    with pytest.raises(BarsError, match="the run stands at"):
        simulate(plan(), state, {"A": generated(100)})


def test_columns_of_unequal_length_are_refused() -> None:
    one = np.ones(3)
    with pytest.raises(BarsError, match="column 'volume'"):
        Bars(np.arange(3), one, one, one, one, np.ones(2))


def test_a_run_without_any_bar_finishes() -> None:
    state, output = finish(plan(), initial_state(plan()))
    assert engine.metrics(plan(), state)["bars"] == 0
    assert engine.metrics(plan(), state)["missing_bars"] == 1000
    assert output.tables["events"]["type"].tolist() == ["plan_generated", "gap", "run_completed"]


def test_hundreds_of_thousands_of_fills_and_events_pass_through_the_logs() -> None:
    # A fill at every open from the second bar on: more than any log holds at once.
    rows = 300_000
    price = np.where(np.arange(rows) % 2, 101.0, 100.0)
    bars = Bars(np.arange(rows, dtype=np.int64) * MINUTE, price, price, price, price, price)
    result = play(document("close == 100", "close == 101"), bars)
    assert result.tables["fills"].rows == rows - 1
    assert result.tables["trades"].rows == (rows - 1) // 2
    # Each bar decides (fired, submitted); all are filled but the last, which is blocked; and the run's two.
    assert len(result.tables["events"]["payload"]) == 3 * rows + 2
    assert result.tables["fills"]["seq"].tolist() == list(range(rows - 1))


def test_frames_are_data_frames_with_dates() -> None:
    frames = play(
        document("close > 100", "close < 100"), candles([(99, 101), (102, 99), (100, 100)])
    ).frames()
    assert str(frames["fills"]["timestamp"].dtype).startswith("datetime64")
    assert frames["fills"]["side"].tolist() == ["buy", "sell"]
    assert Bars.from_frame(generated_frame()).close.tolist() == generated(20).close.tolist()


def generated_frame() -> object:
    import pandas as pd

    bars = generated(20)
    frame = pd.DataFrame({name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")})
    frame["timestamp"] = pd.to_datetime(bars.timestamp, unit="ms", utc=True)
    return frame


def test_importing_the_engine_and_parsing_load_no_numpy() -> None:
    program = (
        "import sys, engine\n"
        "engine.parse_strategy(engine.preset('ema_cross')); engine.warm_up_bars; engine.Plan\n"
        "heavy = {'numpy', 'pandas', 'pyarrow', 'cython', 'engine.kernel'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)


def test_every_public_name_can_be_had() -> None:
    for name in engine.__all__:
        assert getattr(engine, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'emaa'"):
        getattr(engine, "emaa")  # noqa: B009 - the attribute access is what is tested
