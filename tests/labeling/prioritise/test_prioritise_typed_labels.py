"""Labels and phrases that are typed in the prioritise screen: what makes none, and what is asked about first."""

import pytest

from ccds_kernel.errors import CcdsError
from support.phrase_screens import seen
from support.prioritising import ids, names_of


def add(text: str, label: str, **more: object) -> dict[str, object]:
    """Asks for a phrase that was typed."""
    return {"kind": "add", "text": text, "label": label, **more}


def test_a_label_that_was_typed_is_asked_about_where_the_task_hasnt_it(model):
    """Once, by its name; whoever says yes has it in the history, and takes it back like anything else, after its phrase."""
    before = model.start()
    asked = model.answer(add("clear", "nolabel"))
    asked_of_change = model.answer(
        {"kind": "change", "phrase": ids(before)["left"], "seen": seen(before, ids(before)["left"])}
        | {"text": "left", "label": "nolabel"}
    )
    untouched = model.start()
    added = model.answer(add("clear", "nolabel", new_labels=True))
    history = model.answer({"kind": "history", "begin": 0})["changes"]
    without_phrase, without_label = model.answer({"kind": "undo"}), model.answer({"kind": "undo"})

    assert asked == asked_of_change == {"asks": "“nolabel” is no label of this task: add it?", "about": "new_labels"}
    assert untouched == before
    assert names_of(added) == [*names_of(before), "nolabel"]
    assert [(one["what"], one.get("labels", [[], []])[1][-1:]) for one in history[:2]] == [
        ("inserted", []),
        ("task", ["nolabel"]),
    ]
    assert "clear" not in ids(without_phrase)
    assert names_of(without_label) == names_of(before)


def test_a_label_in_doubt_that_was_typed_is_asked_about_too(model):
    """What is a label of the task is none."""
    asked = model.answer(add("clear", "no", known=True, uncertain_label="mabye"))
    known = model.answer(add("clear", "no", known=True, uncertain_label="yes", known_uncertain=True))

    assert asked["asks"] == "“mabye” is no label of this task: add it?"
    assert "clear" in ids(known)


def test_no_label_is_left_by_a_phrase_that_isnt_taken(model):
    """It is on the list already, or says nothing: nobody is asked, and the task stays as it is."""
    before = model.start()

    for text, line in (("LEFT", "the one at place 2 again"), ("...", "a phrase with a letter")):
        with pytest.raises(CcdsError, match=line):
            model.answer(add(text, "nolabel", new_labels=True))

    assert model.start() == before


@pytest.mark.parametrize(
    ("text", "label", "line"),
    [
        ("...", "yes", "a phrase with a letter or a digit"),
        ("clear", "...", "a label with a letter or a digit"),
        ("x" * 201, "yes", "at most 200 characters; found one of 201"),
    ],
)
def test_what_says_nothing_is_no_phrase_and_no_label(model, text, label, line):
    """Signs alone, and a page of a report; by hand and by an edit."""
    before = model.start()
    change = {"kind": "change", "phrase": ids(before)["left"], "seen": seen(before, ids(before)["left"])}

    for request in (add(text, label, new_labels=True), change | {"text": text, "label": label, "new_labels": True}):
        with pytest.raises(CcdsError, match=line):
            model.answer(request)

    assert model.start() == before
