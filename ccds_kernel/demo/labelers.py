"""The demo's labelers: what each says of a study, by what is true of it and what is preselected. Pure but for the draws."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ccds_kernel.demo.chance import Draw
from ccds_kernel.labeling.confirmation.answer import Answer, AnswerKind
from ccds_kernel.labeling.confirmation.batch import Said
from ccds_kernel.labeling.confirmation.confirming import LeasedStudy

PRESENT, ABSENT = frozenset({"present"}), frozenset({"absent"})
NOTE = "Findings and impression say different things."

_SKIPS, _FLAGS = 0.02, 0.03
_SLOWEST = 4.0


@dataclass(frozen=True)
class Labeler:
    """Somebody who confirms.

    Attributes:
        name: who.
        errs: how often they are wrong where the right label is preselected.
        trusts: how often they take over a wrong one.
        seconds: the shortest time that a study is on their screen.
    """

    name: str
    errs: float
    trusts: float
    seconds: float


def answered(labeler: Labeler, study: LeasedStudy, truth: Said, draw: Draw) -> Answer:
    """What `labeler` says of a study whose label is `truth`."""
    seconds = round(labeler.seconds * draw.uniform(1, _SLOWEST), 1)
    kind = draw.weighted({AnswerKind.SKIP: _SKIPS, AnswerKind.FLAG: _FLAGS, AnswerKind.CONFIRM: 1 - _SKIPS - _FLAGS})
    believed = _believed(labeler, study.prefill, truth, draw)
    if kind is AnswerKind.CONFIRM and believed != study.prefill:
        kind = AnswerKind.CORRECT
    return Answer(
        id=str(UUID(bytes=draw.generator.bytes(16), version=4)),
        lease=study.lease,
        study_key=study.report.study_key,
        kind=kind,
        seconds=seconds,
        labels=believed if kind is AnswerKind.CORRECT else None,
        note=NOTE if kind is AnswerKind.FLAG else "",
    )


def _believed(labeler: Labeler, prefill: Said, truth: Said, draw: Draw) -> Said:
    trusting, erring = draw.chance(labeler.trusts), draw.chance(labeler.errs)
    if prefill and prefill != truth and trusting:
        return prefill
    return (ABSENT if truth == PRESENT else PRESENT) if erring else truth
