"""The peers of `benchmarks/normalize.py`: each reads an image, resamples it to a given grid, maps intensities, takes the z-score.

Each is made in a process of its own and imports its own library; here stands only what is in each of the environments. The grid
is given, so that the voxels can be compared: MONAI keeps the first centre by itself, TorchIO would keep the edge of the field of
view and is given the grid as its target, SimpleITK and scipy take any. Intensities are mapped as each has it: by its own
transforms where there are some, in NumPy where not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Result = npt.NDArray[np.float32]
Run = Callable[[Path], Result]


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of each.

    Args:
        window: HU that become 0 and 1; None where the image is clipped instead.
        percentiles: to which it is clipped; None where it is windowed.
        shape: of the new grid, 1 mm apart.
        affine: of the new grid, voxel to RAS, mm.
        step: how far new voxels are apart along each axis, in old ones.
    """

    window: tuple[float, float] | None
    percentiles: tuple[float, float] | None
    shape: tuple[int, int, int]
    affine: list[list[float]]
    step: tuple[float, float, float]


def _mapped(voxels: npt.NDArray[Any], task: Task) -> Result:
    """In NumPy, in place, as anybody would write it."""
    if task.window:
        low, high = task.window
        voxels -= low
        voxels /= high - low
        np.clip(voxels, 0, 1, out=voxels)
    else:
        np.clip(voxels, *np.percentile(voxels, task.percentiles), out=voxels)
    voxels -= voxels.mean(dtype=np.float64)
    voxels /= voxels.std(dtype=np.float64)
    return voxels


def monai(task: Task) -> Run:
    """MONAI's transforms, as its documentation chains them."""
    from monai.transforms import (  # noqa: PLC0415 - not in each environment
        ClipIntensityPercentiles,
        Compose,
        EnsureChannelFirst,
        LoadImage,
        NormalizeIntensity,
        ScaleIntensityRange,
        Spacing,
    )

    clip = ClipIntensityPercentiles(*task.percentiles) if task.percentiles else None
    chain = Compose(
        [
            LoadImage(image_only=True),
            EnsureChannelFirst(),
            Spacing(pixdim=(1, 1, 1), mode="bilinear", padding_mode="border"),
            clip or ScaleIntensityRange(*task.window, 0, 1, clip=True),
            NormalizeIntensity(),
        ]
    )

    def run(path: Path) -> Result:
        voxels: Result = chain(str(path))[0].numpy()
        return voxels

    return run


def torchio(task: Task) -> Run:
    """TorchIO's transforms, as its documentation chains them."""
    import torchio as tio  # noqa: PLC0415 - not in each environment

    low, high = task.window or (None, None)
    mapping = (
        tio.RescaleIntensity((0, 1), in_min_max=(low, high))
        if task.window
        else tio.RescaleIntensity((0, 1), percentiles=task.percentiles)
    )
    clamp = [tio.Clamp(low, high)] if task.window else []
    chain = tio.Compose(
        [
            tio.Resample((task.shape, np.array(task.affine)), image_interpolation="linear"),
            *clamp,
            mapping,
            tio.ZNormalization(),
        ]
    )

    def run(path: Path) -> Result:
        voxels: Result = chain(tio.ScalarImage(path)).data[0].numpy()
        return voxels

    return run


def scipy(task: Task) -> Run:
    """nibabel, scipy.ndimage and NumPy."""
    import nibabel as nib  # noqa: PLC0415 - not in each environment
    from scipy.ndimage import affine_transform  # noqa: PLC0415 - not in each environment

    def run(path: Path) -> Result:
        image: Any = nib.load(path)
        voxels = affine_transform(
            image.get_fdata(dtype=np.float32), task.step, output_shape=task.shape, order=1, mode="nearest"
        )
        return _mapped(voxels, task)

    return run


def simple_itk(task: Task) -> Run:
    """SimpleITK, and NumPy for the intensities."""
    import SimpleITK  # noqa: PLC0415 - not in each environment

    def run(path: Path) -> Result:
        image = SimpleITK.ReadImage(str(path), SimpleITK.sitkFloat32)
        resample = SimpleITK.ResampleImageFilter()
        resample.SetInterpolator(SimpleITK.sitkLinear)
        resample.SetOutputOrigin(image.GetOrigin())
        resample.SetOutputDirection(image.GetDirection())
        resample.SetOutputSpacing([mm * step for mm, step in zip(image.GetSpacing(), task.step, strict=True)])
        resample.SetSize(task.shape)
        image = resample.Execute(image)
        return _mapped(SimpleITK.GetArrayFromImage(image).T, task)

    return run


PEERS: dict[str, tuple[Callable[[Task], Run], tuple[str, ...]]] = {
    "MONAI": (monai, ("monai", "torch")),
    "TorchIO": (torchio, ("torchio", "torch")),
    "SimpleITK": (simple_itk, ("simpleitk",)),
    "scipy": (scipy, ("scipy", "nibabel")),
}
"""Name → engine, and the distributions whose versions are told."""
