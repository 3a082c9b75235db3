"""A site's settings: one `ccds.toml`, validated when it is read, with the offending key named.

The file is the one in `CCDS_CONFIG`, else `ccds.toml` here, else `/etc/ccds/ccds.toml`. Every key is listed, with its
default, in `docs/settings.md`; a test compares the two.
"""

from __future__ import annotations

import os
import tomllib
from itertools import permutations
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import psutil
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ccds_kernel.errors import CcdsError

SYSTEM_FILE = Path("/etc/ccds/ccds.toml")


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return Path(os.path.normpath(path))


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Person = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_.-]{0,63}$")]
"""A person's name as the hub and the operating system know it."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paths(_Section):
    """Where things lie; the layout inside is fixed."""

    registry: AbsolutePath = Field(
        description="IRB applications and their history; written by the service account only"
    )
    projects: AbsolutePath = Field(description="one directory per project")
    audit: AbsolutePath = Field(description="the hash-chained audit log")
    state: AbsolutePath = Field(
        description="the hub's database and secrets, the local scheduler's jobs, homes of sessions without a project"
    )
    clinical: AbsolutePath = Field(
        description="deployed models: predictions and final reports; read and written by the service account only"
    )
    published: AbsolutePath = Field(
        description="what leadership reads: numbers without patient data; written by the service account only, read by the "
        "folder's group"
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        # Each has its own owner and permissions; one inside another would lend it the other's.
        for (name, path), (other_name, other) in permutations(self, 2):
            if path.is_relative_to(other):
                raise ValueError(f"{name} lies in {other_name}: the folders must lie beside each other")
        return self


class HubSettings(_Section):
    """The hub's address and who administers it."""

    address: str = Field("127.0.0.1", description="address that the proxy listens on")
    port: int = Field(8000, ge=1, le=65535, strict=True, description="port that the proxy listens on")
    api_port: int = Field(
        8081, ge=1, le=65535, strict=True, description="port of the hub behind the proxy, on 127.0.0.1"
    )
    proxy_api_port: int = Field(
        8001, ge=1, le=65535, strict=True, description="port of the proxy's own interface, on 127.0.0.1"
    )
    authenticator: Literal["pam", "password-file"] = Field(
        "pam", description="how a password is checked: by `pam`, or against the `password-file` of the state folder"
    )
    administrators: tuple[Person, ...] = Field((), description="who may apply IRB applications and administer the hub")
    leadership: tuple[Person, ...] = Field((), description="who may read what is published of deployed models")

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        if len({self.port, self.api_port, self.proxy_api_port}) < 3:  # noqa: PLR2004 - the three of them
            raise ValueError("port, api_port and proxy_api_port must be three different ports")
        return self


class SchedulerSettings(_Section):
    """Which scheduler starts sessions and jobs."""

    engine: Literal["local"] = Field("local", description="the scheduler: `local` is this machine")
    gpus: int = Field(
        0, ge=0, le=64, strict=True, description="GPU slots that the local scheduler hands out, real or pretended"
    )
    cpus: int = Field(os.cpu_count() or 1, ge=1, strict=True, description="cores that the local scheduler hands out")
    memory_mb: int = Field(
        psutil.virtual_memory().total // 2**20,
        ge=1,
        strict=True,
        description="MiB that the local scheduler hands out",
    )


class Settings(_Section):
    """The whole `ccds.toml`."""

    paths: Paths
    hub: HubSettings = HubSettings()
    scheduler: SchedulerSettings = SchedulerSettings()


def settings_file() -> Path:
    """The `ccds.toml` in force.

    Raises:
        CcdsError: there is none.
    """
    named = os.environ.get("CCDS_CONFIG")
    candidates = [Path(named)] if named else [Path.cwd() / "ccds.toml", SYSTEM_FILE]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise CcdsError(
        expected="this site's settings",
        found=f"no file {' nor '.join(map(str, candidates))}",
        do="set CCDS_CONFIG to the ccds.toml of the site",
    )


def load_settings(path: Path | None = None) -> Settings:
    """Reads and validates `path`, or the file in force.

    Raises:
        CcdsError: the file is missing, is no TOML, or a key is unknown or has a wrong value; the message names the key.
    """
    path = path or settings_file()
    try:
        with path.open("rb") as source:
            values = tomllib.load(source)
    except OSError as error:
        raise CcdsError(
            expected=f"to read {path}", found=error.strerror or "an error", do="name a readable file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CcdsError(expected=f"TOML in {path}", found=str(error), do="mend that line") from None
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise invalid(path, error) from None


def settings_now(last: Settings) -> Settings:
    """The settings as the file in force has them now; `last` where it can't be read or is wrong.

    For a process that lives long and asks who is on a list: whoever is taken off it is turned away without a restart.
    """
    try:
        return load_settings()
    except CcdsError:
        return last


def invalid(source: Path | str, error: ValidationError) -> CcdsError:
    """What is wrong with the first offending key of `source`, as one line."""
    first, *others = error.errors(include_url=False, include_context=False)
    key = ".".join(str(part) for part in first["loc"]) or "the whole file"
    further = sum(
        other["loc"] != first["loc"][: len(other["loc"])] for other in others
    )  # not what follows from the first
    more = f" (and {further} more)" if further else ""
    value: Any = first["input"]
    what = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return CcdsError(expected=f"{key} in {source}", found=f"nothing{more}", do=f"add {key}")
    if first["type"] == "extra_forbidden":
        return CcdsError(
            expected=f"only known keys in {source}", found=f"{key}{more}", do=f"take {key} out, or spell it right"
        )
    if first["type"] == "value_error" and isinstance(
        value, dict
    ):  # about keys that don't go together: quote no section
        return CcdsError(expected=f"{key} in {source} to fit together", found=f"{what}{more}", do=f"mend {key}")
    if first["type"] == "string_type" and isinstance(value, (int, float)):
        return CcdsError(
            expected=f"{key} in {source} to be text", found=f"the number {value}{more}", do="put it in quotes"
        )
    return CcdsError(expected=f"{key} in {source} to be right: {what}", found=repr(value)[:80] + more, do=f"mend {key}")
