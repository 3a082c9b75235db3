"""A cohort as a project keeps it: a name and its criteria; and a snapshot of it, whose members don't change any more.

A cohort's members are those reports that meet its criteria *now*: reports that are loaded later join it. Whoever needs them to
stay the same takes a snapshot. Its digest is the SHA-256 over the cohort's name, its criteria and its members' study keys, so
that a snapshot that was changed afterwards is found out, and the same members taken twice are one snapshot.

Neither ever changes: what was labelled on a cohort goes on meaning what it meant.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError

LONGEST_NAME = 40

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Cohort:
    """A cohort that is kept; `created_at` is in UTC."""

    id: int
    name: str
    criteria: Criteria
    created_by: str
    created_at: datetime

    def digest(self, study_keys: Iterable[str]) -> str:
        """The digest of a snapshot with these members, in any order: SHA-256 in hexadecimal."""
        criteria = self.criteria
        found = hashlib.sha256(
            json.dumps([self.name, criteria.codes, f"{criteria.first}", f"{criteria.last}"]).encode()
        )
        for key in sorted(study_keys):
            found.update(f"\n{key}".encode())
        return found.hexdigest()


@dataclass(frozen=True)
class CohortSnapshot:
    """The members of `cohort` at one time; `taken_at` is in UTC."""

    id: int
    cohort: Cohort
    digest: str
    members: int
    taken_by: str
    taken_at: datetime

    @property
    def name(self) -> str:
        """What people call it: the begin of its digest."""
        return self.digest[:12]

    def require_members(self, study_keys: Iterable[str]) -> None:
        """Makes sure that `study_keys`, which were found for it, are its members.

        Raises:
            CcdsError: they are others.
        """
        if self.cohort.digest(study_keys) != self.digest:
            raise CcdsError(
                expected=f"the {self.members} reports of snapshot {self.name} of cohort {self.cohort.name}",
                found="others: a report or the snapshot was changed since",
                do="restore the database from the backup, or take a new snapshot",
            )


def check_name(name: str) -> None:
    """Makes sure that a cohort can be called `name`.

    Raises:
        CcdsError: it can't.
    """
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise CcdsError(
            expected=f"a name of at most {LONGEST_NAME} small letters and digits, single hyphens between them",
            found=repr(name[: 2 * LONGEST_NAME]),
            do="call it, say, effusion-2020",
        )
