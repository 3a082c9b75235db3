"""Audit events: one frozen dataclass for each thing that somebody did with a project.

An event says who, in which project, and what; the log adds when (UTC). It names study keys, counts and hashes, never
accession numbers, names or report text. `docs/audit-events.md` lists them all; a test compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict


@dataclass(frozen=True, kw_only=True)
class Event:
    """Who did something in which project; `project` is empty for what concerns the whole site."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # for the daemon, which reads events from strangers

    from_sessions: ClassVar[bool] = True
    """Whether a session or job may write it; what only services and administrators do, the daemon takes from neither."""

    is_denial: ClassVar[bool] = False
    """Whether somebody was turned away."""

    person: str
    project: str = ""


@dataclass(frozen=True, kw_only=True)
class ApplicationApplied(Event):
    """An IRB application, or an amendment of it, was applied: the SHA-256 of its content, and how it stands then."""

    from_sessions: ClassVar[bool] = False

    digest: str
    standing: str


@dataclass(frozen=True, kw_only=True)
class MembersChanged(Event):
    """The groups of a project were brought to what its roster says; each change is a person and a group."""

    from_sessions: ClassVar[bool] = False

    granted: tuple[str, ...]
    withdrawn: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ProjectOpened(Event):
    """Somebody came through the door: the action for which, and the role that allowed it."""

    action: str
    role: str


@dataclass(frozen=True, kw_only=True)
class AccessDenied(Event):
    """Somebody was turned away, and why."""

    is_denial: ClassVar[bool] = True

    action: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReportsLoaded(Event):
    """Reports were taken into a project."""

    added: int
    known: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class ReportsSealed(Event):
    """Reports that were loaded are in the database: the ids of the first and the last, and the hash of all between."""

    first: int
    last: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class PhraseChanged(Event):
    """A phrase list was changed: `change` is inserted, removed, moved or edited; the phrase is named by its id."""

    change: str
    phrase_id: int


@dataclass(frozen=True, kw_only=True)
class PhrasesChanged(Event):
    """Several phrases were changed in one step, as an import does, or the undo of one: how many in which way.

    Which they were stands in the project's history of phrases under the step's number.
    """

    task_id: int
    step: int
    inserted: int
    removed: int
    moved: int
    edited: int


@dataclass(frozen=True, kw_only=True)
class CohortKept(Event):
    """The criteria of a cohort were kept under a name; it is named by its id."""

    cohort_id: int


@dataclass(frozen=True, kw_only=True)
class CohortSnapshotTaken(Event):
    """A cohort's members of now were kept: how many, and the SHA-256 over their study keys."""

    cohort_id: int
    digest: str
    members: int


@dataclass(frozen=True, kw_only=True)
class CriteriaKept(Event):
    """Criteria for studies of an archive were kept in the project, or kept once more; `digest` is the file's."""

    digest: str


@dataclass(frozen=True, kw_only=True)
class StudiesFound(Event):
    """An archive was asked which studies it has: how many meet the criteria, which `digest` is the SHA-256 of."""

    digest: str
    studies: int


@dataclass(frozen=True, kw_only=True)
class StudiesRequested(Event):
    """Studies were asked for by criteria, which `digest` is the SHA-256 of: how many that nobody had asked for before."""

    digest: str
    studies: int


@dataclass(frozen=True, kw_only=True)
class StudiesRetried(Event):
    """Studies that had failed, or had arrived and were set aside, were asked for once more: how many."""

    studies: int


@dataclass(frozen=True, kw_only=True)
class StudyArrived(Event):
    """A study that `person` asked for came whole, proved what it is, and is in the project.

    `repeated`: a worker that was killed had put it there, and may have written this event.
    """

    study_key: str
    instances: int
    repeated: bool = False


@dataclass(frozen=True, kw_only=True)
class StudyNotArrived(Event):
    """A study that `person` asked for didn't come, or not as announced."""

    study_key: str
    received: int
    announced: int


