"""Dataset snapshots of a project: what is in one, what never changes, what training gets of it, who may, and what is refused."""

import json
import shutil
import stat

import pytest

from ccds_kernel.dataset.loading import load, to_entries
from ccds_kernel.dataset.sides import By, Split
from ccds_kernel.dataset.snapshots import DatasetSnapshots
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.training.datalist import checked
from support.dataset import rule_and_accept_all_but
from support.training import write_volume

RECIPE = "0123456789ab" + "cd" * 26


@pytest.fixture
def labelled(twenty, open_as):
    """Twenty patients with two normalized studies each, whose labels a fellow took: the first study's says what people said."""
    fellow = open_as("fay", Action.CURATE_LABELS)
    LabelingRepository(fellow).append_phrases(read_phrases(twenty.phrases))
    first = twenty.repository.reports()[0].study_key
    Curating(fellow, 1).adjudicate(first, {"absent"})
    shutil.copytree(twenty.project.folder / "nifti", twenty.project.folder / "normalized" / RECIPE)
    return twenty, LabelSnapshots(fellow).take(1)[0].id


def take(labelled, name="heads", **more):
    """Takes the dataset of the labelled hospital."""
    hospital, labels = labelled
    return DatasetSnapshots(hospital.project).take(name, normalized=RECIPE[:8], labels=labels, **more)


def test_every_normalized_volume_that_has_a_label_is_in_it(labelled):
    """With what people said before what the phrases say; the two studies of a patient on one side."""
    hospital, _ = labelled
    keys = [stored.study_key for stored in hospital.repository.reports()]

    taken = take(labelled)

    labels = {item.study: item.label for item in taken.snapshot.items}
    assert [labels[key] for key in keys[:4]] == [0, 0, 1, 0]
    assert len(taken.snapshot.items) == len(labels) == 40
    assert len({item.patient for item in taken.snapshot.items}) == 20
    assert taken.left_out == {}
    assert {item.side for item in taken.snapshot.items} == {"training", "validation", "test"}


def test_the_file_is_never_written_again(labelled):
    """Read-only; the same dataset once more is the one that is there, another one needs another name."""
    hospital, _ = labelled
    taken = take(labelled)
    path = hospital.project.folder / "snapshots" / "dataset-heads.json"
    before = path.read_bytes()

    again = take(labelled)

    assert taken.is_new
    assert not again.is_new
    assert again.snapshot == taken.snapshot
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    with pytest.raises(CcdsError, match="another dataset of that name"):
        take(labelled, split=Split(seed=1))
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.glob(".*")] == []


def test_a_changed_file_is_refused(labelled):
    """A label turned by hand is found out by whoever reads it."""
    hospital, _ = labelled
    take(labelled)
    path = hospital.project.folder / "snapshots" / "dataset-heads.json"
    path.chmod(0o640)
    path.write_text(path.read_text().replace('"label": 1', '"label": 0', 1))

    with pytest.raises(CcdsError, match="the dataset snapshot as it was written; found something else"):
        DatasetSnapshots(hospital.project).read("heads")


def test_verify_tells_volumes_that_are_others_now(labelled):
    """By voxels: the same image compressed anew is the same volume."""
    hospital, _ = labelled
    items = take(labelled).snapshot.items
    datasets = DatasetSnapshots(hospital.project)
    assert datasets.verify("heads").same == 40
    write_volume(hospital.project.folder / items[0].image, label=1, seed=99, shape=(4, 4, 4))
    (hospital.project.folder / items[1].image).unlink()
    (hospital.project.folder / items[2].image).write_bytes(b"no image")

    found = datasets.verify("heads")

    assert (found.same, found.changed, found.gone) == (37, 1, 2)


def test_the_audit_log_says_what_was_taken(labelled):
    """Once, with the digest of what the file says."""
    hospital, _ = labelled
    taken = take(labelled)
    take(labelled)

    logged = [one["detail"] for one in hospital.project.audit.entries("HEAD-1") if one["event"] == "DatasetTaken"]

    assert logged == [{"digest": taken.snapshot.digest, "studies": 40, "volumes": 40}]


def test_it_loads_as_a_monai_data_list(labelled):
    """Absolute paths, soft labels as floats; whole ones where they are asked for; one side or all."""
    hospital, _ = labelled
    snapshot = take(labelled).snapshot

    every, test = load(hospital.project, "heads"), load(hospital.project, "heads", "test", hard=True)

    assert [one["image"] for one in every] == [str(hospital.project.folder / item.image) for item in snapshot.items]
    assert {type(one["label"]) for one in every} == {float}
    assert {type(one["label"]) for one in test} == {int}
    assert len(test) == len(snapshot.of("test")) < 40
    with pytest.raises(CcdsError, match="a side of the split"):
        load(hospital.project, "heads", "tset")


