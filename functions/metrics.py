"""What is counted: CloudWatch metrics in the embedded format, a line of the log each; no call waits for it.

Nothing is written while nothing happens: a metric that is not reported costs nothing.
"""

from __future__ import annotations

from shared.names import METRICS
from shared.settings import settings


def run_ended(outcome: str) -> None:
    """Count a run that this process has ended: completed, failed or cancelled."""
    _write("RunsEnded", "Count", 1, Outcome=outcome)


def bars_simulated(bars: int, seconds: float) -> None:
    """Report how fast a step of a run went through its bars, reading and writing included."""
    if bars and seconds > 0:
        _write("BarsPerSecond", "Count/Second", bars / seconds)


def queue_age(seconds: float) -> None:
    """Report for how long the run has waited that has waited longest, of all owners."""
    _write("QueueAge", "Seconds", seconds)


def _write(name: str, unit: str, value: float, **dimensions: str) -> None:
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    with single_metric(name=name, unit=MetricUnit(unit), value=value, namespace=METRICS) as metric:
        for dimension, of in {"Stage": settings().stage, **dimensions}.items():
            metric.add_dimension(dimension, of)
