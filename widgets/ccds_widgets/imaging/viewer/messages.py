"""What the page of the viewer may ask for: one class per request, checked to the letter.

A volume is named by study, series and the `version` of its file: a page that shows what was made anew meanwhile is told so.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from ccds_widgets import requests
from ccds_widgets.normalization.planes import Plane

MOST_WANTED = 8
MOST_RUNS = 40_000
Text = Annotated[str, Field(max_length=200)]
Index = Annotated[int, Field(ge=0, le=1 << 15)]
Intensity = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Drawn = Literal["drawn"]
"""Instead of a mask's number: the one that is being corrected."""


def _by_threes(numbers: list[int]) -> list[int]:
    if len(numbers) % 3:
        raise ValueError("must be numbers by threes")
    return numbers


class Find(requests.Request):
    """Studies whose keys begin so."""

    kind: Literal["find"]
    beginning: Annotated[str, Field(max_length=64)]


class Open(requests.Request):
    """A study comes on the screen: the volume of `series`, or the first where that is null; a study may have none."""

    kind: Literal["open"]
    study: Text
    series: Text | None


class OfVolume(requests.Request):
    """What is asked of one volume."""

    study: Text
    series: Text
    version: Text


class Wanted(requests.Request):
    """One slice: its grey values between `low` and `high`, or the labels of a mask."""

    plane: Annotated[Plane, Field(strict=False)]
    number: Index
    mask: Id | Drawn | None


class Frames(OfVolume):
    """Slices as PNG, of one time point."""

    kind: Literal["frames"]
    time: Index
    low: Intensity
    high: Intensity
    wanted: Annotated[list[Wanted], Field(min_length=1, max_length=MOST_WANTED)]


class Probe(OfVolume):
    """The value of a voxel at one time point, and its label in a mask."""

    kind: Literal["probe"]
    voxel: tuple[Index, Index, Index] = Field(strict=False)
    time: Index
    mask: Id | Drawn | None


class Header(OfVolume):
    """The headers of the files that the volume was made of."""

    kind: Literal["header"]


class Begin(OfVolume):
    """A mask is to be corrected, or a new one drawn where `mask` is null."""

    kind: Literal["begin"]
    mask: Id | None


class Stroke(OfVolume):
    """Pixels of a slice get a label, 0 to erase; of those that have the label `over`, or of all where it is null.

    `runs` are numbers by threes: row, first column, last column.
    """

    kind: Literal["stroke"]
    plane: Annotated[Plane, Field(strict=False)]
    number: Index
    label: Annotated[int, Field(ge=0, le=255)]
    over: Annotated[int, Field(ge=0, le=255)] | None
    runs: Annotated[list[Index], Field(min_length=3, max_length=3 * MOST_RUNS), AfterValidator(_by_threes)]


class Undo(OfVolume):
    """The last stroke is taken back."""

    kind: Literal["undo"]


class Keep(OfVolume):
    """What was drawn is kept as the volume's newest mask."""

    kind: Literal["keep"]


class Drop(OfVolume):
    """What was drawn and not kept is thrown away."""

    kind: Literal["drop"]


Look = Frames | Probe | Header
Correct = Begin | Stroke | Undo | Keep | Drop
Request = Find | Open | Look | Correct

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
