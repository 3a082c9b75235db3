"""What roles, dates, data kinds and training allow: the rules, without a site."""

from datetime import date, timedelta

import pytest

from ccds_kernel.irb.roles import Access, Action, Role
from ccds_kernel.irb.rules import allowed_actions, rights_in, why_not
from support.site import application as any_application
from support.site import on_roster as any_roster

DAY = date(2024, 7, 1)


def application(**changed):
    """An application with its people trained shortly before that day."""
    return any_application(**{"roster": on_roster(ann="fellow")} | changed)


def on_roster(trained="2024-01-01", **roles):
    """A roster of person=role, trained before that day."""
    return any_roster(trained, **roles)


TABLE = """
                                scientist engineer fellow labeler champion radiologist leadership administrator
open a lab session              yes       yes      no     no      no       no          no         no
open the labelling app          no        no       yes    yes     no       no          no         no
confirm studies                 no        no       yes    yes     no       no          no         no
curate labels                   no        no       yes    no      no       no          no         no
read reports                    yes       yes      yes    no      no       no          no         no
load reports                    no        yes      yes    no      no       no          no         no
read the phrase list            yes       yes      yes    no      no       no          no         no
edit the phrase list            no        no       yes    no      no       no          no         no
read images                     yes       yes      yes    no      no       no          no         no
write images                    yes       yes      no     no      no       no          no         no
train a model                   yes       yes      no     no      no       no          no         no
submit results to the airlock   yes       yes      yes    no      no       no          no         no
review results in the airlock   yes       yes      no     no      yes      no          no         no
"""


def rights() -> list[tuple[str, str, bool]]:
    """The table as rows of action, role, whether it is allowed."""
    header, *lines = TABLE.strip("\n").splitlines()
    roles = header.split()
    return [
        (line[:32].strip(), role, answer == "yes")
        for line in lines
        for role, answer in zip(roles, line[32:].split(), strict=True)
    ]


@pytest.mark.parametrize(("action", "role", "allowed"), rights())
def test_what_each_role_may_do(action, role, allowed):
    """One table: every action × every role."""
    found = application(roster=on_roster(ann=role), data=["reports", "images"])

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
        ({"roster": on_roster(ann="leadership")}, "a role that may read reports", "ann as leadership"),
        ({"data": ["images"]}, "an application that covers reports", "images"),
        ({"roster": on_roster("2024-07-02", ann="fellow")}, "ann to be trained", "training on 2024-07-02"),
        (
            {"roster": on_roster("2021-07-01", ann="fellow")},
            "ann to be trained within 3 years",
            "training on 2021-07-01, which has lapsed",
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
        {"roster": on_roster("2024-07-01", ann="fellow")},
        {"roster": on_roster("2021-07-02", ann="fellow")},
        {"data": ["images", "reports"]},
    ],
)
def test_the_last_day_on_which_nothing_stands_against_it(changed):
    """Each limit, just kept."""
    assert why_not(application(**changed), "ann", Action.READ_REPORTS, DAY) is None


def test_what_needs_no_reports_is_open_without_them():
    """A data kind that the application doesn't cover closes what needs it and nothing else."""
    found = application(data=["images"], roster=on_roster(ann="engineer"))

    assert allowed_actions(found, "ann", DAY) == {
        Action.OPEN_LAB,
        Action.READ_IMAGES,
        Action.WRITE_IMAGES,
        Action.TRAIN,
        Action.SUBMIT_RESULTS,
        Action.REVIEW_RESULTS,
    }


@pytest.mark.parametrize("person", ["", "Ann", "ann ", "an", "anna", "root"])
def test_nobody_is_let_in_by_a_similar_name(person):
    """A name is the whole name."""
    assert allowed_actions(application(roster=on_roster(ann="fellow")), person, DAY) == frozenset()


@pytest.mark.parametrize(
    ("role", "data", "rights"),
    [
        ("scientist", ["images", "reports"], {"images": Access.WRITE, "reports": Access.READ}),
        ("engineer", ["images", "reports"], {"images": Access.WRITE, "reports": Access.WRITE}),
        ("fellow", ["images", "reports"], {"images": Access.READ, "reports": Access.WRITE}),
        ("scientist", ["reports"], {"reports": Access.READ}),
        ("fellow", ["images"], {"images": Access.READ}),
        ("labeler", ["images", "reports"], {"reports": Access.ROWS}),
        ("labeler", ["images"], {}),
        *((role, ["images", "reports"], {}) for role in ("champion", "radiologist", "leadership", "administrator")),
    ],
)  # fmt: skip
def test_the_rights_on_data_follow_from_the_actions(role, data, rights):
    """What the operating system and the database grant: no more than the role's actions need."""
    found = application(roster=on_roster(ann=role), data=data)

    assert rights_in(found, "ann", DAY) == rights


@pytest.mark.parametrize(
    "changed",
    [
        {"roster": on_roster(bob="engineer")},
        {"expires": "2024-06-30"},
        {"withdrawn": "2024-07-01"},
        {"roster": on_roster("2021-07-01", ann="engineer")},
    ],
)
def test_who_is_shut_out_has_no_right_on_data(changed):
    """Not on the roster, expired, withdrawn, training lapsed: nothing is left."""
    assert rights_in(application(**{"roster": on_roster(ann="engineer")} | changed), "ann", DAY) == {}


@pytest.mark.parametrize(
    ("trained", "years", "lapses"),
    [("2021-07-01", 3, "2024-07-01"), ("2020-02-29", 3, "2023-03-01"), ("2020-02-29", 4, "2024-02-29")],
)
def test_when_training_lapses(trained, years, lapses):
    """On the same day so many years later it no longer counts; the day before it did."""
    (entry,) = application(roster=on_roster(trained, ann="fellow")).roster
    day = date.fromisoformat(lapses)

    assert not entry.is_trained(day, years)
    assert entry.is_trained(day - timedelta(days=1), years)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("data", [["images"], ["reports"], ["images", "reports"]])
@pytest.mark.parametrize("changed", [{}, {"expires": "2024-06-30"}])
def test_what_is_allowed_is_what_nothing_stands_against(role, data, changed):
    """The two ways to ask give one answer, for every role and action."""
    found = application(roster=on_roster(ann=role), data=data, **changed)

    assert allowed_actions(found, "ann", DAY) == {
        action for action in Action if why_not(found, "ann", action, DAY) is None
    }
