"""What the libraries bring along and a function never opens."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from shared.venues import VENUES

# Relative to the zip's root. Reading, writing, filtering and every codec of Parquet still work without them.
UNUSED = (
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.pxi",
    "**/*.h",
    "**/*.hpp",
    "**/*.cc",
    "**/*.a",
    "**/tests",
    "**/include",
    "bin",
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    "numpy/f2py",
    "numpy/_pyinstaller",
    "pyarrow/src",
    "pyarrow/*flight*",
    "pyarrow/*_s3*",
    "pyarrow/*_gcs*",
    "pyarrow/*_azure*",
    "pyarrow/*hdfs*",
    "pyarrow/*orc*",
    "pyarrow/*encryption*",
)
# Stripping is safe for Arrow's libraries; numpy's BLAS is patched in a way that does not survive it.
STRIPPED = "pyarrow/*.so*"


def prune(content: Path, platform: str) -> None:
    """Remove what is unused, and symbols where this machine has a strip for the platform."""
    for pattern in UNUSED:
        for path in list(content.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
    _drop_duplicate_libraries(content / "pyarrow")
    _trim_exchanges(content / "ccxt")
    strip = shutil.which(f"{platform}-linux-gnu-strip")
    if strip is not None:
        libraries = [str(path) for path in sorted(content.glob(STRIPPED))]
        if libraries:
            subprocess.run([strip, "--strip-unneeded", *libraries], check=True)  # noqa: S603 - our own words


def _trim_exchanges(folder: Path) -> None:
    """Keep of ccxt what the exchanges that we fetch from need: their own modules and the base of all."""
    if not folder.is_dir():
        return
    wanted = {f"{name}.py" for name in VENUES}
    kept = {*wanted, "abstract", "base"}
    for path in (*folder.iterdir(), *(folder / "abstract").iterdir()):
        if path.name in kept:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    # Its own imports all of them.
    (folder / "__init__.py").touch()


def _drop_duplicate_libraries(folder: Path) -> None:
    """Keep one file of each library, `libx.so.2600` before `libx.so` and `libx.so.2600.1.0`: its name."""
    for library in list(folder.glob("lib*.so.*")):
        major = library.with_name(
            ".so.".join((library.name.partition(".so.")[0], library.name.split(".")[2]))
        )
        if library != major and major.exists():
            library.unlink()
    for library in list(folder.glob("lib*.so")):
        if any(folder.glob(f"{library.name}.*")):
            library.unlink()
