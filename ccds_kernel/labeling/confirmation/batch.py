"""What a batch of studies for confirmation is made of, and in which order it is shown.

A *batch* has studies of one task, each with the label that its report's phrase stands for preselected (its *prefill*). They are
shown grouped by that phrase: who has just read ten reports with the same words sees the eleventh that is different. *Planted*
studies of the gold set stand among them, unseen: as they are, to measure a labeler, and some with a *wrong prefill*, to
measure how far they trust what is preselected. A planted study is shown to every labeler of the batch, the others to `overlap`.

A planted study whose prefill is its soft label stands in its own group, which has to be in the batch: in one of its own, or as
the only one of a phrase with that prefill, it would be seen for what it is. A wrong prefill is that of a group in the batch whose
phrase stands in the study's report, too: the study stands in that group, its phrase is highlighted as in the others, and nothing
about it is odd. Rejected: another label within the study's own group, where it would be the only one; and a group whose phrase
isn't in the report, where it would be the only one without a highlight.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from ccds_kernel.errors import CcdsError

Said = frozenset[str]
"""Labels of one study: one in a task of kind `one`, any number in one of kind `several`."""

MOST_OVERLAP = 20


class Planted(StrEnum):
    """Why a study is in a batch: to be confirmed, or from the gold set, with its soft label or with a wrong one preselected."""

    NO = "no"
    GOLD = "gold"
    WRONG = "wrong"


@dataclass(frozen=True)
class SoftStudy:
    """A study as the phrases label it.

    Attributes:
        study_key: its name.
        labels: the soft label, or labels; none where no phrase matches.
        phrase_id: the phrase that decides (in a task of kind `several` the first that decides a label).
        also: further phrases that stand in its report.
    """

    study_key: str
    labels: Said
    phrase_id: int | None = None
    also: frozenset[int] = frozenset()


@dataclass(frozen=True)
class BatchItem:
    """One study of a batch: the group in which it is shown, and what is preselected."""

    study_key: str
    phrase_id: int | None
    prefill: Said
    planted: Planted = Planted.NO


@dataclass(frozen=True)
class _Group:
    phrase_id: int | None
    prefill: Said


def compose(
    studies: Iterable[SoftStudy],
    *,
    order: Sequence[int],
    gold: Mapping[str, Said],
    planted: Iterable[SoftStudy] = (),
    wrong: int = 0,
    chance: Random,
) -> tuple[BatchItem, ...]:
    """The studies of a batch in the order in which they are shown.

    Args:
        studies: those to be confirmed, each once.
        order: the phrases in the order of their groups; studies that no phrase decides come last.
        gold: study key → its gold label, for every planted study.
        planted: studies of the gold set to mix in, none of them among `studies`; `plantable` where they get no wrong prefill.
        wrong: how many of these get a wrong prefill.
        chance: draws which, and the order within each group.

    Raises:
        CcdsError: there are no studies, one comes twice, a planted one has no gold label, too few can get a wrong prefill, or one
            that gets none has no group in the batch.
    """
    ordinary, extra = tuple(studies), tuple(planted)
    keys = [study.study_key for study in (*ordinary, *extra)]
    if not ordinary or len(set(keys)) < len(keys):
        raise CcdsError(
            expected="studies to confirm, each once",
            found=f"{len(ordinary)}, and {len(extra)} to mix in, of {len(set(keys))}",
            do="choose others",
        )
    if without := sum(study.study_key not in gold for study in extra):
        raise CcdsError(
            expected="gold labels of the studies to mix in", found=f"{without} without one", do="give them one first"
        )
    items = [BatchItem(study.study_key, study.phrase_id, study.labels) for study in ordinary]
    groups = dict.fromkeys(_Group(item.phrase_id, item.prefill) for item in items)
    misleading = {study.study_key: _misleading(study, gold[study.study_key], groups) for study in extra}
    can_mislead = [study.study_key for study in extra if misleading[study.study_key]]
    if not 0 <= wrong <= len(can_mislead):
        raise CcdsError(
            expected=f"at most {len(can_mislead)} studies with a wrong label preselected",
            found=str(wrong),
            do="add gold studies that other phrases of this batch would label wrongly, or ask for fewer",
        )
    alone = [study.study_key for study in extra if _Group(study.phrase_id, study.labels) not in groups]
    misled = frozenset(_misled(can_mislead, alone, wrong, chance))
    if odd := len(set(alone) - misled):
        raise CcdsError(
            expected="gold studies whose phrase and label other studies of the batch have, too",
            found=f"{odd} without",
            do="leave these out, or add studies with their phrases",
        )
    for study in extra:
        if study.study_key in misled:
            group = chance.choice(misleading[study.study_key])
            items.append(BatchItem(study.study_key, group.phrase_id, group.prefill, Planted.WRONG))
        else:
            items.append(BatchItem(study.study_key, study.phrase_id, study.labels, Planted.GOLD))
    chance.shuffle(items)
    place = {phrase_id: number for number, phrase_id in enumerate(order)}
    return tuple(sorted(items, key=lambda item: place.get(item.phrase_id or 0, len(place))))


def plantable(gold_studies: Iterable[SoftStudy], ordinary: Iterable[SoftStudy]) -> tuple[SoftStudy, ...]:
    """Those of `gold_studies` whose phrase and soft label some of the `ordinary` ones have, too."""
    groups = {_Group(study.phrase_id, study.labels) for study in ordinary}
    return tuple(study for study in gold_studies if _Group(study.phrase_id, study.labels) in groups)


def misleadable(
    gold_studies: Iterable[SoftStudy], gold: Mapping[str, Said], ordinary: Iterable[SoftStudy]
) -> tuple[SoftStudy, ...]:
    """Those of `gold_studies`, each with its label in `gold`, that can get a wrong prefill among the `ordinary` ones."""
    groups = dict.fromkeys(_Group(study.phrase_id, study.labels) for study in ordinary)
    return tuple(study for study in gold_studies if _misleading(study, gold[study.study_key], groups))


def check_batch(name: str, overlap: int) -> str:
    """The name of a batch without white space around it.

    Raises:
        CcdsError: it is blank or too long, or no such overlap is possible.
    """
    name = name.strip()
    if not 1 <= len(name) <= 200 or "\0" in name:  # noqa: PLR2004 - the column's width
        raise CcdsError(
            expected="a name of 1 to 200 characters for the batch", found=f"one of {len(name)}", do="choose another one"
        )
    if not 1 <= overlap <= MOST_OVERLAP:
        raise CcdsError(
            expected=f"each study to go to 1 to {MOST_OVERLAP} labelers", found=str(overlap), do="choose another number"
        )
    return name


def _misled(can_mislead: Sequence[str], alone: Sequence[str], wrong: int, chance: Random) -> list[str]:
    """Which studies get a wrong prefill: first those that can be in the batch in no other way."""
    only_so = [key for key in can_mislead if key in alone]
    others = [key for key in can_mislead if key not in alone]
    drawn = chance.sample(only_so, min(wrong, len(only_so)))
    return [*drawn, *chance.sample(others, wrong - len(drawn))]


def _misleading(study: SoftStudy, truth: Said, groups: Iterable[_Group]) -> list[_Group]:
    """The groups in which `study` would have a wrong prefill, and whose phrase stands in its report."""
    standing = study.also | ({study.phrase_id} if study.phrase_id is not None else set())
    return [group for group in groups if group.prefill not in (truth, frozenset()) and group.phrase_id in standing]
