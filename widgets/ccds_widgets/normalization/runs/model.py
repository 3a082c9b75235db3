"""The rules of the run page: what a page may see and do. No files, no processes, no browser.

Runs live in the project's files; kept here is only which one is looked at, and which were asked to stop. So a reload, another
notebook, and a kernel that starts anew see the same. Each request is parsed and permitted anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.workflow.progress import Progress, RunState
from ccds_widgets.normalization.runs import messages
from ccds_widgets.normalization.runs.ports import Begun, Runs, Seen

MOST_FAILED = 300
"""How many of the volumes that failed a page lists."""

STARTING = "starting"
"""How a run is that was started here and hasn't shown how far it is."""

_LIVES = frozenset({RunState.WAITING, RunState.RUNNING})

Answer = dict[str, Any]


class RunsModel:
    """One person's run page in one notebook.

    Args:
        runs: where they are.
        project: the project's id.
        permit: raises a CcdsError where the person may not see the images (any more); asked before each answer.
        permit_writing: likewise, where they may not begin or stop runs.
        may_write: whether the page offers that.
        recipe: the hash of the recipe that is chosen in the form at first; None for the first one.
    """

    def __init__(
        self,
        runs: Runs,
        *,
        project: str,
        permit: Callable[[], None],
        permit_writing: Callable[[], None],
        may_write: Callable[[], bool],
        recipe: str | None = None,
    ) -> None:
        self._runs = runs
        self._project = project
        self._permit = permit
        self._permit_writing = permit_writing
        self._may_write = may_write
        self._recipe = recipe
        self._chosen: str | None = None
        self._told_to_stop: set[tuple[str, datetime]] = set()

    def start(self) -> Answer:
        """What the page shows first."""
        self._permit()
        seen = self._seen()
        return {
            "project": self._project,
            "volumes": self._runs.volumes(),
            "recipe": next((one["file"] for one in seen["recipes"] if one["digest"] == self._recipe), None),
            "may_write": self._may_write(),
            **seen,
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused.
        """
        request = messages.parse(content)
        self._permit()
        match request:
            case messages.Look():
                pass
            case messages.Choose():
                self._chosen = request.run
            case messages.Begin():
                self._permit_writing()
                self._chosen = self._runs.begin(request.file, request.where)
            case messages.GoOn():
                self._permit_writing()
                self._runs.go_on(request.run, request.where, again=request.again)
                self._chosen = request.run
            case messages.Stop():
                self._permit_writing()
                self._stop(request.run)
        return self._seen()

    def _stop(self, digest: str) -> None:
        self._runs.stop(digest)
        self._told_to_stop |= {(digest, seen.progress.begun_at) for seen in self._runs.look() if seen.digest == digest}

    # --- what the page sees

    def _seen(self) -> Answer:
        found, begun = self._runs.look(), self._runs.begun()
        there = {seen.digest for seen in found}
        runs = [_only_begun(digest, one) for digest, one in begun.items() if digest not in there]
        runs += [self._run(seen, begun.get(seen.digest)) for seen in found]
        if self._chosen not in {run["digest"] for run in runs}:
            self._chosen = next((run["digest"] for run in runs if run["live"]), runs[0]["digest"] if runs else None)
        recipes = [
            {"file": one.file, "name": one.recipe.name, "digest": one.recipe.digest()} for one in self._runs.recipes()
        ]
        return {"runs": runs, "chosen": self._chosen, "failed": self._failed(found), "recipes": recipes}

    def _run(self, seen: Seen, begun: Begun | None) -> Answer:
        progress = seen.progress
        state: str = progress.now().value
        live = progress.now() in _LIVES
        why = progress.why or ""
        if seen.lost:
            state, live, why = RunState.INTERRUPTED.value, False, _cut_short(seen.lost)
        if begun is not None:
            state, live, why = _of_begun(begun, state)
        may = self._may_write()
        return {
            "digest": seen.digest,
            "name": seen.name,
            "state": state,
            "live": live,
            "why": why,
            "jobs": seen.jobs,
            "stopping": live and (seen.digest, progress.begun_at) in self._told_to_stop,
            "may_stop": may and live and state != STARTING,
            "may_go_on": may and not live and _has_a_rest(progress),
            "may_try_again": may and not live and progress.quarantined > 0,
            **_numbers(progress),
        }

    def _failed(self, found: Sequence[Seen]) -> list[Answer]:
        """The chosen run's volumes that failed."""
        chosen = next((seen for seen in found if seen.digest == self._chosen), None)
        if chosen is None or not chosen.progress.failed:
            return []
        try:
            failed = self._runs.failed(chosen.digest, MOST_FAILED)
        except CcdsError:  # it was removed in this moment
            return []
        return [
            {"key": one.key, "reason": one.reason, "found": one.found, "do": one.do, "quarantined": one.is_quarantined}
            for one in failed
        ]


def _numbers(progress: Progress) -> Answer:
    told = progress.as_json()
    names = (
        *("engine", "person", "begun_at", "ended_at", "total", "done_before", "done", "failed", "quarantined"),
        *("running", "waiting", "workers", "per_s", "seconds_left"),
    )
    return {name: told[name] for name in names}


def _has_a_rest(progress: Progress) -> bool:
    """Whether another run would do something."""
    return progress.now() is not RunState.ENDED or progress.failed > progress.quarantined


def _of_begun(begun: Begun, state: str) -> tuple[str, bool, str]:
    """State, whether it lives, and why, of a run that was started anew here."""
    return (state, False, _said(begun)) if begun.line else (STARTING, True, "")


def _only_begun(digest: str, begun: Begun) -> Answer:
    """A run that has no files yet."""
    state, live, why = _of_begun(begun, RunState.BROKEN.value)
    nothing = dict.fromkeys(
        ("total", "done_before", "done", "failed", "quarantined", "running", "waiting", "workers"), 0
    )
    return {
        "digest": digest,
        "name": begun.name,
        "state": state,
        "live": live,
        "why": why,
        "jobs": "",
        **dict.fromkeys(("stopping", "may_stop", "may_go_on", "may_try_again"), False),
        "engine": "",
        "person": "",
        "begun_at": None,
        "ended_at": None,
        "per_s": None,
        "seconds_left": None,
        **nothing,
    }


def _cut_short(how: str) -> str:
    """How a run on the cluster ended that said nothing of it."""
    return f"The controller’s job ended before the run did ({how}); controller.log in the run’s folder may say more."


def _said(begun: Begun) -> str:
    """The command's last line as a sentence."""
    return f"{begun.line[:1].upper()}{begun.line[1:].rstrip('.')}."
