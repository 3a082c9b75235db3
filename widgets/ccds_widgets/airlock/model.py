"""The rules of the airlock's app: what a page may see and do. No SQL, no network, no files, no browser.

Nothing that the page sends is believed: a request is parsed, the submission is looked up among those that this person may see
now, a file among those that are sealed in it, and a verdict counts for the digest that the page was shown.
"""

from __future__ import annotations

from typing import Any

from ccds_kernel.airlock.finding import Finding
from ccds_kernel.airlock.submission import FEWEST_SIGNS, OPEN, Submission, Verdict
from ccds_kernel.airlock.turn import turn
from ccds_kernel.errors import CcdsError
from ccds_widgets.airlock import messages
from ccds_widgets.airlock.ports import Airlock
from ccds_widgets.airlock.preview import MOST_BYTES, preview, too_large

Answer = dict[str, Any]


class AirlockModel:
    """One person's look at a project's airlock.

    Args:
        airlock: the airlock, for them.
        project: the project's id, to be shown.
    """

    def __init__(self, airlock: Airlock, *, project: str) -> None:
        self._airlock = airlock
        self._project = project

    def start(self) -> Answer:
        """What the page shows first: every submission that this person may see."""
        return {
            "project": self._project,
            "person": self._airlock.person,
            "fewest_signs": FEWEST_SIGNS,
            "submissions": [self._row(one) for one in self._airlock.submissions()],
        }

    def answer(self, content: object) -> Answer:
        """The answer to what the page sent.

        Raises:
            CcdsError: it is no request, or is refused; nothing was changed then.
        """
        request = messages.parse(content)
        match request:
            case messages.List():
                return self.start()
            case messages.Show():
                return {"shown": self._detail(*self._airlock.show(request.submission))}
            case messages.Open():
                return self._open(request)
            case messages.GiveVerdict():
                verdict = Verdict(request.verdict)
                after = self._airlock.review(request.submission, request.digest, verdict, request.reason)
                return self.start() | {"said": f"You said {verdict}. The submission {self._turn(after)}."}
            case messages.Withdraw():
                self._airlock.withdraw(request.submission)
                return self.start() | {"said": "You took the submission back."}

    def _open(self, request: messages.Open) -> Answer:
        submission = self._airlock.get(request.submission)
        file = next((one for one in submission.files if one.name == request.name), None)
        if file is None:
            raise CcdsError(expected="a file of the submission", found="none of that name", do="reload the page")
        if file.size > MOST_BYTES:
            return too_large(file.size)
        return preview(file.name, self._airlock.read(submission, file))

    def _turn(self, submission: Submission) -> str:
        return turn(submission, may_review=self._airlock.may_review(submission))

    def _row(self, submission: Submission) -> Answer:
        return {
            "id": submission.id,
            "kind": submission.kind,
            "author": submission.author,
            "state": submission.state,
            "submitted": f"{submission.at:%Y-%m-%d %H:%M} UTC",
            "turn": self._turn(submission),
            "mine": self._airlock.may_review(submission),
        }

    def _detail(self, submission: Submission, findings: tuple[Finding, ...]) -> Answer:
        return self._row(submission) | {
            "reason": submission.reason,
            "digest": submission.digest,
            "files": [{"name": file.name, "size": f"{file.size:,} bytes"} for file in submission.files],
            "findings": [
                {
                    "severity": finding.severity,
                    "what": finding.what,
                    "where": ", ".join(part for part in (finding.file or "the reason", finding.place) if part),
                }
                for finding in findings
            ],
            "reviews": [
                {
                    "reviewer": review.reviewer,
                    "as": "administrator of the site" if review.as_administrator else "",
                    "verdict": review.verdict,
                    "reason": review.reason,
                    "at": f"{review.at:%Y-%m-%d %H:%M} UTC",
                }
                for review in submission.reviews
            ],
            "withdrawable": submission.author == self._airlock.person and submission.state in OPEN,
        }
