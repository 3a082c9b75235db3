"""A site's settings: one `ccds.toml`, validated when it is read, with the offending key named.

The file is the one in `CCDS_CONFIG`, else `ccds.toml` here, else `/etc/ccds/ccds.toml`. Every key is listed, with its
default, in `docs/settings.md`; a test compares the two.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import psutil
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ccds_kernel.errors import CcdsError

SYSTEM_FILE = Path("/etc/ccds/ccds.toml")


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paths(_Section):
    """Where things lie; the layout inside is fixed."""

    registry: AbsolutePath = Field(
        description="IRB applications and their history; written by the service account only"
    )
    projects: AbsolutePath = Field(description="one directory per project")
    audit: AbsolutePath = Field(description="the hash-chained audit log")
    state: AbsolutePath = Field(description="the hub's database and secrets, the local scheduler's jobs")


class HubSettings(_Section):
    """The hub's address and who administers it."""

    address: str = Field("127.0.0.1", description="address that the proxy listens on")
    port: int = Field(8000, ge=1, le=65535, description="port that the proxy listens on")
    api_port: int = Field(8081, ge=1, le=65535, description="port of the hub behind the proxy, on 127.0.0.1")
    proxy_api_port: int = Field(8001, ge=1, le=65535, description="port of the proxy's own interface, on 127.0.0.1")
    authenticator: Literal["pam", "password-file"] = Field("pam", description="how a password is checked")
    administrators: tuple[str, ...] = Field((), description="who may apply IRB applications and administer the hub")


class SchedulerSettings(_Section):
    """Which scheduler starts sessions and jobs."""

    engine: Literal["local"] = Field("local", description="the scheduler: `local` is this machine")
    gpus: int = Field(0, ge=0, le=64, description="GPU slots that the local scheduler hands out, real or pretended")
    cpus: int = Field(os.cpu_count() or 1, ge=1, description="cores that the local scheduler hands out; default: all")
    memory_mb: int = Field(
        psutil.virtual_memory().total // 2**20, ge=1, description="MiB that the local scheduler hands out; default: all"
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


def invalid(source: Path | str, error: ValidationError) -> CcdsError:
    """What is wrong with the first offending key of `source`, as one line."""
    first = error.errors(include_url=False, include_context=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "the whole file"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    what = "no such key is known" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    found = "nothing" if first["type"] == "missing" else repr(first["input"])[:80]
    return CcdsError(expected=f"{key} in {source} to be right: {what}", found=found + more, do=f"mend {key}")
