"""The quarantine screen on a real project, asked as its page would: what it shows, and whom it lets do what."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies.overview import StudiesOverview
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.runs import GONE_SECONDS, VolumeRuns
from ccds_kernel.imaging.studies.tables import volume_run
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_widgets.beside import Errand
from ccds_widgets.imaging.app import imaging_of
from ccds_widgets.imaging.quarantine.model import QuarantineModel
from support.dicom import ACCESSION, PATIENT_ID, PATIENT_NAME, write_stack
from support.image_studies import KEY, RULES, name_of
from support.waiting import until

pytestmark = pytest.mark.usefixtures("study")

BROKEN = "bbbbbbbbbbbbbbbb"


class Screen:
    """The quarantine screen of one person."""

    def __init__(self, project) -> None:
        self.project = project
        self._app = imaging_of(project)

    def ask(self, kind: str, **more):
        """What its page gets, once the studies are gone through."""
        request = {"screen": "quarantine", "kind": kind, **more}
        return until(lambda: "opening" not in (told := self._app.answer(request)) and told, "the screen to open")

    def shown(self, study: str) -> dict:
        """A study as the series screen shows it."""
        return self._app.answer({"screen": "series", "kind": "study", "study": study})["shown"]

    def finished(self) -> dict:
        """How far the volumes are, when they are made."""
        until(lambda: self.ask("progress")["run"]["ended"], "the volumes to be made")
        return self.ask("progress")

    def passed(self) -> dict:
        """What came of what was let pass."""
        until(lambda: not self.ask("passing")["converting"], "the series to be converted")
        return self.ask("passing")["passed"]


@pytest.fixture
def screen_of(open_as):
    """The screen, for a person."""
    return lambda person: Screen(open_as(person))


@pytest.fixture
def leaning(folder, study, studies_of):
    """The chosen series leans; another study holds nothing that can be read. The series' name."""
    shutil.rmtree(folder / "thin")

    def lean(data, index) -> None:
        x, y, z = data.ImagePositionPatient
        data.ImagePositionPatient = [x, y + index * 0.7, z]

    write_stack(folder / "thin", study["thin"], lean)
    (folder.parent / BROKEN).mkdir()
    (folder.parent / BROKEN / "image").write_bytes(b"")
    studies_of("eve").keep_rules(RULES)
    return name_of(study["thin"])


@pytest.fixture
def screen(screen_of, leaning):  # noqa: ARG001 - both are in quarantine then
    """Eve's, with the volumes made."""
    screen = screen_of("eve")
    screen.ask("begin")
    screen.finished()
    return screen


@pytest.mark.usefixtures("leaning")
def test_volumes_are_made_beside_the_page(screen_of) -> None:
    """It says how many wait, how far it is, and who began."""
    screen = screen_of("eve")
    before = screen.ask("ready")

    begun = screen.ask("begin")
    after = screen.finished()

    assert (before["run"], before["waiting"], before["counts"]) == (None, 2, [])
    assert (begun["run"]["person"], begun["run"]["total"], begun["waiting"]) == ("eve", 2, None)
    assert (after["run"]["done"], after["run"]["cause"], after["waiting"]) == (2, None, 0)


def test_what_is_in_quarantine_says_why_and_what_to_do(screen, leaning) -> None:
    """In words, with the number of files, who and when; a study that can't be read stands there as a whole."""
    answer = screen.ask("list")

    assert answer["counts"] == [
        {"code": "gantry-tilt", "scanner": "Synthetic One", "series": 1},
        {"code": "unreadable", "scanner": "", "series": 1},
    ]
    tilted, unreadable = answer["rows"]
    assert (tilted["study"], tilted["series"], tilted["files"], tilted["person"]) == (KEY, leaning, 9, "eve")
    assert tilted["meaning"] == "the stack is sheared: its direction is not the slices' normal"
    assert tilted["to_do"].startswith("let it pass")
    assert tilted["if_passed"] == "the stack is put upright by interpolation"
    assert "degrees" in tilted["line"]
    assert (unreadable["series"], unreadable["files"], unreadable["if_passed"]) == ("", 1, None)


def test_a_click_on_a_number_shows_those(screen) -> None:
    """By reason, by scanner, by both."""
    by_code = screen.ask("list", code="unreadable")
    by_scanner = screen.ask("list", scanner="Synthetic One")
    by_both = screen.ask("list", code="unreadable", scanner="Synthetic One")

    assert [[row["code"] for row in one["rows"]] for one in (by_code, by_scanner, by_both)] == [
        ["unreadable"],
        ["gantry-tilt"],
        [],
    ]
    assert len(by_both["counts"]) == 2


def test_a_reason_is_let_pass_and_the_series_converted_again(screen, leaning) -> None:
    """The row tells what came of it, and it is in quarantine no more."""
    begun = screen.ask("pass", study=KEY, series=leaning, note="agreed with the physicist")
    passed = screen.passed()

    assert begun == {"converting": True}
    assert (passed["study"], passed["series"], passed["status"]) == (KEY, leaning, "accepted")
    answer = screen.ask("list")
    assert [row["code"] for row in answer["rows"]] == [one["code"] for one in answer["counts"]] == ["unreadable"]


def test_a_pass_that_changes_nothing_says_why(screen, folder, study, leaning) -> None:
    """A slice is missing, as its number shows: nobody's opinion brings it back."""
    shutil.rmtree(folder / "thin")
    write_stack(folder / "thin", study["thin"])
    sorted((folder / "thin").iterdir())[4].unlink()

    came = []
    for note in ("the lean is known", "the gap, too"):
        screen.ask("pass", study=KEY, series=leaning, note=note)
        came.append(screen.passed()["line"])

    assert [line.startswith("missing-slices: 1 slice(s) missing") for line in came] == [True, True]
    assert [line.endswith("; their numbers don't show that none is missing") for line in came] == [False, True]


