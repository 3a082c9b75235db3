"""What a file of weights says that is in it, and what of that is no weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ccds_kernel.airlock.finding import Finding, note, refuse, warn

LARGE_SIDE = 32
"""Three sides of so many numbers or more are a volume: kernels are smaller, and matrices have two sides."""

MOST_WHOLE_NUMBERS = 4096
"""Counters and positions are fewer; pixels are more."""

MOST_WHOLE_NUMBERS_IN_ALL = 16 * MOST_WHOLE_NUMBERS
"""A file that is cut into pieces is found so."""

HUGE = 100_000
"""Numbers of an array that could be the voxels of an image."""

FEW = 3
"""A network's numbers lie in more arrays."""

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


def scan_tensors(tensors: Sequence[Tensor], file: str, storages: Sequence[Tensor] = ()) -> list[Finding]:
    """What is found in the arrays of a file of weights.

    Args:
        tensors: its arrays.
        file: its name.
        storages: the runs of numbers that they lie in, where several may lie in one.
    """
    if not tensors:
        return [refuse("no weights", file)]
    found = [
        refuse("an array shaped as images are, not as weights", file, f"array {number}")
        for number, tensor in enumerate(tensors, 1)
        if sum(side >= LARGE_SIDE for side in tensor.shape) > 2  # noqa: PLR2004 - the sides of a matrix
    ]
    kept = storages or tensors
    place = "storage" if storages else "array"
    whole = {number: one.numbers for number, one in enumerate(kept, 1) if "float" not in one.dtype}
    found += [
        refuse("an array of whole numbers, as pixels are", file, f"{place} {number}")
        for number, count in whole.items()
        if count > MOST_WHOLE_NUMBERS
    ]
    if sum(whole.values()) > MOST_WHOLE_NUMBERS_IN_ALL:
        found.append(refuse(f"more than {MOST_WHOLE_NUMBERS_IN_ALL:,} whole numbers, as pixels are", file))
    total = sum(one.numbers for one in kept)
    largest = sorted((one.numbers for one in kept), reverse=True)[:FEW]
    if largest[0] >= HUGE and 2 * sum(largest) > total:
        found.append(warn(f"most numbers lie in {FEW} arrays or fewer: is it a network, or images as matrices?", file))
    return [*found, note(f"{len(tensors):,} arrays with {total:,} numbers", file)]
