"""The images beside a report: what there is of a study, and one slice at a time."""

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.volume_folder import VolumeFolder
from ccds_widgets.labeling.confirm import messages
from ccds_widgets.labeling.confirm.slices import Slices
from support.preview import SHAPE, head, write_image


class Images:
    """The volumes of a folder, and how often one was read."""

    def __init__(self, folder: VolumeFolder) -> None:
        self.folder = folder
        self.read_so_far = 0

    def of_study(self, study_key):
        """Those of a study."""
        return self.folder.of_study(study_key)

    def read(self, entry):
        """One of them."""
        self.read_so_far += 1
        return self.folder.read(entry).volume


@pytest.fixture
def images(tmp_path):
    """A study with a CT series and one that doesn't say what it is."""
    folder = VolumeFolder(tmp_path / "nifti")
    write_image(folder.folder / "abc" / "ct.nii.gz", head())
    write_image(folder.folder / "abc" / "other.nii.gz", head(2))
    (folder.folder / "abc" / "other.json").unlink()
    return Images(folder)


def wanted(**parts):
    """A request for a slice."""
    values = {"kind": "slice", "study": "abc", "series": "ct", "number": 0, "low": 0.0, "high": 0.0}
    return messages.Slice.model_validate(values | parts)


def test_the_series_of_a_study_are_told(images):
    """With what they are; a study without images has none."""
    slices = Slices(images)

    told = slices.series("abc")["series"], slices.series("none")["series"]

    assert [(one["id"], one["modality"]) for one in told[0]] == [("ct", "CT"), ("other", "")]
    assert [[name for name, _, _ in one["windows"]][:2] for one in told[0]] == [["Soft tissue", "Brain"], []]
    assert told[0][0]["windows"][1] == ["Brain", 0, 80]
    assert told[1] == []


def test_a_slice_is_grey_between_the_two_intensities_that_are_asked_for(images):
    """Rows from top to bottom, as many bytes as pixels; the volume is read once; a number beyond the last is the last."""
    slices = Slices(images)

    first, last = (
        slices.slice(wanted(low=-1000.0, high=1000.0)),
        slices.slice(wanted(number=99, low=-1000.0, high=1000.0)),
    )

    assert first["size"] == [SHAPE[0], SHAPE[1]]
    assert (first["number"], last["number"], first["slices"]) == (0, SHAPE[2] - 1, SHAPE[2])
    assert [len(one["buffers"][0]) for one in (first, last)] == [SHAPE[0] * SHAPE[1]] * 2
    assert images.read_so_far == 1


@pytest.mark.parametrize(("series", "expected"), [("ct", (-160.0, 240.0)), ("other", None)])
def test_what_is_not_asked_for_is_chosen_by_modality(images, series, expected):
    """Soft tissue of CT, all but the extremes of others; something is neither black nor white."""
    answer = Slices(images).slice(wanted(series=series, number=SHAPE[2] // 2))

    assert answer["low"] < answer["high"]
    assert expected is None or (answer["low"], answer["high"]) == expected
    assert len(np.unique(np.frombuffer(answer["buffers"][0], np.uint8))) > 1


def test_a_series_that_is_gone_is_told(images):
    """One line."""
    with pytest.raises(CcdsError, match="expected images that are there"):
        Slices(images).slice(wanted(series="gone"))
