"""An archive over DIMSE: C-FIND to ask; C-GET, or C-MOVE to a storage service of our own, to fetch.

Before a study is fetched its series and instances are asked for: how many there are is what the archive announces, and their SOP
classes are what the association is made for.

Instances are written as they come, without being decoded. Those of a C-MOVE arrive at one port, by associations that the archive
opens: they name the request that they belong to; from an archive that doesn't name it one study can be moved at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import build_role, evt
from pynetdicom.events import Event

from ccds_kernel.archive.archive import (
    ArchiveAway,
    ArchiveQuery,
    BrokeOff,
    Progress,
    Retrieved,
    StudyFound,
    StudyNotSent,
)
from ccds_kernel.archive.associations import Peer, QueryRefused, TooManyAnswers, ask, hang_up
from ccds_kernel.archive.described import described, scanner_of, text_of
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.filtering import Filtering
from ccds_kernel.archive.questions import FIND, GET, MOVE, PENDING, Answer, Questions
from ccds_kernel.archive.received import Inbox
from ccds_kernel.archive.storage_service import Receiving, StorageService
from ccds_kernel.archive.transfer_syntaxes import USUAL, proposals

_STUDY_KEYS = (
    "StudyInstanceUID", "AccessionNumber", "PatientID", "StudyTime", "ModalitiesInStudy", "NumberOfStudyRelatedInstances",
)  # fmt: skip
_UID = re.compile(r"[0-9.]+")
_SUCCESS, _SOME_FAILED = 0x0000, 0xB000
_UNKNOWN_DESTINATION = 0xA801


@dataclass(frozen=True)
class _Announced:
    """What a study has: instances by their UIDs, their SOP classes, transfer syntaxes where the archive says them."""

    instances: frozenset[str]
    sop_classes: frozenset[str]
    syntaxes: frozenset[str]


class DimseArchive:
    """The archive `peer`; see `Archive`.

    Args:
        peer: who it is.
        exam_code: where a study's exam code is.
        service: where it sends what it is asked to move; None: fetched by C-GET.
    """

    def __init__(self, peer: Peer, exam_code: ExamCodeAttribute, service: StorageService | None = None) -> None:
        self._peer = peer
        self._exam_code = exam_code
        self._service = service
        self._filtering = Filtering()

    def find(self, query: ArchiveQuery, *, scanners: bool = True) -> Iterator[StudyFound]:
        """See `Archive`."""
        with self._peer.associated([(FIND, None)]) as questions:

            def of(code: str, first: date, last: date) -> Iterator[StudyFound]:
                return self._described(self._studies(questions, code, first, last))

            for study in self._filtering.find(query, of):
                wanted = scanners and query.covers(study.exam_codes, study.date) is not False
                yield replace(study, scanner=self._scanner(questions, study.study_uid)) if wanted else study

    def find_study(self, accession: str) -> Iterator[StudyFound]:
        """See `Archive`."""
        found = {one.study_uid: one for one in self._matching("AccessionNumber", accession)}
        yield from (one for one in found.values() if one.accession == accession)

    def study(self, study_uid: str) -> StudyFound | None:
        """See `Archive`."""
        try:
            found = self._matching("StudyInstanceUID", study_uid)
        except QueryRefused as error:
            raise StudyNotSent(
                expected="the archive to say what it has", found=error.found, do="ask whoever runs it"
            ) from None
        return next((one for one in found if one.study_uid == study_uid), None)

    def fetching(self) -> AbstractContextManager[None]:
        """See `Archive`."""
        return nullcontext() if self._service is None else self._service.listening()

    def retrieve(self, study_uid: str, into: Path, progress: Progress) -> Retrieved:
        """See `Archive`."""
        try:
            announced = self._announced(study_uid)
        except QueryRefused as error:
            raise StudyNotSent(
                expected="the archive to say what a study has", found=error.found, do="ask whoever runs it"
            ) from None
        receiving = Receiving(Inbox(into, progress))
        try:
            if announced.instances and self._service is None:
                self._get(study_uid, announced, receiving)
            elif announced.instances and self._service is not None:
                self._move(study_uid, self._service, announced, receiving)
        except (StudyNotSent, ArchiveAway):  # which may follow from what went wrong here
            if receiving.broken is None:
                raise
        if receiving.broken is not None:
            raise receiving.broken
        return Retrieved(receiving.inbox.received, len(announced.instances))

    def _matching(self, keyword: str, value: str) -> list[StudyFound]:
        """The studies that the archive answers with where one value is to match."""
        keys = (key for key in (*_STUDY_KEYS, "StudyDate") if key != keyword)
        with self._peer.associated([(FIND, None)]) as questions:
            identifier = _identifier("STUDY", *keys, **{keyword: value})
            self._exam_code.ask(identifier)
            return list(self._described(ask(self._peer, questions, identifier)))

    def _described(self, answers: Iterable[Dataset]) -> Iterator[StudyFound]:
        return filter(None, (described(answer, self._exam_code) for answer in answers))

    def _studies(self, questions: Questions, code: str, first: date, last: date) -> list[Dataset]:
        """The answers for one exam code and some days.

        Asked again for half of the days where they are too many, and without the code where it is refused as a filter.
        """
        identifier = _identifier("STUDY", *_STUDY_KEYS, StudyDate=f"{first:%Y%m%d}-{last:%Y%m%d}")
        self._exam_code.ask(identifier, code)
        try:
            return ask(self._peer, questions, identifier)
        except TooManyAnswers as error:
            if first == last:
                raise self._peer.away(f"more studies on {first} than it answers with ({error.found})") from None
        except QueryRefused:
            if not code:
                raise
            return self._studies(questions, "", first, last)
        middle = first + (last - first) // 2
        halves = ((first, middle), (middle + timedelta(days=1), last))
        return [answer for begin, end in halves for answer in self._studies(questions, code, begin, end)]

    def _scanner(self, questions: Questions, study_uid: str) -> str | None:
        keys = ("SeriesInstanceUID", "Manufacturer", "ManufacturerModelName", "StationName")
        series = ask(self._peer, questions, _identifier("SERIES", *keys, StudyInstanceUID=study_uid))
        return next(filter(None, map(scanner_of, series)), None)

    def _announced(self, study_uid: str) -> _Announced:
        keys = ("SOPInstanceUID", "SOPClassUID", "AvailableTransferSyntaxUID")
        found: list[Dataset] = []
        with self._peer.associated([(FIND, None)]) as questions:
            of_study = _identifier("SERIES", "SeriesInstanceUID", StudyInstanceUID=study_uid)
            for series in ask(self._peer, questions, of_study):
                where = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": text_of(series, "SeriesInstanceUID")}
                found += ask(self._peer, questions, _identifier("IMAGE", *keys, **where))
            values = [{text_of(one, key) for one in found} for key in keys]
        # What is no UID isn't asked for: it would become part of a proposal.
        return _Announced(*(frozenset(filter(_UID.fullmatch, each)) for each in values))

    def _get(self, study_uid: str, announced: _Announced, receiving: Receiving) -> None:
        sop_classes = announced.sop_classes or USUAL
        storage = proposals(sop_classes, announced.syntaxes)
        roles = [build_role(UID(sop_class), scp_role=True) for sop_class in sorted(sop_classes)]

        def take(event: Event) -> int:
            status = receiving.take(event)
            if receiving.broken is not None:  # else all of the rest would be sent, and refused
                hang_up(event.assoc)
            return status

        handlers = [(evt.EVT_C_STORE, take)]
        with self._peer.associated([(GET, None), *storage], roles=roles, handlers=handlers) as questions:
            try:
                self._check(questions.get(_identifier("STUDY", StudyInstanceUID=study_uid)))
            except (ValueError, RuntimeError):
                raise self._peer.away("no C-GET service", "set archive.protocol to c-move") from None

    def _move(self, study_uid: str, service: StorageService, announced: _Announced, receiving: Receiving) -> None:
        with (
            service.receiving(receiving, announced.sop_classes, announced.syntaxes) as message_id,
            self._peer.associated([(FIND, None), (MOVE, None)]) as questions,
        ):
            try:
                identifier = _identifier("STUDY", StudyInstanceUID=study_uid)
                self._check(questions.move(identifier, self._peer.ours, message_id))
            except (ValueError, RuntimeError):
                raise self._peer.away("no C-MOVE service", "set archive.protocol to c-get") from None

    def _check(self, answers: Iterator[Answer]) -> None:
        """Waits for the end. Instances that the archive couldn't send are missing then: the numbers tell."""
        for answer in answers:
            code = answer.status
            if code is None:
                raise self._peer.away("a connection that broke off while it sent a study", kind=BrokeOff)
            if code == _UNKNOWN_DESTINATION:
                raise self._peer.away(
                    f"that it doesn't know {self._peer.ours} as a place to send to",
                    "let the archive know that AE title with this host and archive.move_port",
                )
            if code not in {*PENDING, _SUCCESS, _SOME_FAILED}:
                raise StudyNotSent(
                    expected="the archive to send the study",
                    found=f"status 0x{code:04X}" + (f", {answer.failed} instance(s) not sent" if answer.failed else ""),
                    do="ask whoever runs it",
                )


def _identifier(level: str, *returned: str, **matched: str) -> Dataset:
    """What is asked: at which level, what is to be returned, what is to match."""
    data = Dataset()
    data.QueryRetrieveLevel = level
    for keyword in returned:
        setattr(data, keyword, "")
    for keyword, value in matched.items():
        setattr(data, keyword, value)
    return data
