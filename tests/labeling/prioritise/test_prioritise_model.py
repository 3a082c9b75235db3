"""What the prioritise screen shows and does, on a real project, without a browser."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_widgets.labeling.prioritise.messages import parse
from ccds_widgets.labeling.prioritise.model import HISTORY_PAGE, PAGE
from support.phrase_screens import change_task, move, prioritise_model, remove, seen
from support.prioritising import WORDS, counts, ids


def test_the_rows_come_in_their_order_with_their_counts(model):
    """Captured and shadowed add up to raw."""
    answer = model.start()

    assert counts(answer) == {"effusion": (4, 4, 0), "left": (1, 2, 1), "no effusion": (0, 1, 1), "heart": (0, 1, 1)}
    assert answer["sources"] == []


@given(st.permutations(list(WORDS)), st.sampled_from(list(WORDS)), st.integers(0, 5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
def test_what_is_shown_while_a_row_is_dragged_is_what_the_drop_does(model, order, word, position):
    """The counts of the dry run are those after the move; the dry run itself changes nothing."""
    for place, text in enumerate(order):
        page = model.start()
        model.answer(move(page, ids(page)[text], position=place))
    before = model.start()
    phrase = ids(before)[word]

    tried = model.answer({"kind": "try", "phrase": phrase, "position": position})
    unchanged = model.start()
    dropped = model.answer(move(before, phrase, position=position))

    assert unchanged == before
    assert {one["id"]: (one["captured"], one["shadowed"]) for one in tried["counts"]} == {
        one["id"]: (one["captured"], one["shadowed"]) for one in dropped["overview"]["phrases"]
    }
    assert [one["id"] for one in tried["counts"]] == [*ids(dropped).values()]


def test_what_an_edit_would_do_is_counted_before_it_is_saved(model):
    """With other words, another label or options; nothing is changed by asking."""
    before = model.start()
    request = {"phrase": ids(before)["effusion"], "text": "effusion", "label": "yes", "negatable": True}

    tried = model.answer({"kind": "try change", **request, "uncertain_label": "maybe"})
    unchanged = model.start()
    change = {"kind": "change", "seen": seen(before, request["phrase"]), **request}
    saved = model.answer({**change, "uncertain_label": "maybe", "new_labels": True})

    assert tried == {"matched": 3, "captured": 3, "negated": 1, "uncertain": 1}
    assert unchanged == before
    assert counts(saved)["effusion"] == (3, 3, 0)
    assert counts(saved)["no effusion"] == (1, 1, 0)


@pytest.mark.parametrize(
    ("text", "line"),
    [(" \u200b", "a blank one"), ("LEFT", "the one at place 2 again"), ("x" * 600, "one of 600")],
)
def test_words_that_make_no_phrase_are_refused_in_one_line(model, text, line):
    """Blank ones, those of another row after normalisation, too many; the row stays as it was."""
    before = model.start()
    edited = {"phrase": ids(before)["effusion"], "text": text, "label": "yes"}

    change = {"kind": "change", "seen": seen(before, edited["phrase"]), **edited}
    for request in (change, {"kind": "add", "text": text, "label": "yes"}):
        with pytest.raises(CcdsError, match=line):
            model.answer(request)

    assert model.start() == before


def test_a_phrase_in_every_report_is_asked_about_first(open_as):
    """By hand as well as by an edit; whoever is sure says so."""
    project = open_as("fay", Action.OPEN_LABELING)
    repository = LabelingRepository(project)
    repository.load_reports(Report(f"A{n}", (Section("findings", f"Chest film {n}."),)) for n in range(3))
    one = repository.insert_phrase(Phrase("film 1", "yes"), 0).id
    model = prioritise_model(project)
    edit = {"kind": "change", "phrase": one, "seen": seen(model.start(), one), "text": "chest film", "label": "yes"}

    asked = [model.answer(edit), model.answer({"kind": "add", "text": "Chest", "label": "yes"})]
    sure = model.answer(edit | {"sure": True})

    assert ["found one that stands in all 3" in answer["asks"] for answer in asked] == [True, True]
    assert counts(sure) == {"chest film": (3, 3, 0)}


def test_removing_taking_back_and_doing_again(model):
    """A removed row comes back where it stood, under its id, and goes again."""
    before = model.start()
    phrase = ids(before)["left"]
    removed = model.answer(remove(before, phrase))

    back = model.answer({"kind": "undo"})
    again = model.answer({"kind": "redo"})

    assert "left" not in ids(removed)
    assert ids(back) == ids(before)
    assert back["step"] == {"what": "inserted", "text": "left", "more": 0}
    assert ids(again) == ids(removed)


@pytest.mark.parametrize(
    ("which", "numbers"),
    [("captured", [2]), ("matched", [0, 2]), ("shadowed", [0]), ("negated", []), ("uncertain", [])],
)
def test_all_reports_of_a_phrase_are_shown_by_page(model, which, numbers):
    """Those that it captures, matches, or matches in vain, with their marks."""
    phrase = ids(model.start())["left"]

    answer = model.answer({"kind": "reports", "among": {"by": "phrase", "phrase": phrase, "which": which}, "begin": 0})

    assert (answer["total"], [report["number"] for report in answer["reports"]]) == (len(numbers), numbers)
    assert all(phrase in [row for _, marks in report["sections"][0]["pieces"] for row, _ in marks]
               for report in answer["reports"])  # fmt: skip


def test_pages_are_bounded(project):
    """However many reports a phrase has, some come at once; a page beyond the last is the last."""
    repository = LabelingRepository(project)
    repository.load_reports(Report(f"B{n}", (Section("findings", f"Nodule {n}."),)) for n in range(PAGE + 3))
    phrase = repository.insert_phrase(Phrase("nodule", "yes"), 0).id
    model = prioritise_model(project)
    among = {"by": "phrase", "phrase": phrase}

    first, last = (model.answer({"kind": "reports", "among": among, "begin": begin}) for begin in (0, 10**6))

    assert (first["total"], len(first["reports"])) == (PAGE + 3, PAGE)
    assert (last["begin"], len(last["reports"])) == (PAGE, 3)


def test_conflicts_are_listed_by_pair_with_what_is_hidden(model):
    """The pair with the most hidden reports first; its reports can be read."""
    phrases = ids(model.start())

    answer = model.answer({"kind": "conflicts"})
    (pair,) = (one for one in answer["conflicts"] if one["hidden"] == phrases["no effusion"])
    reports = model.answer(
        {"kind": "reports", "begin": 0,
         "among": {"by": "conflict", "captured_by": pair["captured_by"], "hidden": pair["hidden"]}}
    )  # fmt: skip

    assert pair == {"captured_by": phrases["effusion"], "hidden": phrases["no effusion"], "reports": 1}
    assert answer["pairs"] == len(answer["conflicts"]) == 3
    assert [report["number"] for report in reports["reports"]] == [1]


def test_the_history_says_who_changed_what(open_as, model):
    """The newest change first, a page at a time, those of others and those that were taken back, too."""
    fred = prioritise_model(open_as("fred", Action.OPEN_LABELING))
    phrase = ids(model.start())["left"]
    change = {"kind": "change", "phrase": phrase, "seen": seen(model.start(), phrase), "text": "right", "label": "side"}
    fred.answer({**change, "negatable": True})
    model.answer(move(model.start(), ids(model.start())["heart"], position=0))
    model.answer({"kind": "undo"})

    history = model.answer({"kind": "history", "begin": 0})

    assert [(one["person"], one["what"], one["kind"]) for one in history["changes"][:3]] == [
        ("fay", "moved", "undo"),
        ("fay", "moved", "do"),
        ("fred", "edited", "do"),
    ]
    assert (history["changes"][2]["before"]["text"], history["changes"][2]["after"]["text"]) == ("left", "right")
    assert history["total"] == len(WORDS) + 3
    for position in range(HISTORY_PAGE):
        model.answer(move(model.start(), phrase, position=position % 2))
    older = model.answer({"kind": "history", "begin": HISTORY_PAGE})
    assert older["begin"] == HISTORY_PAGE
    assert len(older["changes"]) == older["total"] - HISTORY_PAGE


def test_phrases_of_another_task_are_copied_below_the_list(project, model):
    """What the list has stays as it is; the answer says what became of each."""
    other = TaskRepository(project).make(Task("old list")).id
    LabelingRepository(project, other).append_phrases(
        [
            *(Phrase("Effusion", "yes"), Phrase("left", "elsewhere"), Phrase("clear", "no")),
            Phrase("heart", "heart", negatable=True),
        ]
    )

    sources = model.start()["sources"]
    answer = model.answer({"kind": "copy", "source": other})

    assert sources == [{"id": other, "name": "old list"}]
    assert answer["copied"] == {"added": 1, "known": 1, "conflicting": 1, "differing": 1}
    assert [*ids(answer)] == [*WORDS, "clear"]


def test_a_copied_phrase_in_every_report_is_asked_about_first(open_as):
    """Nothing is copied until the person says that it is meant; one that the list has already is no question."""
    project = open_as("fay", Action.OPEN_LABELING)
    LabelingRepository(project).load_reports(Report(f"A{n}", (Section("findings", f"Film {n}."),)) for n in range(3))
    task, other = (TaskRepository(project).make(Task(name)).id for name in ("new list", "old list"))
    LabelingRepository(project, other).append_phrases([Phrase("film 1", "one"), Phrase("film", "any")])
    model = prioritise_model(project, task)

    asked = model.answer({"kind": "copy", "source": other})
    unchanged = model.start()
    sure = model.answer({"kind": "copy", "source": other, "sure": True})
    again = model.answer({"kind": "copy", "source": other})

    assert "one that stands in all 3" in asked["asks"]
    assert counts(unchanged) == {}
    assert (sure["copied"]["added"], again["copied"]["known"]) == (2, 2)


def test_phrases_that_exclude_are_refused_where_labels_exclude_each_other(project, model):
    """One line says what to do; nothing is copied."""
    other = TaskRepository(project).make(Task("signs", TaskKind.SEVERAL, (Label("effusion", 0),))).id
    LabelingRepository(project, other).append_phrases(
        [Phrase("clear", "effusion"), Phrase("no effusion seen", "effusion", excludes=True)]
    )
    before = model.start()

    with pytest.raises(CcdsError, match="one that excludes its label"):
        model.answer({"kind": "copy", "source": other})

    assert counts(model.start()) == counts(before)


def test_labels_are_ordered_added_and_removed(project, model):
    """Their order is that of the keys; colours stay; a label that is in use isn't removed."""
    change_task(project, Task("labels", labels=tuple(Label(name, n) for n, name in enumerate(WORDS.values()))))
    names = ["no", "yes", "side", "heart"]

    ordered = model.answer({"kind": "labels", "names": names, "seen": [*WORDS.values()]})
    added = model.answer({"kind": "labels", "names": [*names, " fresh "], "seen": names})
    removed = model.answer({"kind": "labels", "names": names, "seen": [*names, "fresh"]})

    assert [(label["name"], label["tone"]) for label in ordered["overview"]["labels"]] == [
        ("no", 2),
        ("yes", 0),
        ("side", 1),
        ("heart", 3),
    ]
    assert [label["name"] for label in added["overview"]["labels"]] == [*names, "fresh"]
    assert removed["overview"]["labels"] == ordered["overview"]["labels"]
    with pytest.raises(CcdsError, match="the label 'yes' to be used nowhere before it is removed"):
        model.answer({"kind": "labels", "names": ["no", "side", "heart"], "seen": names})
    with pytest.raises(CcdsError, match="'yes' twice"):
        model.answer({"kind": "labels", "names": [*names, "yes"], "seen": names})


