"""What the pages of both screens, series and quarantine, may ask for, and the small pictures that both show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field

from ccds_kernel.imaging.studies.thumbnail import NoThumbnail
from ccds_widgets import requests

StudyKey = Annotated[str, Field(pattern=r"^[a-z2-7]{16}$")]
SeriesName = Annotated[str, Field(pattern=r"^series-[0-9a-f]{20}$")]
Begin = Annotated[int, Field(ge=0, lt=2**31)]
Note = Annotated[str, Field(max_length=1000)]
"""More than a note may have, so that one that is too long is told so in the kernel's words."""


class Picture(requests.Request):
    """The middle slice of a series."""

    kind: Literal["picture"]
    study: StudyKey
    series: SeriesName


def picture_shown(request: Picture, thumbnail: Callable[[str, str], bytes]) -> dict[str, Any]:
    """The PNG that `thumbnail` has of a study's series under `buffers`, or `why_not`."""
    try:
        return {"buffers": [thumbnail(request.study, request.series)]}
    except NoThumbnail as error:
        return {"why_not": str(error)}
