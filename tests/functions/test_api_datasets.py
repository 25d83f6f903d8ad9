"""What the API says of how far candles can be trusted: audits, flags in results, versions, deletion."""

from __future__ import annotations

from typing import Any

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from functions.api.handler import handler
from functions.ingest.ingest import import_file
from shared import names
from shared.dataset_uses import DatasetUses
from shared.datasets import Dataset
from shared.manifest import DatasetManifest
from shared.times import iso, parse_time
from tests.aws import FakeStage
from tests.functions.api_stage import END, GAP, START, add, bars_of, hold, request, run_to_its_end
from tests.functions.gateway import client

HOUR = 3_600_000
BTC, ETH = "sim.BTC-USDT.1h", "sim.ETH-USDT.1h"
# The simulated market has a gap of its own, before the one that `hold` makes.
OUTAGE = {"start": "2021-02-24T23:00:00Z", "end": "2021-02-25T03:00:00Z", "missing": 5}
FEBRUARY = {"start_date": "2021-02-01", "end_date": "2021-02-28"}


def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def ran(http: httpx.Client, owner: str = "local", **changes: Any) -> str:
    run_id: str = ok(http.post("/backtests", json=request(**changes)), 202)["run_id"]
    run_to_its_end(run_id, owner)
    return run_id


def spiked(candles: pa.Table, at: int, factor: float = 8.86) -> pa.Table:
    """Return the candles with one high that is `factor` times what it was."""
    highs = pc.if_else(
        pc.equal(candles.column("timestamp"), at),
        pc.multiply(candles.column("high"), factor),
        candles.column("high"),
    )
    return candles.set_column(candles.column_names.index("high"), candles.schema.field("high"), highs)


def without_volume(candles: pa.Table, first: int, last: int) -> pa.Table:
    times = candles.column("timestamp")
    inside = pc.and_(pc.greater_equal(times, first), pc.less_equal(times, last))
    volumes = pc.if_else(inside, 0.0, candles.column("volume"))
    return candles.set_column(candles.column_names.index("volume"), candles.schema.field("volume"), volumes)


@pytest.fixture
def flagged(stage: FakeStage) -> Dataset:
    """BTC-USDT with a jump on 10 February and three hours without volume on 20 March."""
    entry = hold(stage, "BTC-USDT")
    candles = spiked(bars_of(stage, entry, START, END), parse_time("2021-02-10T05:00:00Z"))
    dead = parse_time("2021-03-20T01:00:00Z")
    return add(stage, entry.name, without_volume(candles, dead, dead + 2 * HOUR))


@pytest.mark.usefixtures("flagged")
def test_a_dataset_says_what_its_audit_found(http: httpx.Client) -> None:
    found = ok(http.get(f"/datasets/{BTC}"))
    bars = (END - START) // HOUR
    assert found["coverage_pct"] == pytest.approx(100 * (bars - 9) / bars)
    assert found["gap_list"] == [OUTAGE, {"start": iso(GAP[0]), "end": iso(GAP[1] - HOUR), "missing": 4}]
    assert found["number"] == 2
    # Five numbers and a time for each bar; packed, a good part of that.
    assert 0.3 < found["size_bytes"] / (found["rows"] * 48) < 1.2
    audit = found["audit"]
    assert {name: value for name, value in audit.items() if name != "flags"} == {
        "duplicates_removed": 0,
        "out_of_order_rows": 0,
        "jump_atrs": 15.0,
        "zero_volume_bars": 3,
        "flat_bars": 0,
        "jumps": 1,
        "disagreeing_bars": 0,
        "incomplete_bars": 0,
    }
    jump, dead = audit["flags"]
    assert (jump["kind"], jump["start"], jump["count"]) == ("jump", "2021-02-10T05:00:00Z", 1)
    assert jump["values"]["move_pct"] == pytest.approx(786, abs=10)
    assert jump["values"]["atrs"] > 15
    assert dead == {
        "kind": "zero_volume",
        "start": "2021-03-20T01:00:00Z",
        "end": "2021-03-20T03:00:00Z",
        "count": 3,
        "values": {},
    }


