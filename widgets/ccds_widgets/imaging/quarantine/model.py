"""The rules of the quarantine screen: what a page may see and do. No SQL, no network, no files, no browser.

Volumes are made, and what was let pass is converted, beside the page's requests. A run that was left, as by a page that was
loaded anew, is taken up again by the next page of whoever began it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies.rows import Judgement
from ccds_kernel.imaging.studies.runs import Run
from ccds_kernel.imaging.verdict import PASSABLE, REASONS, TO_DO, Status
from ccds_widgets.base import sentence
from ccds_widgets.imaging.asked import Picture, picture_shown
from ccds_widgets.imaging.quarantine import messages
from ccds_widgets.imaging.quarantine.ports import Passing, Quarantine, Runs
from ccds_widgets.imaging.selection.ports import Errands
from ccds_widgets.imaging.told import told_beside

Answer = dict[str, Any]

PAGE = 50
"""Series of a page."""


class QuarantineModel:
    """One person's look at a project's quarantine.

    Args:
        quarantine: the project's.
        passing: who lets a reason pass.
        runs: the project's runs that make volumes.
        person: who looks.
        may_write: whether they may let pass and make volumes, for what the page offers; whoever does it asks anew.
        errand: makes a place where long work goes on beside the page.
    """

    def __init__(
        self,
        quarantine: Quarantine,
        passing: Passing,
        runs: Runs,
        *,
        person: str,
        may_write: Callable[[], bool],
        errand: Callable[[str], Errands],
    ) -> None:
        self._quarantine = quarantine
        self._passing = passing
        self._runs = runs
        self._person = person
        self._may_write = may_write
        self._making = errand("ccds-volumes")
        self._converting = errand("ccds-pass")
        self._passed: Answer | None = None

    def start(self) -> Answer:
        """What the page shows first: the first page, the counts, and how far the volumes are."""
        return {"may_write": self._may_write()} | self._list(messages.List(kind="list")) | self._progress()

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        match request:
            case messages.List():
                return self._list(request)
            case Picture():
                return picture_shown(request, self._quarantine.thumbnail)
            case messages.Pass():
                return self._let_pass(request)
            case messages.Passing():
                return self._came_of_it()
            case messages.BeginRun():
                self._begin()
            case messages.StopRun():
                self._runs.stop()
            case messages.Progress():
                pass
        return self._progress()

    def _list(self, request: messages.List) -> Answer:
        rows, total = self._quarantine.quarantined(
            code=request.code, scanner=request.scanner, begin=request.begin, most=PAGE
        )
        counts = self._quarantine.quarantine_counts()
        return {
            "rows": [_row(one) for one in rows],
            "begin": request.begin,
            "page": PAGE,
            "total": total,
            "counts": [
                {"code": code, "scanner": scanner, "series": series}
                for (code, scanner), series in sorted(counts.items())
            ],
            "meanings": {code: REASONS[code] for code, _ in counts},
        }

    def _let_pass(self, request: messages.Pass) -> Answer:
        of_it = {"study": request.study, "series": request.series}

        def convert() -> None:
            try:
                judged = self._passing.let_pass(request.study, request.series, request.note)
            except CcdsError as error:
                self._passed = of_it | {"error": sentence(error)}
            else:
                self._passed = of_it | _came(judged, request.series)

        self._passing.check_pass(request.study, request.series, request.note)
        if self._converting.busy:
            raise CcdsError(expected="one conversion at a time", found="one that goes on", do="wait for its result")
        self._passed = None
        self._converting.begin(convert)
        return {"converting": True}

    def _came_of_it(self) -> Answer:
        if self._converting.busy:
            return {"converting": True}
        return {"converting": False, "passed": self._passed}

    def _begin(self) -> None:
        run = self._runs.begin()
        self._making.begin(lambda: self._runs.work(run))

    def _taken_up(self, run: Run) -> Run | None:
        """A run that this person began and left; it stays as it is where they may not go on with it any more."""
        if not self._may_write():
            return run
        with contextlib.suppress(
            CcdsError
        ):  # somebody else was quicker, or nothing waits any more: nobody asked for it
            self._begin()
        return self._runs.newest()

    def _progress(self) -> Answer:
        run = self._runs.newest()
        if run is not None and run.person == self._person and not run.stopping and run.is_left(datetime.now(UTC)):
            run = self._taken_up(run)
        going = run is not None and run.ended is None
        return {
            "run": None if run is None else _run(run),
            "waiting": None if going else len(self._runs.waiting()),
        }


def _row(judged: Judgement) -> Answer:
    code = "" if judged.reason is None else judged.reason.code
    return {
        "study": judged.study_key,
        "series": judged.series,
        "modality": judged.modality,
        "scanner": judged.scanner,
        "code": code,
        "line": "" if judged.reason is None else judged.reason.line,
        "meaning": REASONS.get(code, ""),
        "to_do": TO_DO.get(code, ""),
        "if_passed": PASSABLE.get(code),
        "files": judged.files,
        "person": judged.person,
        "at": judged.at.isoformat(),
    } | told_beside(judged)


def _came(judged: list[Judgement], series: str) -> Answer:
    """What became of the series that was let pass."""
    found = next((one for one in judged if one.series == series), None)
    if found is None:
        return {"status": "none", "line": "another series is chosen now"}
    return {
        "status": found.status.value,
        "line": "its volume is made" if found.status is Status.ACCEPTED else str(found.reason),
        "row": _row(found),
    }


def _run(run: Run) -> Answer:
    return {
        "person": run.person,
        "begun": run.begun.isoformat(),
        "total": run.total,
        "done": run.done,
        "ended": None if run.ended is None else run.ended.isoformat(),
        "left": run.is_left(datetime.now(UTC)),
        "stopping": run.stopping,
        "cause": run.cause,
    }
