"""Our source as the functions get it, and where what is built of it lies. Light: the CDK is not imported."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE_PACKAGES = ("engine", "functions", "shared")
ZIPS = ROOT / "build" / "zips"
# Not source, or not what a function runs.
_LEFT_OUT = ("__pycache__", "*.pyc", "*.c", "*.pyi", ".*")


def copy_source(target: Path) -> Path:
    """Copy what the functions run of ours, the compiled kernel included, to a new folder."""
    for package in SOURCE_PACKAGES:
        shutil.copytree(ROOT / package, target / package, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    return target


def built_zip(folder: Path, group: str) -> Path:
    """Return the zip of a group of functions. Raises FileNotFoundError with how to build it."""
    path = folder / f"{group}.zip"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; build the functions' zips first: make zips")
    return path
