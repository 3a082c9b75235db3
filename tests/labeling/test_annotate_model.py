"""What the annotate screen shows and does, on a real project, without a browser."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import RosterEntry
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_widgets.labeling.annotate.model import SHIPPED_AFTER, SHIPPED_BEFORE
from support.phrase_screens import annotate_model, move, remove, seen

TEXTS = [
    ("Small effusion on the left.", "Effusion."),
    ("No pleural effusion.", "Normal."),
    ("Heart size normal.", ""),
    ("Lungs are clear. No  effusion.", "No\nacute finding."),
    ("Hemorrhage \U0001fac1 seen \U0001fac1 here.", ""),
]


@pytest.fixture
def project(open_as):
    """CHEST-1, opened by the fellow fay."""
    return open_as("fay", Action.OPEN_LABELING)


@pytest.fixture
def repository(project):
    """The rows of CHEST-1 with one report for each of `TEXTS`."""
    repository = LabelingRepository(project)
    repository.load_reports(
        Report(f"ACC{number}", (Section("findings", findings), Section("impression", impression)))
        for number, (findings, impression) in enumerate(TEXTS)
    )
    return repository


@pytest.fixture
def open_model(repository):
    """Opens the app's model on those reports, as often as wanted: as two pages would."""
    return lambda: annotate_model(repository._project)


@pytest.fixture
def model(open_model):
    """The app's model as one page has it."""
    return open_model()


def select(model, report: int, text: str, section: int = 0, **more):
    """A request that selects `text` in a report as the page shows it."""
    shown = model.answer({"kind": "window", "report": report})["window"]["reports"][0]
    return {"report": report, "key": shown["key"], "section": section, "text": text, **more}


def insert(model, report: int, text: str, label: str, *, place: str = "last"):
    """The answer to giving `text` a label."""
    return model.answer(select(model, report, text, kind="insert", label=label, place=place))


def listed(answer) -> list[tuple]:
    """The phrases in an answer: text, label, captured, matched."""
    return [
        tuple(one[key] for key in ("text", "label", "captured", "matched")) for one in answer["overview"]["phrases"]
    ]


def text_of(report, section: int = 0) -> str:
    """A section's text put together again from the pieces that are drawn."""
    return "".join(text for text, _ in report["sections"][section]["pieces"])


def test_the_first_view_is_the_first_unlabelled_report(model, repository):
    """The page begins where the work is, names the study by its key, and holds no accession number."""
    insert(model, 0, "effusion", "Effusion")

    answer = model.start()

    assert answer["overview"]["labelled"] == 3
    assert answer["window"]["current"] == 2
    assert {report["key"] for report in answer["window"]["reports"]} == {one.study_key for one in repository.reports()}
    assert "ACC" not in str(answer)


def test_a_project_without_reports_has_an_overview_and_no_window(open_as):
    """An empty project is a state to show, not an error."""
    project = open_as("fay", Action.OPEN_LABELING)

    answer = annotate_model(project).start()

    assert answer["window"] is None
    assert answer["overview"]["reports"] == 0


def test_an_accepted_phrase_is_stored_counted_and_shown(model, open_model):
    """A phrase is in the database when the page hears of it, with its counts and the report drawn anew."""
    answer = insert(model, 1, "effusion", "Effusion")

    assert listed(answer) == [("effusion", "Effusion", 3, 3)]
    assert [verdict["phrase"] for verdict in answer["reports"][0]["verdicts"]] == [answer["inserted"]]
    assert answer["reports"][0]["sections"][0]["pieces"] == [
        ("No pleural ", []),
        ("effusion", [(answer["inserted"], "counts")]),
        (".", []),
    ]
    assert listed(open_model().start()) == [("effusion", "Effusion", 3, 3)]


def test_pieces_put_together_are_the_text(model):
    """Drawing in pieces loses no character, whatever its length in code units."""
    answer = insert(model, 4, "seen \U0001fac1 here", "X")

    assert text_of(answer["reports"][0]) == TEXTS[4][0]


