"""How many more reports a phrase would set right than wrong, cautiously: the order of `suggestions`.

    gain = changes x (p - cost x (1 - p))

- `changes`: the reports whose label the phrase would change as wanted.
- p: a lower bound of the share of these where the new label is right: Wilson's score bound [Wilson 1927, J Am Stat Assoc
  22:209-212, equation 3] with z = 0.5 over the confirmed ones among them, after two studies in the proportion `base` are added
  to these, so that two lucky reports prove little.
- cost: what a wrong change costs, counted in right ones.

Why it is this is told in `suggestions`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_Z = 0.5
_PRIOR = 2.0

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gain:
    """By what phrases are compared that would change the same reports.

    Args:
        base: the share of right ones that is taken for granted, between 0 and 1.
        cost: what a wrong change costs, at least 0.
        reports: how many reports there are at all.
    """

    base: float
    cost: float
    reports: int

    def of(self, changes: Numbers, right: Numbers, wrong: Numbers) -> Numbers:
        """The gain; at most 0 where a phrase doesn't promise any.

        Args:
            changes: how many labels each phrase changes, shape (k,).
            right: how many of these are confirmed and would be right, shape (k,).
            wrong: how many of these are confirmed and would be wrong, shape (k,).
        """
        return self._gain(changes, self._bound(right, wrong))

    def rank(self, changes: Numbers, right: Numbers, wrong: Numbers) -> Numbers:
        """By what phrases are ordered, the most first: their gain; below that, `changes` x p. Arguments as for `of`."""
        bound = self._bound(right, wrong)
        gain = self._gain(changes, bound)
        return np.where(gain > 0, self.reports + gain, changes * bound)

    def _gain(self, changes: Numbers, bound: Numbers) -> Numbers:
        return changes * (bound - self.cost * (1 - bound))

    def _bound(self, right: Numbers, wrong: Numbers) -> Numbers:
        n = right + wrong + _PRIOR
        share = (right + _PRIOR * self.base) / n
        spread = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
        bound: Numbers = (share + _Z**2 / (2 * n) - spread) / (1 + _Z**2 / n)
        return bound
