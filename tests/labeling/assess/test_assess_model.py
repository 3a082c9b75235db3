"""The assess screen on a real project: what it shows, and whom it lets do what."""

from collections.abc import Mapping

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.batch import BatchItem, Planted
from ccds_kernel.labeling.confirmation.confirming import Confirming
from ccds_kernel.labeling.confirmation.curation_rows import Curation, Word
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import StoredTask, TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_widgets.labeling.assess.app import assess_screen
from ccds_widgets.labeling.assess.batches import batches_shown
from ccds_widgets.labeling.assess.deciding import Deciding
from ccds_widgets.labeling.assess.model import AssessModel
from support.assessing import batch_of, items_of, let_answer, truth_of
from support.confirming import NEGATIVE, POSITIVE, Workplace, answer
from support.waiting import until

TWO = ("bob", "cy")


@pytest.fixture
def batch(place):
    """All studies but the last four, for bob and cy."""
    return batch_of(place, items_of(place, place.keys[:20]), TWO)


def rows(answer, measure: str) -> list[dict]:
    """The rows of a coefficient."""
    return next(one for one in answer["agreement"]["measures"] if one["key"] == measure)["rows"]


def settled(model) -> dict:
    """What the page is told of labels once the work beside is done."""
    seen = []

    def done() -> bool:
        seen.append(model.answer({"kind": "labels"})["labels"])
        return not seen[-1]["busy"]

    until(done, "the labels")
    return seen[-1]


def test_a_project_without_a_batch_has_nothing_to_show(open_screen):
    """Every part answers, with nothing in it."""
    model = open_screen()

    overview = model.start()["overview"]

    assert (overview["ratings"], overview["batches"], overview["gold"]) == (0, 0, 0)
    assert overview["totals"] == {"disputed": 0, "flagged": 0, "skipped": 0, "decided": 0, "refused": 0}
    assert overview["questions"] == ["Which label it is", "effusion, or not", "no effusion, or not"]
    assert all(one["rows"] == [] for one in model.answer({"kind": "agreement", "question": 0})["agreement"]["measures"])
    assert model.answer({"kind": "labelers"})["labelers"] == []
    assert model.answer({"kind": "batches"})["batches"] == []
    assert model.answer({"kind": "cases", "which": "refused", "begin": 0})["cases"]["rows"] == []


def test_a_task_without_labels_asks_nothing(place):
    """As every project's first task is before anybody gives it labels."""
    task = TaskRepository(place.project).make(Task("new"))
    model = assess_screen(place.project, task.id)

    assert model.start()["overview"]["questions"] == []
    assert model.answer({"kind": "agreement", "question": 0})["agreement"]["measures"] == []
    assert model.answer({"kind": "labelers"})["labelers"] == []


def test_two_labelers_are_compared_with_each_other(place, batch, open_screen):
    """18 of 20 alike: the coefficients as a table by hand gives them (p = .9, chance .5 but for what they differ in)."""
    let_answer(place, batch, "bob", {})
    let_answer(place, batch, "cy", {place.keys[0]: NEGATIVE, place.keys[1]: POSITIVE})
    model = open_screen()

    answer = model.answer({"kind": "agreement", "question": 0})

    assert [row["group"] for row in rows(answer, "raw")] == ["all", "pair"]
    assert rows(answer, "raw")[0]["shown"] == "0.90"
    assert rows(answer, "cohen")[0]["value"] == pytest.approx(0.8)
    assert rows(answer, "ac1")[0]["value"] == pytest.approx(0.8)
    for measure in answer["agreement"]["measures"]:
        for row in measure["rows"]:
            assert row["low"] <= row["value"] <= row["high"]
            assert row["n"] == 20


