"""The rules of the confirming screen for who confirms, without a browser."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest

from ccds_kernel.audit.site import audit_log
from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import TaskKind
from support.confirm_project import TASK, make_batch, tag, tags_of
from support.confirm_screen import key_of, sync


def test_a_labeler_sees_their_batches_and_the_studies_ahead(project, keys, screen_of):
    """Each study with its place in its group, what is preselected, and the phrase that decides marked, no other."""
    batch = make_batch(project, "first", keys[:6], labelers=["lou"])
    make_batch(project, "others", keys[6:9], labelers=["lin"])
    screen = screen_of("lou")

    started = screen.start()
    opened = screen.answer({"kind": "batch", "batch": batch.id})

    assert started == {
        "person": "lou",
        "curates": False,
        "sees_images": False,
        "batches": [{"id": batch.id, "name": "first", "studies": 6, "open": 6}],
    }
    assert (opened["size"], opened["open"], opened["done"], opened["today"], opened["history"]) == (6, 6, 0, 0, [])
    first = opened["studies"][0]
    assert opened["held"] == [study["lease"] for study in opened["studies"]]
    assert (first["phrase"], first["nth"], first["of"], first["prefill"]) == (
        "no pleural effusion",
        1,
        2,
        ["no effusion"],
    )
    assert [(section["name"], section["left_out"]) for section in first["sections"]] == [
        ("indication", True),
        ("findings", False),
    ]
    assert first["sections"][1]["pieces"] == [
        ("Lungs are clear. ", False),
        ("No pleural effusion", True),
        (". The costophrenic angle is sharp.", False),
    ]


def test_keys_come_with_what_became_of_each_and_studies_are_shipped_once(project, keys, screen_of):
    """One that counts, one that came before, one of a lease that was given back, one that can't be; all in one request."""
    batch = make_batch(project, "first", keys[:6], labelers=["lou"])
    screen = screen_of("lou")
    one, two, three, four, *rest = screen.answer({"kind": "batch", "batch": batch.id})["studies"]
    before = key_of(one)
    sync(screen, batch, before)
    screen.answer({"kind": "give_back", "batch": batch.id, "leases": [three["lease"]]})

    answer = sync(
        screen,
        batch,
        before,
        key_of(two, "correct", labels=["effusion"]),
        key_of(three),
        key_of(four, "correct", labels=["pneumothorax"]),
        have=[study["lease"] for study in rest],
    )

    became = [(one["counts"], one["kept"], bool(one["refusal"])) for one in answer["acknowledged"]]
    assert sorted(became) == sorted(
        [(True, True, False), (True, True, False), (False, True, True), (False, False, True)]
    )
    assert {study["key"] for study in answer["studies"]} == {three["key"], four["key"]}
    assert len(answer["held"]) == 4
    assert len(Curating(project, TASK).answers()) == 2


def test_a_key_says_the_label_that_the_page_showed_and_the_page_learns_the_order_of_now(project, keys, screen_of):
    """By its name: the fellow has put the labels into another order since, and the numbers are others."""
    batch = make_batch(project, "first", keys[:6], labelers=["lou"])
    screen = screen_of("lou")
    one, two, *_ = screen.answer({"kind": "batch", "batch": batch.id})["studies"]
    tasks = TaskRepository(project)
    task = next(stored.task for stored in tasks.tasks() if stored.id == TASK)
    tasks.change(TASK, task, replace(task, labels=task.labels[::-1]))

    answer = sync(screen, batch, key_of(one), key_of(two, "correct", labels=["effusion"]))

    names = [label.name for label in task.labels]
    said = {one.answer.study_key: one.said for one in Curating(project, TASK).answers()}
    assert answer["labels"] == names[::-1] != names
    assert said == {one["key"]: frozenset({"no effusion"}), two["key"]: frozenset({"effusion"})}


