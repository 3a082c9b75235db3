"""From the settings to a directory of groups."""

import subprocess
import sys
from pathlib import Path

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.groups.gids import GidRange
from ccds_kernel.groups.ldap import LdapGroups
from ccds_kernel.groups.ldap_session import LdapAccount
from ccds_kernel.groups.local import LocalGroups
from ccds_kernel.groups.none import NoGroups
from ccds_kernel.groups.site import group_directory
from ccds_kernel.settings import Settings, load_settings

PATHS = "\n".join(
    f'{name} = "/srv/{name}"' for name in ("registry", "projects", "audit", "state", "clinical", "published")
)
LDAP = {
    "ldap_uri": "ldaps://ldap.example.org",
    "ldap_people": "ou=people,dc=example,dc=org",
    "ldap_groups": "ou=groups,dc=example,dc=org",
    "ldap_bind_dn": "cn=ccds,dc=example,dc=org",
}


def settings(folder: Path, **groups: str | int) -> Settings:
    """A site's settings with this section."""
    lines = [f"{key} = {value!r}" for key, value in groups.items()]
    (folder / "ccds.toml").write_text("\n".join(["[paths]", PATHS, "[groups]", *lines]), encoding="utf-8")
    return load_settings(folder / "ccds.toml")


def test_a_site_that_names_none_has_none(tmp_path: Path) -> None:
    """It says so: there is nothing to reconcile, and everybody may be on a roster."""
    groups = group_directory(settings(tmp_path))

    groups.apply({"irb-x": frozenset({"ann"})})

    assert isinstance(groups, NoGroups)
    assert not groups.keeps
    assert groups.groups("irb-") == {}
    assert groups.knows(["ann"]) == {"ann"}


def test_without_a_directory_names_are_checked_all_the_same(tmp_path: Path) -> None:
    """A demo doesn't take what a site would refuse."""
    with pytest.raises(CcdsError, match="found IRB-x"):
        group_directory(settings(tmp_path)).apply({"IRB-x": frozenset()})


def test_local_groups(tmp_path: Path) -> None:
    """Of this machine."""
    groups = group_directory(settings(tmp_path, directory="local"))

    assert isinstance(groups, LocalGroups)
    assert groups.keeps
    assert groups.knows(["root", "no.such-one"]) == {"root"}


def test_ldap_groups(tmp_path: Path) -> None:
    """The password lies in the state folder."""
    found = group_directory(
        settings(tmp_path, directory="ldap", gid_min=7000, gid_max=8000, ldap_ca="/etc/ca.pem", **LDAP)
    )

    account = LdapAccount(LDAP["ldap_uri"], LDAP["ldap_bind_dn"], Path("/srv/state/ldap-password"), Path("/etc/ca.pem"))
    assert found == LdapGroups(account, LDAP["ldap_people"], LDAP["ldap_groups"], GidRange(7000, 8000))


@pytest.mark.parametrize("missing", LDAP)
def test_what_ldap_needs_is_named(tmp_path: Path, missing: str) -> None:
    """The key that says nothing."""
    with pytest.raises(
        CcdsError, match=f"groups in .* to fit together; found directory is ldap, and {missing} says noth"
    ):
        settings(tmp_path, directory="ldap", **{key: value for key, value in LDAP.items() if key != missing})


@pytest.mark.parametrize(
    ("key", "value"),
    [("ldap_uri", "ldap.example.org"), ("ldap_uri", "http://x"), ("ldap_password_file", "../x"), ("ldap_ca", "ca.pem"),
     ("directory", "nis"), ("gid_min", 10)],
)  # fmt: skip
def test_values_that_are_wrong_are_named(tmp_path: Path, key: str, value: str | int) -> None:
    """With their key."""
    with pytest.raises(CcdsError, match=f"groups.{key}"):
        settings(tmp_path, **{key: value})


def test_a_range_without_numbers(tmp_path: Path) -> None:
    """Its two keys are named."""
    with pytest.raises(CcdsError, match="gid_max must be greater than gid_min"):
        settings(tmp_path, gid_min=40_000, gid_max=40_000)


def test_without_ldap3_the_package_to_install_is_named(tmp_path: Path) -> None:
    """It is an extra: a site without LDAP goes without."""
    path = tmp_path / "ccds.toml"
    settings(tmp_path, directory="ldap", **LDAP)
    script = f"""
import sys
sys.modules["ldap3"] = None
from pathlib import Path
from ccds_kernel.errors import CcdsError
from ccds_kernel.groups.site import group_directory
from ccds_kernel.settings import load_settings
try:
    group_directory(load_settings(Path({str(path)!r})))
except CcdsError as error:
    print(error)
"""

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert (
        told == "expected the Python package ldap3, for groups in an LDAP directory; found none; "
        "in the checkout: .venv/bin/pip install --editable '.[ldap]'\n"
    )
