"""From a study's series to its volume: chosen, explained, overruled, converted, quarantined, let pass, masked."""

import json
import shutil
from datetime import date

import nibabel as nib
import numpy as np
import pytest

from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.masks.grid import Mask, VolumeGrid
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.studies import rows
from ccds_kernel.imaging.verdict import Status
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.irb.study_key import study_key, study_key_secret
from support.dicom import PATIENT_ID, PATIENT_NAME, Stack, write_stack
from support.image_studies import KEY, RULES, name_of

pytestmark = pytest.mark.usefixtures("study")


@pytest.fixture
def studies(studies_of):
    """The project's studies for eve, an engineer, with rules."""
    found = studies_of("eve")
    found.keep_rules(RULES)
    return found


@pytest.fixture
def volumes(settings):
    """The folder of the study's volumes."""
    return settings.paths.projects / "HEAD-1" / "nifti" / KEY


def spoil(folder, stack: Stack, change) -> None:
    """Writes the files of a series anew, changed."""
    shutil.rmtree(folder)
    write_stack(folder, stack, change)


def lean(stack: Stack):
    """A gantry tilt."""

    def change(data, index) -> None:
        x, y, z = stack.position(index)
        data.ImagePositionPatient = [x, y + index * 0.7, z]

    return change


def events(settings, kind: str) -> list[dict]:
    """What the project's chain has of one kind."""
    entries = FileAuditSink(settings.paths.audit).entries("HEAD-1")
    return [one["detail"] for one in entries if one["event"] == kind]


def test_the_rule_s_series_is_chosen_and_the_others_explained(studies, study) -> None:
    """By the study's exam code."""
    choice = studies.choice(KEY)

    assert choice.chosen == name_of(study["thin"])
    assert [one.why_not for one in choice.series] == [
        (),
        ("series 1 is preferred (most-images)",),
        ("orientation coronal is not axial",),
    ]


def test_without_rules_nothing_is_chosen_and_nothing_converted(studies_of, volumes) -> None:
    """Nothing is guessed."""
    studies = studies_of("eve")

    assert studies.choice(KEY).chosen is None
    assert studies.make_volumes(KEY) == []
    assert not volumes.exists()


@pytest.mark.parametrize("readable", [True, False])
def test_without_rules_no_volume_is_moved(studies_of, study, folder, volumes, readable) -> None:
    """Somebody made it in another way: nothing says that it is none. What a person said of another study changes nothing."""
    volumes.mkdir(parents=True)
    (volumes / "series-of-before.nii.gz").write_bytes(b"a volume")
    studies = studies_of("eve")
    shutil.copytree(folder, folder.with_name("b" * 16))
    studies.overrule("b" * 16, name_of(study["thick"]), "less noise")
    if not readable:
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / "image").write_bytes(b"")

    studies.make_volumes(KEY)

    assert [path.name for path in volumes.iterdir()] == ["series-of-before.nii.gz"]


def test_what_the_archive_said_of_a_study_is_asked_first(settings, studies, study, folder) -> None:
    """The first of its exam codes that has a rule, also where no report says one."""
    project = open_project("HEAD-1", Action.WRITE_IMAGES, person="eve", settings=settings)
    criteria = Criteria(frozenset({"CTHEAD"}), date(2019, 1, 1), date(2019, 12, 31))
    found = StudyFound("1.2.3", "A-9", "ID-1", exam_codes=("OTHER", "CTHEAD"), date=date(2019, 2, 3))
    RetrievalQueue(project).request([found], VersionedCriteria("HEAD-1", "heads", 1, criteria))
    key = study_key(study_key_secret(project.store), "A-9")
    project.close()
    folder.rename(folder.with_name(key))

    assert studies.choice(key).chosen == name_of(study["thin"])


def test_a_study_of_which_nobody_says_an_exam_code_gets_no_series(studies, folder) -> None:
    """It has files, and neither archive nor report names it."""
    folder.rename(folder.with_name("a" * 16))

    assert studies.choice("a" * 16).line == "no rule for the exam code"


