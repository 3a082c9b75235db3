"""The labelling app's screens: which there are for this person and of which tasks, and whose a request is.

A request with `screen` and `task` goes, without these two, to the model of that screen and task, which is opened on its first
use; one without is the shell's own: about the tasks, and the form in which one is made or changed. Whether the person may do what
is asked is asked by each screen's model, anew each time: what `screens` leaves out is a convenience, no lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.tasks.no_work import NoWorkError
from ccds_kernel.labeling.tasks.task import COLOUR_SLOTS, Task
from ccds_widgets import requests
from ccds_widgets.base import Model
from ccds_widgets.labeling.ports import HasTask, Tasks
from ccds_widgets.labeling.task_form import TaskForm
from ccds_widgets.labeling.task_form_messages import AboutForm
from ccds_widgets.opening import OpenedBeforeError, Opening

Answer = dict[str, Any]
OpenScreen = Callable[[int], Model | Opening]
"""Opens a screen on the task of that id, or says how far that is: it is asked again, then."""


class TasksAgain(requests.Request):
    """The tasks, as they are now."""

    kind: Literal["tasks"]


class Address(requests.Request):
    """Whose a request is."""

    screen: Annotated[str, Field(max_length=40)]
    task: Annotated[int, Field(ge=1, le=2**63 - 1)]


_READY = {"kind": "ready"}
"""What a page asks that was just loaded."""

_OWN: TypeAdapter[TasksAgain | AboutForm] = TypeAdapter(Annotated[TasksAgain | AboutForm, Field(discriminator="kind")])
_ADDRESS: TypeAdapter[Address] = TypeAdapter(Address)


class LabelingModel:
    """One person's labelling of one project.

    Args:
        project: the project's id, to be shown.
        tasks: the project's tasks.
        screens: the name of each screen that the person may use → how it is opened, in the order of the bar.
        curates: whether the bar offers them to make and change tasks; likewise no lock.
    """

    def __init__(self, *, project: str, tasks: Tasks, screens: Mapping[str, OpenScreen], curates: bool = False) -> None:
        self._project = project
        self._tasks = tasks
        self._form = TaskForm(tasks)
        self._curates = curates
        self._screens = screens
        self._open: dict[Address, Model] = {}

    def start(self) -> Answer:
        """What the bar shows: the project, the screens, the tasks; and which task is opened where the page was on none yet.

        Who only confirms, and has no batch, sees no task: there is no work for them yet.
        """
        try:
            tasks = self._tasks.tasks()
        except NoWorkError:
            tasks = ()
        return {
            "project": self._project,
            "screens": list(self._screens),
            "opens": self._opens(tasks),
            "curates": self._curates,
            **_shown(tasks),
        }

    def answer(self, content: dict[str, Any]) -> Answer:
        """The answer of the screen that is asked; as long as that is being opened only how far it is, and nothing is done. A page
        that was just loaded has one that was opened over other reports opened anew.

        Raises:
            CcdsError: it is no request, or is refused.
        """
        if "screen" not in content:
            request = requests.parsed(content, _OWN)
            answer = {} if isinstance(request, TasksAgain) else self._form.answer(request)
            return {**answer, **_shown(self._tasks.tasks())}
        own = {key: value for key, value in content.items() if key not in Address.model_fields}
        address = requests.parsed({key: content[key] for key in content.keys() - own.keys()}, _ADDRESS)
        try:
            return self._asked(address, own)
        except OpenedBeforeError:
            if own != _READY:  # of a page that shows what was there before
                raise
            del self._open[address]
            return self._asked(address, own)

    def _asked(self, address: Address, own: dict[str, Any]) -> Answer:
        screen = self._screen(address)
        if isinstance(screen, Opening):
            return {"opening": asdict(screen)}
        return screen.start() if own == _READY else screen.answer(own)

    def _screen(self, address: Address) -> Model | Opening:
        if address not in self._open:
            if address.screen not in self._screens:
                raise CcdsError(
                    expected="a screen that you may use",
                    found="another one",
                    do=f"choose one of these: {', '.join(self._screens)}",
                )
            if all(stored.id != address.task for stored in self._tasks.tasks()):
                raise CcdsError(expected="a task of this project", found="another one", do="reload the page")
            opened = self._screens[address.screen](address.task)
            if isinstance(opened, Opening):
                return opened
            self._open[address] = opened
        return self._open[address]

    def _opens(self, tasks: Sequence[HasTask]) -> int | None:
        """The newest task that has labels. Of somebody who only confirms the first: that of their newest batch."""
        labelled = [] if list(self._screens) == ["confirm"] else [stored for stored in tasks if stored.task.labels]
        return next((stored.id for stored in [*reversed(labelled), *tasks]), None)


def _shown(tasks: Iterable[HasTask]) -> Answer:
    return {"tasks": [{"id": stored.id, **shown_task(stored.task)} for stored in tasks]}


def shown_task(task: Task) -> Answer:
    """What a page shows of a task. The further labels of one colour have a tone further up, which is drawn dashed."""
    of_colour: Counter[int] = Counter()
    labels = []
    for label in task.labels:
        labels.append({"name": label.name, "tone": label.colour + COLOUR_SLOTS * of_colour[label.colour]})
        of_colour[label.colour] += 1
    return {
        "name": task.name,
        "kind": task.kind.value,
        "cohort": task.cohort,
        "labels": labels,
        "guideline": task.guideline,
        "left_out": sorted(task.left_out),
        "strata": list(task.strata),
    }
