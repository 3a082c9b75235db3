"""What an archive found, held against the criteria: what meets them, counted, and what doesn't and why. Pure.

An archive that ignores a filter answers with too much; what doesn't meet the criteria is left out here, and its number told. A
study whose exam code the answer doesn't say is fetched and looked at: it counts as undecided, under the exam code `?`.

Consecutive studies are the first so many in the order in which they were acquired. None may be left out because it can't be
decided: before the last of them every study's exam code and date must be known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ccds_kernel.archive.archive import ArchiveQuery, StudyFound
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError

UNKNOWN = "?"


@dataclass(frozen=True)
class Findings:
    """The studies that an archive answered with.

    Attributes:
        query: what was asked.
        meeting: those that meet it, and those of which it isn't known, in the order in which they were acquired.
        others: how many more it answered with.
    """

    query: ArchiveQuery
    meeting: tuple[StudyFound, ...] = field(repr=False)
    others: int = 0

    @property
    def undecided(self) -> int:
        """Of how many it isn't known whether they meet the query."""
        return sum(self.query.covers(one.exam_codes, one.date) is None for one in self.meeting)

    @property
    def instances(self) -> int | None:
        """How many instances they have together; None where the archive doesn't say it of each."""
        counts = [one.instances for one in self.meeting]
        return None if None in counts else sum(count or 0 for count in counts)

    @property
    def by_month(self) -> Mapping[str, int]:
        """Month of the study date → studies."""
        return self._by(lambda one: UNKNOWN if one.date is None else f"{one.date:%Y-%m}")

    @property
    def by_modality(self) -> Mapping[str, int]:
        """Modalities of a study's series → studies."""
        return self._by(lambda one: "+".join(one.modalities) or UNKNOWN)

    @property
    def by_scanner(self) -> Mapping[str, int]:
        """Manufacturer, model and station → studies."""
        return self._by(lambda one: one.scanner or UNKNOWN)

    @property
    def by_code(self) -> Mapping[str, int]:
        """Exam code → studies."""
        return self._by(lambda one: one.exam_code(self.query.exam_codes) or UNKNOWN)

    def _by(self, value: Callable[[StudyFound], str]) -> Mapping[str, int]:
        return dict(sorted(Counter(map(value, self.meeting)).items()))

    def as_json(self) -> dict[str, object]:
        """The numbers as one JSON document."""
        return {
            "exam_codes": sorted(self.query.exam_codes),
            "study_dates": [f"{self.query.first}", f"{self.query.last}"],
            "studies": len(self.meeting),
            "undecided": self.undecided,
            "instances": self.instances,
            "months": dict(self.by_month),
            "modalities": dict(self.by_modality),
            "scanners": dict(self.by_scanner),
            "codes": dict(self.by_code),
            "left_out": self.others,
        }


def findings(query: ArchiveQuery, studies: Iterable[StudyFound], consecutive: int | None = None) -> Findings:
    """What of `studies` meets `query`; of these the first `consecutive` ones, where that is asked for.

    Raises:
        CcdsError: it isn't known which are the first.
    """
    meeting, others = [], 0
    for study in studies:
        if query.covers(study.exam_codes, study.date) is False:
            others += 1
        else:
            meeting.append(study)
    meeting.sort(key=_acquired)
    if consecutive is None:
        return Findings(query, tuple(meeting), others)
    first = meeting[:consecutive]
    unknown = sum(query.covers(one.exam_codes, one.date) is None for one in first)
    if unknown:
        raise CcdsError(
            expected="an archive that says every study's exam code and date, so that it is known which are consecutive",
            found=f"{unknown} of the first {len(first)} without them",
            do="name in archive.exam_code an attribute that it returns, or ask for all studies",
        )
    return Findings(query, tuple(first), others)


def query_of(criteria: Criteria) -> ArchiveQuery:
    """What an archive is asked for `criteria`."""
    return ArchiveQuery(criteria.exam_codes, criteria.first, criteria.last)


def _acquired(study: StudyFound) -> tuple[str, str, str]:
    """Those without a date first: what isn't known must not be overlooked."""
    return f"{study.date or ''}", study.time, study.study_uid