def test_of_one_label_positive_and_negative_agreement_stand_beside(place, batch, open_screen):
    """One of them gave the label 10 times and the other 11, 10 times in common: 20 of 21."""
    let_answer(place, batch, "bob", {})
    let_answer(place, batch, "cy", {place.keys[1]: POSITIVE})

    answer = open_screen().answer({"kind": "agreement", "question": 1})

    assert answer["agreement"]["question"] == "effusion, or not"
    assert rows(answer, "positive")[0]["value"] == pytest.approx(20 / 21)
    assert rows(answer, "negative")[0]["value"] == pytest.approx(18 / 19)


def test_a_single_labeler_can_be_compared_with_the_gold_set_only(place, batch, open_screen):
    """No row for labelers among themselves; a coefficient that isn't defined says why."""
    for key in place.keys[:6:2]:
        place.curating().set_gold(key, POSITIVE)
    let_answer(place, batch, "bob", {})

    answer = open_screen().answer({"kind": "agreement", "question": 0})

    assert [(row["group"], row["name"], row["n"]) for row in rows(answer, "raw")] == [("gold", "bob", 3)]
    assert rows(answer, "cohen")[0]["value"] is None
    assert rows(answer, "cohen")[0]["text"].startswith("not defined: everybody always gave the same answer")


def test_nobody_is_measured_against_gold_labels_of_their_own(place, batch, open_screen):
    """Bob confirms four studies of the gold set, three of which he set himself."""
    for key in place.keys[:3]:
        place.curating("bob").set_gold(key, truth_of(place, key))
    place.curating("ann").set_gold(place.keys[3], POSITIVE)
    let_answer(place, batch, "bob", {})
    let_answer(place, batch, "cy", {})
    model = open_screen()

    agreement = model.answer({"kind": "agreement", "question": 0})
    bob, cy = model.answer({"kind": "labelers"})["labelers"]

    assert (bob["accuracy"]["of"], cy["accuracy"]["of"]) == ("0 of 1", "3 of 4")
    assert [(row["name"], row["n"]) for row in rows(agreement, "raw") if row["group"] == "gold"] == [
        ("bob", 1),
        ("cy", 4),
    ]


def test_who_takes_over_a_wrong_prefill_is_counted_as_that_and_not_as_agreement(place, open_screen):
    """Planted studies with a wrong prefill tell of anchoring; between labelers they are left out."""
    trap, *others = place.keys[:5]
    place.curating().set_gold(trap, POSITIVE)
    batch = batch_of(place, [*items_of(place, others), BatchItem(trap, None, NEGATIVE, Planted.WRONG)], TWO)
    let_answer(place, batch, "bob", {})
    let_answer(place, batch, "cy", {trap: POSITIVE})
    model = open_screen()

    agreement = model.answer({"kind": "agreement", "question": 0})
    labelers = {one["name"]: one for one in model.answer({"kind": "labelers"})["labelers"]}

    assert rows(agreement, "raw")[0]["n"] == 4
    assert "without 2 answers to a label that was preselected wrong on purpose" in agreement["agreement"]["basis"]
    assert labelers["bob"]["anchoring"]["of"] == "1 of 1"
    assert labelers["cy"]["anchoring"]["of"] == "0 of 1"
    assert labelers["bob"]["accuracy"]["shown"] == "0 %"


def test_each_labeler_is_told_in_words(place, batch, open_screen):
    """Accuracy with n, pace, and that twenty gold answers are few; who is assigned and hasn't begun is there too."""
    for key in place.keys[:10]:
        place.curating().set_gold(key, truth_of(place, key))
    let_answer(place, batch, "bob", {place.keys[0]: NEGATIVE}, seconds=8.0)

    bob, cy = open_screen().answer({"kind": "labelers"})["labelers"]

    assert bob["accuracy"]["text"].startswith("90 % (95 % CI 60 to 98 %), 9 of 10")
    assert bob["drift"]["text"] == "Too few to tell: 10 gold answers, and the test takes 20."
    assert [window["name"] for window in bob["windows"]] == ["1–10"]
    assert (bob["pace"]["shown"], bob["pace"]["studies"]) == ("8.0 s", "20 studies")
    assert [(one["label"], one["sensitivity"]["of"]) for one in bob["labels"]] == [
        ("effusion", "4 of 5"),
        ("no effusion", "5 of 5"),
    ]
    assert (cy["name"], cy["rated"], cy["pace"], cy["windows"]) == ("cy", "0 studies", None, [])


