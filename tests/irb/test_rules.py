"""What roles, dates, data kinds and training allow: the rules, without a site."""

from datetime import date

import pytest

from ccds_kernel.irb.project import allowed_actions, why_not
from ccds_kernel.irb.roles import Action, Role
from support.site import application, on_roster

DAY = date(2024, 7, 1)

TABLE = """
                          scientist engineer fellow labeler champion radiologist leadership administrator
open a lab session        yes       yes      no     no      no       no          no         no
open the labelling app    no        no       yes    no      no       no          no         no
read reports              yes       yes      yes    no      no       no          no         no
load reports              no        yes      yes    no      no       no          no         no
read the phrase list      yes       yes      yes    no      no       no          no         no
edit the phrase list      no        no       yes    no      no       no          no         no
read images               yes       yes      no     no      no       no          no         no
train a model             yes       yes      no     no      no       no          no         no
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

    assert allowed_actions(found, "ann", DAY) == {
        Action.OPEN_LAB,
        Action.READ_PHRASES,
        Action.READ_IMAGES,
        Action.TRAIN,
    }


@pytest.mark.parametrize("person", ["", "Ann", "ann ", "an", "anna", "root"])
def test_nobody_is_let_in_by_a_similar_name(person):
    """A name is the whole name."""
    assert allowed_actions(application(roster=on_roster(ann="fellow")), person, DAY) == frozenset()
