"""The kernel is one source: compiled and uncompiled agree to the bit; the build is for Lambda as well."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import engine
from engine import kernel_is_compiled, layout, preset, preset_ids
from engine.machine import evaluation_of, uncompiled_kernel
from engine.processor import is_wide
from infra_cdk import kernel as build
from tests.engine.market import generated, play, same_tables
from tests.engine.test_properties import EVERYTHING, two_markets

HOUR = 3_600_000
WAITING = ("rsi_reversal", "conservative", "trend")
"""What finds nothing to do in so few bars."""


def test_the_kernel_is_compiled() -> None:
    assert kernel_is_compiled(), "run `python -m infra_cdk.kernel` first"
    assert not uncompiled_kernel().COMPILED


@pytest.mark.parametrize("name", [*preset_ids(), "everything"])
def test_compiled_and_uncompiled_give_the_same_bits(name: str) -> None:
    raw = EVERYTHING if name == "everything" else preset(name)
    # Hours, so that the documents that look at days see two months of them.
    for bars in (
        {"A": generated(1500, 11, step_ms=HOUR, holes=0.01)},
        two_markets(12, 900, step_ms=HOUR),
    ):
        given: dict[str, Any] = {
            "fee_bps": 10.0,
            "slippage_bps": 2.0,
            "step": 0.01,
            "min_notional": 50.0,
            "step_ms": HOUR,
        }
        compiled = play(raw, bars, record_indicators=True, **given)
        plain = play(raw, bars, record_indicators=True, kernel=uncompiled_kernel(), **given)
        assert compiled.state.to_bytes() == plain.state.to_bytes()
        assert same_tables(compiled.tables, plain.tables)
        assert compiled.metrics == plain.metrics
        assert compiled.metrics["total_fills"] > 0 or name in WAITING


def test_the_library_for_any_processor_gives_the_bits_of_that_for_this_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bars = two_markets(13, 3000, step_ms=HOUR)
    own = play(EVERYTHING, bars, record_indicators=True, step_ms=HOUR)
    path = build.ENGINE / build.library("evaluation")
    specification = importlib.util.spec_from_file_location("engine.evaluation", path)
    assert specification is not None
    assert specification.loader is not None
    common = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(common)
    assert common.COMPILED
    monkeypatch.setattr(engine, "evaluation", common)
    assert evaluation_of() is common
    found = play(EVERYTHING, bars, record_indicators=True, step_ms=HOUR)
    assert found.state.to_bytes() == own.state.to_bytes()
    assert same_tables(found.tables, own.tables)


@pytest.mark.parametrize(
    ("told", "wide"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx2 bmi1 bmi2 fma f16c abm movbe xsave sse2\n", True),
        ("processor\t: 0\nflags\t\t: fpu avx bmi1 bmi2 fma f16c abm movbe xsave sse2\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd evtstrm\n", False),
        ("", False),
    ],
)
def test_a_processor_is_known_by_what_linux_says_of_it(told: str, wide: bool, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(told)
    assert is_wide(str(tmp_path / "cpuinfo")) is wide
    assert not is_wide(str(tmp_path / "nothing"))


def test_the_source_runs_without_cython_installed() -> None:
    # Where Cython is missing, a stand-in takes its place; the same run must come out of a fresh interpreter.
    program = (
        "import sys; sys.modules['cython'] = None\n"
        "from engine import preset; from engine.machine import uncompiled_kernel\n"
        "from tests.engine.market import generated, play\n"
        "kernel = uncompiled_kernel()\n"
        "assert kernel.cython.__name__ == 'engine.uncompiled'\n"
        "print(repr(play(preset('ema_cross'), generated(600, 4), kernel=kernel).metrics['final_equity']))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root, timeout=60
    )
    assert float(done.stdout) == play(preset("ema_cross"), generated(600, 4)).metrics["final_equity"]


@pytest.mark.parametrize("module", build.MODULES)
def test_the_build_replaces_every_name_of_the_layout(module: str) -> None:
    translated = build.with_numbers((build.ENGINE / f"{module}.py").read_text())
    assert not re.search(r"\b[LI]\.[A-Z]", translated)
    used = {"kernel": layout.FOREVER, "evaluation": layout.PIECE, "summing": layout.DAY}
    assert str(used[module]) in translated


@pytest.fixture(scope="module")
def for_lambda(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The libraries as a build for Lambda leaves them."""
    return build.build("aarch64", tmp_path_factory.mktemp("aarch64"))


def test_libraries_whose_sources_did_not_change_are_not_built_again(for_lambda: tuple[Path, ...]) -> None:
    stamps = [library.stat().st_mtime_ns for library in for_lambda]
    again = build.build("aarch64", for_lambda[0].parent)
    assert [library.stat().st_mtime_ns for library in again] == stamps


def test_the_libraries_for_lambda_are_arm_libraries(for_lambda: tuple[Path, ...]) -> None:
    assert [library.name for library in for_lambda] == [f"{m}.abi3.so" for m in build.MODULES]
    for library in for_lambda:
        head = library.read_bytes()[:20]
        # ELF, 64 bit, machine 183 = AArch64.
        assert head[:5] == b"\x7fELF\x02"
        assert int.from_bytes(head[18:20], "little") == 183
