"""The `ccds.toml` in force, read and checked whole."""

from __future__ import annotations

import os
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Self

from pydantic import ValidationError, model_validator

from ccds_kernel.errors import CcdsError
from ccds_kernel.settings.airlock import AirlockSettings
from ccds_kernel.settings.archive import ArchiveSettings
from ccds_kernel.settings.audit import AuditSettings
from ccds_kernel.settings.database import DatabaseSettings
from ccds_kernel.settings.environments import EnvironmentsSettings
from ccds_kernel.settings.groups import GroupsSettings
from ccds_kernel.settings.hub import HubSettings
from ccds_kernel.settings.invalid import invalid
from ccds_kernel.settings.irb import IrbSettings
from ccds_kernel.settings.ldap_login import LdapLogin
from ccds_kernel.settings.lsf import LsfSettings
from ccds_kernel.settings.oidc_login import OidcLogin
from ccds_kernel.settings.paths import Paths
from ccds_kernel.settings.scheduler import SchedulerSettings
from ccds_kernel.settings.section import Section
from ccds_kernel.settings.sessions import SessionsSettings
from ccds_kernel.settings.slurm import SlurmSettings
from ccds_kernel.settings.static import StaticSettings
from ccds_kernel.settings.usecase import UseCaseSettings

SYSTEM_FILE = Path("/etc/ccds/ccds.toml")


class Settings(Section):
    """The whole `ccds.toml`."""

    paths: Paths
    hub: HubSettings = HubSettings()
    ldap_login: LdapLogin = LdapLogin()
    oidc_login: OidcLogin = OidcLogin()
    irb: IrbSettings = IrbSettings()
    usecase: UseCaseSettings = UseCaseSettings()
    groups: GroupsSettings = GroupsSettings()
    audit: AuditSettings = AuditSettings()
    database: DatabaseSettings = DatabaseSettings()
    sessions: SessionsSettings = SessionsSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    slurm: SlurmSettings = SlurmSettings()
    lsf: LsfSettings = LsfSettings()
    static: StaticSettings = StaticSettings()
    environments: EnvironmentsSettings = EnvironmentsSettings()
    airlock: AirlockSettings = AirlockSettings()
    archive: ArchiveSettings = ArchiveSettings()

    @model_validator(mode="after")
    def _released_is_apart(self) -> Self:
        # What is released there must not lie where members or sessions write, nor open those places to who fetches it.
        place = self.airlock.released
        for name, path in self.paths:
            if place and (place.is_relative_to(path) or path.is_relative_to(place)):
                raise ValueError(
                    f"airlock.released and paths.{name} lie one in the other: they must lie beside each other"
                )
        return self

    @model_validator(mode="after")
    def _staging_is_apart(self) -> Self:
        # What hasn't proven itself yet may be anybody's: it must not lie where members of a project read.
        place = self.archive.staging
        for name, path in self.paths:
            inside_state = name == "state" and place is not None and place != path
            if place and (path.is_relative_to(place) or (place.is_relative_to(path) and not inside_state)):
                raise ValueError(
                    f"archive.staging and paths.{name} lie one in the other: it must lie beside the projects"
                )
        return self

    @model_validator(mode="after")
    def _containers_have_people(self) -> Self:
        if self.static.machines and self.groups.directory == "none":
            raise ValueError("static.machines need groups.directory: a container runs as its person, a Unix user")
        return self

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        sections: dict[str, LdapLogin | OidcLogin] = {"ldap": self.ldap_login, "oidc": self.oidc_login}
        section = sections.get(self.hub.authenticator)
        lacking = [name for name in section.needed if not getattr(section, name)] if section else []
        if lacking:
            chosen = self.hub.authenticator
            raise ValueError(f"hub.authenticator is {chosen}, and {chosen}_login.{lacking[0]} says nothing")
        return self


def settings_file() -> Path:
    """The `ccds.toml` in force.

    Raises:
        CcdsError: there is none.
    """
    named = os.environ.get("CCDS_CONFIG")
    candidates = [Path(named)] if named else [Path.cwd() / "ccds.toml", SYSTEM_FILE]
    for candidate in candidates:
        with suppress(
            PermissionError
        ):  # a folder of somebody else's, in which the service account's command was called
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
