"""`[static]`: machines that belong to people, each with a Docker daemon."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from ccds_kernel.settings.section import AbsolutePath, Person, Section

MachineName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]


class MachineSettings(Section):
    """One machine: `[static.machines.NAME]`."""

    docker: str = Field(
        pattern=r"^(unix:///[A-Za-z0-9._/-]+|tcp://[A-Za-z0-9.-]+:[0-9]{1,5})$",
        description="where its Docker daemon is: `unix:///…` or `tcp://host:port`",
    )
    tls: AbsolutePath | None = Field(None, description="the folder with ca.pem, cert.pem and key.pem; needed for `tcp`")
    address: str = Field(
        "",
        pattern=r"^[A-Za-z0-9.:-]{0,255}$",
        description="where sessions on it are reached; empty: the host of `docker`, or this machine",
    )
    cpus: int = Field(ge=1, strict=True, description="its cores")
    memory_mb: int = Field(ge=1, strict=True, description="MiB of its memory")
    gpus: int = Field(0, ge=0, le=64, strict=True, description="its GPUs")
    gpu_model: str | None = Field(
        None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="what the site calls them"
    )
    people: tuple[Person, ...] = Field((), description="whose it is")

    @model_validator(mode="after")
    def _is_closed(self) -> Self:
        if self.docker.startswith("tcp://") and self.tls is None:
            raise ValueError("docker over tcp needs tls: whoever reaches the daemon without it is root there")
        return self

    @property
    def reached(self) -> str:
        """Where sessions on it are reached."""
        return self.address or urlsplit(self.docker).hostname or "127.0.0.1"


class StaticSettings(Section):
    """Machines that belong to people; docs/static.md says what they need."""

    image: str = Field(
        "",
        pattern=r"^([a-z0-9][a-z0-9._/:-]{0,200}@sha256:[0-9a-f]{64})?$",
        description="the image of sessions there, `registry/name@sha256:…`",
    )
    machines: dict[MachineName, MachineSettings] = Field(
        {}, description="the machines, each a section `[static.machines.NAME]` of its own"
    )

    @model_validator(mode="after")
    def _are_somebody_s(self) -> Self:
        if self.machines and not self.image:
            raise ValueError("machines need an image, by its digest")
        twice = [
            person
            for person, count in Counter(
                person for machine in self.machines.values() for person in machine.people
            ).items()
            if count > 1
        ]
        if twice:
            raise ValueError(f"{twice[0]} has two machines: name one")
        return self