def test_tags_come_with_the_keys_and_are_one_s_own(project, keys, screen_of):
    """They are shown again to who gave them."""
    batch = make_batch(project, "first", keys[:6], labelers=["lou"])
    tag(project, keys[0], ["mimic"])
    screen = screen_of("lou")
    opened = screen.answer({"kind": "batch", "batch": batch.id})["studies"]
    (study,) = (one for one in opened if one["key"] == keys[0])
    sent = {"id": str(uuid4()), "lease": study["lease"], "study": study["key"], "kind": "tag", "tags": ["motion"]}

    (became,) = sync(screen, batch, sent)["acknowledged"]

    assert became == {"id": sent["id"], "counts": True, "kept": True, "refusal": None}
    again = screen_of("lou").answer({"kind": "batch", "batch": batch.id})["studies"]
    assert {one["key"]: one["tags"] for one in again if one["tags"]} == {study["key"]: ["motion"]}
    assert tags_of(project, study["key"]) == {"fay": {"mimic"}, "lou": {"motion"}}


def test_what_can_t_be_kept_just_now_is_not_acknowledged(project, keys, screen_of, settings):
    """Neither a tag nor an answer: the page sends them again, and they are kept."""
    batch = make_batch(project, "first", keys[:6], labelers=["lou"])
    screen = screen_of("lou")
    one, two, *_ = screen.answer({"kind": "batch", "batch": batch.id})["studies"]
    tag = {"id": str(uuid4()), "lease": one["lease"], "study": one["key"], "kind": "tag", "tags": ["motion"]}
    sent = tag, key_of(two)
    log = audit_log(settings).folder
    aside = log.rename(log.with_name("aside"))
    log.touch()

    for key in sent:
        with pytest.raises(CcdsError, match="nothing is done that can't be logged"):
            sync(screen, batch, key)
    log.unlink()
    aside.rename(log)
    became = sync(screen, batch, *sent)["acknowledged"]

    assert [(told["counts"], told["kept"]) for told in became] == [(True, True), (True, True)]
    assert tags_of(project, one["key"]) == {"lou": {"motion"}}


def test_tags_that_never_can_be_kept_are_acknowledged_with_the_reason(project, keys, screen_of):
    """So that they hold nothing else up: a tag that the task lost, and one of a batch that was withdrawn."""
    batch = make_batch(project, "first", keys[:6], labelers=["lou"])
    screen = screen_of("lou")
    one, two, *_ = screen.answer({"kind": "batch", "batch": batch.id})["studies"]
    tag = {"id": str(uuid4()), "lease": one["lease"], "study": one["key"], "kind": "tag", "tags": ["colour"]}

    told = {told["id"]: told for told in sync(screen, batch, tag, key_of(two))["acknowledged"]}
    Curating(project, TASK).withdraw(batch.id, "lou")
    (late,) = sync(screen, batch, tag | {"id": str(uuid4()), "tags": ["motion"]})["acknowledged"]

    refused = told.pop(tag["id"])
    assert (refused["counts"], refused["kept"]) == (late["counts"], late["kept"]) == (False, False)
    assert refused["refusal"].startswith("Expected strata tags of the task")
    assert late["refusal"].startswith("Expected a study of this batch that you were given")
    assert [one["counts"] for one in told.values()] == [True]


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "flag", "note": "look \ud83d"},
        {"kind": "confirm", "pace": 3},
        {"kind": "later"},
        {"kind": "confirm", "lease": "1"},
        {"kind": "tag", "seconds": 1.0},
    ],
    ids=["half a character", "of a newer page", "of another kind", "a lease in words", "parts of another"],
)
def test_a_key_that_is_none_holds_no_other_up(project, keys, screen_of, bad):
    """It is acknowledged with the reason, so that the page forgets it; it isn't quoted."""
    batch = make_batch(project, "first", keys[:6], labelers=["lou"])
    screen = screen_of("lou")
    one, two, *_ = screen.answer({"kind": "batch", "batch": batch.id})["studies"]
    sent = key_of(one) | bad, key_of(two)

    refused, kept = sync(screen, batch, *sent)["acknowledged"]

    assert (refused["id"], refused["counts"], refused["kept"]) == (sent[0]["id"], False, False)
    assert refused["refusal"].startswith("Expected an answer that this app knows; found another one (at ")
    assert "look" not in refused["refusal"]
    assert (kept["id"], kept["counts"]) == (sent[1]["id"], True)


