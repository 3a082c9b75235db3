"""What every widget of the workbench shares: how it talks with its page, its look, and how it tells what is wrong.

A widget and its page exchange numbered requests and answers as custom messages; pixels and other bytes go beside an
answer as binary buffers, not through JSON. Synced traits were decided against for state: whoever holds the page can set any
of them, so that a widget here takes no trait from its page at all (`CcdsWidget.set_state`) and treats each request as
untrusted input.

The page's side is plain JavaScript without a build step: `assets` joins small files into the one module that anywidget
takes; only the last of them exports something.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import anywidget

from ccds_kernel.errors import CcdsError

SHARED = Path(__file__).parent / "static"

_log = logging.getLogger(__name__)

_DEFECT = (
    "Expected no defect in the workbench; found one; "
    "reload the page, what you did before is saved, and tell whoever runs this site."
)


def assets(*files: Path) -> str:
    """The text of `files`, one after the other."""
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


class CcdsWidget(anywidget.AnyWidget):
    """A widget that answers its page's requests.

    A request is a map with a whole number `request`; its answer carries the same number, and either what `answer` returned
    or `error`, one line for the person. What `answer` returns under `buffers`, a sequence of bytes, reaches the page as the
    answer's `buffers`, an array of `DataView`. One request is answered at a time, whatever threads they come in.

    Raises:
        CcdsError: a keyword isn't one of the widget's own.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - traits of every type
        unknown = sorted(set(options) - set(self.trait_names()))
        if unknown:
            own = sorted(set(self.trait_names()) - set(anywidget.AnyWidget.class_trait_names())) or ["none"]
            raise CcdsError(
                expected=f"keywords of {type(self).__name__} ({', '.join(own)})",
                found=", ".join(unknown),
                do="check their spelling",
            )
        super().__init__(**options)
        self._one_at_a_time = Lock()  # JupyterLab has messages of widgets handled in a thread beside the cells'
        self.on_msg(self._on_message)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the page gets for `request`, which is untrusted.

        Raises:
            CcdsError: it is refused; the page shows the line.
        """
        raise NotImplementedError

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Takes nothing: a page has no say in a widget's traits."""
        _log.warning("%s refused traits from its page: %d", type(self).__name__, len(sync_data))

    def _on_message(self, _widget: CcdsWidget, content: object, _buffers: object) -> None:
        if not isinstance(content, dict) or type(content.get("request")) is not int:
            _log.warning("%s refused a message that is no request", type(self).__name__)
            return
        with self._one_at_a_time:
            self._reply(content)

    def _reply(self, content: dict[str, Any]) -> None:
        number = content["request"]
        try:
            try:
                answer = self.answer({key: value for key, value in content.items() if key != "request"})
            except CcdsError as error:
                answer = {"error": sentence(error)}
            buffers = answer.pop("buffers", ())
            self.send({"answer": number, **answer}, buffers=list(buffers) or None)
        except Exception as error:  # noqa: BLE001 - the last resort: a defect of ours is told in one line
            # Neither the message nor the values of a traceback are logged: they may quote a report.
            frames = traceback.extract_tb(error.__traceback__)
            place = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
            _log.error("%s failed: %s at %s", type(self).__name__, type(error).__name__, place)
            self.send({"answer": number, "error": _DEFECT})  # also where the answer can't be sent: a page waits for it


class Model(Protocol):
    """The rules of one screen: what its page may see and do."""

    def start(self) -> dict[str, Any]:
        """What a page that comes shows first.

        Raises:
            CcdsError: the person may not see it.
        """

    def answer(self, content: dict[str, Any]) -> dict[str, Any]:
        """The answer to an untrusted request.

        Raises:
            CcdsError: it is none, or is refused.
        """


class ModelWidget(CcdsWidget):
    """A widget that answers with its model.

    Args:
        open_model: opens what is to be shown. Called when a page is there to see it, not before: a kernel may run the notebook
            long before anybody comes. Its CcdsError is what that page shows.
    """

    def __init__(self, open_model: Callable[[], Model], **options: Any) -> None:  # noqa: ANN401 - traits of every type
        super().__init__(**options)
        self._open_model = open_model
        self._model: Model | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The model's answer; `{"kind": "ready"}` opens it, and comes first."""
        if request == {"kind": "ready"}:
            self._model = self._model or self._open_model()
            return self._model.start()
        if self._model is None:
            raise CcdsError(expected="an open project", found="none yet", do="reload the page")
        return self._model.answer(request)


def sentence(error: CcdsError) -> str:
    """What a person reads of `error`: a whole sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
