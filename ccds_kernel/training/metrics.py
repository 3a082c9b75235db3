"""What a run tells while it trains: one JSON line per epoch, and one every few steps within it.

The file only grows. A run that goes on from a checkpoint tells the steps after it once more; `curve` lets what was told last
hold. A line cut short by a kill is left out, and so is the last line as long as it isn't complete.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

_TAIL = 16 * 1024


@dataclass(frozen=True, kw_only=True)
class Metric:
    """The training at one step.

    Attributes:
        step: optimizer steps since the run's first start, 1 is the first.
        epoch: the epoch that this step belongs to, 1 is the first.
        loss: mean training loss: of the epoch on a line that closes one, else of the steps since the line before.
        lr: learning rate of that step.
        seconds: since this epoch began, validation included on a line that closes it.
        closes_epoch: whether the epoch ended with this step.
        validation: what was measured on the validation volumes (name → value, None where it can't be computed, such as the
            AUC of one class); empty within an epoch.
    """

    step: int
    epoch: int
    loss: float
    lr: float
    seconds: float
    closes_epoch: bool
    validation: Mapping[str, float | None]

    def to_line(self) -> str:
        """The metric as a line of JSON, without line feed. A number that isn't finite is written as null."""
        values = {**vars(self), "validation": dict(self.validation)}
        return json.dumps({key: _finite(value) for key, value in values.items()}, allow_nan=False)

    @property
    def place(self) -> tuple[int, bool]:
        """Where it stands on the curve."""
        return self.step, self.closes_epoch


def metric_of(line: str) -> Metric | None:
    """The metric in one line; None for a line that is none."""
    try:
        values = json.loads(line)
        loss = values["loss"]
        return Metric(
            step=int(values["step"]),
            epoch=int(values["epoch"]),
            loss=math.nan if loss is None else float(loss),
            lr=float(values["lr"]),
            seconds=float(values["seconds"]),
            closes_epoch=bool(values["closes_epoch"]),
            validation=MappingProxyType(
                {str(name): None if value is None else float(value) for name, value in values["validation"].items()}
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def curve(metrics: Iterable[Metric]) -> list[Metric]:
    """The metrics in the order of their steps: what was told later replaces what was told before from that step on."""
    kept: list[Metric] = []
    for metric in metrics:
        while kept and kept[-1].place >= metric.place:
            kept.pop()
        kept.append(metric)
    return kept


def read_metrics(path: Path, offset: int = 0) -> tuple[list[Metric], int]:
    """The metrics in `path` from byte `offset` on, and the offset from which to ask next.

    A run that hasn't told anything yet has none.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return [], offset
    complete = data[: data.rfind(b"\n") + 1]
    return _parsed(complete), offset + len(complete)


def last_metric(path: Path) -> Metric | None:
    """The last metric that was told; reads the end of the file only."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return None
    found, _ = read_metrics(path, max(0, size - _TAIL))  # the first of these lines may be a piece: it is left out
    return found[-1] if found else None


def _parsed(data: bytes) -> list[Metric]:
    lines = data.decode("utf-8", errors="replace").splitlines()
    return [metric for metric in map(metric_of, lines) if metric is not None]


def _finite(value: Any) -> Any:  # noqa: ANN401 - any value of JSON
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return value
