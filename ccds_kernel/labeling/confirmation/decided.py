"""What people decided about each study, whatever the phrases say: the evidence by which phrases are judged. Pure.

Whose word counts is as in a label snapshot: the fellow's final word, the gold set, what labelers say where they agree. Studies
that labelers disagree about aren't decided, nor is one that somebody flagged, whatever others say of it: the fellow is to look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.answer_rows import StoredAnswer
from ccds_kernel.labeling.confirmation.batch import Said
from ccds_kernel.labeling.confirmation.curation_rows import Curation


def decided_studies(
    *, final: Mapping[str, Curation], gold: Mapping[str, Curation], answers: Iterable[StoredAnswer]
) -> Mapping[str, Said]:
    """Study key → its labels.

    Args:
        final: study key → the fellow's final word.
        gold: study key → its gold label.
        answers: the labelers' answers that count.
    """
    by_study: dict[str, list[StoredAnswer]] = defaultdict(list)
    for stored in answers:
        by_study[stored.answer.study_key].append(stored)
    said = {key: {one.said for one in newest_words(these).values()} for key, these in by_study.items()}
    agreed = {key: word for key, words in said.items() if len(words) == 1 for word in words if word is not None}
    curated = ({key: one.said for key, one in these.items() if one.said is not None} for these in (gold, final))
    return {**agreed, **{key: labels for these in curated for key, labels in these.items()}}


def newest_words(answers: Iterable[StoredAnswer]) -> Mapping[str, StoredAnswer]:
    """Who spoke about a study → what they said last, a flag too; skips left out.

    Of several answers of one person, in several batches, the newest counts, as it does where labelers are assessed.

    Args:
        answers: those about the study that count, the oldest first.
    """
    return {stored.labeler: stored for stored in answers if stored.answer.kind is not AnswerKind.SKIP}