def test_a_page_that_is_loaded_anew_goes_on(project, keys, screen_of):
    """It knows what was said, with what an undo and a redo need."""
    batch = make_batch(project, "first", keys[:6], labelers=["lou"])
    one, two, three, *_ = screen_of("lou").answer({"kind": "batch", "batch": batch.id})["studies"]
    said = [key_of(one), key_of(two, "flag", note="look"), key_of(three, "skip")]
    sync(screen_of("lou"), batch, *said)

    opened = screen_of("lou").answer({"kind": "batch", "batch": batch.id})

    assert [(told["id"], told["kind"], told["note"]) for told in opened["history"]] == [
        (said[0]["id"], "confirm", ""),
        (said[1]["id"], "flag", "look"),
        (said[2]["id"], "skip", ""),
    ]
    assert (opened["done"], opened["today"], opened["open"]) == (2, 2, 3)


def test_nothing_tells_a_planted_study_from_another_one(project, keys, screen_of):
    """Everything that the page gets, until the end, has the same form and the same counts for all; only keys differ."""
    batch = make_batch(project, "first", keys[:12], gold=keys[12:18], wrong=1, labelers=["lou"])
    planted = {keys[n] for n in range(12, 18)}
    tag(project, keys[12], ["mimic"])
    screen = screen_of("lou")
    opened = screen.answer({"kind": "batch", "batch": batch.id})
    counts, studies = [], list(opened["studies"])

    for study in studies:
        answer = sync(screen, batch, key_of(study))
        counts.append((answer["open"], screen.answer({"kind": "batch", "batch": batch.id})["open"]))

    forms = {study["key"] in planted: set() for study in studies}
    for study in studies:
        marked = any(mark for section in study["sections"] for _, mark in section["pieces"])
        forms[study["key"] in planted].add((tuple(study), marked, len(study["prefill"]), tuple(study["tags"])))
    assert len(studies) == 18
    assert forms[True] == forms[False]
    assert counts == [(left, left) for left in range(17, -1, -1)]
    assert "planted" not in json.dumps(opened)


def test_feedback_comes_at_the_end_and_ends_the_batch(project, keys, screen_of):
    """The wrong ones first, each with its report; before the end it is refused in one line."""
    batch = make_batch(project, "first", keys[:3], gold=keys[3:6], wrong=1, labelers=["lou"])
    screen = screen_of("lou")
    studies = screen.answer({"kind": "batch", "batch": batch.id})["studies"]
    with pytest.raises(CcdsError, match="nothing left for you"):
        screen.answer({"kind": "feedback", "batch": batch.id})
    said = [key_of(study) for study in studies]
    sync(screen, batch, *said)

    answer = screen.answer({"kind": "feedback", "batch": batch.id})

    assert [one["right"] for one in answer["gold"]] == [False, True, True]
    wrong = answer["gold"][0]
    assert wrong["said"] == wrong["shown"] != wrong["gold"]
    assert wrong["note"] == "as the fellow sees it"
    assert answer["batches"][0]["open"] == 0
    undo = key_of(studies[0], "undo", undoes=said[0]["id"])
    assert sync(screen, batch, undo)["acknowledged"][0]["counts"] is False


def test_what_a_labeler_may_not_do_is_refused(project, keys, screen_of):
    """The gold set and batches are the fellow's, whoever asks."""
    batch = make_batch(project, "first", keys[:3], labelers=["lou"])
    screen = screen_of("lou")

    for request in (
        {"kind": "gold", "study": keys[0], "labels": ["effusion"], "seen": None},
        {"kind": "batches"},
        {"kind": "assign", "batch": batch.id, "labeler": "lin", "assigned": True},
    ):
        with pytest.raises(CcdsError, match="expected a fellow"):
            screen.answer(request)
    with pytest.raises(CcdsError, match="expected a batch that is assigned to you"):
        screen_of("lin").answer({"kind": "batch", "batch": batch.id})


def test_a_batch_that_is_withdrawn_meanwhile_keeps_what_was_said(project, keys, screen_of):
    """Keys are acknowledged, as refused; the line says that the batch isn’t theirs."""
    batch = make_batch(project, "first", keys[:3], labelers=["lou"])
    screen = screen_of("lou")
    study = screen.answer({"kind": "batch", "batch": batch.id})["studies"][0]
    Curating(project, TASK).withdraw(batch.id, "lou")

    answer = sync(screen, batch, key_of(study))

    assert [(one["counts"], one["kept"]) for one in answer["acknowledged"]] == [(False, True)]
    assert answer["refused"].startswith("Expected a batch that is assigned to you")


