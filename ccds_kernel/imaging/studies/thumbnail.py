"""A small picture of one slice, made when it is looked at and kept nowhere: who may see it is asked anew each time.

Files beside the images were decided against: readers of a project can't write there, and a picture is made in some milliseconds.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from PIL import Image
from pydicom.pixels.utils import pixel_array

from ccds_kernel.quiet_pydicom import quiet_pydicom

LONGEST_SIDE = 96
"""Pixels of the longer side."""

_MOST_PIXELS = 1 << 26
_ROBUST = (1, 99)
_COLOUR = 3
_NEEDED = ("Rows", "Columns", "PixelSpacing", "PhotometricInterpretation")


class NoThumbnail(Exception):  # noqa: N818 - an answer, not an error: there is no picture, and why
    """The pixels can't be shown; says why, in a phrase."""


def thumbnail(path: Path, frame: int = 0) -> bytes:
    """The image of a file as a PNG, at most `LONGEST_SIDE` pixels wide and high, all but its darkest and brightest hundredth.

    Raises:
        NoThumbnail: it can't be read or decoded, or is too large.
    """
    try:
        with quiet_pydicom():
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_NEEDED))
            rows, columns = int(header.get("Rows") or 0), int(header.get("Columns") or 0)
            spacing = [float(value) for value in header.get("PixelSpacing") or (1, 1)]
            fits = 0 < rows * columns <= _MOST_PIXELS
            pixels = pixel_array(path, index=frame) if fits else None
    except OSError as error:
        raise NoThumbnail("the file can’t be read") from error
    except Exception as error:  # broken pixels make decoders raise nearly anything
        raise NoThumbnail("its pixels can’t be decoded") from error
    if pixels is None:
        raise NoThumbnail("no image, or one too large to be shown")
    picture = Image.fromarray(_shades(pixels, inverted=header.get("PhotometricInterpretation") == "MONOCHROME1"))
    picture = picture.resize(_size(rows, columns, spacing), Image.Resampling.BILINEAR)
    packed = io.BytesIO()
    picture.save(packed, "PNG", optimize=True)
    return packed.getvalue()


def _shades(pixels: npt.NDArray[Any], *, inverted: bool) -> npt.NDArray[np.uint8]:
    """(rows, columns) or (rows, columns, 3), as bytes."""
    if pixels.ndim == _COLOUR:
        return np.ascontiguousarray(pixels[..., :3]).astype(np.uint8)
    low, high = (float(edge) for edge in np.percentile(pixels, _ROBUST))
    if high <= low:
        low, high = float(pixels.min()), max(float(pixels.max()), float(pixels.min()) + 1)
    grey: npt.NDArray[np.uint8] = np.clip((pixels.astype(np.float32) - low) * (255 / (high - low)), 0, 255).astype(
        np.uint8
    )
    return np.invert(grey) if inverted else grey


def _size(rows: int, columns: int, spacing: list[float]) -> tuple[int, int]:
    """Width and height, in the proportions of the body."""
    down, across = (*spacing, 1.0, 1.0)[:2] if min(spacing) > 0 else (1.0, 1.0)
    width, height = columns * across, rows * down
    scale = LONGEST_SIDE / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))
