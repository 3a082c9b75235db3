"""Numbers for new groups.

A number is never given twice, also when its group is gone: files and ACLs keep it, and whoever got it next would have
them. So the numbers only go up, from the one that the group `COUNTER` has. Taking one that is free, as groupadd does, was
decided against for this.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import count, islice

from ccds_kernel.errors import CcdsError


@dataclass(frozen=True)
class GidRange:
    """The numbers that the site sets aside for our groups, both ends included."""

    first: int
    last: int

    def take(self, wanted: int, *, counter: int | None, used: AbstractSet[int]) -> tuple[list[int], int]:
        """`wanted` numbers that nobody has, in order, and where the counter stands then.

        Args:
            wanted: how many.
            counter: the counter's number now; None when there is no counter yet.
            used: every number that a group has, or a person as their primary group; the counter's own isn't among them.

        Raises:
            CcdsError: the range hasn't that many left.
        """
        free = (gid for gid in count(max(self.first, counter or 0)) if gid not in used)
        *taken, after = islice(free, wanted + 1)
        if after > self.last:
            raise CcdsError(
                expected=f"{wanted} unused group numbers up to {self.last}",
                found=f"the next unused number, {after if not taken else taken[0]}, too near to the end",
                do="raise gid_max under [groups] in ccds.toml",
            )
        return taken, after