@dataclass(frozen=True, kw_only=True)
class StudyRefused(Event):
    """What came for a study that `person` asked for wasn't it, and was deleted."""

    study_key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class SelectionRulesKept(Event):
    """A project got new rules for which series becomes a study's volume; `digest` is the SHA-256 of what they say."""

    digest: str


@dataclass(frozen=True, kw_only=True)
class SeriesChosen(Event):
    """Somebody said which series becomes a study's volume, above the rules; `series` is empty where none does."""

    study_key: str
    series: str


@dataclass(frozen=True, kw_only=True)
class VolumesMade(Event):
    """The chosen series of a study were converted: how many were accepted, and quarantined."""

    study_key: str
    accepted: int
    quarantined: int


@dataclass(frozen=True, kw_only=True)
class SeriesPassed(Event):
    """Somebody let a reason for quarantine pass, for one series; `code` names the reason."""

    study_key: str
    series: str
    code: str


@dataclass(frozen=True, kw_only=True)
class MaskKept(Event):
    """A mask of a volume was kept; `kind` says where it comes from, `digest` is the hash of its labels and their place."""

    study_key: str
    series: str
    kind: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class NormalizationBegun(Event):
    """A run of a recipe over volumes of a project began: the recipe's hash, and how many volumes there are."""

    digest: str
    volumes: int


@dataclass(frozen=True, kw_only=True)
class NormalizationEnded(Event):
    """Such a run ended, and how: ended, stopped or broken. A run that was killed tells nothing."""

    digest: str
    state: str
    done: int
    done_before: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class UseCaseAdded(Event):
    """A use-case card, or a new version of one, was added; `digest` is the SHA-256 of what it says."""

    card: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class ExamCountsPublished(Event):
    """Counts of exams by code and month were published for the use-case cards; `digest` is the SHA-256 of the file."""

    from_sessions: ClassVar[bool] = False

    digest: str


@dataclass(frozen=True, kw_only=True)
class ReleaseRegistered(Event):
    """A release got its place among the deployed models: its threshold, its positive label, its phrase list."""

    from_sessions: ClassVar[bool] = False

    release: str
    phrases: int


@dataclass(frozen=True, kw_only=True)
class ClinicalRowsLoaded(Event):
    """Rows of a release were taken in: `kind` is predictions or final reports."""

    from_sessions: ClassVar[bool] = False

    release: str
    kind: str
    added: int
    known: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class MonitoringPublished(Event):
    """Numbers of a release were published; `digest` is the keyed hash of the rows that they were computed from."""

    from_sessions: ClassVar[bool] = False

    release: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class PublishedRead(Event):
    """Somebody was shown what is published of a release."""

    release: str


@dataclass(frozen=True, kw_only=True)
class ClusterPublished(Event):
    """The report on the cluster was published; `digest` is the SHA-256 of the file."""

    from_sessions: ClassVar[bool] = False

    digest: str


@dataclass(frozen=True, kw_only=True)
class ClusterRead(Event):
    """Somebody was shown the report on the cluster."""


@dataclass(frozen=True, kw_only=True)
class DownloadRefused(Event):
    """A lab session refused a download: by which kind of route, and how many times (at most one event a minute for each)."""

    is_denial: ClassVar[bool] = True

    route: str
    times: int


@dataclass(frozen=True, kw_only=True)
class LoginRefused(Event):
    """Somebody wasn't let into the hub; `person` is empty where no roster has such a name. `others` were left out before it."""

    from_sessions: ClassVar[bool] = False
    is_denial: ClassVar[bool] = True

    reason: str
    others: int


@dataclass(frozen=True, kw_only=True)
class TaskChanged(Event):
    """What is labelled in a project was changed: `change` is made or changed; the task is named by its id."""

    change: str
    task_id: int


@dataclass(frozen=True, kw_only=True)
class BatchMade(Event):
    """Studies were put before labelers, each before `overlap` of them; `planted` more are from the gold set."""

    batch_id: int
    task_id: int
    studies: int
    planted: int
    overlap: int