def test_only_the_chosen_series_becomes_a_volume(settings, studies, study, volumes) -> None:
    """Under the study key and the series' name; the event counts."""
    [judged] = studies.make_volumes(KEY)

    assert (judged.status, judged.series, judged.person) == (Status.ACCEPTED, name_of(study["thin"]), "eve")
    assert sorted(path.name for path in volumes.iterdir()) == [f"{judged.series}.json", f"{judged.series}.nii.gz"]
    assert events(settings, "VolumesMade") == [{"study_key": KEY, "accepted": 1, "quarantined": 0}]


def test_a_person_s_choice_holds_and_says_who(settings, studies, studies_of, study, volumes) -> None:
    """Also for the next one who looks; the volume of before is set aside, not lost."""
    studies.make_volumes(KEY)
    other = name_of(study["coronal"])

    studies.overrule(KEY, other, "axial one has motion")
    [judged] = studies.make_volumes(KEY)

    choice = studies_of("fay").choice(KEY)
    assert (choice.chosen, choice.by, judged.series) == (other, "eve", other)
    assert {path.name.split(".")[0] for path in volumes.iterdir()} == {other}
    aside = settings.paths.projects / "HEAD-1" / "quarantine" / KEY
    assert {path.name.split(".")[0] for path in aside.iterdir()} == {name_of(study["thin"])}
    assert events(settings, "SeriesChosen") == [{"study_key": KEY, "series": other}]


def test_nothing_that_was_set_aside_is_overwritten(settings, studies, study, folder, volumes) -> None:
    """Made once more, of other files, and set aside again: both are there, each with its sidecar."""
    thin, thick = name_of(study["thin"]), name_of(study["thick"])
    before = []
    for change in (lambda _data, _index: None, lambda data, _index: setattr(data, "RescaleSlope", 2)):
        spoil(folder / "thin", study["thin"], change)
        studies.overrule(KEY, thin, "this one")
        studies.make_volumes(KEY)
        before.append({path.suffix: path.read_bytes() for path in volumes.iterdir()})
        studies.overrule(KEY, thick, "the other one")
        studies.make_volumes(KEY)

    aside = settings.paths.projects / "HEAD-1" / "quarantine" / KEY
    found = [{path.suffix: path.read_bytes() for path in aside.glob(f"{name}.*")} for name in (thin, f"{thin}-2")]
    assert found == before
    assert before[0][".gz"] != before[1][".gz"]


def test_a_person_may_choose_none(studies) -> None:
    """Then there is no volume."""
    studies.overrule(KEY, None, "all useless")

    assert studies.choice(KEY).chosen is None
    assert studies.make_volumes(KEY) == []


def test_the_newest_word_holds(studies, study) -> None:
    """What was said before stays in the database."""
    studies.overrule(KEY, None, "all useless")
    studies.overrule(KEY, name_of(study["thick"]), "this one, after all")

    assert studies.choice(KEY).chosen == name_of(study["thick"])


@pytest.mark.parametrize(("series", "note"), [("series-0", "why"), (None, ""), (None, " "), (None, "x" * 401)])
def test_a_wrong_choice_changes_nothing(settings, studies, series, note) -> None:
    """A series that isn't there, or no reason."""
    with pytest.raises(CcdsError):
        studies.overrule(KEY, series, note)

    assert studies.choice(KEY).by == "rule"
    assert events(settings, "SeriesChosen") == []


def test_a_series_in_quarantine_is_counted_by_reason_and_scanner(studies, study, folder) -> None:
    """With who had it converted, and no volume."""
    spoil(folder / "thin", study["thin"], lean(study["thin"]))

    studies.make_volumes(KEY)

    [judged] = studies.quarantine()
    assert (judged.reason.code, judged.scanner) == ("gantry-tilt", "Synthetic One")
    assert studies.quarantine_counts() == {("gantry-tilt", "Synthetic One"): 1}


