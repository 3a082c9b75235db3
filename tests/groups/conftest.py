"""What the tests of all directories share."""

from collections.abc import Iterator

import pytest

from support.group_contract import ann, ben, directory, eva
from support.slapd import Slapd, running_slapd

__all__ = ["ann", "ben", "directory", "eva"]


@pytest.fixture(scope="session")
def slapd() -> Iterator[Slapd]:
    """One LDAP server for all tests that leave it as it was."""
    with running_slapd("ann", "ben", "eva") as running:
        yield running
