"""A task's lists of phrases over its reports, against the slow and obvious reference."""

import pytest
from hypothesis import settings

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.matches import Conflict, Counts
from ccds_kernel.labeling.outcome import ABSENT, PRESENT
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.task_index import ONLY, TaskIndex
from ccds_kernel.labeling.tasks.task import Task, TaskKind
from support.labeling_machine import TaskIndexAgainstReference

TestTaskIndexAgainstReference = TaskIndexAgainstReference.TestCase
TestTaskIndexAgainstReference.settings = settings(deadline=None, max_examples=25, stateful_step_count=12)


CHEST = [
    ["No effusion. Small mass."],
    ["Possible effusion. No mass."],
    ["Effusion on the left."],
    ["Normal chest."],
]


@pytest.fixture
def several() -> TaskIndex:
    """Effusion and mass, each decided by itself; a normal chest excludes both."""
    index = TaskIndex(TaskKind.SEVERAL, CHEST)
    index.insert(Phrase("no effusion", "Effusion", excludes=True), 0)
    index.insert(Phrase("effusion", "Effusion", uncertain_label="perhaps"), 1)
    index.insert(Phrase("normal chest", "Effusion", excludes=True), 2)
    index.insert(Phrase("mass", "Mass", negatable=True), 0)
    index.insert(Phrase("normal chest", "Mass", excludes=True), 1)
    return index


def test_each_label_is_decided_by_its_own_phrases(several):
    """Present, absent, the word for the uncertain, or nothing said; the same words may decide several labels."""
    said = {label: labels.to_list() for label, labels in several.soft_labels().items()}

    assert said == {
        "Effusion": [ABSENT, "perhaps", PRESENT, ABSENT],
        "Mass": [PRESENT, None, None, ABSENT],
    }
    assert several.counts()["Mass"] == (Counts(1, 1, 0, negated=1), Counts(1, 1, 0))
    assert len(several) == 5


class Counted(list):
    """Texts that count how often somebody opens one."""

    opened = 0

    def __getitem__(self, at):
        self.opened += 1
        return super().__getitem__(at)


def test_the_same_words_are_read_once_for_all_labels():
    """What they would do with an option in each list is shown at every selection."""
    texts = Counted(CHEST)
    index = TaskIndex(TaskKind.SEVERAL, texts)

    previews = [index.preview(Phrase("effusion", label, negatable=True)) for label in ("Effusion", "Mass", "Fluid")]

    assert [(preview.raw, preview.negated) for preview in previews] == [(2, 1)] * 3
    assert texts.opened == 3


def test_what_a_phrase_hides_is_told_within_its_label(several):
    """Positives that a negative phrase hides are conflicts; another label's phrases aren't."""
    conflicts = several.conflicts()

    assert conflicts == {"Effusion": (Conflict(captured_by=0, hidden=1, reports=1),), "Mass": ()}


def test_a_phrase_that_gets_another_label_goes_below_that_list(several):
    """Where the label is one without phrases, its list begins; the old list closes up."""
    several.replace("Effusion", 0, Phrase("no effusion", "Fluid", excludes=True))

    assert [phrase.text for phrase in several.lists["Effusion"].phrases] == ["effusion", "normal chest"]
    assert several.soft_labels()["Fluid"].to_list() == [ABSENT, None, None, None]


def test_sections_that_are_left_out_are_not_searched_and_keep_their_places():
    """A phrase in the indication captures nothing; what it finds elsewhere is told by the section's place in the report."""
    report = Report("A1", (Section("Indication", "Effusion?"), Section("Findings", "No mass, small effusion.")))
    index = TaskIndex.of(Task("chest", left_out=frozenset({"indication"})), [report])
    index.insert(Phrase("effusion", "Effusion"), 0)

    (span,) = index.spans(0)[ONLY]

    assert report.texts[span.section][span.start : span.end] == "effusion"
    assert span.section == 1


@pytest.mark.parametrize(
    ("kind", "change", "found"),
    [
        (TaskKind.ONE, lambda index: index.insert(Phrase("x", "A", excludes=True), 0), "one that excludes its label"),
        (TaskKind.ONE, lambda index: index.preview(Phrase("x", "A", excludes=True)), "one that excludes its label"),
        (TaskKind.ONE, lambda index: index.insert(Phrase("MASS", "B"), 0), "the one at place 1 again"),
        (TaskKind.SEVERAL, lambda index: index.insert(Phrase("MASS", "A"), 0), "the one at place 1 again"),
        (TaskKind.SEVERAL, lambda index: index.replace("A", 1, Phrase("chest", "B")), "place 2"),
        (TaskKind.SEVERAL, lambda index: index.insert(Phrase("chest", "B"), 1), "place 2"),
        (TaskKind.SEVERAL, lambda index: index.remove("B", 0), "a label without phrases"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(kind, change, found):
    """One clear line; the lists are as before."""
    index = TaskIndex(kind, CHEST)
    index.insert(Phrase("mass", "A"), 0)
    before = {name: one.phrases for name, one in index.lists.items()}

    with pytest.raises(CcdsError) as error:
        change(index)

    assert error.value.found == found or error.value.found.startswith(found)
    assert {name: one.phrases for name, one in index.lists.items()} == before
