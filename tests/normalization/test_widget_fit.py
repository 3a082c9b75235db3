"""Nyúl's landmarks fitted from the preview, on all volumes of the project, beside the page."""

from threading import Event

import numpy as np
import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.normalization.fit import Fitting
from ccds_kernel.normalization.nifti import read_nifti
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.recipe_folder import RecipeFolder
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume_folder import VolumeEntry, VolumeFolder
from ccds_widgets.normalization.app import open_preview
from ccds_widgets.normalization.cohort_fit import CohortFit
from ccds_widgets.normalization.copies import Copies
from ccds_widgets.normalization.draft import draft_of
from ccds_widgets.normalization.model import PreviewModel
from ccds_widgets.normalization.results import Recent
from support.preview import STUDIES, write_image
from support.preview_model import REORIENT, WINDOW, edit, keep, settled, started
from support.waiting import until

PARAMETERS = {"mask": "none", "percentiles": [1, 25, 75, 99], "range": [0, 100]}
NYUL = {"name": "nyul", "on": True, "parameters": PARAMETERS}


def begin(model, *steps):
    """Asks for a fit of these steps; the answer."""
    return model.answer({"kind": "fit", "draft": {"steps": list(steps), "output": "float32"}})


def fit(model, *steps):
    """The same, and waits for it."""
    begin(model, *steps)
    until(lambda: model.answer({"kind": "poll"})["fitting"] is None, "the fit")
    return settled(model, model.answer({"kind": "poll"}))


def by_hand(project, *steps) -> Recipe:
    """What a fit of these steps on both volumes gives."""
    fitting = Fitting(Recipe("r", tuple(make_step(step["name"], step["parameters"]) for step in steps)))
    for study in STUDIES:
        stored = read_nifti(project.folder / "nifti" / study / "series-1.nii.gz")
        fitting.add(stored.volume, stored.digest)
    return fitting.fitted()


def test_the_fitted_recipe_is_what_the_command_gives(project, preview):
    """Its landmarks are the draft's; it is applied, and is there after a reload."""
    state = fit(preview, REORIENT, NYUL)

    expected = by_hand(project, REORIENT, NYUL)
    assert state["fitted"] == "Fitted on 2 volumes."
    assert state["draft"]["steps"][1]["parameters"] == expected.steps[1].parameters()
    assert state["results"][0]["recipe"] == expected.digest()
    assert started(open_preview(project))["draft"] == state["draft"]


def test_volumes_that_can_t_be_used_are_left_out(project, preview):
    """As many as it are; where none is left there is one line, and the draft stays."""
    write_image(project.folder / "nifti" / STUDIES[1] / "series-1.nii.gz", np.full((4, 4, 4), 7, np.int16))
    first = fit(preview, NYUL)
    write_image(project.folder / "nifti" / STUDIES[0] / "series-1.nii.gz", np.full((4, 4, 4), 7, np.int16))

    with pytest.raises(CcdsError, match="a volume to fit the recipe on"):
        fit(preview, REORIENT, NYUL)

    assert first["fitted"] == "Fitted on 1 volume; left out, as they can’t be used: 1."
    assert [step["name"] for step in preview.start()["draft"]["steps"]] == ["reorient", "nyul"]


def test_a_change_of_the_recipe_or_a_stop_ends_the_fit(preview):
    """Landmarks of another recipe never come in."""
    begin(preview, REORIENT, NYUL)
    changed = edit(preview, WINDOW)
    begin(preview, REORIENT, NYUL)
    stopped = preview.answer({"kind": "stop"})

    assert (changed["fitting"], changed["fitted"]) == (None, None)
    assert [step["name"] for step in changed["draft"]["steps"]] == ["window"]
    assert stopped["fitting"] is None


def test_a_recipe_without_that_step_is_refused(preview):
    """Or with a mistake in it."""
    with pytest.raises(CcdsError, match="one step nyul"):
        begin(preview, REORIENT)
    with pytest.raises(CcdsError, match="mend what is marked"):
        begin(preview, NYUL | {"parameters": PARAMETERS | {"percentiles": [2, 1]}})


class Gated(VolumeFolder):
    """Volumes that can be read once a gate is open."""

    gate = Event()

    def read(self, entry):
        """As of `VolumeFolder`."""
        self.gate.wait(20)
        return super().read(entry)


def test_what_is_typed_meanwhile_ends_the_fit(project):
    """Its landmarks would take the place of what was typed; a look elsewhere doesn't end it."""
    home = project.folder / "work" / "sam"
    volumes = Gated(project.folder / "nifti")
    model = PreviewModel(
        volumes,
        RecipeFolder(home / "recipes"),
        Recent(1 << 30),
        Copies(),
        memory=1 << 30,
        project=project.id,
        permit=lambda: None,
        path_to=lambda entry: entry.id,
    )
    model.start()
    begin(model, REORIENT, NYUL)

    keep(model, [REORIENT, NYUL])
    looked = model.answer({"kind": "poll"})
    keep(model, [REORIENT, WINDOW, NYUL])
    typed = model.answer({"kind": "poll"})
    volumes.gate.set()

    assert looked["fitting"]
    assert (typed["fitting"], typed["fitted"]) == (None, None)
    assert len(started(model)["draft"]["steps"]) == 3


def test_a_right_that_lapses_ends_the_fit():
    """Though no page asks: no volume is read for somebody who may not see it."""
    recipe = Recipe("r", (make_step("nyul", PARAMETERS),))
    read = []

    class Noted:
        def read(self, entry):
            read.append(entry)
            raise AssertionError

    def refused():
        raise CcdsError(expected="a right", found="none", do="ask for it")

    fit = CohortFit(draft_of(recipe), recipe, Noted(), [VolumeEntry("study", "series")], refused)
    until(lambda: fit.done, "the end of the fit")

    with pytest.raises(CcdsError, match="a right"):
        fit.fitted()
    assert read == []
