"""The functions' zips: what must not be deployed, and a whole journey on nothing but what was unpacked.

The journey runs the recipe of production, built for this machine, under Python 3.13 (under the version at
hand where there is no 3.13): each group of functions is a process whose path holds its unpacked zip and
boto3, which Lambda's runtime brings along. The store and the index behind it are an emulator's.
"""

from __future__ import annotations

import platform
import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pyarrow
import pytest

from infra_cdk.prune import prune
from infra_cdk.zips import GROUPS, LIBRARIES, LIMIT, PLATFORMS, PYTHON, ZipError, build, check, interpreter
from localstack.emulator import Emulator, Home, free_port, start, stop
from shared.times import DAY_MS, iso, now_ms
from shared.venues import VENUES
from tests.e2e.client import ok
from tests.e2e.markets import CROSS, simulated_file
from tests.exchange.stand_in import StandIn, stand_in
from tests.functions import gateway
from tests.infra.lambda_runtime import Stage, Worker, install_boto3
from tests.infra.synthesis import Template

REQUEST = {"symbols": ["BTC-USDT"], "timeframe": "1h", "exchange": "sim", "strategy": CROSS}


def library(machine: int) -> bytes:
    """Return an ELF header that says its machine and has no sections."""
    return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(44)


def content_of(folder: Path, *, kernel: bytes) -> Path:
    (folder / "engine").mkdir()
    for name in LIBRARIES:
        (folder / name).write_bytes(kernel)
    return folder


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_zip_without_a_compiled_library_is_refused(tmp_path: Path, name: str) -> None:
    (content_of(tmp_path, kernel=library(183)) / name).unlink()
    with pytest.raises(ZipError, match=f"{name} is missing"):
        check(tmp_path, PLATFORMS["aarch64"])


def test_a_zip_over_the_limit_is_refused_and_names_the_largest_parts(tmp_path: Path) -> None:
    content = content_of(tmp_path, kernel=library(183))
    (content / "pandas").mkdir()
    with (content / "pandas" / "data").open("wb") as file:
        file.truncate(LIMIT + 1)
    with pytest.raises(ZipError, match=r"250 MB unzipped, Lambda takes 250.*pandas 250"):
        check(content, PLATFORMS["aarch64"])


def test_a_library_of_another_machine_is_refused(tmp_path: Path) -> None:
    content = content_of(tmp_path, kernel=library(62))
    check(content, PLATFORMS["x86_64"])
    with pytest.raises(ZipError, match="another machine"):
        check(content, PLATFORMS["aarch64"])


def test_a_library_that_was_pruned_and_is_needed_is_missed(tmp_path: Path) -> None:
    content = content_of(tmp_path, kernel=library(62))
    (linked,) = Path(str(pyarrow.__file__)).parent.glob("libarrow_python.so.*00")
    shutil.copy(linked, content)
    target = PLATFORMS[platform.machine()]
    for name in LIBRARIES:
        (content / name).write_bytes(library(target.elf_machine))
    with pytest.raises(ZipError, match=r"libarrow_python.* needs .*libarrow\.so"):
        check(content, target)


@pytest.fixture(scope="module")
def python() -> str:
    """The version that the zips are built for and run under."""
    return PYTHON if interpreter(PYTHON) else ".".join(map(str, sys.version_info[:2]))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory, python: str) -> dict[str, Path]:
    """Each group's zip, built and unpacked."""
    folder = tmp_path_factory.mktemp("zips")
    for group in GROUPS:
        built = build(group, platform=platform.machine(), output=folder / "built", python=python)
        assert built.unzipped < LIMIT
        with zipfile.ZipFile(built.path) as archive:
            archive.extractall(folder / group)
    return {group: folder / group for group in GROUPS}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = start(Home.at(tmp_path_factory.mktemp("emulator")), free_port(), tied=True)
    yield emulator
    stop(emulator)


@pytest.fixture(scope="module")
def exchange() -> Iterator[StandIn]:
    with stand_in() as exchange:
        yield exchange


@pytest.fixture(scope="module")
def workers(
    unpacked: dict[str, Path],
    emulator: Emulator,
    local: Template,
    python: str,
    exchange: StandIn,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Worker]]:
    """One process a group."""
    boto3 = install_boto3(tmp_path_factory.mktemp("boto3"), python)
    stage = Stage.made(emulator, local.at("Storage/Table"), exchange.addresses)
    executable = interpreter(python)
    assert executable is not None
    with ExitStack() as running:
        yield {
            group: running.enter_context(closing(Worker(executable, (folder, boto3), stage)))
            for group, folder in unpacked.items()
        }


