"""What a step is: a name, parameters that validate themselves, and a change to an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Protocol, runtime_checkable

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ccds_kernel.normalization.working import Working


@runtime_checkable
class Step(Protocol):
    """One step of a recipe. It is a frozen value: two with the same parameters are equal."""

    name: ClassVar[str]
    """What recipes call it."""
    maps: ClassVar[bool]
    """Whether intensities mean something else after it."""

    def run(self, image: Working) -> None:
        """Changes `image`.

        Raises:
            CcdsError: the step makes no sense for this image.
        """

    def parameters(self) -> dict[str, Any]:
        """The parameters as a recipe file holds them: numbers, text, lists."""

    def check_ready(self) -> None:
        """Refuses a step that can't run on any image yet; see `Parameters.check_ready`."""

    def slip(self) -> str | None:
        """What looks like a slip of the pen; see `Parameters.slip`."""

    def advice(self, modality: str, *, native: bool) -> str | None:
        """Why the step is not sensible for a modality; see `Parameters.advice`."""


class Parameters(BaseModel):
    """The base of steps: frozen, no unknown parameter, no NaN; a parameter is given, or its absence means something."""

    name: ClassVar[str]
    maps: ClassVar[bool] = False
    """Whether intensities mean something else after it: no HU any more."""
    units: ClassVar[Mapping[str, str]] = {"spacing_mm": "mm", "margin_mm": "mm", "percentiles": "percent"}
    """Parameter → its unit, for whoever writes one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def parameters(self) -> dict[str, Any]:
        """The parameters as a recipe file holds them: those that are given."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def check_ready(self) -> None:
        """Refuses a step that can't run on any image yet.

        Raises:
            CcdsError: what it lacks, and how to get it.
        """

    def slip(self) -> str | None:
        """What is allowed but looks like a slip of the pen, whatever the modality, and what to write: one line, or None."""
        return None

    def advice(self, modality: str, *, native: bool) -> str | None:  # noqa: ARG002 - most steps are sensible for all
        """Why the step is not sensible for a modality, and what is: one line; None where it is.

        Args:
            modality: as DICOM writes it: CT, MR, PT.
            native: whether intensities are the scanner's own (of CT, HU), no step before having mapped them.
        """
        return None


def ascending(numbers: Sequence[float]) -> bool:
    """Whether each of `numbers` is greater than the one before."""
    return all(low < high for low, high in pairwise(numbers))


def fractions_meant(percentiles: Sequence[float]) -> str | None:
    """What to say of `percentiles` that look like fractions: all of them are at most 1 percent."""
    if percentiles[-1] > 1:
        return None
    meant = ", ".join(f"{100 * one:.6g}" for one in percentiles)
    return f"percentiles are percent, and all of these are at most 1: write [{meant}] if they are meant as fractions"


Number = Annotated[float, Field(strict=True), AfterValidator(lambda number: number + 0.0)]
"""A finite number, no text that looks like one; -0.0 becomes 0.0, so that equal recipes hash the same."""
