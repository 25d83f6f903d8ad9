"""Arithmetic of a fixed order, and the few distributions that metrics need.

Additions, products, quotients and square roots are the same bits on every platform. What needs more
(powers, exponentials) may differ in its last bits between C libraries, so it is rounded to 12 significant
digits before it enters a result.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from engine.statistics.passes import sum_exactly

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NOTHING = 1e-30
"""A variance below it is what rounding leaves of none."""
_MOST_STEPS = 20_000


def rounded(value: float) -> float:
    """Round to 12 significant digits."""
    return float(f"{value:.12g}")


def grown_pct(factor: float, exponent: float) -> float:
    """Return 100 × (factor^exponent − 1), to 12 digits of the power; infinite beyond the largest number."""
    try:
        power = rounded(math.pow(factor, exponent))
    except OverflowError:
        return math.inf
    return rounded(100.0 * (power - 1.0))


def add_in_order(sums: list[float], codes: NDArray[np.int64], values: NDArray[np.float64]) -> None:
    """Add each value to the sum that its code names, in the order of the rows.

    numpy.bincount walks its rows one by one, so its order is defined; the sums so far go in first, as if
    they had been walked with the rest.
    """
    import numpy as np

    if len(codes) == 0:
        return
    first, last = int(codes.min()), int(codes.max()) + 1
    count = last - first
    found = np.bincount(
        np.concatenate([np.arange(count), codes - first]),
        np.concatenate([sums[first:last], values]),
        count,
    )
    sums[first:last] = found.tolist()


def count_into(counts: list[int], codes: NDArray[np.int64]) -> None:
    """Count the rows of each code."""
    import numpy as np

    if len(codes):
        first = int(codes.min())
        found = np.bincount(codes - first).tolist()
        counts[first : first + len(found)] = [
            a + b for a, b in zip(counts[first : first + len(found)], found, strict=True)
        ]


def ratio(numerator: float, denominator: float) -> float | None:
    """Divide, or None by zero."""
    return numerator / denominator if denominator else None


def mean(values: NDArray[np.float64]) -> float | None:
    return sum_exactly(values) / len(values) if len(values) else None


class Sample:
    """Some numbers and their moments, each of which is found once. Sums are exact (math.fsum)."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.array = values

    def __len__(self) -> int:
        return len(self.array)

    @cached_property
    def ordered(self) -> NDArray[np.float64]:
        """The values from the lowest to the highest."""
        import numpy as np

        return np.sort(self.array)

    @cached_property
    def sum(self) -> float:
        return sum_exactly(self.array)

    @cached_property
    def mean(self) -> float | None:
        return self.sum / len(self) if len(self) else None

    @cached_property
    def deviation(self) -> float | None:
        """Return the sample's (divisor n − 1): 0.0 for equal values, None for fewer than two."""
        if len(self) < 2:
            return None
        away = self._away
        variance = sum_exactly(away * away) / (len(self) - 1)
        return math.sqrt(variance) if variance > _NOTHING else 0.0

    @cached_property
    def skewness(self) -> float | None:
        """Return Fisher–Pearson's adjusted G1 = n / ((n−1)(n−2)) × Σ z³ (pandas, Excel), or None."""
        n = len(self)
        if n < 3 or not self.deviation:
            return None
        z = self._away / self.deviation
        return n / ((n - 1) * (n - 2)) * sum_exactly(z * z * z)

    @cached_property
    def excess_kurtosis(self) -> float | None:
        """Return G2 = n(n+1) / ((n−1)(n−2)(n−3)) × Σ z⁴ − 3(n−1)² / ((n−2)(n−3)), 0 for a normal one."""
        n = len(self)
        if n < 4 or not self.deviation:
            return None
        z = self._away / self.deviation
        scale = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3))
        return scale * sum_exactly(z * z * z * z) - 3.0 * (n - 1) * (n - 1) / ((n - 2) * (n - 3))

    @property
    def _away(self) -> NDArray[np.float64]:
        return self.array - self.sum / len(self)


def quantile(ordered: NDArray[np.float64], share: float) -> float:
    """Interpolate linearly between the neighbours (Hyndman & Fan 1996, type 7; numpy's and pandas' own)."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (place - low))


def normal_below(x: float) -> float:
    """Return P(Z < x) of the standard normal distribution, to 12 digits."""
    return rounded(0.5 * math.erfc(-x / math.sqrt(2.0)))


def student_above(t: float, freedom: int) -> float:
    """Return P(T > t) of Student's t with `freedom` degrees of freedom, to 12 digits.

    P(T > t) = ½ I_x(ν/2, ½) with x = ν / (ν + t²) for t ≥ 0 (Abramowitz & Stegun 26.7.1); the regularised
    incomplete beta function by its continued fraction (DLMF 8.17.22, evaluated by Lentz's method).
    """
    a, square = 0.5 * freedom, t * t
    x, rest = freedom / (freedom + square), square / (freedom + square)
    # x^a (1−x)^½ / B(a, ½), and B(a, ½) = Γ(a) √π / Γ(a + ½)
    front = math.exp(-a * math.log1p(square / freedom)) * math.sqrt(rest / math.pi) * _gamma_ratio(a)
    if x < (a + 1.0) / (a + 2.5):
        tail = 0.5 * front * _beta_fraction(a, 0.5, x) / a
    else:
        tail = 0.5 * (1.0 - front * _beta_fraction(0.5, a, rest) / 0.5)
    return rounded(tail if t >= 0.0 else 1.0 - tail)


def _gamma_ratio(a: float) -> float:
    """Γ(a + ½) / Γ(a); for large a the asymptotic series of DLMF 5.11.13."""
    if a < 30.0:
        return math.gamma(a + 0.5) / math.gamma(a)
    u = 1.0 / a
    series = 1.0 + u * (
        -1 / 8 + u * (1 / 128 + u * (5 / 1024 + u * (-21 / 32768 + u * (-399 / 262144 + u * 869 / 4194304))))
    )
    return math.sqrt(a) * series


def _beta_fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > tiny else tiny)
    value = d
    for m in range(1, _MOST_STEPS):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)),
        ):
            d = 1.0 + step * d
            c = 1.0 + step / c
            d = 1.0 / (d if abs(d) > tiny else tiny)
            c = c if abs(c) > tiny else tiny
            value *= d * c
        if abs(d * c - 1.0) < 1e-16:
            break
    return value
