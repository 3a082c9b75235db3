"""The rules of the confirming screen, without a browser, on a project in a file."""

import json
from threading import Event
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.audit.site import audit_log
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.matches import Span
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.task import TaskKind
from ccds_widgets.labeling.confirm.app import confirm_screen
from ccds_widgets.labeling.confirm.shown import marked
from ccds_widgets.labeling.shared_reports import SharedReports
from support.confirm_project import FELLOW, LABELERS, PROJECT, TASK, confirm_project, make_batch
from support.preview import head, write_image
from support.site import site_settings
from support.waiting import until


@pytest.fixture(params=[TaskKind.ONE])
def kind(request):
    """How the task's labels go together."""
    return request.param


@pytest.fixture
def settings(tmp_path):
    """A site in a folder."""
    return site_settings(tmp_path / "site")


@pytest.fixture
def data():
    """What the application covers."""
    return ("reports",)


@pytest.fixture
def project(settings, kind, data):
    """The project with 30 studies, ten of each text."""
    opened = confirm_project(settings, 30, kind=kind, data=data)
    yield opened
    opened.close()


@pytest.fixture
def keys(project):
    """Its studies."""
    return [stored.study_key for stored in LabelingRepository(project, TASK).reports()]


@pytest.fixture
def screen_of(settings, project):  # noqa: ARG001 - it is there before it is opened
    """The screen as somebody has it, opened anew each time."""
    opened = []

    def open_it(person):
        opened.append(open_project(PROJECT, Action.OPEN_LABELING, person=person, settings=settings))
        return confirm_screen(opened[-1], TASK)

    yield open_it
    for one in opened:
        one.close()


def key_of(study, kind="confirm", **parts):
    """What a page sends for one key."""
    return {"id": str(uuid4()), "lease": study["lease"], "study": study["key"], "kind": kind, "seconds": 1.5, **parts}


def sync(screen, batch, *sent, have=()):
    """Sends keys of a batch that is on the screen."""
    named = [{"batch": batch.id, **key} for key in sent]
    return screen.answer({"kind": "sync", "batch": batch.id, "keys": named, "have": list(have)})


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


def test_tags_come_with_the_keys_and_are_one_s_own(project, keys, screen_of):
    """They are shown again to who gave them."""
    batch = make_batch(project, "first", keys[:6], labelers=["lou"])
    Curating(project, TASK).tag(keys[0], ["mimic"])
    screen = screen_of("lou")
    study = screen.answer({"kind": "batch", "batch": batch.id})["studies"][0]
    tag = {"id": str(uuid4()), "lease": study["lease"], "study": study["key"], "kind": "tag", "tags": ["motion"]}

    (became,) = sync(screen, batch, tag)["acknowledged"]

    assert became == {"id": tag["id"], "counts": True, "kept": True, "refusal": None}
    again = screen_of("lou").answer({"kind": "batch", "batch": batch.id})["studies"]
    assert {one["key"]: one["tags"] for one in again if one["tags"]} == {study["key"]: ["motion"]}
    assert Curating(project, TASK).strata()[study["key"]] >= {"motion"}


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
    assert Curating(project, TASK).strata()[one["key"]] == {"motion"}


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
    Curating(project, TASK).tag(keys[12], ["mimic"])
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


@pytest.mark.parametrize("data", [("reports", "images")])
def test_a_fellow_sees_the_images_of_a_study(project, keys, screen_of):
    """Where the application covers images: which there are, and a slice of one."""
    write_image(project.folder / "nifti" / keys[0] / "ct.nii.gz", head())
    screen = screen_of(FELLOW)

    told = screen.answer({"kind": "series", "study": keys[0]})["series"]
    wanted = {"kind": "slice", "study": keys[0], "series": "ct", "number": 3, "low": 0.0, "high": 80.0}
    shown = screen.answer(wanted)

    assert screen.start()["sees_images"]
    assert [one["id"] for one in told] == ["ct"]
    assert (shown["number"], len(shown["buffers"][0])) == (3, shown["size"][0] * shown["size"][1])


