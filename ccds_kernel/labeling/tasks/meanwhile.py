"""What is said where somebody was quicker: nothing is overwritten, and a page shows what is there now."""

from __future__ import annotations

from ccds_kernel.errors import CcdsError

GONE = "none, as somebody removed it meanwhile"


class ChangedMeanwhileError(CcdsError):
    """Somebody has changed what a page still showed as it was."""

    def __init__(self, what: str, found: str = "another one, as somebody changed it meanwhile") -> None:
        super().__init__(
            expected=f"the {what} as this page showed it",
            found=found,
            do="look at the list as it is now, and change it again where you still mean it",
        )
