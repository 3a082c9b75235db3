"""The rows of the queue: statements on a connection whose transaction the caller holds."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, delete, func, insert, select, update

from ccds_kernel.archive.archive import ArchiveQuery, StudyFound
from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.imaging.retrieval.request import LONGEST_CAUSE, NOT_APPROVED, Outcome, State, StudyRequest
from ccds_kernel.imaging.retrieval.run import LONGEST_LINE, Run
from ccds_kernel.imaging.retrieval.tables import image_criteria, retrieval, retrieval_run
from ccds_kernel.irb.study_key import study_key

_ALL = select(
    retrieval,
    image_criteria.c.digest,
    image_criteria.c.exam_codes.label("wanted"),
    image_criteria.c.first_date,
    image_criteria.c.last_date,
).join(image_criteria)

_HELD_BACK = retrieval.c.cause.startswith(NOT_APPROVED)
_WAITS = (retrieval.c.state == State.WAITING) & (retrieval.c.cause.is_(None) | ~_HELD_BACK)
_HOW_MANY = re.compile(r" \(\d+ of \d+\)$")
"""How a cause ends that tells of how many files it is true."""


@dataclass(frozen=True)
class Unanswered:
    """Criteria that somebody asked for and the archive wasn't asked about yet; they lie in a file of that name and version."""

    name: str
    version: int
    digest: str
    asked_by: str


def ask(connection: Connection, versioned: VersionedCriteria, person: str) -> bool:
    """Keeps criteria about which the archive is to be asked; whether they are new, or were answered before."""
    known = connection.execute(
        select(image_criteria.c.id, image_criteria.c.answered_at).where(image_criteria.c.digest == versioned.digest)
    ).one_or_none()
    now = datetime.now(UTC)
    if known is not None:
        again = {"asked_by": person, "asked_at": now, "answered_at": None, "why": None}
        connection.execute(update(image_criteria).where(image_criteria.c.id == known.id).values(again))
        return known.answered_at is not None
    criteria = versioned.criteria
    connection.execute(
        insert(image_criteria).values(
            digest=versioned.digest,
            name=versioned.name,
            version=versioned.version,
            exam_codes=json.dumps(criteria.codes),
            first_date=criteria.first,
            last_date=criteria.last,
            asked_by=person,
            asked_at=now,
        )
    )
    return True


@dataclass(frozen=True)
class Requested:
    """Criteria by which studies were asked for, and how far their studies are: those that they brought into the queue first.

    Attributes:
        name: theirs.
        version: likewise.
        digest: likewise.
        asked_by: who asked by them last.
        asked_at: when, in UTC.
        answered_at: when the archive was asked, in UTC; None where that is still to be done.
        counts: how many studies are in which state.
        why: why the archive couldn't be asked by them, one line; None where it could.
    """

    name: str
    version: int
    digest: str
    asked_by: str
    asked_at: datetime
    answered_at: datetime | None
    counts: Counter[State]
    why: str | None = None


def requested(connection: Connection) -> tuple[Requested, ...]:
    """All criteria by which studies were asked for, those that were asked for last first."""
    number = func.count().label("studies")
    of = select(retrieval.c.criteria_id, retrieval.c.state, number).group_by(retrieval.c.criteria_id, retrieval.c.state)
    counted: dict[int, Counter[State]] = {}
    for row in connection.execute(of):
        counted.setdefault(row.criteria_id, Counter())[State(row.state)] = int(row.studies)
    order = (image_criteria.c.asked_at.desc(), image_criteria.c.id.desc())
    return tuple(
        Requested(
            row.name,
            row.version,
            row.digest,
            row.asked_by,
            row.asked_at.replace(tzinfo=UTC),
            row.answered_at and row.answered_at.replace(tzinfo=UTC),
            counted.get(row.id, Counter()),
            row.why,
        )
        for row in connection.execute(select(image_criteria).order_by(*order))
    )


def unanswered(connection: Connection) -> tuple[Unanswered, ...]:
    """The criteria about which the archive wasn't asked yet, in the order in which they were kept."""
    query = select(image_criteria).where(image_criteria.c.answered_at.is_(None)).order_by(image_criteria.c.id)
    return tuple(Unanswered(row.name, row.version, row.digest, row.asked_by) for row in connection.execute(query))


def give_up(connection: Connection, digest: str, why: str) -> None:
    """Writes down that the archive can't be asked by these criteria: it isn't, until somebody asks by them again."""
    values = {"answered_at": datetime.now(UTC), "why": why[:LONGEST_LINE]}
    connection.execute(update(image_criteria).where(image_criteria.c.digest == digest).values(values))