@pytest.mark.usefixtures("flagged")
def test_a_backtest_over_a_flagged_span_says_so_and_one_beside_it_does_not(http: httpx.Client) -> None:
    run_id = ran(http, start_date="2021-02-05", end_date="2021-03-31")
    found = ok(http.get(f"/backtests/{run_id}/results"))["data_flags"]
    assert found["counts"] == {
        "disagreement": 0,
        "jump": 1,
        "gap": 9,
        "incomplete": 0,
        "flat": 0,
        "zero_volume": 3,
    }
    assert [(flag["dataset_id"], flag["kind"], flag["start"], flag["count"]) for flag in found["flags"]] == [
        (BTC, "jump", "2021-02-10T05:00:00Z", 1),
        (BTC, "gap", OUTAGE["start"], 5),
        (BTC, "gap", iso(GAP[0]), 4),
        (BTC, "zero_volume", "2021-03-20T01:00:00Z", 3),
    ]
    assert (found["left_out"], found["not_audited"]) == (0, [])
    beside = ran(http, start_date="2021-04-01")
    quiet = ok(http.get(f"/backtests/{beside}/results"))["data_flags"]
    assert (set(quiet["counts"].values()), quiet["flags"]) == ({0}, [])
    # The warm-up of a run that starts on the day after feeds its indicators.
    warm = ran(http, start_date="2021-02-11")
    assert ok(http.get(f"/backtests/{warm}/results"))["data_flags"]["counts"]["jump"] == 1


