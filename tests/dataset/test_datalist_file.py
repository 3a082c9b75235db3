"""From a project to its data list: what is in it, what is left out and counted, what is refused."""

import json
import shutil

import pytest

from ccds_kernel.dataset.datalist_file import write_datalist
from ccds_kernel.dataset.entry import Entry
from ccds_kernel.dataset.soft_labels import soft_labels
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.training.datalist import read_datalist
from support.dataset import rule_and_accept_all_but, write_header


@pytest.fixture
def write(hospital):
    """Writes the data list with the hospital's phrases."""
    return lambda **more: write_datalist(
        hospital.project, soft_labels(hospital.project, phrases=hospital.phrases), **more
    )


def left_out(datalist) -> dict[str, int]:
    """What wasn't taken, and why."""
    return dict(datalist.made.left_out)


def test_the_list_is_the_one_that_a_training_reads(twenty, write):
    """In the person's own folder; each study once, with its label, a patient's two on one side."""
    datalist = write()

    read = read_datalist(datalist.path, twenty.project.folder)

    assert datalist.path == twenty.project.folder / "work" / "eli" / "datalist.json"
    assert tuple(read) == datalist.made.entries
    assert len(read) == 40
    assert sum(entry.label for entry in read) == 20
    assert left_out(datalist) == {}
    for label in (0, 1):
        assert datalist.made.count("training", label) + datalist.made.count("validation", label) == 20
    assert datalist.made.count("training", 0) == datalist.made.count("training", 1)
    assert {entry.split for entry in read} == {"training", "validation"}


def test_it_is_told_what_was_left_out_and_why(twenty, write):
    """Reports without a match, with another label, without a volume; studies without a report or a patient; odd volumes."""
    twenty.add("Normal.", "PAT0", (4, 4, 4))
    twenty.add("Normal.", "PAT0")
    twenty.add("Motion.", "PAT0", (4, 4, 4))
    twenty.add("Hemorrhage.", "PAT0")
    twenty.add("Hemorrhage.", None, (4, 4, 4))
    twenty.add("Hemorrhage.", "PAT1", (4, 4), (4, 4, 4, 2), (4, 4, 4))
    broken = twenty.add("Hemorrhage.", "PAT2", (4, 4, 4))
    (twenty.project.folder / "nifti" / broken / "series-0.nii.gz").write_bytes(b"no image")
    shutil.copytree(twenty.project.folder / "nifti" / broken, twenty.project.folder / "nifti" / "unknown")

    datalist = write()

    assert len(datalist.made.entries) == 41
    assert left_out(datalist) == {
        "reports that no phrase matches": 2,
        "reports with another label (unclear)": 1,
        "labelled reports without a volume": 1,
        "studies without a report": 1,
        "studies whose DICOM files don't say which patient": 1,
        "volumes that aren't 3-D": 2,
        "files that can't be read as a NIfTI image": 1,
    }
    told = str(datalist)
    assert told.startswith("41 volumes, each patient on one side only\n  training: ")
    assert "\nleft out\n  reports that no phrase matches: 2\n" in told


def test_every_volume_of_a_study_has_its_label_and_side(twenty, write):
    """Two series of one study never part."""
    key = twenty.add("Hemorrhage.", "PAT100", (4, 4, 4), (4, 4, 4))

    entries = [entry for entry in write().made.entries if key in entry.image]

    split = entries[0].split
    assert entries == [Entry(f"nifti/{key}/series-{number}.nii.gz", 1, split) for number in (0, 1)]


def test_what_is_not_yet_a_volume_is_passed_over(twenty, write):
    """A file that is being written and a conversion at work have hidden names; neither is listed nor counted."""
    key = twenty.add("Hemorrhage.", "PAT3", (4, 4, 4))
    volumes = twenty.project.folder / "nifti"
    shutil.copy(volumes / key / "series-0.nii.gz", volumes / key / ".half.nii.gz")
    shutil.copytree(volumes / key, volumes / ".ccds-converting-x")
    only_hidden = twenty.add("Hemorrhage.", "PAT4", (4, 4, 4))
    (volumes / only_hidden / "series-0.nii.gz").rename(volumes / only_hidden / ".half.nii.gz")

    datalist = write()

    assert [entry.image for entry in datalist.made.entries if key in entry.image] == [f"nifti/{key}/series-0.nii.gz"]
    assert len(datalist.made.entries) == 41
    assert left_out(datalist) == {"labelled reports without a volume": 1}


