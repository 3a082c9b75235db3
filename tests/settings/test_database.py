"""`[database]`: where rows of patients may travel, and how."""

import pytest
from pydantic import ValidationError

from ccds_kernel.settings import DatabaseSettings


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"engine": "postgresql"},
        {"engine": "postgresql", "host": "127.0.0.1", "sslmode": "disable"},
        {"engine": "postgresql", "host": "localhost", "sslmode": "disable"},
        {"engine": "postgresql", "host": "db.hospital.org", "root_certificate": "/etc/ssl/db.pem"},
        {"engine": "postgresql", "host": "db.hospital.org", "sslmode": "require"},
    ],
)
def test_what_stays_here_or_is_encrypted_is_taken(values):
    """A socket, this machine, or TLS."""
    assert DatabaseSettings.model_validate(values).engine in {"sqlite", "postgresql"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"host": "db.hospital.org", "sslmode": "disable"}, "reports would cross the network in the clear"),
        ({"host": "10.0.0.7", "sslmode": "disable"}, "reports would cross the network in the clear"),
        ({"host": "db.hospital.org"}, "root_certificate names nobody who vouches for the server"),
        ({"host": "db.hospital.org", "sslmode": "prefer"}, "sslmode"),
        ({"host": "ann:geheim@db"}, "host"),
        ({"name": "ccds; DROP"}, "name"),
        ({"administrator": "x" * 60}, "administrator"),
        ({"password_file": "../secret"}, "password_file"),
    ],
)
def test_what_is_open_or_no_name_is_refused(values, told):
    """The message names the key."""
    with pytest.raises(ValidationError, match=told):
        DatabaseSettings.model_validate({"engine": "postgresql"} | values)
