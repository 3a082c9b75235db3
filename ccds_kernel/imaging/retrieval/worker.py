"""Emptying a project's queue: one study after the other, several at once, as the timetable and other workers allow.

The worker's own thread alone touches the database and decides; the others fetch, prove and publish one study each. So a study is
claimed and settled in transactions of its own, and whatever kills the worker leaves each study either in the project or waiting.

An archive that is away, or a disk that is full, is no study's fault: what runs is ended, and the worker stops with that error.
"""

from __future__ import annotations

import errno
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag

from sqlalchemy import Connection

from ccds_kernel.archive.archive import Archive, ArchiveAway, BrokeOff, Progress, StudyFound, StudyNotSent
from ccds_kernel.archive.claims import claim_of
from ccds_kernel.archive.exam_code import ExamCodeAttribute
from ccds_kernel.archive.proof import Doubt, completed, doubted
from ccds_kernel.audit.events.access import AccessDenied
from ccds_kernel.audit.events.imaging import StudyArrived, StudyNotArrived, StudyRefused
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.approval import against
from ccds_kernel.imaging.retrieval.pace import Throttle
from ccds_kernel.imaging.retrieval.pulse import EVERY_S, Pulse
from ccds_kernel.imaging.retrieval.request import Outcome, State, StudyRequest
from ccds_kernel.imaging.retrieval.slots import LOOK_AGAIN_S
from ccds_kernel.imaging.retrieval.staging import DiskFull, OtherCopy, Staging
from ccds_kernel.imaging.retrieval.timetable import next_change, pace_at
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.study_key import study_key, study_key_secret

MOST_THREADS = 16
_NO_HOURS_S = 30.0
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

Settled = Callable[[StudyRequest, Outcome], object]


class _AbandonedError(OSError):
    """The worker is told to end: what is being received is let go."""


