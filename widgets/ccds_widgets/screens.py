"""An app of several screens: which there are for this person, and whose a request is; and the scripts of each.

A request with `screen` goes, without it, to the model of that screen, which is opened on its first use; one without is none.
Whether the person may do what is asked is asked by each screen's model, anew each time: what `screens` leaves out is a
convenience, no lock. The labelling app has a model of its own: its screens are of tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from ccds_kernel.errors import CcdsError
from ccds_widgets import requests
from ccds_widgets.base import SHARED, Model, assets
from ccds_widgets.opening import Opening

Answer = dict[str, Any]
OpenScreen = Callable[[], Model | Opening]
"""Opens a screen, or says how far that is."""


class Address(requests.Request):
    """Whose a request is."""

    screen: Annotated[str, Field(max_length=40)]


_ADDRESS: TypeAdapter[Address] = TypeAdapter(Address)


class ScreensModel:
    """One person's screens on one project.

    Args:
        project: the project's id, to be shown.
        screens: the name of each screen that the person may use → how it is opened, in the order of the bar.
    """

    def __init__(self, *, project: str, screens: Mapping[str, OpenScreen]) -> None:
        self._project = project
        self._screens = screens
        self._open: dict[str, Model] = {}

    def start(self) -> Answer:
        """What the bar shows: the project, and the screens."""
        return {"project": self._project, "screens": list(self._screens)}

    def answer(self, content: dict[str, Any]) -> Answer:
        """The answer of the screen that is asked; as long as that is being opened only how far it is, and nothing is done.

        Raises:
            CcdsError: it is no request, or is refused.
        """
        own = {key: value for key, value in content.items() if key != "screen"}
        address = requests.parsed({key: content[key] for key in content.keys() - own.keys()}, _ADDRESS)
        screen = self._screen(address.screen)
        if isinstance(screen, Opening):
            return {"opening": asdict(screen)}
        return screen.start() if own == {"kind": "ready"} else screen.answer(own)

    def _screen(self, name: str) -> Model | Opening:
        if name not in self._open:
            if name not in self._screens:
                raise CcdsError(
                    expected="a screen that you may use",
                    found="another one",
                    do=f"choose one of these: {', '.join(self._screens) or 'none'}",
                )
            opened = self._screens[name]()
            if isinstance(opened, Opening):
                return opened
            self._open[name] = opened
        return self._open[name]


def screen_assets(folder: Path, name: str, *files: str, shared: Sequence[str] = ()) -> str:
    """The scripts of screen `name`, which define `<name>Screen`: closed off, so that no screen's names meet another's.

    Args:
        folder: of the app's static files; the screen's lie in one of its name there.
        name: the screen's.
        files: its scripts, without `.js`, in the order in which they are read.
        shared: those that it takes from what all widgets share.
    """
    scripts = assets(*(SHARED / f"{file}.js" for file in shared), *(folder / name / f"{file}.js" for file in files))
    return f"const {name}Screen = (() => {{\n{scripts}\nreturn {name}Screen;\n}})();"
