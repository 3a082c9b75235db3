"""What a prioritise page that is older than what another fellow changed may do: nothing to that; it is told so."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from support.phrase_screens import move, prioritise_model, remove, seen
from support.prioritising import WORDS, ids, names_of


def test_a_page_of_an_older_list_is_told_so(project, model):
    """A phrase that somebody removed meanwhile is neither moved nor edited nor shown; a change is answered with the list."""
    page = model.start()
    phrase = ids(page)["left"]
    LabelingRepository(project).remove_phrase(phrase)
    gone = {"phrase": phrase}

    for request in (
        move(page, phrase, position=0),
        {"kind": "change", "text": "left", "label": "side", "seen": seen(page, phrase)} | gone,
        remove(page, phrase),
    ):
        told = model.answer(request)
        assert "found none, as somebody removed it meanwhile" in told["refused"]
        assert [*ids(told)] == [word for word in WORDS if word != "left"]
    for request in (
        {"kind": "try", "position": 0} | gone,
        {"kind": "reports", "begin": 0, "among": {"by": "phrase"} | gone},
    ):
        with pytest.raises(CcdsError, match="one that was removed"):
            model.answer(request)


def test_an_older_page_removes_no_phrase_that_another_fellow_changed(open_as, model):
    """It is told what stands there now, and removes that where it is still meant."""
    fred = prioritise_model(open_as("fred", Action.OPEN_LABELING))
    page = model.start()
    phrase = ids(page)["left"]
    fred.answer({"kind": "change", "phrase": phrase, "text": "left lung", "label": "side", "seen": seen(page, phrase)})

    told = model.answer(remove(page, phrase))
    again = model.answer(remove(told, phrase))

    assert "found another one, as somebody changed it meanwhile" in told["refused"]
    assert ids(told)["left lung"] == phrase
    assert "refused" not in again
    assert "left lung" not in ids(again)


def test_an_older_page_moves_nothing_in_another_order_than_it_shows(open_as, model):
    """The place that was meant may be another one by now; phrases that came below since shift none."""
    fred = prioritise_model(open_as("fred", Action.OPEN_LABELING))
    page = model.start()
    phrase = ids(page)["heart"]
    fred.answer(move(page, ids(page)["effusion"], position=3))

    told = model.answer(move(page, phrase, position=1))
    fred.answer({"kind": "add", "text": "clear", "label": "no"})
    again = model.answer(move(told, phrase, position=1))

    assert "the order as this page showed it" in told["refused"]
    assert [*ids(told)] == ["left", "no effusion", "heart", "effusion"]
    assert [*ids(again)] == ["left", "heart", "no effusion", "effusion", "clear"]


def test_an_older_page_brings_back_no_label_that_another_fellow_removed(open_as, model):
    """A key that was pressed on a list of yesterday makes no label; one that was typed is a new one, where that is meant."""
    fred = prioritise_model(open_as("fred", Action.OPEN_LABELING))
    names = names_of(model.start())
    page = model.answer({"kind": "labels", "names": [*names, "old"], "seen": names})
    phrase = ids(page)["left"]
    relabel = {"kind": "change", "phrase": phrase, "text": "left", "label": "old", "seen": seen(page, phrase)}
    fred.answer({"kind": "labels", "names": names, "seen": [*names, "old"]})

    told = model.answer({**relabel, "known": True})
    typed = model.answer({**relabel, "new_labels": True})

    assert "the label as this page showed it; found none, as somebody removed it meanwhile" in told["refused"]
    assert names_of(told) == names
    assert names_of(typed) == [*names, "old"]


def test_an_older_page_brings_back_no_label_for_the_uncertain(open_as, model):
    """Likewise; where labels are decided by themselves it is no label, but a word for what is said of one."""
    fred = prioritise_model(open_as("fred", Action.OPEN_LABELING))
    names = names_of(model.start())
    page = model.answer({"kind": "labels", "names": [*names, "Maybe"], "seen": names})
    phrase = ids(page)["left"]
    change = {
        "kind": "change",
        "phrase": phrase,
        "text": "left",
        "seen": seen(page, phrase),
        "label": "side",
        "known": True,
    }
    fred.answer({"kind": "labels", "names": names, "seen": [*names, "Maybe"]})

    told = model.answer({**change, "uncertain_label": "maybe", "known_uncertain": True})
    typed = model.answer({**change, "uncertain_label": "Maybe", "new_labels": True})
    again = model.answer({**change, "seen": seen(typed, phrase), "uncertain_label": "maybe ", "known_uncertain": True})

    assert "the label as this page showed it; found none, as somebody removed it meanwhile" in told["refused"]
    assert names_of(told) == names
    assert names_of(typed) == names_of(again) == [*names, "Maybe"]
    assert seen(again, phrase)["uncertain_label"] == "Maybe"


def test_an_older_page_overwrites_no_other_fellow_s_words(open_as, project, model):
    """What somebody changed meanwhile stays, and the page is told it; over what it then shows the change is made."""
    fred = prioritise_model(open_as("fred", Action.OPEN_LABELING))
    imported = Phrase("right  lung", "side")  # with two spaces
    LabelingRepository(project).insert_phrase(imported, 0)
    page = model.start()
    phrase = ids(page)["right  lung"]
    relabel = {"kind": "change", "phrase": phrase, "text": "right lung"}
    fred.answer({**relabel, "label": "no", "seen": seen(page, phrase)})

    told = model.answer({**relabel, "label": "side", "negatable": True, "seen": seen(page, phrase)})
    again = model.answer({**relabel, "label": "no", "negatable": True, "seen": seen(told, phrase)})

    assert "found another one, as somebody changed it meanwhile" in told["refused"]
    assert (seen(told, phrase)["label"], seen(told, phrase)["negatable"]) == ("no", False)
    assert "refused" not in again
    assert (seen(again, phrase)["label"], seen(again, phrase)["negatable"]) == ("no", True)


def test_an_older_page_drops_no_label_that_another_fellow_added(open_as, model):
    """Its order would leave it out; it is told which labels there are."""
    fred = prioritise_model(open_as("fred", Action.OPEN_LABELING))
    names = names_of(model.start())
    fred.answer({"kind": "labels", "names": [*names, "loculated"], "seen": names})

    told = model.answer({"kind": "labels", "names": names[::-1], "seen": names})
    again = model.answer({"kind": "labels", "names": names_of(told)[::-1], "seen": names_of(told)})

    assert "found another one, as somebody changed it meanwhile" in told["refused"]
    assert names_of(told) == [*names, "loculated"]
    assert names_of(again) == ["loculated", *names[::-1]]
