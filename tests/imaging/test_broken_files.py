"""Files cut short, empty, or not what their name says: nothing is lost, nothing is silently incomplete."""

from collections import Counter
from pathlib import Path

import pydicom
import pytest
from pydicom import config
from pydicom.data import get_testdata_file
from pydicom.uid import UID, ExplicitVRLittleEndian, RLELossless

from ccds_kernel.cli import main
from support.dicom import Stack, write_stack


def cut(path, length: int) -> None:
    """Keeps the first `length` bytes."""
    path.write_bytes(path.read_bytes()[:length])


@pytest.mark.parametrize("length", [0, 100, 140, 300, 700, -200, -2])
def test_a_file_cut_anywhere_quarantines_its_series(tmp_path, out, convert, length) -> None:
    """Whether the cut is in the preamble, the header or the pixels; other series go on."""
    paths = write_stack(tmp_path / "in" / "a", Stack())
    write_stack(tmp_path / "in" / "b", Stack())
    last = paths[-1].rename(paths[-1].with_suffix(".dcm"))
    cut(last, length)

    verdicts = convert(tmp_path / "in")

    assert sorted(verdict["status"] for verdict in verdicts) == ["accepted", "quarantined"]
    [bad] = [verdict for verdict in verdicts if verdict["status"] == "quarantined"]
    assert bad["reason"].startswith("truncated: 1 ")
    assert len(list(out.rglob("*.nii.gz"))) == 1


@pytest.mark.parametrize("missing", [1, 2, 40])
def test_a_file_cut_in_its_series_uid_makes_no_series_of_its_own(tmp_path, convert, missing) -> None:
    """What is left of the UID would be another one, and the volume one slice short without a word."""
    stack = Stack()
    *_, last = write_stack(tmp_path / "in", stack)
    uid = stack.series_uid.encode()
    cut(last, last.read_bytes().index(uid) + len(uid) + len(uid) % 2 - missing)

    [verdict] = convert(tmp_path / "in")

    assert verdict["reason"].startswith("truncated: 1 unreadable DICOM file(s)")


