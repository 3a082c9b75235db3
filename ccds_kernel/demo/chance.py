"""Reproducible chance: every draw of the synthetic hospital comes from here.

Each study has its own stream, addressed by numbers, so that study 17 is the same whether 20 or 4,000 are made. Rejected:
`random.Random`, whose integer seeds can't be a path of numbers, and one stream for all, which ties a study to those before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from ccds_kernel.errors import CcdsError

T = TypeVar("T")


class Draw:
    """One stream of draws.

    Args:
        path: the numbers, each ≥ 0, that address the stream; streams of different paths of one length are independent.

    Raises:
        CcdsError: a number is negative.
    """

    def __init__(self, *path: int) -> None:
        if any(part < 0 for part in path):
            raise CcdsError(
                expected="seeds of zero or more", found=f"the seed {min(path)}", do="choose a seed such as 1"
            )
        self.generator = np.random.default_rng(path)

    def one(self, options: Sequence[T]) -> T:
        """One of `options`, all equally likely."""
        return options[int(self.generator.integers(len(options)))]

    def weighted(self, options: Mapping[T, float]) -> T:
        """One key of `options`, as likely as its value says; the values needn't add up to one."""
        left = self.generator.random() * sum(options.values())
        for option, weight in options.items():
            left -= weight
            if left < 0:
                return option
        return list(options)[-1]

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return bool(self.generator.random() < probability)

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self.generator.integers(low, high + 1))

    def uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`."""
        return float(self.generator.uniform(low, high))

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """`options` in a random order."""
        return [options[int(index)] for index in self.generator.permutation(len(options))]
