"""Synthetic head CT reports: what the demo's radiologists write about the population's studies.

A report never holds the truth that it was made from: `truth_table` is the only way to that, for tests and for judging
phrases. Same seed, same texts; the first n reports are the same whatever n is.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from pathlib import Path

from ccds_kernel.demo.anatomy import comparison, concluded, describe, technique
from ccds_kernel.demo.blood import blood_findings
from ccds_kernel.demo.blood_impression import addendum, blood_impression, told
from ccds_kernel.demo.case import Case
from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.grammar import expand, sentences
from ccds_kernel.demo.indication import indication
from ccds_kernel.demo.population import first_cases
from ccds_kernel.demo.spelling import abbreviate, british, slips
from ccds_kernel.demo.styles import HEADINGS, STYLES, Style

_REPORT_STREAM = 1


@dataclass(frozen=True, slots=True)
class SyntheticReport:
    """One report, in the columns of the CSV file, in their order."""

    accession: str
    exam_code: str
    study_date: date
    indication: str
    findings: str
    impression: str


def generate_reports(seed: int, n: int = 300) -> list[SyntheticReport]:
    """The first `n` reports of the population of `seed`.

    Raises:
        CcdsError: `n` or the seed is negative.
    """
    return [report(case, Draw(seed, case.number, _REPORT_STREAM)) for case in first_cases(seed, n)]


def truth_table(seed: int, n: int = 300) -> dict[str, bool]:
    """Accession → whether there really is acute or subacute intracranial hemorrhage, for the same studies.

    Raises:
        CcdsError: `n` or the seed is negative.
    """
    return {case.accession: case.positive for case in first_cases(seed, n)}


def report(case: Case, draw: Draw) -> SyntheticReport:
    """The report of one study, by a radiologist drawn for it."""
    style = draw.weighted({style: style.weight for style in STYLES})
    asked = indication(case, draw)
    findings, impression = _findings(case, style, draw), _impression(case, style, draw)
    texts = [_in_hand(text, style, draw) for text in (asked, findings, impression)]
    return SyntheticReport(case.accession, case.exam_code, case.study_date, *texts)


def write_reports_csv(reports: Sequence[SyntheticReport], path: Path) -> None:
    """Writes `accession,exam_code,study_date,indication,findings,impression`, UTF-8, dates ISO; replaces `path` at once."""
    header = [field.name for field in fields(SyntheticReport)]
    _write_csv(path, header, (astuple(one) for one in reports))


def write_truth_csv(truth: dict[str, bool], path: Path) -> None:
    """Writes `accession,hemorrhage` with 1 or 0; replaces `path` at once. The demo doesn't call this."""
    _write_csv(path, ["accession", "hemorrhage"], ((accession, int(there)) for accession, there in truth.items()))


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text.getvalue(), encoding="utf-8")
    unfinished.replace(path)


def _findings(case: Case, style: Style, draw: Draw) -> str:
    parts = [technique(case, draw)] if draw.chance(style.technique) else []
    parts.append(comparison(case, draw))
    for topic in style.order:
        said = blood_findings(case, draw) if topic == "blood" else describe(topic, case, style.thorough, draw)
        if said.strip():
            parts.append((expand(HEADINGS[topic], draw) if style.headings else "") + said)
    return sentences(*parts)


def _impression(case: Case, style: Style, draw: Draw) -> str:
    points = [*blood_impression(case, draw), *concluded(case, draw)]
    if style.numbered and len(points) > 1:
        text = " ".join(f"{number}. {sentences(point)}" for number, point in enumerate(points, 1))
    else:
        text = " ".join(points)
    return sentences(text, told(case, draw), addendum(case, draw))


def _in_hand(text: str, style: Style, draw: Draw) -> str:
    text = abbreviate(text, draw, style.abbreviates)
    return slips(sentences(british(text) if style.british else text), draw, style.slips)
