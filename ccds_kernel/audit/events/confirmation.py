"""What people say about single studies, and the label snapshots made of it."""

from __future__ import annotations

from dataclasses import dataclass

from ccds_kernel.audit.event import Event


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
class LabelsExported(Event):
    """A label snapshot was written into a file of its own."""

    digest: str
    studies: int