def test_a_person_lets_a_reason_pass(settings, studies, study, folder, volumes) -> None:
    """The series is converted in spite of it; sidecar and event say so, the note stays in the database."""
    spoil(folder / "thin", study["thin"], lean(study["thin"]))
    studies.make_volumes(KEY)

    [judged] = studies.let_pass(KEY, name_of(study["thin"]), "agreed with the physicist")

    assert judged.status is Status.ACCEPTED
    assert studies.quarantine() == []
    sidecar = json.loads((volumes / f"{judged.series}.json").read_text())
    assert sidecar["passed"] == ["gantry-tilt"]
    assert sidecar["corrected"]["tilt_degrees"] > 10
    [event] = events(settings, "SeriesPassed")
    assert event == {"study_key": KEY, "series": judged.series, "code": "gantry-tilt"}


def locations_turned(data, index) -> None:
    """SliceLocations that contradict the positions."""
    data.SliceLocation = [0, 2, 1, 3, 4, 5, 6, 7, 8][index]


def bits_above(data, index) -> None:
    """Values that need more bits than are said to be stored."""
    data.BitsStored, data.HighBit = 12, 11
    data.PixelData = np.random.default_rng(index).integers(0, 65536, data.Rows * data.Columns).astype("<u2").tobytes()


@pytest.mark.parametrize(("code", "change"), [("positions-contradict", locations_turned), ("value-range", bits_above)])
def test_what_else_may_pass(studies, study, folder, code, change) -> None:
    """Once it was said, it holds for that series."""
    spoil(folder / "thin", study["thin"], change)
    [before] = studies.make_volumes(KEY)

    [after] = studies.let_pass(KEY, name_of(study["thin"]), "looked at it")

    assert before.reason.code == code
    assert after.status is Status.ACCEPTED


def two_persons(data, index) -> None:
    """A slice of somebody else."""
    if index == 4:
        data.PatientID = "ID-2"


def test_what_is_no_matter_of_opinion_doesn_t_pass(settings, studies, study, folder) -> None:
    """Nobody can agree to another patient's slice."""
    spoil(folder / "thin", study["thin"], two_persons)
    studies.make_volumes(KEY)

    with pytest.raises(CcdsError, match="found inconsistent-headers"):
        studies.let_pass(KEY, name_of(study["thin"]), "never mind")

    assert len(studies.quarantine()) == 1
    assert events(settings, "SeriesPassed") == []


def test_what_is_not_in_quarantine_doesn_t_pass(studies, study) -> None:
    """Nor what isn't there."""
    studies.make_volumes(KEY)

    for series in (name_of(study["thin"]), "series-0"):
        with pytest.raises(CcdsError, match="isn't in quarantine"):
            studies.let_pass(KEY, series, "why not")


def test_a_study_without_a_readable_file_is_in_quarantine_as_a_whole(studies, folder) -> None:
    """It is counted like the others."""
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "image").write_bytes(b"")

    [judged] = studies.make_volumes(KEY)

    assert (judged.status, judged.series, judged.reason.code) == (Status.QUARANTINED, "", "unreadable")


def test_no_patient_is_named_in_what_is_kept(settings, studies, study, folder) -> None:
    """Nor in the audit log."""
    spoil(folder / "thin", study["thin"], two_persons)
    studies.make_volumes(KEY)

    database = (settings.paths.projects / "HEAD-1" / "project.db").read_bytes()
    log = b"".join(path.read_bytes() for path in settings.paths.audit.rglob("*") if path.is_file())
    for name in (PATIENT_NAME, PATIENT_ID, study["thin"].series_uid):
        assert name.encode() not in database
        assert name.encode() not in log


def test_a_mask_is_kept_beside_those_before(settings, studies, volumes, tmp_path) -> None:
    """A drawn correction is another file, with who and when; the one before stays."""
    [judged] = studies.make_volumes(KEY)
    grid = VolumeGrid.of(volumes / f"{judged.series}.nii.gz")
    labels = np.zeros(grid.shape, np.uint8)
    labels[2:5, 3:6, 1:3] = 1
    nib.save(nib.Nifti1Image(labels, grid.affine), tmp_path / "mask.nii.gz")

    first = studies.import_mask(KEY, judged.series, tmp_path / "mask.nii.gz")
    labels[2, 3, 1] = 2
    second = studies.keep_drawn(KEY, judged.series, Mask(labels, {1: "liver", 2: "lesion"}, "drawn"))

    assert [one.id for one in studies.masks(KEY)] == [first.id, second.id]
    folder = settings.paths.projects / "HEAD-1" / "masks" / KEY
    found = nib.load(folder / second.file)
    assert np.array_equal(np.asarray(found.dataobj), labels)
    np.testing.assert_allclose(found.affine, grid.affine, atol=1e-6)
    assert (folder / first.file).exists()
    assert (second.person, second.kind, second.labels) == ("eve", "drawn", {1: "liver", 2: "lesion"})
    assert [event["kind"] for event in events(settings, "MaskKept")] == ["nifti", "drawn"]


