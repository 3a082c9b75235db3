"""What a person asks for when they train a model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ccds_kernel.errors import CcdsError

_MOST_EPOCHS = 100_000
_MOST_IN_A_BATCH = 4096
_MOST_GPUS = 1
_SMALLEST_IMAGE, _LARGEST_IMAGE = 8, 512
_HIGHEST_RATE = 10.0


class SpecFieldError(CcdsError):
    """A number of a `TrainingSpec` that is none of those that it may be.

    Args:
        name: the field's, as `TrainingSpec` has it or as a form shows it.
        allowed: what it may be, as a phrase that follows the name.
        found: what it is.
    """

    def __init__(self, name: str, *, allowed: str, found: str) -> None:
        super().__init__(expected=f"{name} {allowed}", found=found, do=f"correct {name}")
        self.name = name
        self._allowed = allowed

    def called(self, label: str) -> SpecFieldError:
        """The same of a field that its reader knows as `label`."""
        return SpecFieldError(label, allowed=self._allowed, found=self.found)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), self.name, allowed=self._allowed, found=self.found), ()


@dataclass(frozen=True, kw_only=True)
class TrainingSpec:
    """One training, as it is asked for.

    Args:
        datalist: JSON file that names the volumes, their labels and their split; see `datalist`. None where a dataset is named.
        dataset: the name of a dataset snapshot of the project, in place of a data list; its training and validation volumes.
        bundle: the name of a bundle that comes with ccds, or the path of a bundle's folder.
        epochs: how many in all, 1 to 100,000.
        batch_size: volumes per step, 1 to 4096.
        seed: 0 to 2³²-1; fixes first weights, order and augmentation.
        image_size: voxels along each axis to which the bundle brings a volume, 8 to 512; None leaves the bundle's own.
        learning_rate: above 0, at most 10; None leaves the bundle's own.
        gpus: 0 or 1. More than one GPU is for the scale-out, which isn't built yet.
        cpus: cores, 1 or more.
        memory_mb: MiB, 1 or more.
        wall_minutes: how long one start may take; a run that it ends can be restarted.

    Raises:
        SpecFieldError: a number outside of this.
        CcdsError: no bundle is named; or not one of data list and dataset.
    """

    datalist: Path | None = None
    dataset: str | None = None
    bundle: str = "classify3d"
    epochs: int = 10
    batch_size: int = 8
    seed: int = 0
    image_size: int | None = None
    learning_rate: float | None = None
    gpus: int = 1
    cpus: int = 1
    memory_mb: int = 4096
    wall_minutes: float = 24 * 60.0

    def __post_init__(self) -> None:
        if (self.datalist is None) == (self.dataset is None):
            raise CcdsError(
                expected="a data list or a dataset to train on",
                found="neither" if self.datalist is None else "both",
                do="name one of them",
            )
        if self.datalist is not None:
            object.__setattr__(self, "datalist", Path(self.datalist))
        if not (isinstance(self.bundle, str) and self.bundle and "\0" not in self.bundle):
            raise CcdsError(expected="the name or folder of a bundle", found="none", do="name one, such as classify3d")
        _check_whole("epochs", self.epochs, 1, _MOST_EPOCHS)
        _check_whole("batch_size", self.batch_size, 1, _MOST_IN_A_BATCH)
        _check_whole("seed", self.seed, 0, 2**32 - 1)
        if self.image_size is not None:
            _check_whole("image_size", self.image_size, _SMALLEST_IMAGE, _LARGEST_IMAGE)
        if self.learning_rate is not None:
            _check_above_0("learning_rate", self.learning_rate, _HIGHEST_RATE)
        _check_whole("gpus", self.gpus, 0, _MOST_GPUS)
        _check_whole("cpus", self.cpus, 1, None)
        _check_whole("memory_mb", self.memory_mb, 1, None)
        _check_above_0("wall_minutes", self.wall_minutes, math.inf)


def _check_whole(name: str, value: object, least: int, most: int | None) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        upper = f"to {most}" if most is not None else "or more"
        raise SpecFieldError(name, allowed=f"as a whole number, {least} {upper}", found=repr(value))


def _check_above_0(name: str, value: object, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not (math.isfinite(value) and 0 < value <= most):  # type: ignore[arg-type,operator] # a number by now
        upper = f", at most {most:g}" if math.isfinite(most) else ""
        raise SpecFieldError(name, allowed=f"above 0{upper}", found=repr(value))
