"""A site's settings: one `ccds.toml`, validated when it is read, with the offending key named.

The file is the one in `CCDS_CONFIG`, else `ccds.toml` here, else `/etc/ccds/ccds.toml`. Every key is listed, with its
default, in `docs/settings.md`; a test compares the two. One file here for each section.
"""

from ccds_kernel.settings.airlock import AirlockSettings
from ccds_kernel.settings.archive import ArchiveSettings, HoursSettings
from ccds_kernel.settings.audit import AuditSettings
from ccds_kernel.settings.database import DatabaseSettings
from ccds_kernel.settings.file import SYSTEM_FILE, Settings, load_settings, settings_file, settings_now
from ccds_kernel.settings.groups import GroupsSettings
from ccds_kernel.settings.hub import HubSettings
from ccds_kernel.settings.invalid import invalid, offending
from ccds_kernel.settings.irb import IrbSettings
from ccds_kernel.settings.ldap_login import LdapLogin
from ccds_kernel.settings.lsf import LsfSettings
from ccds_kernel.settings.oidc_login import OidcLogin
from ccds_kernel.settings.paths import Paths
from ccds_kernel.settings.scheduler import SchedulerSettings
from ccds_kernel.settings.section import Person
from ccds_kernel.settings.sessions import SessionsSettings
from ccds_kernel.settings.slurm import SlurmSettings
from ccds_kernel.settings.usecase import UseCaseSettings

__all__ = [
    "SYSTEM_FILE", "AirlockSettings", "ArchiveSettings", "AuditSettings", "DatabaseSettings", "GroupsSettings", "HoursSettings",
    "HubSettings", "IrbSettings",
    "LdapLogin", "LsfSettings", "OidcLogin", "Paths", "Person", "SchedulerSettings", "SessionsSettings", "Settings",
    "SlurmSettings", "UseCaseSettings", "invalid", "load_settings", "offending", "settings_file", "settings_now",
]  # fmt: skip
