"""A label map that was made on a normalized image, on the grid that the image came with: the file of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.apply_file import check_target, named, versions, write_volume
from ccds_kernel.normalization.geometry import Geometry
from ccds_kernel.normalization.nifti import read_nifti
from ccds_kernel.normalization.recipe import LONGEST_FILE

_PARTS = "LABELS", "BACK"
_MOST_BYTES = 2 * LONGEST_FILE


@dataclass(frozen=True, slots=True)
class Undone:
    """What was made.

    Args:
        input_sha256: of the labels on the normalized grid: voxels, scaling and affine.
        output_sha256: of those on the grid that the image came with.
        shape: of that grid.
        spacing_mm: of that grid, along its axes.
    """

    input_sha256: str
    output_sha256: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON holds them."""
        return asdict(self)


def undo_to_file(provenance: Path, source: Path, target: Path) -> Undone:
    """Makes `target`, and the .json beside it, from labels on a normalized grid; see `Geometry.undo`.

    Args:
        provenance: the .json beside the normalized image.
        source: the labels: a .nii or .nii.gz of whole numbers.
        target: a .nii.gz; its folder is made where missing. What is there is never overwritten by something else.

    Raises:
        CcdsError: one of them is something else, the labels lie on another grid, or `target` is taken or can't be written; the
            message names the file by its part in the command (--provenance, LABELS, BACK).
    """
    check_target(source, target, _PARTS)
    text = _read(provenance)
    with named("--provenance"):
        geometry, space = _geometry(text)
    with named(_PARTS[0]):
        stored = read_nifti(source)
    back = geometry.undo(stored.volume)

    def told(digest: str) -> str:
        content = {
            "recipe": {"undone": hashlib.sha256(text).hexdigest()},
            "input": {"sha256": stored.digest},
            "output": {"sha256": digest, "shape": list(back.voxels.shape), "spacing_mm": list(back.spacing_mm)},
            "versions": versions(),
        }
        return json.dumps(content, indent=2) + "\n"

    return Undone(stored.digest, write_volume(back, space, target, told, _PARTS[1]), back.voxels.shape, back.spacing_mm)


def _read(provenance: Path) -> bytes:
    try:
        with provenance.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise CcdsError(
            expected="to read --provenance",
            found=error.strerror or "an error",
            do="name the .json beside the normalized image",
        ) from None


def _geometry(text: bytes) -> tuple[Geometry, int]:
    """The change of grid that a provenance tells, and NIfTI's code of its space."""
    try:
        content = json.loads(text)["geometry"]
        space = int(content["space"])
    except (ValueError, KeyError, TypeError, RecursionError):
        content, space = None, 0
    return Geometry.from_json(content), space
