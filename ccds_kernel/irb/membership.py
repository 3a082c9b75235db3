"""From applications to the Unix groups of their projects: who is in which one on a day. Pure.

Each project has five groups: `irb-<id>` may enter its directory; `irb-<id>-images` and `irb-<id>-images-w` read and write images;
`irb-<id>-rows` opens the database in which reports lie, and `irb-<id>-reports` also uses the files that are made of them. A
project's groups are there from its first application on, and empty when nobody may do anything any more: files keep the numbers
of groups, so that a group that goes away and comes back would be another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.roles import Access, DataKind
from ccds_kernel.irb.rules import TRAINING_YEARS, allowed_actions, rights_in

LEADERSHIP_GROUP = "ccds-leadership"
"""The site's one group: it reads what is published."""


@dataclass(frozen=True)
class ProjectGroups:
    """The names of a project's groups."""

    project_id: str

    @property
    def members(self) -> str:
        """Everybody who may do anything in the project: they may enter its directory."""
        return f"irb-{self.project_id.lower()}"

    @property
    def image_readers(self) -> str:
        """Who reads images, and everything made of them."""
        return f"{self.members}-images"

    @property
    def image_writers(self) -> str:
        """Who writes them; always in `image_readers` as well."""
        return f"{self.members}-images-w"

    @property
    def row_users(self) -> str:
        """Who may open the database in which reports lie."""
        return f"{self.members}-rows"

    @property
    def report_users(self) -> str:
        """Who also reads reports as they like, and uses what is made of them; always in `row_users` as well."""
        return f"{self.members}-reports"

    @property
    def all(self) -> tuple[str, ...]:
        """All of them."""
        return self.members, self.image_readers, self.image_writers, self.row_users, self.report_users


def memberships(
    application: IrbApplication, today: date, training_years: int = TRAINING_YEARS
) -> dict[str, frozenset[str]]:
    """Group → who is in it on day `today`: all groups of the project, also those that are empty."""
    groups = ProjectGroups(application.id)
    people: dict[str, set[str]] = {name: set() for name in groups.all}
    for person in (entry.person for entry in application.roster):
        if not allowed_actions(application, person, today, training_years):
            continue
        people[groups.members].add(person)
        rights = rights_in(application, person, today, training_years)
        images = rights.get(DataKind.IMAGES)
        if images:
            people[groups.image_readers].add(person)
        if images is Access.WRITE:
            people[groups.image_writers].add(person)
        reports = rights.get(DataKind.REPORTS)
        if reports:
            people[groups.row_users].add(person)
        if reports and reports >= Access.READ:
            people[groups.report_users].add(person)
    return {name: frozenset(members) for name, members in people.items()}


def nobody(project_id: str) -> dict[str, frozenset[str]]:
    """The project's groups without anybody: what a damaged or removed application gives."""
    return dict.fromkeys(ProjectGroups(project_id).all, frozenset())