@dataclass(frozen=True, kw_only=True)
class BatchAssigned(Event):
    """A labeler may take studies of a batch from now on, or no more: `change` is assigned or withdrawn."""

    batch_id: int
    labeler: str
    change: str


@dataclass(frozen=True, kw_only=True)
class BatchRemoved(Event):
    """A batch in which nobody had answered is taken away; its studies may come into another one."""

    batch_id: int
    task_id: int


@dataclass(frozen=True, kw_only=True)
class StudiesTaken(Event):
    """A labeler was given studies of a batch to confirm, with their reports."""

    batch_id: int
    studies: int


@dataclass(frozen=True, kw_only=True)
class StudiesAnswered(Event):
    """A labeler said something about studies of a batch; `refused` answers are kept and count for nothing."""

    batch_id: int
    confirmed: int
    corrected: int
    skipped: int
    flagged: int
    undone: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class FeedbackGiven(Event):
    """A labeler who is through with a batch was told which of their answers about gold studies were right."""

    batch_id: int
    studies: int


@dataclass(frozen=True, kw_only=True)
class StudyCurated(Event):
    """The word of a person about one study: `kind` is gold, final or strata; `change` is said or taken back."""

    task_id: int
    study_key: str
    kind: str
    change: str


@dataclass(frozen=True, kw_only=True)
class LabelSnapshotTaken(Event):
    """The labels of every study were put into a file of the project; `digest` is the SHA-256 of what it says."""

    task_id: int
    digest: str
    studies: int


@dataclass(frozen=True, kw_only=True)
class DatasetTaken(Event):
    """Normalized volumes with labels and a split were put into a file of the project; `digest` is the SHA-256 of what it says."""

    digest: str
    studies: int
    volumes: int


@dataclass(frozen=True, kw_only=True)
class LabelsExported(Event):
    """A label snapshot was written into a file of its own."""

    digest: str
    studies: int


@dataclass(frozen=True, kw_only=True)
class PhrasesExported(Event):
    """A phrase list was written into a file of its own."""

    count: int


@dataclass(frozen=True, kw_only=True)
class SessionStarted(Event):
    """A session is handed to the scheduler."""

    from_sessions: ClassVar[bool] = False

    session: str


@dataclass(frozen=True, kw_only=True)
class SessionEnded(Event):
    """A session is known to have ended; `reason` says whether by itself, by its person or for lack of a right."""

    from_sessions: ClassVar[bool] = False

    session: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class NodeMovedBack(Event):
    """A node that somebody had moved to another class by hand, past the hub, was moved back; so often since the event before."""

    from_sessions: ClassVar[bool] = False

    session: str
    was: str
    to: str
    times: int


def kinds() -> dict[str, type[Event]]:
    """Every event class by its name."""
    return {kind.__name__: kind for kind in Event.__subclasses__()}


@dataclass(frozen=True, kw_only=True)
class ResultSubmitted(Event):
    """A result was put before the reviewers of the airlock; `digest` covers it whole, `findings` are those of the scan."""

    submission: str
    digest: str
    kind: str
    files: int
    findings: int


@dataclass(frozen=True, kw_only=True)
class ResultShown(Event):
    """Somebody was shown what is in a submission."""

    submission: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class ResultReviewed(Event):
    """A reviewer gave a verdict, approve or refuse, on the content with that digest."""

    submission: str
    digest: str
    verdict: str


@dataclass(frozen=True, kw_only=True)
class ResultRefused(Event):
    """A result stays inside: `by` the scan, with that many findings, or by a review."""

    submission: str
    digest: str
    by: str
    findings: int


@dataclass(frozen=True, kw_only=True)
class ResultWithdrawn(Event):
    """An author took a submission back."""

    submission: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class ResultReleased(Event):
    """An approved result left the project."""

    from_sessions: ClassVar[bool] = False

    submission: str
    digest: str
    files: int
