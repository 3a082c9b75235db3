"""No directory: the demo and a laptop, where everything runs as one Unix user and only the application's own checks hold."""

from __future__ import annotations

from collections.abc import Iterable

from ccds_kernel.groups.directory import Changes, check_changes


class NoGroups:
    """Keeps no groups and knows everybody; says so by `keeps`, so that nobody takes it for a directory that is empty."""

    keeps = False

    def groups(self, prefix: str) -> dict[str, frozenset[str]]:  # noqa: ARG002 - the port's signature
        """None."""
        return {}

    def knows(self, people: Iterable[str]) -> frozenset[str]:
        """All of them: who may log in is the hub's business."""
        return frozenset(people)

    def apply(self, changes: Changes) -> None:
        """Does nothing, once it has made sure that a directory would take the names.

        Raises:
            CcdsError: a name that isn't ours to change.
        """
        check_changes(changes)
