"""A release: one version of one model that runs on patients, and what its numbers mean.

A release never changes: another threshold, or another phrase list, is another version. Otherwise numbers of different
meaning would stand in one chart.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ccds_kernel.errors import CcdsError

_MODEL = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._]{0,31}")
_LONGEST_MODEL = 48

Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
"""Words for people: one line."""


class ReleaseId(BaseModel):
    """Which release: `model` in lower-case letters, digits and single hyphens, `version` without a hyphen."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model: str = Field(pattern=f"^{_MODEL.pattern}$", max_length=_LONGEST_MODEL)
    version: str = Field(pattern=f"^{_VERSION.pattern}$")

    def __str__(self) -> str:
        # A version has no hyphen, so that two releases never share a name.
        return f"{self.model}-{self.version}"


class Release(BaseModel):
    """What is fixed about a release.

    Args:
        id: which one.
        title: what people call it.
        summary: what it does, in one sentence.
        positive: the label of the phrase list that counts as positive; every other label counts as negative.
        threshold: a score (0 to 1) of at least this much is an alert.
        simulated: whether the scores are made up, as in the demo; every face says so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: ReleaseId
    title: Line
    summary: Line
    positive: Line = "present"
    threshold: float = Field(0.5, ge=0, le=1, allow_inf_nan=False)
    simulated: bool = False


def release_id(model: str, version: str) -> ReleaseId:
    """The release of these names.

    Raises:
        CcdsError: one of them isn't a name.
    """
    if not _MODEL.fullmatch(model) or len(model) > _LONGEST_MODEL:
        raise CcdsError(
            expected=f"a model's name of lower-case letters, digits and hyphens, at most {_LONGEST_MODEL} characters",
            found=repr(model[:60]),
            do="name it as in ich-triage",
        )
    if not _VERSION.fullmatch(version):
        raise CcdsError(
            expected="a version of at most 32 letters, digits, dots and underscores",
            found=repr(version[:60]),
            do="name it as in 1.2.0",
        )
    return ReleaseId(model=model, version=version)
