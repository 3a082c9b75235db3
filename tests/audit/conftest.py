"""Audit daemons."""

from collections.abc import Iterator

import pytest

from support.audit import AuditSite, audit_site
from support.job_database import audit_site_with_server
from support.postgresql import Server


@pytest.fixture
def stopped(tmp_path) -> Iterator[AuditSite]:
    """A site whose daemon isn't started yet."""
    with audit_site(tmp_path / "site") as site:
        yield site


@pytest.fixture
def site(stopped) -> AuditSite:
    """A site whose daemon runs."""
    stopped.start()
    return stopped


@pytest.fixture(scope="module")
def unwritten(tmp_path_factory) -> Iterator[AuditSite]:
    """A site whose daemon runs, for tests by which nothing may be written."""
    with audit_site(tmp_path_factory.mktemp("unwritten") / "site") as site:
        site.start()
        yield site


@pytest.fixture
def site_with_server(tmp_path, postgresql: Server) -> Iterator[AuditSite]:
    """See `audit_site_with_server`."""
    with audit_site_with_server(tmp_path / "site", postgresql) as site:
        yield site