def test_a_change_says_at_once_which_report_comes_next(model):
    """Whoever labels and goes on at once never lands on a report that the new phrase has just labelled."""
    answer = insert(model, 0, "effusion", "Effusion")

    assert answer["unlabelled"] == [2, 4]
    assert [report["number"] for report in answer["reports"]] == [0, 2]


def test_the_preview_says_what_a_phrase_would_do(model):
    """Before it is accepted a phrase shows its matches, what it captures last and first, and from which phrase."""
    first = insert(model, 1, "No pleural effusion", "No")["inserted"]

    answer = model.answer(select(model, 0, "effusion", kind="preview"))

    assert answer == {
        "lists": {
            "": {
                "captured_if_last": 2,
                "captured_if_first": 3,
                "takes_from": [{"phrase": first, "reports": 1}],
            }
        },
        "matched": 3,
        "negated": 0,
        "uncertain": 0,
        "everywhere": False,
    }


def test_the_preview_of_a_phrase_that_is_there_names_it(model):
    """Case and white space make no new phrase."""
    inserted = insert(model, 3, "No effusion", "No")["inserted"]

    answer = model.answer(select(model, 3, "no\n effusion", kind="preview"))

    assert answer == {"lists": {"": {"known": inserted}}}


def test_a_phrase_can_come_first(model):
    """With the highest priority it takes what it matches."""
    insert(model, 0, "effusion", "Effusion")

    answer = insert(model, 1, "No pleural effusion", "No", place="first")

    assert listed(answer) == [("No pleural effusion", "No", 1, 1), ("effusion", "Effusion", 2, 3)]


def test_a_label_that_differs_in_case_only_is_the_same_label(model):
    """A label typed again doesn't become a second one."""
    insert(model, 0, "effusion", "Effusion")

    answer = insert(model, 2, "Heart size", " effusion ")

    assert [(label["name"], label["captured"]) for label in answer["overview"]["labels"]] == [("Effusion", 4)]


def test_moving_changes_who_captures_and_stops_at_the_ends(model):
    """A phrase that is moved past the begin of the list is the first."""
    insert(model, 0, "effusion", "Effusion")
    last = insert(model, 1, "No pleural effusion", "No")["inserted"]

    answer = model.answer(move(model.start(), last, by=-7, report=1))

    assert listed(answer) == [("No pleural effusion", "No", 1, 1), ("effusion", "Effusion", 2, 3)]
    assert answer["reports"][0]["verdicts"] == [{"phrase": last, "label": "No", "uncertain": None, "excludes": False}]


def test_changes_are_taken_back_and_done_again_one_after_the_other(model):
    """Nothing is lost by accident: each kind of change is taken back, the newest first, and the page reads which comes next."""
    inserted = insert(model, 0, "effusion", "A")["inserted"]
    insert(model, 0, "left", "B")
    before = model.start()
    model.answer(move(before, inserted, by=1, report=0))
    model.answer(remove(before, inserted, report=0))

    removal = model.answer({"kind": "undo", "report": 0})
    moved = model.answer({"kind": "undo", "report": 0})
    again = model.answer({"kind": "redo", "report": 0})

    assert removal["step"] == {"what": "inserted", "text": "effusion", "more": 0}
    assert removal["overview"]["undo"] == {"what": "moved", "text": "effusion", "more": 0}
    assert removal["overview"]["redo"] == {"what": "removed", "text": "effusion", "more": 0}
    assert listed(moved) == listed(before)
    assert [phrase["text"] for phrase in again["overview"]["phrases"]] == ["left", "effusion"]


def test_nothing_to_take_back_is_told(model):
    """Ctrl+Z at the very begin is refused in one line."""
    with pytest.raises(CcdsError, match="a change of yours to undo"):
        model.answer({"kind": "undo", "report": 0})

    assert model.start()["overview"]["undo"] is None