def test_a_volume_that_no_verdict_accepts_is_left_out(twenty, write):
    """What a conversion that was killed left, or one in quarantine; one made by hand is taken. All are, without rules."""
    by_hand = twenty.add("Hemorrhage.", "PAT5", (4, 4, 4))
    unjudged = twenty.add("Hemorrhage.", "PAT6", (4, 4, 4))
    folder = twenty.project.folder / "nifti" / by_hand
    (folder / "series-0.nii.gz").rename(folder / "scan.nii.gz")
    without_rules = write()
    rule_and_accept_all_but(twenty.project, unjudged)

    datalist = write()

    images = {entry.image for entry in datalist.made.entries}
    shutil.copytree(twenty.project.folder / "nifti", twenty.project.folder / "normalized" / "brain")
    assert left_out(write(volumes="normalized/brain/")) == left_out(datalist)
    assert f"nifti/{by_hand}/scan.nii.gz" in images
    assert {entry.image for entry in without_rules.made.entries} - images == {f"nifti/{unjudged}/series-0.nii.gz"}
    assert left_out(datalist) == {"volumes that no verdict accepts": 1, "labelled reports without a volume": 1}


@pytest.mark.usefixtures("twenty")
def test_the_same_project_gives_the_same_bytes(write):
    """The list depends on nothing but what is there, and is written whole over the one before."""
    first = write()
    before = first.path.read_bytes()

    again = write()

    assert again.path.read_bytes() == before
    assert [path.name for path in again.path.parent.iterdir()] == ["datalist.json"]


def test_other_labels_and_another_folder_of_volumes(twenty, write):
    """Which label means yes is for the person to say; normalized volumes lie as converted ones do."""
    shutil.copytree(twenty.project.folder / "nifti", twenty.project.folder / "normalized" / "brain")

    turned = write(positive="absent", negative="present", volumes="normalized/brain")
    entries = {entry.image: entry.label for entry in turned.made.entries}
    plain = write().made.entries

    assert entries == {entry.image.replace("nifti/", "normalized/brain/"): 1 - entry.label for entry in plain}


@pytest.mark.usefixtures("twenty")
def test_a_patient_s_id_reaches_neither_list_nor_words(write):
    """The split is all that is left of it."""
    datalist = write()

    for text in (datalist.path.read_text(), str(datalist), repr(datalist)):
        assert "PAT" not in text
        assert "ACC" not in text
    assert {key for entry in json.loads(datalist.path.read_text()) for key in entry} == {"image", "label", "split"}


def test_one_readable_header_of_a_study_is_enough(twenty, write):
    """A damaged file, or one that doesn't say the patient, makes nothing be left out."""
    key = twenty.add("Hemorrhage.", "PAT5", (4, 4, 4))
    folder = twenty.project.folder / "dicom" / key / "series-0"
    (folder / "0.dcm").write_bytes(b"no DICOM")
    write_header(folder / "00.dcm", None)

    datalist = write()

    assert left_out(datalist) == {}
    assert len(datalist.made.entries) == 41


@pytest.mark.parametrize(
    ("studies", "told"),
    [
        ([], "expected volumes of studies labelled present or absent; found none"),
        ([("Normal.", "PAT0")], "expected volumes of studies labelled present or absent; found none"),
        ([("Hemorrhage.", f"PAT{n}") for n in range(20)], "both labels among the training volumes; found only present"),
        ([("No hemorrhage.", f"PAT{n}") for n in range(20)], "both labels among the training volumes; found only absent"),
        ([("Hemorrhage.", "PAT0"), ("No hemorrhage.", "PAT0")], "found none among 2 volumes; add studies of more patients"),
    ],
)  # fmt: skip
def test_a_list_that_teaches_nothing_is_refused(hospital, write, studies, told):
    """Said in one line; no list is written, and one that is there stays."""
    for text, patient in studies:
        hospital.add(text, patient, (4, 4, 4))

    with pytest.raises(CcdsError) as raised:
        write()

    assert told in str(raised.value)
    assert not (hospital.project.folder / "work" / "eli").exists()


def test_two_answers_are_needed(write):
    """The same label can't mean yes and no."""
    with pytest.raises(CcdsError, match="two labels, one for each answer"):
        write(positive="present", negative="present")


def test_who_may_not_read_images_writes_nothing(twenty, open_as):
    """A labeler confirms studies, and sees no images."""
    labels = soft_labels(twenty.project, phrases=twenty.phrases)
    labeler = open_as("lou", Action.OPEN_LABELING)

    with pytest.raises(ProjectAccessDenied, match="a role that may read images"):
        write_datalist(labeler, labels)

    assert not (twenty.project.folder / "work" / "lou").exists()


def test_a_folder_that_can_not_be_written_is_told(twenty, write):
    """A file lies where the folder belongs."""
    (twenty.project.folder / "work" / "eli").write_text("")

    with pytest.raises(CcdsError, match="to write the data list into your folder of the project"):
        write()
