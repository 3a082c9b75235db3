"""`[slurm]`: how this site's Slurm is asked, where `scheduler.engine` is `slurm`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ccds_kernel.settings.section import AbsolutePath, Section

Partition = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class SlurmSettings(Section):
    """How this site's Slurm is asked, where `scheduler.engine` is `slurm`. docs/slurm.md says what its own settings need."""

    first: Partition = Field("interactive", description="the partition of first nodes")
    second: Partition = Field("second", description="the partition of further nodes")
    batch: Partition = Field("batch", description="the partition of batch work, which yields")
    app: Partition = Field("app", description="the partition of app sessions, on hosts without GPU")
    bin: AbsolutePath | None = Field(None, description="the folder of Slurm's programs; none: they are on PATH")
    conf: AbsolutePath | None = Field(None, description="the slurm.conf; none: where Slurm itself looks")
    containers: Literal["none", "pyxis"] = Field(
        "none", description="how a job runs in an image: by `pyxis`, or not at all"
    )

    @model_validator(mode="after")
    def _are_different(self) -> Self:
        # By its partition it is known which class a job has.
        if len({self.first, self.second, self.batch, self.app}) < len(("first", "second", "batch", "app")):
            raise ValueError("first, second, batch and app must be four partitions")
        return self
