"""The door to a project: who is let in, who isn't, what they are told, and what is logged."""

import datetime as dt
from datetime import date

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import (
    ProjectAccessDenied,
    allowed_actions,
    apply_application,
    calendar_day,
    current_person,
    open_project,
    projects_of,
    require_administrator,
    why_not,
)
from ccds_kernel.irb.roles import Action, Role
from support.site import ADMINISTRATOR, application, on_roster

DAY = date(2024, 7, 1)

TABLE = """
                          scientist engineer fellow labeler champion radiologist leadership administrator
open a lab session        yes       yes      no     no      no       no          no         no
open the labelling app    no        no       yes    no      no       no          no         no
read reports              yes       yes      yes    no      no       no          no         no
load reports              no        yes      yes    no      no       no          no         no
read the phrase list      yes       yes      yes    no      no       no          no         no
edit the phrase list      no        no       yes    no      no       no          no         no
"""


def rights() -> list[tuple[str, str, bool]]:
    """The table as rows of action, role, whether it is allowed."""
    header, *lines = TABLE.strip("\n").splitlines()
    roles = header.split()
    return [
        (line[:26].strip(), role, answer == "yes")
        for line in lines
        for role, answer in zip(roles, line[26:].split(), strict=True)
    ]


@pytest.fixture
def apply(settings):
    """Applies applications as the site's administrator."""
    return lambda found: apply_application(found, person=ADMINISTRATOR, settings=settings)


@pytest.fixture
def entries(audit):
    """What a chain says, as (person, event, detail)."""
    return lambda project="": [(entry["person"], entry["event"], entry["detail"]) for entry in audit.entries(project)]


@pytest.mark.parametrize(("action", "role", "allowed"), rights())
def test_what_each_role_may_do(action, role, allowed):
    """One table: every action × every role."""
    found = application(roster=on_roster(ann=role))

    refusal = why_not(found, "ann", Action(action), DAY)

    assert (refusal is None) is allowed
    if refusal:
        assert str(refusal) == (
            f"expected a role that may {action}; found ann as {role}; ask the principal investigator, Dr. Reed"
        )


def test_the_table_has_every_action_and_role():
    """A new one has to be decided about here."""
    actions, roles, _ = zip(*rights(), strict=True)

    assert set(actions) == set(Action)
    assert set(roles) == set(Role)
    assert len(rights()) == len(Action) * len(Role)


@pytest.mark.parametrize(
    ("changed", "expected", "found"),
    [
        ({"roster": on_roster(bob="fellow")}, "ann on the roster of CHEST-1", "somebody else's names"),
        ({"roster": []}, "ann on the roster of CHEST-1", "somebody else's names"),
        ({"withdrawn": "2024-07-01"}, "an application in force", "withdrawn on 2024-07-01"),
        ({"expires": "2024-06-30"}, "an application in force", "expired on 2024-06-30"),
        ({"approved": "2024-07-02"}, "an application in force", "approved from 2024-07-02"),
        (
            {"roster": on_roster(ann="leadership") + on_roster(ann="labeler")},
            "a role that may read reports",
            "ann as leadership, labeler",
        ),
        ({"data": ["images"]}, "an application that covers reports", "images"),
        (
            {"roster": [{"person": "ann", "role": "fellow", "trained": "2024-07-02"}]},
            "ann to be trained",
            "training on 2024-07-02",
        ),
        (
            {
                "roster": [
                    {"person": "ann", "role": "fellow", "trained": "2024-07-02"},
                    {"person": "ann", "role": "labeler", "trained": "2020-01-01"},
                ]
            },
            "ann to be trained",
            "training on 2024-07-02",
        ),
    ],
)
def test_each_reason_is_told_with_whom_to_ask(changed, expected, found):
    """One thing stands against it each time; the line names it and the principal investigator."""
    refusal = why_not(application(**changed), "ann", Action.READ_REPORTS, DAY)

    assert str(refusal) == f"expected {expected}; found {found}; ask the principal investigator, Dr. Reed"


@pytest.mark.parametrize(
    "changed",
    [
        {"withdrawn": "2024-07-02"},
        {"expires": "2024-07-01"},
        {"approved": "2024-07-01"},
        {"roster": [{"person": "ann", "role": "fellow", "trained": "2024-07-01"}]},
        {"data": ["images", "reports"]},
        {"roster": on_roster(ann="labeler") + on_roster(ann="fellow")},
    ],
)
def test_the_last_day_on_which_nothing_stands_against_it(changed):
    """Each limit, just kept."""
    assert why_not(application(**changed), "ann", Action.READ_REPORTS, DAY) is None


def test_what_needs_no_reports_is_open_without_them():
    """A data kind that the application doesn't cover closes what needs it and nothing else."""
    found = application(data=["images"], roster=on_roster(ann="engineer"))

    assert allowed_actions(found, "ann", DAY) == {Action.OPEN_LAB, Action.READ_PHRASES}


@pytest.mark.parametrize("person", ["", "Ann", "ann ", "an", "anna", "root"])
def test_nobody_is_let_in_by_a_similar_name(person):
    """A name is the whole name."""
    assert allowed_actions(application(roster=on_roster(ann="fellow")), person, DAY) == frozenset()


