"""The labelling app of a session: the widget on the project that the hub started the session for."""

from __future__ import annotations

from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import ALLOWED, Action
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_widgets.base import Model
from ccds_widgets.labeling.annotate.model import AnnotateModel
from ccds_widgets.labeling.annotate.suggesting import Suggester
from ccds_widgets.labeling.assess.app import assess_screen
from ccds_widgets.labeling.confirm.app import confirm_screen
from ccds_widgets.labeling.desk import Desk
from ccds_widgets.labeling.known import Record
from ccds_widgets.labeling.model import LabelingModel, OpenScreen
from ccds_widgets.labeling.prioritise.model import PrioritiseModel
from ccds_widgets.labeling.shared_reports import SharedReports
from ccds_widgets.labeling.view import LabelingWidget
from ccds_widgets.opening import OpenedBeforeError, Opening, Openings, Tell
from ccds_widgets.session import session_project


def labeling_app() -> LabelingWidget:
    """The app's widget. Opens nothing yet: see `LabelingWidget`."""
    return LabelingWidget(open_session)


def open_session() -> LabelingModel:
    """The labelling of the session's project, `CCDS_PROJECT`, by the person that the hub started it for.

    Raises:
        ProjectAccessDenied: they may not label in it.
        CcdsError: the session has no project, or the project can't be read.
    """
    return labeling_of(open_project(session_project(), Action.OPEN_LABELING))


def labeling_of(project: Project) -> LabelingModel:
    """The screens of `project` that the person who opened it may use."""
    reports = SharedReports(project)
    desks = Openings[int, Desk](  # each for both screens of phrases
        lambda task, tell: _desk(project, task, reports, tell), "Opening the reports", is_current=_is_current
    )
    screens: dict[str, tuple[Action, OpenScreen]] = {
        "annotate": (Action.EDIT_PHRASES, lambda task: _annotate(project, task, desks)),
        "prioritise": (Action.EDIT_PHRASES, lambda task: _prioritise(project, task, desks)),
        "confirm": (Action.CONFIRM_STUDIES, lambda task: confirm_screen(project, task, reports)),
        "assess": (Action.CURATE_LABELS, lambda task: assess_screen(project, task)),
    }
    entry = project.application.entry_of(project.person)
    allowed = ALLOWED[entry.role] if entry else frozenset()
    return LabelingModel(
        project=project.id,
        tasks=TaskRepository(project),
        screens={name: opened for name, (action, opened) in screens.items() if action in allowed},
        curates=Action.CURATE_LABELS in allowed,
    )


def _desk(project: Project, task: int, reports: SharedReports, tell: Tell) -> Desk:
    repository, tasks = LabelingRepository(project, task), TaskRepository(project)
    reach = repository.reach()

    def permit() -> None:
        project.require(Action.OPEN_LABELING)
        now = repository.reach()  # which asks whether the person may read reports
        if now != reach:
            amended = now.whole != reach.whole
            what = "exam codes and study dates" if amended else "cohort of the task"
            raise OpenedBeforeError(
                expected=f"the {what} of when this page was opened",
                found="an amendment of the IRB application" if amended else "another one, or none",
                do="load the page anew",
            )

    return Desk(repository, tasks, task, reports=reports.of(task, tell), permit=permit, tell=tell)


def _is_current(desk: Desk) -> bool:
    try:
        desk.permit()
    except OpenedBeforeError:
        return False
    return True


def _phrases(project: Project, task: int) -> list[Phrase]:
    return [stored.phrase for stored in LabelingRepository(project, task).phrases()]


def _annotate(project: Project, task: int, desks: Openings[int, Desk]) -> Model | Opening:
    desk = desks.of(task)
    if isinstance(desk, Opening):
        return desk
    return AnnotateModel(desk, Suggester(desk, Record(Curating(project, task))))


def _prioritise(project: Project, task: int, desks: Openings[int, Desk]) -> Model | Opening:
    desk = desks.of(task)
    return desk if isinstance(desk, Opening) else PrioritiseModel(desk, lambda other: _phrases(project, other))
