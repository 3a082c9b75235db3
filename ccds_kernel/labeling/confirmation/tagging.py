"""Strata tags, as a labeler gives them: to the studies that they were given, each labeler seeing their own.

A study has the tags that somebody gives it. A labeler is shown their own only: a study that comes with somebody else's tags was
looked at before, and that would tell gold studies from others. So what they choose takes the place of what they chose before, and
a tag that two people give stands until both take it back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from ccds_kernel.audit.events.confirmation import StudyCurated
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.labeling.confirmation import batch_rows, curation_rows, lease_rows
from ccds_kernel.labeling.confirmation.batch import Said
from ccds_kernel.labeling.confirmation.clock import Clock, site_clock
from ccds_kernel.labeling.confirmation.curation_rows import Curation, CurationKind
from ccds_kernel.labeling.confirmation.permissions import CONFIRM
from ccds_kernel.labeling.tasks import rows as task_rows

_NONE: Said = frozenset()


class Tagging:
    """The tags that the person who opened the project gives the studies of a batch.

    Every method raises `ProjectAccessDenied` where that person may not confirm (any more).
    """

    def __init__(self, project: Project, batch_id: int, *, clock: Clock = site_clock) -> None:
        self._project = project
        self._batch_id = batch_id
        self._clock = clock

    def own(self, study_keys: Collection[str]) -> dict[str, Said]:
        """Study key → the tags that this person gives it; studies without are left out.

        Raises:
            CcdsError: they aren't assigned to the batch (any more), or there is no such batch.
        """
        self._project.require(CONFIRM)
        with self._project.store.reading() as connection:
            batch = batch_rows.assigned_batch(connection, self._batch_id, self._project.person)
            by_study: dict[str, list[Curation]] = defaultdict(list)
            for said in curation_rows.every(connection, batch.task_id, CurationKind.STRATA, study_keys):
                by_study[said.study_key].append(said)
        own = {key: own_tags(history, self._project.person) for key, history in by_study.items()}
        return {key: tags for key, tags in own.items() if tags}

    def tag(self, lease: int, study_key: str, tags: Iterable[str]) -> CcdsError | None:
        """Gives a study these tags, in the place of those that this person gave it before.

        Returns:
            Why they never can be kept: the batch isn't this person's (any more), they were never given the study in it, or the
            task has no such tag. None where they are.

        Raises:
            CcdsError: they couldn't be kept just now; the same call may succeed later.
        """
        self._project.require(CONFIRM)
        me = self._project.person
        with self._project.store.writing() as connection:
            held = lease_rows.leases(connection, self._batch_id, me, [lease]).get(lease)
            item = batch_rows.items(connection, self._batch_id, [held.item_id])[held.item_id] if held else None
            if item is None or item.study_key != study_key:
                return _not_given()
            batch = batch_rows.batch(connection, self._batch_id)
            if me not in batch.labelers or batch.removed_by is not None:
                return _not_given()
            task = task_rows.task(connection, batch.task_id)
            try:
                chosen = task.checked_strata(tags)
            except CcdsError as refusal:
                return refusal
            history = curation_rows.every(connection, batch.task_id, CurationKind.STRATA, [study_key])
            if chosen == own_tags(history, me):
                return None
            new = Curation(study_key, CurationKind.STRATA, chosen, "", me, self._clock(connection))
            curation_rows.add(connection, batch.task_id, item.report_id, new)
            self._project.audit.write(
                StudyCurated(
                    person=me,
                    project=self._project.id,
                    task_id=batch.task_id,
                    study_key=study_key,
                    kind=CurationKind.STRATA.value,
                    change="said",
                )
            )
        return None


def own_tags(history: Iterable[Curation], person: str) -> Said:
    """Which tags `person` gives a study, by all that was said about its tags, the oldest first."""
    own = _NONE
    for one in history:
        if one.person == person:
            own = one.said or _NONE
    return own


def _not_given() -> CcdsError:
    return CcdsError(expected="a study of this batch that you were given", found="another one", do="load the page anew")
