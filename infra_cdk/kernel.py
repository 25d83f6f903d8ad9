"""Builds the engine's compiled libraries: for this machine, or for Lambda without Docker.

    python -m infra_cdk.kernel                                   # engine/*.abi3.so for this machine
    python -m infra_cdk.kernel --target aarch64 --output build   # for Lambda; fails when it cannot

Three libraries: the kernel, which folds orders over bars, the evaluation of rules and indicators, and the
sums of reports. All are Cython's pure-Python mode against Python's limited API of 3.11, so one library
serves Python 3.11 and later, and this machine's headers are enough for any target. Without a compiler or
headers a host build leaves the engine to run their source uncompiled, with the same results.
"""

import argparse
import hashlib
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from engine.processor import WIDE, is_wide

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ROOT / "engine"
MODULES = ("kernel", "evaluation", "summing")
"""The sources in engine/ that are compiled, each to a library of its name."""

CONSTANTS = ("layout", "instructions")
"""The modules of engine/ whose numbers replace their names in the sources."""

VECTORS = ("evaluation",)
"""Those of which the host build makes a library for its own processor too: where that gains a sixth."""

TARGETS = {"x86_64": "x86_64-linux-gnu.2.34", "aarch64": "aarch64-linux-gnu.2.34"}
FLAGS = (
    "-shared",
    "-fPIC",
    "-O3",
    "-ffp-contract=off",  # no fused multiply-add: the same bits on every platform
    "-fno-trapping-math",  # changes no value; lets comparisons become vector operations
    "-fno-math-errno",
    "-g0",
    "-s",
    "-w",
    "-DPy_LIMITED_API=0x030B0000",
    "-DCYTHON_LIMITED_API=1",
    "-DNDEBUG",
)


class KernelBuildError(Exception):
    """The kernel could not be compiled; the message says what is missing."""


def library(module: str) -> str:
    """Return the file name of a module's library."""
    return f"{module}.abi3.so"


def build(target: str = "host", output: Path | None = None) -> tuple[Path, ...]:
    """Compile the modules for `target` (host, x86_64 or aarch64) and return the libraries' paths.

    Libraries whose sources have not changed are left as they are. Raise KernelBuildError.
    """
    folder = output or ENGINE
    wanted = [(module, folder, _compiler(target)) for module in MODULES]
    if target == "host" and is_wide():
        wanted += [(module, folder / WIDE, _for_wide(_compiler(target))) for module in VECTORS]
    # Each is two programs that run one after the other: side by side they take as long as the largest.
    with ThreadPoolExecutor() as pool:
        return tuple(pool.map(lambda one: _build(target, *one), wanted))


