"""Builds the functions' zips: what a Lambda runs, resolved, pruned and compiled here, without Docker.

    python -m infra_cdk.zips                       # for AWS: arm64, Python 3.13, into build/zips
    python -m infra_cdk.zips --platform x86_64     # the same recipe for another machine, to run it

Every package has the version and the hash that requirements.lock gives it. boto3 is left out: the runtime
has it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.processor import WIDE
from infra_cdk import elf
from infra_cdk.kernel import MODULES, KernelBuildError, library
from infra_cdk.kernel import build as build_kernel
from infra_cdk.prune import prune
from infra_cdk.sizes import SIZES
from infra_cdk.source import ROOT, ZIPS, copy_source

LOCK = ROOT / "requirements.lock"
# Compiled once for a platform and source, whatever is built with it.
KERNELS = ROOT / "build" / "kernel"
PYTHON = "3.13"
# Lambda's limit on a function's unzipped code: 250 MB, which AWS counts as 250 * 1024 * 1024 bytes.
LIMIT = 250 * 1024 * 1024
MIB = 1024 * 1024
LIBRARIES = tuple(f"engine/{library(module)}" for module in MODULES)
# What a wheel may expect of every Linux (the manylinux policy) and Lambda's has: C and C++ runtimes, zlib.
OF_LINUX = (
    "ld-linux",
    "libc.",
    "libdl.",
    "libgcc_s.",
    "libm.",
    "libpthread.",
    "librt.",
    "libstdc++.",
    "libz.",
)

# What the functions of a group import beyond boto3 and what these bring along.
GROUPS: dict[str, tuple[str, ...]] = {
    "api": ("aws-lambda-powertools", "fastapi", "mangum", "numpy", "orjson", "pyarrow", "pydantic"),
    "engine": ("aws-lambda-powertools", "numpy", "orjson", "pyarrow", "pydantic"),
    # ccxt itself comes without its dependencies: most of them are for what we never ask of it.
    "fetch": (
        *("aws-lambda-powertools", "cryptography", "numpy", "orjson", "pyarrow", "requests"),
        "typing-extensions",
    ),
    "light": ("aws-lambda-powertools", "orjson", "pydantic"),
}
WITHOUT_DEPENDENCIES: dict[str, tuple[str, ...]] = {"fetch": ("ccxt",)}


class ZipError(Exception):
    """A zip that must not be deployed, or that cannot be built; the message says why."""


@dataclass(frozen=True, slots=True)
class Platform:
    """A machine to build for: uv's name of it and the number in its ELF libraries."""

    uv: str
    elf_machine: int


PLATFORMS = {
    "aarch64": Platform("aarch64-manylinux_2_28", 183),
    "x86_64": Platform("x86_64-manylinux_2_28", 62),
}


@dataclass(frozen=True, slots=True)
class Built:
    """One group's zip with its sizes in bytes."""

    path: Path
    zipped: int
    unzipped: int


def build(group: str, *, platform: str, output: Path, python: str = PYTHON) -> Built:
    """Build the zip of a group of functions.

    The same source and lock give the same bytes. Raises ZipError when the result would not run on Lambda:
    over 250 MB unzipped, without the compiled kernel, or with a library of another machine.
    """
    target = PLATFORMS[platform]
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stepfold-zip-", dir=output) as scratch:
        content = Path(scratch) / "content"
        _install(GROUPS[group], content, target, python)
        if alone := WITHOUT_DEPENDENCIES.get(group):
            _install(alone, content, target, python, "--no-deps")
        prune(content, platform)
        copy_source(content)
        _put_kernel(content, platform)
        _compile(content, python)
        check(content, target)
        path = output / f"{group}.zip"
        unzipped = _zip(content, path)
    return Built(path, path.stat().st_size, unzipped)


def check(content: Path, target: Platform) -> None:
    """Raise ZipError if the folder is not what a function of that machine can run."""
    for name in LIBRARIES:
        if not (content / name).is_file():
            raise ZipError(
                f"{name} is missing: a backtest would run uncompiled, a hundred times slower. "
                "Build it with: python -m infra_cdk.kernel --target aarch64"
            )
    _check_libraries(content, target)
    size = sum(path.stat().st_size for path in content.rglob("*") if path.is_file())
    if size > LIMIT:
        largest = sorted(content.iterdir(), key=_weight, reverse=True)[:5]
        shares = ", ".join(f"{path.name} {_weight(path) / MIB:.0f}" for path in largest)
        raise ZipError(
            f"the function would be {size / MIB:.0f} MB unzipped, Lambda takes {LIMIT // MIB}. "
            f"Prune more or leave packages out; the largest, in MB: {shares}"
        )


