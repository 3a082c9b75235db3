"""From the site's settings to its directory of groups; a file of its own, so that ldap3 is imported only where it is used."""

from __future__ import annotations

from pathlib import Path

from ccds_kernel.errors import CcdsError
from ccds_kernel.groups.directory import GroupDirectory
from ccds_kernel.groups.gids import GidRange
from ccds_kernel.groups.local import LocalGroups
from ccds_kernel.groups.none import NoGroups
from ccds_kernel.settings import Settings


def group_directory(settings: Settings) -> GroupDirectory:
    """The directory that the site names. Nothing is asked of it yet.

    Raises:
        CcdsError: it needs a Python package that isn't there.
    """
    groups = settings.groups
    gids = GidRange(groups.gid_min, groups.gid_max)
    if groups.directory == "none":
        return NoGroups()
    if groups.directory == "local":
        return LocalGroups(gids)
    try:
        from ccds_kernel.groups.ldap import LdapGroups  # noqa: PLC0415 - ldap3 is an extra
        from ccds_kernel.groups.ldap_session import LdapAccount  # noqa: PLC0415 - likewise
    except ModuleNotFoundError:
        raise CcdsError(
            expected="the Python package ldap3, for groups in an LDAP directory",
            found="none",
            do="in the checkout: .venv/bin/pip install --editable '.[ldap]'",
        ) from None
    account = LdapAccount(
        uri=groups.ldap_uri,
        bind_dn=groups.ldap_bind_dn,
        password_file=settings.paths.state / groups.ldap_password_file,
        ca=Path(groups.ldap_ca) if groups.ldap_ca else None,
    )
    return LdapGroups(account, people=groups.ldap_people, base=groups.ldap_groups, gids=gids)
