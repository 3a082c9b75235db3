"""The models of the screens of phrases, on a project that somebody opened, and what their pages ask for."""

from typing import Any, Protocol

from ccds_kernel.irb.project import Project
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.labeling.tasks.task import Task
from ccds_widgets.base import Model
from ccds_widgets.labeling.annotate.model import AnnotateModel
from ccds_widgets.labeling.app import labeling_of
from ccds_widgets.labeling.prioritise.model import PrioritiseModel
from ccds_widgets.opening import Opening
from support.waiting import until


class AnswersPage(Protocol):
    """The app's model, or its widget."""

    def answer(self, content: dict[str, Any]) -> dict[str, Any]:
        """What the page gets for a request."""


def annotate_model(project: Project, task: int = 1) -> AnnotateModel:
    """The annotate screen, as the app opens it."""
    return opened(project, "annotate", task)


def prioritise_model(project: Project, task: int = 1) -> PrioritiseModel:
    """The prioritise screen, likewise."""
    return opened(project, "prioritise", task)


def opened(project: Project, screen: str, task: int) -> Model:
    """A screen, when it is open."""
    open_screen = labeling_of(project)._screens[screen]

    def there() -> Model | None:
        model = open_screen(task)
        return None if isinstance(model, Opening) else model

    return until(there, "the reports to be read")


def answered(app: AnswersPage, request: dict[str, Any]) -> dict[str, Any]:
    """What the page is answered in the end: as long as the screen is being opened it asks again."""

    def asked() -> tuple[dict[str, Any]] | None:
        answer = app.answer(request)
        return None if "opening" in answer else (answer,)

    return until(asked, "the screen to be open")[0]


def change_task(project: Project, after: Task, task: int = 1) -> None:
    """Puts `after` in the place of a task."""
    tasks = TaskRepository(project)
    (before,) = (stored.task for stored in tasks.tasks() if stored.id == task)
    tasks.change(task, before, after)


def seen(answer: dict[str, Any], phrase: int) -> dict[str, Any]:
    """The form of a phrase as the page shows it."""
    (shown,) = [one for one in answer["overview"]["phrases"] if one["id"] == phrase]
    return {name: shown[name] for name in ("text", "label", "negatable", "uncertain_label", "excludes")}


def remove(answer: dict[str, Any], phrase: int, **more: object) -> dict[str, Any]:
    """Asks that a phrase be removed, from a page that shows `answer`."""
    return {"kind": "remove", "phrase": phrase, "seen": seen(answer, phrase), **more}


def move(answer: dict[str, Any], phrase: int, **where: object) -> dict[str, Any]:
    """Asks that a phrase be moved, likewise."""
    phrases = answer["overview"]["phrases"]
    (name,) = [one["list"] for one in phrases if one["id"] == phrase]
    order = [one["id"] for one in phrases if one["list"] == name]
    return {"kind": "move", "phrase": phrase, "seen": seen(answer, phrase), "order": order, **where}
