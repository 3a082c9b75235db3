"""The rows of submissions: statements on a connection whose transaction the airlock holds."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from ccds_kernel.airlock import tables
from ccds_kernel.airlock.submission import Kind, Review, SealedFile, State, Submission, Verdict


def submissions(connection: Connection, project: str, only: str | None = None) -> tuple[Submission, ...]:
    """The submissions of `project`, the newest first; of one id where `only` names it."""
    files: dict[str, list[SealedFile]] = defaultdict(list)
    reviews: dict[str, list[Review]] = defaultdict(list)
    of_files = select(tables.file).order_by(tables.file.c.position)
    of_reviews = select(tables.review).order_by(tables.review.c.position)
    whole = select(tables.submission).order_by(tables.submission.c.submitted_at.desc(), tables.submission.c.id)
    if only is not None:
        of_files = of_files.where(tables.file.c.submission_id == only)
        of_reviews = of_reviews.where(tables.review.c.submission_id == only)
        whole = whole.where(tables.submission.c.id == only)
    for row in connection.execute(of_files):
        files[row.submission_id].append(SealedFile(row.name, row.size, row.sha256))
    for row in connection.execute(of_reviews):
        reviews[row.submission_id].append(
            Review(row.reviewer, Verdict(row.verdict), row.reason, _utc(row.reviewed_at), row.as_administrator)
        )
    return tuple(
        Submission(
            row.id,
            project,
            row.author,
            Kind(row.kind),
            row.reason,
            tuple(files[row.id]),
            _utc(row.submitted_at),
            State(row.state),
            tuple(reviews[row.id]),
        )
        for row in connection.execute(whole)
    )


def ids(connection: Connection) -> frozenset[str]:
    """The ids of all submissions."""
    return frozenset(connection.scalars(select(tables.submission.c.id)))


def add(connection: Connection, new: Submission) -> None:
    """Adds a submission that isn't there, with its files."""
    connection.execute(
        insert(tables.submission).values(
            id=new.id,
            author=new.author,
            kind=new.kind.value,
            reason=new.reason,
            submitted_at=new.at,
            state=new.state.value,
        )
    )
    connection.execute(
        insert(tables.file),
        [
            {"submission_id": new.id, "position": position, "name": one.name, "size": one.size, "sha256": one.sha256}
            for position, one in enumerate(new.files)
        ],
    )


def move(connection: Connection, after: Submission) -> None:
    """Writes the state of `after`."""
    connection.execute(
        update(tables.submission).where(tables.submission.c.id == after.id).values(state=after.state.value)
    )


def add_review(connection: Connection, after: Submission) -> None:
    """Writes the newest review of `after`, and its state."""
    review = after.reviews[-1]
    connection.execute(
        insert(tables.review).values(
            submission_id=after.id,
            reviewer=review.reviewer,
            position=len(after.reviews) - 1,
            verdict=review.verdict.value,
            reason=review.reason,
            reviewed_at=review.at,
            as_administrator=review.as_administrator,
        )
    )
    move(connection, after)


def _utc(time: datetime) -> datetime:
    # SQLite keeps no time zone; what is written is UTC
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
