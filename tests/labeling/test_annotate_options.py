"""Options of phrases, tasks of several labels, sections left out and searching, on the annotate screen."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from support.phrase_screens import annotate_model, change_task, move

TEXTS = [
    ("Effusion on the left.", "Cough."),
    ("No effusion.", "Fever."),
    ("Possible effusion.", "Fever."),
    ("Clear. STRAßE", "Effusion?"),
]


@pytest.fixture
def project(open_as):
    """CHEST-1, opened by the fellow fay, with one report for each of `TEXTS`."""
    project = open_as("fay", Action.OPEN_LABELING)
    LabelingRepository(project).load_reports(
        Report(f"ACC{number}", (Section("findings", findings), Section("History", history)))
        for number, (findings, history) in enumerate(TEXTS)
    )
    return project


@pytest.fixture
def task(project) -> int:
    """A task of kind `several` that leaves the history out."""
    task = Task("signs", TaskKind.SEVERAL, (Label("effusion", 0), Label("fever", 1)), left_out=frozenset({"history"}))
    return TaskRepository(project).make(task).id


def report(model, number: int) -> dict:
    """A report as the page gets it."""
    shown = model.answer({"kind": "window", "report": number})["window"]["reports"]
    return next(one for one in shown if one["number"] == number)


def select(model, number: int, text: str, **more) -> dict:
    """A request that selects `text` in the first section of a report."""
    return {"report": number, "key": report(model, number)["key"], "section": 0, "text": text, **more}


def insert(model, number: int, text: str, label: str, **more) -> dict:
    """The answer to giving `text` a label."""
    return model.answer(select(model, number, text, kind="insert", label=label, place="last", **more))


def phrase(answer, text: str) -> dict:
    """A phrase of the list in an answer."""
    return next(one for one in answer["overview"]["phrases"] if one["text"] == text)


def test_negated_and_uncertain_places_are_told_apart(project):
    """A page can strike what doesn't count and dash what is in doubt, and names the label that decides."""
    model = annotate_model(project)
    inserted = insert(model, 0, "effusion", "yes", negatable=True, uncertain_label="maybe")["inserted"]

    shown = [report(model, number) for number in range(3)]

    hows = [[how for _, marks in one["sections"][0]["pieces"] for _, how in marks] for one in shown]
    assert hows == [["counts"], ["negated"], ["uncertain"]]
    assert [one["verdicts"] for one in shown] == [
        [{"phrase": inserted, "label": "yes", "uncertain": None, "excludes": False}],
        [],
        [{"phrase": inserted, "label": "yes", "uncertain": "maybe", "excludes": False}],
    ]


def test_the_preview_counts_with_the_options(project):
    """What the options leave out is there before the phrase is."""
    model = annotate_model(project)

    plain = model.answer(select(model, 0, "effusion", kind="preview"))
    with_options = model.answer(select(model, 0, "effusion", kind="preview", negatable=True, uncertain_label="maybe"))

    assert (plain["matched"], plain["negated"], plain["uncertain"], plain["everywhere"]) == (4, 0, 0, True)
    assert (with_options["matched"], with_options["negated"], with_options["uncertain"]) == (3, 1, 1)


def test_options_of_a_listed_phrase_are_changed(project):
    """Its counts and the reports that it concerns follow, and so do the reports that one may walk through."""
    model = annotate_model(project)
    inserted = insert(model, 0, "effusion", "yes", sure=True)["inserted"]

    answer = model.answer(
        {
            "kind": "change", "phrase": inserted, "seen": {"text": "effusion", "label": "yes"}, "text": "effusion",
            "label": "YES", "negatable": True, "uncertain_label": "maybe", "new_labels": True, "report": 1,
        }
    )  # fmt: skip
    walked = {
        which: model.answer(
            {"kind": "window", "report": 0, "among": {"by": "phrase", "phrase": inserted, "which": which}}
        )["window"]["numbers"]
        for which in ("captured", "negated", "uncertain", "shadowed")
    }

    now = phrase(answer, "effusion")
    assert (now["label"], now["captured"], now["negated"], now["uncertain"]) == ("yes", 3, 1, 1)
    assert [label["name"] for label in answer["overview"]["labels"]] == ["yes", "maybe"]
    assert walked == {"captured": [0, 2, 3], "negated": [1], "uncertain": [2], "shadowed": []}


def test_a_phrase_in_every_report_is_asked_about_first(project):
    """One slip doesn't label everything; whoever is sure says so."""
    model = annotate_model(project)

    asked = insert(model, 0, "effusion", "yes")
    before = model.start()["overview"]["phrases"]
    sure = insert(model, 0, "effusion", "yes", sure=True)

    assert asked == {
        "asks": "Expected a phrase that tells reports apart; found one that stands in all 4; "
        "choose other words, or say that you are sure.",
        "about": "sure",
    }
    assert before == []
    assert sure["overview"]["labelled"] == 4


def test_a_label_that_is_typed_for_uncertain_places_and_is_none_of_the_task_s_is_asked_about_first(project):
    """Of selected words as of a listed phrase: a typing error makes no label. Added, it is a step before the phrase's; the label
    that the words get is written to be a new one.
    """
    model = annotate_model(project)
    insert(model, 1, "No effusion", "no")
    change = {
        "kind": "change", "phrase": phrase(model.start(), "No effusion")["id"], "text": "No effusion", "label": "no",
        "seen": {"text": "No effusion", "label": "no"}, "known": True, "uncertain_label": "mabye", "report": 0,
    }  # fmt: skip

    asked = insert(model, 0, "effusion", "yes", sure=True, uncertain_label="mabye")
    asked_of_change = model.answer(change)
    before = model.start()["overview"]
    sure = insert(model, 0, "effusion", "yes", sure=True, uncertain_label="maybe", new_labels=True)
    undone = [model.answer({"kind": "undo", "report": 0}) for _ in range(2)]

    assert asked == asked_of_change == {"asks": "“mabye” is no label of this task: add it?", "about": "new_labels"}
    assert ([one["name"] for one in before["labels"]], len(before["phrases"])) == (["no"], 1)
    assert [one["name"] for one in sure["overview"]["labels"]] == ["no", "maybe", "yes"]
    assert [one["step"]["what"] for one in undone] == ["removed", "task"]