def test_keys_of_a_batch_that_was_left_come_with_those_of_the_one_on_the_screen(project, keys, screen_of):
    """Each names its own; of the batch that was left nothing is taken again."""
    left, shown = (
        make_batch(project, name, some, labelers=["lou"]) for name, some in (("a", keys[:3]), ("b", keys[3:6]))
    )
    screen = screen_of("lou")
    one, two, three = screen.answer({"kind": "batch", "batch": left.id})["studies"]
    screen.answer({"kind": "give_back", "batch": left.id, "leases": [two["lease"], three["lease"]]})
    four, *_ = screen.answer({"kind": "batch", "batch": shown.id})["studies"]
    tag = {"id": str(uuid4()), "lease": one["lease"], "study": one["key"], "kind": "tag", "tags": ["motion"]}
    sent = [{"batch": left.id, **key_of(one)}, {"batch": shown.id, **key_of(four)}, {"batch": left.id, **tag}]

    answer = screen_of("lou").answer({"kind": "sync", "batch": shown.id, "keys": sent, "have": []})

    assert {one["id"]: one["counts"] for one in answer["acknowledged"]} == dict.fromkeys(
        (one["id"] for one in sent), True
    )
    assert {stored.answer.study_key for stored in Curating(project, TASK).answers()} == {one["key"], four["key"]}
    assert {study["key"] for study in answer["studies"]} == set(keys[4:6])
    assert Curating(project, TASK).counts()[left.id].held == {}


def test_keys_of_a_batch_that_is_not_theirs_any_more_are_told_so_on_a_page_that_is_loaded_anew(
    project, keys, screen_of
):
    """Answers are kept and don't count; with no batch on the screen nothing but that is said. Nor do they hold others up."""
    gone = make_batch(project, "gone", keys[:3], labelers=["lou"])
    there = make_batch(project, "there", keys[3:6], labelers=["lou"])
    screen = screen_of("lou")
    one, *_ = screen.answer({"kind": "batch", "batch": gone.id})["studies"]
    two, *_ = screen.answer({"kind": "batch", "batch": there.id})["studies"]
    Curating(project, TASK).withdraw(gone.id, "lou")
    never = {"batch": 999, **key_of(one)}
    no_tag = {"batch": 999, "id": str(uuid4()), "lease": 1, "study": one["key"], "kind": "tag", "tags": ["motion"]}
    sent = [{"batch": gone.id, **key_of(one)}, never, no_tag, {"batch": there.id, **key_of(two)}]

    answer = screen_of("lou").answer({"kind": "sync", "batch": None, "keys": sent, "have": []})

    became = {told["id"]: (told["counts"], told["kept"]) for told in answer["acknowledged"]}
    assert [became[key["id"]] for key in sent] == [(False, True), (False, False), (False, False), (True, True)]
    assert answer.keys() == {"acknowledged"}


@pytest.mark.parametrize("kind", [TaskKind.SEVERAL], indirect=True)
def test_in_a_task_of_several_labels_no_label_is_an_answer(project, keys, screen_of):
    """Where nothing is preselected none is confirmed; several are corrected to at once, in the task's order."""
    batch = make_batch(project, "first", keys[:3], labelers=["lou"])
    screen = screen_of("lou")
    studies = screen.answer({"kind": "batch", "batch": batch.id})["studies"]
    both = key_of(studies[0], "correct", labels=["not to be said", "effusion"])

    became = sync(screen, batch, both, key_of(studies[1], "correct", labels=[]))["acknowledged"]

    assert [one["counts"] for one in became] == [True, True]
    said = {stored.answer.study_key: stored.said for stored in Curating(project, TASK).answers()}
    assert said == {studies[0]["key"]: {"not to be said", "effusion"}, studies[1]["key"]: frozenset()}


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "sync", "batch": 1, "keys": [{"kind": "confirm"}], "have": []},
        {"kind": "sync", "batch": 0, "keys": [], "have": []},
        {"kind": "make", "name": "x"},
        {"kind": "batch", "batch": 1, "planted": True},
        {"kind": "slice", "study": "a", "series": "b", "number": -1, "low": 0.0, "high": 1.0},
        {},
    ],
)
def test_what_is_no_request_is_refused_without_being_quoted(project, screen_of, content):  # noqa: ARG001 - there to be asked
    """One line."""
    with pytest.raises(CcdsError, match="expected a request that this app knows"):
        screen_of("lou").answer(content)
