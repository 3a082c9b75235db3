"""Images of patients under other names, packed or not."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.airlock.allowed import ALLOWED
from ccds_kernel.airlock.finding import Severity
from ccds_kernel.airlock.scan.disguise import TooMuchError, inside, voxels_in
from ccds_kernel.airlock.scan.known_texts import KnownTexts
from ccds_kernel.airlock.scan.scan import scan, scan_file
from ccds_kernel.airlock.submission import Kind, SealedFile, Submission, suffix_of
from support.airlock import REASON, REPORTS, SECRET, TABLE, dicom, nifti, png

NOTHING = KnownTexts([], [])


def zipped(content: bytes, name: str = "a.txt") -> bytes:
    """A zip with one file in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def tarred(content: bytes) -> bytes:
    """A tar with one file in it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def array() -> bytes:
    """A numpy array."""
    out = io.BytesIO()
    np.save(out, np.zeros((4, 4)))
    return out.getvalue()


def nifti_2() -> bytes:
    """The header of a NIfTI-2 file."""
    return struct.pack(">i", 540) + b"n+2\0\r\n\x1a\n" + bytes(600)


def submission(kind: Kind, *names: str) -> Submission:
    """A submission of files with these names."""
    files = tuple(SealedFile(name, 1, "a" * 64) for name in names)
    return Submission("0" * 12, "CHEST-1", "sam", kind, REASON, files, datetime.now(UTC))


def kind_of(name: str) -> Kind:
    """A kind of result that may have a file of that ending."""
    return next(kind for kind in Kind if suffix_of(name) in ALLOWED[kind])


@pytest.fixture
def whats(tmp_path):
    """What is found in bytes that are submitted under a name."""

    def scan_it(content: bytes, name: str, kind: Kind) -> list[str]:
        (tmp_path / name).write_bytes(content)
        found = scan_file(tmp_path / name, name, submission(kind, name), NOTHING)
        assert {finding.severity for finding in found} == {Severity.REFUSE}
        return [finding.what for finding in found]

    return scan_it


@pytest.mark.parametrize("name", ["a.csv", "a.png", "a.pt", "a.ipynb", "a.md"])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (dicom(), "DICOM data"), (dicom()[128:], "DICOM data"), (b"x" * 5000 + dicom(), "DICOM data"),
        (b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100", "DICOM data"), (b"1.2.840.10008.5.1.4.1.1.2\0", "DICOM data"),
        (nifti(), "a NIfTI volume"), (nifti_2(), "a NIfTI volume"), (b"x" * 100 + nifti(), "a NIfTI volume"),
        (array(), "a numpy array"), (b"\x89HDF\r\n\x1a\n", "an HDF5 file"), (b"NRRD0005\n", "an NRRD volume"),
        (b"SQLite format 3\0", "a database"), (b"%PDF-1.7", "a PDF"),
    ],
)  # fmt: skip
def test_an_image_under_another_name_is_known(whats, name, content, what):
    """Whatever ending it has, and wherever in the file it begins."""
    assert whats(content, name, kind_of(name)) == [what]


@pytest.mark.parametrize(
    "pack", [zipped, tarred, gzip.compress, bz2.compress, lzma.compress, lambda content: zipped(gzip.compress(content))]
)
def test_packed_it_is_known_too(whats, pack):
    """Zip, tar and what compresses, one in the other."""
    (what,) = whats(pack(dicom()), "a.csv", Kind.TABLE)

    assert what.startswith("DICOM data in an archive or compressed file")
    assert whats(pack(b"harmless"), "a.csv", Kind.TABLE) == ["an archive or compressed file"]


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04junk", b"\x1f\x8bjunk", b"BZhjunk", b"\xfd7zXZ\0junk", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"],
)
def test_an_archive_that_can_not_be_read_does_not_leave(whats, content):
    """Nor one whose format isn't known here."""
    assert whats(content, "a.csv", Kind.TABLE)[0].startswith("an archive")


def bomb() -> bytes:
    """A gibibyte of zeros, compressed twice."""
    squeezed = io.BytesIO()
    with gzip.GzipFile(fileobj=squeezed, mode="wb", compresslevel=1) as out:
        for _ in range(300):
            out.write(bytes(2**20))
    return gzip.compress(squeezed.getvalue())


@pytest.mark.parametrize(
    "content", [bomb(), gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"x"))))], ids=["large", "deep"]
)
def test_a_bomb_is_not_unpacked(tmp_path, content):
    """What unpacks to more than a few hundred megabytes, or is packed again and again, ends the look."""
    (tmp_path / "a").write_bytes(content)

    with pytest.raises(TooMuchError):
        inside(tmp_path / "a")


def test_thousands_of_members_are_not_looked_through(tmp_path):
    """A zip that names more files than a result has."""
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        for number in range(1001):
            archive.writestr(str(number), b"x")

    with pytest.raises(TooMuchError):
        inside(tmp_path / "a")


@given(st.binary(max_size=50), st.integers(0, 400))
def test_a_header_is_found_across_the_pieces_in_which_a_file_is_read(before, cut):
    """Wherever the reading stops."""
    for header in (dicom(), nifti()):
        content = before + header

        assert voxels_in([content[:cut], content[cut:]])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", Kind.FIGURE), ("a.png", Kind.TABLE), ("a.exe", Kind.MODEL), ("a", Kind.TABLE), ("a.html", Kind.NOTEBOOK),
        ("a.py", Kind.NOTEBOOK),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_with_what_may_come(whats, name, kind):
    """A list of endings."""
    (what,) = whats(b"text", name, kind)

    assert what.startswith(f"a kind of file that a {kind} has not; it may have .")


@pytest.mark.parametrize(
    "name", ["a.csv", "a.json", "a.md", "a.png", "a.jpg", "a.svg", "a.ipynb", "a.pt", "a.safetensors"]
)
def test_a_file_that_can_not_be_read_is_refused(whats, name):
    """Bytes without a meaning under every ending."""
    assert whats(b"\x00\xff\xfe junk", name, kind_of(name))


def test_a_file_that_is_too_large_is_refused(whats):
    """Tables are aggregates."""
    assert whats(b"a,b\n" + b"1,2\n" * 1_400_000, "a.csv", Kind.TABLE) == ["more than 5,242,880 bytes"]


def test_reason_and_names_are_scanned_as_the_files_are(tmp_path):
    """Both leave with the result."""
    known = KnownTexts(REPORTS.values(), REPORTS)
    (tmp_path / "ACC0012345.csv").write_text(TABLE)
    (tmp_path / "plot.png").write_bytes(png())
    named = submission(Kind.TABLE, "ACC0012345.csv")
    reasoned = Submission(
        "0" * 12, "CHEST-1", "sam", Kind.FIGURE, f"Shows: {SECRET}", (SealedFile("plot.png", 1, "a" * 64),), named.at
    )

    (in_name,), (in_reason,) = scan(named, tmp_path, known), scan(reasoned, tmp_path, known)

    assert (in_name.what, in_name.place) == ("an accession number or study key", "its name")
    assert str(in_reason) == "refuse: 8 or more words of a report (the reason, line 1)"
