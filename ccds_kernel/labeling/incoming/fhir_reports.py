"""Reports in FHIR: DiagnosticReport resources, each by itself or in a Bundle.

The text is that of `presentedForm`, which is "the entire report as issued": what is text/plain of it. Where there is none, it
is the results in words (Observations with a valueString: contained, or in the same Bundle), then the conclusion, which is the
impression. A conclusion by itself is no report where there are results, or another form, that can't be read: findings may be
there that it doesn't repeat. Results in words are one, even where another form, which FHIR wants to say the same, can't be read.

The accession number is the identifier of type ACSN (code system v2-0203): of the report itself, else of what it is based on,
else of its imaging study. Two different ones are one too many: nobody knows which study the text is about.

When a version was sent is `issued`; where that is missing, `meta.lastUpdated`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, count, repeat
from pathlib import Path
from typing import NoReturn

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.incoming.fhir_framing import LARGEST_DOCUMENT, read_resources
from ccds_kernel.labeling.incoming.fhir_resources import (
    Attachment,
    Bundle,
    BundleEntry,
    DiagnosticReport,
    Identifier,
    Observation,
    Ordered,
    Reference,
    ReportHead,
    Resource,
    read_as,
)
from ccds_kernel.labeling.incoming.headings import Part, name_of, name_of_loinc, sections
from ccds_kernel.labeling.incoming.version import Entry, Odd, Sent, Standing, TakenBack, Unreadable, Version
from ccds_kernel.labeling.report import Report

_STANDING = {
    "final": Standing.FINAL,
    "amended": Standing.CORRECTED,
    "corrected": Standing.CORRECTED,
    "appended": Standing.CORRECTED,
    "cancelled": Standing.WITHDRAWN,
    "entered-in-error": Standing.WITHDRAWN,
    **dict.fromkeys(("registered", "partial", "preliminary", "modified"), Standing.PRELIMINARY),
}
"""`modified` (R5) is a change before the report was final."""

_ACCESSION = "ACSN"
_NO_LONGER = "old"
"""The use of an identifier that was replaced."""
_LOINC = "http://loinc.org"
_VOID = {"entered-in-error", "cancelled"}
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=T|$)")


@dataclass(frozen=True)
class FhirReading:
    """What a site's resources leave open.

    Args:
        accession_system: the `system` of the identifier that is the accession number, instead of the type ACSN.
        exam_code_system: the `system` of the coding that is the exam code, instead of the first one of `code`.
    """

    accession_system: str | None = None
    exam_code_system: str | None = None


@dataclass(frozen=True)
class _Surroundings:
    """The resources that a report may refer to, by what it may call them."""

    by_address: Mapping[str, Resource] = field(default_factory=dict)

    def find(self, reference: Reference) -> Resource | None:
        return self.by_address.get((reference.reference or "").split("/_history/")[0])

    def with_contained(self, report: ReportHead) -> _Surroundings:
        """With the resources within `report`, too."""
        own = {f"#{one.get('id')}": one for one in report.contained}
        return _Surroundings({**self.by_address, **own}) if own else self


def read_fhir(path: Path, reading: FhirReading, *, largest: int = LARGEST_DOCUMENT) -> Iterator[Entry]:
    """Every version of a report in the file, and every line or resource that makes none.

    Args:
        path: the file. Versions are numbered by line in NDJSON, and by DiagnosticReport in a document.
        reading: what the site's resources leave open.
        largest: how many bytes a line, or a document, may have.

    Raises:
        CcdsError: the file can't be read, is empty, or is one document that is no JSON in UTF-8.
    """
    reports = count(1)
    for one in read_resources(path, largest=largest):
        if isinstance(one, Unreadable):
            yield one
        else:
            yield from _reports(one.resource, reading, reports if one.line is None else repeat(one.line))


def _reports(resource: Resource, reading: FhirReading, numbers: Iterator[int]) -> Iterator[Entry]:
    """The versions in one resource, which is a report or a Bundle of some."""
    if _is(resource, "DiagnosticReport"):
        yield _entry(resource, _Surroundings(), reading, next(numbers))
        return
    try:
        entries = _bundled(resource)
    except Odd as odd:
        yield Unreadable(next(numbers), str(odd))
        return
    around = _Surroundings(dict(_addresses((one.fullUrl, one.resource) for one in entries)))
    for one in entries:
        if one.resource is not None and _is(one.resource, "DiagnosticReport"):
            yield _entry(one.resource, around, reading, next(numbers))


def _bundled(resource: Resource) -> list[BundleEntry]:
    if not _is(resource, "Bundle"):
        raise Odd("it is no DiagnosticReport")
    entries = read_as(Bundle, resource).entry
    if not any(one.resource is not None and _is(one.resource, "DiagnosticReport") for one in entries):
        raise Odd("it is a Bundle without a DiagnosticReport")
    return entries


def _is(resource: Resource, kind: str) -> bool:
    return resource.get("resourceType") == kind


def _addresses(resources: Iterable[tuple[str | None, Resource | None]]) -> Iterator[tuple[str, Resource]]:
    """What a Bundle's reports may call its resources."""
    for address, resource in resources:
        if resource is None:
            continue
        if address:
            yield address, resource
        yield f"{resource.get('resourceType')}/{resource.get('id')}", resource


def _entry(resource: Resource, around: _Surroundings, reading: FhirReading, number: int) -> Entry:
    try:
        return _version(read_as(DiagnosticReport, resource), around, reading, number)
    except Odd as odd:
        reason = str(odd)
    except CcdsError as error:  # what makes no report, in its own words
        reason = f"expected {error.expected}; found {error.found}"
    return Unreadable(number, reason, _taken_back(resource, around, reading))


