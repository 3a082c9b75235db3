"""The series screen on a real project, asked as its page would: what it shows, and whom it lets do what."""

import json
from datetime import datetime

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_widgets.imaging.app import imaging_of
from ccds_widgets.opening import Opening
from ccds_widgets.screens import ScreensModel
from support.dicom import ACCESSION, PATIENT_ID, PATIENT_NAME, SR, write_object
from support.image_studies import KEY, RULES, name_of
from support.waiting import until

pytestmark = pytest.mark.usefixtures("study")

CORONAL = RULES.replace("axial", "coronal")


@pytest.fixture
def page_of(open_as):
    """Asks the screen as a person's page would."""

    def asked_by(person: str):
        app = imaging_of(open_as(person))

        def ask(kind: str, **more):
            return app.answer({"screen": "series", "kind": kind, **more})

        return ask

    return asked_by


@pytest.fixture
def ask(studies_of, page_of):
    """Eve's page; there are rules, and the headers were read."""
    studies_of("eve").keep_rules(RULES)
    ask = page_of("eve")
    until(lambda: not ask("studies")["reading"], "the headers to be read")
    return ask


def test_the_page_opens_with_studies_and_rules(studies_of, page_of, study) -> None:
    """The headers are read beside it; until then a study isn't known."""
    studies_of("eve").keep_rules(RULES)
    ask = page_of("eve")

    first = ask("ready")
    until(lambda: not ask("studies")["counts"]["unread"], "the headers to be read")
    [row] = ask("studies")["studies"]

    assert (first["may_write"], first["rules"]["person"], first["rules"]["text"]) == (True, "eve", RULES)
    assert first["counts"]["all"] == 1
    assert (row["key"], row["codes"], row["overruled_by"]) == (KEY, ["CTHEAD"], None)
    assert row["chosen"] == {
        "name": name_of(study["thin"]),
        "number": 1,
        "modality": "CT",
        "plane": "axial",
        "images": 9,
    }


def test_every_series_says_why_it_was_not_chosen(ask, folder) -> None:
    """In the order of their numbers; with what rules ask about."""
    write_object(folder / "report", SR)

    shown = ask("study", study=KEY)["shown"]

    assert [
        (one["number"], one["plane"], one["thickness_mm"], one["chosen"], one["why_not"]) for one in shown["all_series"]
    ] == [
        (1, "axial", 2.5, True, []),
        (2, "axial", 2.5, False, ["series 1 is preferred (most-images)"]),
        (3, "coronal", 2.5, False, ["orientation coronal is not axial"]),
        (None, "", None, False, ["an object without pixels"]),
    ]
    assert [one["excluded"] for one in shown["all_series"]] == [False, False, False, True]
    assert [one["files"] for one in shown["all_series"]] == [9, 5, 9, 1]


def test_a_person_overrules_with_a_note(ask, page_of, study) -> None:
    """Everybody sees who, when and why; the list tells of it."""
    other = name_of(study["coronal"])

    ask("overrule", study=KEY, series=other, note="the axial one has motion")

    shown = page_of("fay")("study", study=KEY)["shown"]
    assert (shown["chosen"]["name"], shown["overruled_by"]) == (other, "eve")
    [said] = shown["said"]
    assert (said["number"], said["note"], said["person"]) == (3, "the axial one has motion", "eve")
    assert datetime.fromisoformat(said["at"]).tzinfo  # a page tells it by its own clock
    assert [one["key"] for one in ask("studies", which="overruled")["studies"]] == [KEY]


def test_what_became_of_a_series_stands_beside_it(ask, studies_of, study) -> None:
    """Its volume, or why it is in quarantine."""
    studies_of("eve").make_volumes(KEY)

    volumes = {one["name"]: one["volume"] for one in ask("study", study=KEY)["shown"]["all_series"]}

    assert volumes.pop(name_of(study["thin"])) == {
        "status": "accepted",
        "line": "",
        "warnings": [],
        "corrected": [],
        "passed": [],
    }
    assert set(volumes.values()) == {None}


@pytest.mark.parametrize(
    ("which", "code", "found"),
    [
        ("all", None, 1),
        ("all", "CTHEAD", 1),
        ("all", "MRHEAD", 0),
        ("none", None, 0),
        ("overruled", None, 0),
        ("unread", None, 0),
    ],
)
def test_the_list_is_filtered(ask, which, code, found) -> None:
    """By what was chosen and by exam code."""
    answer = ask("studies", which=which, code=code)

    assert (len(answer["studies"]), answer["total"]) == (found, found)


def test_studies_are_found_by_how_their_keys_begin(ask, folder) -> None:
    """The counts are of those."""
    (folder.parent / ("a" * 16)).mkdir()

    found, none = ask("studies", key=KEY[:5]), ask("studies", key="nonsense")

    assert ([one["key"] for one in found["studies"]], found["counts"]["all"]) == ([KEY], 1)
    assert (none["studies"], none["total"], none["counts"]["all"]) == ([], 0, 0)


def test_the_list_comes_in_pages(ask, folder) -> None:
    """Beyond the last one is the first."""
    for number in range(30):
        (folder.parent / f"{'a' * 14}{number // 6 + 2}{number % 6 + 2}").mkdir()

    pages = [[one["key"] for one in ask("studies", begin=begin)["studies"]] for begin in (0, 25, 100)]

    assert [len(page) for page in pages] == [25, 6, 25]
    assert set(pages[0]).isdisjoint(pages[1])
    assert pages[2] == pages[0]


