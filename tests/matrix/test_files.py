"""The matrix in the file system, as each role's Unix user with all of their groups.

It tells apart who may enter a project, read images, write images, use the database, and use what is made of reports; and that
nobody reaches a colleague's folder, the registry, the audit log or the service account's own. It can't tell what somebody opens a
session for.
"""

from collections.abc import Iterator

import pytest

from support.layers.files import FilesLayer, files_layer
from support.matrix import ROLES, STANDINGS, expected


@pytest.fixture(scope="module")
def files() -> Iterator[FilesLayer]:
    """The site."""
    with files_layer() as layer:
        yield layer


@pytest.mark.parametrize("standing", STANDINGS)
def test_each_person_reaches_what_their_role_needs_and_nothing_else(files, standing):
    """By the operating system's own word."""
    found = files.observe(standing, ROLES)

    assert found == expected(files, standing, ROLES)
