"""The rules of the screen Fetch: what its page may see and do. No SQL, no network, no files, no browser.

Before studies are put into the queue the archive is asked once more, and its counts are confirmed: what is put in is what was
counted, and nothing else. Where the archive can't be reached from this session, the site asks and fetches; the screen then puts
criteria into its hands, and shows how far it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.findings import Findings
from ccds_kernel.imaging.retrieval.reach import Where
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.imaging.retrieval.run import Life, Run
from ccds_kernel.imaging.retrieval.single import Singles
from ccds_widgets.base import sentence
from ccds_widgets.beside import Beside
from ccds_widgets.cohort.counting import Counting
from ccds_widgets.cohort.fetch import messages
from ccds_widgets.cohort.fetch.shown import (
    counts_shown,
    missing_shown,
    pace_shown,
    requested_shown,
    single_shown,
    study_shown,
    worker_shown,
)
from ccds_widgets.cohort.findings_shown import findings_shown, kept_shown, reach_shown
from ccds_widgets.cohort.ports import Asks, Fetches

PAGE = 50
MOST_CAUSES = 20
_LISTS = {
    "missing": (State.FAILED, State.REFUSED),
    "waiting": (State.WAITING,),
    "running": (State.RUNNING,),
    "arrived": (State.ARRIVED,),
}

Answer = dict[str, Any]

_Asking = messages.Ask | messages.Stop | messages.Drop | messages.Put | messages.Leave | messages.Single


class FetchModel:
    """One person's look at one project's queue.

    Args:
        asks: the archive, and the criteria that are kept.
        fetches: the queue.
        project: the project's id.
        permit: raises a CcdsError where the person may not see it (any more); asked before each answer.
        now: the time by this machine's clock.
    """

    def __init__(
        self,
        asks: Asks,
        fetches: Fetches,
        *,
        project: str,
        permit: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC).astimezone(),
    ) -> None:
        self._asks = asks
        self._fetches = fetches
        self._project = project
        self._permit = permit
        self._now = now
        self._counting = Counting()
        self._asked: VersionedCriteria | None = None
        self._found: Findings | None = None
        self._new = 0
        self._single: Beside[Singles] = Beside()
        self._told: Answer | None = None

    def start(self) -> Answer:
        """What the page shows first."""
        self._permit()
        return self._look(messages.Look(kind="look", which="missing"))

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        self._permit()
        if isinstance(request, messages.Look):
            return self._look(request)
        if isinstance(request, _Asking):
            return self._asking(request)
        return self._working(request)

    # --- what the page sees

    def _look(self, wanted: messages.Look) -> Answer:
        # What is done beside is asked first: the queue that is read after it holds whatever it did, if it is done.
        beside = {**self._confirming(), "single": self._singled()}
        counts, now = self._fetches.counts(), self._now()
        run = self._fetches.run()
        working = run is not None and run.life(now) is Life.WORKING
        kept, wrong = self._asks.kept()
        consecutive = {one.digest: one.consecutive for one in kept}
        pace, change = self._fetches.pace(now)
        failed = self._fetches.start_failed() and not (run and run.why)
        return {
            "may_write": self._fetches.may_write(),
            "reach": reach_shown(self._asks.reach()),
            "counts": counts_shown(counts, working=working),
            "worker": worker_shown(run, now),
            "start_failed": f"The worker ended before it began; “ccds imaging retrieve --project {self._project}” says why."
            if failed
            else None,
            "pace": pace_shown(pace, change, now),
            "most_attempts": self._fetches.most_attempts(),
            "causes": [missing_shown(one) for one in self._fetches.missing()[:MOST_CAUSES]],
            "requested": [
                requested_shown(one, consecutive.get(one.digest), working=working) for one in self._fetches.requested()
            ],
            "kept": [kept_shown(one) for one in kept],
            "damaged": [sentence(one) for one in wrong],
            "list": self._list(wanted, working=working),
            **beside,
        }

    def _list(self, wanted: messages.Look, *, working: bool) -> Answer:
        if wanted.study is not None:
            found = self._fetches.get(wanted.study.strip())
            total, begin = len(found), 0
        else:
            total, found = self._fetches.page(_LISTS[wanted.which], wanted.begin, PAGE, wanted.cause)
            begin = wanted.begin
            if total and begin >= total:  # fewer than when the page turned to it
                begin = (total - 1) // PAGE * PAGE
                total, found = self._fetches.page(_LISTS[wanted.which], begin, PAGE, wanted.cause)
        most = self._fetches.most_attempts()
        return {
            "which": wanted.which,
            "cause": wanted.cause,
            "study": wanted.study,
            "begin": begin,
            "total": total,
            "page": PAGE,
            "rows": [study_shown(one, most, working=working) for one in found],
        }

    def _confirming(self) -> Answer:
        """What was asked for and isn't confirmed yet; asking may have gone wrong, which is told once."""
        try:
            found = self._counting.collect()
        except CcdsError as error:
            self._asked = self._found = None
            return {"counting": None, "confirm": None, "ask_error": sentence(error)}
        if found is not None and self._asked is not None:
            self._found, self._new = found, self._fetches.new_among(found.meeting, self._asked)
        confirm = None
        if self._found is not None and self._asked is not None:
            confirm = findings_shown(self._found, self._asked) | {
                "named": f"{self._asked.name}-v{self._asked.version}",
                "digest": self._asked.digest,
                "new": self._new,
            }
        counting = self._counting.shown()
        named = f"{self._asked.name}-v{self._asked.version}" if counting and self._asked else None
        return {"counting": counting and counting | {"named": named}, "confirm": confirm, "ask_error": None}

    def _singled(self) -> Answer:
        """What became of the study that was asked for alone; a line that doesn't repeat its accession number."""
        try:
            found = self._single.collect()
            if found is not None:
                self._told = single_shown(found, begun=bool(found.ahead) and self._begin())
        except CcdsError as error:  # also where no worker may be started any more
            self._told = {"line": sentence(error), "study": None}
        return {"busy": self._single.busy, "told": self._told}

    # --- what the page asks for

    def _asking(self, request: _Asking) -> Answer:
        match request:
            case messages.Ask():
                self._ask(request.named)
            case messages.Stop():
                self._counting.stop()
            case messages.Drop():
                self._asked = self._found = None
            case messages.Put():
                return {"added": self._put(request.digest)}
            case messages.Leave():
                self._fetches.request_later(self._kept(request.named))
            case messages.Single():
                self._ask_for(request.accession)
        return {}

    def _working(self, request: messages.Fetch | messages.Halt | messages.Retry | messages.Hurry) -> Answer:
        match request:
            case messages.Fetch():
                self._fetch()
            case messages.Halt():
                self._fetches.stop()
            case messages.Retry():
                again, spent = self._fetches.retry(None if request.study is None else [request.study])
                return {"again": again, "spent": spent}
            case messages.Hurry():
                ahead = self._fetches.hurry([request.study])
                return {"ahead": ahead, "begun": bool(ahead) and self._begin()}
        return {}

    def _kept(self, named: str) -> VersionedCriteria:
        kept, _ = self._asks.kept()
        for one in kept:
            if f"{one.name}-v{one.version}" == named:
                return one
        raise CcdsError(
            expected="criteria that the project keeps", found="none of that name", do="choose some of the list"
        )

    def _ask(self, named: str) -> None:
        if self._counting.busy:
            raise CcdsError(expected="one question at a time", found="one that isn't answered yet", do="stop it first")
        versioned = self._kept(named)
        self._asks.check(versioned.criteria)
        self._asked, self._found = versioned, None
        self._counting.begin(lambda progress: self._asks.ask(versioned, progress))

    def _ask_for(self, accession: str) -> None:
        self._asks.approved()  # permits, before a thread begins
        self._told = None
        if not self._single.begin(lambda: self._fetches.request_single(accession)):
            raise CcdsError(expected="one study at a time", found="one that isn't answered yet", do="wait for it")

    def _put(self, digest: str) -> int:
        if self._found is None or self._asked is None or self._asked.digest != digest:
            raise CcdsError(expected="the counts that are shown", found="others", do="ask the archive again")
        added = self._fetches.request(self._found.meeting, self._asked)
        self._asked = self._found = None
        return added

    def _begin(self) -> bool:
        """Starts a worker for a study that goes ahead, where nobody is at work and one can be from here; whether it did.

        It takes what else waits after that study, as every worker does.
        """
        if self._asks.reach().where is not Where.HERE or self._working_run() is not None:
            return False
        self._fetches.start()
        return True

    def _working_run(self) -> Run | None:
        run = self._fetches.run()
        return run if run is not None and run.life(self._now()) is Life.WORKING else None

    def _fetch(self) -> None:
        self._asks.reach().require_here()
        run = self._working_run()
        if run is not None:
            raise CcdsError(
                expected="no other worker",
                found=f"one of {run.person}",
                do="leave it to that one: it takes what is asked for meanwhile, too",
            )
        self._fetches.start()