@pytest.mark.parametrize(
    ("person", "data"), [(FELLOW, ("reports",)), ("lou", ("reports", "images"))], ids=["not covered", "labeler"]
)
def test_who_may_not_see_images_sees_none(project, keys, screen_of, person):
    """An application without images opens none to a fellow, and one with images none to a labeler, though files are there."""
    write_image(project.folder / "nifti" / keys[0] / "ct.nii.gz", head())
    screen = screen_of(person)

    assert not screen.start()["sees_images"]
    for request in (
        {"kind": "series", "study": keys[0]},
        {"kind": "slice", "study": keys[0], "series": "ct", "number": 0, "low": 0.0, "high": 1.0},
    ):
        with pytest.raises(CcdsError, match="expected a role that sees images"):
            screen.answer(request)


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


@given(text=st.text(max_size=12), ends=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=5))
def test_pieces_are_the_text_again_with_every_place_marked(text, ends):
    """Whatever places there are, overlapping ones too; no piece is empty."""
    places = [(start, min(end, len(text))) for start, end in ends if start < min(end, len(text))]

    pieces = marked(text, [Span(0, start, end, 0) for start, end in places])

    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece for piece, _ in pieces)
    flags = [flag for piece, flag in pieces for _ in piece]
    assert flags == [any(start <= at < end for start, end in places) for at in range(len(text))]


def matched(screen):
    """What the page is told of batches once the reports are matched."""
    return until(lambda: (told := screen.answer({"kind": "batches"}))["made_of"] and told, "the reports to be matched")


def made(**parts):
    """What a page sends for a new batch."""
    wanted = {"kind": "make", "name": "new", "phrases": [], "unmatched": False, "size": 10, "overlap": 1}
    return wanted | {"gold": 0, "wrong": 0, "labelers": ["lou"]} | parts


def test_a_fellow_makes_a_batch_of_the_groups_chosen(project, keys, screen_of):
    """Of studies in no batch and not gold; gold ones of the same groups are mixed in, with wrong prefills among them."""
    make_batch(project, "earlier", keys[:3])
    curating = Curating(project, TASK)
    for key in keys[3:9]:
        curating.set_gold(key, ["effusion"] if keys.index(key) % 3 else ["no effusion"])
    screen = screen_of(FELLOW)
    phrases = {one["text"]: one for one in matched(screen)["made_of"]["phrases"]}
    assert {text: (one["studies"], one["gold"]) for text, one in phrases.items()} == {
        "no pleural effusion": (7, 2),
        "pleural effusion": (7, 2),
        "costophrenic angle": (7, 2),
    }

    answer = screen.answer(made(phrases=[one["id"] for one in phrases.values()], size=16, gold=20, wrong=50))

    assert [(one["name"], one["studies"], one["labelers"]) for one in answer["all_batches"]] == [
        ("earlier", 3, sorted(LABELERS)),
        ("new", 16, ["lou"]),
    ]
    lous = screen_of("lou").start()["batches"]
    assert [(one["name"], one["open"]) for one in lous] == [("earlier", 3), ("new", 20)]
    assert sum(one["studies"] for one in answer["made_of"]["phrases"]) == 5


def test_a_phrase_that_matches_nothing_new_makes_no_batch(project, keys, screen_of):
    """Nor do too few gold studies, or somebody who may not confirm: one line each, and nothing was made."""
    LabelingRepository(project, TASK).insert_phrase(Phrase("pneumothorax", "effusion"), 0)
    ids = [stored.id for stored in LabelingRepository(project, TASK).phrases()]
    screen = screen_of(FELLOW)
    matched(screen)

    with pytest.raises(CcdsError, match="expected labelers on the project's roster"):
        screen.answer(made(phrases=ids, labelers=["eve"]))
    make_batch(project, "earlier", keys)
    with pytest.raises(CcdsError, match="expected studies that are in no batch yet"):
        screen.answer(made(phrases=ids))
    assert len(screen.answer({"kind": "batches"})["all_batches"]) == 1


class Held:
    """A project's reports, which nobody gets to read before they are released."""

    def __init__(self, project):
        self.reports, self.released = SharedReports(project), Event()

    def version(self, task_id):
        """See `SharedReports.version`."""
        return self.reports.version(task_id)

    def of(self, task_id):
        """See `SharedReports.of`."""
        assert self.released.wait(60)
        return self.reports.of(task_id)


