"""The preview's page in a browser: a project with volumes, the notebook that is served, and what its pictures show."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from support.checkout import ROOT
from support.preview import SHAPE, SIDECAR, fill_project, head, write_image
from support.waiting import until

NOTEBOOK = str(ROOT / "notebooks" / "lab" / "normalization.ipynb")
CENTER, WIDTH = re.compile("^window center$"), re.compile("^window width$")
"""What the two fields of a window are called."""
TAIL = "p5zz2k4lmn6o7abc"
"""A study that is no volume: a series over time."""
MR = "t7yw3n5kq2fcx4ud"
"""A study by magnetic resonance."""


@pytest.fixture(scope="module")
def previewed(site):
    """HEAD-1 with two studies, one by MR, and one that is none."""
    project = fill_project(site.settings)
    write_image(project.folder / "nifti" / TAIL / "series-1.nii.gz", np.zeros((*SHAPE, 2), np.int16))
    write_image(project.folder / "nifti" / MR / "series-1.nii.gz", head(2))
    (project.folder / "nifti" / MR / "series-1.json").write_text(json.dumps(SIDECAR | {"modality": "MR"}))
    yield project
    project.store.close()


@pytest.fixture(scope="module")
def preview_app(serve, previewed, tmp_path_factory):
    """The notebook for the scientist sam, with the preview alone."""
    return serve(only(tmp_path_factory.mktemp("notebook"), "preview"), project=previewed.id, person="sam")


def only(folder: Path, *cells: str) -> str:
    """The notebook with these cells alone, in `folder`."""
    notebook = json.loads(Path(NOTEBOOK).read_text())
    notebook["cells"] = [one for one in notebook["cells"] if one["id"] in cells]
    path = folder / "only.ipynb"
    path.write_text(json.dumps(notebook))
    return str(path)


@pytest.fixture
def recipes(previewed):
    """Sam's folder of recipes, not there yet."""
    folder = previewed.folder / "work" / "sam" / "recipes"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture
def open_preview(preview_app, recipes, open_page):  # noqa: ARG001 - no draft of another test
    """Opens it in a page of its own, and waits until both pictures are drawn."""
    opened, before = [], set(preview_app.kernels())

    def open_it(**context):
        page = open_page(preview_app, **context)
        # Voilà ends the kernel of a page that is left, if that has the cookie that a session's server gives it.
        page.context.add_cookies([{"name": "_xsrf", "value": "given", "url": preview_app.url}])
        opened.append(page)
        wait_for_pictures(page)
        return page

    yield open_it
    for page in opened:
        page.goto("about:blank")  # as a reload does, that ends its kernel
    until(
        lambda: before.issuperset(preview_app.kernels()),
        "kernels to end, which would keep a draft for the next test to find",
    )


def wait_for_pictures(page, pictures=2):
    """All are there."""
    for side in range(pictures):
        expect(caption(page, side)).to_contain_text("slice")


def caption(page, side: int):
    """What stands below the picture before (0) or after (1): what is drawn."""
    return page.locator(".ccds-caption").nth(side)


def pixels(page, side: int) -> np.ndarray:
    """The grey values of a picture."""
    width, height, values = (
        page.locator(".ccds-canvas")
        .nth(side)
        .evaluate(
            """(canvas) => {
          const { width, height } = canvas;
          const rgba = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          return [width, height, [...rgba.filter((_, at) => at % 4 === 0)]];
        }"""
        )
    )
    return np.array(values).reshape(height, width)


def wait_for_change(page, side: int, before: np.ndarray) -> None:
    """The picture is another one now."""
    until(lambda: not np.array_equal(pixels(page, side), before), "another picture")
