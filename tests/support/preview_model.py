"""The preview without a browser: its model on a project with two studies, and what a page asks of it."""

import pytest

from ccds_widgets.normalization.app import open_preview
from support.preview import STUDIES, make_project

FIRST, SECOND = (f"{study}/series-1" for study in STUDIES)
REORIENT = {"name": "reorient", "on": True, "parameters": {"to": "RAS"}}
RESAMPLE = {"name": "resample", "on": True, "parameters": {"spacing_mm": [2, 2, 2], "interpolation": "linear"}}
WINDOW = {"name": "window", "on": True, "parameters": {"center": 40, "width": 80}}
Z_SCORE = {"name": "z_score", "on": True, "parameters": {"mask": "nonzero"}}
FLAT = {"name": "z_score", "on": True, "parameters": {"mask": "none"}}
LOOK = {"plane": "coronal", "position": 12.5, "display": None, "name": "my recipe"}


@pytest.fixture
def project(tmp_path):
    """HEAD-1 with two studies, opened by the scientist sam."""
    project = make_project(tmp_path)
    yield project
    project.store.close()


@pytest.fixture
def preview(project):
    """Its preview, started."""
    model = open_preview(project)
    model.start()
    return model


def edit(model, *steps, output="float32"):
    """Makes these steps the recipe; the answer."""
    return model.answer({"kind": "edit", "draft": {"steps": list(steps), "output": output}})


def save(model, name, *steps):
    """Saves these steps, or the recipe as it stands, under a name; the answer."""
    draft = {"steps": [bare(step) for step in steps or model.start()["draft"]["steps"]], "output": "float32"}
    return model.answer({"kind": "save", "name": name, "draft": draft})


def bare(step):
    """A step as pages send it: without what was told of it."""
    return {key: step[key] for key in ("name", "on", "parameters")}


def keep(model, steps):
    """Lets it keep these steps, not applied yet, and `LOOK`; the answer."""
    draft = {"steps": [bare(step) for step in steps], "output": "float32"}
    return model.answer({"kind": "keep", "draft": draft, "look": LOOK})


def slices(model, state, *, display=None, before=(), after=()):
    """Asks for slices of what `state` shows; the answer."""
    return model.answer(
        {
            "kind": "slices",
            "revision": state["result"]["revision"],
            "plane": "axial",
            "display": display,
            "before": list(before),
            "after": list(after),
        }
    )