def test_while_reports_are_matched_everything_else_is_answered(project, keys):
    """The fellow's keys, too, and which batches there are; a new one waits for what it is made of."""
    batch = make_batch(project, "first", keys[:3], labelers=[FELLOW])
    reports = Held(project)
    screen = confirm_screen(project, TASK, reports)

    told = screen.answer({"kind": "batches"})
    study = screen.answer({"kind": "batch", "batch": batch.id})["studies"][0]
    became = sync(screen, batch, key_of(study))["acknowledged"]
    with pytest.raises(CcdsError, match="found a change, and the matching going on"):
        screen.answer(made(unmatched=True))
    reports.released.set()

    assert (told["made_of"], [one["name"] for one in told["all_batches"]]) == (None, ["first"])
    assert [one["counts"] for one in became] == [True]
    assert sum(one["studies"] for one in matched(screen)["made_of"]["phrases"]) == 27


def test_a_change_of_the_list_is_matched_before_a_batch_is_made_of_it(project, screen_of):
    """As is a change of the reports; what didn't change is not matched again."""
    screen = screen_of(FELLOW)
    matched(screen)
    LabelingRepository(project, TASK).insert_phrase(Phrase("blunted", "effusion"), 0)

    told = screen.answer({"kind": "batches"})
    counts = {one["text"]: one["studies"] for one in matched(screen)["made_of"]["phrases"]}

    assert told["made_of"] is None
    assert (counts["blunted"], counts["costophrenic angle"]) == (10, 0)


def test_the_screens_share_the_reports(project):
    """They are read again where some have come, and only there."""
    reports = SharedReports(project)
    first = reports.of(TASK)

    again = reports.of(TASK)
    LabelingRepository(project, TASK).load_reports([Report("NEW", (Section("findings", "Clear."),))])

    assert again is first
    assert [stored.report.accession for stored in reports.of(TASK)[len(first) :]] == ["NEW"]


@pytest.mark.parametrize(
    ("parts", "expected"), [({"gold": 20}, "2 gold studies of"), ({"gold": 20, "wrong": 50}, "1 gold study of")]
)
def test_too_few_gold_studies_are_told(project, screen_of, parts, expected):
    """With what was asked for and what there is."""
    ids = [stored.id for stored in LabelingRepository(project, TASK).phrases()]
    screen = screen_of(FELLOW)
    matched(screen)

    with pytest.raises(CcdsError, match=f"expected {expected}"):
        screen.answer(made(phrases=ids, size=8, **parts))


@pytest.mark.parametrize("labels", [["no effusion"], None])
def test_a_gold_label_is_said_over_only_once_it_was_seen(project, keys, screen_of, labels):
    """The page is told which one stands there and nothing is changed; said again it is, and keeps its note."""
    Curating(project, TASK).set_gold(keys[0], ["effusion"], "blunted angle counts")
    screen = screen_of(FELLOW)
    say = {"kind": "gold", "study": keys[0], "labels": labels}

    told = screen.answer({**say, "seen": None})
    standing = Curating(project, TASK).gold()[keys[0]]
    again = screen.answer({**say, "seen": told["stands"]})
    gone = screen.answer({**say, "seen": ["effusion"]})

    assert "found another one, which the page now shows" in told["refused"]
    assert (told["stands"], standing.said, standing.note) == (["effusion"], {"effusion"}, "blunted angle counts")
    assert again == {}
    assert gone["stands"] == labels
    words = [(one.said, one.note) for one in Curating(project, TASK).gold().values()]
    assert words == ([] if labels is None else [({"no effusion"}, "blunted angle counts")])


def test_a_fellow_curates_and_assigns(project, keys, screen_of):
    """A study goes into the gold set and out of it; somebody is assigned and withdrawn."""
    batch = make_batch(project, "first", keys[:3], labelers=[])
    screen = screen_of(FELLOW)

    screen.answer({"kind": "gold", "study": keys[0], "labels": ["effusion"], "seen": None, "note": "clear"})
    gold = Curating(project, TASK).gold()
    screen.answer({"kind": "gold", "study": keys[0], "labels": None, "seen": ["effusion"]})
    assigned = screen.answer({"kind": "assign", "batch": batch.id, "labeler": FELLOW, "assigned": True})
    withdrawn = screen.answer({"kind": "assign", "batch": batch.id, "labeler": FELLOW, "assigned": False})

    assert gold[keys[0]].said == {"effusion"}
    assert Curating(project, TASK).gold() == {}
    assert [one["id"] for one in assigned["batches"]] == [batch.id]
    assert withdrawn["batches"] == []


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
