"""Where pip is told to look."""

import pytest
from pydantic import ValidationError

from ccds_kernel.env.pip import pip_variables
from ccds_kernel.settings.environments import EnvironmentsSettings

QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.mark.parametrize(
    ("index", "variables"),
    [
        ("", {}),
        ("/srv/wheels", {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/srv/wheels"}),
        ("https://pypi.hospital.org/simple", {"PIP_INDEX_URL": "https://pypi.hospital.org/simple"}),
    ],
)
def test_pip_asks_the_site_s_index_and_nobody_about_itself(index, variables):
    """A folder is asked alone; nothing said leaves pip its own configuration."""
    assert pip_variables(EnvironmentsSettings(index=index).index) == QUIET | variables


@pytest.mark.parametrize(
    "index",
    [
        "https://user:secret@pypi.hospital.org/simple",
        "ftp://pypi.hospital.org",
        "wheels",
        "/srv/wheels --no-deps",
        "\n",
    ],
)
def test_what_is_no_index_is_refused(index):
    """Above all a password, which every session would see."""
    with pytest.raises(ValidationError):
        EnvironmentsSettings(index=index)