def test_rules_are_tried_before_they_are_kept(ask, study) -> None:
    """What is wrong is told with its line; what would change is counted; then they hold."""
    wrong = ask("try", text=RULES.replace("axial", "diagonal"))["wrong"]
    changes = ask("try", text=CORONAL)["changes"]
    seen = ask("rules")["rules"]["digest"]

    kept = ask("keep", text=CORONAL, seen=seen)

    assert wrong["line"] == RULES.split("\n").index("  - exam_codes: [CTHEAD]") + 1
    assert "diagonal" in wrong["text"]
    assert (changes["other"], changes["read"], changes["examples"]) == (1, 1, [KEY])
    assert kept["rules"]["text"] == CORONAL
    assert [one["person"] for one in kept["versions"]] == ["eve", "eve"]
    assert ask("study", study=KEY)["shown"]["chosen"]["name"] == name_of(study["coronal"])


def test_rules_of_somebody_else_are_not_overwritten_unseen(ask, studies_of) -> None:
    """Whoever was too slow reads so."""
    seen = ask("rules")["rules"]["digest"]
    studies_of("eve").keep_rules(CORONAL)

    with pytest.raises(CcdsError, match="others, which eve kept meanwhile"):
        ask("keep", text=RULES + "# mine\n", seen=seen)


def test_somebody_else_s_first_rules_are_not_overwritten_unseen(page_of, studies_of) -> None:
    """A page that saw none keeps its own only while there are none."""
    late, quick = page_of("eve"), page_of("eve")
    assert late("ready")["rules"] is None
    quick("keep", text=RULES, seen=None)

    with pytest.raises(CcdsError, match="others, which eve kept meanwhile"):
        late("keep", text=CORONAL, seen=None)

    assert late("rules")["rules"]["text"] == RULES
    assert studies_of("eve").keep_rules(CORONAL)  # the command's: whichever hold


def test_a_picture_is_bytes_beside_the_answer(ask, folder) -> None:
    """What has none says why."""
    write_object(folder / "report", SR)
    shown = ask("study", study=KEY)["shown"]

    answers = {one["number"]: ask("picture", study=KEY, series=one["name"]) for one in shown["all_series"]}

    assert answers[1]["buffers"][0].startswith(b"\x89PNG")
    assert answers[None] == {"why_not": "it has no slices"}


def test_who_may_only_look_is_refused_by_the_kernel(ask, page_of, studies_of, study) -> None:
    """Whatever their page sends."""
    fay = page_of("fay")

    assert not fay("ready")["may_write"]
    for request in (
        {"kind": "overrule", "study": KEY, "series": name_of(study["thick"]), "note": "why"},
        {"kind": "keep", "text": CORONAL, "seen": None},
    ):
        with pytest.raises(ProjectAccessDenied):
            fay(**request)
    assert studies_of("eve").choice(KEY).by == "rule"
    assert ask("rules")["rules"]["text"] == RULES


@pytest.mark.parametrize(
    "request_",
    [
        {"kind": "study", "study": "../../etc"},
        {"kind": "study", "study": KEY.upper()},
        {"kind": "picture", "study": KEY, "series": "../image"},
        {"kind": "overrule", "study": KEY, "series": "none", "note": "why"},
        {"kind": "overrule", "study": KEY, "series": None, "note": "x" * 1001},
        {"kind": "studies", "begin": -1},
        {"kind": "studies", "which": "mine"},
        {"kind": "try", "text": "x" * 100_001},
        {"kind": "keep", "text": RULES},
        {"kind": "keep", "text": RULES, "seen": "x"},
        {"kind": "remove"},
        {"kind": "study", "study": KEY, "person": "eve"},
    ],
)
def test_what_is_no_request_is_refused_whole(ask, request_) -> None:
    """It comes from a browser."""
    with pytest.raises(CcdsError, match="expected a request that this app knows"):
        ask(**request_)


def test_a_page_tells_nothing_of_a_patient(ask, study) -> None:
    """Nor an accession number or UID: studies by key, series by a hash."""
    ask("overrule", study=KEY, series=name_of(study["thick"]), note="why")
    told = json.dumps([ask("studies"), ask("study", study=KEY), ask("rules")])

    for secret in (PATIENT_NAME, PATIENT_ID, ACCESSION, study["thin"].series_uid, study["thin"].study_uid, "A-1"):
        assert secret not in told


def test_a_screen_that_there_is_not_is_refused(open_as) -> None:
    """A comm message may name any."""
    app = imaging_of(open_as("eve"))

    assert app.start()["screens"][:2] == ["series", "quarantine"]
    with pytest.raises(CcdsError, match="expected a screen that you may use"):
        app.answer({"screen": "all", "kind": "ready"})


def test_a_screen_that_is_being_opened_says_how_far_that_is(open_as) -> None:
    """And does nothing until then; the shell asks again."""
    half = Opening("Going through the studies", 0.5)
    opened = imaging_of(open_as("eve"))
    given = iter([half, opened])
    app = ScreensModel(project="HEAD-1", screens={"slow": lambda: next(given)})

    answers = [app.answer({"screen": "slow", "kind": "ready"}) for _ in range(3)]

    assert answers == [
        {"opening": {"doing": "Going through the studies", "share": 0.5}},
        opened.start(),
        opened.start(),
    ]
