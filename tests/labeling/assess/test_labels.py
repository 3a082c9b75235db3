"""What the page tells of a label snapshot: the words of its numbers, and what is kept of it."""

import gc
from datetime import UTC, datetime
from weakref import WeakSet

from ccds_kernel.labeling.confirmation.snapshot import Basis, LabelRow, sealed
from ccds_kernel.labeling.confirmation.snapshots import LabelSnapshots
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.rows import StoredPhrase
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_widgets.labeling.assess.labels import Figures, labels_shown
from ccds_widgets.labeling.assess.model import AssessModel
from support.waiting import until

TASK = Task("findings", TaskKind.SEVERAL, (Label("effusion", 0),))


def test_what_people_say_where_a_phrase_is_uncertain_is_told_apart():
    """Present or absent doesn't make its word wrong: the share that is present, with its interval, per phrase."""

    def row(number: int, value: str, soft_value: str) -> LabelRow:
        of = ("effusion", value, Source.CONFIRMED, ("ann",), soft_value, 7, "effusion", True)
        return LabelRow(f"k{number}", *of)

    rows = [row(0, "present", "perhaps"), row(1, "absent", "perhaps"), row(2, "present", "present")]
    phrases = [StoredPhrase(7, Phrase("effusion", "effusion", uncertain_label="perhaps"), "ann", datetime.now(UTC))]

    shown = labels_shown(Figures.of(sealed(Basis.of(1, TASK), rows)), phrases)
    certain = labels_shown(Figures.of(sealed(Basis.of(1, TASK), rows[2:])), phrases)

    assert shown["uncertain"] == ["where “effusion” is uncertain: 1 of 2 are present (50 %, 95 % CI 9 to 91 %)"]
    assert [one["rate"]["of"] for one in shown["phrases"]] == ["0 of 1"]
    assert certain["uncertain"] == []


class Lent(LabelSnapshots):
    """Label snapshots, of which each that was looked at is known as long as somebody keeps it."""

    def __init__(self, project):
        super().__init__(project)
        self.kept = WeakSet()

    def now(self, task_id):
        """See `LabelSnapshots.now`."""
        found = super().now(task_id)
        self.kept.add(found)
        return found


def test_of_the_labels_now_figures_are_kept_and_no_rows(place):
    """They are counted in the thread beside: the page asks each second, and a million rows would hold up every other answer."""
    snapshots = Lent(place.project)
    model = AssessModel(
        place.task_id,
        project="CHEST-1",
        tasks=TaskRepository(place.project),
        curates=place.curating(),
        lists=LabelingRepository(place.project),
        snapshots=snapshots,
        permit=lambda: None,
    )

    until(lambda: not model.answer({"kind": "labels"})["labels"]["busy"], "the labels")
    shown = model.answer({"kind": "labels"})["labels"]["now"]
    gc.collect()

    assert (shown["studies"], [one["captured"] for one in shown["phrases"]]) == ("24 studies", ["12", "12"])
    assert not snapshots.kept