def test_a_batch_says_who_has_done_what(place, batch, open_screen):
    """Newest first; planted studies aren't part of what is to be done."""
    second = batch_of(place, items_of(place, place.keys[20:22]), ["dee"], "second")
    let_answer(place, batch, "bob", {place.keys[0]: NEGATIVE, place.keys[1]: "Is this a mimic?"})
    let_answer(place, batch, "cy", {})
    Confirming(place.projects["dee"], second.id).take(1)
    place.curating().withdraw(batch.id, "cy")

    newer, older = open_screen().answer({"kind": "batches"})["batches"]

    assert (newer["name"], newer["done"], newer["labelers"][0]["held"]) == ("second", "0 of 2 studies done (0 %)", 1)
    assert (older["done"], older["overlap"]) == ("20 of 20 studies done (100 %)", "each study by 2 labelers")
    bob, cy = older["labelers"]
    assert [bob[key] for key in ("answered", "confirmed", "corrected", "flagged", "skipped")] == [20, 18, 1, 1, 0]
    assert (bob["assigned"], cy["assigned"]) == (True, False)


def test_a_batch_that_is_taken_away_is_no_more_shown(place, batch, open_screen):
    """Nor where that comes between reading which there are and how far they are."""
    before = place.curating().batches()
    place.curating().remove_batch(batch.id)

    assert open_screen().answer({"kind": "batches"})["batches"] == []
    assert batches_shown(before, place.curating().counts(), ()) == []


def test_a_study_that_was_skipped_is_told_of_its_batch(place, batch, open_screen):
    """Done or not: the other labelers may have said what was asked for."""
    let_answer(place, batch, "bob", {})
    (study,) = Confirming(place.projects["cy"], batch.id).take(1)
    Confirming(place.projects["cy"], batch.id).answer([answer(study, AnswerKind.SKIP)])

    (told,) = open_screen().answer({"kind": "batches"})["batches"]

    assert told["done"].startswith("0 of 20 studies done (0 %); 1 skipped")


def test_disagreements_are_decided_and_undone(place, batch, open_screen):
    """Decided ones leave the list; undo brings them back, redo decides again; each is kept as the newest word."""
    first, second = place.keys[0], place.keys[1]
    let_answer(place, batch, "bob", {})
    let_answer(place, batch, "cy", {first: NEGATIVE, second: POSITIVE})
    model = open_screen()
    listed = model.answer({"kind": "cases", "which": "disputed", "begin": 0})["cases"]
    case = model.answer({"kind": "case", "study": first})["case"]

    decided = model.answer({"kind": "decide", "study": first, "labels": ["effusion"], "seen": None, "note": " plain "})

    assert [row["study"] for row in listed["rows"]] == sorted([first, second])
    assert [(vote["label"], vote["count"]) for vote in listed["rows"][0]["votes"]] == [
        ("effusion", 1),
        ("no effusion", 1),
    ]
    assert {(one["labeler"], *one["said"]) for one in case["answers"]} == {("bob", "effusion"), ("cy", "no effusion")}
    assert "Pleural effusion" in "".join(text for text, _ in case["report"]["sections"][0]["pieces"])
    assert decided["overview"]["totals"] == {"disputed": 1, "flagged": 0, "skipped": 0, "decided": 1, "refused": 0}
    word = place.curating().final_words()[first]
    assert (word.said, word.note, word.person) == (POSITIVE, "plain", "ann")

    undone = model.answer({"kind": "undo"})
    assert (undone["study"], undone["word"], undone["overview"]["totals"]["disputed"]) == (first, None, 2)
    assert place.curating().final_words() == {}
    redone = model.answer({"kind": "redo"})
    assert (redone["word"], redone["overview"]["totals"]["disputed"]) == (["effusion"], 1)
    assert place.curating().final_words()[first].note == "plain"
    assert (redone["overview"]["undo"], redone["overview"]["redo"]) == (first, None)


