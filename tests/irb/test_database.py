"""A project's rows on a database server: who may do what with them, and until when."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from ccds_hub.reconciler import look
from ccds_kernel.cli import main
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application, plan_application
from ccds_kernel.irb.database import LONGEST, database_rights, last_moment, open_database, site_database
from ccds_kernel.irb.study_key import study_key_secret
from ccds_kernel.labeling.tables import report
from ccds_kernel.settings import Settings
from support.postgresql import in_session
from support.site import ADMINISTRATOR, application, on_roster, site_settings, write_settings

TODAY = date.today()  # noqa: DTZ011 - the hospital's calendar
ROSTER = on_roster(ann="fellow", sam="scientist", eng="engineer", lea="labeler", cha="champion")


@pytest.fixture
def settings(postgresql, tmp_path) -> Settings:
    """A site that keeps its projects' rows on a server."""
    values = site_settings(tmp_path).model_dump(mode="json", exclude_defaults=True)
    postgresql.withdraw_all()
    yield Settings.model_validate(values | {"database": postgresql.take_in(tmp_path / "state")})
    for slug in ("chest-1", "head-2"):
        postgresql.forget(slug)


@pytest.fixture
def apply(settings):
    """Applies an application, as the site's administrator."""
    return lambda found: apply_application(found, person=ADMINISTRATOR, settings=settings)


def issued(settings: Settings) -> list[tuple[str, str, str]]:
    """Schema, person and session of each credential of the projects here."""
    with site_database(settings) as database:
        found = database.credentials.issued()
    return sorted((one.schema, one.person, one.session) for one in found if one.schema in {"chest-1", "head-2"})


def end_what_is_over(settings: Settings, *applications) -> None:
    """What the hub does at each look."""
    with site_database(settings) as database:
        database.end_what_is_over(applications)


def test_a_dry_run_says_that_the_schema_is_made_and_a_second_apply_changes_nothing(settings, apply):
    """With its roles and grants, in one transaction."""
    found = application(roster=ROSTER)

    planned = plan_application(found, person=ADMINISTRATOR, settings=settings)
    changed = [apply(found) for _ in range(2)]

    assert "database chest-1: make schema chest-1 with its tables, roles and grants" in planned
    assert changed == [True, False]
    assert plan_application(found, person=ADMINISTRATOR, settings=settings) == []


@pytest.mark.parametrize(
    ("person", "rights"),
    [
        ("ann", {"reports": True, "answers": True, "images": False, "airlock": True}),
        ("sam", {"reports": False, "answers": False, "images": True, "airlock": True}),
        ("eng", {"reports": True, "answers": False, "images": True, "airlock": True}),
        ("lea", {"reports": False, "answers": True}),
        ("cha", {"airlock": True}),
        ("nobody", {}),
    ],
)
def test_rights_follow_from_the_role(person, rights):
    """By the same table as everything else."""
    assert database_rights(application(data=["reports", "images"], roster=ROSTER), person, TODAY) == rights


@pytest.mark.parametrize(
    ("changed", "person"),
    [
        ({"expires": "2020-06-01"}, "ann"),
        ({"withdrawn": f"{TODAY}"}, "ann"),
        ({"roster": [{"person": "ann", "role": "fellow", "trained": "2001-01-01"}]}, "ann"),
    ],
)
def test_nobody_has_rights_that_have_ended(changed, person):
    """Expired, withdrawn, or training that has lapsed."""
    assert database_rights(application(**({"roster": ROSTER} | changed)), person, TODAY) == {}


def test_a_credential_ends_with_the_application_and_is_never_endless():
    """At the end of its last day, here; or after the longest time, whatever the application says."""
    now = datetime.now(UTC)

    soon = last_moment(application(expires=f"{TODAY + timedelta(days=2)}"), now)

    assert soon.astimezone().date() == TODAY + timedelta(days=2)
    assert soon.astimezone().hour == 23
    assert last_moment(application(), now) == now + LONGEST


def test_a_session_works_with_the_rows_of_its_project_as_its_person_may(settings, apply):
    """A fellow loads reports, a scientist reads them; the study keys' secret is there for both, and the same."""
    apply(application(roster=ROSTER))
    with in_session(settings, "CHEST-1", "ann"):
        fellow = open_database("CHEST-1", settings)
    with in_session(settings, "CHEST-1", "sam"):
        scientist = open_database("CHEST-1", settings)

    with fellow.writing() as connection:
        connection.execute(insert(report).values(accession="a", study_key="a"))

    with scientist.reading() as connection:
        assert connection.scalars(select(report.c.accession)).all() == ["a"]
    with pytest.raises(CcdsError, match="permission denied for table report"), scientist.writing() as connection:
        connection.execute(insert(report).values(accession="b", study_key="b"))
    assert study_key_secret(fellow) == study_key_secret(scientist)
    fellow.close()
    scientist.close()


def test_a_session_of_one_project_opens_no_other_one_s_rows(settings, apply):
    """Also a project that its person is on: the credential is for one session."""
    apply(application(roster=ROSTER))
    apply(application(id="HEAD-2", roster=ROSTER))

    with in_session(settings, "CHEST-1", "ann"), pytest.raises(CcdsError, match="start a session of that project"):
        open_database("HEAD-2", settings)


def test_whoever_is_neither_a_session_nor_the_service_account_opens_nothing(settings, apply):
    """Without a credential there is only the administrator's password, which others can't read."""
    apply(application(roster=ROSTER))
    settings.database.password_path(settings.paths.state).unlink()

    with pytest.raises(CcdsError, match="run this as the service account, or in a session of the project"):
        open_database("CHEST-1", settings)