@pytest.mark.usefixtures("flagged")
def test_of_many_flags_the_gravest_are_shown_and_all_are_counted(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.api.data_flags.SHOWN_FLAGS", 1)
    found = ok(http.get(f"/backtests/{ran(http)}/results"))["data_flags"]
    assert [flag["kind"] for flag in found["flags"]] == ["jump"]
    assert (found["left_out"], found["counts"]["zero_volume"], found["counts"]["gap"]) == (3, 3, 9)


def test_candles_older_than_audits_are_read_and_said_to_be_so(stage: FakeStage, http: httpx.Client) -> None:
    entry = hold(stage, "BTC-USDT")
    key = names.dataset_manifest("local", entry.name, entry.version)
    raw = stage.store.get_json(key)
    del raw["audit"]
    stage.store.put_json(key, raw)
    assert ok(http.get(f"/datasets/{BTC}"))["audit"] is None
    found = ok(http.get(f"/backtests/{ran(http)}/results"))["data_flags"]
    assert (found["not_audited"], found["counts"]["gap"]) == ([BTC], 9)
    # The next version is audited whole.
    grown = add(stage, entry.name, spiked(bars_of(stage, entry, START, START + 90 * HOUR), START + 50 * HOUR))
    audit = DatasetManifest.from_dict(
        stage.store.get_json(names.dataset_manifest("local", grown.name, grown.version))
    ).audit
    assert audit is not None
    assert [flag.kind for flag in audit.flags] == ["jump"]


def test_the_history_says_what_each_version_changed(stage: FakeStage, http: httpx.Client) -> None:
    entry = hold(stage, "BTC-USDT")
    hour = parse_time("2021-02-10T05:00:00Z")
    add(stage, entry.name, spiked(bars_of(stage, entry, hour, hour + HOUR), hour))
    later = bars_of(stage, entry, END - 30 * HOUR, END)
    times = pc.add(later.column("timestamp"), 30 * HOUR)
    add(stage, entry.name, later.set_column(0, later.schema.field("timestamp"), times))

    found = ok(http.get(f"/datasets/{BTC}/versions"))
    assert found["dataset_id"] == BTC
    third, second, first = found["versions"]
    assert [row["number"] for row in (first, second, third)] == [1, 2, 3]
    assert (first["changes"], first["bars_added"]) == ([], first["rows"])
    assert (second["bars_added"], second["bars_changed"], second["bars_removed"]) == (0, 1, 0)
    assert second["changes"] == [{"start": iso(hour), "end": iso(hour), "bars": 1}]
    assert (third["bars_added"], third["rows"] - second["rows"]) == (30, 30)
    assert third["changes"] == [{"start": iso(END), "end": iso(END + 29 * HOUR), "bars": 30}]
    assert ok(http.get(f"/datasets/{BTC}"))["version"] == third["version"]
    assert first["version"] == entry.version
    assert found["next_cursor"] is None
    pages = []
    query: dict[str, Any] = {"limit": 2}
    while query.get("cursor", "") is not None:
        page = ok(http.get(f"/datasets/{BTC}/versions", params=query))
        pages.append([row["number"] for row in page["versions"]])
        query["cursor"] = page["next_cursor"]
    assert pages == [[3, 2], [1]]
    assert (
        "is not a cursor of these versions"
        in http.get(f"/datasets/{BTC}/versions", params={"cursor": "x"}).json()["detail"]
    )


def test_a_run_names_its_versions_and_is_stale_when_bars_in_its_span_change(
    stage: FakeStage, http: httpx.Client
) -> None:
    entries = {symbol: hold(stage, symbol) for symbol in ("BTC-USDT", "ETH-USDT")}
    both = ran(http, symbols=["BTC-USDT", "ETH-USDT"], **FEBRUARY)
    btc_alone = ran(http, **FEBRUARY)
    later = ran(http, symbols=["ETH-USDT"], start_date="2021-04-01")

    run = ok(http.get(f"/backtests/{both}"))
    assert run["datasets"] == [
        {"dataset_id": entries[symbol].dataset_id, "version": entries[symbol].version, "public": False}
        for symbol in ("BTC-USDT", "ETH-USDT")
    ]
    assert (run["stale"], run["stale_because"]) == (False, None)

    hour = parse_time("2021-02-10T05:00:00Z")
    changed = add(
        stage, entries["ETH-USDT"].name, spiked(bars_of(stage, entries["ETH-USDT"], hour, END), hour)
    )
    assert changed.number == 2
    reason = f"version 2 of {ETH} has other bars at 2021-02-10T05:00:00Z; run it again to see"
    for answer in (http.get(f"/backtests/{both}"), http.get(f"/backtests/{both}/results")):
        assert (ok(answer)["stale"], ok(answer)["stale_because"]) == (True, reason)
    listed = {row["run_id"]: row["stale"] for row in ok(http.get("/backtests"))["backtests"]}
    assert listed == {both: True, btc_alone: False, later: False}
    compared = ok(http.get("/backtests/compare", params={"ids": f"{both},{btc_alone}"}))
    assert [row["stale"] for row in compared["backtests"]] == [True, False]
    # Its results are of the version that it names, whatever came after.
    playback = ok(
        http.get(
            f"/backtests/{both}/playback/candles",
            params={"symbol": "ETH-USDT", "start": iso(hour), "end": iso(hour + HOUR)},
        )
    )
    (bar,) = bars_of(stage, entries["ETH-USDT"], hour, hour + HOUR).to_pylist()
    assert playback["candles"][0]["high"] == bar["high"]
    assert ok(http.get(f"/backtests/{ran(http, symbols=['ETH-USDT'], **FEBRUARY)}"))["stale"] is False


def test_bars_beside_the_span_make_no_run_stale(stage: FakeStage, http: httpx.Client) -> None:
    entry = hold(stage, "BTC-USDT")
    run_id = ran(http, start_date="2021-03-05", end_date="2021-03-20")
    # In the months of the run, after its end and before its warm-up; and a gap of its span is filled.
    for text, stale in (("2021-03-21", False), ("2021-02-20", False), ("2021-03-10T03:00:00Z", True)):
        hour = parse_time(text)
        bar = bars_of(stage, entry, END - HOUR, END)
        moved = bar.set_column(0, bar.schema.field("timestamp"), pa.array([hour]))
        add(stage, entry.name, moved)
        assert ok(http.get(f"/backtests/{run_id}"))["stale"] is stale, text


def test_staleness_is_told_without_reading_candles(
    stage: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = hold(stage, "BTC-USDT")
    for n in range(3):
        ran(http, **FEBRUARY, initial_cash=1_000 + n)
    hour = parse_time("2021-02-10T05:00:00Z")
    add(stage, entry.name, spiked(bars_of(stage, entry, hour, hour + HOUR), hour))
    calls: list[str] = []
    for operation in ("query", "get_item", "get_object"):
        call = getattr(stage.table._client if operation != "get_object" else stage.store._client, operation)

        def counted(*args: Any, _call: Any = call, _name: str = operation, **kwargs: Any) -> Any:
            calls.append(_name)
            return _call(*args, **kwargs)

        owner = stage.runs._table._client if operation != "get_object" else stage.store._client
        monkeypatch.setattr(owner, operation, counted)
    rows = ok(http.get("/backtests"))["backtests"]
    assert [row["stale"] for row in rows] == [True] * 3
    assert "get_object" not in calls
    assert len(calls) <= 3  # the page, the dataset, its history


def test_a_dataset_names_the_runs_that_it_stays_for(
    stage: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for symbol in ("BTC-USDT", "ETH-USDT"):
        hold(stage, symbol)
    made = [ran(http, **FEBRUARY, initial_cash=1_000 + n) for n in range(3)]
    failed = ok(http.post("/backtests", json=request()), 202)["run_id"]
    stage.runs.end("local", failed, "failed", {"code": "worker_lost", "detail": "it is gone"})
    found = ok(http.get(f"/datasets/{BTC}/runs"))
    assert [row["run_id"] for row in found["backtests"]] == made[::-1]
    assert (found["dataset_id"], found["more"]) == (BTC, False)
    assert ok(http.get(f"/datasets/{ETH}/runs"))["backtests"] == []
    monkeypatch.setattr("functions.api.datasets.SHOWN_RUNS", 2)
    found = ok(http.get(f"/datasets/{BTC}/runs"))
    assert (len(found["backtests"]), found["more"]) == (2, True)
    assert http.get("/datasets/sim.BTC-USDT.4h/runs").status_code == 404


def test_a_dataset_that_a_run_uses_stays_and_goes_with_its_last_run(
    stage: FakeStage, http: httpx.Client
) -> None:
    for symbol in ("BTC-USDT", "ETH-USDT"):
        hold(stage, symbol)
    run_id = ran(http)
    refused = http.delete(f"/datasets/{BTC}")
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:stepfold:problem:in_use"
    assert refused.json()["run_ids"] == [run_id]
    assert refused.json()["detail"] == (
        f"{BTC} is used by {run_id}; delete these backtests first, or keep the candles"
    )
    assert ok(http.get(f"/datasets/{BTC}"))["dataset_id"] == BTC
    assert ok(http.get(f"/backtests/{run_id}/playback/candles", params={"limit": 1}))["candles"]

    ok(http.delete(f"/backtests/{run_id}"), 204)
    ok(http.delete(f"/datasets/{BTC}"), 204)
    assert [row["dataset_id"] for row in ok(http.get("/datasets"))["datasets"]] == [ETH]
    for path in (f"/datasets/{BTC}", f"/datasets/{BTC}/versions"):
        assert http.get(path).status_code == 404
    assert http.delete(f"/datasets/{BTC}").status_code == 404
    assert {key.split("/")[3] for key in stage.store.keys("candles/")} == {"ETH-USDT"}
    assert stage.table.prefix("OWNER#local", "DATASET_VERSION#sim.BTC") == []
    assert stage.table.prefix("OWNER#local", "USE#") == []
    assert hold(stage, "BTC-USDT").number == 1  # a new life


def test_finer_candles_are_used_too(stage: FakeStage, http: httpx.Client) -> None:
    hold(stage, "BTC-USDT")
    hold(stage, "BTC-USDT", timeframe="15m")
    run_id = ran(http, finer_timeframe="15m", **FEBRUARY)
    assert [row["dataset_id"] for row in ok(http.get(f"/backtests/{run_id}"))["datasets"]] == [
        BTC,
        "sim.BTC-USDT.15m",
    ]
    assert http.delete("/datasets/sim.BTC-USDT.15m").json()["run_ids"] == [run_id]


def test_runs_that_failed_or_were_cancelled_hold_no_candles(stage: FakeStage, http: httpx.Client) -> None:
    hold(stage, "BTC-USDT")
    run_id = ran(http)
    stage.runs._table.update("OWNER#local", names.run_key(run_id), {"status": "failed"})
    ok(http.delete(f"/datasets/{BTC}"), 204)
    assert stage.table.prefix("OWNER#local", "USE#") == []


def test_a_run_that_begins_while_its_candles_are_deleted_keeps_them_or_fails(
    stage: FakeStage, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two looks of a deletion a run plans: the second look finds it, and the candles stay."""
    entry = hold(stage, "BTC-USDT")
    run_id = ok(http.post("/backtests", json=request()), 202)["run_id"]
    looks: list[int] = []
    look = DatasetUses.runs_of

    def planning(uses: DatasetUses, *args: Any) -> Any:
        found = list(look(uses, *args))
        looks.append(len(found))
        if len(looks) == 1:
            run_to_its_end(run_id)
        return iter(found)

    monkeypatch.setattr(DatasetUses, "runs_of", planning)
    assert http.delete(f"/datasets/{BTC}").json()["run_ids"] == [run_id]
    assert looks == [0, 1]
    assert ok(http.get(f"/datasets/{BTC}"))["version"] == entry.version
    assert ok(http.get(f"/backtests/{run_id}"))["status"] == "completed"

    # The other way round: the deletion has hidden them when the run, which resolved before, looks again.
    begun = ok(http.post("/backtests", json=request(initial_cash=5)), 202)["run_id"]
    note = DatasetUses.note

    def hidden(uses: DatasetUses, *args: Any) -> None:
        stage.datasets.begin_delete(entry)
        note(uses, *args)

    monkeypatch.setattr(DatasetUses, "note", hidden)
    with pytest.raises(Exception, match=f"{BTC} was deleted while the backtest began"):
        run_to_its_end(begun)


def test_public_candles_are_deleted_by_nobody_who_has_a_login(
    stage: FakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(stage, "BTC-USDT", owner="public")
    monkeypatch.setenv("STEPFOLD_AUTH", "jwt")
    from shared.settings import settings

    settings.cache_clear()
    ann = client(handler, claims={"sub": "ann", "iss": "issuer"})
    run_id = ran(ann, owner="ann")
    assert ok(ann.get(f"/backtests/{run_id}"))["datasets"][0]["public"] is True
    assert "is public: its candles are everybody's" in ann.delete(f"/datasets/{BTC}").json()["detail"]
    hold(stage, "BTC-USDT", owner="bob")
    assert "is public" in ann.delete(f"/datasets/{BTC}").json()["detail"]
    bob = client(handler, claims={"sub": "bob", "iss": "issuer"})
    ok(bob.delete(f"/datasets/{BTC}"), 204)
    assert ok(bob.get(f"/datasets/{BTC}"))["public"] is True


def test_public_candles_of_a_stage_without_a_login_can_go_but_not_under_a_run(
    stage: FakeStage, http: httpx.Client
) -> None:
    hold(stage, "BTC-USDT", owner="public")
    run_id = ran(http)
    assert http.delete(f"/datasets/{BTC}").json()["run_ids"] == [run_id]
    ok(http.delete(f"/backtests/{run_id}"), 204)
    ok(http.delete(f"/datasets/{BTC}"), 204)
    assert list(stage.store.keys("candles/")) == []


def test_a_damaged_file_is_refused_with_its_rows_or_flagged(stage: FakeStage, http: httpx.Client) -> None:
    """The whole way: NaN, a negative price, a high below the low, an hour twice, a jump of 786 %."""
    body = {"exchange": "binance", "symbol": "BTC-USDT", "timeframe": "1h"}
    rows = [
        f"{1_609_459_200 + n * 3_600},100,{101 + n % 2},{99 - n % 2},100,{5 + n}".split(",")
        for n in range(200)
    ]

    def imported(changed: list[list[str]]) -> Any:
        begun = ok(http.post("/datasets", json=body), 201)
        text = "\n".join(
            ",".join(row) for row in [["unix", "open", "high", "low", "close", "volume"], *changed]
        )
        stage.store.put(begun["upload"]["fields"]["key"], text.encode())
        path = f"/datasets/{begun['dataset_id']}/imports/{begun['import_id']}"
        ok(http.post(path), 202)
        import_file("local", begun["dataset_id"], begun["import_id"])
        return ok(http.get(path))["report"]

    def damaged(row: int, column: int, value: str) -> list[list[str]]:
        copy = [list(fields) for fields in rows]
        copy[row][column] = value
        return copy

    for changed, message in (
        (damaged(9, 4, "NaN"), "file.close: is missing or not a number in row 10"),
        (damaged(9, 3, "-1"), "file.low: is not above 0 in row 10"),
        (damaged(9, 2, "50"), "file.high: is below the low in row 10"),
        (damaged(9, 0, rows[8][0]), "file.timestamp: stands twice with different bars in row 10"),
    ):
        with pytest.raises(Exception, match=message):
            imported(changed)
        assert ok(http.get("/datasets"))["datasets"] == []

    jumping = damaged(150, 2, "886")
    report = imported([*jumping[:60], jumping[59], *jumping[60:]])
    assert (report["rows"], report["duplicates_removed"], report["jumps"]) == (200, 1, 1)
    run_id = ran(http, exchange="binance", start_date="2021-01-02T12:00:00Z")
    found = ok(http.get(f"/backtests/{run_id}/results"))["data_flags"]
    (flag,) = found["flags"]
    assert (flag["kind"], flag["start"], flag["values"]["move_pct"]) == (
        "jump",
        "2021-01-07T06:00:00Z",
        786.0,
    )
