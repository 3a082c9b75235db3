"""NIfTI files as bytes: what identifies a volume, what may stand in its header, and how it is compressed.

Two volumes are the same when voxels, scaling and affine hash the same: gzip bytes differ between libraries, header text
between programs. Compression uses every core: blocks are deflated side by side, each with the end of the one before as its
dictionary, into one ordinary gzip stream (as pigz does). Memory is bounded by a few blocks.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import struct
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import nibabel as nib
import numpy as np

from ccds_kernel.imaging.geometry import Array

LEVEL = 4
"""Images come out as small as with zlib's level 6 in a quarter of its time (within 2 % of dcm2niix's own level 6)."""

QFORM_MM = 0.01
"""A qform that is farther off than this at a corner of the image is not used."""

BLOCK = 1 << 20
_WINDOW = 1 << 15
_HEADER = 348
_DATA = 352
_TEXT_FIELDS = ("data_type", "db_name", "descrip", "aux_file", "intent_name")


def workers() -> int:
    """How many threads to use: the cores that this process may run on, at most 8; no more than OMP_NUM_THREADS if that is set.

    So it is one in workers of which each core has one.
    """
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(8, len(os.sched_getaffinity(0)), int(told) if told.isdecimal() and int(told) else 8)


def digest(path: Path) -> str:
    """SHA-256 of the voxels, scaling and affine of a .nii or .nii.gz.

    Raises:
        OSError, EOFError, zlib.error, ValueError: the file is no readable NIfTI-1 image.
    """
    with _open(path) as file:
        hasher, offset = _identity(file.read(_HEADER))
        file.read(offset - _HEADER)
        while block := file.read(BLOCK):
            hasher.update(block)
    return hasher.hexdigest()


def rewrite_header(image: Path, affine: Array) -> None:
    """Gives the uncompressed NIfTI-1 `image` the `affine` (voxel to RAS, mm, orthogonal axes) and blanks its text fields.

    dcm2niix writes the time of acquisition and comments into the text fields, and extrapolates the distance of the first two
    slices, however its digits were rounded, over the whole stack. The qform is marked unknown where it would be wrong: its
    quaternion can't hold turns of less than 6e-4 radians from half a turn, which slightly oblique axial images have.

    Raises:
        ValueError: `image` is no NIfTI-1 image of one file, or has extensions.
    """
    with image.open("r+b") as file:
        header = _parsed(file.read(_HEADER))
        if int(header["vox_offset"]) != _DATA:
            raise ValueError(f"expected voxels at byte {_DATA}; found {int(header['vox_offset'])}")
        for field in _TEXT_FIELDS:
            header[field] = b""
        header.set_sform(affine, code="scanner")
        header.set_qform(affine, code="scanner")
        if _farthest(header.get_qform() - affine, header.get_data_shape()[:3]) > QFORM_MM:
            header.set_qform(affine, code="unknown")
        file.seek(0)
        file.write(header.binaryblock)


def compress(image: Path, target: Path, level: int = LEVEL) -> str:
    """Writes the uncompressed NIfTI-1 `image` as gzip to `target`; returns its digest.

    The same image gives the same bytes with the same zlib: the stream holds no time and no name.

    Raises:
        OSError: reading or writing failed.
        ValueError: `image` is no NIfTI-1 image.
    """
    with image.open("rb") as source, target.open("wb") as out:
        header = source.read(_HEADER)
        hasher, offset = _identity(header)
        header += source.read(offset - _HEADER)

        def blocks() -> Iterator[bytes]:
            yield header
            while block := source.read(BLOCK):
                hasher.update(block)
                yield block

        _gzip(blocks(), out, level)
        out.flush()
        os.fsync(out.fileno())
    return hasher.hexdigest()


def _open(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value] # GzipFile reads


def _farthest(difference: Array, shape: Sequence[int]) -> float:
    """The length of the longest of `difference`, a difference of affines, applied to the corners of an image."""
    corners = np.array(list(itertools.product(*((0, size - 1) for size in shape))))
    return float(np.max(np.linalg.norm(corners @ difference[:3, :3].T + difference[:3, 3], axis=1)))


def _parsed(header: bytes) -> Any:  # noqa: ANN401 - nibabel's headers carry no type hints
    try:
        make: Any = nib.Nifti1Header
        return make(header)
    except Exception as error:  # nibabel has no common base for what a broken header raises
        raise ValueError(f"expected a NIfTI-1 header; found {type(error).__name__}") from error


def _identity(header: bytes) -> tuple[hashlib._Hash, int]:
    """A hash begun with type, shape, scaling and affine, and where the voxels start."""
    parsed = _parsed(header)
    slope, inter = parsed.get_slope_inter()
    scaling = [1.0 if slope is None else float(slope), 0.0 if inter is None else float(inter)]
    shape = [int(size) for size in parsed.get_data_shape()]
    begin = json.dumps([parsed.get_data_dtype().str, shape, scaling, parsed.get_best_affine().ravel().tolist()])
    return hashlib.sha256(begin.encode()), max(int(parsed["vox_offset"]), _DATA)


def _gzip(blocks: Iterator[bytes], out: BinaryIO, level: int) -> None:
    out.write(b"\x1f\x8b\x08" + bytes(6) + b"\xff")  # deflate; no flags, no time; unknown system
    crc = size = 0
    before = b""
    pending: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(workers()) as pool:
        for block in blocks:
            pending.append(pool.submit(_deflate, block, before, level))
            crc = zlib.crc32(block, crc)
            size += len(block)
            before = block[-_WINDOW:]
            if len(pending) > 2 * workers():
                out.write(pending.popleft().result())
        while pending:
            out.write(pending.popleft().result())
    out.write(b"\x03\x00")  # an empty last block
    out.write(struct.pack("<II", crc, size & 0xFFFFFFFF))


def _deflate(block: bytes, before: bytes, level: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=before)
    return packer.compress(block) + packer.flush(zlib.Z_SYNC_FLUSH)