def test_who_let_what_pass_is_told_on_both_screens(screen, leaning) -> None:
    """With the note, and what was corrected."""
    screen.ask("pass", study=KEY, series=leaning, note="agreed with the physicist")
    row = screen.passed()["row"]

    shown = screen.shown(KEY)

    [volume] = [one["volume"] for one in shown["all_series"] if one["volume"]]
    for told in (row, volume):
        [passed] = told["passed"]
        assert (passed["code"], passed["person"], passed["note"]) == ("gantry-tilt", "eve", "agreed with the physicist")
        assert datetime.fromisoformat(passed["at"]).tzinfo
        assert [line.split(":")[0] for line in told["corrected"]] == ["corrected by interpolation"]


def test_what_is_no_matter_of_opinion_says_so(screen, leaning) -> None:
    """And so does a pass without a note: at once, so that the form stays open, and without a command that a page has not."""
    for series, note, line in (
        (leaning, "", "expected a note of at most 400 characters that says why; found 0 characters; write why"),
        ("series-" + "0" * 20, "why", "expected a series in quarantine"),
    ):
        with pytest.raises(CcdsError, match=line) as refused:
            screen.ask("pass", study=KEY, series=series, note=note)
        assert not re.search("--|ccds ", str(refused.value))
    assert screen.passed() is None
    assert len(screen.ask("list")["rows"]) == 2


def test_a_picture_is_there_where_pixels_can_be_read(screen, leaning) -> None:
    """Else why not."""
    assert screen.ask("picture", study=KEY, series=leaning)["buffers"][0].startswith(b"\x89PNG")
    assert "why_not" in screen.ask("picture", study=BROKEN, series=leaning)


@pytest.mark.usefixtures("leaning")
def test_a_run_that_was_left_goes_on_with_the_next_page(screen_of) -> None:
    """Of whoever began it; others see that nobody is at it."""
    eve, fay = screen_of("eve"), screen_of("fay")
    VolumeRuns(eve.project).begin()  # and nobody works at it: its process is gone
    with eve.project.store.writing() as connection:
        long_ago = datetime.now(UTC) - timedelta(seconds=GONE_SECONDS + 1)
        connection.execute(update(volume_run).values(beat_at=long_ago))

    seen = fay.ask("ready")["run"]
    eve.ask("ready")

    assert (seen["left"], seen["done"], seen["ended"]) == (True, 0, None)
    assert eve.finished()["run"]["done"] == 2


@pytest.mark.usefixtures("leaning")
def test_a_run_whose_beginner_lost_the_right_is_only_shown(open_as) -> None:
    """The screen opens all the same; nothing is refused that nobody asked for."""
    project = open_as("eve")
    runs, overview, studies = VolumeRuns(project), StudiesOverview(project), ImageStudies(project)
    runs.begin()
    with project.store.writing() as connection:
        long_ago = datetime.now(UTC) - timedelta(seconds=GONE_SECONDS + 1)
        connection.execute(update(volume_run).values(beat_at=long_ago))
    model = QuarantineModel(overview, studies, runs, person="eve", may_write=lambda: False, errand=Errand)

    run = model.start()["run"]

    assert (run["person"], run["left"], run["done"]) == ("eve", True, 0)


@pytest.mark.usefixtures("leaning")
def test_a_run_that_somebody_is_at_is_left_to_them(screen_of) -> None:
    """The page shows how far it is, and can stop it."""
    screen = screen_of("eve")
    VolumeRuns(screen.project).begin()

    with pytest.raises(CcdsError, match="found one of eve, 0 of 2 studies done"):
        screen.ask("begin")
    assert screen.ask("stop")["run"]["stopping"]


def test_who_may_only_look_is_refused_by_the_kernel(screen, screen_of, leaning) -> None:
    """Whatever their page sends."""
    fay = screen_of("fay")

    assert not fay.ask("ready")["may_write"]
    for request in (
        {"kind": "pass", "study": KEY, "series": leaning, "note": "why"},
        {"kind": "begin"},
        {"kind": "stop"},
    ):
        with pytest.raises(ProjectAccessDenied):
            fay.ask(**request)
    assert len(screen.ask("list")["rows"]) == 2


@pytest.mark.parametrize(
    "request_",
    [
        {"kind": "list", "begin": -1},
        {"kind": "list", "code": 7},
        {"kind": "list", "scanner": "x" * 65},
        {"kind": "pass", "study": KEY, "series": "series-1", "note": "why"},
        {"kind": "pass", "study": "..", "series": "series-" + "0" * 20, "note": "why"},
        {"kind": "pass", "study": KEY, "series": "series-" + "0" * 20},
        {"kind": "begin", "person": "eve"},
        {"kind": "empty"},
    ],
)
def test_what_is_no_request_is_refused_whole(screen, request_) -> None:
    """It comes from a browser."""
    with pytest.raises(CcdsError, match="expected a request that this app knows"):
        screen.ask(**request_)


def test_a_page_tells_nothing_of_a_patient(screen, study) -> None:
    """Nor an accession number or UID."""
    told = json.dumps([screen.ask("list"), screen.ask("progress")])

    for secret in (PATIENT_NAME, PATIENT_ID, ACCESSION, study["thin"].series_uid, study["thin"].study_uid, "A-1"):
        assert secret not in told
