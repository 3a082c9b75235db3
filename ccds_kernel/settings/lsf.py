"""`[lsf]`: how this site's LSF is asked, where `scheduler.engine` is `lsf`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ccds_kernel.settings.section import AbsolutePath, Section

Queue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]


class LsfSettings(Section):
    """How this site's LSF is asked, where `scheduler.engine` is `lsf`. docs/lsf.md says what its own settings need."""

    first: Queue = Field("interactive", description="the queue of first nodes")
    second: Queue = Field("second", description="the queue of further nodes")
    batch: Queue = Field("batch", description="the queue of batch work, which yields")
    app: Queue = Field("app", description="the queue of app sessions, on hosts without GPU")
    bin: AbsolutePath | None = Field(None, description="the folder of LSF's programs; none: they are on PATH")
    envdir: AbsolutePath | None = Field(
        None, description="the folder of lsf.conf (LSF_ENVDIR); none: where LSF itself looks"
    )
    memory_unit: Literal["KB", "MB", "GB"] = Field(
        "MB", description="LSF_UNIT_FOR_LIMITS of lsf.conf: in what memory is asked for"
    )
    containers: Mapping[str, Queue] = Field(
        {}, description="which application profile runs an image: its pinned name = the profile"
    )

    @model_validator(mode="after")
    def _are_different(self) -> Self:
        # By its queue it is known which class a job has.
        if len({self.first, self.second, self.batch, self.app}) < len(("first", "second", "batch", "app")):
            raise ValueError("first, second, batch and app must be four queues")
        return self
