"""What a labeler is told after a batch: their answers about the gold studies in it, and the right ones.

Only at its end, when there is nothing left for them: before, they would know which studies are planted. From then on what they
said stands, and nothing of it can be undone: an answer changed after one has seen the right one measures nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from ccds_kernel.audit.events.confirmation import FeedbackGiven
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.confirmation import answer_rows, batch_rows, curation_rows, lease_rows
from ccds_kernel.labeling.confirmation.batch import Planted, Said
from ccds_kernel.labeling.confirmation.clock import Clock, site_clock
from ccds_kernel.labeling.confirmation.curation_rows import CurationKind
from ccds_kernel.labeling.confirmation.permissions import CONFIRM
from ccds_kernel.labeling.rows import StoredReport
from ccds_kernel.labeling.tasks.reaching import reach_of
from ccds_kernel.labeling.wording import studies


@dataclass(frozen=True)
class GoldFeedback:
    """What somebody said about a gold study.

    Attributes:
        report: the study's.
        phrase_id: the phrase of the group in which it stood.
        shown: what was preselected.
        said: what they said.
        gold: what is right.
        note: the fellow's, with the gold label; may be empty.
    """

    report: StoredReport
    phrase_id: int | None
    shown: Said
    said: Said
    gold: Said
    note: str

    @property
    def is_right(self) -> bool:
        """Whether they said what is right."""
        return self.said == self.gold


class Feedback:
    """The feedback on one batch for the person who opened the project."""

    def __init__(self, project: Project, batch_id: int, *, clock: Clock = site_clock) -> None:
        self._project = project
        self._batch_id = batch_id
        self._clock = clock

    def give(self) -> tuple[GoldFeedback, ...]:
        """Closes the batch for this person, and says how they did; studies that they skipped or flagged are left out.

        Raises:
            ProjectAccessDenied: they may not confirm (any more).
            CcdsError: they aren't assigned to the batch, or there are studies left for them; or as `reaching.reach_of`.
        """
        self._project.require(CONFIRM)
        me = self._project.person
        with self._project.store.writing() as connection:
            batch = batch_rows.assigned_batch(connection, self._batch_id, me)
            reach = reach_of(connection, self._project, batch.task_id)
            if left := lease_rows.still_open(connection, reach, batch, me, self._clock(connection)):
                raise CcdsError(
                    expected="a batch with nothing left for you", found=studies(left), do="answer them first"
                )
            gold = curation_rows.standing(connection, batch.task_id, CurationKind.GOLD)
            every = answer_rows.every(connection, batch_id=self._batch_id, labeler=me)
            planted = [
                stored
                for stored in answer_rows.counting(every)
                if stored.planted is not Planted.NO and stored.answer.study_key in gold
            ]
            ids = batch_rows.report_ids(connection, [stored.answer.study_key for stored in planted])
            reports = rows.reports_by_id(connection, reach, list(ids.values()))
            lease_rows.close(connection, self._batch_id, me)
            given = tuple(
                GoldFeedback(
                    reports[ids[stored.answer.study_key]],
                    stored.phrase_id,
                    stored.shown,
                    stored.said,
                    gold[stored.answer.study_key].said or frozenset(),
                    gold[stored.answer.study_key].note,
                )
                for stored in planted
                if stored.said is not None and ids[stored.answer.study_key] in reports
            )
            self._project.audit.write(
                FeedbackGiven(person=me, project=self._project.id, batch_id=self._batch_id, studies=len(given))
            )
        return given
