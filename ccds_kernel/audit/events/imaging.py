"""Studies asked from an archive, their series, volumes and masks."""

from __future__ import annotations

from dataclasses import dataclass

from ccds_kernel.audit.event import Event


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
    """A study that `asked_by` asked for and `person` fetched came whole, proved what it is, and is in the project.

    `repeated`: a worker that was killed had put it there, and may have written this event.
    """

    study_key: str
    asked_by: str
    instances: int
    repeated: bool = False


@dataclass(frozen=True, kw_only=True)
class StudyNotArrived(Event):
    """A study that `asked_by` asked for and `person` fetched didn't come, or not as announced."""

    study_key: str
    asked_by: str
    received: int
    announced: int


@dataclass(frozen=True, kw_only=True)
class StudyRefused(Event):
    """What came for a study that `asked_by` asked for and `person` fetched wasn't it, and was deleted."""

    study_key: str
    asked_by: str
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
