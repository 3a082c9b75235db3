"""Files cut short, empty, or not what their name says: nothing is lost, nothing is silently incomplete."""

from collections import Counter
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import RLELossless

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
