"""The confirming screen on a project: what its model asks for, from where it is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.answer import Answer
from ccds_kernel.labeling.confirmation.assigned import Assigned, AssignedBatch, Outline
from ccds_kernel.labeling.confirmation.batch import BatchItem, Said
from ccds_kernel.labeling.confirmation.batch_counts import BatchCounts
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.confirming import Acknowledged, Confirming, LeasedStudy, OwnWork
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.confirmation.curation_rows import Word
from ccds_kernel.labeling.confirmation.feedback import Feedback, GoldFeedback
from ccds_kernel.labeling.confirmation.permissions import CURATE
from ccds_kernel.labeling.confirmation.soft import SoftStudies, soft_studies
from ccds_kernel.labeling.confirmation.tagging import Tagging
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.rows import StoredPhrase
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.normalization.volume import Volume
from ccds_kernel.normalization.volume_folder import VolumeEntry, VolumeFolder
from ccds_widgets.beside import Beside
from ccds_widgets.labeling.confirm.model import ConfirmModel
from ccds_widgets.labeling.shared_reports import SharedReports


def confirm_screen(project: Project, task_id: int, reports: SharedReports | None = None) -> ConfirmModel:
    """The screen on one task, for the person who opened the project; `reports` are those of other screens, where there are."""
    reports = reports or SharedReports(project)
    return ConfirmModel(
        ProjectDesk(project, task_id),
        curation=ProjectCuration(project, task_id, reports) if project.may(CURATE) else None,
        images=ProjectImages(project) if project.may(Action.READ_IMAGES) else None,
    )


class ProjectDesk:
    """The batches of one task that the person who opened the project is assigned to."""

    def __init__(self, project: Project, task_id: int) -> None:
        self._project = project
        self._task_id = task_id

    @property
    def person(self) -> str:
        """See `ports.Desk`."""
        return self._project.person

    def batches(self) -> tuple[AssignedBatch, ...]:
        """See `ports.Desk`."""
        return Assigned(self._project).batches(self._task_id)

    def labels(self) -> tuple[str, ...]:
        """See `ports.Desk`."""
        return Assigned(self._project).labels(self._task_id)

    def at_work(self, batch_id: int) -> ProjectWork:
        """See `ports.Desk`."""
        return ProjectWork(self._project, batch_id)


class ProjectWork:
    """One batch; see `ports.Work`."""

    def __init__(self, project: Project, batch_id: int) -> None:
        self._assigned = Assigned(project)
        self._confirming = Confirming(project, batch_id)
        self._tagging = Tagging(project, batch_id)
        self._feedback = Feedback(project, batch_id)
        self._batch_id = batch_id

    def outline(self) -> Outline:
        """See `Assigned.outline`."""
        return self._assigned.outline(self._batch_id)

    def take(self, ahead: int) -> tuple[LeasedStudy, ...]:
        """See `Confirming.take`."""
        return self._confirming.take(ahead)

    def give_back(self, leases: Iterable[int]) -> None:
        """See `Confirming.give_back`."""
        self._confirming.give_back(leases)

    def answer(self, answers: Sequence[Answer]) -> tuple[Acknowledged, ...]:
        """See `Confirming.answer`."""
        return self._confirming.answer(answers)

    def open(self) -> int:
        """See `Confirming.open`."""
        return self._confirming.open()

    def own_work(self) -> OwnWork:
        """See `Confirming.own_work`."""
        return self._confirming.own_work()

    def tags(self, study_keys: Collection[str]) -> Mapping[str, Said]:
        """See `Tagging.own`."""
        return self._tagging.own(study_keys)

    def tag(self, lease: int, study_key: str, tags: Iterable[str]) -> CcdsError | None:
        """See `Tagging.tag`."""
        return self._tagging.tag(lease, study_key, tags)

    def feedback(self) -> tuple[GoldFeedback, ...]:
        """See `Feedback.give`."""
        return self._feedback.give()


@dataclass(frozen=True)
class _Matched:
    """The soft studies, and the task, phrases and reports that they are of."""

    made_of: object
    studies: SoftStudies


class ProjectCuration:
    """A task's batches and gold set; see `ports.Curation`.

    The soft labels of all studies take minutes where there are a million. They are worked out in a thread beside, once for a
    phrase list and a task, and anew when either has changed or there are other reports.
    """

    def __init__(self, project: Project, task_id: int, reports: SharedReports) -> None:
        self._project = project
        self._task_id = task_id
        self._curating = Curating(project, task_id)
        self._repository = LabelingRepository(project, task_id)
        self._reports = reports
        self._work: Beside[_Matched] = Beside()
        self._matched: _Matched | None = None

    def batches(self) -> tuple[StoredBatch, ...]:
        """See `Curating.batches`."""
        return self._curating.batches()

    def counts(self) -> Mapping[int, BatchCounts]:
        """See `Curating.counts`."""
        return self._curating.counts()

    def labelers(self) -> list[str]:
        """See `Curating.labelers`."""
        return self._curating.labelers()

    def phrases(self) -> tuple[StoredPhrase, ...]:
        """See `LabelingRepository.phrases`."""
        return self._repository.phrases()

    def soft_studies(self) -> SoftStudies | None:
        """See `ports.Curation`."""
        stored_tasks = TaskRepository(self._project).tasks()
        task = next((stored.task for stored in stored_tasks if stored.id == self._task_id), None)
        if task is None:
            raise CcdsError(expected="a task of this project", found="one that is gone", do="reload the page")
        phrases = self._repository.phrases()
        made_of = task, phrases, self._reports.version(self._task_id)
        self._matched = self._work.collect() or self._matched
        if self._matched is not None and self._matched.made_of == made_of:
            return self._matched.studies
        self._matched = None
        self._work.begin(lambda: _Matched(made_of, soft_studies(task, self._reports.of(self._task_id), phrases)))
        return None

    def uses_of_studies(self) -> Mapping[str, int]:
        """See `Curating.uses_of_studies`."""
        return self._curating.uses_of_studies()

    def gold(self) -> dict[str, Said]:
        """See `Curating.gold`."""
        return {key: one.said for key, one in self._curating.gold().items() if one.said is not None}

    def gold_word(self, study_key: str) -> Word:
        """See `Curating.gold`."""
        return Word.of(self._curating.gold().get(study_key))

    def set_gold(self, study_key: str, labels: Iterable[str] | None, note: str, *, seen: Word) -> None:
        """See `Curating.set_gold`."""
        self._curating.set_gold(study_key, labels, note, seen=seen)

    def make_batch(
        self, name: str, items: Sequence[BatchItem], *, overlap: int, labelers: Collection[str]
    ) -> StoredBatch:
        """See `Curating.make_batch`; of studies that are in no other batch."""
        return self._curating.make_batch(name, items, overlap=overlap, labelers=labelers, again=False)

    def assign(self, batch_id: int, labeler: str) -> None:
        """See `Curating.assign`."""
        self._curating.assign(batch_id, labeler)

    def withdraw(self, batch_id: int, labeler: str) -> None:
        """See `Curating.withdraw`."""
        self._curating.withdraw(batch_id, labeler)

    def remove_batch(self, batch_id: int) -> None:
        """See `Curating.remove_batch`."""
        self._curating.remove_batch(batch_id)


class ProjectImages:
    """A project's volumes, asked for anew each time; see `ports.Images`."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._folder = VolumeFolder(project.folder / "nifti")

    def of_study(self, study_key: str) -> tuple[VolumeEntry, ...]:
        """See `VolumeFolder.of_study`."""
        self._project.require(Action.READ_IMAGES)
        return self._folder.of_study(study_key)

    def read(self, entry: VolumeEntry) -> Volume:
        """See `VolumeFolder.read`."""
        self._project.require(Action.READ_IMAGES)
        return self._folder.read(entry).volume
