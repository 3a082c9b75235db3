"""What the page of the preview may ask for: one class per request, checked to the letter.

A request comes from a browser and is untrusted: an unknown key, a wrong type or a number out of range refuses it whole. A
step's parameters are the exception: whatever was typed is kept, and `make_step` says what is wrong with it beside the step.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_kernel.normalization.recipe import LONGEST_NAME, Output
from ccds_widgets import requests
from ccds_widgets.normalization.planes import Plane
from ccds_widgets.normalization.results import Side

MOST_STEPS = 20
MOST_SLICES = 32
MOST_STUDIES = 4
"""Studies side by side: more would be too small to compare."""

_LONGEST_LIST = 64
Number = Annotated[float, Field(ge=-1e7, le=1e7, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=-(1 << 53), le=1 << 53)]
Typed = Annotated[str, Field(max_length=80)] | bool | Whole | Annotated[float, Field(allow_inf_nan=False)] | None
"""What somebody typed into a field: text where it is no number."""

Listed = Annotated[list[Typed], Field(max_length=_LONGEST_LIST)]
Parameter = Typed | Listed | Annotated[dict[Annotated[str, Field(max_length=40)], Typed], Field(max_length=8)]
Places = Annotated[list[Annotated[int, Field(ge=0, le=1 << 15)]], Field(max_length=MOST_SLICES)]
Volume = Annotated[str, Field(max_length=600)]


class Step(requests.Request):
    """A step as it stands in the page: also one that is switched off, or whose parameters are wrong."""

    name: Annotated[str, Field(max_length=40)]
    on: bool
    parameters: Annotated[dict[Annotated[str, Field(max_length=40)], Parameter], Field(max_length=8)]


class Draft(requests.Request):
    """The recipe that is being worked on, in its order."""

    steps: Annotated[list[Step], Field(max_length=MOST_STEPS)]
    output: Annotated[Output, Field(strict=False)]


class Display(requests.Request):
    """The window, in intensities, through which pictures are shown whose intensities are as they were scanned."""

    center: Number
    width: Annotated[float, Field(ge=1e-3, le=1e7, allow_inf_nan=False)]

    @property
    def range(self) -> tuple[float, float]:
        """What is black and what is white."""
        low = self.center - self.width / 2
        return low, low + self.width


class Choose(requests.Request):
    """The recipe is tried on `volumes`, side by side."""

    kind: Literal["choose"]
    volumes: Annotated[list[Volume], Field(min_length=1, max_length=MOST_STUDIES)]


class Beside(requests.Request):
    """The saved recipe in `file` is shown beside the draft; None: none is."""

    kind: Literal["beside"]
    file: Annotated[str, Field(max_length=200)] | None


class Edit(requests.Request):
    """The recipe is now `draft`; it is applied to the whole volumes."""

    kind: Literal["edit"]
    draft: Draft


class Fit(requests.Request):
    """The recipe is now `draft`; its step `nyul` is to be fitted on all volumes."""

    kind: Literal["fit"]
    draft: Draft


class Poll(requests.Request):
    """How far is the work?"""

    kind: Literal["poll"]


class Stop(requests.Request):
    """Nobody waits for the work any more."""

    kind: Literal["stop"]


class Try(requests.Request):
    """What would `draft` make of the volumes? On coarser copies, at `position`, after its first `until` steps (None: all)."""

    kind: Literal["try"]
    draft: Draft
    until: Annotated[int, Field(ge=0, le=MOST_STEPS)] | None
    plane: Annotated[Plane, Field(strict=False)]
    position: Number
    display: Display | None


class Look(requests.Request):
    """Where the person looks, and what the recipe is to be called. No `display`: the full range."""

    plane: Annotated[Plane, Field(strict=False)]
    position: Number
    display: Display | None
    name: Annotated[str, Field(max_length=LONGEST_NAME)]


class Keep(requests.Request):
    """As `Edit`, and where the person looks: only kept, so that a reload loses nothing. Sent with each key that is typed."""

    kind: Literal["keep"]
    draft: Draft
    look: Look


class OfStudy(requests.Request):
    """Pictures by their numbers, of result `revision`."""

    revision: int
    before: Places
    after: Places
    beside: Places


class Slices(requests.Request):
    """Pictures of several results."""

    kind: Literal["slices"]
    plane: Annotated[Plane, Field(strict=False)]
    display: Display | None
    studies: Annotated[list[OfStudy], Field(max_length=MOST_STUDIES)]


class Probe(requests.Request):
    """The values at column `x`, row `y` of slice `number` of result `revision`, and at the same place in the other pictures."""

    kind: Literal["probe"]
    revision: int
    plane: Annotated[Plane, Field(strict=False)]
    side: Annotated[Side, Field(strict=False)]
    number: Annotated[int, Field(ge=0, le=1 << 15)]
    x: Annotated[int, Field(ge=0, le=1 << 15)]
    y: Annotated[int, Field(ge=0, le=1 << 15)]


class Save(requests.Request):
    """The recipe is now `draft`, and is saved under `name`."""

    kind: Literal["save"]
    draft: Draft
    name: Annotated[str, Field(max_length=LONGEST_NAME)]


Request = Choose | Beside | Edit | Fit | Poll | Stop | Try | Keep | Slices | Probe | Save

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
