"""What of a series' headers is told: how it was made; never of whom, by whom or when."""

import pydicom
import pytest
from pydicom.datadict import dictionary_keyword, dictionary_VR, repeater_has_tag
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import generate_uid

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.output import hashed_name
from ccds_kernel.imaging.told_header import LONGEST_VALUE, told_header
from ccds_kernel.quiet_pydicom import quiet_pydicom
from support.dicom import Stack, write_stack

NAME = "ZZSECRET"
IDENTIFYING = {
    "DA": "19470229", "TM": "112233.44", "DT": "19470229112233", "AS": "077Y", "PN": f"{NAME}^{NAME}", "LO": NAME, "SH": NAME,
    "ST": NAME, "LT": NAME, "UT": NAME, "UC": NAME, "AE": NAME, "UR": NAME,
}  # fmt: skip
"""A value for each kind of element that may say who, where or when."""

TELL_TALE = ("ZZSECRET", "19470229", "112233", "077Y")


@pytest.fixture
def stack():
    """A small CT."""
    return Stack(slices=4)


def told_of(folder, stack, change=lambda _data, _index: None):
    """The headers of `stack`, whose files were changed so, as tag → row."""
    with quiet_pydicom():  # it warns of values that a scanner wouldn't write
        write_stack(folder, stack, change)
    told = told_header(folder, hashed_name("series", stack.series_uid))
    return told, {row.keyword: row for row in told.rows}


def test_how_a_series_was_made_is_told(tmp_path, stack):
    """Numbers, codes, the standard's own UIDs; where files differ, how many values there are."""
    told, rows = told_of(tmp_path, stack)

    assert told.files == 4
    assert (rows["Modality"].value, rows["Modality"].values) == ("CT", 1)
    assert rows["SOPClassUID"].value == "CT Image Storage"
    assert rows["TransferSyntaxUID"].value == "Explicit VR Little Endian"
    assert rows["PixelSpacing"].value == "0.8\\0.6"
    assert rows["InstanceNumber"].values == 4
    assert rows["ImagePositionPatient"].tag == "0020,0032"
    assert [row.tag for row in told.rows] == sorted(row.tag for row in told.rows)


def test_no_element_that_may_identify_is_told(tmp_path, stack):
    """Every public element of DICOM's dictionary with a date, time, name or text in it, filled in: also within sequences."""
    keywords = [
        keyword
        for tag in pydicom.datadict.DicomDictionary
        if (keyword := dictionary_keyword(tag))
        and not repeater_has_tag(tag)
        and dictionary_VR(tag) in IDENTIFYING
        and Tag(tag).group > 8
    ] + [
        "AccessionNumber",
        "StudyDate",
        "StudyDescription",
        "InstitutionName",
        "ReferringPhysicianName",
        "OperatorsName",
    ]
    told_texts = {"ConvolutionKernel", "SequenceName", "SoftwareVersions", "ReceiveCoilName", "TransmitCoilName"}

    def fill(data, _index):
        item = Dataset()
        for keyword in set(keywords) - told_texts:
            for where in (data, item):
                setattr(where, keyword, IDENTIFYING[dictionary_VR(Tag(keyword))])
        data.PatientSex, data.PatientWeight, data.PatientSize = "F", "72.5", "1.7"
        item.ReferencedSOPInstanceUID = generate_uid()
        data.ReferencedImageSequence = Sequence([item])
        block = data.private_block(0x0029, NAME, create=True)
        block.add_new(0x01, "LO", NAME)
        block.add_new(0x02, "DS", "19470229")
        block.add_new(0x03, "CS", "ZZSECRET")

    told, rows = told_of(tmp_path, stack, fill)

    values = [row.value for row in told.rows if row.value]
    assert len(told.rows) > 1000
    assert [value for value in values if any(mark in value for mark in TELL_TALE)] == []
    assert all(
        rows[keyword].value is None for keyword in ("PatientSex", "PatientWeight", "PatientSize", "AccessionNumber")
    )
    assert rows["ReferencedImageSequence > ReferencedSOPInstanceUID"].value is None
    assert not [value for value in values if stack.series_uid in value or stack.study_uid in value]
    assert [row.value for row in told.rows if row.keyword == "private"] == [None] * 4