def interpreter(version: str) -> str | None:
    """Return a Python of the version (`3.13`) on this machine, or None; bytecode is of one version alone."""
    if sys.version_info[:2] == tuple(int(part) for part in version.split(".")):
        return sys.executable
    found = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "uv", "python", "find", "--no-python-downloads", version],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        return found.stdout.strip()
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(managed[-1]) if managed else None


def _install(packages: Sequence[str], content: Path, target: Platform, python: str, *options: str) -> None:
    command = [
        *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable),
        *("--python-platform", target.uv, "--python-version", python, "--only-binary", ":all:", *options),
        # Copies: what is pruned and stripped here must not change uv's cache.
        *("--constraint", str(LOCK), "--link-mode", "copy", "--target", str(content), *packages),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        raise ZipError(f"the packages could not be installed; is there a network? uv says:\n{done.stderr}")


def _put_kernel(content: Path, platform: str) -> None:
    """Replace this machine's libraries, if the source came with any, by the target's."""
    try:
        built = build_kernel(platform, KERNELS / platform)
    except KernelBuildError as error:
        raise ZipError(f"the kernel could not be compiled for {platform}: {error}") from error
    for path, name in zip(built, LIBRARIES, strict=True):
        shutil.copyfile(path, content / name)
    shutil.rmtree(content / "engine" / WIDE, ignore_errors=True)


def _compile(content: Path, python: str) -> None:
    """Compile all modules to bytecode that needs no look at the source; imports are 2-6 x faster."""
    compiler = interpreter(python)
    if compiler is None:
        sys.stderr.write(
            f"stepfold: no Python {python} on this machine, so that the zip has no bytecode and every cold "
            f"start compiles it anew (about a second). Install Python {python} and build again.\n"
        )
        return
    command = [
        *(compiler, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"),
        # Tracebacks name the files as Lambda has them; nothing of this machine's paths gets in.
        *("-s", str(content), "-p", "/var/task", str(content)),
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if done.returncode != 0:
        raise ZipError(f"the modules could not be compiled:\n{done.stdout}{done.stderr}")


def _zip(content: Path, path: Path) -> int:
    """Write the zip with fixed times, order and modes; return the content's size in bytes."""
    size = 0
    scratch = path.with_suffix(".part")
    with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for file in sorted(content.rglob("*")):
            if not file.is_file():
                continue
            entry = zipfile.ZipInfo(file.relative_to(content).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Readable by the user that Lambda runs as, executable where a library needs it.
            entry.external_attr = (0o100755 if ".so" in file.suffixes else 0o100644) << 16
            data = file.read_bytes()
            size += len(data)
            archive.writestr(entry, data)
    scratch.replace(path)
    return size


def _check_libraries(content: Path, target: Platform) -> None:
    """Raise ZipError for a library of another machine, or one that was pruned and is needed after all."""
    libraries = {path: library for path in content.rglob("*.so*") if (library := elf.read(path))}
    present = {path.name for path in libraries}
    for path, library in libraries.items():
        name = path.relative_to(content)
        if library.machine != target.elf_machine:
            raise ZipError(f"{name} is built for another machine than {target.uv}")
        missing = [
            other for other in library.needed if other not in present and not other.startswith(OF_LINUX)
        ]
        if missing:
            raise ZipError(
                f"{name} needs {', '.join(missing)}, which is not in the zip; see infra_cdk/prune.py"
            )


def _weight(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def main() -> None:
    """Build all zips and print each function's size."""
    parser = argparse.ArgumentParser(
        prog="python -m infra_cdk.zips", description="Build the functions' zips."
    )
    parser.add_argument("--platform", choices=tuple(PLATFORMS), default="aarch64", help="default: aarch64")
    parser.add_argument("--output", type=Path, default=ZIPS, help="default: build/zips")
    arguments = parser.parse_args()
    try:
        built = {
            group: build(group, platform=arguments.platform, output=arguments.output) for group in GROUPS
        }
    except ZipError as error:
        sys.exit(f"stepfold: {error}")
    print(f"{'function':<10}{'zip':<14}{'zipped':>10}{'unzipped':>12}   (limit {LIMIT // MIB} MiB)")  # noqa: T201
    for function, size in SIZES.items():
        code = built[size.group]
        sizes = f"{code.zipped / MIB:>6.1f} MiB{code.unzipped / MIB:>8.1f} MiB"
        print(f"{function:<10}{code.path.name:<14}{sizes}")  # noqa: T201


if __name__ == "__main__":
    main()