def test_changes_of_labels_are_taken_back_in_their_order_among_others(project, model):
    """Undo takes what one did last, phrase or labels; the history has both; another's labels aren't one's own to take back."""
    names = [label["name"] for label in model.start()["overview"]["labels"]]
    phrase = ids(model.start())["left"]
    model.answer({"kind": "labels", "names": ["fresh", *names], "seen": names})
    model.answer(move(model.start(), phrase, position=0))
    model.answer({"kind": "labels", "names": [*names, "fresh"], "seen": ["fresh", *names]})

    steps = [model.answer({"kind": kind}) for kind in ("undo", "undo", "undo", "redo")]
    history = model.answer({"kind": "history", "begin": 0})["changes"]

    assert [(one["step"]["what"], one["step"]["text"]) for one in steps] == [
        ("task", "labels"),
        ("moved", "left"),
        ("task", "labels"),
        ("task", "labels"),
    ]
    assert [[label["name"] for label in one["overview"]["labels"]] for one in steps] == [
        ["fresh", *names],
        ["fresh", *names],
        names,
        ["fresh", *names],
    ]
    assert steps[2]["overview"]["redo"] == {"what": "task", "text": "labels", "more": 0}
    assert [*ids(steps[-1])] == [*WORDS]
    assert (history[0]["what"], history[0]["kind"], history[0]["labels"]) == (
        "task",
        "redo",
        [names, ["fresh", *names]],
    )
    change_task(project, replace(TaskRepository(project).tasks()[0].task, guideline="New."))
    newest = model.answer({"kind": "history", "begin": 0})["changes"][0]
    assert (newest["step"], newest["parts"], newest["labels"]) == (history[0]["step"] + 1, "guideline", None)


