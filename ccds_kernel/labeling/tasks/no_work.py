"""What somebody who only confirms is told before a batch is assigned to them: nothing is wrong, there is no work yet."""

from __future__ import annotations

from ccds_kernel.errors import CcdsError


class NoWorkError(CcdsError):
    """Nobody has assigned a batch to them."""

    def __init__(self) -> None:
        super().__init__(
            expected="a batch of studies that is assigned to you",
            found="none",
            do="ask a fellow of the project to assign you one",
        )