def answer(
    connection: Connection,
    digest: str,
    studies: Collection[StudyFound],
    secret: bytes,
    may_fetch: Callable[[StudyRequest], bool],
) -> int:
    """Puts those studies into the queue, by criteria that were kept, that nothing more would be done for without it.

    These are the new ones, and what is `taken_over`.

    Args:
        connection: writes.
        digest: of the criteria.
        studies: what the archive answered with.
        secret: of the project's study keys.
        may_fetch: whether a study may be fetched as it was asked for before.

    Returns:
        How many they are.
    """
    now = datetime.now(UTC)
    which = image_criteria.c.digest == digest
    asked = connection.execute(select(image_criteria).where(which)).one()
    query = ArchiveQuery(frozenset(json.loads(asked.exam_codes)), asked.first_date, asked.last_date)
    connection.execute(update(image_criteria).where(which).values(answered_at=now))
    known = set(connection.scalars(select(retrieval.c.study_uid)))
    new = [
        {
            "study_uid": study.study_uid,
            "study_key": study_key(secret, study.accession or study.study_uid),
            "accession": study.accession,
            **_told(study),
            "instances": study.instances,
            "criteria_id": asked.id,
            "state": State.WAITING.value,
            "urgent": False,
            "attempts": 0,
            "received": 0,
            "asked_by": asked.asked_by,
            "asked_at": now,
        }
        for study in studies
        if study.study_uid not in known
    ]
    if new:
        connection.execute(insert(retrieval), new)
    taken = taken_over(connection, digest, query, {one.study_uid for one in studies}, may_fetch)
    anew = {"state": State.WAITING, "cause": None, "criteria_id": asked.id, "asked_by": asked.asked_by, "asked_at": now}
    for one in taken:
        attempts = 0 if one.state is State.REFUSED else one.attempts
        _set(connection, retrieval.c.id == one.id, attempts=attempts, **anew)
    return len(new) + len(taken)


def taken_over(
    connection: Connection,
    digest: str,
    query: ArchiveQuery,
    study_uids: Collection[str],
    may_fetch: Callable[[StudyRequest], bool],
) -> tuple[StudyRequest, ...]:
    """Those of these studies that are in the queue and would not come without other criteria, or somebody else who asks."""
    taken = []
    for row in connection.execute(_ALL.where(retrieval.c.state.not_in((State.ARRIVED, State.RUNNING)))).all():
        if row.study_uid not in study_uids:
            continue
        request = _request(row)
        if request.state is State.REFUSED:
            study = request.study
            over = row.digest != digest and query.covers(study.exam_codes, study.date) is not False
        else:
            over = (request.cause or "").startswith(NOT_APPROVED) or not may_fetch(request)
        if over:
            taken.append(request)
    return tuple(taken)


def claim(connection: Connection) -> StudyRequest | None:
    """The next study that waits and isn't held back, which is running from now on; None where none may run now.

    Studies of one key, which share a folder, are fetched one after the other, each held against those before it.
    """
    order = (retrieval.c.urgent.desc(), retrieval.c.id)
    busy = select(retrieval.c.study_key).where(retrieval.c.state == State.RUNNING)
    free = _WAITS & retrieval.c.study_key.not_in(busy)
    row = connection.execute(_ALL.where(free).order_by(*order).limit(1)).one_or_none()
    if row is None:
        return None
    now = datetime.now(UTC)
    _set(connection, retrieval.c.id == row.id, state=State.RUNNING, attempts=row.attempts + 1, tried_at=now)
    others = (retrieval.c.study_key == row.study_key) & (retrieval.c.id != row.id) & retrieval.c.patient.is_not(None)
    beside = frozenset(map(str, connection.scalars(select(retrieval.c.patient).where(others))))
    return replace(_request(row), beside=beside)


def hold_back(connection: Connection, request: StudyRequest, cause: str) -> None:
    """Lets a study that was just claimed wait, and all that wait by the same criteria for the same person, until `look_again`.

    Args:
        connection: writes.
        request: the study.
        cause: why, beginning with `NOT_APPROVED`.
    """
    settle(connection, request.id, Outcome(State.WAITING, cause, counts=False))
    criteria = select(retrieval.c.criteria_id).where(retrieval.c.id == request.id).scalar_subquery()
    like_it = (retrieval.c.asked_by == request.asked_by) & (retrieval.c.criteria_id == criteria)
    _set(connection, _WAITS & like_it, cause=cause[:LONGEST_CAUSE])


def look_again(connection: Connection) -> None:
    """Holds no study back any more."""
    _set(connection, (retrieval.c.state == State.WAITING) & _HELD_BACK, cause=None)


