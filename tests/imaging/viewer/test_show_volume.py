"""The viewer on a project: volumes, masks and headers as they lie there, for who may see or correct them."""

import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import ProjectAccessDenied, open_project
from ccds_kernel.irb.roles import Action
from ccds_widgets.imaging.viewer.app import look_screen, show_volume
from support.dicom import Stack
from support.opening import OpenAs, opening
from support.site import site_settings
from support.viewing import STUDY, allow, fill_study, pixels
from support.widget import page_of

STACK = Stack(slices=6, rows=14, columns=11)


@pytest.fixture
def settings(tmp_path):
    """A site with HEAD-1."""
    settings = site_settings(tmp_path / "site")
    allow(settings)
    return settings


@pytest.fixture
def series(settings):
    """The study's volume."""
    return fill_study(settings, STACK)


@pytest.fixture
def open_as(settings) -> Iterator[OpenAs]:
    """HEAD-1 as a person opens it."""
    with opening("HEAD-1", settings, Action.READ_IMAGES) as open_it:
        yield open_it


def people_of(settings, event):
    """Who the audit log has an event of."""
    entries = FileAuditSink(settings.paths.audit).entries("HEAD-1")
    return [entry["person"] for entry in entries if entry["event"] == event]


@contextmanager
def no_room():
    """No file of this process may grow beyond 100 bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def asker(model, series):
    """Asks about the volume."""
    version = model.answer({"kind": "open", "study": STUDY, "series": series})["volume"]["version"]
    return lambda kind, **parts: model.answer(
        {"kind": kind, "study": STUDY, "series": series, "version": version} | parts
    )


def draw(ask):
    """One voxel of a new mask."""
    ask("begin", mask=None)
    return ask("stroke", plane="axial", number=2, label=3, over=None, runs=[4, 5, 5])


def test_a_notebook_shows_the_volume_that_it_names(open_as, series):
    """A page is told which, and opens it; pixels go beside the answer as bytes."""
    page = page_of(show_volume(open_as("fay"), STUDY, series))

    page.ask({"kind": "ready", "request": 1})
    first = page.ask({"kind": "ready", "screen": "look", "request": 2})

    assert (first["project"], first["study"], first["series"]) == ("HEAD-1", STUDY, series)
    assert (first["studies"], first["corrects"]) == ([STUDY], False)


def test_a_volume_is_named_by_the_scanner_s_number(open_as, series):
    """As on the screen on which the series is chosen."""
    opened = look_screen(open_as("fay")).answer({"kind": "open", "study": STUDY, "series": None})

    assert [(one["id"], one["number"]) for one in opened["all"]] == [(series, 3)]


def test_what_was_drawn_is_a_file_of_the_project(settings, open_as, series):
    """On the volume's grid, exactly where it was drawn; who drew is kept and audited; another look shows it."""
    model = look_screen(open_as("eve"))
    ask = asker(model, series)
    draw(ask)

    answer = ask("keep")

    [path] = (settings.paths.projects / "HEAD-1" / "masks" / STUDY).glob("*.nii.gz")
    mask, volume = nib.load(path), nib.load(settings.paths.projects / "HEAD-1" / "nifti" / STUDY / f"{series}.nii.gz")
    np.testing.assert_array_equal(mask.affine, volume.affine)
    [voxel] = np.argwhere(np.asarray(mask.dataobj))
    ras = volume.affine @ [*voxel, 1]
    np.testing.assert_allclose(ras, STACK.affine() @ [5, 4, 2, 1], atol=1e-4)  # columns and rows as the files have them
    assert answer["masks"][0]["person"] == "eve"
    assert people_of(settings, "MaskKept") == ["eve"]
    other = asker(look_screen(open_as("fay")), series)
    wanted = [{"plane": "axial", "number": 2, "mask": answer["kept"]}]
    [png] = other("frames", time=0, low=0.0, high=1.0, wanted=wanted)["buffers"]
    assert np.argwhere(pixels(png)).tolist() == [[4, 5]]


def test_who_may_only_look_draws_nothing(settings, open_as, series):
    """The refusal is an audit event, and no file is there."""
    ask = asker(look_screen(open_as("fay")), series)

    for attempt in (lambda: draw(ask), lambda: ask("keep")):
        with pytest.raises(ProjectAccessDenied):
            attempt()

    assert not (settings.paths.projects / "HEAD-1" / "masks").exists()
    assert people_of(settings, "AccessDenied") == ["fay", "fay"]


def test_who_sees_no_images_opens_no_viewer(settings, series):  # noqa: ARG001 - there is something to see
    """A labeler sees reports, study by study."""
    project = open_project("HEAD-1", Action.OPEN_LABELING, person="lou", settings=settings)

    with pytest.raises(ProjectAccessDenied):
        look_screen(project)
    project.close()


def test_the_header_is_told_without_the_patient(open_as, series):
    """As the study's files have it."""
    ask = asker(look_screen(open_as("fay")), series)

    told = ask("header")

    rows = {keyword: value for _, keyword, _, value, _ in told["rows"]}
    assert told["files"] == 6
    assert rows["Modality"] == "CT"
    assert rows["PatientName"] is rows["PatientID"] is rows["StudyInstanceUID"] is None
    assert STACK.study_uid not in json.dumps(told)


def test_a_mask_that_was_damaged_is_one_clear_line(settings, open_as, series):
    """The volume can still be looked at."""
    ask = asker(look_screen(open_as("eve")), series)
    draw(ask)
    kept = ask("keep")["kept"]
    [path] = (settings.paths.projects / "HEAD-1" / "masks" / STUDY).glob("*.nii.gz")
    path.write_bytes(b"x")
    again = asker(look_screen(open_as("eve")), series)

    wanted = [{"plane": "axial", "number": 2, "mask": mask} for mask in (None, kept)]
    answer = again("frames", time=0, low=0.0, high=1.0, wanted=wanted)

    assert "a broken file" in answer["unread"]
    assert (answer["blank"], len(answer["buffers"])) == ([False, True], 1)


def test_a_full_disk_loses_no_stroke(settings, open_as, series):
    """It says so; with room again the same drawing is saved."""
    ask = asker(look_screen(open_as("eve")), series)
    draw(ask)

    with no_room(), pytest.raises(CcdsError, match=r"found File too large; .* what you drew is still here"):
        ask("keep")

    assert not list((settings.paths.projects / "HEAD-1" / "masks").rglob("*.nii.gz"))
    assert ask("keep")["kept"] == 1
