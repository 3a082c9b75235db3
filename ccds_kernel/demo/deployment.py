"""The demo's deployed model: its record in the clinical folder, and what is published of it for leadership.

By the same calls that `ccds monitoring load` and `publish` make; only the scores are simulated.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ccds_kernel.demo.mark import other_contents
from ccds_kernel.demo.predictions import RELEASE, THRESHOLD, generate_predictions, report_times
from ccds_kernel.demo.reports import generate_reports
from ccds_kernel.labeling.phrase_file import read_phrases
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.monitoring.prediction import FinalReport, Prediction
from ccds_kernel.monitoring.publish import publish
from ccds_kernel.monitoring.record import open_record
from ccds_kernel.monitoring.release import Release, release_id
from ccds_kernel.settings import Settings

SECTIONS = ("indication", "findings", "impression")


def deploy(seed: int, n: int, phrases: Path, *, person: str, settings: Settings) -> None:
    """Fills the release's record with `n` studies of the population of `seed`, and publishes its numbers.

    Safe to repeat: rows that are there already stay as they are.

    Args:
        seed: of the population.
        n: how many of its studies the model saw.
        phrases: the phrase list by which final reports are labelled.
        person: an administrator of the site.
        settings: the site's.

    Raises:
        CcdsError: the clinical or the published folder can't be written, or another version filled it.
    """
    which = release_id(*RELEASE.split())
    release = Release(
        id=which,
        title="ICH detector",
        summary="Says whether a head CT shows acute or subacute intracranial hemorrhage.",
        threshold=THRESHOLD,
        simulated=True,
    )
    with open_record(which, person=person, settings=settings, make=True) as record:
        record.register(release, read_phrases(phrases))
        predictions = record.load_predictions(
            Prediction(one.accession, one.time, one.score, one.device, one.software_version)
            for one in generate_predictions(seed, n)
        )
        reports = record.load_final_reports(_final_reports(seed, n))
    if predictions.conflicting or reports.conflicting:
        raise other_contents()
    publish(which, person=person, settings=settings)


def _final_reports(seed: int, n: int) -> Iterator[FinalReport]:
    signed = report_times(seed, n)
    for one in generate_reports(seed, n):
        if one.accession in signed:
            sections = tuple(Section(name, getattr(one, name)) for name in SECTIONS)
            report = Report(one.accession, sections, one.exam_code, one.study_date)
            yield FinalReport(report, signed[one.accession])