def test_two_fellows_who_decide_at_once_notice_each_other(place, batch, open_screen):
    """A word that the page didn't show is refused; so is an undo of what somebody else has decided since."""
    key = place.keys[0]
    let_answer(place, batch, "bob", {})
    let_answer(place, batch, "cy", {key: NEGATIVE})
    model = open_screen()
    say = {"kind": "decide", "study": key, "labels": ["effusion"], "note": ""}
    model.answer({**say, "seen": None})
    place.curating("bob").adjudicate(key, NEGATIVE)

    with pytest.raises(CcdsError, match="another one, which somebody said meanwhile"):
        model.answer({**say, "seen": ["effusion"]})
    with pytest.raises(CcdsError, match="another one, which somebody said since"):
        model.answer({"kind": "undo"})

    assert place.curating().final_words()[key].said == NEGATIVE
    assert model.answer({**say, "seen": ["no effusion"]})["overview"]["totals"]["decided"] == 1


class Outrun:
    """Curates as ann, but bob, once `ahead`, says his word just before hers."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self.ahead = False

    def final_words(self) -> Mapping[str, Curation]:
        """Those that stand."""
        return self._place.curating().final_words()

    def adjudicate(self, study_key: str, *said, **seen) -> None:
        """Ann's word, maybe after bob's."""
        if self.ahead:
            self._place.curating("bob").adjudicate(study_key, NEGATIVE, "old fluid")
        self._place.curating().adjudicate(study_key, *said, **seen)


@pytest.mark.parametrize("step", [lambda one, key: one.say(key, None, None, POSITIVE, ""), lambda one, _: one.undo()])
def test_a_word_that_comes_between_looking_and_saying_stands(place, step):
    """Whoever says or undoes one over it is told, though it wasn't there when they looked."""
    looked_at, other = place.keys[:2]
    curates = Outrun(place)
    deciding = Deciding(curates)
    deciding.say(other, None, None, POSITIVE, "sure")
    curates.ahead = True

    with pytest.raises(CcdsError, match="another one, which somebody said meanwhile"):
        step(deciding, looked_at)

    ((_, standing),) = [pair for pair in place.curating().final_words().items() if pair[1].person == "bob"]
    assert Word.of(standing) == Word(NEGATIVE, "old fluid")
    assert deciding.undoable == other


def test_what_is_flagged_or_refused_is_listed_with_its_reason(place, batch, open_screen):
    """A flag with its note; an answer that came too late with why it doesn't count."""
    flagged, late = place.keys[0], place.keys[1]
    at_work = place.at_work("bob", batch)
    studies = at_work.take(2)
    at_work.give_back([studies[1].lease])
    at_work.answer([answer(studies[0], AnswerKind.FLAG, note="Rotated."), answer(studies[1])])
    model = open_screen()

    flags = model.answer({"kind": "cases", "which": "flagged", "begin": 0})["cases"]["rows"]
    refused = model.answer({"kind": "cases", "which": "refused", "begin": 0})["cases"]["rows"]

    assert [(row["study"], row["notes"]) for row in flags] == [(flagged, [{"labeler": "bob", "note": "Rotated."}])]
    assert [(row["study"], row["labeler"]) for row in refused] == [(late, "bob")]
    assert "given back" in refused[0]["why"]
    model.answer({"kind": "decide", "study": flagged, "labels": ["effusion"], "seen": None})
    assert model.start()["overview"]["totals"]["flagged"] == 0


