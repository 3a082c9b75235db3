"""CHEST-1 with answers of labelers, as the assess screen sees it."""

from collections.abc import Mapping, Sequence

from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.batch import BatchItem, Said
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from support.confirming import NEGATIVE, POSITIVE, Workplace, answer

Words = Said | str | None
"""What somebody says of a study: labels, a note that flags it, or that what is preselected is right (None)."""


def with_phrases(place: Workplace) -> None:
    """Gives the first task two phrases, each of which captures every second study rightly."""
    repository = LabelingRepository(place.project)
    repository.insert_phrase(Phrase("No pleural effusion", "no effusion"), 0)
    repository.insert_phrase(Phrase("pleural effusion", "effusion"), 1)


def truth_of(place: Workplace, key: str) -> Said:
    """What is in the report of a study."""
    return POSITIVE if place.keys.index(key) % 2 == 0 else NEGATIVE


def batch_of(place: Workplace, items: Sequence[BatchItem], labelers: Sequence[str], name: str = "first") -> StoredBatch:
    """A batch in which each of `labelers` answers each study."""
    batch = place.curating().make_batch(name, items, overlap=len(labelers))
    for labeler in labelers:
        place.curating().assign(batch.id, labeler)
    return batch


def items_of(place: Workplace, keys: Sequence[str]) -> list[BatchItem]:
    """Studies to confirm, each with what is in its report preselected."""
    return [BatchItem(key, None, truth_of(place, key)) for key in keys]


def let_answer(
    place: Workplace, batch: StoredBatch, labeler: str, said: Mapping[str, Words], seconds: float = 8.0
) -> None:
    """Lets a labeler go through what is left of a batch for them; studies that `said` leaves out are confirmed."""
    at_work = place.at_work(labeler, batch)
    while studies := at_work.take(50):
        at_work.answer([_answer(study, said.get(study.report.study_key), seconds) for study in studies])


def _answer(study, words: Words, seconds: float):
    if words is None or words == study.prefill:
        return answer(study, seconds=seconds)
    if isinstance(words, str):
        return answer(study, AnswerKind.FLAG, note=words, seconds=seconds)
    return answer(study, AnswerKind.CORRECT, labels=words, seconds=seconds)
