"""A deployed release made up for tests: a year of predictions on five scanners, with their final reports.

The software of scanner DEMOCT4 changes from "20.4.SS" to "21.0.SS" on 2024-09-01, and the model's sensitivity on it falls then
from .90 to .55. Everything follows from a seed.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.monitoring.prediction import FinalReport, Prediction
from ccds_kernel.monitoring.release import Release, ReleaseId

DEVICES = ("DEMOCT1", "DEMOCT2", "DEMOCT3", "DEMOCT4", "DEMOCT5")
CHANGED, CHANGE = "DEMOCT4", datetime(2024, 9, 1, tzinfo=UTC)
BEGIN, DAYS = datetime(2024, 1, 1, tzinfo=UTC), 366

PHRASES = (
    Phrase("no acute hemorrhage", "absent"),
    Phrase("hemorrhage cannot be excluded", "uncertain"),
    Phrase("acute hemorrhage", "present"),
)
TEXTS = {True: "Acute hemorrhage on the left.", False: "No acute hemorrhage.", None: "Limited by motion."}
"""Truth → impression; None is a text that no phrase matches."""


@dataclass
class Year:
    """A release, its predictions, and the final reports of all but the newest studies."""

    release: Release
    phrases: tuple[Phrase, ...] = PHRASES
    predictions: list[Prediction] = field(default_factory=list)
    reports: list[FinalReport] = field(default_factory=list)


def release(model: str = "ich-triage", version: str = "1.2.0", **changed: object) -> Release:
    """A release that is right, `changed` at will."""
    values = {
        "id": ReleaseId(model=model, version=version),
        "title": "Head CT: acute hemorrhage",
        "summary": "Puts head CTs with signs of acute hemorrhage first on the reading list.",
        "simulated": True,
    }
    return Release.model_validate(values | changed)


def report(accession: str, time: datetime, truth: bool | None) -> FinalReport:
    """The final report of a study in which the finding is there, isn't, or isn't told."""
    return FinalReport(Report(accession, (Section("impression", TEXTS[truth]),)), time)


def year(count: int = 4000, *, prevalence: float = 0.13, seed: int = 7) -> Year:
    """`count` predictions over 2024 on `DEVICES`, in the order of time."""
    chance = random.Random(seed)  # noqa: S311 - made-up data, to be the same each time
    made = Year(release())
    minutes = sorted(chance.randrange(DAYS * 24 * 60) for _ in range(count))
    for number, minute in enumerate(minutes):
        time = BEGIN + timedelta(minutes=minute)
        device = chance.choice(DEVICES)
        changed = device == CHANGED and time >= CHANGE
        truth = chance.random() < prevalence
        detected = chance.random() < ((0.55 if changed else 0.90) if truth else 0.05)
        score = chance.uniform(0.5, 0.99) if detected else chance.uniform(0.01, 0.49)
        accession = f"SECRET{number:05d}"
        made.predictions.append(
            Prediction(accession, time, round(score, 4), device, "21.0.SS" if changed else "20.4.SS")
        )
        reported = time + timedelta(minutes=chance.randrange(20, 36 * 60))
        if reported < BEGIN + timedelta(days=DAYS):
            made.reports.append(report(accession, reported, truth if chance.random() > 0.03 else None))
    return made