def test_what_was_skipped_and_has_no_other_word_is_listed_with_who_skipped_it(place, open_screen):
    """Decided it leaves the list, and comes back when that is undone; an answer, a flag or a gold label is a word, too."""
    lost, answered, noted, gold = place.keys[:4]
    batch = batch_of(place, items_of(place, [lost, answered, noted, gold]), TWO)
    place.curating().set_gold(gold, POSITIVE)
    for person, says in (("cy", {}), ("bob", {answered: None, noted: "Rotated."})):
        for study in (work := place.at_work(person, batch)).take(9):
            key = study.report.study_key
            kind = AnswerKind.SKIP if key not in says else AnswerKind.FLAG if says[key] else AnswerKind.CONFIRM
            work.answer([answer(study, kind, note=says.get(key) or "")])
    model = open_screen()

    listed = model.answer({"kind": "cases", "which": "skipped", "begin": 0})["cases"]["rows"]
    case = model.answer({"kind": "case", "study": lost})["case"]
    decided = model.answer({"kind": "decide", "study": lost, "labels": ["effusion"], "seen": None})
    undone = model.answer({"kind": "undo"})

    assert listed == [{"study": lost, "labelers": ["cy", "bob"]}]
    assert [(one["labeler"], one["said"], one["how"]) for one in case["answers"]] == [
        ("cy", None, "skipped"),
        ("bob", None, "skipped"),
    ]
    assert case["shown"] == ["effusion"]
    assert [step["overview"]["totals"]["skipped"] for step in (decided, undone)] == [0, 1]


def test_what_is_said_while_the_screen_is_open_is_seen(place, batch, open_screen):
    """Answers that come later are read, those before them aren't lost; undone ones are gone."""
    model = open_screen()
    let_answer(place, batch, "bob", {})
    before = model.start()["overview"]
    let_answer(place, batch, "cy", {place.keys[0]: NEGATIVE})

    after = model.start()["overview"]

    assert (before["ratings"], before["labelers"]) == (20, ["bob"])
    assert (after["ratings"], after["labelers"], after["totals"]["disputed"]) == (40, ["bob", "cy"], 1)


def test_a_snapshot_is_looked_at_and_taken_beside(place, batch, open_screen):
    """How wrong each phrase is by what was confirmed; a snapshot says the same, and the same again is no new one."""
    let_answer(place, batch, "bob", {})
    let_answer(place, batch, "cy", {place.keys[0]: NEGATIVE})
    place.curating().adjudicate(place.keys[0], NEGATIVE)
    model = open_screen()

    now = settled(model)["now"]

    assert now["studies"] == "24 studies"
    assert {one["key"]: one["count"] for one in now["sources"]} == {"adjudicated": 1, "confirmed": 19, "soft": 4}
    assert [(one["text"], one["rate"]["of"]) for one in now["phrases"]] == [
        ("No pleural effusion", "0 of 10"),
        ("pleural effusion", "1 of 10"),
    ]
    assert now["phrases"][1]["left"].startswith("about 0 (0 to ")

    model.answer({"kind": "take"})
    first = settled(model)
    model.answer({"kind": "take"})
    second = settled(model)

    assert (first["took"]["known"], second["took"]["known"]) == (False, True)
    assert [one["id"] for one in second["snapshots"]] == [first["took"]["id"]]
    assert f"--labels {first['took']['id']} --out" in second["snapshots"][0]["command"]
    assert first["took"]["sources"] == now["sources"]
    place.curating().adjudicate(place.keys[1], NEGATIVE)
    assert settled(model)["stale"] is True
    model.answer({"kind": "labels", "anew": True})
    assert settled(model)["stale"] is False


def test_a_snapshot_that_cannot_be_kept_is_told_once(place, open_screen):
    """What the thread beside raised is the answer to the next request; after it one may try again."""
    model = open_screen()
    settled(model)
    (place.project.folder / "snapshots").write_text("in the way")
    model.answer({"kind": "take"})

    with pytest.raises(CcdsError):
        settled(model)

    assert settled(model)["took"] is None


