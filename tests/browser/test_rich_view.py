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

SHOW = f"""
from ipyniivue import SliceType
from ccds_widgets.imaging.viewer.rich import show_in_niivue
view = show_in_niivue(project, "{STUDY}")
view.opts.is_colorbar = False
view.opts.crosshair_width = 0
view.set_slice_type(SliceType.AXIAL)
view
"""


@pytest.fixture(scope="module")
def browser():
    """A Chromium with WebGL."""
    with chromium(WEBGL) as running:
        yield running


def test_the_patient_s_right_is_on_the_left(site, serve, open_page, tmp_path):
    """A volume that is bright on the patient's right and front only; nobody else is asked for anything."""
    allow(site.settings)
    voxels = np.full(SHAPE, -500, np.int16)
    voxels[: SHAPE[0] // 2, : SHAPE[1] // 2] = 500  # the file's axes run to L, P and S
    write_image(site.settings.paths.projects / "HEAD-1" / "nifti" / STUDY / "series-1.nii.gz", voxels, AFFINE)
    notebook = json.loads((ROOT / "notebooks" / "lab" / "volumes.ipynb").read_text())
    [cell] = [cell for cell in notebook["cells"] if cell["id"] == "look"]
    (tmp_path / "rich.ipynb").write_text(json.dumps(notebook | {"cells": [cell | {"source": SHOW}]}))

    page = open_page(serve(str(tmp_path / "rich.ipynb"), project="HEAD-1", person="eve"))

    until(lambda: _brightest(page) is not None, "the volume to be drawn")
    across, down = _brightest(page)
    assert across < 0.5
    assert down < 0.5


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
