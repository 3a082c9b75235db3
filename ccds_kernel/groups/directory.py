"""The GroupDirectory port: what the workbench asks of the place where groups are kept, and nothing more.

There is one way to change groups, `apply`, which takes all changes at once: a site with 500 projects has 2,500 groups, and a
port that made them one by one would pay for each what the whole costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from ccds_kernel.errors import CcdsError

PREFIXES = ("irb-", "ccds-")
"""How the names of our groups begin. Groups of other names are somebody else's and are never changed."""

COUNTER = "ccds-next-gid"
"""The group, without members, whose number is the next that a new group gets. It lies in the directory itself, so that the
number of a removed group, which its files may still carry, is never given to another one, whoever makes it."""

Changes = Mapping[str, frozenset[str] | None]
"""Groups by name: exactly these members; None: no such group."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class DirectoryUnavailableError(CcdsError):
    """The directory doesn't answer, or not to us. Trying again is safe."""


class UnknownPeopleError(CcdsError):
    """Somebody is to be in a group whom the directory doesn't know. Nothing was changed."""


class GroupDirectory(Protocol):
    """One place where groups are kept.

    Concurrency: every method may be called from several threads and processes at once. Two changes to one group end as one
    of them whole. Each call blocks until it is done: never call one on an event loop's own thread.

    Ownership: only groups whose names begin with one of `PREFIXES` are changed; of these `COUNTER` is the directory's own.
    An object holds no state that matters. After a kill -9 in the middle of `apply` everybody is in each group as before or
    as they were to be; the same `apply` again completes it.

    Errors: `DirectoryUnavailableError` when it can't be read or written, see each method for the others.
    """

    @property
    def keeps(self) -> bool:
        """Whether anything is kept here. False: `groups` is always empty, `apply` does nothing, nothing is to be reconciled."""

    def groups(self, prefix: str) -> Mapping[str, frozenset[str]]:
        """Every group whose name begins with `prefix`, and who is in it; those whose primary group it is don't count.

        One pass over the directory, however many there are.

        Raises:
            DirectoryUnavailableError: rather than an answer that is too short.
        """

    def knows(self, people: Iterable[str]) -> frozenset[str]:
        """Those of `people` who exist."""

    def apply(self, changes: Changes) -> None:
        """Makes, changes and removes groups; returns when all of them are as `changes` says. What is so already isn't touched.

        A new group gets a number that no group had before.

        Raises:
            UnknownPeopleError: somebody doesn't exist; nothing was changed.
            CcdsError: a name that isn't ours to change, or no number left for a new group; nothing was changed.
            DirectoryUnavailableError: it can't be written; some groups may be changed where it failed half way.
        """


def check_changes(changes: Changes) -> None:
    """Makes sure that only groups of ours are to be changed.

    Raises:
        CcdsError: a name that no group of ours has.
    """
    for name in changes:
        if not name.startswith(PREFIXES) or name == COUNTER or _NAME.fullmatch(name) is None:
            raise CcdsError(
                expected=f"a group's name that begins with {' or '.join(PREFIXES)}: small letters, digits, hyphens, at most 32",
                found=name[:80],
                do="give the project a shorter or plainer id",
            )


def check_people(changes: Changes, directory: GroupDirectory) -> None:
    """Makes sure that everybody who is to be in a group exists.

    Raises:
        UnknownPeopleError: names those who don't.
        DirectoryUnavailableError: who exists can't be told.
    """
    people = frozenset[str]().union(*(members for members in changes.values() if members))
    unknown = sorted(people - directory.knows(people))
    if unknown:
        raise UnknownPeopleError(
            expected="people whom the directory of groups knows",
            found=f"nobody called {', '.join(unknown[:10])}{' …' if len(unknown) > 10 else ''}",  # noqa: PLR2004 - one line
            do="make their accounts, or take them off the roster",
        )