def _taken_back(resource: Resource, around: _Surroundings, reading: FhirReading) -> tuple[TakenBack, ...]:
    """What a report takes back that can't be read: nothing, where it isn't known that it corrects or withdraws, or what."""
    try:
        head = read_as(ReportHead, resource)
        if _STANDING.get(head.status) in {Standing.CORRECTED, Standing.WITHDRAWN}:
            return (TakenBack(_accession(head, around, reading), _sent(head)),)
    except Odd:  # of this there is a better reason already
        pass
    return ()


def _version(report: DiagnosticReport, around: _Surroundings, reading: FhirReading, number: int) -> Version:
    standing = _STANDING.get(report.status)
    if standing is None:
        raise Odd("its status is unknown, or none that FHIR has")
    accession, sent = _accession(report, around, reading), _sent(report)
    if standing is Standing.WITHDRAWN:  # whatever else is in it
        return Version(number, standing, Report(accession, sections([])), sent)
    parts = _parts(report, around.with_contained(report)) if standing in {Standing.FINAL, Standing.CORRECTED} else []
    found = Report(
        accession,
        sections(parts),
        _exam_code(report, reading),
        _day(report.effectiveDateTime or report.effectivePeriod.start),
    )
    return Version(number, standing, found, sent)


def _sent(report: ReportHead) -> Sent | None:
    for clock, time in (("issued", report.issued), ("meta.lastUpdated", report.meta.lastUpdated)):
        if time and _INSTANT.match(time):
            try:
                return Sent.by(clock, datetime.fromisoformat(time))
            except ValueError:  # the 31st of February
                continue
    return None


def _accession(report: ReportHead, around: _Surroundings, reading: FhirReading) -> str:
    around = around.with_contained(report)
    numbers: set[str] = set()
    for identifiers in (
        report.identifier,
        _identifiers(report.basedOn, around),
        _identifiers([*report.imagingStudy, *report.study], around),
    ):
        numbers = {(one.value or "").strip() for one in identifiers if _is_accession(one, reading)} - {""}
        if numbers:
            break
    if len(numbers) != 1:
        which = (
            f"of the system that was named ({reading.accession_system})" if reading.accession_system else "of type ACSN"
        )
        raise Odd(f"it has {'more than one' if numbers else 'no'} identifier {which}")
    return numbers.pop()


def _identifiers(references: Iterable[Reference], around: _Surroundings) -> Iterator[Identifier]:
    for reference in references:
        if reference.identifier:
            yield reference.identifier
        resource = around.find(reference)
        if resource is not None:
            yield from read_as(Ordered, resource).identifier


def _is_accession(identifier: Identifier, reading: FhirReading) -> bool:
    if identifier.use == _NO_LONGER:
        return False
    if reading.accession_system is not None:
        return identifier.system == reading.accession_system
    return any(coding.code == _ACCESSION for coding in identifier.type.coding)


def _exam_code(report: DiagnosticReport, reading: FhirReading) -> str | None:
    wanted = reading.exam_code_system
    codes = (one.code.strip() for one in report.code.coding if one.code and wanted in {None, one.system})
    return next((code for code in codes if code), None)


def _day(time: str | None) -> date | None:
    if not time:
        return None
    try:
        return date.fromisoformat(day[0]) if (day := _DAY.match(time)) else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> NoReturn:
    raise Odd("its time (effective) names no day")


def _parts(report: DiagnosticReport, around: _Surroundings) -> list[Part]:
    """The texts of the report; all of them, or the reason why some can't be read."""
    forms = [_presented(form) for form in report.presentedForm]
    texts = [text for text in forms if text is not None]
    if any(text.strip() for text in texts):
        return [(None, text) for text in texts]
    results = [around.find(one) for one in report.result]
    if any(one is None or not _is(one, "Observation") for one in results):
        raise Odd("its results are in resources that aren't with it")
    parts = list(_results(one for one in results if one is not None))
    if None in forms and not any(text.strip() for _, text in parts):
        raise Odd("its text is in an attachment that isn't text/plain, or elsewhere")
    if report.conclusion:
        parts.append(("impression", report.conclusion))
    return parts


def _presented(form: Attachment) -> str | None:
    """What an attachment says; None where it is no text, or elsewhere."""
    kind, *parameters = [part.strip() for part in (form.contentType or "").split(";")]
    if kind.lower() != "text/plain" or form.data is None:
        return None
    charset = next(
        (one.partition("=")[2].strip('" ') for one in parameters if one.lower().startswith("charset=")), "utf-8"
    )
    try:
        return base64.b64decode("".join(form.data.split()), validate=True).decode(charset)
    except (binascii.Error, ValueError, LookupError):  # ValueError: also what isn't ASCII, or not of the charset
        raise Odd("the text/plain of its presentedForm isn't base64, or not of its charset") from None


def _results(resources: Iterable[Resource]) -> Iterator[Part]:
    for resource in resources:
        result = read_as(Observation, resource)
        if result.valueString is None and result.hasMember:
            raise Odd("its results are in groups (hasMember), which aren't read")
        if result.valueString is None or result.status in _VOID:
            continue
        codes = result.code.coding
        names = chain(
            (name_of_loinc(one.code) for one in codes if one.code and one.system in {None, _LOINC}),
            (name_of(title) for title in (result.code.text, *(one.display for one in codes)) if title),
        )
        yield next((name for name in names if name), None), result.valueString
