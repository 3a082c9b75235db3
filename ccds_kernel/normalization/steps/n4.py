"""`n4: {mask: otsu, spacing_mm: 4}`: the slow brightening across an MR image, which its coils make, taken away.

N4 itself is SimpleITK's, fitted on every nth voxel. Its field is then brought to each voxel here: in SimpleITK a field
fitted on a coarse grid is stretched to the fine grid's extent, half a coarse voxel too far.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.exponential import exponential
from ccds_kernel.normalization.masks import Mask, Masked, constant
from ccds_kernel.normalization.samples import Floats, Samples
from ccds_kernel.normalization.steps.step import Number, Parameters
from ccds_kernel.normalization.volume import spacing_of
from ccds_kernel.normalization.working import Working

LEVELS = (50, 50, 50, 50)
"""The most iterations at each level; each has twice as many splines as the one before, the first 1 along each axis."""

ROUNDED = 2.0**-16
"""To what the field's logarithm is rounded (0.0015 % of an intensity): beyond it, processors might differ."""


class N4(Parameters):
    """Divides each voxel by the bias field that N4 finds.

    Tustison et al.: N4ITK: Improved N3 bias correction, IEEE Trans. Med. Imaging 29 (2010), 1310-1320; cubic B-splines, 4 levels
    of at most 50 iterations, until the field changes by less than 0.001; full width at half maximum 0.15, Wiener noise 0.01, 200
    bins. Voxels of 0 and below are in no mask: the field is one of logarithms.
    """

    name: ClassVar[str] = "n4"

    mask: Mask
    spacing_mm: Annotated[Number, Field(ge=0.5, le=20)]
    """How far the voxels that it is fitted on are apart, about."""

    def advice(self, modality: str, *, native: bool) -> str | None:
        """See `Parameters.advice`."""
        if modality != "MR":
            return f"n4 takes away the bias field of MR's coils, which {modality} doesn't have: leave it out"
        return None if native else "n4 divides, and a step before has moved what is 0: put n4 first"

    def run(self, image: Working) -> None:
        """Divides every voxel by the field; float32 afterwards.

        Raises:
            CcdsError: the image has too few voxels along an axis, the mask is empty, all voxels in it are the same, or N4
                finds no field.
            BaseException: what `image.wanted` raised, which is asked before each of N4's iterations.
        """
        shape, spacing = image.voxels.shape, spacing_of(image.affine)
        i, j, k = (Samples.of(length, apart, self.spacing_mm) for length, apart in zip(shape, spacing, strict=True))
        places = i.places, j.places, k.places
        coarse = np.asfortranarray(image.voxels[places], dtype=np.float32)
        inside = np.asfortranarray(Masked.of(image, self.mask).sampled(places)) & (coarse > 0)
        _check(coarse, inside, self.mask)
        apart_mm = [apart * along.step for apart, along in zip(spacing, (i, j, k), strict=True)]
        field = _log_field(coarse, inside, apart_mm, image.wanted)
        voxels = image.floats()
        for at in range(shape[2]):  # a slice at a time: the field at every voxel would take more memory than the image
            plane = j.between(i.between(k.one_between(field, at), 0), 1)
            voxels[:, :, at] /= exponential(plane).astype(np.float32)


def _check(coarse: npt.NDArray[np.float32], inside: npt.NDArray[np.bool_], mask: Mask) -> None:
    """Refuses what has no field."""
    if not inside.any():
        raise CcdsError(
            expected=f"voxels greater than 0 in the mask '{mask}'",
            found="none",
            do="put n4 before steps that move 0, or take another mask",
        )
    chosen = coarse[inside]
    if chosen.min() == chosen.max():
        raise constant()


def _log_field(
    coarse: npt.NDArray[np.float32],
    inside: npt.NDArray[np.bool_],
    spacing_mm: list[float],
    wanted: Callable[[], object] | None,
) -> Floats:
    """The logarithm of the bias field on the coarse grid, rounded.

    Raises:
        CcdsError: N4 finds none.
        BaseException: of `wanted`.
    """
    sitk: Any = import_module("SimpleITK")  # here, for it costs a fifth of a second at each start

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)  # with more, sums are added up in another order
    image, mask = sitk.GetImageFromArray(coarse.T), sitk.GetImageFromArray(inside.T.astype(np.uint8))
    image.SetSpacing(spacing_mm)
    mask.SetSpacing(spacing_mm)
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations(LEVELS)
    try:
        _execute(sitk, n4, image, mask, wanted)
        field: Floats = sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image)).T.astype(np.float64)
    except RuntimeError:
        field = np.array(np.nan)
    if not np.isfinite(field).all():
        raise CcdsError(
            expected="a bias field", found="none that N4 could fit", do="take another mask, or leave the image out"
        )
    return np.rint(field / ROUNDED) * ROUNDED


def _execute(sitk: Any, n4: Any, image: Any, mask: Any, wanted: Callable[[], object] | None) -> None:  # noqa: ANN401 - SimpleITK has no types
    """Runs `n4`, which asks `wanted` at each iteration and fails at the next one after that raised.

    N4 doesn't look at `Abort()`. An error that a command raises would end it, but SimpleITK prints its traceback; a command that
    can't be called any more ends it silently.

    Raises:
        RuntimeError: N4 failed.
        BaseException: of `wanted`.
    """
    if wanted is None:  # no command: a process that ends while Python is to be asked crashes
        n4.Execute(image, mask)
        return
    raised: list[BaseException] = []
    command = sitk.PyCommand()

    def ask() -> None:
        try:
            wanted()
        except BaseException as error:  # noqa: BLE001 - goes on below; from here SimpleITK would print it
            raised.append(error)
            command.SetCallbackPyCallable(None)

    command.SetCallbackPyCallable(ask)
    n4.AddCommand(sitk.sitkIterationEvent, command)
    try:
        n4.Execute(image, mask)
    except RuntimeError:
        if not raised:
            raise
    finally:
        command.SetCallbackPyCallable(None)  # the two hold each other, and the image, where no collector looks
    if raised:
        raise raised.pop()
