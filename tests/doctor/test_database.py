"""`ccds doctor` on where the site keeps its projects' rows."""

import dataclasses

import pytest

from ccds_kernel.doctor.database import ServerState, examine_database, judge_server
from ccds_kernel.doctor.finding import Verdict
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.settings import Settings
from support.site import ADMINISTRATOR, application, site_settings

GOOD = ServerState(150018, makes_roles=True, makes_schemas=True, cuts=True)


@pytest.fixture
def settings(postgresql, tmp_path) -> Settings:
    """A site that keeps its projects' rows on a server."""
    values = site_settings(tmp_path).model_dump(mode="json", exclude_defaults=True)
    yield Settings.model_validate(values | {"database": postgresql.take_in(tmp_path / "state")})
    postgresql.forget("chest-1")


def test_a_server_that_was_set_up_as_the_document_says_is_well(settings):
    """The document's statements are all that it needs."""
    apply_application(application(), person=ADMINISTRATOR, settings=settings)

    finding = examine_database(settings)

    assert finding.verdict is Verdict.OK
    assert finding.found.endswith("; up to date for 1 project(s)")


def test_a_project_whose_schema_is_not_as_its_application_says_is_named(settings, postgresql):
    """What stands against it, and how it is mended."""
    apply_application(application(), person=ADMINISTRATOR, settings=settings)
    postgresql.forget("chest-1")

    finding = examine_database(settings)

    assert finding.verdict is Verdict.WRONG
    assert finding.found == (
        "not as the applications say: database chest-1: make schema chest-1 with its tables, roles and grants"
    )
    assert "apply the project's IRB application again" in finding.do


def test_a_server_that_does_not_answer_is_told(settings):
    """In one line, without the password."""
    away = settings.model_copy(update={"database": settings.database.model_copy(update={"port": 1})})

    finding = examine_database(away)

    assert finding.verdict is Verdict.WRONG
    assert finding.do == "let whoever runs this site look at the database server"


def test_a_password_that_others_read_or_that_is_missing_is_told(settings):
    """Each with what to do."""
    path = settings.database.password_path(settings.paths.state)
    path.chmod(0o644)
    read_by_others = examine_database(settings)
    path.unlink()
    missing = examine_database(settings)

    assert (read_by_others.verdict, read_by_others.do) == (Verdict.WRONG, f"chmod 600 {path}")
    assert (missing.verdict, missing.found) == (Verdict.WRONG, "No such file or directory")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"version": 140020}, "PostgreSQL 14"),
        ({"makes_roles": False}, "the administrator's role may make no roles"),
        ({"makes_schemas": False}, "the administrator's role may make no schemas"),
        ({"cuts": False}, "the administrator's role may end no connections"),
        ({"open_databases": ("postgres",)}, "every session may connect to postgres"),
        ({"open_functions": ("lo_create",)}, "every session may call lo_create"),
    ],
)
def test_what_is_missing_or_open_is_named(change, found):
    """Whoever runs the server can act on it."""
    finding = judge_server(dataclasses.replace(GOOD, **change), projects=1, behind=[])

    assert (finding.verdict, finding.found) == (Verdict.WRONG, found)


def test_what_the_document_closes_is_seen_when_it_is_open(settings, postgresql):
    """A database that sessions may connect to, and a way to leave something behind."""
    with postgresql.as_superuser() as superuser:
        superuser.execute("GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC")
        superuser.execute("GRANT CONNECT ON DATABASE postgres TO PUBLIC")
        try:
            finding = examine_database(settings)
        finally:
            superuser.execute("REVOKE EXECUTE ON FUNCTION lo_create(oid) FROM PUBLIC")
            superuser.execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")

    assert finding.found == "every session may connect to postgres; every session may call lo_create"


def test_files_are_well_on_a_local_disk(tmp_path):
    """Where the site says nothing else."""
    finding = examine_database(site_settings(tmp_path))

    assert finding.line().split() == ["ok", "database", "SQLite,", "a", "file", "in", "each", "project's", "directory"]
