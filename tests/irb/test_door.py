"""The door to a project: who is let in, who isn't, what they are told, and what is logged."""

import datetime as dt
import os
import pwd
from datetime import UTC, date, datetime

import pytest

from ccds_kernel.audit.token import AuditToken, issue
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import current_person, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied, allowed_actions, calendar_day, projects_of
from support.site import act_as, application, on_roster, write_settings

DAY = date(2024, 7, 1)


def test_who_is_let_in_gets_the_project(apply, entries, settings):
    """Their name, the folder, the application in force; the log says what for and by which role."""
    apply(application())

    project = open_project("CHEST-1", Action.READ_REPORTS, person="ann", settings=settings)

    assert (project.id, project.person) == ("CHEST-1", "ann")
    assert project.folder == settings.paths.projects / "CHEST-1"
    assert project.application == application()
    assert entries("CHEST-1")[1:] == [("ann", "ProjectOpened", {"action": "read reports", "role": "fellow"})]


def test_a_refusal_is_logged(apply, entries, settings):
    """In the project's chain, with the reason but without advice."""
    apply(application())

    with pytest.raises(ProjectAccessDenied, match=r"ask the principal investigator, Dr\. Reed"):
        open_project("CHEST-1", Action.OPEN_LAB, person="ann", settings=settings)

    reason = "expected a role that may open a lab session; found ann as fellow"
    assert entries("CHEST-1")[1:] == [("ann", "AccessDenied", {"action": "open a lab session", "reason": reason})]


@pytest.mark.parametrize("project_id", ["NONE", "../CHEST-1", "chest-1", "", "_site", "a\nb"])
def test_a_project_that_is_not_there_is_refused(apply, audit, entries, settings, project_id):
    """Told whom to ask; logged in the site's chain, without what was asked for: it may be anything."""
    apply(application())

    with pytest.raises(ProjectAccessDenied) as raised:
        open_project(project_id, Action.READ_REPORTS, person="ann", settings=settings)

    assert str(raised.value) == (
        "expected a project that ann is on; found none of that id; ask the administrators of this site"
    )
    assert [(person, event) for person, event, _ in entries()] == [("ann", "AccessDenied")]
    assert sorted(path.name for path in audit.folder.iterdir()) == ["CHEST-1.jsonl", "_site.jsonl"]


def test_an_amended_roster_bites_at_once(apply, entries, settings):
    """A project that is open already is closed to whoever was taken off, and open again when they are back."""
    apply(application())
    project = open_project("CHEST-1", Action.READ_REPORTS, person="ann", settings=settings)

    project.require(Action.EDIT_PHRASES)
    apply(application(roster=on_roster(bob="fellow")))
    with pytest.raises(ProjectAccessDenied, match="expected ann on the roster of CHEST-1"):
        project.require(Action.EDIT_PHRASES)
    apply(application())
    project.require(Action.EDIT_PHRASES)

    assert [event for _, event, _ in entries("CHEST-1")] == [
        "ApplicationApplied",
        "ProjectOpened",
        "ApplicationApplied",
        "AccessDenied",
        "ApplicationApplied",
    ]


def test_a_withdrawal_bites_at_once(apply, settings):
    """Applied today, it closes the project today."""
    apply(application())
    project = open_project("CHEST-1", Action.READ_REPORTS, person="ann", settings=settings)

    apply(application(withdrawn=calendar_day()))

    with pytest.raises(ProjectAccessDenied, match="withdrawn on"):
        project.require(Action.READ_REPORTS)
    assert projects_of("ann", project.registry.applications(), calendar_day()) == ()


def test_a_project_whose_application_is_gone_is_closed(apply, settings):
    """Nothing is kept from when it was opened."""
    apply(application())
    project = open_project("CHEST-1", Action.READ_REPORTS, person="ann", settings=settings)
    (settings.paths.registry / "CHEST-1" / "irb.yaml").unlink()

    with pytest.raises(ProjectAccessDenied, match="none of that id"):
        project.require(Action.READ_REPORTS)
    with pytest.raises(ProjectAccessDenied, match="ask the administrators"):
        _ = project.application


def test_what_is_offered_is_what_is_allowed(apply, registry):
    """Project by project; one in which they may do nothing isn't named, a damaged one closes no other."""
    apply(application())
    apply(application(id="HEAD-1", roster=on_roster(ann="leadership", bob="scientist")))
    apply(application(id="LUNG-1"))
    (registry.folder / "LUNG-1" / "irb.yaml").write_text("damaged")

    offered = {
        person: {found.id: actions for found, actions in projects_of(person, registry.applications(), calendar_day())}
        for person in ("ann", "bob", "eve")
    }

    assert offered["ann"] == {"CHEST-1": allowed_actions(application(), "ann", calendar_day())}
    assert offered["bob"].keys() == {"HEAD-1"}
    assert {Action.OPEN_LAB, Action.READ_REPORTS} <= offered["bob"]["HEAD-1"]
    assert Action.READ_IMAGES not in offered["bob"]["HEAD-1"]
    assert offered["eve"] == {}