def test_labels_that_are_decided_by_themselves_are_asked_one_by_one(place, open_screen):
    """In a task of kind `several` each label is a question, a study may have none, and one label may be disputed."""
    task = Task("findings", TaskKind.SEVERAL, (Label("effusion", 0), Label("edema", 1)))
    stored = TaskRepository(place.project).make(task)
    place.task_id = stored.id
    items = [BatchItem(key, None, frozenset({"effusion"})) for key in place.keys[:3]]
    batch = batch_of(place, items, TWO)
    let_answer(place, batch, "bob", {})
    let_answer(place, batch, "cy", {place.keys[0]: frozenset({"effusion", "edema"}), place.keys[1]: frozenset()})
    model = open_screen()

    overview = model.start()["overview"]
    listed = model.answer({"kind": "cases", "which": "disputed", "begin": 0})["cases"]["rows"]
    model.answer({"kind": "decide", "study": place.keys[1], "labels": [], "seen": None})

    assert overview["questions"] == ["effusion, or not", "edema, or not"]
    votes = {row["study"]: [(vote["label"], vote["present"]) for vote in row["votes"]] for row in listed}
    assert votes == {
        place.keys[0]: [("edema", False), ("edema", True)],
        place.keys[1]: [("effusion", False), ("effusion", True)],
    }
    assert place.curating().final_words()[place.keys[1]].said == frozenset()


def test_a_label_that_the_task_does_not_have_is_refused(place, open_screen):
    """Nothing is decided then, and there is nothing to undo."""
    model = open_screen()

    with pytest.raises(CcdsError, match="labels of the task 'effusion'"):
        model.answer({"kind": "decide", "study": place.keys[0], "labels": ["edema"], "seen": None})
    with pytest.raises(CcdsError, match="a final word to undo"):
        model.answer({"kind": "undo"})

    assert place.curating().final_words() == {}


@pytest.mark.parametrize(
    "content",
    [
        None,
        {"kind": "open"},
        {"kind": "agreement", "question": "0"},
        {"kind": "agreement", "question": 99},
        {"kind": "cases", "which": "all", "begin": 0},
        {"kind": "cases", "which": "disputed", "begin": -1},
        {"kind": "decide", "study": "a" * 16, "labels": ["effusion"]},
        {"kind": "case", "study": "a" * 16},
        {"kind": "take", "task": 2},
    ],
)
def test_what_is_no_request_is_refused_in_one_line(open_screen, content):
    """An unknown kind, key, type, place or study."""
    with pytest.raises(CcdsError):
        open_screen().answer(content)


def test_a_page_of_a_list_that_became_shorter_is_its_last_one(place, batch, open_screen):
    """Whoever decides the last one of a page isn't left with an empty one."""
    let_answer(place, batch, "bob", {})
    let_answer(place, batch, "cy", {place.keys[0]: NEGATIVE})

    cases = open_screen().answer({"kind": "cases", "which": "disputed", "begin": 5_000})["cases"]

    assert (cases["begin"], cases["total"], len(cases["rows"])) == (0, 1, 1)


def test_who_may_not_curate_sees_nothing(open_screen):
    """A scientist may read labels, but neither open the screen nor ask anything of it."""
    model = open_screen("sam")

    with pytest.raises(ProjectAccessDenied):
        model.start()
    with pytest.raises(ProjectAccessDenied):
        model.answer({"kind": "labelers"})


def test_a_change_of_the_task_is_seen(place):
    """A further label is a further question at once; a task that is gone is told."""

    class Kept:
        """The project's tasks, as a test says they are."""

        task = Task("effusion", labels=(Label("effusion", 0), Label("no effusion", 1)))

        def tasks(self):
            """One task, or none."""
            return [StoredTask(1, self.task, "ann", place.clock.now)] if self.task else []

    kept = Kept()
    model = AssessModel(
        1,
        project="CHEST-1",
        tasks=kept,
        curates=place.curating(),
        lists=LabelingRepository(place.project),
        snapshots=LabelSnapshots(place.project),
        permit=lambda: None,
    )
    before = model.start()["overview"]["questions"]
    kept.task = kept.task.with_labels(["unclear"])

    assert model.start()["overview"]["questions"] == [*before, "unclear, or not"]
    kept.task = None
    with pytest.raises(CcdsError, match="a task of this project"):
        model.start()
