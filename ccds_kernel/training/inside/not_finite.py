"""The reason for which a training is stopped; apart from the handlers, which can't be imported without torch."""

from __future__ import annotations

from ccds_kernel.errors import CcdsError


class NotFiniteError(CcdsError):
    """The loss, or a weight, is NaN or infinite: going on would only spoil what was learnt."""


def not_finite(what: str, found: str) -> NotFiniteError:
    """The error for `what` ("the loss"), of which `found` came ("nan in epoch 2, step 12")."""
    return NotFiniteError(
        expected=f"{what} to be finite",
        found=found,
        do="lower the learning rate or look at the data; the last good checkpoint is kept",
    )
