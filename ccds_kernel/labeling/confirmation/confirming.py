"""Confirming, for one labeler: takes studies of a batch ahead, and keeps what is said about them.

Who takes a study holds a *lease* of it, which ends by itself, so that a page that died blocks nothing. Taking, giving
back and answering are one transaction each, which holds the store's write lock from its begin: two processes that ask at once are
given different studies, whichever engine the rows lie in. `take` says how many studies a labeler is to have, not how many more:
a page that didn't get the answer asks again, and gets the same ones.

A labeler sees neither whether a study is planted nor what others said about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from sqlalchemy import Connection

from ccds_kernel.audit.events.confirmation import StudiesAnswered, StudiesTaken
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.confirmation import answer_rows, batch_rows, lease_rows
from ccds_kernel.labeling.confirmation.answer import Answer, AnswerKind, LeaseState
from ccds_kernel.labeling.confirmation.batch import Said
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.clock import Clock, site_clock
from ccds_kernel.labeling.confirmation.keeping import Acknowledged, Keeping
from ccds_kernel.labeling.confirmation.lease_rows import HeldItem
from ccds_kernel.labeling.confirmation.permissions import CONFIRM
from ccds_kernel.labeling.confirmation.progress import LabelerProgress, labeler_progress
from ccds_kernel.labeling.confirmation.serving import next_studies
from ccds_kernel.labeling.reach import Reach
from ccds_kernel.labeling.rows import StoredReport
from ccds_kernel.labeling.tasks.reaching import reach_of

__all__ = ["Acknowledged", "Confirming", "LeasedStudy", "OwnWork"]

TERM = timedelta(minutes=10)
"""How long a lease holds; whoever is at work takes again, which renews it."""

MOST_AHEAD = 100
MOST_AT_ONCE = 500
"""How many answers one call takes."""

_CHANCE = SystemRandom().random


@dataclass(frozen=True)
class LeasedStudy:
    """A study in the labeler's hands.

    Attributes:
        lease: the number that an answer names.
        until: when the lease ends (UTC).
        report: its report.
        phrase_id: the phrase of its group; None where there is none.
        prefill: what is preselected; none where no phrase matched.
        number: the how many-th study of the batch this labeler was given. Its place in the batch would tell a planted one, which
            everybody is given, from the others.
        nth: the how many-th of its group.
    """

    lease: int
    until: datetime
    report: StoredReport
    phrase_id: int | None
    prefill: Said
    number: int
    nth: int


@dataclass(frozen=True)
class OwnWork:
    """What a labeler has done of a batch, for a page that was loaded anew.

    Attributes:
        answers: those that count, the oldest first; the last one is what an undo is of.
        progress: how many, and at which pace.
        today: how many of the studies they answered today, by the calendar of the site; skipped ones left out.
        open: how many more studies they can be given, those that they hold among them. Planted ones count as others do, so that
            an answer takes it down by one whatever the study was: a number that it left as it was would give a planted one away.
    """

    answers: tuple[Answer, ...]
    progress: LabelerProgress
    today: int
    open: int


class Confirming:
    """The studies of one batch, for the person who opened the project, on one page.

    That person may have another page open, which holds the same studies. So this one remembers which leases it took, and until
    when: one that ends at another time was renewed by somebody else, who may be at it.

    Every method raises `ProjectAccessDenied` where that person may not confirm (any more), and `CcdsError` where they aren't
    assigned to the batch (any more), or there is no such batch. What shows or counts studies also raises as
    `reaching.reach_of`; what is said of a study is kept all the same.

    Args:
        project: the project.
        batch_id: the batch.
        term: how long a lease holds.
        clock: what time it is within a transaction.
        chance: a number of [0, 1), by which planted studies come among the others.
    """

    def __init__(
        self,
        project: Project,
        batch_id: int,
        *,
        term: timedelta = TERM,
        clock: Clock = site_clock,
        chance: Callable[[], float] = _CHANCE,
    ) -> None:
        self._project = project
        self._batch_id = batch_id
        self._term = term
        self._clock = clock
        self._chance = chance
        self._taken: dict[int, datetime] = {}

    def take(self, ahead: int) -> tuple[LeasedStudy, ...]:
        """Sees to it that this person holds `ahead` studies, those that they hold already first; renews all of them.

        Returns:
            What they hold, in the order in which it is shown; fewer than `ahead` where no more are left for them.

        Raises:
            CcdsError: `ahead` is more than `MOST_AHEAD`, or less than 1.
        """
        if not 1 <= ahead <= MOST_AHEAD:
            raise CcdsError(expected=f"1 to {MOST_AHEAD} studies ahead", found=str(ahead), do="ask for fewer")
        self._project.require(CONFIRM)
        with self._project.store.writing() as connection:
            batch = self._assigned(connection)
            now = self._clock(connection)
            until = now + self._term
            lease_rows.bound(connection, self._batch_id, until)
            reach = self._reach(connection, batch)
            kept = self._still_held(connection, reach, now)
            others = {one.lease.id for one in kept if self._taken.get(one.lease.id) != one.lease.until}
            wanted = ahead - len(kept)
            new = self._next(connection, reach, now, wanted) if wanted > 0 else []
            lease_rows.add(connection, self._batch_id, self._me, new, now=now, until=until)
            lease_rows.renew(connection, (one.lease.id for one in kept), until)
            leased = self._shown(connection, reach, lease_rows.held(connection, self._batch_id, self._me))
            if new:
                self._project.audit.write(
                    StudiesTaken(person=self._me, project=self._project.id, batch_id=self._batch_id, studies=len(new))
                )
        self._taken = {study.lease: study.until for study in leased if study.lease not in others}
        return leased

    def give_back(self, leases: Iterable[int] | None = None) -> None:
        """Leaves the studies of `leases`, or all that this person holds, to others.

        Of `leases` those are left out that aren't held, and those that another page took or has renewed since.
        """
        self._project.require(CONFIRM)
        with self._project.store.writing() as connection:
            held = {one.lease.id: one.lease.until for one in lease_rows.held(connection, self._batch_id, self._me)}
            ours = {lease for lease, until in held.items() if self._taken.get(lease) == until}
            lease_rows.move(connection, held if leases is None else ours & set(leases), LeaseState.RETURNED)

    def answer(self, answers: Sequence[Answer]) -> tuple[Acknowledged, ...]:
        """Keeps `answers`, in their order; each is acknowledged when it is in the database.

        The same answer again changes nothing and is acknowledged as it was the first time. One that can't be kept at all (another
        answer has its id, the lease isn't this person's, the task has no such label) is told so, and the others are kept.

        Raises:
            CcdsError: there are more than `MOST_AT_ONCE`.
        """
        if len(answers) > MOST_AT_ONCE:
            raise CcdsError(
                expected=f"at most {MOST_AT_ONCE} answers at once", found=str(len(answers)), do="send them in parts"
            )
        self._project.require(CONFIRM)
        with self._project.store.writing() as connection:
            now = self._clock(connection)
            keeping = Keeping(connection, self._batch_id, self._me, answers, now=now)
            acknowledged = tuple(keeping.keep(one, self._term) for one in answers)
            if new := keeping.counts:
                self._project.audit.write(_event(self._project, self._batch_id, new))
        for one, became in zip(answers, acknowledged, strict=True):
            if became.counts and one.kind is AnswerKind.UNDO:
                self._taken[one.lease] = now + self._term
        return acknowledged

    def open(self) -> int:
        """How many more studies this person can be given, those that they hold among them; see `OwnWork.open`."""
        self._project.require(CONFIRM)
        with self._project.store.reading() as connection:
            batch = self._assigned(connection)
            reach = self._reach(connection, batch)
            return lease_rows.still_open(connection, reach, batch, self._me, self._clock(connection))

    def own_work(self) -> OwnWork:
        """What this person has done so far."""
        self._project.require(CONFIRM)
        with self._project.store.reading() as connection:
            batch = self._assigned(connection)
            reach = self._reach(connection, batch)
            now = self._clock(connection)
            every = answer_rows.every(connection, batch_id=self._batch_id, labeler=self._me, reach=reach)
            kept = answer_rows.counting(every)
            held = lease_rows.held(connection, self._batch_id, self._me, reach=reach)
            is_open = lease_rows.still_open(connection, reach, batch, self._me, now)
        progress = labeler_progress(kept, [self._me], {self._me: len(held)})[self._me]
        today = sum(
            stored.at.astimezone().date() == now.astimezone().date() and stored.answer.kind is not AnswerKind.SKIP
            for stored in kept
        )
        return OwnWork(tuple(stored.answer for stored in kept), progress, today, is_open)

    @property
    def _me(self) -> str:
        return self._project.person

    def _assigned(self, connection: Connection) -> StoredBatch:
        return batch_rows.assigned_batch(connection, self._batch_id, self._me)

    def _reach(self, connection: Connection, batch: StoredBatch) -> Reach:
        return reach_of(connection, self._project, batch.task_id)

    def _next(self, connection: Connection, reach: Reach, now: datetime, most: int) -> list[int]:
        return next_studies(
            lease_rows.open_ordinary(connection, reach, self._batch_id, self._me, now, most=most),
            lease_rows.open_planted(connection, reach, self._batch_id, self._me),
            lease_rows.open_groups(connection, reach, self._batch_id, self._me, now),
            most=most,
            chance=self._chance,
        )

    def _still_held(self, connection: Connection, reach: Reach, now: datetime) -> list[HeldItem]:
        """What this person holds; given back is what somebody else has taken since its time was over, and what the task doesn't
        read any more.
        """
        held = lease_rows.held(connection, self._batch_id, self._me)
        items = batch_rows.items(connection, self._batch_id, (one.item_id for one in held))
        within = rows.ids_within(connection, reach, [item.report_id for item in items.values()])
        lost = [
            one.lease.id
            for one in held
            if items[one.item_id].report_id not in within
            or (one.lease.until <= now and not lease_rows.seats(connection, items[one.item_id], self._me, now).free)
        ]
        lease_rows.move(connection, lost, LeaseState.RETURNED)
        return [one for one in held if one.lease.id not in lost]

    def _shown(self, connection: Connection, reach: Reach, held: Sequence[HeldItem]) -> tuple[LeasedStudy, ...]:
        items = batch_rows.items(connection, self._batch_id, (one.item_id for one in held))
        reports = rows.reports_by_id(connection, reach, [item.report_id for item in items.values()])
        numbers = lease_rows.numbers(connection, reach, self._batch_id, self._me)
        return tuple(
            LeasedStudy(
                one.lease.id,
                one.lease.until,
                reports[items[one.item_id].report_id],
                items[one.item_id].phrase_id,
                items[one.item_id].prefill,
                *numbers[one.lease.id],
            )
            for one in held
        )


def _event(project: Project, batch_id: int, counts: Mapping[str, int]) -> StudiesAnswered:
    return StudiesAnswered(
        person=project.person,
        project=project.id,
        batch_id=batch_id,
        confirmed=counts[AnswerKind.CONFIRM.value],
        corrected=counts[AnswerKind.CORRECT.value],
        skipped=counts[AnswerKind.SKIP.value],
        flagged=counts[AnswerKind.FLAG.value],
        undone=counts[AnswerKind.UNDO.value],
        refused=counts["refused"],
    )
