"""NIfTI files to volumes and back.

What a header leaves open is refused, not guessed: an image without a position, other units than mm, several volumes in one
file. Text fields of headers are never carried over.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.volume import QFORM_MM
from ccds_kernel.normalization.move import Triple
from ccds_kernel.normalization.volume import AXES, Affine, Volume, blocks, check_shape, checked_affine, digest_of

ALIGNED = 2
"""The code of a space that NIfTI gives no name to."""

_SPACES = range(1, 5)
_UNSAID = "unknown"
_MILLIMETRES = ("mm", _UNSAID)
_DATA = 352


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """What a file says of its voxels before they are read.

    Args:
        shape: along i, j, k.
        affine: (4, 4), voxel to RAS, mm.
        stored: the type of the numbers in the file.
        scaled: whether the real values are other numbers than these.
        unit_said: whether the file says that its lengths are mm; it may leave it open.
    """

    shape: Triple
    affine: Affine
    stored: np.dtype[Any]
    scaled: bool
    unit_said: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """What a file holds.

    Args:
        volume: its real values: the header's scaling is applied.
        digest: as `ccds_kernel.imaging.volume.digest` of the file.
        space: NIfTI's code of the space that the affine leads to: 1 scanner, 2 aligned, 3 Talairach, 4 MNI.
    """

    volume: Volume
    digest: str
    space: int


def read_nifti(path: Path) -> Stored:
    """Reads a .nii or .nii.gz: the sform counts where there is a qform too; axes of length 1 after the third are dropped.

    Raises:
        CcdsError: no readable NIfTI-1 image, no single finite volume of real numbers, no position, or units other than mm.
    """
    stored, image, scaling = _stored(path, times=False)
    header = image.header
    code = int(header["sform_code"]) or int(header["qform_code"])
    values = _real(stored, scaling).reshape(stored.shape[:AXES], order="F")
    return Stored(
        Volume.of(values, image.affine),
        digest_of(stored, image.affine, scaling),
        code if code in _SPACES else ALIGNED,
    )


def read_header(path: Path) -> Header:
    """Reads what a .nii or .nii.gz says of its voxels, and none of these.

    Raises:
        CcdsError: as `read_nifti`, as far as the header tells.
    """
    image = _image(path, times=False)
    affine = checked_affine(image.affine)
    i, j, k = (int(length) for length in image.shape[:AXES])
    slope, inter = float(image.dataobj.slope), float(image.dataobj.inter)
    said = image.header.get_xyzt_units()[0] != _UNSAID
    return Header((i, j, k), affine, image.get_data_dtype(), (slope, inter) != (1, 0), said)


def read_times(path: Path) -> tuple[Volume, ...]:
    """The time points of a .nii or .nii.gz, in their order; of an image with three axes that one.

    Raises:
        CcdsError: as `read_nifti`, but that a fourth axis may be there.
    """
    stored, image, scaling = _stored(path, times=True)
    values = _real(stored, scaling).reshape((*stored.shape[:AXES], -1), order="F")
    return tuple(Volume.of(values[..., time], image.affine) for time in range(values.shape[AXES]))


def _stored(path: Path, *, times: bool) -> tuple[npt.NDArray[Any], Any, tuple[float, float]]:
    """The numbers that the file holds, the image, and its scaling: slope and intercept."""
    with _told():
        image = _image(path, times=times)
        stored: npt.NDArray[Any] = image.dataobj.get_unscaled()
        return stored, image, (float(image.dataobj.slope), float(image.dataobj.inter))


def _image(path: Path, *, times: bool) -> Any:  # noqa: ANN401 - nibabel's images carry no type hints
    """The image with its header, whose voxels are still in the file."""
    with _told(), _quiet():
        _check_spacing(path)
        image: Any = nib.Nifti1Image.from_filename(path, mmap=False)
        _check_header(image.header, times=times)
        return image


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what nibabel would print of a header from people: it is refused in our words, or of no consequence.

    Of this thread only: nibabel's logger is one for the whole process.
    """
    this = threading.get_ident()

    def of_others(record: logging.LogRecord) -> bool:
        return record.thread != this

    nib.imageglobals.logger.addFilter(of_others)
    try:
        yield
    finally:
        nib.imageglobals.logger.removeFilter(of_others)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Whatever a file that is no image makes the reader raise, as a `CcdsError`."""
    try:
        yield
    except CcdsError:
        raise
    except MemoryError as error:
        raise CcdsError(
            expected="memory for the image", found="too little", do="take a session with more memory"
        ) from error
    except Exception as error:  # nibabel, gzip and zlib have no common base for what a broken file raises
        what = error.strerror if isinstance(error, OSError) and error.strerror else "something else, or a damaged one"
        raise CcdsError(
            expected="a NIfTI-1 image (.nii or .nii.gz) to read", found=what, do="name another, or convert it again"
        ) from error


def write_nifti(volume: Volume, path: Path, space: int) -> None:
    """Writes `volume` as an uncompressed .nii: sform and qform with the code `space`, mm, display range from lowest to highest.

    The qform is marked unknown where its quaternion can't hold the affine (sheared axes).

    Raises:
        OSError: it can't be written.
    """
    make: Any = nib.Nifti1Header  # nibabel's methods carry no type hints
    header = make(endianness="<")
    header.set_data_shape(volume.voxels.shape)
    header.set_data_dtype(volume.voxels.dtype)
    header.set_slope_inter(1, 0)
    header.set_xyzt_units("mm")
    header.set_sform(volume.affine, code=space)
    header.set_qform(volume.affine, code=space)
    if np.max(np.abs(header.get_qform() - volume.affine) @ [*volume.voxels.shape, 1]) > QFORM_MM:
        header.set_qform(volume.affine, code="unknown")
    header["cal_min"], header["cal_max"] = volume.voxels.min(), volume.voxels.max()
    header["vox_offset"] = _DATA
    with path.open("wb") as file:
        file.write(header.binaryblock.ljust(_DATA, b"\0"))
        for block in blocks(volume.voxels):
            file.write(block.astype(block.dtype.newbyteorder("<"), copy=False).data)
        file.flush()
        os.fsync(file.fileno())


def _check_spacing(path: Path) -> None:
    """Refuses a spacing of 0 in a header without sform, which nibabel would take for 1 mm."""
    with nib.openers.ImageOpener(os.fspath(path), "rb") as file:
        read: Any = nib.Nifti1Header.from_fileobj  # nibabel's methods carry no type hints
        header = read(file, check=False)
    spacing = [float(length) for length in header["pixdim"][1 : 1 + AXES]]
    if header["dim"][0] >= AXES and header["sform_code"] <= 0 and 0 in spacing:
        raise CcdsError(
            expected="voxels that are longer than 0 mm along each axis",
            found="a spacing of {:g} x {:g} x {:g} mm".format(*spacing),
            do="mend the image's header, or convert it again from DICOM",
        )


def _check_header(header: Any, *, times: bool) -> None:  # noqa: ANN401 - nibabel's headers carry no type hints
    """Refuses what is no volume in space, single unless `times`, before its voxels are read."""
    shape = tuple(int(size) for size in header.get_data_shape())
    check_shape(shape[:AXES] if set(shape[AXES + times :]) <= {1} else shape)
    if header["sform_code"] <= 0 and header["qform_code"] <= 0:
        raise CcdsError(
            expected="an image whose header says where it lies (sform or qform)",
            found="neither",
            do="convert it again from DICOM",
        )
    if (units := header.get_xyzt_units()[0]) not in _MILLIMETRES:
        raise CcdsError(expected="an image in mm", found=f"one in {units}", do="convert its header to mm")


def _real(stored: npt.NDArray[Any], scaling: tuple[float, float]) -> npt.NDArray[Any]:
    """The real values of `stored` numbers; integers stay integers where only a whole number is added."""
    slope, inter = scaling
    if scaling == (1, 0) or stored.dtype.kind not in "iuf" or stored.size == 0:
        return stored
    limits = np.iinfo(np.int16)
    if stored.dtype.kind in "iu" and slope == 1 and inter.is_integer():
        shift = int(inter)
        if limits.min <= int(stored.min()) + shift and int(stored.max()) + shift <= limits.max:
            shifted = np.empty(stored.shape, np.int16, order="F")
            np.add(stored, shift, out=shifted, dtype=np.int64, casting="unsafe")
            return shifted
    values = np.empty(stored.shape, np.float32, order="F")
    with np.errstate(over="ignore", invalid="ignore"):  # a volume is checked to be finite when it is made
        for new, old in zip(blocks(values), blocks(stored), strict=True):
            new[:] = old.astype(np.float64) * slope + inter
    return values