def test_a_backtest_completes_on_the_unpacked_zips_alone(workers: dict[str, Worker], python: str) -> None:
    api, engine, light = workers["api"], workers["engine"], workers["light"]
    assert api.python == python
    http = gateway.client(lambda event, _context: api.call("api", event))

    begun = ok(http.post("/datasets", json={"exchange": "sim", "symbol": "BTC-USDT", "timeframe": "1h"}), 201)
    form = begun["upload"]
    candles = simulated_file("BTC-USDT", "1h", "2021-01-01", "2021-12-31")
    sent = httpx.post(form["url"], data=form["fields"], files={"file": candles}, trust_env=False)
    assert sent.status_code in (200, 204), sent.text
    imported = {key: begun[key] for key in ("dataset_id", "import_id")}
    ok(http.post(f"/datasets/{imported['dataset_id']}/imports/{imported['import_id']}"), 202)
    engine.call("ingest", {"owner": "local", **imported})

    run_id = ok(http.post("/backtests", json=REQUEST), 202)["run_id"]
    # What the state machine does: each step's answer is the next one's input.
    handed_on = engine.call("plan", {"run_id": run_id, "owner": "local"})
    handed_on = engine.call("simulate", handed_on)
    light.call("publish", handed_on)
    light.call("settle", {"detail-type": "Scheduled Event", "source": "aws.events"})
    about = {"stage": "live", "apiId": "api", "connectionId": "c1", "eventType": "CONNECT"}
    assert light.call("socket", {"requestContext": about}) == {"statusCode": 200}
    refused = light.call(
        "socket_authorizer", {"methodArn": "arn", "queryStringParameters": {"ticket": "none"}}
    )
    assert refused["policyDocument"]["Statement"][0]["Effect"] == "Deny"
    assert light.call("push", {"Records": []}) == {"batchItemFailures": []}
    assert light.call("ticker", {})["ended"] == "nobody listens"

    run = ok(http.get(f"/backtests/{run_id}"))
    assert run["status"] == "completed", run
    results = ok(http.get(f"/backtests/{run_id}/results"))
    assert results["total_trades"] > 10
    assert results["final_equity"] == run["final_equity"]
    equity = ok(http.get(f"/backtests/{run_id}/equity", params={"points": 100}))
    assert equity


@pytest.mark.parametrize("name", VENUES)
def test_candles_are_fetched_on_the_unpacked_zips_alone(
    workers: dict[str, Worker], exchange: StandIn, name: str
) -> None:
    # Of the last days: Kraken has no others.
    today = now_ms() - now_ms() % DAY_MS
    exchange.book.simulate("ETH-USD", "1h", today - 9 * DAY_MS, today + DAY_MS)
    http = gateway.client(lambda event, _context: workers["api"].call("api", event))
    market = {"exchange": name, "symbol": "ETH/USD", "timeframe": "1h"}
    body = {"source": "exchange", **market, "since": iso(today - 9 * DAY_MS), "until": iso(today)}
    begun = ok(http.post("/datasets", json=body), 202)

    subject = {"owner": "local", "fetch_id": begun["fetch_id"]}
    fetch = workers["fetch"]
    planned = fetch.call("fetch", {"step": "plan", **subject})
    for piece in planned["pieces"]:
        done = fetch.call("fetch", {"step": "piece", **subject, "market": planned["market"], "piece": piece})
        assert done["done"]
    rest = {key: planned[key] for key in ("span", "facts", "changed")}
    fetch.call("fetch", {"step": "join", **subject, **rest})

    held = ok(http.get(f"/datasets/{name}.ETH-USD.1h"))
    assert held["rows"] + held["missing_bars"] == 9 * 24
    assert held["market"]["quantity_step"] == (1e-5 if name == "binance" else 1e-8)


def test_of_ccxt_the_configured_exchanges_are_kept_and_no_other(tmp_path: Path) -> None:
    ccxt = tmp_path / "ccxt"
    for folder in ("", "abstract", "async_support", "base", "pro"):
        (ccxt / folder).mkdir(parents=True)
        for name in ("__init__", *VENUES, "bitfinex", "krakenfutures"):
            (ccxt / folder / f"{name}.py").write_text("import ccxt")
    prune(tmp_path, "x86_64")
    kept = {str(path.relative_to(ccxt)) for path in ccxt.rglob("*.py") if path.parent.name != "base"}
    modules = {f"{folder}{name}.py" for folder in ("", "abstract/") for name in VENUES}
    assert kept - {"abstract/__init__.py"} == {"__init__.py", *modules}
    assert (ccxt / "base").is_dir()
    assert (ccxt / "__init__.py").read_text() == ""


def test_nothing_but_the_zip_is_on_the_path(workers: dict[str, Worker]) -> None:
    for group, worker in workers.items():
        assert worker.kernel_compiled, group
        for module, file in worker.loaded().items():
            assert str(worker.path[0]) in file, f"{module} came from {file}"
        # What a group leaves out it must not need.
        assert ("pyarrow" in worker.loaded()) == (group != "light")


def test_the_same_source_gives_the_same_bytes(unpacked: dict[str, Path], tmp_path: Path, python: str) -> None:
    first = unpacked["light"].parent / "built" / "light.zip"
    second = build("light", platform=platform.machine(), output=tmp_path, python=python).path
    assert first.read_bytes() == second.read_bytes()


def test_imports_need_no_source(unpacked: dict[str, Path]) -> None:
    content = unpacked["light"]
    source = content / "shared" / "names.py"
    assert list((content / "shared" / "__pycache__").glob("names.*.pyc")), source
    assert not list(content.rglob("tests")), "tests of libraries are pruned"
