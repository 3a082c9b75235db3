"""What a deployed model said about the demo's studies, and when their final reports came: material for monitoring.

The model is called "ICH detector". Its scores are simulated, not computed from images: most studies have none. Each comes
from the hidden truth and noise, so that at `THRESHOLD` about nine of ten hemorrhages are found, and one of ten other studies
is flagged. On 2024-09-01 the software of one scanner is updated (see `scanners`). From that day on the model misses nearly
half of the hemorrhages there, and only there: this is what monitoring is to show.

Same seed, same predictions; the first n are the same whatever n is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ccds_kernel.demo.case import Case
from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.population import first_cases
from ccds_kernel.demo.scanners import SCANNERS

RELEASE = "ich-detector 1.0.0"
THRESHOLD = 0.5
SENSITIVITY_UPDATED = 0.55
"""On a scanner whose software was updated; elsewhere, as the specificity everywhere, 0.9."""
NEVER_REPORTED, REPORTED_LATE = 0.02, 0.04
"""Shares of the studies: without a final report at the end, and with one that took days."""

_EVIDENCE_USUAL, _EVIDENCE_UPDATED = 1.2816, 0.1257
"""Mean of the evidence, in its standard deviations above the threshold: the normal quantiles of 0.9 and 0.55."""
_STEEPNESS = 1.6
_REPORT_TIME_STREAM = 4
_PREDICTION_STREAM = 12
"""Of the first dozen the one whose draws come closest, for the demo's seed, to what is said above: the update concerns some
thirty hemorrhages only, among which chance alone makes 0.4 or 0.6 of 0.55."""


@dataclass(frozen=True, slots=True)
class SyntheticPrediction:
    """One row of a predictions file.

    Args:
        accession: of the study.
        time: when the model was done, UTC.
        release: name and version of the model.
        score: 0 to 1; `THRESHOLD` and above says hemorrhage.
        device: station name of the scanner.
        software_version: that ran on it that day.
    """

    accession: str
    time: datetime
    release: str
    score: float
    device: str
    software_version: str


def generate_predictions(seed: int, n: int = 4000) -> list[SyntheticPrediction]:
    """A prediction for each of the first `n` studies of the population of `seed`, in the order of the accession numbers.

    Raises:
        CcdsError: `n` or the seed is negative.
    """
    return [_prediction(case, Draw(seed, case.number, _PREDICTION_STREAM)) for case in first_cases(seed, n)]


def report_times(seed: int, n: int = 4000) -> dict[str, datetime]:
    """Accession → when the final report was signed, UTC; studies that have none at the end are left out.

    Raises:
        CcdsError: `n` or the seed is negative.
    """
    signed = {
        case.accession: _signed(case, Draw(seed, case.number, _REPORT_TIME_STREAM)) for case in first_cases(seed, n)
    }
    return {accession: time for accession, time in signed.items() if time is not None}


def _prediction(case: Case, draw: Draw) -> SyntheticPrediction:
    scanner = SCANNERS[case.scanner]
    software = scanner.software_on(case.study_date)
    evidence = draw.generator.normal()
    if case.positive:
        evidence += _EVIDENCE_USUAL if software == scanner.software else _EVIDENCE_UPDATED
    else:
        evidence -= _EVIDENCE_USUAL
    return SyntheticPrediction(
        accession=case.accession,
        time=_studied(case) + timedelta(seconds=draw.integer(90, 900)),
        release=RELEASE,
        score=round(1 / (1 + math.exp(-_STEEPNESS * evidence)), 4),
        device=scanner.station,
        software_version=software,
    )


def _signed(case: Case, draw: Draw) -> datetime | None:
    if draw.chance(NEVER_REPORTED):
        return None
    minutes = draw.integer(24 * 60, 9 * 24 * 60) if draw.chance(REPORTED_LATE) else draw.integer(25, 10 * 60)
    return _studied(case) + timedelta(minutes=minutes)


def _studied(case: Case) -> datetime:
    return datetime.combine(case.study_date, case.study_time, UTC)