def test_the_service_account_opens_every_project_s_rows(settings, apply):
    """It runs the commands that load them."""
    apply(application(roster=ROSTER))

    store = open_database("CHEST-1", settings)

    with store.writing() as connection:
        assert connection.scalar(text("SELECT count(*) FROM report")) == 0
    store.close()


@pytest.mark.parametrize(
    "amended",
    [
        {"roster": on_roster(sam="scientist", eng="engineer")},
        {"roster": on_roster(ann="scientist", sam="scientist", eng="engineer")},
        {
            "roster": [
                *on_roster(sam="scientist", eng="engineer"),
                {"person": "ann", "role": "fellow", "trained": "2001-01-01"},
            ]
        },
    ],
    ids=["off the roster", "in another role", "training lapsed"],
)
def test_a_session_ends_in_the_database_once_its_person_s_rights_are_others(settings, apply, amended):
    """What it was given is no longer right, less or more; the others' sessions go on."""
    apply(application(roster=ROSTER))
    with in_session(settings, "CHEST-1", "ann"):
        ann = open_database("CHEST-1", settings)
    with in_session(settings, "CHEST-1", "sam"):
        sam = open_database("CHEST-1", settings)
    changed = application(**amended)
    apply(changed)

    end_what_is_over(settings, changed)

    with pytest.raises(CcdsError), ann.reading() as connection:
        connection.execute(select(report))
    with sam.reading() as connection:
        assert connection.scalars(select(report.c.id)).all() == []
    assert [person for _, person, _ in issued(settings)] == ["sam"]
    ann.close()
    sam.close()


def test_all_sessions_end_in_the_database_with_the_application(settings, apply):
    """Expired, withdrawn or gone from the registry; another project's go on, and the rows stay."""
    apply(application(roster=ROSTER))
    apply(application(id="HEAD-2", roster=ROSTER))
    for project_id in ("CHEST-1", "HEAD-2"):
        with in_session(settings, project_id, "ann"):
            store = open_database(project_id, settings)
            with store.writing() as connection:
                connection.execute(insert(report).values(accession="a", study_key="a"))
            store.close()

    end_what_is_over(
        settings, application(roster=ROSTER, withdrawn=f"{TODAY}"), application(id="HEAD-2", roster=ROSTER)
    )
    left = issued(settings)
    end_what_is_over(settings)
    kept = issued(settings)
    end_what_is_over(settings, application(roster=ROSTER))

    assert [schema for schema, _, _ in left] == ["head-2"]
    assert kept == left  # no application at all: the registry's disk may be away
    assert issued(settings) == []
    store = open_database("CHEST-1", settings)
    with store.reading() as connection:
        assert connection.scalars(select(report.c.accession)).all() == ["a"]
    store.close()


def test_an_application_that_no_longer_covers_reports_closes_them(settings, apply):
    """For sessions that are open too."""
    apply(application(data=["reports", "images"], roster=ROSTER))
    with in_session(settings, "CHEST-1", "sam"):
        store = open_database("CHEST-1", settings)

    apply(application(data=["images"], roster=ROSTER))

    with pytest.raises(CcdsError, match="permission denied for table report"), store.reading() as connection:
        connection.execute(select(report))
    store.close()


@pytest.fixture
def config(settings, tmp_path) -> Path:
    """The site's `ccds.toml`."""
    path = write_settings(tmp_path)
    values = settings.database.model_dump(mode="json", exclude_defaults=True)
    lines = ["[database]", *(f"{name} = {json.dumps(value)}" for name, value in values.items()), ""]
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(lines), encoding="utf-8")
    return path


class NoGroups:
    """A hub without groups or people."""

    def groups(self) -> dict[str, frozenset[str]]:
        """None."""
        return {}

    def people(self) -> frozenset[str]:
        """Nobody."""
        return frozenset()

    def change(self, *_) -> None:
        """Takes what comes."""


@pytest.fixture(params=["ccds irb reconcile", "the hub's look"])
def reconcile(request, settings, config, capsys):
    """Reconciles in either way; returns what the command says, or what would be said if the hub did something wrong."""

    def call() -> str:
        if request.param == "the hub's look":
            return "\n".join(look(settings, NoGroups()))
        main(["irb", "reconcile", "--settings", str(config)])
        return capsys.readouterr().out

    return call


def test_reconciling_makes_what_is_missing_and_ends_what_is_over(settings, apply, postgresql, reconcile):
    """Also on a site without groups: a schema that is gone is made, and a session whose person was taken off ends."""
    apply(application(roster=ROSTER))
    apply(application(id="HEAD-2", roster=ROSTER))
    with in_session(settings, "CHEST-1", "ann"):
        pass
    apply(application(roster=on_roster(sam="scientist")))
    postgresql.forget("head-2")

    told = [reconcile() for _ in range(2)]

    assert issued(settings) == []
    open_database("HEAD-2", settings).close()
    assert told in (["", ""], ["1 database(s), 1 session's role(s) changed\n", "nothing changed\n"])


def test_a_dry_reconciliation_says_what_it_would_make(settings, apply, postgresql, config, capsys):
    """And makes nothing."""
    apply(application(roster=ROSTER))
    postgresql.forget("chest-1")

    main(["irb", "reconcile", "--dry-run", "--settings", str(config)])

    assert capsys.readouterr().out == "database chest-1: make schema chest-1 with its tables, roles and grants\n"
    with pytest.raises(CcdsError, match="found none"):
        open_database("CHEST-1", settings)
