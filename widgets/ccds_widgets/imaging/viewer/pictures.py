"""Slices as PNG: grey values between two intensities, labels in their colours."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ccds_widgets.normalization.tones import grey

COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2", "#ffffff")
"""Of labels 1 to 8, which stay apart for colour-blind eyes (after Okabe and Ito); labels beyond take them anew."""

_QUICK = 1
"""zlib's level: a frame is to come soon, and a loopback or a hospital's network is wide."""

_LABELS = 256


def colour_of(label: int) -> str:
    """The colour of `label`, from 1."""
    return COLOURS[(label - 1) % len(COLOURS)]


def grey_png(picture: npt.NDArray[Any], low: float, high: float) -> bytes:
    """`picture` (rows, columns) with `low` black and `high` white; see `tones.grey`."""
    rows, columns = picture.shape
    return _png(Image.frombytes("L", (columns, rows), grey(picture, low, high)))


def label_png(labels: npt.NDArray[np.uint8]) -> bytes | None:
    """`labels` (rows, columns) in their colours, 0 transparent; None where all are 0."""
    if not labels.any():
        return None
    rows, columns = labels.shape
    image = Image.frombytes("P", (columns, rows), labels.tobytes())
    image.putpalette(_PALETTE, rawmode="RGB")
    return _png(image, transparency=0)


def _png(image: Image.Image, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=_QUICK, **options)
    return out.getvalue()


_PALETTE = bytes(3) + b"".join(bytes.fromhex(colour_of(label)[1:]) for label in range(1, _LABELS))
