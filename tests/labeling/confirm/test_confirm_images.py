"""A study's images beside it, for those who may see them."""

import pytest

from ccds_kernel.errors import CcdsError
from support.confirm_project import FELLOW, make_batch
from support.preview import head, write_image


@pytest.mark.parametrize("data", [("reports", "images")])
def test_a_fellow_sees_the_images_of_a_study(project, keys, screen_of):
    """Where the application covers images: which there are, and a slice of one."""
    write_image(project.folder / "nifti" / keys[0] / "ct.nii.gz", head())
    screen = screen_of(FELLOW)

    told = screen.answer({"kind": "series", "study": keys[0]})["series"]
    wanted = {"kind": "slice", "study": keys[0], "series": "ct", "number": 3, "low": 0.0, "high": 80.0}
    shown = screen.answer(wanted)

    assert screen.start()["sees_images"]
    assert [one["id"] for one in told] == ["ct"]
    assert (shown["number"], len(shown["buffers"][0])) == (3, shown["size"][0] * shown["size"][1])


@pytest.mark.parametrize("data", [("reports", "images")])
def test_a_fellow_is_told_of_which_studies_there_are_images(project, keys, screen_of):
    """So that nothing is offered that isn't there."""
    write_image(project.folder / "nifti" / keys[0] / "ct.nii.gz", head())
    batch = make_batch(project, "two", keys[:2], labelers=[FELLOW])

    shown = screen_of(FELLOW).answer({"kind": "batch", "batch": batch.id})["studies"]

    assert {study["key"]: study["images"] for study in shown} == {keys[0]: True, keys[1]: False}


@pytest.mark.parametrize(
    ("person", "data"), [(FELLOW, ("reports",)), ("lou", ("reports", "images"))], ids=["not covered", "labeler"]
)
def test_who_may_not_see_images_sees_none(project, keys, screen_of, person):
    """An application without images opens none to a fellow, and one with images none to a labeler, though files are there."""
    write_image(project.folder / "nifti" / keys[0] / "ct.nii.gz", head())
    screen = screen_of(person)

    assert not screen.start()["sees_images"]
    for request in (
        {"kind": "series", "study": keys[0]},
        {"kind": "slice", "study": keys[0], "series": "ct", "number": 0, "low": 0.0, "high": 1.0},
    ):
        with pytest.raises(CcdsError, match="expected a role that sees images"):
            screen.answer(request)
