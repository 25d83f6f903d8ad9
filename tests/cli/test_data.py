"""`stepfold data` and `stepfold demo`."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.simulated_market import simulate_market
from shared.times import parse_time
from tests.cli.conftest import Cli
from tests.cli.fake_api import FakeApi
from tests.cli.fake_datasets import FETCHED

CSV = "timestamp,open,high,low,close,volume\n2021-01-01,1,2,1,2,5\n2021-01-02,1,2,1,2,5\n"
NAMED = ("--exchange", "Binance", "--symbol", "btc/usdt", "--timeframe", "1h")


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "candles.csv"
    path.write_text(CSV)
    return path


def test_an_import_uploads_the_file_and_prints_the_report(cli: Cli, api: FakeApi, csv: Path) -> None:
    ran = cli("data", "import", str(csv), *NAMED)

    assert ran.code == 0
    assert list(api.uploads.values()) == [CSV.encode()]
    for text in (
        "binance.BTC-USDT.1h",
        "2021-01-01 00:00",
        "7 with 14 missing bars",
        "2 bars without volume",
    ):
        assert text in ran.out
    assert "3 rows that stood after a later one" in ran.out
    assert "stepfold data show binance.BTC-USDT.1h" in ran.err
    assert "simulated" not in ran.out
    assert "uploading" in ran.err


def test_import_json_is_the_finished_import(cli: Cli, csv: Path) -> None:
    ran = cli("data", "import", str(csv), *NAMED, "--json")

    assert ran.json["status"] == "completed"
    assert ran.json["report"]["rows"] == 2


def test_a_file_may_say_by_its_name_what_it_holds(cli: Cli, api: FakeApi, csv: Path) -> None:
    named = csv.rename(csv.with_name("binance_ETHUSDT_1h_20210101_20231231.csv"))

    assert cli("data", "import", str(named)).code == 0
    assert cli("data", "import", str(named), "--timeframe", "5m").code == 0
    assert set(api.datasets) == {"binance.ETH-USDT.1h", "binance.ETH-USDT.5m"}


def test_a_file_that_says_nothing_needs_options(cli: Cli, csv: Path) -> None:
    ran = cli("data", "import", str(csv), "--symbol", "BTC-USDT")

    assert ran.code == 2
    assert "--exchange, --timeframe" in ran.err


def test_candles_that_are_refused_are_exit_7_with_their_rows(cli: Cli, csv: Path) -> None:
    csv.write_text(CSV + "impossible")

    ran = cli("data", "import", str(csv), *NAMED)

    assert (ran.code, ran.out) == (7, "")
    assert "file.high: is below the low in row 1" in ran.err


def test_files_that_cannot_be_sent_are_exit_3_and_nothing_is_sent(
    cli: Cli, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "candles.xlsx").write_text("x")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "large.csv").write_text(CSV)
    monkeypatch.setattr("cli.candle_files.MAX_UPLOAD_BYTES", 10)
    for name, said in (
        ("empty.csv", "is empty"),
        ("candles.xlsx", "neither CSV nor Parquet"),
        ("folder.csv", "is not a file"),
        ("missing.csv", "No such file"),
        ("large.csv", "split it"),
    ):
        ran = cli("data", "import", str(tmp_path / name), *NAMED)
        assert ran.code == 3, name
        assert said in ran.err
    wrong = cli("data", "import", str(tmp_path / "large.csv"), "--exchange", "../x", *NAMED[2:])
    assert wrong.code == 3
    assert "is not an exchange" in wrong.err
    assert api.requests == []


def test_the_list_says_what_is_held_and_what_is_simulated(cli: Cli, api: FakeApi) -> None:
    assert "stepfold data simulate" in cli("data", "list").err
    api.add_dataset("binance", "BTC-USDT", "1h")
    api.add_dataset("sim", "BTC-USDT", "1h")

    ran = cli("data", "list")

    held, made = (
        next(line for line in ran.out.splitlines() if name in line) for name in ("binance.", "sim.")
    )
    assert "26,266" in held
    assert "simulated" not in held
    assert made.rstrip().endswith("simulated")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert [entry["simulated"] for entry in cli("data", "list", "--json").json["datasets"]] == [False, True]


def test_show_is_the_audit_as_a_table(cli: Cli, api: FakeApi) -> None:
    api.add_dataset("binance", "BTC-USDT", "1h")

    ran = cli("data", "show", "binance.BTC-USDT.1h")

    assert ran.code == 0
    for text in (
        "99.95 %",
        "7 with 14 missing bars",
        "1 beyond 15 average true ranges",
        "12 duplicates removed",
        "786 %, 312.5 ranges",
    ):
        assert text in ran.out
    rows = [line for line in ran.out.splitlines() if "2021-01" in line and "span" not in line][1:]
    assert len(rows) == 9
    assert rows[0].split() == ["no", "volume", "2021-01-01", "00:00", "2021-01-01", "02:00", "3"]
    assert max(map(len, ran.out.splitlines())) <= 80
    assert cli("data", "show", "binance.BTC-USDT.1h", "--json").json["audit"]["jumps"] == 1
    short = cli("data", "show", "binance.BTC-USDT.1h", "--limit", "3")
    assert "6 more" in short.err
    assert cli("data", "show", "binance.BTC-USDT.5m").code == 4
    api.audits = False
    assert "older than audits" in cli("data", "show", "binance.BTC-USDT.1h").err


def test_resampling_says_what_was_made_of_what(cli: Cli, api: FakeApi) -> None:
    api.add_dataset("binance", "BTC-USDT", "1h")
    ran = cli("data", "resample", "binance.BTC-USDT.1h", "1d")
    assert ran.code == 0
    assert "1,094" in ran.out
    assert "binance.BTC-USDT.1h, 1 bars incomplete" in ran.out
    assert "made of 1h" in cli("data", "list").out
    assert "binance.BTC-USDT.1h, 0 bars incomplete" in cli("data", "show", "binance.BTC-USDT.1d").out
    answered = cli("data", "resample", "binance.BTC-USDT.1h", "1d", "--json").json
    assert answered["made_of"] == "binance.BTC-USDT.1h"
    refused = cli("data", "resample", "binance.BTC-USDT.1h", "1h")
    assert refused.code == 3
    assert "choose one of 2h, 4h" in refused.err
    assert cli("data", "resample", "binance.BTC-USDT.5m", "1h").code == 4
    assert cli("data", "resample", "binance.BTC-USDT.1h", "7m").code == 2


def test_funding_rates_are_imported_and_shown_as_what_they_are(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "binance_BTCUSDT-PERP_funding.csv"
    file.write_text("timestamp,rate\n1609459200000,0.0001\n1609488000000,0.0001\n")
    ran = cli("data", "import", str(file))
    assert ran.code == 0
    assert "binance.BTC-USDT-PERP.funding" in ran.out
    assert "14 missing rates" in ran.out
    (tmp_path / "rates.csv").write_text("timestamp,rate\n1609459200000,0.0001\n")
    named = (str(tmp_path / "rates.csv"), "--exchange", "binance", "--symbol", "BTC-USDT-PERP")
    assert (
        cli("data", "import", *named, "--funding", "--json").json["dataset_id"]
        == "binance.BTC-USDT-PERP.funding"
    )
    assert cli("data", "import", *named, "--funding", "--timeframe", "1h").code == 2
    shown = cli("data", "show", "binance.BTC-USDT-PERP.funding").out
    assert "8 hours" in shown
    assert "true ranges" not in shown


def test_versions_say_what_each_changed(cli: Cli, api: FakeApi) -> None:
    api.add_dataset("binance", "BTC-USDT", "1h")

    ran = cli("data", "versions", "binance.BTC-USDT.1h")

    assert ran.code == 0
    newest, oldest = ran.out.splitlines()[2:4]
    assert newest.split()[-3:] == ["1,440", "4", "0"]
    assert oldest.split()[0] == "1"
    assert max(map(len, ran.out.splitlines())) <= 80
    assert len(cli("data", "versions", "binance.BTC-USDT.1h", "--json").json["versions"]) == 2


def test_a_dataset_is_deleted_after_a_yes_and_not_under_a_run(
    cli: Cli, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.add_dataset("binance", "BTC-USDT", "1h")
    command = ("data", "delete", "binance.BTC-USDT.1h")

    assert cli(*command).code == 2  # nobody is there to answer
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    kept = cli(*command)
    assert (kept.code, "26,266 rows" in kept.err, "Kept." in kept.err) == (0, True, True)
    run_id = api.add_run()
    refused = cli(*command, "--yes")
    assert refused.code == 5
    assert run_id in refused.err
    api.runs.clear()
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert cli(*command).code == 0
    assert api.datasets == {}
    assert cli(*command, "--yes").code == 4


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_simulated_market_is_imported_as_what_it_is(cli: Cli, api: FakeApi) -> None:
    ran = cli(
        *("data", "simulate", "--symbol", "SOLUSDT", "--timeframe", "1h"),
        *("--start", "2021-01-01", "--end", "2021-01-31", "--seed", "7"),
    )

    assert ran.code == 0
    assert "SIMULATED" in ran.err
    assert "sim.SOL-USDT.1h" in ran.out
    assert "simulated" in ran.out
    (body,) = api.uploads.values()
    sent = pq.read_table(io.BytesIO(body))
    made = simulate_market("SOL-USDT", "1h", parse_time("2021-01-01"), parse_time("2021-02-01"), 7)
    assert sent.replace_schema_metadata(None).equals(pa.table(made))
    assert sent.schema.metadata[b"stepfold.simulated"] == b"seed 7"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--start", "soon", "is not a time"),
        ("--end", "2020-01-01", "no 1h bar"),
        ("--symbol", "?", "not a symbol"),
    ],
)
def test_a_market_that_cannot_be_simulated_is_exit_3(cli: Cli, option: str, value: str, said: str) -> None:
    given = {"--symbol": "BTC-USDT", "--timeframe": "1h", "--start": "2021-01-01", "--end": "2021-02-01"}
    ran = cli("data", "simulate", *(word for pair in (given | {option: value}).items() for word in pair))

    assert ran.code == 3
    assert said in ran.err


def test_the_demo_runs_on_a_simulated_market_and_loads_it_once(cli: Cli, api: FakeApi) -> None:
    api.exchange = "sim"

    first = cli("demo")
    assert first.code == 0
    assert set(api.datasets) == {"sim.BTC-USDT.1h", "sim.ETH-USDT.1h"}
    assert "SIMULATED" in first.err
    assert "SIMULATED" in first.out
    assert "Final equity" in first.out
    assert "┤" in first.out
    assert cli("demo", "--json").json["status"] == "completed"
    assert len(api.uploads) == 2
    (body, _) = (entry["body"] for entry in api.bodies.values())
    assert body["strategy"] == "ema_cross"
    assert body["symbols"] == ["BTC-USDT", "ETH-USDT"]


def test_the_demo_takes_real_candles_where_there_are_two_symbols(
    cli: Cli, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "market"
    folder.mkdir()
    for name in (
        "BTCUSDT_5m_1",
        "ETHUSDT_5m_1",
        "BTCUSDT_1h_1",
        "ETHUSDT_1h_1",
        "SOLUSDT_1h_1",
        "XRPUSDT_1d_1",
    ):
        (folder / f"binance_{name}.csv").write_text(CSV)
    (folder / "README.md").write_text("x")
    monkeypatch.setenv("STEPFOLD_MARKET_DATA", str(folder))

    ran = cli("demo")

    assert ran.code == 0
    assert set(api.datasets) == {"binance.BTC-USDT.1h", "binance.ETH-USDT.1h"}
    assert "SIMULATED" not in ran.out + ran.err


def test_the_demo_says_why_it_does_not_use_a_folder(
    cli: Cli, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "binance_BTCUSDT_1h.csv").write_text(CSV)
    monkeypatch.setenv("STEPFOLD_MARKET_DATA", str(tmp_path))
    ran = cli("demo")
    assert ran.code == 0
    assert "no two symbols" in ran.err
    assert set(api.datasets) == {"sim.BTC-USDT.1h", "sim.ETH-USDT.1h"}

    monkeypatch.setenv("STEPFOLD_MARKET_DATA", str(tmp_path / "nowhere"))
    ran = cli("demo")
    assert ran.code == 3
    assert "not a folder" in ran.err


def test_what_the_demo_says_to_do_next_can_be_done(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = cli("demo").err
    command = next(line for line in said.splitlines() if line.startswith("  stepfold run mine.yaml"))
    (tmp_path / "mine.yaml").write_text(cli("strategies", "show", "ema_cross").out)

    assert cli(*command.split()[1:]).code == 0
    compare = next(line for line in said.splitlines() if "stepfold compare" in line)
    assert cli(*compare.partition("stepfold ")[2].split()).code == 0


def test_regimes_are_listed_as_a_run_takes_them(cli: Cli) -> None:
    out = cli("data", "regimes").out
    assert ["covid_crash_2020", "2020-02-13", "2020-03-13"] in [line.split()[:3] for line in out.splitlines()]
    assert max(map(len, out.splitlines())) <= 80
    assert cli("data", "regimes", "--json").json["regimes"][0]["title"] == "Covid crash"


def test_a_fetch_is_followed_to_its_report(cli: Cli, api: FakeApi) -> None:
    ran = cli("data", "fetch", "coinbase", "BTC-USD", "1h", "--since", "2021-01-01")

    assert ran.code == 0, ran.err
    sent = api.requests[0].json()
    assert sent == {
        "source": "exchange",
        "exchange": "coinbase",
        "symbol": "BTC-USD",
        "timeframe": "1h",
        "since": "2021-01-01",
    }
    assert "100 of 400 bars at 2021-01-01" in ran.err
    for said in ("coinbase.BTC-USD.1h", "398", "1 with 2 missing bars", "2021-01-01 00:00"):
        assert said in ran.out
    assert cli("data", "fetch", "coinbase", "BTC-USD", "1h", "--json").json["status"] == "completed"


def test_a_fetch_says_what_has_changed_and_that_nothing_is_new(cli: Cli, api: FakeApi) -> None:
    changed = {"timestamp": "2021-01-01T05:00:00Z", "held": 10.0, "exchange": 15.0}
    api.report = {**FETCHED, "first": None, "last": None, "rows": 0, "changed": [changed]}
    out = " ".join(cli("data", "fetch", "coinbase", "BTC-USD", "1h").out.split())

    assert "none: up to date" in out
    assert "1 held bars, the first at 2021-01-01 05:00 (close 10.0, now 15.0)" in out
    assert "--again" in out
    assert cli("data", "fetch", "coinbase", "BTC-USD", "1h", "--again").code == 0
    assert [r for r in api.requests if r.method == "POST"][-1].json()["again"] is True


def test_a_fetch_is_of_candles_or_of_funding_rates(cli: Cli, api: FakeApi) -> None:
    ran = cli("data", "fetch", "binance", "BTC-USDT-PERP", "--funding")
    assert ran.code == 0, ran.err
    assert "new rates" in ran.out
    sent = {"source": "exchange", "exchange": "binance", "symbol": "BTC-USDT-PERP", "kind": "funding"}
    assert api.requests[0].json() == sent
    assert cli("data", "fetch", "binance", "BTC-USDT-PERP").code == 2
    assert cli("data", "fetch", "binance", "BTC-USDT-PERP", "1h", "--funding").code == 2


def test_a_fetch_that_fails_says_why(cli: Cli, api: FakeApi) -> None:
    issue = {"path": "symbol", "message": "coinbase has no market BTC-USDT; near are BTC-USD"}
    api.error = {"code": "invalid_input", "detail": "symbol: no market", "errors": [issue]}
    ran = cli("data", "fetch", "coinbase", "BTC-USDT", "1h")

    assert (ran.code, ran.out) == (7, "")
    assert "near are BTC-USD" in ran.err
    assert cli("data", "fetch", "coinbase", "BTC-USD", "2m").code == 2


def test_a_fetch_that_is_left_goes_on_and_says_how_to_come_back(
    cli: Cli, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.polls = None

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.fetching._follow", interrupted)
    ran = cli("data", "fetch", "coinbase", "BTC-USD", "1h")

    assert (ran.code, ran.out) == (130, "")
    assert "goes on without you" in ran.err
    assert "Run the same command again" in ran.err


def test_show_says_what_the_exchange_says_of_the_market(cli: Cli, api: FakeApi) -> None:
    api.add_dataset("coinbase", "BTC-USD", "1h")
    steps = {"price_step": 0.01, "quantity_step": 1e-8, "min_notional": None}
    api.market = {"listed": "2015-07-20T00:00:00Z", **steps, "taker_fee_bps": 120.0, "maker_fee_bps": 60.0}
    out = cli("data", "show", "coinbase.BTC-USD.1h").out

    for said in ("2015-07-20", "quantity 1e-08, price 0.01", "taker 120 bps, maker 60 bps"):
        assert said in out
    assert "notional" not in out
