"""Audit daemons."""

from collections.abc import Iterator

import pytest

from support.audit import AuditSite, audit_site


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
