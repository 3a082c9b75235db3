"""What a fellow does beside confirming: makes batches, says who does them, and curates the gold set.

A batch is drawn by chance from the studies of the chosen groups that are in no batch of the task yet and not in the gold set. Its
planted studies are gold studies of these same groups, those first that were planted least often: one in a group of its own would
be seen for what it is. So they are chosen before the others, of which each of their groups then gets one at least: whether a
batch can be made is no matter of chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Any

import numpy as np
import numpy.typing as npt

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.confirmation.batch import Said, SoftStudy, check_batch, compose, misleadable, plantable
from ccds_kernel.labeling.confirmation.soft import NOBODY, Numbers, SoftStudies
from ccds_kernel.labeling.wording import studies
from ccds_widgets.base import sentence
from ccds_widgets.labeling.confirm import messages
from ccds_widgets.labeling.confirm.ports import Curation

Answer = dict[str, Any]


class BatchMaking:
    """The batches and the gold set of one task.

    Args:
        curation: where they are kept.
        chance: draws studies.
    """

    def __init__(self, curation: Curation, *, chance: Random | None = None) -> None:
        self._curation = curation
        self._chance = chance or SystemRandom()

    def overview(self) -> Answer:
        """The batches, and what a new one can be made of: None as long as the reports are being matched."""
        counts = self._curation.counts()
        pool = self._pool()
        return {
            "made_of": None if pool is None else self._made_of(pool),
            "labelers": list(self._curation.labelers()),
            "all_batches": [
                {
                    "id": batch.id,
                    "name": batch.name,
                    "overlap": batch.overlap,
                    "studies": counts[batch.id].studies if batch.id in counts else 0,
                    "done": counts[batch.id].done if batch.id in counts else 0,
                    "held": sum(counts[batch.id].held.values()) if batch.id in counts else 0,
                    "labelers": list(batch.labelers),
                    "by": batch.created_by,
                    "on": batch.created_at.astimezone().date().isoformat(),
                }
                for batch in self._curation.batches()
            ],
        }

    def _made_of(self, pool: _Pool) -> Answer:
        """Per phrase how many studies are left, and how many gold ones there are."""
        left, golden = pool.by_phrase(pool.fresh), pool.by_phrase(pool.golden)
        return {
            "phrases": [
                {
                    "id": stored.id,
                    "text": stored.phrase.text,
                    "label": stored.phrase.label,
                    "studies": left[stored.id],
                    "gold": golden[stored.id],
                }
                for stored in self._curation.phrases()
            ],
            "unmatched": {"studies": left[NOBODY], "gold": golden[NOBODY]},
            "gold": len(pool.gold),
        }

    def make(self, request: messages.Make) -> int:
        """Makes a batch and assigns it, in one step; its number.

        Raises:
            CcdsError: nothing is left in these groups, there are too few gold studies, somebody may not confirm, or the reports
                are still being matched.
        """
        name = check_batch(request.name, request.overlap)
        pool = self._pool([*request.phrases, *([NOBODY] if request.unmatched else [])])
        if pool is None:
            raise CcdsError(
                expected="reports that the phrases are matched on, as they are now",
                found="a change, and the matching going on",
                do="make the batch once more in a moment",
            )
        fresh = pool.fresh
        if not len(fresh):
            raise CcdsError(
                expected="studies that are in no batch yet", found="none in these groups", do="choose further phrases"
            )
        size = min(request.size, len(fresh))
        examples, group_of = pool.by_group(fresh)
        planted, wrong, needed = self._planted(request, pool, examples, size)
        first = [self._chance.choice(fresh[group_of == group].tolist()) for group in sorted(needed)]
        drawn = first + self._chance.sample(np.setdiff1d(fresh, first).tolist(), size - len(first))
        items = compose(
            [pool.soft[at] for at in drawn],
            order=[stored.id for stored in self._curation.phrases()],
            gold=pool.gold,
            planted=planted,
            wrong=wrong,
            chance=self._chance,
        )
        return self._curation.make_batch(name, items, overlap=request.overlap, labelers=request.labelers).id

    def assign(self, request: messages.Assign) -> None:
        """Lets somebody take studies of a batch, or no more."""
        if request.assigned:
            self._curation.assign(request.batch, request.labeler)
        else:
            self._curation.withdraw(request.batch, request.labeler)

    def remove(self, request: messages.Remove) -> None:
        """Takes a batch away that nobody has answered yet."""
        self._curation.remove_batch(request.batch)

    def set_gold(self, request: messages.Gold) -> Answer:
        """Takes a study into the gold set, or out of it; its note stays until another one is written.

        The page knows of no gold label but those that it set: others would show it which studies are planted. So where one stands
        there nothing is changed, and the page is told which.
        """
        standing = self._curation.gold_word(request.study)
        if standing.labels != (None if request.seen is None else frozenset(request.seen)):
            refusal = CcdsError(
                expected="the gold label that this page shows",
                found="none any more" if standing.labels is None else "another one, which the page now shows",
                do="look at it, and say it once more where you mean it",
            )
            return {
                "refused": sentence(refusal),
                "stands": None if standing.labels is None else sorted(standing.labels),
            }
        note = request.note or ("" if request.labels is None else standing.note)
        self._curation.set_gold(request.study, request.labels, note, seen=standing)
        return {}

    def _pool(self, groups: Sequence[int] | None = None) -> _Pool | None:
        soft = self._curation.soft_studies()
        return None if soft is None else _Pool(soft, groups, self._curation.gold(), self._curation.uses_of_studies())

    def _planted(
        self, request: messages.Make, pool: _Pool, examples: Sequence[SoftStudy], size: int
    ) -> tuple[list[SoftStudy], int, set[int]]:
        """Gold studies to mix into `size` others, how many of them get a wrong prefill, and which groups they need.

        `examples` has a study of each group that there can be; groups are told by their place in it.
        """
        wanted = _rounded(size * request.gold / (100 - request.gold))
        wrong = _rounded(wanted * request.wrong / 100)
        golden = [pool.soft[at] for at in pool.golden.tolist()]
        golden.sort(key=lambda study: (pool.uses.get(study.study_key, 0), self._chance.random()))
        fitting = plantable(golden, examples)
        can_mislead = misleadable(golden, pool.gold, examples)
        # first those that fit in no other way, so that the others are left where they are wanted
        misled = sorted(can_mislead, key=lambda study: study in fitting)[:wrong]
        if len(misled) < wrong:
            raise CcdsError(
                expected=f"{studies(wrong, 'gold')} of these groups whose report has a phrase with another label, too",
                found=f"{len(can_mislead)} in the gold set",
                do="ask for fewer wrong ones, choose further phrases, or mark further studies as gold (Shift+G)",
            )
        others = [study for study in fitting if study not in misled][: wanted - wrong]
        if len(misled) + len(others) < wanted:
            raise CcdsError(
                expected=f"{studies(wanted, 'gold')} of these groups to mix in",
                found=str(len(misled) + len(others)),
                do="ask for a smaller share, choose further phrases, or mark further studies as gold (Shift+G)",
            )
        needed = {group for group, one in enumerate(examples) if any(plantable([study], [one]) for study in others)}
        for study in misled:
            into = [group for group, one in enumerate(examples) if misleadable([study], pool.gold, [one])]
            if needed.isdisjoint(into):
                needed.add(self._chance.choice(into))
        return [*misled, *others], wrong, needed


def _rounded(number: float) -> int:
    """As the page does it, which shows the number beforehand: halves up."""
    return int(number + 0.5)


@dataclass(frozen=True)
class _Pool:
    """The studies, in the chosen groups if these are given, the task's gold labels, and in how many batches each study is."""

    soft: SoftStudies
    groups: Sequence[int] | None
    gold: Mapping[str, Said]
    uses: Mapping[str, int]

    @property
    def fresh(self) -> Numbers:
        """The numbers of those that are neither in a batch nor gold."""
        return np.flatnonzero(self._chosen & ~self._among(self.gold) & ~self._among(self.uses))

    @property
    def golden(self) -> Numbers:
        """The numbers of those that are gold."""
        return np.flatnonzero(self._chosen & self._among(self.gold))

    def by_group(self, numbers: Numbers) -> tuple[list[SoftStudy], Numbers]:
        """A study of each group (phrase and label) among those with these `numbers`, and per number the place of its group."""
        both = np.stack([self.soft.phrase_ids[numbers], self.soft.said_of[numbers]], axis=1)
        _, first, group = np.unique(both, axis=0, return_index=True, return_inverse=True)
        return [self.soft[at] for at in numbers[first].tolist()], group.reshape(-1)

    def by_phrase(self, numbers: Numbers) -> Counter[int]:
        """Phrase → how many of the studies with these `numbers` it decides."""
        found, times = np.unique(self.soft.phrase_ids[numbers], return_counts=True)
        return Counter(dict(zip(found.tolist(), times.tolist(), strict=True)))

    @property
    def _chosen(self) -> npt.NDArray[np.bool_]:
        every = self.soft.phrase_ids
        return np.ones(len(every), dtype=np.bool_) if self.groups is None else np.isin(every, self.groups)

    def _among(self, keys: Collection[str]) -> npt.NDArray[np.bool_]:
        return np.fromiter((key in keys for key in self.soft.study_keys), dtype=np.bool_, count=len(self.soft))
