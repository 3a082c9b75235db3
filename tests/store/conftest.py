"""A PostgreSQL site, and projects on it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import URL

from support.postgresql import Site, administrated

SOON = timedelta(hours=1)


@pytest.fixture
def site(postgresql) -> Site:
    """The administrator at work."""
    with administrated(postgresql) as site:
        yield site


@pytest.fixture
def schema(site) -> str:
    """The schema of a new project whose application covers reports."""
    schema = site.new_schema()
    site.schemas.prepare(schema, ["reports"])
    return schema


@pytest.fixture
def other(site) -> str:
    """The schema of another project."""
    schema = site.new_schema()
    site.schemas.prepare(schema, ["reports"])
    return schema


@pytest.fixture
def issue(site, schema):
    """Issues a credential in the project to ann's lab session, or as told."""

    def issue_it(
        *, write: bool = False, person: str = "ann", session: str = "", of: str = schema, until: datetime | None = None
    ) -> URL:
        until = until or datetime.now(UTC) + SOON
        return site.credentials.issue(of, person, session or f"{of}-lab", {"reports": write}, until).url

    return issue_it