def test_who_is_let_in_gets_the_project(apply, entries, settings):
    """Their name, the folder, the application in force; the log says what for and by which role."""
    apply(application())

    project = open_project("CHEST-1", Action.READ_REPORTS, person="ann", settings=settings)

    assert (project.id, project.person) == ("CHEST-1", "ann")
    assert project.folder == settings.paths.projects / "CHEST-1"
    assert project.application == application()
    assert entries("CHEST-1")[1:] == [("ann", "ProjectOpened", {"action": "read reports", "roles": ["fellow"]})]


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
    assert projects_of("ann", project.registry) == {}


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

    offered = {person: projects_of(person, registry) for person in ("ann", "bob", "eve")}

    assert offered["ann"] == {"CHEST-1": allowed_actions(application(), "ann", DAY)}
    assert offered["bob"] == {"HEAD-1": {Action.OPEN_LAB, Action.READ_REPORTS, Action.READ_PHRASES}}
    assert offered["eve"] == {}


def test_what_is_offered_on_another_day(apply, registry):
    """By the day that is asked about."""
    apply(application(approved="2024-01-01", expires="2024-12-31"))

    days = [date(2023, 12, 31), date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1)]

    assert [bool(projects_of("ann", registry, today=day)) for day in days] == [False, True, True, False]


def test_nobody_opens_anything_unlogged(apply, settings):
    """Where the audit log can't be written the door stays shut, for who may come in and who may not."""
    apply(application())
    (settings.paths.audit / "CHEST-1.jsonl").unlink()
    (settings.paths.audit / "CHEST-1.jsonl").mkdir()

    for action in (Action.READ_REPORTS, Action.OPEN_LAB):
        with pytest.raises(CcdsError, match="expected to write the audit log"):
            open_project("CHEST-1", action, person="ann", settings=settings)


def test_nobody_amends_anything_unlogged(apply, registry, settings):
    """An application that can't be logged doesn't come into force, and makes no directory."""
    settings.paths.audit.write_text("a file in the folder's place")

    with pytest.raises(CcdsError, match="nothing is done that can't be logged"):
        apply(application())

    assert registry.ids() == ()
    assert not settings.paths.projects.exists()


def test_applying_makes_the_directory_and_logs_the_content(apply, entries, settings):
    """Others than owner and group have no business in it; the log names the content by its digest."""
    changed = apply(application())

    folder = settings.paths.projects / "CHEST-1"
    assert changed
    assert (folder / "work").is_dir()
    assert folder.stat().st_mode & 0o007 == 0
    assert entries("CHEST-1") == [(ADMINISTRATOR, "ApplicationApplied", {"digest": application().digest()})]


def test_applying_again_changes_and_logs_nothing(apply, entries):
    """The same file twice is one event."""
    apply(application())

    changed = apply(application())

    assert not changed
    assert len(entries("CHEST-1")) == 1


def test_applying_again_finishes_what_was_cut_short(apply, settings):
    """A directory that couldn't be made the first time is made the second time."""
    settings.paths.projects.write_text("a file in the folder's place")
    with pytest.raises(CcdsError, match=r"expected to make .*CHEST-1; found .*; run this as the service account"):
        apply(application())
    settings.paths.projects.unlink()

    changed = apply(application())

    assert not changed
    assert (settings.paths.projects / "CHEST-1" / "work").is_dir()


def test_only_administrators_apply(entries, registry, settings):
    """Whoever else tries is told whom to ask, and logged; nothing changes."""
    with pytest.raises(ProjectAccessDenied) as raised:
        apply_application(application(), person="ann", settings=settings)

    assert str(raised.value) == (
        "expected an administrator of this site; found ann; ask one of [hub] administrators in ccds.toml"
    )
    assert registry.ids() == ()
    assert [(person, event, detail["action"]) for person, event, detail in entries()] == [
        ("ann", "AccessDenied", "apply an IRB application")
    ]


def test_administering_the_site_opens_no_project(apply, settings):
    """An administrator who is on no roster has no right inside a project."""
    apply(application())

    require_administrator("anything", person=ADMINISTRATOR, settings=settings)

    with pytest.raises(ProjectAccessDenied, match=f"expected {ADMINISTRATOR} on the roster of CHEST-1"):
        open_project("CHEST-1", Action.READ_REPORTS, person=ADMINISTRATOR, settings=settings)


def test_a_person_is_who_the_hub_started_the_session_for(monkeypatch):
    """Outside a session it is whoever logged in."""
    monkeypatch.setenv("JUPYTERHUB_USER", "fay")
    in_session = current_person()
    monkeypatch.delenv("JUPYTERHUB_USER")
    monkeypatch.setenv("LOGNAME", "unix")
    outside = current_person()

    assert (in_session, outside) == ("fay", "unix")


def test_an_empty_name_is_not_taken_for_whoever_runs_this(apply, monkeypatch, settings):
    """A caller that lost the name of its person lets nobody in."""
    apply(application())
    monkeypatch.setenv("JUPYTERHUB_USER", "ann")

    opened = open_project("CHEST-1", Action.READ_REPORTS, settings=settings)
    with pytest.raises(ProjectAccessDenied):
        open_project("CHEST-1", Action.READ_REPORTS, person="", settings=settings)

    assert opened.person == "ann"


def test_the_day_is_the_hospital_s():
    """Applications expire by the calendar of the place where they were approved."""
    before, today, after = dt.datetime.now().date(), calendar_day(), dt.datetime.now().date()  # noqa: DTZ005 - the local one

    assert before <= today <= after
