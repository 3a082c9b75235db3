"""The preview without a browser: its model on a project with two studies, and what a page asks of it."""

import pytest

from ccds_widgets.normalization.app import open_preview
from support.preview import STUDIES, make_project
from support.waiting import until

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
    started(model)
    return model


def settled(model, state):
    """What the page has once the work is done that `state` began."""
    until(lambda: model.answer({"kind": "poll"})["working"] is None, "the work to be done")
    return state | model.answer({"kind": "poll"}) if state["working"] else state


def started(model):
    """What a page shows first."""
    return settled(model, model.start())


def edit(model, *steps, output="float32"):
    """Makes these steps the recipe; the answer."""
    return settled(model, model.answer({"kind": "edit", "draft": {"steps": list(steps), "output": output}}))


def choose(model, *volumes):
    """Shows these volumes side by side; the answer."""
    return settled(model, model.answer({"kind": "choose", "volumes": list(volumes)}))


def save(model, name, *steps):
    """Saves these steps, or the recipe as it stands, under a name; the answer."""
    draft = {"steps": [bare(step) for step in steps or started(model)["draft"]["steps"]], "output": "float32"}
    return settled(model, model.answer({"kind": "save", "name": name, "draft": draft}))


def attempt(model, *steps, after=None, position=0.0, display=None):
    """Tries these steps on the coarser copies; the answer."""
    draft = {"steps": list(steps), "output": "float32"}
    return model.answer(
        {"kind": "try", "draft": draft, "until": after, "plane": "axial", "position": position, "display": display}
    )


def bare(step):
    """A step as pages send it: without what was told of it."""
    return {key: step[key] for key in ("name", "on", "parameters")}


def keep(model, steps):
    """Lets it keep these steps, not applied yet, and `LOOK`; the answer."""
    draft = {"steps": [bare(step) for step in steps], "output": "float32"}
    return model.answer({"kind": "keep", "draft": draft, "look": LOOK})


def slices(model, state, *, display=None, before=(), after=(), beside=(), study=0):
    """Asks for slices of a study that `state` shows; the answer."""
    return model.answer(
        {
            "kind": "slices",
            "plane": "axial",
            "display": display,
            "studies": [
                {
                    "revision": state["results"][study]["revision"],
                    "before": list(before),
                    "after": list(after),
                    "beside": list(beside),
                }
            ],
        }
    )
