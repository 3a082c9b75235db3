"""The Keeper port: keeps outcomes elsewhere than in files, such as in a database that no worker has to reach.

It works in the process that has the run, which has the person's rights and writes the audit log; workers only compute. Decided
against: workers with connections and tokens of their own (each a further place for secrets, and hundreds of connections).
"""

from __future__ import annotations

from typing import Protocol

from ccds_kernel.workflow.operator import Item


class Keeper(Protocol):
    """Whoever it is that keeps. What either method raises ends the run; what was kept stays.

    But for `DatabaseAwayError`: it is then called again for a minute, after pauses that grow; so it may be called twice for what
    it kept already.
    """

    def brief(self, item: Item) -> Item:
        """`item` with all that its worker has to know, as it is now; called just before it is handed out."""

    def keep(self, item: Item, told: object) -> bool:
        """Keeps what a worker came to (`Outcome.told`). False, and nothing is kept, where it doesn't hold any more: the item is
        briefed and tried again.

        Args:
            item: as `brief` gave it.
            told: what the worker came to.
        """
