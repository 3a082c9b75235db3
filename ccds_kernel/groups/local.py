"""Groups of this machine: /etc/group and /etc/gshadow, all changes in one rewrite.

Calling groupadd and groupmod for each group was decided against: each call rewrites both files, so that 2,500 groups cost
2,500 rewrites, and a kill in between leaves some of them done. Here one rename is the moment of change.
"""

from __future__ import annotations

import grp
import pwd
from collections.abc import Callable, Iterable
from pathlib import Path

from ccds_kernel.groups.directory import (
    COUNTER,
    PREFIXES,
    Changes,
    DirectoryUnavailableError,
    check_changes,
    check_people,
)
from ccds_kernel.groups.etc import PATIENCE_S, locked, read_lines, replace_lines
from ccds_kernel.groups.gids import GidRange
from ccds_kernel.groups.group_file import group_line, members, numbers, rewritten, shadow_line


def on_this_machine(person: str) -> bool:
    """Whether `person` is a user here, from whichever source /etc/nsswitch.conf names."""
    try:
        pwd.getpwnam(person)
    except KeyError:
        return False
    return True


class LocalGroups:
    """The groups of one machine. Changing them needs root; reading them needs no right.

    Args:
        gids: numbers for new groups.
        etc: where the files lie.
        exists: whether somebody is a user here.
        patience_s: how long the lock that all writers of /etc take is waited for.
    """

    keeps = True

    def __init__(
        self,
        gids: GidRange,
        *,
        etc: Path = Path("/etc"),
        exists: Callable[[str], bool] = on_this_machine,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._gids = gids
        self._etc = etc
        self._exists = exists
        self._patience_s = patience_s

    def groups(self, prefix: str) -> dict[str, frozenset[str]]:
        """As the port says. Whoever only /etc/gshadow names counts as well: newgrp(1) lets them in."""
        found = members(self._lines(), prefix)
        shadow = members(self._shadow_lines() or (), prefix)
        return {
            name: people | shadow.get(name, frozenset()) for name, people in found.items() if name != COUNTER
        }  # fmt: skip

    def knows(self, people: Iterable[str]) -> frozenset[str]:
        """As the port says."""
        return frozenset(filter(self._exists, people))

    def apply(self, changes: Changes) -> None:
        """As the port says: all of it or nothing. Mends what /etc/gshadow says otherwise than /etc/group of our groups.

        /etc/group comes first: `groups` tells of everybody whom either file names, so that whoever a kill in between left in
        /etc/gshadow is seen; whom it left out of there misses nothing.
        """
        check_changes(changes)
        check_people(changes, self)
        with locked(self._etc, self._patience_s):
            before = self._lines()
            after = self._after(before, changes)
            if after != before:
                replace_lines(self._etc / "group", after)
            shadow_before = self._shadow_lines()
            if shadow_before is not None and (shadow := _shadow_after(shadow_before, after)) != shadow_before:
                replace_lines(self._etc / "gshadow", shadow)

    def _after(self, before: list[str], changes: Changes) -> list[str]:
        """The lines of /etc/group with these changes."""
        known = numbers(before)
        new = [name for name, people in changes.items() if people is not None and name not in known]
        wanted = {
            name: None if people is None else group_line(name, known[name], people)
            for name, people in changes.items()
            if name not in new
        }
        if new:
            counter = known.pop(COUNTER, None)
            used = {*known.values(), *(group.gr_gid for group in grp.getgrall() if group.gr_name != COUNTER)}
            used |= {person.pw_gid for person in pwd.getpwall()}
            taken, after = self._gids.take(len(new), counter=counter, used=used)
            wanted[COUNTER] = group_line(COUNTER, after, ())
            wanted |= {name: group_line(name, gid, changes[name] or ()) for name, gid in zip(new, taken, strict=True)}
        return rewritten(before, wanted)

    def _lines(self) -> list[str]:
        try:
            return read_lines(self._etc / "group")
        except (FileNotFoundError, PermissionError) as error:
            raise DirectoryUnavailableError(
                expected=f"to read {self._etc / 'group'}", found=error.strerror or "an error", do="mend that file"
            ) from None

    def _shadow_lines(self) -> list[str] | None:
        """The lines of /etc/gshadow; None where a machine has none, or for whoever isn't root."""
        try:
            return read_lines(self._etc / "gshadow")
        except (FileNotFoundError, PermissionError):
            return None


def _shadow_after(before: list[str], groups: list[str]) -> list[str]:
    """The lines of /etc/gshadow that say of our groups what /etc/group says."""
    wanted: dict[str, str | None] = {}
    for prefix in PREFIXES:
        wanted |= dict.fromkeys(members(before, prefix))
        wanted |= {name: shadow_line(name, people) for name, people in members(groups, prefix).items()}
    return rewritten(before, wanted)