def test_a_label_of_the_gold_set_is_in_use(project, model):
    """Though no phrase has it any more."""
    key = LabelingRepository(project).reports()[0].study_key
    names = [label["name"] for label in model.start()["overview"]["labels"]]
    Curating(project, 1).set_gold(key, ["heart"])
    model.answer(remove(model.start(), ids(model.start())["heart"]))

    with pytest.raises(CcdsError, match="0 of the phrases and 1 of the studies"):
        model.answer({"kind": "labels", "names": [name for name in names if name != "heart"], "seen": names})


@pytest.mark.parametrize(
    "content",
    [
        None,
        {"kind": "move", "phrase": 1, "position": 0, "order": [1]},
        {"kind": "move", "phrase": 1, "position": 0, "order": [2], "seen": {"text": "left", "label": "side"}},
        {"kind": "move", "phrase": "1", "position": 0, "order": [1], "seen": {"text": "left", "label": "side"}},
        {"kind": "remove", "phrase": 1},
        {"kind": "try", "phrase": 1, "position": -1},
        {"kind": "reports", "among": None, "begin": 0},
        {"kind": "labels", "names": "yes"},
        {"kind": "copy", "source": 0},
        {"kind": "add", "text": "secret" * 200, "label": "secret"},
        {"kind": "undo", "secret": 1},
    ],
)
def test_a_wrong_request_is_refused_in_one_line_without_its_content(content):
    """What a page may send is checked to the letter."""
    with pytest.raises(CcdsError, match="reload the page") as refusal:
        parse(content)

    assert "secret" not in str(refusal.value).replace("(at undo.secret)", "")
