"""What the processor at hand can do beyond what every one of its kind can."""

WIDE = "x86_64_v3"
"""The folder of libraries for x86-64 processors of level 3 of its psABI, made since about 2015: they work on
four floats at once, and shift each of four whole numbers by its own count. The results have the same bits."""

_FLAGS = frozenset(("avx2", "bmi1", "bmi2", "fma", "f16c", "abm", "movbe", "xsave"))
"""By these Linux tells such a processor."""


def is_wide(told: str = "/proc/cpuinfo") -> bool:
    """Tell whether libraries of WIDE run here, by what Linux says in that file."""
    try:
        with open(told, "rb") as file:  # noqa: PTH123 - pathlib is not loaded for this
            first = file.read(8192)  # of the processors, which may be hundreds
    except OSError:
        return False
    lines = (line.partition(b":") for line in first.splitlines())
    flags = next((value for name, _, value in lines if name.strip() == b"flags"), b"")
    return _FLAGS.issubset(flags.decode("ascii", "replace").split())
