"""The hub's configuration, made from a site's settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from traitlets.config import Config

from ccds_hub.config import configure
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import kept_secret
from ccds_kernel.settings import Settings, load_settings
from support.site import write_settings

WITHOUT = """
import sys
sys.modules |= {"dockerspawner": None, "docker": None}  # as where they aren't installed
from traitlets.config import Config
from ccds_hub.config import configure
from ccds_kernel.settings import load_settings
configure(Config(), load_settings())
print("configured")
"""
MACHINE = f"""
[static]
image = "ccds/session@sha256:{"0a" * 32}"
[static.machines.dgx1]
docker = "unix:///run/docker.sock"
cpus = 8
memory_mb = 64000
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A site's, in force."""
    monkeypatch.setenv("CCDS_CONFIG", str(write_settings(tmp_path)))
    return load_settings()


def test_the_state_folder_is_closed(settings: Settings) -> None:
    """Also one that was there and open: the hub's database, with every session's state, lies in it."""
    settings.paths.state.mkdir()
    settings.paths.state.chmod(0o755)

    configure(Config(), settings)

    assert settings.paths.state.stat().st_mode & 0o777 == 0o700


def test_waiting_sessions_shut_nobody_out(settings: Settings) -> None:
    """However many starts wait for a node, the hub takes another one: the scheduler has the queue."""
    config = Config()

    configure(config, settings)

    assert config.JupyterHub.concurrent_spawn_limit == 0


def configured_without_dockerspawner(config: Path) -> str:
    """What comes of a hub's configuration where it isn't installed: the last line."""
    env = os.environ | {"CCDS_CONFIG": str(config)}
    done = subprocess.run([sys.executable, "-c", WITHOUT], env=env, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()[-1]


def test_a_hub_without_peoples_own_machines_needs_no_dockerspawner(tmp_path: Path) -> None:
    """It is an extra."""
    assert configured_without_dockerspawner(write_settings(tmp_path)) == "configured"


def test_one_line_says_what_peoples_own_machines_need(tmp_path: Path) -> None:
    """Where somebody has one."""
    config = write_settings(tmp_path)
    with config.open("a", encoding="utf-8") as more:
        more.write(f'[sessions]\nhelper = true\n[groups]\ndirectory = "local"\n{MACHINE}')

    said = configured_without_dockerspawner(config)

    assert "expected dockerspawner, for [static] machines; found none; install it: pip install 'ccds[docker]'" in said


@pytest.mark.parametrize("before", [None, "", "0123"])
def test_a_secret_is_whole_and_kept(tmp_path: Path, before: str | None) -> None:
    """Made where there is none, or what a crash or a full disk left of one; then always the same, for its owner only."""
    path = tmp_path / "secret"
    if before is not None:
        path.write_text(before)

    first, second = kept_secret(path), kept_secret(path)

    assert first == second
    assert len(first) == 64
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("directory", ["local", "ldap"])
def test_groups_without_the_helper_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directory: str) -> None:
    """Code that runs as the service account is in need of no group: the hub doesn't start."""
    path = write_settings(tmp_path)
    more = {
        "local": "",
        "ldap": 'ldap_uri = "ldaps://ldap"\nldap_people = "ou=p"\nldap_groups = "ou=g"\nldap_bind_dn = "cn=c"\n',
    }
    path.write_text(f'{path.read_text()}[groups]\ndirectory = "{directory}"\n{more[directory]}')
    monkeypatch.setenv("CCDS_CONFIG", str(path))

    with pytest.raises(CcdsError, match=rf"its person where \[groups\] directory is {directory}"):
        configure(Config(), load_settings())