@pytest.mark.parametrize("said", ["Smith^John", "born 1947", "x" * 17])
def test_a_code_that_is_none_is_not_told(tmp_path, stack, said):
    """Somebody typed it."""
    _, rows = told_of(tmp_path, stack, lambda data, _index: data.add_new(Tag("BodyPartExamined"), "CS", said))

    assert rows["BodyPartExamined"].value is None


def told_of_text(folder, stack, keyword, vr, text):
    """The headers of `stack`, with `text` in an element that isn't for text: no program should write it."""
    tag = Tag(keyword)
    begin = tag.group.to_bytes(2, "little") + tag.element.to_bytes(2, "little")
    for path in write_stack(folder, stack, lambda data, _index: data.add_new(tag, "LO", text)):
        content = path.read_bytes()
        assert content.count(begin + b"LO") == 1
        path.write_bytes(content.replace(begin + b"LO", begin + vr.encode()))
    return {row.keyword: row for row in told_header(folder, hashed_name("series", stack.series_uid)).rows}


@pytest.mark.parametrize(
    ("keyword", "vr", "text"),
    [
        ("KVP", "DS", "SMITH JOHN"),
        ("KVP", "DS", "NAN"),
        ("PixelAspectRatio", "IS", "1\\SMITH"),
        ("AcquisitionNumber", "IS", "SMITH"),
    ],
)
def test_text_in_an_element_for_numbers_is_not_told(tmp_path, stack, keyword, vr, text):
    """Of several values none."""
    rows = told_of_text(tmp_path, stack, keyword, vr, text)

    assert (rows[keyword].value, rows[keyword].values) == (None, 0)


@pytest.mark.parametrize("text", ["120", "-1.5e+2", ".5", "12345678901234567890"])
def test_numbers_are_told_however_they_are_written(tmp_path, stack, text):
    """The standard allows all of these."""
    rows = told_of_text(tmp_path, stack, "KVP", "DS", text)

    assert float(rows["KVP"].value) == float(text)


def test_an_element_that_can_t_be_read_hides_itself_only(tmp_path, stack):
    """Four bytes where a number has eight."""
    rows = told_of_text(tmp_path, stack, "DiffusionBValue", "FD", "JOHN")

    assert (rows["DiffusionBValue"].value, rows["Modality"].value) == (None, "CT")


def test_a_long_value_is_cut_short(tmp_path, stack):
    """A table of thousands of numbers is no help."""

    def fill(data, _index):
        data.add_new(Tag("FlipAngle"), "DS", ["1.5"] * 500)

    _, rows = told_of(tmp_path, stack, fill)

    assert LONGEST_VALUE < len(rows["FlipAngle"].value) <= LONGEST_VALUE + 2


def test_other_series_and_other_files_are_left_out(tmp_path, stack):
    """Of a study's folder only the series' own files; what is no DICOM or broken stops nothing."""
    write_stack(tmp_path / "other", Stack(slices=3))
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)

    told, _ = told_of(tmp_path / "own", stack)

    assert told_header(tmp_path, hashed_name("series", stack.series_uid)).rows == told.rows
    assert told.files == 4


def test_a_series_in_a_folder_of_its_own_is_looked_for_nowhere_else(tmp_path, stack):
    """As retrieval lays them: a study may have thousands of files of other series."""
    name = hashed_name("series", stack.series_uid)
    write_stack(tmp_path / name, stack)
    write_stack(tmp_path / "elsewhere", stack)

    assert told_header(tmp_path, name).files == 4


def test_a_series_without_files_says_so(tmp_path):
    """Its study was removed."""
    with pytest.raises(CcdsError, match="DICOM files of this series; found none"):
        told_header(tmp_path, "series-none")
