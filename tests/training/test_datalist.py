"""Data lists: what is read, and every way in which an entry can be wrong, named by its number."""

import pytest

from ccds_kernel.dataset.entry import Entry, to_text
from ccds_kernel.errors import CcdsError
from ccds_kernel.training.datalist import read_datalist
from support.training import entries, write_volume


def changed(number: int, **values) -> list[dict]:
    """The good list with entry `number` (1 is the first) changed; None takes a key out."""
    good = entries()
    entry = good[number - 1] | values
    good[number - 1] = {key: value for key, value in entry.items() if value is not None}
    return good


def test_a_good_list_is_read_in_its_order(project, datalist):
    """Each entry as it stands."""
    found = read_datalist(datalist(entries()), project.folder)

    assert found == [Entry(**entry) for entry in entries()]


def test_what_is_written_is_read_as_the_same(project, datalist):
    """The copy in a run's folder says what the list said."""
    found = read_datalist(datalist(entries()), project.folder)

    assert read_datalist(datalist(to_text(found)), project.folder) == found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"image": None}, "the keys image, label, split and no other in entry 3 of the data list"),
        ({"note": "x"}, "the keys image, label, split and no other in entry 3 of the data list"),
        ({"image": 7}, "a path as image in entry 3"),
        ({"image": ""}, "a path as image in entry 3"),
        ({"image": "a\0b"}, "a path as image in entry 3"),
        ({"label": 2}, "0 or 1 as label in entry 3"),
        ({"label": "1"}, "0 or 1 as label in entry 3"),
        ({"label": True}, "0 or 1 as label in entry 3"),
        ({"label": 1.0}, "0 or 1 as label in entry 3"),
        ({"label": []}, "0 or 1 as label in entry 3"),
        ({"split": "test"}, "training or validation as split in entry 3"),
        ({"split": ["training"]}, "training or validation as split in entry 3"),
        ({"image": "/etc/passwd"}, "inside it in entry 3 of the data list; found an absolute path"),
        ({"image": "../HEAD-2/a.nii.gz"}, "inside it in entry 3 of the data list; found one that leads out of it"),
        ({"image": "nifti/missing.nii.gz"}, "an image that is there in entry 3"),
        ({"image": "nifti"}, "an image that is there in entry 3"),
        ({"image": "x" * 300}, "an image that is there in entry 3"),
        ({"image": "nifti/0.nii.gz"}, "isn't in the list yet in entry 3 of the data list; found the image of entry 1"),
        ({"image": "nifti/../nifti/0.nii.gz"}, "found the image of entry 1"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named_by_its_number(project, datalist, values, expected):
    """One line, without the path: it may end up on a shared screen."""
    path = datalist(changed(3, **values))

    with pytest.raises(CcdsError) as raised:
        read_datalist(path, project.folder)

    assert expected in str(raised.value)
    assert ".nii.gz" not in str(raised.value)


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 16, 1), (16, 16, 16, 3)])
def test_a_volume_that_is_not_3d_is_refused(project, datalist, shape):
    """With its shape and the entry's number."""
    write_volume(project.folder / "nifti/odd.nii.gz", label=0, seed=1, shape=shape)

    with pytest.raises(CcdsError, match=r"a volume of 3 dimensions in entry 2 of the data list; found one of"):
        read_datalist(datalist(changed(2, image="nifti/odd.nii.gz")), project.folder)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x1f\x8b\x08broken"])
def test_a_file_that_is_no_image_is_refused(project, datalist, content):
    """Whatever nibabel makes of it."""
    (project.folder / "nifti/odd.nii.gz").write_bytes(content)

    with pytest.raises(CcdsError, match="a NIfTI image in entry 2"):
        read_datalist(datalist(changed(2, image="nifti/odd.nii.gz")), project.folder)


def test_a_link_out_of_the_project_is_refused(project, datalist, tmp_path):
    """Another project's volume isn't this one's because a link says so."""
    write_volume(tmp_path / "elsewhere.nii.gz", label=0, seed=1)
    (project.folder / "nifti/link.nii.gz").symlink_to(tmp_path / "elsewhere.nii.gz")

    with pytest.raises(CcdsError, match="entry 5 of the data list; found one that leads out of it"):
        read_datalist(datalist(changed(5, image="nifti/link.nii.gz")), project.folder)


def test_a_loop_of_links_is_refused(project, datalist):
    """Not followed for ever."""
    (project.folder / "nifti/loop.nii.gz").symlink_to(project.folder / "nifti/loop.nii.gz")

    with pytest.raises(CcdsError, match="an image that is there in entry 5"):
        read_datalist(datalist(changed(5, image="nifti/loop.nii.gz")), project.folder)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("no json", "a data list in JSON"),
        ("[" * 100_000, "a data list in JSON"),
        ("{}", "a JSON list of volumes; found dict"),
        ("[]", "found an empty list"),
        ([7], "in entry 1 of the data list; found int"),
        ([entry for entry in entries() if entry["split"] == "training"], "volumes for validation; found none"),
        ([entry for entry in entries() if entry["split"] == "validation"], "volumes for training; found none"),
        ([entry for entry in entries() if entry["label"] == 1], "both labels among the training volumes; found only 1"),
    ],
)
def test_a_list_that_is_none_is_refused(project, datalist, content, expected):
    """Not JSON, not a list, nothing in it, or nothing to learn from."""
    with pytest.raises(CcdsError) as raised:
        read_datalist(datalist(content), project.folder)

    assert expected in str(raised.value)


def test_a_list_that_is_not_there_is_refused(project, tmp_path):
    """Told with what the system says."""
    with pytest.raises(CcdsError, match="to read the data list; found No such file"):
        read_datalist(tmp_path / "none.json", project.folder)
