"""The server's token is the server's."""

import os

import pytest
from traitlets.config import Config

from ccds_kernel.session.server_token import keep_to_server


def test_what_the_server_starts_has_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """It moves into the configuration, and stays there when that is read again."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "t0ken")
    config, again = Config(), Config()

    keep_to_server(config)
    keep_to_server(again)

    assert config.HubAuth.api_token == "t0ken"
    assert "HubAuth" not in again
    assert not any("t0ken" in value for value in os.environ.values())
