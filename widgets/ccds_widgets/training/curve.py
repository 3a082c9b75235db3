"""From a run's metrics to what a page draws, and to how fast it goes. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from ccds_kernel.training.metrics import Metric, curve

MOST_POINTS = 1200
"""How many steps, and how many epochs, a page gets at once: more than it has pixels for."""

_RECENT = 5


@dataclass
class Pace:
    """How long a run's epochs take, followed as they are told.

    Attributes:
        run: the run's id.
        offset: up to which byte of its metrics it was followed.
    """

    run: str
    offset: int = 0
    _epochs: dict[int, float] = field(default_factory=dict)

    def follow(self, metrics: Iterable[Metric], offset: int) -> None:
        """Takes in what was told up to `offset`."""
        self._epochs |= {metric.epoch: metric.seconds for metric in metrics if metric.closes_epoch}
        self.offset = offset

    @property
    def done(self) -> int:
        """The last epoch that was completed."""
        return max(self._epochs, default=0)

    @property
    def epoch_s(self) -> float | None:
        """Seconds per epoch: the median of the last five; None before the first."""
        recent = [self._epochs[epoch] for epoch in sorted(self._epochs)[-_RECENT:]]
        return median(recent) if recent else None

    def rest_s(self, epochs: int) -> float | None:
        """Seconds until `epochs` are done if they go on like the last five; None before the first."""
        return None if self.epoch_s is None else max(0, epochs - self.done) * self.epoch_s


def shown(metric: Metric) -> Mapping[str, Any]:
    """A metric as the page gets it: a number that isn't finite is None."""
    return {
        "step": metric.step,
        "epoch": metric.epoch,
        "loss": metric.loss if math.isfinite(metric.loss) else None,
        "seconds": metric.seconds,
        "closes": metric.closes_epoch,
        "validation": dict(metric.validation),
    }


def thinned(metrics: Sequence[Metric]) -> list[Metric]:
    """The whole curve, with at most `MOST_POINTS` steps and as many epochs, evenly, the last of each kept."""
    whole = curve(metrics)
    kept = {
        id(metric)
        for closes in (False, True)
        for metric in _spread([one for one in whole if one.closes_epoch is closes])
    }
    return [metric for metric in whole if id(metric) in kept]


def _spread(metrics: Sequence[Metric]) -> Sequence[Metric]:
    apart = math.ceil(len(metrics) / MOST_POINTS)
    return metrics[::-1][::apart] if apart > 1 else metrics
