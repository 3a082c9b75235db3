"""Whether a volume is what its DICOM files say, by a reader that shares nothing with the converter: pydicom and arithmetic.

Every image of the files must lie in the volume where its own header puts it, with its own real values, and the volume must hold
no others. Images of one place are time points in the order of their instance numbers. Mosaics and private scalings are beyond it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from pydicom.dataset import Dataset

STRAY_MM = 0.11
"""A slice may lie this far from where it says: what the converter's own tolerance for uneven positions allows."""


@dataclass(frozen=True)
class Placed:
    """One image: its real values (rows, columns), and the affine from (column, row) to RAS, mm: (3, 3), origin last."""

    values: np.ndarray
    place: np.ndarray


def placed_images(paths: Sequence[Path]) -> list[Placed]:
    """The images of `paths`, identical copies of a file once.

    Raises:
        Exception: whatever pydicom raises about a file that it can't read.
    """
    found = []
    for data in sorted(_different(paths), key=lambda one: int(one.get("InstanceNumber") or 0)):
        if "PerFrameFunctionalGroupsSequence" in data:
            shared = (data.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
            for pixels, group in zip(data.pixel_array, data.PerFrameFunctionalGroupsSequence, strict=True):
                macros = [
                    _macro(group, shared, name) for name in ("PlanePosition", "PlaneOrientation", "PixelMeasures")
                ]
                found.append(_placed(pixels, *macros, _macro(group, shared, "PixelValueTransformation")))
        else:
            found.append(_placed(data.pixel_array, data, data, data, data))
    return found


def _different(paths: Sequence[Path]) -> Iterator[Dataset]:
    seen = set()
    for path in paths:
        content = path.read_bytes()
        if content not in seen:
            seen.add(content)
            yield pydicom.dcmread(path)


def _macro(group: Dataset, shared: Dataset, name: str) -> Dataset:
    return (group.get(f"{name}Sequence") or shared.get(f"{name}Sequence") or [Dataset()])[0]


def _placed(pixels: np.ndarray, position: Dataset, orientation: Dataset, measures: Dataset, scaling: Dataset) -> Placed:
    row, column = np.array(orientation.ImageOrientationPatient, float).reshape(2, 3)
    between_rows, between_columns = map(float, measures.PixelSpacing)
    origin = np.array(position.ImagePositionPatient, float)
    lps = np.column_stack([row * between_columns, column * between_rows, origin])
    slope, intercept = float(scaling.get("RescaleSlope", 1)), float(scaling.get("RescaleIntercept", 0))
    return Placed(pixels.astype(float) * slope + intercept, np.diag([-1.0, -1.0, 1.0]) @ lps)


@dataclass(frozen=True)
class Difference:
    """The largest difference of a volume from its files: of a voxel's real value, and of a corner's place, mm."""

    value: float
    place_mm: float


def difference(volume: Path, images: Sequence[Placed]) -> Difference:
    """How a NIfTI image differs from what its files say.

    Raises:
        AssertionError: it has another number of slices, or one that lies off the volume or upon another.
    """
    image = nib.load(volume)
    voxels = np.asarray(image.dataobj, dtype=float)
    to_voxel = np.linalg.inv(image.affine)
    assert voxels.size == sum(one.values.size for one in images), "the volume holds another number of voxels"
    largest_value = largest_mm = 0.0
    before: Counter[tuple[int, ...]] = Counter()
    voxels = voxels.reshape(*voxels.shape[:3], -1)
    taken = np.zeros(voxels.shape, dtype=bool)
    for one in images:
        rows, columns = np.indices(one.values.shape)
        ras = np.stack([columns, rows, np.ones_like(rows)], axis=-1) @ one.place.T
        index = ras @ to_voxel[:3, :3].T + to_voxel[:3, 3]
        nearest = np.rint(index).astype(int)
        assert nearest.min() >= 0, "a slice lies off the volume"
        assert np.all(nearest.max(axis=(0, 1)) < voxels.shape[:3]), "a slice lies off the volume"
        place = tuple(int(number) for number in nearest[0, 0])
        at = (*np.moveaxis(nearest, -1, 0), before[place])
        before[place] += 1
        assert not taken[at].any(), "two slices lie at one place of the volume"
        taken[at] = True
        largest_value = max(largest_value, float(np.max(np.abs(voxels[at] - one.values))))
        back = nearest @ image.affine[:3, :3].T + image.affine[:3, 3]
        largest_mm = max(largest_mm, float(np.max(np.linalg.norm(back - ras, axis=-1))))
    return Difference(largest_value, largest_mm)
