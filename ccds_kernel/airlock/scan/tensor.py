"""What a file of weights says that is in it, and what of that is no weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ccds_kernel.airlock.finding import Finding, note, refuse

LARGE_SIDE = 32
"""Three sides of so many numbers or more are a volume: kernels are smaller, and matrices have two sides."""

MOST_WHOLE_NUMBERS = 4096
"""Counters and positions are fewer; pixels are more."""

BYTES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip
"""Type of number → its bytes."""


@dataclass(frozen=True)
class Tensor:
    """The type and shape of one array."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def numbers(self) -> int:
        """How many it holds."""
        return prod(self.shape)


def scan_tensors(tensors: Sequence[Tensor], file: str) -> list[Finding]:
    """What is found in the arrays of a file of weights."""
    found = []
    for number, tensor in enumerate(tensors, 1):
        if sum(side >= LARGE_SIDE for side in tensor.shape) > 2:  # noqa: PLR2004 - the sides of a matrix
            found.append(refuse("an array shaped as images are, not as weights", file, f"array {number}"))
        elif "float" not in tensor.dtype and tensor.numbers > MOST_WHOLE_NUMBERS:
            found.append(refuse("an array of whole numbers, as pixels are", file, f"array {number}"))
    if not tensors:
        return [refuse("no weights", file)]
    total = sum(tensor.numbers for tensor in tensors)
    return [*found, note(f"{len(tensors):,} arrays with {total:,} numbers", file)]
