"""The hub's configuration, made from a site's settings."""

from pathlib import Path

import pytest
from traitlets.config import Config

from ccds_hub.config import configure
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import kept_secret
from ccds_kernel.settings import Settings, load_settings
from support.site import write_settings


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