def test_each_label_of_several_is_decided_by_its_own_list(project, task):
    """The same words may stand for one label and against another; what is left out counts nowhere."""
    model = annotate_model(project, task)
    insert(model, 1, "No effusion", "effusion", excludes=True)
    insert(model, 0, "effusion", "effusion")

    preview = model.answer(select(model, 0, "effusion", kind="preview"))
    answer = insert(model, 0, "effusion", "fever")

    assert preview["lists"] == {
        "effusion": {"known": phrase(answer, "effusion")["id"]},
        "fever": {"captured_if_last": 3, "captured_if_first": 3, "takes_from": []},
    }
    assert [(one["list"], one["text"], one["captured"]) for one in answer["overview"]["phrases"]] == [
        ("effusion", "No effusion", 1),
        ("effusion", "effusion", 2),
        ("fever", "effusion", 3),
    ]
    assert [(label["name"], label["captured"], label["absent"]) for label in answer["overview"]["labels"]] == [
        ("effusion", 2, 1),
        ("fever", 3, 0),
    ]
    assert [verdict["excludes"] for verdict in report(model, 1)["verdicts"]] == [True, False]


def test_moving_in_one_label_s_list_leaves_the_other_alone(project, task):
    """Places are counted within the list of a label, whatever lies between in the one order that is kept."""
    model = annotate_model(project, task)
    for words, label in (("effusion", "effusion"), ("left", "fever"), ("clear", "effusion"), ("the", "fever")):
        number = 3 if words == "clear" else 0
        last = insert(model, number, words, label)

    moved = model.answer(move(last, phrase(last, "clear")["id"], by=-1, report=0))
    reopened = annotate_model(project, task).start()

    for answer in (moved, reopened):
        assert [(one["list"], one["text"]) for one in answer["overview"]["phrases"]] == [
            ("effusion", "clear"),
            ("effusion", "effusion"),
            ("fever", "left"),
            ("fever", "the"),
        ]


def test_words_of_a_section_left_out_make_no_phrase(project, task):
    """The page shows the section, says that it is left out, and refuses a selection in it in one line."""
    model = annotate_model(project, task)
    request = select(model, 0, "Cough", kind="insert", label="fever", place="last") | {"section": 1}

    with pytest.raises(CcdsError, match="one that this task leaves out"):
        model.answer(request)

    assert [section["left_out"] for section in report(model, 0)["sections"]] == [False, True]


@pytest.mark.parametrize(
    ("text", "whole", "numbers"),
    [("effusion", True, [0, 1, 2]), ("  No\n EFFUSION", True, [1]), ("ffus", True, []), ("ffus", False, [0, 1, 2]),
     ("strasse", True, [3]), ("fever", True, [])],
)  # fmt: skip
def test_reports_are_searched_as_phrases_see_them(project, task, text, whole, numbers):
    """In normal form, as whole words or anywhere, and not in sections that are left out."""
    model = annotate_model(project, task)

    window = model.answer({"kind": "window", "report": 0, "among": {"by": "words", "text": text, "whole": whole}})[
        "window"
    ]

    assert window["numbers"] == numbers
    hits = ["".join(part for part, marks in one["sections"][0]["pieces"] if [0, "hit"] in map(list, marks))
            for one in window["reports"] if one["number"] in numbers]  # fmt: skip
    assert [hit.casefold() for hit in hits] == [" ".join(text.split()).casefold()] * len(numbers)


@pytest.mark.parametrize("text", ["", "  \n", "\u200b"])
def test_a_search_for_nothing_is_refused(project, text):
    """Blank words would be everywhere."""
    with pytest.raises(CcdsError, match="words to search for"):
        annotate_model(project).answer({"kind": "window", "report": 0, "among": {"by": "words", "text": text}})


def test_a_task_that_changed_is_followed(project, task):
    """A section that is left out no more is matched at the next answer."""
    model = annotate_model(project, task)
    insert(model, 0, "effusion", "effusion")
    before = model.start()["overview"]
    changed = Task("signs", TaskKind.SEVERAL, (Label("effusion", 0), Label("fever", 1)))
    change_task(project, changed, task)

    after = model.start()["overview"]

    assert (before["phrases"][0]["captured"], after["phrases"][0]["captured"]) == (3, 4)
    assert after["revision"] > before["revision"]


def test_a_change_of_options_is_taken_back(project):
    """Like any other change."""
    model = annotate_model(project)
    inserted = insert(model, 0, "effusion", "yes", sure=True)["inserted"]
    before = model.start()["overview"]
    seen = {"text": "effusion", "label": "yes"}
    change = {"kind": "change", "phrase": inserted, "seen": seen, **seen, "negatable": True, "report": 0}
    model.answer(change)
    older = model.answer({**change, "negatable": False, "uncertain_label": "maybe"})

    assert "found another one, as somebody changed it meanwhile" in older["refused"]
    assert [one["negatable"] for one in older["overview"]["phrases"]] == [True]
    back = model.answer({"kind": "undo", "report": 0})

    assert back["step"] == {"what": "edited", "text": "effusion", "more": 0}
    assert back["overview"]["phrases"] == before["phrases"]
