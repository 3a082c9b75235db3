"""A project with an airlock, made up for tests: its people, its reports, and files that may leave it, or not."""

import io
import json
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterable

from PIL import Image

from support.site import on_roster

PROJECT = "CHEST-1"
ROSTER = on_roster(sam="scientist", sue="scientist", eve="engineer", fay="fellow", cher="champion", lars="labeler")
REASON = "The table for the paper's second figure, aggregates only."
WHY = "Looked at every line of it."
SECRET = "There is a hyperdense crescent along the left convexity measuring seven millimetres"
"""Words of a report; no test's message may repeat them."""

REPORTS = {
    "ACC0012345": f"{SECRET}, with mild mass effect upon the adjacent sulci.",
    "ACC0067890": "No acute finding.",
}
TABLE = "scanner,studies,sensitivity\nA,120,0.91\nB,88,0.87\n"
NOTEBOOK = json.dumps(
    {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": 3,
                "id": "a",
                "metadata": {"tags": [SECRET]},
                "outputs": [{"output_type": "stream", "name": "stdout", "text": [SECRET]}],
                "source": ["x = 1\n", "print(x)"],
            },
            {
                "cell_type": "markdown",
                "id": "b",
                "metadata": {},
                "attachments": {"scan.png": {"image/png": "AAAA"}},
                "source": "# Sensitivity",
            },
        ],
        "metadata": {
            "kernelspec": {"name": "ccds", "display_name": "CCDS", "path": SECRET},
            "widgets": {"state": SECRET},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
)
"""A notebook that ran: a report's words are in its output and its metadata."""

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="9" height="9"/><text>ROC</text></svg>'


def png(
    width: int = 400,
    height: int = 300,
    *,
    colour: int = 2,
    depth: int = 8,
    extra: bytes = b"",
    more_pixels: bytes = b"",
    behind: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """A PNG; `extra` are whole chunks before its pixels, `more_pixels` go on where these end, `behind` isn't compressed."""
    samples = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    row = b"\0" + bytes(width * samples * depth // 8)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    pixels = chunk(b"IDAT", zlib.compress(row * height + more_pixels) + behind)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + pixels + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(
    *, extra: bytes = b"", inside: bytes = b"", behind: bytes = b"", mode: str = "RGB", **options: object
) -> bytes:
    """A JPEG of a chart; `extra` are whole segments, `inside` stands behind the last pixels, `behind` after the end."""
    out = io.BytesIO()
    picture = Image.new(mode, (400, 300), "white")
    for at in range(0, 300, 7):
        picture.putpixel((at, 299 - at), 0)
    picture.save(out, "JPEG", **options)
    content = out.getvalue()
    head = 2 + len(segment(0xE0, bytes(14)))
    return content[:head] + extra + content[head:-2] + inside + content[-2:] + behind


def segment(marker: int, data: bytes) -> bytes:
    """One segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def safetensors(*arrays: tuple[str, str, tuple[int, ...], int], behind: bytes = b"") -> bytes:
    """Safetensors of arrays (name, type, shape, bytes), all zero."""
    header, end = {}, 0
    for name, dtype, shape, size in arrays:
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end) + behind


def checkpoint(pickled: bytes, storages: dict[str, bytes], more: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """A file as torch.save writes it, of a pickle and storages that needn't go together."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("model/data.pkl", pickled)
        for key, data in storages.items():
            archive.writestr(f"model/data/{key}", data)
        for name, data in more:
            archive.writestr(f"model/{name}", data)
    return out.getvalue()


class Runs:
    """Unpickled by Python it would run a command."""

    def __reduce__(self):
        """What pickle asks for."""
        return os.system, ("touch /tmp/ccds-airlock-was-here",)


def evil_pickle() -> bytes:
    """A pickle that runs a command when it is unpickled."""
    return pickle.dumps({"weight": Runs()}, protocol=2)


def dicom() -> bytes:
    """The beginning of a DICOM file."""
    return bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00" + bytes(200)


def nifti() -> bytes:
    """The header of a NIfTI-1 file, and some voxels."""
    return struct.pack("<i", 348) + bytes(340) + b"n+1\0" + bytes(400)
