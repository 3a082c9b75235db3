"""The `ccds` Jupyter kernel: Python with the session's project at hand as `project`.

`python -P -m ccds_kernel.session.kernel -f CONNECTION_FILE`; the kernelspec beside this file says so to Jupyter. The project
comes from the session's environment, where the hub put it. It is opened, with its audit event, the first time that
anything of it is asked for: a kernel that nobody uses opens nothing. What a person may act on is one line here as
everywhere; `%tb` shows how it came about.

Rejected: a namespace that opens the project when the name is looked up (a `dict` of our own as a function's globals makes
each of its look-ups slower, and compilers refuse it), and reading the cell's source for the name (a magic or `eval` hides it).
"""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from html import escape
from threading import Lock
from types import TracebackType
from typing import Any

from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.formatters import DisplayFormatter
from traitlets import Type, Unicode
from traitlets.config import Config

from ccds_kernel.audit.site import session_sink
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.identity import identity
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.session.environment import use_in_kernel
from ccds_kernel.session.trespass import watch
from ccds_kernel.settings import load_settings

_FIELDS = tuple(field.name for field in fields(Project))
_NO_GPU = ("-1", "NoDevFiles")
_OPENING = Lock()

# IPython and ipykernel declare types, yet leave most of what we override without any.
_IPythonFormatter: Any = DisplayFormatter
_IPythonDisplayHook: Any = ZMQShellDisplayHook
_IPythonShell: Any = ZMQInteractiveShell
_IPythonKernel: Any = IPythonKernel

ExcTuple = tuple[type[BaseException], BaseException, TracebackType | None]


class SessionProject(Project):
    """This session's project.

    It opens, once, when anything of it is asked for (a front end that completes `project.` asks too) or it is shown; from
    then on it is what `open_project` returned.

    Raises:
        ProjectAccessDenied: whoever runs the session may not open a lab session of the project (now any more).
        CcdsError: this is no session of a project.
    """

    def __init__(self) -> None:
        """Opens nothing."""

    def open(self) -> None:
        """Opens it where it isn't open."""
        with _OPENING:
            if not self._is_open:
                self.__dict__.update(vars(_open_from_environment()))

    @property
    def _is_open(self) -> bool:
        return "id" in self.__dict__

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the field holds
        if name not in _FIELDS:
            raise AttributeError(f"a project has no {name!r}")
        self.open()
        return self.__dict__[name]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_FIELDS})

    def __repr__(self) -> str:
        title, rows = self._card()
        return "\n".join([title, *(f"  {name:<7} {value}" for name, value in rows)])

    def _repr_html_(self) -> str:
        title, rows = self._card()
        cells = "".join(
            f'<tr><th style="text-align: left">{name}</th><td style="text-align: left">{escape(value)}</td></tr>'
            for name, value in rows
        )
        return f"<table><caption>{escape(title)}</caption>{cells}</table>"

    def _card(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Title and rows of what is shown of it, as the registry has it now."""
        application = self.application
        entry = application.entry_of(self.person)
        until = min(day for day in (application.expires, application.withdrawn) if day)
        return f"Project {self.id}: {application.title}", (
            ("folder", str(self.folder)),
            ("person", f"{self.person} ({entry.role if entry else 'no role any more'})"),
            ("until", until.isoformat()),
            ("GPUs", gpu_words(os.environ.get("CUDA_VISIBLE_DEVICES"))),
        )


def _open_from_environment() -> Project:
    project_id = os.environ.get("CCDS_PROJECT")
    if not project_id:
        raise CcdsError(
            expected="a session of a project",
            found="a kernel outside a session (CCDS_PROJECT is not set)",
            do="start a lab session from the hub's home page",
        )
    return open_project(project_id, Action.OPEN_LAB)


def gpu_words(visible: str | None) -> str:
    """What a session is told about its GPUs: `GPU slots 0, 1` or `no GPU`.

    Args:
        visible: CUDA_VISIBLE_DEVICES as the scheduler set it; as in CUDA, what follows a -1 doesn't count.
    """
    slots: list[str] = []
    for slot in (visible or "").split(","):
        if slot.strip() in _NO_GPU:
            break
        slots += [slot.strip()] if slot.strip() else []
    return f"GPU slots {', '.join(slots)}" if slots else "no GPU"


def _open_first(shown: object) -> None:
    """Lets a project that can't be opened fail in the cell that shows it, not once more in each display format."""
    if isinstance(shown, SessionProject):
        repr(shown)


class _Formatter(_IPythonFormatter):  # type: ignore[misc] # see above
    """Formats what `display()` is given."""

    def format(self, obj: object, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - IPython's signature
        _open_first(obj)
        return super().format(obj, *arguments, **options)


class _DisplayHook(_IPythonDisplayHook):  # type: ignore[misc] # see above
    """Shows what a cell's last line gives."""

    def __call__(self, result: object = None) -> None:
        _open_first(result)
        super().__call__(result)


class CcdsShell(_IPythonShell):  # type: ignore[misc] # see above
    """IPython's shell with `project` in its namespace and one line for a `CcdsError`."""

    displayhook_class = Type(_DisplayHook)
    notice = Unicode("", help="one line, told with what the first cell prints").tag(config=True)

    def init_events(self) -> None:
        """IPython's hook."""
        super().init_events()
        if self.notice:
            self.events.register("pre_run_cell", self._give_notice)

    def _give_notice(self, _info: object) -> None:
        self.events.unregister("pre_run_cell", self._give_notice)
        sys.stderr.write(f"ccds: {self.notice}\n")
        sys.stderr.flush()  # before what the cell prints

    def init_display_formatter(self) -> None:
        """IPython's hook."""
        self.display_formatter = _Formatter(parent=self)
        self.configurables.append(self.display_formatter)

    def init_user_ns(self) -> None:
        """IPython's hook: fills the namespace at the start and after `%reset`."""
        super().init_user_ns()
        self.user_ns["project"] = SessionProject()

    def showtraceback(self, exc_tuple: ExcTuple | None = None, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - IPython's signature
        """Shows the exception that just came; a `CcdsError` as one line."""
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        if not isinstance(error, CcdsError):
            super().showtraceback(exc_tuple, *arguments, **options)
            return
        self._get_exc_info(exc_tuple)  # notes it for %tb and %debug
        self._showtraceback(type(error), error, [f"ccds: {error}"])


class CcdsKernel(_IPythonKernel):  # type: ignore[misc] # see above
    """The kernel of lab sessions."""

    shell_class = Type(CcdsShell)

    @property
    def banner(self) -> str:
        """What a console shows at the start."""
        return f"{super().banner or ''}CCDS session: {gpu_words(os.environ.get('CUDA_VISIBLE_DEVICES'))}\n"


def _watch_files() -> None:
    """Makes it seen when this kernel's code reaches for what isn't its project's; outside a session of the hub nothing does."""
    project, sink = os.environ.get("CCDS_PROJECT"), session_sink()
    if not project or sink is None:
        return
    try:
        settings = load_settings()
        person = identity(settings).person
    except CcdsError:  # then it opens no project either, and says why
        return
    watch(settings.paths, sink, person, project)


def main() -> None:
    """Runs the kernel until its front end ends it."""
    _watch_files()
    config = Config()
    config.CcdsShell.notice = use_in_kernel()
    IPKernelApp.launch_instance(kernel_class=CcdsKernel, config=config)


if __name__ == "__main__":
    # Under its own name: `__main__` becomes the person's namespace, and what lives there can't be sent to a worker.
    from ccds_kernel.session.kernel import main as run

    run()