def test_labels_keep_their_colours_and_keys(model):
    """A move or a removal recolours no label; a label without phrases stays one of the task's."""
    insert(model, 0, "Small", "A")
    second = insert(model, 0, "left", "B")["inserted"]
    third = insert(model, 2, "Heart", "C")["inserted"]
    page = model.answer(move(model.start(), third, by=-2, report=0))

    answer = model.answer(remove(page, second, report=0))

    labels = answer["overview"]["labels"]
    assert [(label["name"], label["tone"], label["captured"]) for label in labels] == [
        ("A", 0, 1),
        ("B", 1, 0),
        ("C", 2, 1),
    ]


def test_two_pages_see_each_others_phrases(open_model):
    """A page that asks for reports hears what another one changed, and with it a new overview."""
    mine, other = open_model(), open_model()
    revision = mine.start()["overview"]["revision"]
    first = insert(other, 0, "effusion", "Effusion")["inserted"]
    insert(other, 1, "No pleural effusion", "No", place="first")

    answer = mine.answer({"kind": "window", "report": 1, "revision": revision})

    assert [phrase["captured"] for phrase in answer["overview"]["phrases"]] == [1, 2]
    other.answer(remove(answer, first, report=0))
    told = mine.answer(move(answer, first, by=1, report=0))
    assert "found none, as somebody removed it meanwhile" in told["refused"]
    assert listed(told) == [("No pleural effusion", "No", 1, 1)]


def test_an_older_page_removes_and_moves_nothing_that_another_one_changed(open_model):
    """It is told so in one line, and shows the list and the report as they are now."""
    mine, other = open_model(), open_model()
    first = insert(other, 0, "effusion", "Effusion")["inserted"]
    page = insert(other, 1, "No pleural effusion", "No")
    other.answer(move(page, first, by=1, report=0))

    told = mine.answer(move(page, first, by=1, report=0))
    change = {"kind": "change", "phrase": first, "text": "effusion", "seen": seen(page, first), "report": 0}
    other.answer({**change, "label": "No"})
    again = mine.answer(remove(page, first, report=0))

    assert "the order as this page showed it" in told["refused"]
    assert [one[0] for one in listed(told)] == ["No pleural effusion", "effusion"]
    assert "the phrase as this page showed it" in again["refused"]
    assert [one[:2] for one in listed(again)] == [("No pleural effusion", "No"), ("effusion", "No")]
    assert again["reports"][0]["verdicts"][0]["label"] == "No"


def test_words_get_no_label_that_is_known_to_an_older_page_only(model):
    """Its key makes no new one: the page is told the labels as they are."""
    request = select(model, 0, "effusion", kind="insert", label="Old", known=True, place="last")

    told = model.answer(request)

    assert "the label as this page showed it; found none, as somebody removed it meanwhile" in told["refused"]
    assert (listed(told), told["overview"]["labels"]) == ([], [])


def test_another_persons_edit_is_followed(model, repository):
    """New words and a new label of a phrase arrive, whatever they were changed into."""
    ids = [insert(model, 0, words, label)["inserted"] for words, label in (("effusion", "A"), ("left", "B"))]
    repository.replace_phrase(ids[0], Phrase("heart size", "A"))
    repository.replace_phrase(ids[1], Phrase("effusion", "C"))

    answer = model.start()

    assert listed(answer) == [("heart size", "A", 1, 1), ("effusion", "C", 3, 3)]


def test_an_unchanged_list_is_not_sent_again(model):
    """A page that has the newest revision gets reports only."""
    revision = model.start()["overview"]["revision"]

    answer = model.answer({"kind": "window", "report": 0, "revision": revision})

    assert set(answer) == {"window"}


def test_the_reports_of_a_phrase_are_those_it_captures_or_all_it_matches(model):
    """Walking through a phrase's reports begins at the next one."""
    insert(model, 1, "No pleural effusion", "No")
    phrase = insert(model, 0, "effusion", "Effusion")["inserted"]

    captured = model.answer({"kind": "window", "report": 1, "among": {"by": "phrase", "phrase": phrase}})["window"]
    matched = model.answer(
        {"kind": "window", "report": 1, "among": {"by": "phrase", "phrase": phrase, "which": "matched"}}
    )["window"]

    assert (captured["numbers"], captured["total"], captured["current"]) == ([0, 3], 2, 3)
    assert (matched["numbers"], matched["total"], matched["current"]) == ([0, 1, 3], 3, 1)


