"""The training launcher as a widget: the model's answers for the page's requests, and the page itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_widgets.base import SHARED, CcdsWidget, assets
from ccds_widgets.training.model import TrainingModel

_OWN = Path(__file__).parent / "static"


class TrainingWidget(CcdsWidget):
    """A cell of a lab notebook from which somebody trains, and watches trainings.

    Args:
        open_model: opens the project's trainings. Called when a page is there to see them; its CcdsError is what that page shows.
    """

    _esm = assets(
        SHARED / "base.js",
        *(_OWN / f"{name}.js" for name in ("state", "form", "runs", "curve", "detail", "actions", "training")),
    )
    _css = assets(SHARED / "base.css", _OWN / "training.css")

    def __init__(
        self,
        open_model: Callable[[], TrainingModel],
        **options: Any,  # noqa: ANN401 - traits of every type
    ) -> None:
        super().__init__(**options)
        self._open_model = open_model
        self._model: TrainingModel | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The model's answer; `{"kind": "ready"}` opens it, and comes first."""
        if request == {"kind": "ready"}:
            self._model = self._model or self._open_model()
            return self._model.start()
        if self._model is None:
            raise CcdsError(expected="an open project", found="none yet", do="reload the page")
        return self._model.answer(request)
