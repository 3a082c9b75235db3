"""A project with reports, labelers and a clock that a test moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.answer import Answer, AnswerKind
from ccds_kernel.labeling.confirmation.batch import BatchItem, Planted
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.labeling.confirmation.confirming import Confirming, LeasedStudy
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Label, Task
from ccds_kernel.settings import Settings
from support.site import application, on_roster, site_settings

LABELERS = ("ann", "bob", "cy", "dee")
POSITIVE, NEGATIVE = frozenset({"effusion"}), frozenset({"no effusion"})
TERM = timedelta(minutes=10)


@dataclass
class HandClock:
    """The time that a test says it is."""

    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self, _: Connection) -> datetime:
        """The time within whatever transaction."""
        return self.now

    def pass_by(self, time: timedelta) -> None:
        """Lets time pass."""
        self.now += time


def settings_with(folder: Path, **database: Any) -> Settings:
    """A site with CHEST-1, on whose roster all `LABELERS` are fellows and sam is a scientist."""
    settings = site_settings(folder)
    if database:
        settings = Settings.model_validate(settings.model_dump(mode="json") | {"database": database})
    roster = on_roster(**dict.fromkeys(LABELERS, "fellow"), sam="scientist")
    apply_application(application(roster=roster), person="admin", settings=settings)
    return settings


def opened(settings: Settings, person: str = "ann") -> Project:
    """CHEST-1, opened by somebody."""
    return open_project("CHEST-1", Action.READ_REPORTS, person=person, settings=settings)


@dataclass
class Workplace:
    """CHEST-1 with a task of two labels and studies; labelers at work in it."""

    projects: dict[str, Project]
    clock: HandClock = field(default_factory=HandClock)
    keys: list[str] = field(default_factory=list)
    task_id: int = 1

    @property
    def project(self) -> Project:
        """As ann opened it."""
        return self.projects["ann"]

    def prepare(self, studies: int) -> None:
        """Loads that many reports, every second one with an effusion, and gives the first task its labels."""
        texts = ["Pleural effusion.", "No pleural effusion."]
        new = [Report(f"ACC{n}", (Section("impression", texts[n % 2]),)) for n in range(studies)]
        repository = LabelingRepository(self.project)
        repository.load_reports(new)
        self.keys = [stored.study_key for stored in repository.reports()]
        labels = (Label("effusion", 0), Label("no effusion", 1))
        tasks = TaskRepository(self.project)
        tasks.change(self.task_id, tasks.tasks()[0].task, Task("effusion", labels=labels))

    def curating(self, person: str = "ann") -> Curating:
        """The fellow's view of the task."""
        return Curating(self.projects[person], self.task_id, clock=self.clock)

    def batch(
        self,
        keys: Sequence[str] = (),
        *,
        overlap: int = 1,
        planted: Sequence[str] = (),
        labelers: Sequence[str] = LABELERS,
    ) -> StoredBatch:
        """A batch of `keys` (all studies, where none are given) with `planted` ones, assigned to `labelers`."""
        chosen = [key for key in keys or self.keys if key not in planted]
        items = [BatchItem(key, None, POSITIVE) for key in chosen]
        items += [BatchItem(key, None, NEGATIVE, Planted.WRONG) for key in planted]
        number = len(self.curating().batches()) + 1
        name = "first" if number == 1 else f"number {number}"
        batch = self.curating().make_batch(name, items, overlap=overlap)
        for labeler in labelers:
            self.curating().assign(batch.id, labeler)
        return batch

    def at_work(self, person: str, batch: StoredBatch) -> Confirming:
        """A labeler on a page."""
        return Confirming(self.projects[person], batch.id, term=TERM, clock=self.clock)


def answer(study: LeasedStudy, kind: AnswerKind = AnswerKind.CONFIRM, **parts: Any) -> Answer:
    """An answer about a study that somebody holds, under a new id."""
    return Answer(str(uuid4()), study.lease, study.report.study_key, kind, parts.pop("seconds", 1.5), **parts)


def undo(of: Answer) -> Answer:
    """The undo of an answer."""
    return Answer(str(uuid4()), of.lease, of.study_key, AnswerKind.UNDO, 0.0, undoes=of.id)
