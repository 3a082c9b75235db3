"""The last step: an approved submission leaves the project, for `[airlock] released`.

An administrator of the site does it, as the service account, which alone writes there. What the project's database says is
believed only where the audit log says the same: members can write the one, and not the other. So the log alone says who
submitted this very content and which others approved it; two of these must still be allowed to review, one of them by the
roster. The files are compared with their hashes while they are copied, and the copy is scanned once more, before anything is
renamed; for reports that are what the log says was loaded, for members can write these as well.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ccds_kernel.airlock import drop, rows
from ccds_kernel.airlock.door import Visitor
from ccds_kernel.airlock.drop import Drop
from ccds_kernel.airlock.finding import require_clean
from ccds_kernel.airlock.reports import known_texts, seals
from ccds_kernel.airlock.scan.scan import scan
from ccds_kernel.airlock.submission import APPROVALS, ID, RESERVED_NAME, State, Submission, released, unknown
from ccds_kernel.audit.events.airlock import ResultReleased
from ccds_kernel.audit.site import audit_log
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed, write_whole
from ccds_kernel.irb.application import IN_FORCE, IrbApplication
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import calendar_day, why_not
from ccds_kernel.irb.site import require_administrator
from ccds_kernel.labeling.seal import Seal
from ccds_kernel.settings import Settings, settings_now


def release(visitor: Visitor, submission_id: str) -> Path:
    """Copies an approved submission out of the project; returns the folder that it lies in now.

    Raises:
        SiteAccessDenied: the person is no administrator of the site.
        CcdsError: it isn't approved, or not any more; the audit log doesn't say so; a file changed, or may not leave; or there is
            no place for it.
    """
    settings, project = settings_now(visitor.settings), visitor.project
    require_administrator("release a result", person=visitor.person, settings=settings)
    place = _place(settings)
    visitor.require_open()
    application = project.application
    if (standing := application.standing(calendar_day())) != IN_FORCE:
        raise CcdsError(
            expected="an application in force", found=standing, do=f"ask the principal investigator, {application.pi}"
        )
    with project.airlock_store.writing() as connection:
        found = rows.submissions(connection, project.id, submission_id) if ID.fullmatch(submission_id) else ()
        if not found:
            raise unknown()
        submission = found[0]
        after = released(submission)
        log = audit_log(settings)
        log.verify(project.id)
        entries = tuple(log.entries(project.id))
        approvers = _approvers(submission, entries)
        _require_standing(approvers, application, settings, visitor)
        target = _copied(submission, approvers, place, visitor, seals(entries))
        try:
            project.audit.write(
                ResultReleased(
                    person=visitor.person,
                    project=project.id,
                    submission=submission.id,
                    digest=submission.digest,
                    files=len(submission.files),
                )
            )
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
        final = place / project.id / submission.id
        # Replaces what a crash left between this and the row: the same content, by the same hashes.
        if final.exists():
            shutil.rmtree(final)
        target.rename(final)
        rows.move(connection, after)
    return final


def manifest(submission: Submission, approvers: Sequence[str]) -> dict[str, Any]:
    """What is told of a released result, wherever it goes."""
    return {
        "project": submission.project,
        "submission": submission.id,
        "digest": submission.digest,
        "kind": submission.kind,
        "author": submission.author,
        "reason": submission.reason,
        "submitted": submission.at.isoformat(timespec="seconds"),
        "approved_by": list(approvers),
        "files": [{"name": file.name, "bytes": file.size, "sha256": file.sha256} for file in submission.files],
    }


def _place(settings: Settings) -> Path:
    place = settings.airlock.released
    if place is None:
        raise CcdsError(
            expected="a place for released results",
            found="no [airlock] released in ccds.toml",
            do="set it to a folder outside the projects that the service account writes",
        )
    return place


def _require_standing(
    approvers: Sequence[str], application: IrbApplication, settings: Settings, visitor: Visitor
) -> None:
    """Makes sure that those who approved may still review: by the roster, all but one of them as administrators.

    Raises:
        CcdsError: too few of them may.
    """
    years = visitor.project.registry.training_years
    on_roster = [
        person
        for person in approvers
        if why_not(application, person, Action.REVIEW_RESULTS, calendar_day(), years) is None
    ]
    standing = len(set(on_roster) | (set(approvers) & set(settings.hub.administrators)))
    if standing < APPROVALS or not on_roster:
        raise CcdsError(
            expected=f"{APPROVALS} approvals of people who may review",
            found=f"{standing}: somebody who approved may not any more",
            do="have somebody else review it, too",
        )


def _approvers(submission: Submission, entries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Who approved `submission` by the audit log, each of them once, the first first.

    Raises:
        CcdsError: the log knows another author, less approvals than the database, or that the submission has ended.
    """
    authors: set[str] = set()
    approvers: dict[str, None] = {}
    ended = False
    for entry in entries:
        detail = entry["detail"]
        if detail.get("submission") != submission.id or detail.get("digest") != submission.digest:
            continue
        if entry["event"] == "ResultSubmitted":
            authors.add(entry["person"])
        elif entry["event"] == "ResultReviewed" and detail["verdict"] == "approve":
            approvers[entry["person"]] = None
        elif entry["event"] in {"ResultRefused", "ResultWithdrawn"}:
            ended = True
    wanted = {review.reviewer for review in submission.approvals}
    if ended or authors != {submission.author} or submission.author in approvers or not wanted <= approvers.keys():
        raise CcdsError(
            expected=f"submission {submission.id} to stand in the audit log as in the project's database",
            found="that the log knows less of it, or another end",
            do="wait until the sessions' events have come in, or look who wrote the database",
        )
    return tuple(approvers)


def _copied(
    submission: Submission, approvers: Sequence[str], place: Path, visitor: Visitor, loaded: Sequence[Seal]
) -> Path:
    """A scanned copy of `submission` beside the place that it is for; half of one is gone again.

    Raises:
        CcdsError: a file or a report changed, something may not leave, or the place can't be written.
    """
    source = Drop(visitor.project.folder)
    temporary = place / submission.project / f".{submission.id}"
    try:
        make_closed(place, submission.project)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(mode=0o750)
        for file in submission.files:
            drop.store(source.verified(submission, file), temporary, file.name)
        require_clean(scan(submission, temporary, known_texts(visitor.project.store, loaded)))
        told = manifest(submission, approvers) | {"state": State.RELEASED, "released_by": visitor.person}
        write_whole(temporary / RESERVED_NAME, json.dumps(told, indent=2, ensure_ascii=False) + "\n", 0o640)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise CcdsError(
            expected=f"to write {place}",
            found=error.strerror or "an error",
            do="run this as the service account, or make room",
        ) from None
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return temporary
