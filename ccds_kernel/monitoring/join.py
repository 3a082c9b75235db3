"""Each prediction beside the final report of its study: what came of it.

The label comes from the report by the same phrase code that labels reports for training: the first phrase that matches.
Final reports are read in every section and by the default cues (`labeling.cues.RADIOLOGY`), whatever a project's labelling
task says: a deployed model outlives its project, and has its own phrase list. The positive label counts as positive, every other
label as negative. A study whose report no phrase matches is unmatched, and one without a final report yet awaits it; neither
counts as right or wrong. Pure; what comes out names no study.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ccds_kernel.labeling.matching import PhraseIndex
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.monitoring.prediction import FinalReport, Prediction


class Outcome(StrEnum):
    """What came of one prediction.

    TP: an alert, and the report is positive. FP: an alert, and the report isn't.
    FN: no alert, and the report is positive. TN: no alert, and the report isn't.
    UNMATCHED: there is a report, but no phrase matches it.
    AWAITING: there is no final report yet.
    """

    TP = "tp"
    FP = "fp"
    FN = "fn"
    TN = "tn"
    UNMATCHED = "unmatched"
    AWAITING = "awaiting"


@dataclass(frozen=True)
class Joined:
    """One prediction and what came of it, without anything that names the study.

    Attributes:
        predicted_at: UTC.
        reported_at: when the report became final, in UTC; None while it is awaited.
        device: the scanner; empty where it isn't known.
        software_version: the scanner's; empty where it isn't known.
        outcome: what came of it.
    """

    predicted_at: datetime
    reported_at: datetime | None
    device: str
    software_version: str
    outcome: Outcome


def join(
    predictions: Sequence[Prediction],
    reports: Iterable[FinalReport],
    phrases: Sequence[Phrase],
    *,
    positive: str,
    threshold: float,
) -> list[Joined]:
    """What came of each of `predictions`, in their order.

    Args:
        predictions: at most one per accession number.
        reports: at most one per accession number; those of other studies don't count.
        phrases: the highest priority first.
        positive: the label that counts as positive.
        threshold: a score of at least this much is an alert.
    """
    wanted = {prediction.accession for prediction in predictions}
    known = [one for one in reports if one.report.accession in wanted]
    labels = dict(zip((one.report.accession for one in known), _labels(known, phrases), strict=True))
    times = {one.report.accession: one.time for one in known}
    return [
        Joined(
            prediction.time,
            times.get(prediction.accession),
            prediction.device,
            prediction.software_version,
            _outcome(prediction.score >= threshold, labels[prediction.accession], positive)
            if prediction.accession in labels
            else Outcome.AWAITING,
        )
        for prediction in predictions
    ]


def _labels(reports: Sequence[FinalReport], phrases: Sequence[Phrase]) -> list[str | None]:
    index = PhraseIndex([one.report.texts for one in reports])
    for position, phrase in enumerate(phrases):
        index.insert(phrase, position)
    return index.soft_labels().to_list()


def _outcome(alert: bool, label: str | None, positive: str) -> Outcome:
    if label is None:
        return Outcome.UNMATCHED
    if label == positive:
        return Outcome.TP if alert else Outcome.FN
    return Outcome.FP if alert else Outcome.TN
