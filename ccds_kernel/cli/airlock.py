"""`ccds airlock submit | list | show | review | withdraw | release`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ccds_kernel.airlock.airlock import Airlock
    from ccds_kernel.airlock.finding import Finding
    from ccds_kernel.airlock.submission import Submission

_KINDS = ("model", "table", "figure", "notebook")
_SHORTEST_DIGEST = 12


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = "put a result before the reviewers: its files are copied, scanned and sealed"
    submit = verbs.add_parser(
        "submit",
        help=summary,
        description=f"{summary}. Outputs of notebooks are taken away first. What the scan forbids isn't taken.",
    )
    _add_project(submit)
    submit.add_argument("--kind", required=True, choices=_KINDS, help="what it is; decides which files may be in it")
    submit.add_argument("--reason", required=True, metavar="TEXT", help="what it is, and who will use it for what")
    submit.add_argument("--folder", type=Path, default=Path(), metavar="F", help="where the files lie (here)")
    submit.add_argument("files", nargs="+", metavar="FILE", help="the files, by their names relative to F")
    submit.set_defaults(run=_submit)

    summary = "print the submissions that you may see, the newest first"
    list_ = verbs.add_parser("list", help=summary, description=summary)
    _add_project(list_)
    list_.set_defaults(run=_list)

    summary = "print one submission, its reviews, and what a scan of it finds now"
    show = verbs.add_parser("show", help=summary, description=summary)
    _add_project(show)
    _add_submission(show)
    show.set_defaults(run=_show)

    summary = "approve or refuse somebody else's submission"
    review = verbs.add_parser(
        "review", help=summary, description=f"{summary}. Two approvals let it be released, one refusal ends it."
    )
    _add_project(review)
    _add_submission(review)
    verdict = review.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--approve", dest="verdict", action="store_const", const="approve", help="it may leave")
    verdict.add_argument("--refuse", dest="verdict", action="store_const", const="refuse", help="it may not leave")
    review.add_argument(
        "--digest", required=True, metavar="D", help="what you looked at: its digest, as 'show' prints it"
    )
    review.add_argument("--reason", required=True, metavar="TEXT", help="what you looked at, or what is wrong")
    review.set_defaults(run=_review)

    summary = "take a submission of yours back"
    withdraw = verbs.add_parser("withdraw", help=summary, description=summary)
    _add_project(withdraw)
    _add_submission(withdraw)
    withdraw.set_defaults(run=_withdraw)

    summary = "copy an approved submission to the place for released results"
    release = verbs.add_parser("release", help=summary, description=f"{summary}. For administrators of the site.")
    _add_project(release)
    _add_submission(release)
    release.set_defaults(run=_release)


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", required=True, metavar="ID", help="the IRB application's id")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _add_submission(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("submission", metavar="SUBMISSION", help="the submission's id")


def _submit(options: argparse.Namespace) -> None:
    from ccds_kernel.airlock.airlock import RefusedByScanError
    from ccds_kernel.airlock.submission import Kind

    with _airlock(options) as airlock:
        try:
            submitted = airlock.submit(Kind(options.kind), options.reason, options.folder, options.files)
        except RefusedByScanError as error:
            for finding in error.findings:
                print(f"  {finding}", file=sys.stderr)
            raise
    if options.json:
        print(json.dumps(_as_json(submitted.submission, submitted.findings), indent=2))
        return
    submission = submitted.submission
    print(f"{submission.id}: submitted; {len(submission.files)} file(s), two other people have to approve it")
    _print_findings(submitted.findings)


def _list(options: argparse.Namespace) -> None:
    from ccds_kernel.airlock.turn import turn

    with _airlock(options) as airlock:
        found = [(one, turn(one, may_review=airlock.may_review(one))) for one in airlock.submissions()]
    if options.json:
        print(json.dumps([_as_json(submission) for submission, _ in found], indent=2))
        return
    for submission, next_ in found:
        print(
            f"{submission.id}  {submission.at:%Y-%m-%d %H:%M}  {submission.state:<9}  {submission.kind:<8}  "
            f"{submission.author:<12}  {next_}"
        )
    print(f"{len(found)} submission(s)")


def _show(options: argparse.Namespace) -> None:
    with _airlock(options) as airlock:
        submission, findings = airlock.show(options.submission)
    if options.json:
        print(json.dumps(_as_json(submission, findings), indent=2))
        return
    print(f"{submission.id}  {submission.kind} of {submission.author}, {submission.state}")
    print(f"  reason  {' '.join(submission.reason.split())}")
    print(f"  digest  {submission.digest}")
    for file in submission.files:
        print(f"  file    {file.name}  {file.size:,} bytes  {file.sha256[:12]}")
    for review in submission.reviews:
        print(f"  {review.verdict:<7} {review.reviewer}: {' '.join(review.reason.split())}")
    _print_findings(findings)


def _review(options: argparse.Namespace) -> None:
    from ccds_kernel.airlock.submission import Verdict
    from ccds_kernel.errors import CcdsError

    with _airlock(options) as airlock:
        digest = airlock.get(options.submission).digest
        if len(options.digest) < _SHORTEST_DIGEST or not digest.startswith(options.digest):
            raise CcdsError(
                expected=f"the submission's digest, or its first {_SHORTEST_DIGEST} characters",
                found="another one",
                do="look at it with 'ccds airlock show', and review what you have seen",
            )
        _tell(options, airlock.review(options.submission, digest, Verdict(options.verdict), options.reason))


def _withdraw(options: argparse.Namespace) -> None:
    with _airlock(options) as airlock:
        _tell(options, airlock.withdraw(options.submission))


def _release(options: argparse.Namespace) -> None:
    from ccds_kernel.airlock.release import release

    with _airlock(options) as airlock:
        folder = release(airlock.visitor, options.submission)
    if options.json:
        print(json.dumps({"id": options.submission, "state": "released", "folder": str(folder)}))
        return
    print(f"{options.submission}: released to {folder}")


@contextmanager
def _airlock(options: argparse.Namespace) -> Iterator[Airlock]:
    """The project's airlock, for whoever runs this."""
    from ccds_kernel.airlock.airlock import Airlock
    from ccds_kernel.airlock.door import visit

    visitor = visit(options.project)
    try:
        yield Airlock(visitor)
    finally:
        visitor.project.close()


def _tell(options: argparse.Namespace, submission: Submission) -> None:
    if options.json:
        print(json.dumps(_as_json(submission), indent=2))
        return
    print(f"{submission.id}: {submission.state}, {len(submission.approvals)} approval(s)")


def _print_findings(findings: tuple[Finding, ...]) -> None:
    print(f"scan ({len(findings)})")
    for finding in findings:
        print(f"  {finding}")


def _as_json(submission: Submission, findings: tuple[Finding, ...] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": submission.id,
        "kind": submission.kind,
        "author": submission.author,
        "state": submission.state,
        "reason": submission.reason,
        "submitted": submission.at.isoformat(timespec="seconds"),
        "digest": submission.digest,
        "files": [{"name": file.name, "bytes": file.size, "sha256": file.sha256} for file in submission.files],
        "reviews": [
            {
                "reviewer": review.reviewer,
                "verdict": review.verdict,
                "reason": review.reason,
                "at": review.at.isoformat(timespec="seconds"),
            }
            for review in submission.reviews
        ],
    }
    if findings is not None:
        told["findings"] = [
            {"severity": one.severity, "what": one.what, "file": one.file, "place": one.place} for one in findings
        ]
    return told
