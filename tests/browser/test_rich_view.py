"""NiiVue on a volume in a real browser, whose graphics the processor works out."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from support.browser import WEBGL, chromium
from support.checkout import ROOT
from support.preview import AFFINE, SHAPE, write_image
from support.viewing import STUDY, allow
from support.waiting import until

pytestmark = pytest.mark.browser

SHOW = """
from ipyniivue import SliceType
from ccds_widgets.imaging.viewer.rich import show_in_niivue
view = show_in_niivue(project, "%s")
view.opts.is_colorbar = False
view.opts.crosshair_width = 0
view.set_slice_type(SliceType.%s)
view
"""


@pytest.fixture(scope="module")
def browser():
    """A Chromium with WebGL."""
    with chromium(WEBGL) as running:
        yield running


@pytest.fixture
def brightest(site, serve, open_page, tmp_path):
    """Where the picture of a plane is white, of a volume that is bright in a box only: as shares of width and height."""
    allow(site.settings)

    def show(plane, box):
        voxels = np.full(SHAPE, -500, np.int16)
        voxels[box] = 500
        write_image(site.settings.paths.projects / "HEAD-1" / "nifti" / STUDY / "series-1.nii.gz", voxels, AFFINE)
        notebook = json.loads((ROOT / "notebooks" / "lab" / "volumes.ipynb").read_text())
        [cell] = [cell for cell in notebook["cells"] if cell["id"] == "look"]
        cells = [cell | {"source": SHOW % (STUDY, plane)}]
        (tmp_path / "rich.ipynb").write_text(json.dumps(notebook | {"cells": cells}))
        page = open_page(serve(str(tmp_path / "rich.ipynb"), project="HEAD-1", person="eve"))
        until(lambda: _brightest(page) is not None, "the volume to be drawn")
        return _brightest(page)

    return show


RIGHT, FRONT, FEET = (slice(length // 2) for length in SHAPE)
"""Of a volume whose axes run to L, P and S."""


def test_axial_pictures_lie_as_radiologists_see_them(brightest):
    """The patient's right is on the left, the front above; nobody but the session is asked for anything."""
    across, down = brightest("AXIAL", (RIGHT, FRONT))

    assert across < 0.5
    assert down < 0.5


def test_sagittal_pictures_lie_as_those_of_the_three_planes(brightest):
    """The front is on the left, the feet below."""
    across, down = brightest("SAGITTAL", (slice(None), FRONT, FEET))

    assert across < 0.5
    assert down > 0.5


def _brightest(page) -> tuple[float, float] | None:
    """The middle of what is white on the canvas, as shares of its width and height; None where there is little of it."""
    canvas = page.locator("canvas").first
    if not canvas.count():
        return None
    with Image.open(io.BytesIO(canvas.screenshot())) as image:
        grey = np.asarray(image.convert("L"))
    rows, columns = np.nonzero(grey > 240)
    if len(rows) < grey.size / 200:
        return None
    return float(columns.mean() / grey.shape[1]), float(rows.mean() / grey.shape[0])