def held_back(connection: Connection) -> Counter[str]:
    """Why studies that wait are passed over, and how many."""
    waiting = (retrieval.c.state == State.WAITING) & _HELD_BACK
    query = select(retrieval.c.cause, func.count().label("studies")).where(waiting).group_by(retrieval.c.cause)
    return Counter({str(row.cause): int(row.studies) for row in connection.execute(query)})


def any_waits(connection: Connection) -> bool:
    """Whether a study waits that isn't held back."""
    return connection.scalar(select(retrieval.c.id).where(_WAITS).limit(1)) is not None


def settle(connection: Connection, request_id: int, outcome: Outcome) -> None:
    """Writes down what became of a study that was running."""
    cause = None if outcome.cause is None else outcome.cause[:LONGEST_CAUSE]
    study = outcome.study
    said = {} if study is None else _told(study)
    _set(
        connection,
        retrieval.c.id == request_id,
        state=outcome.state,
        cause=cause,
        received=outcome.received,
        instances=func.coalesce(outcome.announced, retrieval.c.instances),
        attempts=retrieval.c.attempts - (0 if outcome.counts else 1),
        tried_at=datetime.now(UTC),
        **said,
    )


def release_running(connection: Connection, most_attempts: int) -> int:
    """Lets studies wait again whose worker is gone, which the caller knows; returns how many.

    One that was tried as often as is allowed has failed: it may be what ends workers.
    """
    running = retrieval.c.state == State.RUNNING
    cause = "its worker ended while it was fetched"
    _set(connection, running & (retrieval.c.attempts >= most_attempts), state=State.FAILED, cause=cause)
    return _set(connection, running, state=State.WAITING, cause=cause)


def retry(connection: Connection, most_attempts: int, keys: Collection[str] | None) -> tuple[int, int]:
    """Lets studies wait again that failed: those with these keys, or all.

    Returns:
        How many do, and how many had all their tries.
    """
    failed = (retrieval.c.state == State.FAILED) & _named(keys)
    spent = failed & (retrieval.c.attempts >= most_attempts)
    left = int(connection.scalar(select(func.count()).select_from(retrieval).where(spent)) or 0)
    return _set(connection, failed & (retrieval.c.attempts < most_attempts), state=State.WAITING), left


def fetch_again(connection: Connection, keys: Collection[str]) -> int:
    """Lets studies wait again that arrived, as if nobody had tried them; returns how many."""
    anew = {"state": State.WAITING, "attempts": 0, "received": 0}
    return _set(connection, (retrieval.c.state == State.ARRIVED) & _named(keys), **anew)


def hurry(connection: Connection, keys: Collection[str]) -> int:
    """Puts studies that wait ahead of the others; returns how many."""
    return _set(connection, (retrieval.c.state == State.WAITING) & _named(keys), urgent=True)


def requests(
    connection: Connection, state: State | None = None, keys: Collection[str] | None = None
) -> Iterator[StudyRequest]:
    """The studies of the queue, in the order in which they were asked for."""
    query = _ALL.where(_named(keys)).order_by(retrieval.c.id)
    if state is not None:
        query = query.where(retrieval.c.state == state)
    return map(_request, connection.execute(query))


def page(
    connection: Connection, states: Collection[State], begin: int, most: int, cause: str | None = None
) -> tuple[int, tuple[StudyRequest, ...]]:
    """How many studies are in one of `states`, and `most` of them from place `begin` on; for one of `causes`, where it is named.

    What is fetched next comes first; of what was tried what was tried last.
    """
    which: ColumnElement[bool] = retrieval.c.state.in_(states)
    if cause is not None:
        counted = retrieval.c.cause.startswith(f"{cause} (", autoescape=True) & retrieval.c.cause.like("% of %)")
        which &= (retrieval.c.cause == cause) | counted
    total = int(connection.scalar(select(func.count()).select_from(retrieval).where(which)) or 0)
    waits = retrieval.c.state == State.WAITING
    tried = case((waits, None), else_=retrieval.c.tried_at)
    order = (retrieval.c.urgent.desc(), tried.desc().nulls_last(), retrieval.c.id)
    return total, tuple(map(_request, connection.execute(_ALL.where(which).order_by(*order).offset(begin).limit(most))))


def known_uids(connection: Connection, study_uids: Collection[str]) -> frozenset[str]:
    """Those of these studies that are in the queue."""
    return frozenset(connection.scalars(select(retrieval.c.study_uid))) & frozenset(study_uids)


def counts(connection: Connection) -> Counter[State]:
    """How many studies are in which state."""
    rows = connection.execute(select(retrieval.c.state, func.count().label("studies")).group_by(retrieval.c.state))
    return Counter({State(row.state): int(row.studies) for row in rows})


