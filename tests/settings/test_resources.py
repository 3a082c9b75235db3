"""Files that come with ccds and are no Python."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.resources import resource


@pytest.mark.parametrize("name", ["hub/jupyterhub_config.py", "hub/templates", "hub/static", "notebooks/apps"])
def test_what_comes_with_ccds_is_found(name):
    """Each resource that the program asks for is there."""
    found = resource(name)

    assert found.is_absolute()
    assert found.exists()


def test_a_resource_that_is_not_there_is_told():
    """An incomplete installation is one line."""
    with pytest.raises(
        CcdsError, match=r"expected no/such of the ccds installation; found none in .*; install ccds anew"
    ):
        resource("no/such")
