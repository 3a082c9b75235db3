"""The rules of the screen Ask: what its page may see and do. No SQL, no network, no files, no browser.

Only what the IRB application covers can be asked for; the page offers nothing else, and whatever it sends is held against the
application as it is now. Where the archive can't be reached from this session, criteria are kept without counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.criteria_file import VersionedCriteria
from ccds_kernel.errors import CcdsError
from ccds_widgets.base import sentence
from ccds_widgets.cohort.ask import messages
from ccds_widgets.cohort.counting import Counting
from ccds_widgets.cohort.criteria_request import CriteriaRequest
from ccds_widgets.cohort.findings_shown import findings_shown, kept_shown, reach_shown
from ccds_widgets.cohort.ports import Asks

Answer = dict[str, Any]


class AskModel:
    """One person's questions about one project's studies.

    Args:
        asks: the archive, and what is approved.
        project: the project's id.
        permit: raises a CcdsError where the person may not ask (any more); asked before each answer.
    """

    def __init__(self, asks: Asks, *, project: str, permit: Callable[[], None]) -> None:
        self._asks = asks
        self._project = project
        self._permit = permit
        self._counting = Counting()
        self._asked: VersionedCriteria | None = None
        self._found: Answer | None = None
        self._stopped = False

    def start(self) -> Answer:
        """What the page shows first."""
        self._permit()
        approved = self._asks.approved()
        return {
            "approved": {"codes": list(approved.codes), "first": f"{approved.first}", "last": f"{approved.last}"},
            "reach": reach_shown(self._asks.reach()),
            **self._look(),
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
                return self._look()
            case messages.Check():
                return self._check(request.code)
            case messages.Count():
                return self._count(request.criteria)
            case messages.Stop():
                self._counting.stop()
                return self._look()
            case messages.Keep():
                asked = request.criteria
                kept = self._asks.keep(request.name.strip(), asked.criteria(), asked.consecutive)
                return {"named": f"{kept.name}-v{kept.version}", **self._look()}

    def _look(self) -> Answer:
        kept, wrong = self._asks.kept()
        was_busy, error = self._counting.busy, None
        try:
            found = self._counting.collect()
        except CcdsError as raised:
            found, was_busy, error = None, False, sentence(raised)
        if found is not None and self._asked is not None:
            self._found = findings_shown(found, self._asked)
        elif was_busy and not self._counting.busy:
            self._stopped = True
        return {
            "counting": self._counting.shown(),
            "found": self._found,
            "stopped": self._stopped,
            "ask_error": error,
            "kept": [kept_shown(one) for one in kept],
            "damaged": [sentence(one) for one in wrong],
        }

    def _check(self, code: str) -> Answer:
        approved = self._asks.approved()
        self._asks.check(Criteria(frozenset({code.strip()}), approved.first, approved.last))
        return {"code": code.strip()}

    def _count(self, asked: CriteriaRequest) -> Answer:
        if self._counting.busy:
            raise CcdsError(expected="one question at a time", found="one that isn't answered yet", do="stop it first")
        criteria = asked.criteria()
        self._asks.check(criteria)
        versioned = VersionedCriteria(self._project, "unnamed", 1, criteria, asked.consecutive)
        self._asked, self._found, self._stopped = versioned, None, False
        self._counting.begin(lambda progress: self._asks.ask(versioned, progress))
        return self._look()