def test_a_broken_file_in_a_shared_folder_warns_every_series_there(tmp_path, convert) -> None:
    """Nobody knows whose it was."""
    write_stack(tmp_path / "in", Stack())
    for path in (tmp_path / "in").iterdir():
        path.rename(path.with_name(f"first-{path.name}"))
    write_stack(tmp_path / "in", Stack())
    (tmp_path / "in" / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")

    verdicts = convert(tmp_path / "in")

    assert [verdict["status"] for verdict in verdicts] == ["accepted", "accepted"]
    assert all(any("1 unreadable DICOM file(s)" in warning for warning in verdict["warnings"]) for verdict in verdicts)


def test_broken_files_are_named_on_stderr(tmp_path, out, capsys) -> None:
    """Relative to SRC, so that the person can look at them."""
    write_stack(tmp_path / "in", Stack())
    (tmp_path / "in" / "sub").mkdir()
    (tmp_path / "in" / "sub" / "broken.dcm").write_bytes(b"junk")

    status = main(["imaging", "convert", str(tmp_path / "in"), str(out)])

    said = capsys.readouterr()
    assert status == 0
    assert "'sub/broken.dcm'" in said.err
    assert "1 unreadable file(s)" in said.out


def test_other_files_are_passed_over(tmp_path, convert) -> None:
    """A licence beside the images is no broken image."""
    write_stack(tmp_path / "in", Stack())
    (tmp_path / "in" / "LICENSE").write_text("Do what you like.\n" * 100)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted"


@pytest.mark.parametrize("lost", [8, 200])
def test_a_compressed_file_without_its_end_is_truncated(tmp_path, convert, lost) -> None:
    """Encapsulated pixels end with a delimiter; without it some are missing."""
    paths = write_stack(tmp_path / "in", Stack())
    for path in paths:
        data = pydicom.dcmread(path)
        data.compress(RLELossless, generate_instance_uid=False)
        data.save_as(path)
    cut(paths[2], -lost)

    [verdict] = convert(tmp_path / "in")

    assert verdict["reason"].startswith("truncated: 1 of 5 files")


def test_header_only_files_of_pydicom_are_truncated(convert) -> None:
    """Fifty real CT headers without pixels."""
    folder = Path(get_testdata_file("dicomdirtests/DICOMDIR")).parent / "TINY_ALPHA"

    [verdict] = convert(folder)

    assert verdict["reason"] == "truncated: 50 of 50 files end before their pixel data does"


def test_a_folder_with_a_dicomdir_gets_a_verdict_for_each_series(convert) -> None:
    """Pydicom's example of a CD: fourteen series; the index is none of them."""
    folder = Path(get_testdata_file("dicomdirtests/DICOMDIR")).parent

    verdicts = convert(folder)

    counts = Counter(verdict["status"] for verdict in verdicts)
    assert counts == {"accepted": 1, "excluded": 4, "quarantined": 9}


@pytest.mark.parametrize("name", ["image", "image.dcm", "x" * 250])
def test_an_empty_file_is_a_slice_that_may_be_missing(tmp_path, convert, name) -> None:
    """Whatever it is called: a copy that was broken off."""
    write_stack(tmp_path / "in", Stack())
    (tmp_path / "in" / name).write_bytes(b"")

    [verdict] = convert(tmp_path / "in")

    assert verdict["reason"].startswith("truncated: 1 unreadable DICOM file(s)")


def test_a_file_that_is_no_dicom_earns_a_warning(tmp_path, convert) -> None:
    """It may be a slice whose beginning was overwritten."""
    write_stack(tmp_path / "in", Stack())
    (tmp_path / "in" / "notes.txt").write_text("Do what you like.\n" * 100)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted"
    assert "1 file(s) in the same folder are no DICOM files and were passed over" in verdict["warnings"]


def test_names_of_300_characters_change_nothing(tmp_path, convert) -> None:
    """A patient's, a description's: DICOM allows 64, archives send what they have."""
    endless = "Von und zu " * 28

    def change(data, _index) -> None:
        data.PatientName = data.SeriesDescription = data.ProtocolName = endless
        data.add_new("PatientID", "LO", endless)

    with config.disable_value_validation():
        write_stack(tmp_path / "in", Stack(), change)

    [verdict] = convert(tmp_path / "in")

    assert verdict["status"] == "accepted"
    assert not any("Von und zu" in warning for warning in verdict["warnings"])


@pytest.mark.parametrize(
    "syntax", [b"1.2.840.113619.5.20", b"1.2.840.10008.1.2.9", b"1.2.840.10008.3.1.2", b"no.such.uid.at.all."]
)
def test_a_transfer_syntax_that_is_none_of_dicom_s_is_quarantined(tmp_path, convert, syntax) -> None:
    """A maker's own, one that there isn't, something else's UID, no UID: nobody guesses how the pixels are written."""
    for path in write_stack(tmp_path / "in", Stack()):
        path.write_bytes(path.read_bytes().replace(ExplicitVRLittleEndian.encode() + b"\0", syntax + b"\0", 1))

    [verdict] = convert(tmp_path / "in")

    assert verdict["reason"].startswith("unknown-encoding: ")


def test_a_bad_series_holds_up_no_other(tmp_path, convert) -> None:
    """A UID twice with other content, an empty file, a strange encoding, and a good series."""
    write_stack(tmp_path / "in" / "good", Stack())
    write_stack(tmp_path / "in" / "empty", Stack())
    (tmp_path / "in" / "empty" / "image").write_bytes(b"")
    [first, *_] = write_stack(tmp_path / "in" / "twice", Stack())
    data = pydicom.dcmread(first)
    data.PixelData = b"\1" * len(data.PixelData)
    data.save_as(first.with_name("again"))

    verdicts = convert(tmp_path / "in")

    reasons = sorted((verdict["reason"] or "accepted").split(":")[0] for verdict in verdicts)
    assert reasons == ["accepted", "truncated", "uid-conflict"]


@pytest.mark.parametrize("tiled", ["sop class", "organization"])
def test_tiles_of_pathology_are_refused_as_such(tmp_path, convert, tiled) -> None:
    """A whole slide is no stack, however it is declared."""
    whole_slide = UID("1.2.840.10008.5.1.4.1.1.77.1.6")

    def change(data, _index) -> None:
        if tiled == "sop class":
            data.SOPClassUID = whole_slide
        else:
            data.DimensionOrganizationType = "TILED_FULL"

    write_stack(tmp_path / "in", Stack(), change)

    [verdict] = convert(tmp_path / "in")

    assert (verdict["status"], verdict["reason"].split(":")[0]) == ("excluded", "tiled-image")
