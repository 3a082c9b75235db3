"""Who may do what, once more and by hand: what the tests of permissions hold every layer against.

Each role has one person here, and each person comes in five standings. A layer (file system, database, hub, kernel, app …) tells
apart some things; whether one may be done follows from the table below, never from the code that is tried.

Importing `ccds_kernel.irb.roles` was decided against: a table that is compared with itself is always right.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Protocol

from ccds_kernel.irb.application import IrbApplication
from support.site import application, on_roster

TABLE = """
                               | scientist | engineer | fellow | labeler | champion | radiologist | leadership | administrator
open a lab session             | yes       | yes      | no     | no      | no       | no          | no         | no
open the labelling app         | no        | no       | yes    | yes     | no       | no          | no         | no
confirm studies                | no        | no       | yes    | yes     | no       | no          | no         | no
curate labels                  | no        | no       | yes    | no      | no       | no          | no         | no
read reports                   | yes       | yes      | yes    | no      | no       | no          | no         | no
load reports                   | no        | yes      | yes    | no      | no       | no          | no         | no
read the phrase list           | yes       | yes      | yes    | no      | no       | no          | no         | no
edit the phrase list           | no        | no       | yes    | no      | no       | no          | no         | no
read images                    | yes       | yes      | yes    | no      | no       | no          | no         | no
write images                   | yes       | yes      | no     | no      | no       | no          | no         | no
train a model                  | yes       | yes      | no     | no      | no       | no          | no         | no
submit results to the airlock  | yes       | yes      | yes    | no      | no       | no          | no         | no
review results in the airlock  | yes       | yes      | no     | no      | yes      | no          | no         | no
"""


def parsed(table: str) -> dict[tuple[str, str], bool]:
    """(role, action) → whether the role may do it."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip("\n").splitlines()]
    words = {"yes": True, "no": False}
    return {(role, action): words[word] for action, *said in rows for role, word in zip(head[1:], said, strict=True)}


MAY = parsed(TABLE)
ROLES = tuple(dict.fromkeys(role for role, _ in MAY))
ACTIONS = tuple(dict.fromkeys(action for _, action in MAY))

ON_ROSTER, NOT_ON_ROSTER = "on roster", "not on roster"
STANDINGS = (ON_ROSTER, "expired", "withdrawn", "training lapsed", NOT_ON_ROSTER)
"""The first one comes first where there is something to be made that the others are to be kept from."""

COLLEAGUE = "kai"
"""An engineer who is on the roster in every standing of the others."""

Cell = tuple[str, str]
"""A role, and one of the things that a layer tells apart."""
Rule = Callable[[str, str], bool]
"""From role and standing to whether a thing may be done."""


def name_of(role: str) -> str:
    """The person of that role."""
    return role[:3]


def any_of(*actions: str) -> Rule:
    """What is open to whoever may do one of `actions`."""
    unknown = set(actions) - set(ACTIONS)
    assert not unknown, unknown
    return lambda role, standing: standing == ON_ROSTER and any(MAY[role, action] for action in actions)


def all_of(*actions: str) -> Rule:
    """What is open to whoever may do all of `actions`."""
    each = [any_of(action) for action in actions]
    return lambda role, standing: all(rule(role, standing) for rule in each)


ANYTHING = any_of(*ACTIONS)
"""What is open to whoever may do anything at all in the project."""
REPORTS = any_of("read reports", "load reports", "read the phrase list", "edit the phrase list", "curate labels")
"""What is open to whoever has to do with reports, phrases and labels as they like."""
ROWS = any_of(
    "open the labelling app", "confirm studies", "curate labels", "read reports", "load reports", "read the phrase list",
    "edit the phrase list",
)  # fmt: skip
"""What is open to whoever has to do with them at all: labelers read what the database hands them, and no file."""


def never(_role: str, _standing: str) -> bool:
    """What is open to nobody."""
    return False


def while_listed(_role: str, standing: str) -> bool:
    """What is open to whoever a roster names, whatever else stands against them."""
    return standing != NOT_ON_ROSTER


class Layer(Protocol):
    """One layer of a site, to be tried: `things` it tells apart, each with the rule for it."""

    @property
    def things(self) -> Mapping[str, Rule]:
        """What it tells apart."""

    def observe(self, standing: str, roles: Iterable[str]) -> dict[Cell, bool]:
        """Brings everybody into `standing`, tries every thing as the people of `roles`, and says what worked."""


def expected(layer: Layer, standing: str, roles: Iterable[str]) -> dict[Cell, bool]:
    """What `observe` has to say."""
    return {(role, thing): rule(role, standing) for role in roles for thing, rule in layer.things.items()}


def all_as(project_id: str, role: str) -> IrbApplication:
    """The project's application with everybody in that one role: what they open then is what they come back to."""
    roster = on_roster(**dict.fromkeys(map(name_of, ROLES), role), **{COLLEAGUE: "engineer"})
    return application(id=project_id, data=["images", "reports"], egress="airlock", roster=roster)


def in_standing(project_id: str, standing: str, names: Mapping[str, str] | None = None) -> IrbApplication:
    """The project's application with everybody in that standing; it covers everything, and lets results out.

    Args:
        project_id: its id.
        standing: one of `STANDINGS`.
        names: short name → how somebody is called at this site; the short names, where it isn't given.
    """
    called = {name: (names or {}).get(name, name) for name in (COLLEAGUE, *map(name_of, ROLES))}
    today = date.today()  # noqa: DTZ011 - the hospital's calendar
    people = {called[name_of(role)]: role for role in ROLES}
    others = on_roster(**people)
    changed: dict[str, Any] = {}
    match standing:
        case "expired":
            changed = {"expires": f"{today - timedelta(days=1)}"}
        case "withdrawn":
            changed = {"withdrawn": f"{today}"}
        case "training lapsed":
            others = on_roster("2001-01-01", **people)
        case "not on roster":
            others = []
    roster = [*on_roster(**{called[COLLEAGUE]: "engineer"}), *others]
    return application(id=project_id, data=["images", "reports"], egress="airlock", roster=roster, **changed)