def test_a_training_gets_training_and_validation_volumes(labelled):
    """As entries that it accepts; what is held back for the test is in none."""
    hospital, _ = labelled
    snapshot = take(labelled).snapshot

    entries = to_entries(snapshot)

    values = [{"image": one.image, "label": one.label, "split": one.split} for one in entries]
    assert checked(values, hospital.project.folder) == entries
    assert {one.image for one in entries} == {item.image for item in snapshot.items if item.side != "test"}


def test_it_is_told_what_was_left_out_and_why(labelled):
    """Of labels without a volume, of volumes that can't be read or aren't 3-D, of studies of nobody."""
    hospital, labels = labelled
    project = hospital.project
    keys = [stored.study_key for stored in hospital.repository.reports()]
    normalized = project.folder / "normalized" / RECIPE
    shutil.rmtree(normalized / keys[2])
    (normalized / keys[4] / "series-0.nii.gz").write_bytes(b"no image")
    shutil.rmtree(project.folder / "dicom" / keys[6])
    write_volume(normalized / keys[8] / "again.nii.gz", label=0, seed=1, shape=(4, 4, 4, 2))
    shutil.copytree(normalized / keys[8], normalized / "unknown")

    taken = DatasetSnapshots(project).take("less", normalized=RECIPE, labels=labels)

    assert taken.left_out == {
        "normalized studies without a label row": 1,
        "labelled studies that aren't normalized": 2,
        "volumes that can't be read": 1,
        "volumes that aren't 3-D": 1,
        "studies whose DICOM files don't say which patient": 1,
    }
    assert taken.snapshot.studies == 37


def test_a_volume_that_no_verdict_accepts_any_more_is_left_out(labelled):
    """Though it was normalized, before there were rules say."""
    hospital, _ = labelled
    unjudged = hospital.repository.reports()[3].study_key
    rule_and_accept_all_but(hospital.project, unjudged)

    taken = take(labelled)

    assert unjudged not in {item.study for item in taken.snapshot.items}
    assert taken.left_out == {"volumes that no verdict accepts": 1, "labelled studies that aren't normalized": 1}


def test_scanners_are_read_from_the_volumes_sidecars(labelled):
    """By site: the sidecar of the volume that was normalized says which."""
    hospital, _ = labelled
    keys = [stored.study_key for stored in hospital.repository.reports()]
    scanner_of = {key: f"Scan {number // 2 % 10}" for number, key in enumerate(keys)}
    for key, scanner in scanner_of.items():
        sidecar = hospital.project.folder / "nifti" / key / "series-0.json"
        sidecar.write_text(json.dumps({"scanner": {"ManufacturerModelName": scanner}}))

    items = take(labelled, split=Split(By.SITE, (60, 20, 20))).snapshot.items

    sides = {
        scanner: {item.side for item in items if scanner_of[item.study] == scanner} for scanner in scanner_of.values()
    }
    assert all(len(found) == 1 for found in sides.values())
    assert (
        sorted(side for found in sides.values() for side in found)
        == ["test"] * 2 + ["training"] * 6 + ["validation"] * 2
    )


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"split": Split(By.DATE)}, "the date of every study"),
        ({"split": Split(shares=(98, 1, 1))}, "a patient for"),
        ({"name": "Heads 1"}, "small letters and digits"),
    ],
)
def test_what_can_t_be_taken_leaves_nothing(labelled, more, line):
    """One line, and no file."""
    hospital, _ = labelled

    with pytest.raises(CcdsError, match=line):
        take(labelled, **more)

    assert DatasetSnapshots(hospital.project).names() == []


def test_a_recipe_that_isn_t_there_is_refused_with_those_that_are(labelled):
    """And where none is, with what makes one."""
    hospital, labels = labelled
    datasets = DatasetSnapshots(hospital.project)

    with pytest.raises(CcdsError, match=f"none that begins so; name one of {RECIPE[:12]}"):
        datasets.take("heads", normalized="ffffff", labels=labels)
    shutil.rmtree(hospital.project.folder / "normalized")
    with pytest.raises(CcdsError, match="normalize first, with 'ccds normalization run'"):
        datasets.take("heads", normalized=RECIPE, labels=labels)


def test_who_may_not_train_may_not_take_one(labelled, open_as):
    """A fellow sees labels and images, and trains nothing."""
    _, labels = labelled
    fellow = open_as("fay", Action.CURATE_LABELS)

    with pytest.raises(ProjectAccessDenied):
        DatasetSnapshots(fellow).take("heads", normalized=RECIPE, labels=labels)
