"""What people decided about each study, whatever the phrases say: the evidence by which phrases are judged. Pure.

Whose word counts is as in a label snapshot: the fellow's final word, the gold set, what labelers say where they agree. Studies
that labelers disagree about, or only flagged, aren't decided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

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
    said: dict[str, set[Said]] = defaultdict(set)
    for stored in answers:
        if stored.said is not None:
            said[stored.answer.study_key].add(stored.said)
    agreed = {key: next(iter(labels)) for key, labels in said.items() if len(labels) == 1}
    curated = ({key: one.said for key, one in these.items() if one.said is not None} for these in (gold, final))
    return {**agreed, **{key: labels for these in curated for key, labels in these.items()}}