def test_a_mask_needs_a_volume(studies, study, tmp_path) -> None:
    """Nothing to lay it onto."""
    with pytest.raises(CcdsError, match="expected a volume of the project"):
        studies.import_mask(KEY, name_of(study["thin"]), tmp_path / "mask.nii.gz")


def test_a_drawn_mask_of_another_shape_is_refused(studies) -> None:
    """It was drawn on something else."""
    [judged] = studies.make_volumes(KEY)

    with pytest.raises(CcdsError, match="expected labels of shape"):
        studies.keep_drawn(KEY, judged.series, Mask(np.ones((2, 2, 2), np.uint8), {}, "drawn"))


@pytest.mark.usefixtures("studies")
def test_who_may_only_look_changes_nothing(studies_of, study, tmp_path) -> None:
    """A fellow sees choice, quarantine and masks."""
    fay = studies_of("fay")
    series = name_of(study["thin"])

    assert fay.choice(KEY).chosen == series
    assert (fay.quarantine(), fay.masks()) == ([], [])
    for attempt in (
        lambda: fay.keep_rules(RULES),
        lambda: fay.overrule(KEY, None, "no"),
        lambda: fay.make_volumes(KEY),
        lambda: fay.let_pass(KEY, series, "no"),
        lambda: fay.import_mask(KEY, series, tmp_path / "mask.nii"),
    ):
        with pytest.raises(ProjectAccessDenied):
            attempt()


@pytest.mark.parametrize("key", ["../dicom", "abcdefghij234567/..", "ABCDEFGHIJ234567", "aaaaaaaaaaaaaaaa", ""])
def test_a_study_that_is_not_there_is_one_clear_line(studies, key) -> None:
    """Nor does a key lead anywhere else."""
    with pytest.raises(CcdsError, match="none of that key with files"):
        studies.choice(key)


def test_rules_that_hold_are_not_kept_twice(settings, studies) -> None:
    """Older ones can be kept again."""
    assert not studies.keep_rules(RULES)
    assert studies.keep_rules(RULES + "correct: [gantry-tilt]\n")
    assert studies.keep_rules(RULES)
    assert len(events(settings, "SelectionRulesKept")) == 3


def test_what_the_project_opted_in_to_is_corrected(studies, study, folder) -> None:
    """By its rules, for every series."""
    studies.keep_rules(RULES + "correct: [gantry-tilt]\n")
    spoil(folder / "thin", study["thin"], lean(study["thin"]))

    [judged] = studies.make_volumes(KEY)

    assert judged.status is Status.ACCEPTED


def test_a_study_that_is_fetched_again_leaves_nothing_behind(open_as, studies_of, study, folder):
    """Files and volumes are set aside, beside what was before; no verdict is left to be taken for one of the new files."""
    studies = studies_of("eve")
    studies.keep_rules(RULES)
    project = folder.parent.parent
    aside = project / "quarantine" / KEY
    for turn in ("dicom", "dicom-2"):
        made = studies.make_volumes(KEY)

        studies.set_aside(KEY)

        assert [one.status for one in made] == [Status.ACCEPTED]
        assert sum(path.is_file() for path in (aside / turn).rglob("*")) == sum(one.slices for one in study.values())
        assert not folder.exists()
        assert list((project / "nifti" / KEY).glob("series-*")) == []
        with open_as("eve").store.reading() as connection:
            assert rows.judgements(connection) == []
        shutil.copytree(aside / turn, folder)
    assert len(list(aside.glob("series-*.nii.gz"))) == 2
