"""An archive over DICOMweb: QIDO-RS to find, WADO-RS to fetch.

Instances are asked for in whatever transfer syntax the archive has them (`transfer-syntax=*`): without that some archives answer
nothing for compressed ones. The parts of the answer go to disk as they come; one instance is in memory, never a study.

What the archive leaves out of its answer about a study (sequences, mostly, and what belongs to series) is read from the metadata
of one of its instances. An archive that refuses to filter by exam code is asked without it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any
from weakref import WeakSet

import requests
from dicomweb_client import DICOMwebClient
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from ccds_kernel.archive.archive import (
    ArchiveAway,
    ArchiveQuery,
    BrokeOff,
    Progress,
    Retrieved,
    StudyFound,
    StudyNotSent,
)
from ccds_kernel.archive.described import SCANNER, described, scanner_of
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.filtering import Filtering
from ccds_kernel.archive.multipart import BrokenMessage, parts
from ccds_kernel.archive.received import Inbox
from ccds_kernel.archive.steady import SteadyAnswer
from ccds_kernel.quiet_pydicom import quiet_pydicom

_AT_ONCE = 500
_CHUNK = 2**16
_FIELDS = (
    "AccessionNumber",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedInstances",
    "PatientID",
    "StudyDate",
    "StudyTime",
)
_SERVER_ERROR = 500
_NO_STUDY_S_FAULT = {401, 403, 407, 429, 502, 503, 504}
"""Statuses for somebody who isn't let in, or comes too often or at the wrong time, and of a proxy whose archive is away."""

_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"
"""The tags of their UIDs."""

logging.getLogger("dicomweb_client").setLevel(logging.ERROR)  # it logs an archive's warnings, which may quote the query


