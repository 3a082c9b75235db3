"""NiiVue on a project's volume: what it is given, and what it refuses."""

from contextlib import closing

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.grid import Mask
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.irb.project import ProjectAccessDenied, open_project
from ccds_kernel.irb.roles import Action
from ccds_widgets.imaging.viewer.rich import show_in_niivue
from support.dicom import Stack
from support.site import site_settings
from support.viewing import STUDY, allow, fill_study

STACK = Stack(slices=6, rows=14, columns=11)


@pytest.fixture
def settings(tmp_path):
    """A site with HEAD-1 and a study's volume."""
    settings = site_settings(tmp_path / "site")
    allow(settings)
    fill_study(settings, STACK)
    return settings


@pytest.fixture
def project(settings):
    """HEAD-1 as the engineer eve has it."""
    with closing(open_project("HEAD-1", Action.READ_IMAGES, person="eve", settings=settings)) as opened:
        yield opened


def test_it_shows_the_volume_as_radiologists_do(project):
    """The patient's right and front on the left, through the modality's first window."""
    view = show_in_niivue(project, STUDY)

    assert view.opts.is_radiological_convention
    assert view.opts.sagittal_nose_left
    [volume] = view.volumes
    assert volume.path == next((project.folder / "nifti" / STUDY).glob("*.nii.gz"))
    assert (volume.cal_min, volume.cal_max) == (-160, 240)


def test_the_newest_mask_lies_over_it(project):
    """In the colours that the three planes have."""
    studies = ImageStudies(project)
    series = next((project.folder / "nifti" / STUDY).glob("*.nii.gz")).name.removesuffix(".nii.gz")
    for label in (1, 2):
        studies.keep_drawn(STUDY, series, Mask(np.full((11, 14, 6), label, np.uint8), {label: ""}, "drawn"))

    view = show_in_niivue(project, STUDY)

    assert view.volumes[1].path.name == studies.masks(STUDY)[-1].file
    assert view.volumes[1].colormap_label.lut[:12] == [0, 0, 0, 0, 230, 159, 0, 255, 86, 180, 233, 255]


@pytest.mark.parametrize("write", ["save_image", "save_document", "save_html", "save_scene"])
def test_it_writes_no_file(project, write):
    """The browser's downloads are no way out of the project."""
    view = show_in_niivue(project, STUDY)

    with pytest.raises(CcdsError, match="submit what may leave to the airlock"):
        getattr(view, write)()
    with pytest.raises(CcdsError, match="submit what may leave to the airlock"):
        view.volumes[0].save_to_disk()


@pytest.mark.parametrize(("study", "series"), [("nothing", None), (STUDY, "series-none"), ("../dicom", None)])
def test_a_volume_that_is_not_there_is_one_clear_line(project, study, series):
    """Nor does a name lead anywhere else."""
    with pytest.raises(CcdsError, match="expected a volume of the project"):
        show_in_niivue(project, study, series)


def test_who_may_not_see_images_gets_none(settings):
    """A labeler opens the project for its reports."""
    with (
        closing(open_project("HEAD-1", Action.OPEN_LABELING, person="lou", settings=settings)) as project,
        pytest.raises(ProjectAccessDenied),
    ):
        show_in_niivue(project, STUDY)
