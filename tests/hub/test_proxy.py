"""The proxy as a process of its own."""

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from ccds_hub.proxy import proxy_command, proxy_token
from ccds_kernel.files import kept_secret
from support.site import site_settings


def test_its_token_is_no_argument(tmp_path: Path) -> None:
    """Arguments are public on a machine; the token is the hub's too."""
    settings = site_settings(tmp_path)

    command, token = proxy_command(settings), proxy_token(settings)

    assert token not in " ".join(command)
    assert token == (tmp_path / "state" / "proxy_token").read_text()


def test_it_listens_where_the_settings_say(tmp_path: Path) -> None:
    """Its own interface on loopback only, its pages from this installation."""
    settings = site_settings(tmp_path)

    options = dict(word.removeprefix("--").split("=", 1) for word in proxy_command(settings)[2:])

    assert options.pop("error-path").endswith("hub/proxy/pages")
    assert options == {
        "ip": "127.0.0.1",
        "port": "8000",
        "api-ip": "127.0.0.1",
        "api-port": "8001",
        "default-target": "http://127.0.0.1:8081",
        "log-level": "info",
    }


@pytest.mark.parametrize("before", [None, "half"])
def test_hub_and_proxy_that_start_at_once_have_one_secret(tmp_path: Path, before: str | None) -> None:
    """Whoever is first makes it; also where a crash left half of one."""
    path = tmp_path / "secret"
    if before:
        path.write_text(before)

    with ProcessPoolExecutor(4) as processes:
        found = set(processes.map(kept_secret, [path] * 40))

    assert found == {path.read_text()}
    assert len(path.read_text()) == 64


def test_without_settings_it_says_so_in_one_line(tmp_path: Path) -> None:
    """Exit status 1, no traceback."""
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "ccds_hub.proxy"],
        env={"CCDS_CONFIG": str(tmp_path / "none.toml"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("ccds: expected this site's settings; found no file ")
    assert ended.stderr.count("\n") == 1
