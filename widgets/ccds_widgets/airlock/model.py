"""The rules of the airlock's app: what a page may see and do. No SQL, no network, no files, no browser.

Nothing that the page sends is believed: a request is parsed, the submission is looked up among those that this person may see
now, a file among those that are sealed in it, and a verdict counts for the digest that the page was shown.

Nobody approves here what they weren't shown: every page of every file, or they say that they looked in another way (weights are
never shown), which stands in their review then. That they were shown doesn't say that they read.
"""

from __future__ import annotations

from typing import Any

from ccds_kernel.airlock.finding import Finding
from ccds_kernel.airlock.submission import FEWEST_SIGNS, OPEN, Submission, Verdict
from ccds_kernel.airlock.turn import turn
from ccds_kernel.errors import CcdsError
from ccds_widgets.airlock import messages
from ccds_widgets.airlock.ports import Airlock
from ccds_widgets.airlock.preview import can_be_shown, not_shown, preview

Answer = dict[str, Any]

_MOST_NAMED = 3


class AirlockModel:
    """One person's look at a project's airlock.

    Args:
        airlock: the airlock, for them.
        project: the project's id, to be shown.
    """

    def __init__(self, airlock: Airlock, *, project: str) -> None:
        self._airlock = airlock
        self._project = project
        self._unseen: dict[tuple[str, str], set[int]] = {}

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
                return self._review(request)
            case messages.Withdraw():
                self._airlock.withdraw(request.submission)
                return self.start() | {"said": "You took the submission back."}

    def _open(self, request: messages.Open) -> Answer:
        submission = self._airlock.get(request.submission)
        file = next((one for one in submission.files if one.name == request.name), None)
        if file is None:
            raise CcdsError(expected="a file of the submission", found="none of that name", do="reload the page")
        if not can_be_shown(file.name, file.size):
            return not_shown(file.size) | {"unseen": self._not_shown_whole(submission)}
        shown = preview(file.name, self._airlock.read(submission, file), request.page)
        left = self._unseen.setdefault((submission.digest, file.name), set(range(shown["pages"])))
        left.discard(request.page)
        return shown | {"unseen": self._not_shown_whole(submission)}

    def _review(self, request: messages.GiveVerdict) -> Answer:
        verdict, reason = Verdict(request.verdict), request.reason
        # What isn't theirs to see is the kernel's to refuse: that is a denial, and logged.
        submission = next((one for one in self._airlock.submissions() if one.id == request.submission), None)
        unseen = self._not_shown_whole(submission) if submission else []
        if verdict is Verdict.APPROVE and submission and self._airlock.may_review(submission) and unseen:
            if not request.otherwise:
                raise CcdsError(
                    expected="every file shown to its last page before it is approved",
                    found=f"{len(unseen)} that weren't, first {unseen[0]}",
                    do="look at each of them, or say that you did in another way",
                )
            if len(reason.strip()) >= FEWEST_SIGNS:
                reason = (
                    f"{reason.rstrip()} (Looked at in another way: {', '.join(unseen[:_MOST_NAMED])}{_more(unseen)}.)"
                )
        after = self._airlock.review(request.submission, request.digest, verdict, reason)
        return self.start() | {"said": f"You said {verdict}. The submission {self._turn(after)}."}

    def _not_shown_whole(self, submission: Submission) -> list[str]:
        """The files of which some page wasn't asked for yet, by name."""
        return [file.name for file in submission.files if self._unseen.get((submission.digest, file.name), {0})]

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
            "unseen": self._not_shown_whole(submission),
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


def _more(names: list[str]) -> str:
    return f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
