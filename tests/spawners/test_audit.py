"""What the audit log learns of sessions, and the token that each is given."""

import sys
from datetime import UTC, datetime, timedelta

import pytest

from ccds_kernel.audit.site import audit_log
from ccds_kernel.audit.spool import Spool
from ccds_kernel.audit.token import (
    LONGEST_WAITING,
    SPOOL_VARIABLE,
    TOKEN_VARIABLE,
    URL_VARIABLE,
    AuditToken,
    audit_secret,
    read,
)
from ccds_kernel.batch.spec import JobSpec
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings.sessions import SessionsSettings
from ccds_spawners.audit import LONGEST_WAIT, note_end, note_start, with_audit_token
from support.site import ADMINISTRATOR, application, site_settings

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    """A site with project CHEST-1."""
    settings = site_settings(tmp_path)
    apply_application(application(), person=ADMINISTRATOR, settings=settings)
    settings.paths.state.mkdir(exist_ok=True, mode=0o700)
    return settings


@pytest.fixture
def spec(tmp_path) -> JobSpec:
    """A session's job of two hours."""
    return JobSpec(
        name="session-1", command=(sys.executable,), cwd=tmp_path, log=tmp_path / "log", owner="ann", env={"HOME": "/home"},
        wall_minutes=120.0,
    )  # fmt: skip


def test_a_session_s_job_gets_the_token_of_its_person_project_and_name(settings, spec, tmp_path):
    """Until its wall time is over, however late or extended; beside what its environment had, and nowhere else."""
    job = with_audit_token(
        spec, project_id="CHEST-1", session="chest-1-lab", folder=tmp_path, settings=settings, now=NOW
    )

    token = read(audit_secret(settings.paths.state), job.env[TOKEN_VARIABLE], NOW)
    assert token == AuditToken("ann", "CHEST-1", "chest-1-lab", token.until, NOW)
    latest = NOW + LONGEST_WAIT + timedelta(hours=settings.sessions.longest_hours)
    assert timedelta(0) < token.until - latest <= timedelta(hours=1)
    assert set(job.env) == {"HOME", TOKEN_VARIABLE, URL_VARIABLE, SPOOL_VARIABLE}
    assert job.env[URL_VARIABLE] == "http://127.0.0.1:8082"
    assert job.env[TOKEN_VARIABLE] not in f"{job}{job.command}"


@pytest.mark.parametrize(
    ("name", "project"), [("chest-1-lab", "CHEST-1"), ("chest-1-lab-2", "CHEST-1"), ("reports", "")]
)
def test_begin_and_end_stand_in_the_chain_of_the_session_s_project(settings, name, project):
    """In the site's where it has none."""
    session = SessionName.parse(name)

    note_start(session, "ann", settings)
    note_end(session, "ann", "it was stopped", settings)

    begin, end = list(audit_log(settings).entries(project))[-2:]
    assert (begin["event"], begin["person"], begin["detail"]) == ("SessionStarted", "ann", {"session": name})
    assert (end["event"], end["detail"]) == ("SessionEnded", {"session": name, "reason": "it was stopped"})


def test_a_token_may_claim_earlier_times_only_where_events_wait(settings, spec, tmp_path):
    """Those of the session before, which it delivers; where kernels have spools of their own, any may wait there."""

    def since(settings=settings) -> datetime:
        job = with_audit_token(
            spec, project_id="CHEST-1", session="chest-1-lab", folder=tmp_path, settings=settings, now=NOW
        )
        return read(audit_secret(settings.paths.state), job.env[TOKEN_VARIABLE], NOW).since

    clean = since()
    helped = since(settings.model_copy(update={"sessions": SessionsSettings(helper=True)}))
    spool = Spool(tmp_path / "audit-spool")
    with spool.locked():
        spool.append({})

    assert (clean, helped, since()) == (NOW, NOW - LONGEST_WAITING, NOW - LONGEST_WAITING)


def test_the_end_of_a_session_of_a_project_that_is_gone_is_the_site_s(settings):
    """It has ended whatever became of the registry."""
    note_end(SessionName.parse("other-1-lab"), "ann", "it was stopped", settings)

    (entry,) = audit_log(settings).entries()
    assert (entry["event"], entry["project"]) == ("SessionEnded", "")