def test_unlabelled_reports_ahead_come_round(model):
    """After the last unlabelled report comes the first."""
    insert(model, 3, "Lungs are clear", "Clear")

    window = model.answer({"kind": "window", "report": 2})["window"]

    assert window["unlabelled"] == [4, 0, 1, 2]


def test_a_window_is_bounded_and_holds_the_report_asked_for(open_as):
    """However long the reports, the page gets some around the one that it asks for, nearest first, and that one."""
    project = open_as("fay", Action.OPEN_LABELING)
    LabelingRepository(project).load_reports(
        Report(f"A{n}", (Section("findings", f"report {n} " + "x " * 50_000),)) for n in range(60)
    )
    model = annotate_model(project)

    window = model.answer({"kind": "window", "report": 30})["window"]

    assert window["begin"] == 30 - SHIPPED_BEFORE
    assert window["numbers"] == list(range(30 - SHIPPED_BEFORE, min(60, 30 + SHIPPED_AFTER + 1)))
    assert window["reports"][0]["number"] == 30
    assert 1 < len(window["reports"]) < 15


@pytest.mark.parametrize(
    ("text", "section"),
    [("ffusion", 0), ("left. Effusion", 0), ("Effusion", 0 + 7), ("no such words", 0), ("heart size", 0)],
    ids=["part of a word", "across sections", "no such section", "not there", "another report's"],
)
def test_a_selection_that_is_not_in_the_section_is_refused(model, text, section):
    """A page can send any words; only whole words of that section of that report become a phrase."""
    request = select(model, 0, text, section, kind="insert", label="A", place="last")

    with pytest.raises(CcdsError, match=r"^expected .+; found .+; .+"):
        model.answer(request)

    assert model.start()["overview"]["phrases"] == []


def test_a_selection_for_another_study_is_refused(model):
    """A stale page whose number means another study by now changes nothing."""
    request = select(model, 0, "effusion", kind="insert", label="A", place="last") | {"report": 1}

    with pytest.raises(CcdsError, match="another report's"):
        model.answer(request)


@pytest.mark.parametrize("text", ["  \n ", "\u200b", "x" * 800], ids=["blank", "invisible", "too long"])
def test_words_that_make_no_phrase_are_refused(model, text):
    """The phrase's own rules hold for selections."""
    with pytest.raises(CcdsError, match=r"phrase|words"):
        insert(model, 0, text, "A")


@pytest.mark.parametrize(
    "request_",
    [
        {"kind": "window", "report": 5},
        {"kind": "move", "phrase": 1, "by": 1, "order": [1], "seen": {"text": "a", "label": "b"}, "report": 5},
        {"kind": "remove", "phrase": 1, "seen": {"text": "a", "label": "b"}, "report": 10**9},
        {"kind": "undo", "report": 5},
    ],
)
def test_a_report_beyond_the_last_is_refused(model, request_):
    """A number out of range is told with the range."""
    with pytest.raises(CcdsError, match="a report from 1 to 5"):
        model.answer(request_)


def test_nothing_is_answered_when_the_person_may_no_longer(model, project, settings):
    """Somebody who was taken off the roster while the page is open reads no more reports and changes nothing."""
    request = select(model, 0, "effusion", kind="insert", label="A", place="last")
    amended = project.application.model_copy(
        update={"roster": tuple(entry for entry in project.application.roster if entry.person != "fay")}
    )
    assert all(isinstance(entry, RosterEntry) for entry in amended.roster)
    apply_application(amended, person="admin", settings=settings)

    for refused in ({"kind": "window", "report": 0}, request):
        with pytest.raises(ProjectAccessDenied):
            model.answer(refused)
    with pytest.raises(ProjectAccessDenied):
        model.start()