@dataclass(frozen=True)
class Missing:
    """Studies that failed or were refused for one cause.

    Attributes:
        cause: one line; of how many of a study's files it is true doesn't make it another.
        studies: how many.
        tried_at: when one of them was tried last, in UTC.
    """

    cause: str
    studies: int
    tried_at: datetime


def missing(connection: Connection) -> tuple[Missing, ...]:
    """What isn't there by its causes, that of most studies first."""
    gone = retrieval.c.state.in_((State.FAILED, State.REFUSED))
    last = func.max(retrieval.c.tried_at).label("tried_at")
    query = select(retrieval.c.cause, func.count().label("studies"), last).where(gone).group_by(retrieval.c.cause)
    studies: Counter[str] = Counter()
    tried: dict[str, datetime] = {}
    for row in connection.execute(query):
        cause, at = _HOW_MANY.sub("", str(row.cause)), row.tried_at.replace(tzinfo=UTC)
        studies[cause] += int(row.studies)
        tried[cause] = max(at, tried.get(cause, at))
    return tuple(Missing(cause, number, tried[cause]) for cause, number in studies.most_common())


def begin_run(connection: Connection, person: str) -> int:
    """Writes down that a worker begins, in place of the run before; the run's number."""
    now = datetime.now(UTC)
    connection.execute(delete(retrieval_run))
    values = {"person": person, "begun_at": now, "seen_at": now, "received": 0, "stops": False}
    return int(connection.execute(insert(retrieval_run).values(values).returning(retrieval_run.c.id)).scalar_one())


def beat(connection: Connection, run: int, received: int, bytes_per_s: float) -> None:
    """Writes down a worker's sign of life."""
    now = {"seen_at": datetime.now(UTC), "received": received, "bytes_per_s": bytes_per_s}
    connection.execute(update(retrieval_run).where(retrieval_run.c.id == run).values(now))


def run_stops(connection: Connection, run: int) -> bool:
    """Whether a worker is asked to end, or another one has begun."""
    return connection.scalar(select(retrieval_run.c.stops).where(retrieval_run.c.id == run)) is not False


def end_run(connection: Connection, run: int, received: int, why: str | None) -> None:
    """Writes down that a worker ended."""
    now = datetime.now(UTC)
    line = None if why is None else why[:LONGEST_LINE]
    values = {"seen_at": now, "ended_at": now, "received": received, "why": line}
    connection.execute(update(retrieval_run).where(retrieval_run.c.id == run).values(values))


def latest_run(connection: Connection) -> Run | None:
    """The latest run; None before the first."""
    row = connection.execute(select(retrieval_run).order_by(retrieval_run.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return Run(
        person=row.person,
        begun_at=row.begun_at.replace(tzinfo=UTC),
        seen_at=row.seen_at.replace(tzinfo=UTC),
        received=row.received,
        bytes_per_s=row.bytes_per_s,
        ended_at=row.ended_at and row.ended_at.replace(tzinfo=UTC),
        why=row.why,
        stops=row.stops,
    )


def stop_run(connection: Connection) -> None:
    """Asks the worker to end."""
    connection.execute(update(retrieval_run).values(stops=True))


def _told(study: StudyFound) -> dict[str, object]:
    return {"patient": study.patient, "exam_codes": json.dumps(study.exam_codes), "study_date": study.date}


def _named(keys: Collection[str] | None) -> ColumnElement[bool]:
    return retrieval.c.id > 0 if keys is None else retrieval.c.study_key.in_(keys)


def _set(connection: Connection, which: ColumnElement[bool], **values: object) -> int:
    return connection.execute(update(retrieval).where(which).values(**values)).rowcount


def _request(row: Row[Any]) -> StudyRequest:
    study = StudyFound(
        study_uid=row.study_uid,
        accession=row.accession,
        patient=row.patient,
        exam_codes=tuple(json.loads(row.exam_codes)),
        date=row.study_date,
        instances=row.instances,
    )
    return StudyRequest(
        id=row.id,
        study=study,
        query=ArchiveQuery(frozenset(json.loads(row.wanted)), row.first_date, row.last_date),
        study_key=row.study_key,
        state=State(row.state),
        urgent=row.urgent,
        attempts=row.attempts,
        cause=row.cause,
        tried_at=row.tried_at and row.tried_at.replace(tzinfo=UTC),  # SQLite keeps no time zone; what is written is UTC
        received=row.received,
        asked_by=row.asked_by,
        asked_at=row.asked_at.replace(tzinfo=UTC),
    )
