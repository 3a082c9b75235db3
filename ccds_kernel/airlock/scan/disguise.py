"""Images of patients under another name: DICOM, NIfTI and other arrays of voxels, wherever they lie in a file, packed or not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Literal

_DICOM = re.compile(rb"DICM\x02\x00|\x08\x00\x05\x00(?:CS|\n\x00\x00\x00ISO_IR)|1\.2\.840\.10008\.5\.1\.4\.1\.")
"""Part 10 files; data sets without preamble, which begin with their character set; the class of any stored object."""

_NIFTI = re.compile(rb"(?:n\+[12]|ni[12])\x00")
_NIFTI_1, _NIFTI_2 = 348, 540
_MAGIC_AT = 344

BEGINNINGS: Mapping[bytes, str] = {
    b"\x93NUMPY": "a numpy array", b"\x89HDF\r\n": "an HDF5 file", b"NRRD0": "an NRRD volume",
    b"ObjectType": "a MetaImage volume", b"NDims =": "a MetaImage volume", b"II*\0": "a TIFF image",
    b"MM\0*": "a TIFF image", b"PAR1": "a Parquet table",
    b"ARROW1": "an Arrow table", b"SQLite format 3\0": "a database", b"%PDF-": "a PDF", b"\x7fELF": "a program",
}  # fmt: skip
"""How files begin that don't leave → what they are."""

_CHUNK = 2**20
_OVERLAP = 1024
_DEEPEST = 3
_MOST_MEMBERS = 1000
_MOST_BYTES = 256 * 2**20
"""Unpacked in all: whoever sends more is refused without a look at the rest."""


class TooMuchError(ValueError):
    """Packed so often, or unpacks to so much, that it isn't looked through."""


def voxels_in(chunks: Iterable[bytes]) -> str | None:
    """What image data stands anywhere in the bytes of a file; None where there is none."""
    before = b""
    for chunk in chunks:
        part = before + chunk
        if _DICOM.search(part):
            return "DICOM data"
        if any(_is_nifti(part, match.start()) for match in _NIFTI.finditer(part)):
            return "a NIfTI volume"
        before = part[-_OVERLAP:]
    return None


def beginning(head: bytes) -> str | None:
    """What a file that begins with `head` is, where it is one that never leaves."""
    return next((what for magic, what in BEGINNINGS.items() if head.startswith(magic)), None)


def packed(head: bytes) -> bool:
    """Whether a file that begins with `head` is an archive, or compressed."""
    return head.startswith(
        (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
    ) or (head[257:262] == b"ustar")


def inside(path: Path) -> str:
    """What is packed into the file at `path`, for people: the first image data, else what it is.

    Raises:
        TooMuchError: it holds more than is looked through.
    """
    with path.open("rb") as source:
        return _Unpacking().look(source, 0) or "an archive or compressed file"


class _Unpacking:
    """One walk through an archive, with what is left of its bounds."""

    def __init__(self) -> None:
        self._left = _MOST_BYTES
        self._members = _MOST_MEMBERS

    def look(self, source: IO[bytes], depth: int) -> str | None:
        """The first image data in `source`, or in what is packed into it."""
        head = source.read(512)
        source.seek(0)
        if not packed(head):
            return beginning(head) or voxels_in(self._bounded(source))
        if depth == _DEEPEST:
            raise TooMuchError
        try:
            for member in self._unpacked(source, head):
                self._members -= 1
                if self._members < 0:
                    raise TooMuchError
                if found := self.look(member, depth + 1):
                    return f"{found} in an archive or compressed file"
        except (
            zipfile.BadZipFile,
            tarfile.TarError,
            OSError,
            EOFError,
            zlib.error,
            lzma.LZMAError,
            RuntimeError,
            NotImplementedError,
        ):
            return "an archive that can't be read"
        return None

    def _unpacked(self, source: IO[bytes], head: bytes) -> Iterator[IO[bytes]]:
        if head.startswith(b"PK"):
            with zipfile.ZipFile(source) as archive:
                for entry in archive.infolist():
                    with archive.open(entry) as member:
                        yield self._held(member)
        elif head[257:262] == b"ustar":
            with tarfile.open(fileobj=source, mode="r:") as tar:
                for one in tar:
                    if one.isfile() and (data := tar.extractfile(one)):
                        yield self._held(data)
        else:
            opener = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)
            if opener is None:
                raise OSError
            with opener(source) as member:
                yield self._held(member)

    def _held(self, member: IO[bytes]) -> IO[bytes]:
        """All of `member` in memory, so that what is in it can be looked at twice."""
        return io.BytesIO(b"".join(self._bounded(member)))

    def _bounded(self, source: IO[bytes]) -> Iterator[bytes]:
        while chunk := source.read(_CHUNK):
            self._left -= len(chunk)
            if self._left < 0:
                raise TooMuchError
            yield chunk


_OPENERS: Mapping[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open,
}  # fmt: skip


def _is_nifti(part: bytes, at: int) -> bool:
    """Whether the magic words at `at` end a header: NIfTI-1 has them behind 344 bytes, NIfTI-2 behind its size."""
    orders: tuple[Literal["little"], Literal["big"]] = ("little", "big")
    sizes = [(at - _MAGIC_AT, _NIFTI_1), (at - 4, _NIFTI_2)]
    return any(
        begin >= 0 and size in (int.from_bytes(part[begin : begin + 4], order) for order in orders)
        for begin, size in sizes
    )
