"""What people decided about each study, question by question."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from ccds_kernel.labeling.confirmation.answer import Answer, AnswerKind
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.batch import Planted
from ccds_kernel.labeling.confirmation.curation_rows import Curation, CurationKind
from ccds_kernel.labeling.confirmation.decided import Verdict, by_study, decided_values, verdict
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = (Label("effusion", 0), Label("edema", 1))
ONE, SEVERAL = Task("chest", labels=LABELS), Task("signs", TaskKind.SEVERAL, LABELS)

Words = set[str] | str | None
"""Labels, a note that flags the study, or a skip."""


def curated(key: str, label: str | None, kind: CurationKind = CurationKind.GOLD) -> Curation:
    """A fellow's word about a study; None where it was taken back."""
    return Curation(key, kind, None if label is None else frozenset({label}), "", "fay", NOW)


def said(*words: tuple[str, Words], key: str = "a") -> list[StoredAnswer]:
    """Who said what about a study, one after the other."""
    return [_stored(number, labeler, these, key) for number, (labeler, these) in enumerate(words, 1)]


def _stored(number: int, labeler: str, words: Words, key: str) -> StoredAnswer:
    kind = {str: AnswerKind.FLAG, set: AnswerKind.CORRECT}.get(type(words), AnswerKind.SKIP)
    labels = frozenset(words) if isinstance(words, set) else None
    note = words if isinstance(words, str) else ""
    answer = Answer(str(UUID(int=number)), number, key, kind, 1.0, labels, note)
    return StoredAnswer(number, answer, 1, labeler, labels, frozenset(), None, Planted.NO, NOW, None)


def test_the_final_word_comes_before_the_gold_set():
    """As in a label snapshot; a word that was taken back is none."""
    gold = {key: curated(key, label) for key, label in (("a", "edema"), ("b", "edema"), ("c", None))}
    final = {"a": curated("a", "effusion", CurationKind.FINAL)}

    decided = decided_values(ONE, "chest", final=final, gold=gold, answers={})

    assert decided == {"a": "effusion", "b": "edema"}


@pytest.mark.parametrize(
    ("words", "effusion", "edema"),
    [
        ([("ann", {"effusion"})], "present", "absent"),
        ([("ann", {"effusion"}), ("bob", {"effusion", "edema"})], "present", None),
        ([("ann", {"effusion"}), ("bob", {"edema"})], None, None),
        ([("ann", set()), ("bob", set())], "absent", "absent"),
        ([("ann", {"effusion"}), ("bob", "look")], None, None),
        ([("ann", {"effusion"}), ("bob", None)], "present", "absent"),
        ([("ann", {"effusion"}), ("bob", {"edema"}), ("bob", {"effusion"})], "present", "absent"),
        ([("ann", None)], None, None),
    ],
)
def test_each_label_of_several_is_decided_by_itself(words, effusion, edema):
    """Who differs about one may agree about another; a flag is of the whole study; of a person the newest word counts."""
    answers = by_study(said(*words))

    found = [
        decided_values(SEVERAL, question, final={}, gold={}, answers=answers).get("a") for question in SEVERAL.words
    ]

    assert found == [effusion, edema]


@pytest.mark.parametrize(
    ("words", "became"),
    [
        ([("bob", {"effusion"}), ("ann", {"effusion"})], Verdict("effusion", Source.CONFIRMED, ("ann", "bob"))),
        ([("ann", {"effusion"}), ("bob", {"edema"})], Verdict(None, Source.DISPUTED, ("ann", "bob"))),
        ([("ann", {"effusion"}), ("bob", "look")], Verdict(None, Source.FLAGGED, ("bob",))),
        ([("ann", {"effusion"}), ("bob", {"edema"}), ("cy", "look")], Verdict(None, Source.DISPUTED, ("ann", "bob"))),
        ([("ann", None)], None),
        ([], None),
    ],
)
def test_a_verdict_says_whose_word_it_is_or_why_there_is_none(words, became):
    """Who flagged a study on which others differ is not among those who differ."""
    assert verdict(ONE, "chest", final=None, gold=None, answers=said(*words)) == became


def test_each_study_has_its_own_answers():
    """What is said about one decides nothing about another."""
    answers = by_study([*said(("ann", {"effusion"})), *said(("ann", {"edema"}), key="b")])

    assert decided_values(ONE, "chest", final={}, gold={}, answers=answers) == {"a": "effusion", "b": "edema"}