def test_what_is_offered_on_another_day(apply, registry):
    """By the day that is asked about."""
    apply(application(approved="2024-01-01", expires="2024-12-31", roster=on_roster("2023-12-01", ann="fellow")))

    days = [date(2023, 12, 31), date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1)]

    assert [bool(projects_of("ann", registry.applications(), day)) for day in days] == [False, True, True, False]


def test_nobody_opens_anything_unlogged(apply, settings):
    """Where the audit log can't be written the door stays shut, for who may come in and who may not."""
    apply(application())
    (settings.paths.audit / "CHEST-1.jsonl").unlink()
    (settings.paths.audit / "CHEST-1.jsonl").mkdir()

    for action in (Action.READ_REPORTS, Action.OPEN_LAB):
        with pytest.raises(CcdsError, match="expected to write the audit log"):
            open_project("CHEST-1", action, person="ann", settings=settings)


@pytest.fixture
def config(monkeypatch, tmp_path):
    """The site's settings in a file that the environment names, so that this process can be one of a session's."""
    monkeypatch.setenv("CCDS_CONFIG", str(write_settings(tmp_path)))


@pytest.mark.usefixtures("config")
def test_a_person_is_who_the_hub_started_the_session_for(monkeypatch, settings):
    """Outside a session it is the Unix user, whatever the environment calls them."""
    act_as(monkeypatch, "fay")
    in_session = current_person(settings)
    monkeypatch.delenv("CCDS_AUDIT_TOKEN")
    monkeypatch.setenv("LOGNAME", "ann")
    outside = current_person(settings)

    assert (in_session, outside) == ("fay", pwd.getpwuid(os.getuid()).pw_name)


@pytest.mark.usefixtures("config")
def test_another_name_in_the_environment_opens_nothing(apply, entries, monkeypatch, settings):
    """Whoever sets JUPYTERHUB_USER in their own session is refused, and the log says who they really are."""
    apply(application())
    act_as(monkeypatch, "eve", "CHEST-1")
    monkeypatch.setenv("JUPYTERHUB_USER", "ann")

    with pytest.raises(CcdsError, match="expected JUPYTERHUB_USER to name eve"):
        open_project("CHEST-1", Action.READ_REPORTS, settings=settings)

    assert [(person, event) for person, event, _ in entries("CHEST-1")][1:] == [("eve", "AccessDenied")]


@pytest.mark.usefixtures("config")
def test_a_forged_token_opens_nothing(apply, entries, monkeypatch, settings):
    """One that says another name than it was made for is no token; nobody knows then who it is."""
    apply(application())
    settings.paths.state.mkdir(exist_ok=True)
    token = AuditToken("ann", "CHEST-1", "chest-1-lab", datetime(2999, 1, 1, tzinfo=UTC))
    monkeypatch.setenv("CCDS_AUDIT_TOKEN", issue(b"another secret", token))

    with pytest.raises(CcdsError, match="expected a token of a session of this site"):
        open_project("CHEST-1", Action.READ_REPORTS, settings=settings)

    assert [event for _, event, _ in entries()] == ["AccessDenied"]


@pytest.mark.usefixtures("config")
def test_a_session_opens_its_own_project_only(apply, entries, monkeypatch, settings):
    """Also where its person is on the other one's roster; the log of the session's project says so."""
    apply(application())
    apply(application(id="HEAD-1"))
    act_as(monkeypatch, "ann", "CHEST-1")

    open_project("CHEST-1", Action.READ_REPORTS, settings=settings)
    with pytest.raises(ProjectAccessDenied, match="expected this session's own project; found another one"):
        open_project("HEAD-1", Action.READ_REPORTS, settings=settings)

    assert [event for _, event, _ in entries("CHEST-1")][1:] == ["ProjectOpened", "AccessDenied"]
    assert [event for _, event, _ in entries("HEAD-1")] == ["ApplicationApplied"]


@pytest.mark.usefixtures("config")
def test_an_empty_name_is_not_taken_for_whoever_runs_this(apply, monkeypatch, settings):
    """A caller that lost the name of its person lets nobody in."""
    apply(application())
    act_as(monkeypatch, "ann", "CHEST-1")

    opened = open_project("CHEST-1", Action.READ_REPORTS, settings=settings)
    with pytest.raises(ProjectAccessDenied):
        open_project("CHEST-1", Action.READ_REPORTS, person="", settings=settings)

    assert opened.person == "ann"


def test_the_day_is_the_hospital_s():
    """Applications expire by the calendar of the place where they were approved."""
    before, today, after = dt.datetime.now().date(), calendar_day(), dt.datetime.now().date()  # noqa: DTZ005 - the local one

    assert before <= today <= after
