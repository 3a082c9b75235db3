"""The matrix in the database: a real PostgreSQL, with the credential that a session of each person is given.

It tells apart the kinds of data that tables hold, answers of labelers among them, and each of SELECT, INSERT, UPDATE and DELETE
on every table; and who may not even log in. A session that began when its person was on the roster must end with their right.
"""

from collections.abc import Iterator

import pytest

from support.layers.database import DatabaseLayer, database_layer
from support.matrix import ROLES, STANDINGS, expected


@pytest.fixture(scope="module")
def database(postgresql, tmp_path_factory) -> Iterator[DatabaseLayer]:
    """The site."""
    with database_layer(postgresql, tmp_path_factory.mktemp("database")) as layer:
        yield layer


@pytest.mark.parametrize("standing", STANDINGS)
def test_each_session_s_role_may_what_its_person_may(database, standing):
    """Table by table and statement by statement, by the server's own word."""
    found = database.observe(standing, ROLES)

    assert found == expected(database, standing, ROLES)