class Worker:
    """The one worker of `project`'s queue.

    Args:
        project: opened by somebody who may write its images, or by the site for those who asked.
        archive: where studies are fetched from.
        staging: the project's.
        settled: told of every study when a try of it is over.
        received: told of bytes as they come, by several threads.
        now: the time by this machine's clock.
        pause: waits so many seconds, where the timetable lets nothing be fetched.
    """

    def __init__(
        self,
        project: Project,
        archive: Archive,
        staging: Staging,
        *,
        settled: Settled = lambda _request, _outcome: None,
        received: Callable[[int], object] = lambda _size: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC).astimezone(),
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._project = project
        self._archive = archive
        self._staging = staging
        self._settings = project.settings.archive
        self._settled = settled
        self._received = received
        self._now = now
        self._pause = pause
        self._secret = study_key_secret(project.store)
        self._slots = staging.slots
        self._throttle = Throttle(self._bytes_per_s)
        self._abandoned = Flag()

    def run(self) -> Counter[State]:
        """Fetches studies until none waits, or somebody asks it to end; returns what became of those that were tried.

        Raises:
            ArchiveAway: the archive is; what was fetched before is there, the rest waits.
            DiskFull: likewise.
            CcdsError: another worker is at work, or files or rows can't be written.
        """
        tally: Counter[State] = Counter()
        running: dict[Future[_Tried], StudyRequest] = {}
        with self._staging.mine():
            with self._project.store.writing() as connection:
                rows.release_running(connection, self._settings.attempts)
                rows.look_again(connection)
            pulse = Pulse(self._project.store, self._project.person)
            why: CcdsError | None = None
            with ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="retrieval") as pool:
                try:
                    with self._archive.fetching():
                        self._empty(pool, running, tally, pulse)
                except CcdsError as error:
                    why = error
                    raise
                finally:
                    self._abandoned.set()
                    wait(running)
                    self._settle(running, running, tally)
                    self._slots.wait_no_more()
                    pulse.end(why)
        return tally

    def _bytes_per_s(self) -> float | None:
        """What this worker may have of what the archive may send now: a slot's share for each that it holds."""
        pace = pace_at(self._settings, self._now())
        if pace.bytes_per_s is None:
            return None
        return pace.bytes_per_s * min(1, max(1, self._slots.held) / max(1, pace.threads))

    def _empty(
        self, pool: ThreadPoolExecutor, running: dict[Future[_Tried], StudyRequest], tally: Counter[State], pulse: Pulse
    ) -> None:
        halted: CcdsError | None = None
        while not pulse.beat():
            threads = pace_at(self._settings, self._now()).threads
            waiting = has_slot = True
            while halted is None and waiting and has_slot and len(running) < threads:
                try:
                    self._staging.check_room()
                except DiskFull as error:
                    halted = error
                else:
                    has_slot = self._slots.take(threads)
                    request = self._claim() if has_slot else None
                    if request is not None:
                        running[pool.submit(self._try, request, pulse)] = request
                    elif has_slot:
                        self._slots.give_back()
                        waiting = False
            if running:
                patience = EVERY_S if has_slot else LOOK_AGAIN_S
                done, _ = wait(running, timeout=patience, return_when=FIRST_COMPLETED)
                halted = self._settle(done, running, tally) or halted
            elif halted is not None:
                raise halted
            elif (threads and has_slot) or not self._sleep(LOOK_AGAIN_S if threads else _NO_HOURS_S):
                return

    def _sleep(self, seconds: float) -> bool:
        """Waits so long, or until the pace is another one; False where there is nothing to wait for."""
        with self._project.store.reading() as connection:
            if not rows.any_waits(connection):
                return False
        now = self._now()
        until = next_change(self._settings, now)
        self._pause(seconds if until is None else min(seconds, (until - now).total_seconds()))
        return True

    def _claim(self) -> StudyRequest | None:
        """The next study whose fetching is still approved; what isn't is held back for this run, and written down once."""
        while True:
            with self._project.store.writing() as connection:
                request = rows.claim(connection)
                if request is None:
                    return None
                found = against(self._project, request)
                if found is None:
                    return request
                rows.hold_back(connection, request, found.cause)
                self._project.audit.write(
                    AccessDenied(
                        person=self._project.person,
                        project=self._project.id,
                        action=Action.WRITE_IMAGES,
                        reason=f"asked for by {request.asked_by}: found {found.found}",
                    )
                )

    def _settle(
        self, done: Iterable[Future[_Tried]], running: dict[Future[_Tried], StudyRequest], tally: Counter[State]
    ) -> CcdsError | None:
        """Writes down what became of studies; returns why no more may be tried, where one says so."""
        halted: CcdsError | None = None
        for future in list(done):
            request, tried = running.pop(future), future.result()
            self._slots.give_back()
            with self._project.store.writing() as connection:
                self._write_down(connection, request, tried.outcome)
            self._staging.forget(_turn(request))
            tally[tried.outcome.state] += 1
            self._settled(request, tried.outcome)
            halted = halted or tried.halts
        return halted

    def _write_down(self, connection: Connection, request: StudyRequest, outcome: Outcome) -> None:
        """The row, and the event before it is committed: a worker that is killed between them loses none.

        The next worker then fetches the study again and says so again, of the same arrival: that event is `repeated`. Written
        after the commit it would be lost instead, and nobody here may read the log to see whether it is there.
        """
        rows.settle(connection, request.id, outcome)
        who = {
            "person": self._project.person,  # a session writes in its person's name only, whoever asked
            "project": self._project.id,
            "study_key": request.study_key,
            "asked_by": request.asked_by,
        }
        if outcome.state is State.ARRIVED:
            self._project.audit.write(StudyArrived(**who, instances=outcome.received, repeated=outcome.repeated))
        elif outcome.state is State.REFUSED:
            self._project.audit.write(StudyRefused(**who, reason=outcome.doubt or ""))
        elif outcome.state is State.FAILED:
            self._project.audit.write(
                StudyNotArrived(**who, received=outcome.received, announced=outcome.announced or 0)
            )

    def _try(self, request: StudyRequest, pulse: Pulse) -> _Tried:
        """Fetches, proves and publishes one study."""
        came = [0, 0]

        def progress(instances: int, size: int) -> None:
            came[0] += instances
            came[1] += size
            self._received(size)
            pulse.received(size)
            self._throttle.received(size)
            if self._abandoned.is_set():
                raise _AbandonedError

        try:
            with self._staging.study(_turn(request)) as folder:
                return self._fetched(request, folder, progress, came)
        except StudyNotSent as error:
            return _Tried(Outcome(State.FAILED, error.found, received=came[0], size=came[1]))
        except ArchiveAway as error:
            by_study = isinstance(error, BrokeOff)
            spent = by_study and request.attempts + 1 >= self._settings.attempts
            state = State.FAILED if spent else State.WAITING
            return _Tried(Outcome(state, error.found, received=came[0], size=came[1], counts=by_study), error)
        except CcdsError as error:  # something of ours, such as a port that is in use
            return _Tried(Outcome(State.WAITING, error.found, counts=False), error)
        except _AbandonedError:
            return _Tried(Outcome(State.WAITING, counts=False))
        except OSError as error:
            why = error.strerror or "an error"
            return _Tried(Outcome(State.WAITING, why, counts=False), _not_written(error))

    def _against_answer(self, request: StudyRequest, said: StudyFound | None) -> Outcome | None:
        """The refusal of a study of which the archive says now that it isn't what is asked for; None where it may be.

        The row says which study is wanted, and nothing more: everybody who may write images may have written it.
        """
        if said is None:
            return None
        if study_key(self._secret, said.accession or said.study_uid) != request.study_key:
            doubt = Doubt.OTHER_ACCESSION
        elif said.date is not None and not request.query.first <= said.date <= request.query.last:
            doubt = Doubt.OTHER_DATE
        elif request.query.covers(said.exam_codes, said.date) is False:
            doubt = Doubt.OTHER_EXAM
        else:
            return None
        study = said if doubt.is_of_study else None
        return Outcome(State.REFUSED, f"{doubt.meaning} (by the archive)", doubt=doubt.value, study=study)

    def _fetched(self, request: StudyRequest, folder: Path, progress: Progress, came: list[int]) -> _Tried:
        said = self._archive.study(request.study.study_uid)
        doubt = self._against_answer(request, said)
        if said is None or doubt is not None:
            return _Tried(doubt or Outcome(State.FAILED, "the archive has no such study any more"))
        retrieved = self._archive.retrieve(said.study_uid, folder, progress)
        self._throttle.settle(self._abandoned.is_set)
        attribute = ExamCodeAttribute.parse(self._settings.exam_code)
        claims = [claim_of(path, attribute) for path in sorted(folder.iterdir())]
        before = [claim_of(path, attribute) for path in self._staging.published(request.study_key)]
        beside = request.beside | {claim.patient for claim in before if claim is not None and claim.patient}
        found = doubted(said, request.query, claims, retrieved, beside)
        study = completed(said, claims) if found is None or found.doubt.is_of_study else None
        arrived = Outcome(State.ARRIVED, received=len(claims), announced=retrieved.announced, size=came[1], study=study)
        if found is not None:
            state = State.FAILED if found.doubt.may_pass else State.REFUSED
            return _Tried(replace(arrived, state=state, cause=str(found), doubt=found.doubt.value))
        try:
            known = [claim for claim in claims if claim is not None]
            repeated = self._staging.publish(known, request.study_key, _turn(request))
        except OtherCopy:
            cause = "the project has another copy of a series of it; move that away, then retry"
            return _Tried(replace(arrived, state=State.FAILED, cause=cause))
        return _Tried(replace(arrived, repeated=repeated))


@dataclass(frozen=True)
class _Tried:
    """What became of a try, and why no other may follow, where none may."""

    outcome: Outcome
    halts: CcdsError | None = None


def _turn(request: StudyRequest) -> str:
    """What a study's turn is called in staging, each time anew."""
    return f"{request.study_key}-{request.id}"


def _not_written(error: OSError) -> CcdsError:
    found = error.strerror or "an error"
    if error.errno in _NO_ROOM:
        return DiskFull(expected="room for a study", found=found, do="make room, then go on: what waits is kept")
    return CcdsError(
        expected="to write where studies are staged and where the project lies",
        found=found,
        do="ask who administers this site",
    )