def _build(target: str, module: str, folder: Path, compiler: list[str]) -> Path:
    built = folder / library(module)
    place = hashlib.sha256(str(built.resolve()).encode()).hexdigest()[:16]
    stamp = ROOT / "build" / "kernel" / place
    mark = _mark(module, target, compiler)
    if built.exists() and stamp.exists() and stamp.read_text() == mark:
        return built
    headers = sysconfig.get_paths()["include"]
    if not (Path(headers) / "Python.h").exists():
        raise KernelBuildError(f"Python's headers are not installed (looked for {headers}/Python.h)")
    if find_spec("Cython") is None:
        raise KernelBuildError("Cython is not installed; it is in the dependency group 'local'")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        translated = _translate(module, Path(scratch))
        compiled = Path(scratch) / library(module)
        command = [*compiler, *FLAGS, f"-I{headers}", translated.name, "-o", str(compiled)]
        done = subprocess.run(  # noqa: S603 - our own words
            command, cwd=scratch, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise KernelBuildError(f"{' '.join(compiler)} failed:\n{done.stderr.strip()[-2000:]}")
        # Into place in one step: an interpreter that starts now sees the old library or the new one.
        staged = folder / f".{library(module)}.new"
        shutil.copyfile(compiled, staged)
        staged.replace(built)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(mark)
    return built


def _compiler(target: str) -> list[str]:
    zig = [sys.executable, "-m", "ziglang", "cc"]
    if target != "host":
        if find_spec("ziglang") is None:
            raise KernelBuildError("ziglang is not installed; it is in the dependency group 'local'")
        return [*zig, "-target", TARGETS[target]]
    if sys.platform != "linux":
        raise KernelBuildError(f"the host build knows Linux alone, this is {sys.platform}")
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if found:
        return [found]
    if find_spec("ziglang") is not None and platform.machine() in TARGETS:
        return zig
    raise KernelBuildError("there is no C compiler: install cc, or the dependency group 'local' for ziglang")


def _for_wide(compiler: list[str]) -> list[str]:
    # zig has names of its own for processors.
    return [*compiler, "-mcpu=x86_64_v3" if "ziglang" in compiler else "-march=x86-64-v3"]


def _translate(module: str, scratch: Path) -> Path:
    """Write the source with the layout's names replaced by their numbers, and translate it to C."""
    source = scratch / f"{module}.py"
    source.write_text(with_numbers((ENGINE / source.name).read_text()))
    for declared in _declarations(module):
        shutil.copyfile(declared, scratch / f"engine.{declared.name}")
    translated = source.with_suffix(".c")
    command = [sys.executable, "-m", "cython", "-3", "--module-name", f"engine.{module}"]
    # By name from its own folder: the library keeps the path, and the same source must give the same bytes.
    command += [source.name, "-o", translated.name]
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=scratch, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise KernelBuildError(
            f"Cython refused {source.name}:\n{(done.stderr or done.stdout).strip()[-4000:]}"
        )
    return translated


def _declarations(module: str) -> list[Path]:
    """Return the file of what a source takes of C itself, if it has one."""
    return [path for path in (ENGINE / f"{module}.pxd",) if path.exists()]


def with_numbers(source: str) -> str:
    """Replace `L.NAME` and `I.NAME` by their numbers, so that the C compiler sees constants."""
    from engine import instructions, layout

    modules = {"L": layout, "I": instructions}

    def number(match: re.Match[str]) -> str:
        value = getattr(modules[match.group(1)], match.group(2))
        if not isinstance(value, int):
            raise KernelBuildError(f"{match.group(0)} is no number")
        return str(value)

    return re.sub(r"\b([LI])\.([A-Z][A-Z0-9_]*)\b", number, source)


def _mark(module: str, target: str, compiler: list[str]) -> str:
    """Everything that decides the library's content, as one hash."""
    parts = [target, *compiler[1:], *FLAGS, platform.machine() if target == "host" else ""]
    digest = hashlib.sha256("\0".join(parts).encode())
    sources = (ENGINE / f"{name}.py" for name in (module, *CONSTANTS))
    for path in (*sources, *_declarations(module), Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Build as told on the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m infra_cdk.kernel", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--target", choices=("host", *TARGETS), default="host")
    parser.add_argument("--output", type=Path, help="folder for the library (default: engine/)")
    chosen = parser.parse_args(arguments)
    try:
        libraries = build(chosen.target, chosen.output)
    except KernelBuildError as error:
        if chosen.target == "host":
            sys.stderr.write(
                f"The kernel is not compiled: {error}\n"
                "Stepfold runs its source uncompiled: the same results, about a hundred times slower.\n"
            )
            # A library of older sources is worse than none, and so are some of them without the others.
            for module in MODULES:
                for folder in (ENGINE, ENGINE / WIDE):
                    (folder / library(module)).unlink(missing_ok=True)
            return 0
        sys.stderr.write(f"The kernel for {chosen.target} could not be built: {error}\n")
        return 1
    for path in libraries:
        sys.stderr.write(f"kernel: {path} ({path.stat().st_size / 1024:.0f} KB)\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
