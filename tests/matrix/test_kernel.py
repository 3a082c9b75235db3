"""The matrix in a real `ccds` kernel, in which people run what they like: it knows every action.

A kernel lives through all standings, so that nothing that was open before stays open. Here for three roles that differ most;
`tests/soak/soak_permissions.py` has all.
"""

from collections.abc import Iterator

import pytest

from support.layers.kernel import KernelLayer, kernel_layer
from support.matrix import STANDINGS, expected

ROLES = ("engineer", "fellow", "leadership")


@pytest.fixture(scope="module")
def kernel(tmp_path_factory) -> Iterator[KernelLayer]:
    """The kernels."""
    with kernel_layer(tmp_path_factory.mktemp("kernel")) as layer:
        yield layer


@pytest.mark.parametrize("standing", STANDINGS)
def test_a_kernel_opens_the_project_for_what_its_person_may(kernel, standing):
    """Whatever code asks for."""
    found = kernel.observe(standing, ROLES)

    assert found == expected(kernel, standing, ROLES)
