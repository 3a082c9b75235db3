"""What a fellow does on the confirming screen: batches, and the gold set."""

from contextlib import closing
from threading import Event

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_widgets.labeling.app import labeling_of
from ccds_widgets.labeling.confirm.app import confirm_screen
from ccds_widgets.labeling.shared_reports import SharedReports
from support.confirm_project import FELLOW, LABELERS, PROJECT, TASK, make_batch
from support.confirm_screen import key_of, sync
from support.waiting import until


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


def test_a_fellow_takes_a_batch_away_that_nobody_has_answered(project, keys, screen_of):
    """Its studies are left for another one; a labeler's page that has it learns it in one line, and keeps what it brings."""
    batch = make_batch(project, "first", keys[:3])
    screen, lous = screen_of(FELLOW), screen_of("lou")
    study = lous.answer({"kind": "batch", "batch": batch.id})["studies"][0]
    before = matched(screen)
    with pytest.raises(CcdsError, match="expected a fellow; found a labeler"):
        lous.answer({"kind": "remove", "batch": batch.id})

    told = screen.answer({"kind": "remove", "batch": batch.id})
    became = sync(lous, batch, key_of(study))

    assert (told["all_batches"], told["batches"]) == ([], [])
    fresh = [sum(one["studies"] for one in of["made_of"]["phrases"]) for of in (before, told)]
    assert fresh == [27, 30]
    assert became["refused"] == (
        f"Expected a batch that is still to be done; found 'first', which {FELLOW} has taken away; "
        "go on with another one: what you said since is kept, and not counted."
    )
    assert [(one["kept"], one["counts"]) for one in became["acknowledged"]] == [(True, False)]
    assert lous.start()["batches"] == []


def test_a_batch_that_somebody_has_answered_meanwhile_stays(project, keys, screen_of):
    """One line says who."""
    batch = make_batch(project, "first", keys[:3])
    lous = screen_of("lou")
    sync(lous, batch, key_of(lous.answer({"kind": "batch", "batch": batch.id})["studies"][0]))

    with pytest.raises(CcdsError, match="found 1 answer of lou"):
        screen_of(FELLOW).answer({"kind": "remove", "batch": batch.id})

    assert [one["name"] for one in screen_of(FELLOW).answer({"kind": "batches"})["all_batches"]] == ["first"]


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


def test_whether_a_batch_can_be_made_is_no_matter_of_chance(project, keys, screen_of):
    """Of two studies, one is of the group that the gold study with a wrong label needs, whatever is drawn beside it."""
    curating = Curating(project, TASK)
    curating.set_gold(keys[0], ["no effusion"])  # in its report stands a phrase of "effusion", too
    ids = [stored.id for stored in LabelingRepository(project, TASK).phrases()]
    screen = screen_of(FELLOW)
    matched(screen)

    for number in range(12):
        screen.answer(made(name=f"batch {number}", phrases=ids, size=2, gold=33, wrong=100))

    assert [screen.answer({"kind": "batches"})["all_batches"][at]["studies"] for at in range(12)] == [2] * 12
    for stored in curating.batches():
        curating.assign(stored.id, "lin")
    assert {one["open"] for one in screen_of("lin").start()["batches"]} == {3}


def test_how_many_can_get_a_wrong_label_is_told_of_the_gold_set(project, keys, screen_of):
    """Not of the studies that happened to be drawn."""
    for key in keys[:6]:
        Curating(project, TASK).set_gold(key, ["effusion"] if keys.index(key) % 3 else ["no effusion"])
    ids = [stored.id for stored in LabelingRepository(project, TASK).phrases()]
    screen = screen_of(FELLOW)
    matched(screen)

    for _ in range(6):
        with pytest.raises(CcdsError, match=r"expected 3 gold studies .*; found 2 in the gold set"):
            screen.answer(made(phrases=ids, size=5, gold=50, wrong=60))


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ({"overlap": 2}, "expected at least 2 people assigned, .*; found 1"),
        ({"name": " Earlier "}, "expected a name that no batch of the task has"),
    ],
)
def test_a_batch_that_nobody_could_finish_or_tell_apart_is_refused(project, keys, screen_of, parts, refusal):
    """One line, and nothing was made; with nobody assigned it can be: that comes later."""
    make_batch(project, "earlier", keys[:3])
    ids = [stored.id for stored in LabelingRepository(project, TASK).phrases()]
    screen = screen_of(FELLOW)
    matched(screen)

    with pytest.raises(CcdsError, match=refusal):
        screen.answer(made(phrases=ids, **parts))
    assert len(screen.answer({"kind": "batches"})["all_batches"]) == 1

    made_later = screen.answer(made(phrases=ids, overlap=2, labelers=[]))["all_batches"]
    assert [(one["name"], one["labelers"]) for one in made_later[1:]] == [("new", [])]


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


def test_a_labeler_without_a_batch_has_no_task_yet(settings, project):
    """The page opens, with nothing to do; assigned, they have the batch's."""
    with closing(open_project(PROJECT, Action.OPEN_LABELING, person="lou", settings=settings)) as lous:
        before = labeling_of(lous).start()
        make_batch(project, "first", [stored.study_key for stored in LabelingRepository(project, TASK).reports()[:1]])
        after = labeling_of(lous).start()

    assert (before["screens"], before["tasks"], before["opens"]) == (["confirm"], [], None)
    assert after["opens"] == TASK


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