class DicomwebArchive:
    """The archive at `url`; see `Archive`.

    Args:
        url: of the DICOMweb service.
        exam_code: where a study's exam code is.
        login: user and password, where it asks for them.
        certificate: who vouches for it (PEM); None: whom this machine trusts.
        timeout_s: seconds without a byte, or nearly without, after which it counts as away.
    """

    def __init__(
        self,
        url: str,
        exam_code: ExamCodeAttribute,
        *,
        login: tuple[str, str] | None = None,
        certificate: Path | None = None,
        timeout_s: float = 60,
    ) -> None:
        self._url = url
        self._exam_code = exam_code
        self._login = login
        self._certificate = certificate
        self._timeout_s = timeout_s
        self._filtering = Filtering()

    def find(self, query: ArchiveQuery, *, scanners: bool = True) -> Iterator[StudyFound]:
        """See `Archive`."""
        with self._client() as client:

            def of(code: str, first: date, last: date) -> Iterator[StudyFound]:
                filters = {"StudyDate": f"{first:%Y%m%d}-{last:%Y%m%d}"} | (
                    {self._exam_code.path: code} if code else {}
                )
                answers = (described(self._data(answer), self._exam_code) for answer in self._pages(client, filters))
                return filter(None, answers)

            for study in self._filtering.find(query, of):
                is_whole = bool(study.exam_codes) and not scanners
                is_other = query.covers(study.exam_codes, study.date) is False
                yield study if is_whole or is_other else self._completed(client, study)

    def find_study(self, accession: str) -> Iterator[StudyFound]:
        """See `Archive`."""
        with self._client() as client:
            for answer in self._pages(client, {"AccessionNumber": accession}):
                study = described(self._data(answer), self._exam_code)
                if study is not None and study.accession == accession:
                    yield self._completed(client, study)

    def study(self, study_uid: str) -> StudyFound | None:
        """See `Archive`."""
        with self._client() as client:
            for answer in self._pages(client, {"StudyInstanceUID": study_uid}):
                study = described(self._data(answer), self._exam_code)
                if study is not None and study.study_uid == study_uid:
                    return study if study.exam_codes else self._completed(client, study)
        return None

    def fetching(self) -> AbstractContextManager[None]:
        """See `Archive`."""
        return nullcontext()

    def retrieve(self, study_uid: str, into: Path, progress: Progress) -> Retrieved:
        """See `Archive`."""
        inbox = Inbox(into, progress)
        with self._client(lambda: progress(0, 0)) as client, self._unless_away(client):
            with self._plainly(of_study=True):
                announced = {_uid(one, _INSTANCE) for one in _instances(client, study_uid)}
            with self._plainly(of_study=True, sending=True):
                for part in client.instances(study_uid):
                    inbox.put(part)
        return Retrieved(inbox.received, len(announced))

    def _pages(self, client: _Client, filters: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Every answer to a query, whether the archive hands out pages or everything at once."""
        known: set[str] = set()
        while True:
            with self._plainly():
                try:
                    page = client.search_for_studies(
                        search_filters=filters,
                        fields=[*_FIELDS, self._exam_code.path],
                        limit=_AT_ONCE,
                        offset=len(known),
                    )
                except requests.HTTPError as error:
                    if _status(error) != requests.codes.bad_request or self._exam_code.path not in filters:
                        raise
                    filters = {name: value for name, value in filters.items() if name != self._exam_code.path}
                    continue
            new = {uid: answer for answer in page if (uid := _uid(answer)) not in known}
            yield from new.values()
            known |= new.keys()
            if not new:  # a short page ends nothing: archives have limits of their own
                return

    def _completed(self, client: _Client, study: StudyFound) -> StudyFound:
        """`study` with the exam codes and the scanner of one of its instances."""
        with self._plainly():
            first = client.search_for_instances(study_instance_uid=study.study_uid, limit=1)
            if not first:
                return study
            series, instance = (_uid(first[0], tag) for tag in (_SERIES, _INSTANCE))
            answer = client.retrieve_instance_metadata(study.study_uid, series, instance)
        data = self._data(answer)
        return described(data, self._exam_code, before=study, scanner=scanner_of(data)) or study

    def _data(self, answer: dict[str, Any]) -> Dataset:
        """What of an answer is asked for, pixels and private elements never."""
        keywords = ("StudyInstanceUID", *_FIELDS, *SCANNER, self._exam_code.keywords[0])
        tags = {f"{tag_for_keyword(keyword):08X}" for keyword in keywords}
        with self._plainly():
            try:
                return Dataset.from_json({tag: element for tag, element in answer.items() if tag in tags})
            except (AttributeError, KeyError, TypeError) as error:
                raise ValueError from error

    @contextmanager
    def _client(self, going_on: Callable[[], object] = lambda: None) -> Iterator[_Client]:
        """A client of its own for each call: `requests` promises nothing about threads that share a session."""
        with quiet_pydicom(), requests.Session() as session:
            session.trust_env = False  # the archive is inside the hospital: no proxy, no password of the environment
            session.auth = self._login
            session.max_redirects = 0  # to wherever it leads: accession numbers and UIDs are in the address
            session.verify = str(self._certificate) if self._certificate else True
            answers: WeakSet[requests.Response] = WeakSet()
            session.hooks["response"].append(lambda answer, **_: answers.add(answer))
            try:
                yield _Client(self._url, session, self._timeout_s, going_on)
            finally:
                for answer in list(answers):  # one that nobody read to its end keeps its connection, session or not
                    answer.close()

    @contextmanager
    def _unless_away(self, client: _Client) -> Iterator[None]:
        """Where the server failed with a study, asks it for anything at all: an archive that fails with that, too, is away."""
        try:
            yield
        except _ServerFailed:
            with self._plainly():
                try:
                    client.search_for_studies(limit=1)
                except requests.HTTPError as error:
                    if _status(error) >= _SERVER_ERROR or _status(error) in _NO_STUDY_S_FAULT:
                        raise
            raise

    @contextmanager
    def _plainly(self, *, of_study: bool = False, sending: bool = False) -> Iterator[None]:
        """Says what went wrong without the library's words: they quote addresses with UIDs in them.

        Args:
            of_study: whether one study is asked for, whose fault a status may be.
            sending: whether the archive has taken the request, so that what breaks may be the study's fault, too.
        """
        try:
            yield
        except requests.HTTPError as error:
            status = _status(error)
            if of_study and status not in _NO_STUDY_S_FAULT:
                failure = _ServerFailed if status >= _SERVER_ERROR else StudyNotSent
                raise failure(
                    expected="the archive to send the study", found=f"HTTP status {status}", do="ask whoever runs it"
                ) from None
            raise self._away(f"HTTP status {status}", _TO_DO.get(status, "ask whoever runs the archive")) from None
        except requests.RequestException as error:
            if sending:
                raise self._away(_cause(error), "see whether the archive is well, then go on", BrokeOff) from None
            raise self._why(error) from None
        except BrokenMessage:
            do = "see whether the archive is well, then go on"
            raise self._away("an answer that broke off, or is none", do, BrokeOff) from None
        except ValueError:
            kind = BrokeOff if sending else ArchiveAway
            raise self._away("an answer that is none", "see that archive.url is its address", kind) from None

    def _why(self, error: requests.RequestException) -> ArchiveAway:
        if isinstance(error, requests.exceptions.SSLError):
            do = "name who vouches for it in archive.certificate"
            return self._away("a certificate that nobody vouches for, or not for that host", do)
        if isinstance(error, requests.TooManyRedirects):
            return self._away(
                "that it refers us to another address", "name that one in archive.url, if it is the archive's"
            )
        if isinstance(error, requests.Timeout):
            return self._away(f"no answer in {self._timeout_s:g} s", "see whether the archive is well, then go on")
        if isinstance(error, ValueError):
            return self._away("an answer that is none", "see that archive.url is its address")
        do = "see whether the archive runs, and that archive.url is its address; then go on"
        return self._away(_cause(error), do)

    def _away(self, found: str, do: str, kind: type[ArchiveAway] = ArchiveAway) -> ArchiveAway:
        return kind(expected=f"the archive at {self._url} to answer by DICOMweb", found=found, do=do)


_TO_DO: Mapping[int, str] = {
    401: "name a user that it knows in archive.user, and the password in archive.password_file",
    403: "ask whoever runs the archive to let that user read it",
    404: "name the address of its DICOMweb service in archive.url",
}


class _ServerFailed(StudyNotSent):
    """The archive failed with a study, or with everything."""


class _Client(DICOMwebClient):
    """The library's client, which reads answers as they come, and gives a study's instances as bytes.

    Args:
        url: of the service.
        session: by which it is asked.
        timeout_s: seconds without a byte after which it counts as away.
        going_on: called while an answer is read; see `SteadyAnswer`.
    """

    def __init__(self, url: str, session: requests.Session, timeout_s: float, going_on: Callable[[], object]) -> None:
        super().__init__(url, session=session, permissive_uid=True, timeout=timeout_s)
        self.set_http_retry_params(retry=False)
        self._patience_s = timeout_s
        self._going_on = going_on

    def instances(self, study_uid: str) -> Iterator[bytearray]:
        """The instances of a study as the archive has them, one after the other: the library reads each into a data set."""
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        with self._http_get(f"{self.base_url}/studies/{study_uid}", headers={"Accept": accept}) as response:
            if response.status_code != requests.codes.no_content:
                yield from parts(response.iter_content(_CHUNK), response.headers.get("Content-Type", ""))

    def _http_get(
        self,
        url: str,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        stream: bool = True,  # noqa: ARG002 - as the library has it
    ) -> requests.Response:
        """What the library asks everything by; whoever wants the answer's content reads it."""
        response = super()._http_get(url, params, headers, stream=True)
        response.raw = SteadyAnswer(response.raw, self._patience_s, self._going_on)
        return response


def _instances(client: _Client, study_uid: str) -> Iterator[dict[str, Any]]:
    """The instances that a study has."""
    known: set[str] = set()
    while True:
        page = client.search_for_instances(study_instance_uid=study_uid, limit=_AT_ONCE, offset=len(known))
        new = [one for one in page if _uid(one, _INSTANCE) not in known]
        yield from new
        known |= {_uid(one, _INSTANCE) for one in new}
        if not new:
            return


def _status(error: requests.HTTPError) -> int:
    return 0 if error.response is None else error.response.status_code


def _uid(answer: dict[str, Any], tag: str = _STUDY) -> str:
    return str((answer.get(tag, {}).get("Value") or [""])[0])


def _cause(error: BaseException) -> str:
    """The operating system's word for what is behind `error`, which may be wrapped several times."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        reason = getattr(seen, "reason", None)
        inner = next((one for one in seen.args if isinstance(one, BaseException)), None)
        seen = reason if isinstance(reason, BaseException) else inner or seen.__cause__ or seen.__context__
    return "a connection that broke off"
