"""Launching on a dataset snapshot: what is trained on, what is held back, what the run keeps of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ccds_kernel.dataset import snapshot_file
from ccds_kernel.dataset.made import Answers
from ccds_kernel.dataset.sides import Split
from ccds_kernel.dataset.snapshot import Basis, DatasetSnapshot, Item
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.training.launch import launch
from ccds_kernel.training.spec import TrainingSpec
from support.site import ADMINISTRATOR, application, on_roster, site_settings
from support.training import VOLUMES

SIDES = ("training", "training", "validation", "test")


@pytest.fixture
def dataset(project, tmp_path) -> DatasetSnapshot:
    """One of the project's volumes, each of another patient; its labels are reports' too, which sam may read."""
    roster = on_roster(sam="scientist")
    approved = application(id="HEAD-1", data=["images", "reports"], roster=roster)
    apply_application(approved, person=ADMINISTRATOR, settings=site_settings(tmp_path))
    items = sorted(
        (
            Item(f"nifti/{n}.nii.gz", "ab" * 32, f"study{n}", f"{n:016x}", n // 4 % 2, float(n // 4 % 2), SIDES[n % 4])
            for n in range(VOLUMES)
        ),
        key=lambda item: item.image,
    )
    basis = Basis("cd" * 32, "hemorrhage", Answers(), "nifti", Split())
    snapshot = DatasetSnapshot("heads", basis, tuple(items), "sam", datetime.now(UTC))
    snapshot_file.keep(project.folder / "snapshots", snapshot)
    return snapshot


def test_a_run_trains_on_a_dataset(project, spec, scheduler, dataset):
    """Its training and validation volumes with 0 and 1; what is held back is in no list; the digest stays with the run."""
    run = launch(project, replace(spec, datalist=None, dataset="heads"), scheduler)

    listed = json.loads((run.folder.path / "datalist.json").read_text())
    expected = [
        {"image": item.image, "label": item.label, "split": item.side} for item in dataset.items if item.side != "test"
    ]
    assert listed == expected
    assert run.record.dataset_sha256 == dataset.digest
    assert run.record.spec.dataset == "heads"


def test_a_dataset_that_was_changed_trains_nothing(project, spec, scheduler, dataset):
    """Nor does one that isn't there."""
    path = project.folder / "snapshots" / "dataset-heads.json"
    path.chmod(0o640)
    path.write_text(path.read_text().replace('"side": "test"', '"side": "training"', 1))

    for name, line in (("heads", "as it was written"), ("other", "none of that name")):
        with pytest.raises(CcdsError, match=line):
            launch(project, replace(spec, datalist=None, dataset=name), scheduler)

    assert dataset.name == "heads"
    assert not (project.folder / "runs").exists()


def test_who_may_not_see_labels_may_not_train_on_them(project, spec, scheduler):
    """The application of this project covers no reports."""
    with pytest.raises(ProjectAccessDenied):
        launch(project, replace(spec, datalist=None, dataset="heads"), scheduler)


@pytest.mark.parametrize("both", [{}, {"datalist": "list.json", "dataset": "heads"}])
def test_one_of_data_list_and_dataset_is_named(both):
    """Neither and both are refused."""
    with pytest.raises(CcdsError, match="a data list or a dataset to train on"):
        TrainingSpec(**both)
