"""Which events a session's person could have caused at all, by the roster: what the audit daemon asks beside the token.

A token says who writes and in which project. Without more a kernel could write down that its person loaded reports, or came
in as an engineer, though they are a fellow: false history in a chain that verifies. So an event has to be one that its person's
role allows, at the moment at which it happened. It stays the session's own word that it did happen.

Denials are always taken: whoever has no right is who is turned away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta

from ccds_kernel.audit.event import Event
from ccds_kernel.audit.events.access import ProjectOpened
from ccds_kernel.audit.events.airlock import (
    ResultRefused,
    ResultReviewed,
    ResultShown,
    ResultSubmitted,
    ResultWithdrawn,
)
from ccds_kernel.audit.events.cluster import ClusterRead
from ccds_kernel.audit.events.cohort import CohortKept, CohortSnapshotTaken
from ccds_kernel.audit.events.confirmation import (
    BatchAssigned,
    BatchMade,
    BatchRemoved,
    FeedbackGiven,
    LabelsExported,
    LabelSnapshotTaken,
    StudiesAnswered,
    StudiesTaken,
    StudyCurated,
)
from ccds_kernel.audit.events.dataset import DatasetTaken
from ccds_kernel.audit.events.imaging import (
    CriteriaKept,
    MaskKept,
    SelectionRulesKept,
    SeriesChosen,
    SeriesPassed,
    StudiesFound,
    StudiesRequested,
    StudiesRetried,
    StudyArrived,
    StudyNotArrived,
    StudyRefused,
    VolumesMade,
)
from ccds_kernel.audit.events.labeling import (
    PhraseChanged,
    PhrasesChanged,
    PhrasesExported,
    ReportsLoaded,
    ReportsSealed,
    TaskChanged,
)
from ccds_kernel.audit.events.monitoring import PublishedRead
from ccds_kernel.audit.events.normalization import NormalizationBegun, NormalizationEnded
from ccds_kernel.audit.events.usecase import UseCaseAdded
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.registry import Registry, registry_of
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import why_not
from ccds_kernel.irb.site import reads_published, writes_use_cases
from ccds_kernel.settings import Settings, settings_now

_AIRLOCK = frozenset({Action.SUBMIT_RESULTS, Action.REVIEW_RESULTS})
_STRATA = "strata"
_AFTER_THE_END = timedelta(hours=1)

NEEDED: Mapping[type[Event], frozenset[Action]] = {
    ReportsLoaded: frozenset({Action.LOAD_REPORTS}),
    ReportsSealed: frozenset({Action.LOAD_REPORTS}),
    CohortKept: frozenset({Action.LOAD_REPORTS}),
    CohortSnapshotTaken: frozenset({Action.LOAD_REPORTS}),
    CriteriaKept: frozenset({Action.WRITE_IMAGES}),
    StudiesFound: frozenset({Action.WRITE_IMAGES}),
    StudiesRequested: frozenset({Action.WRITE_IMAGES}),
    StudiesRetried: frozenset({Action.WRITE_IMAGES}),
    StudyArrived: frozenset({Action.WRITE_IMAGES}),
    StudyNotArrived: frozenset({Action.WRITE_IMAGES}),
    StudyRefused: frozenset({Action.WRITE_IMAGES}),
    SelectionRulesKept: frozenset({Action.WRITE_IMAGES}),
    SeriesChosen: frozenset({Action.WRITE_IMAGES}),
    VolumesMade: frozenset({Action.WRITE_IMAGES}),
    SeriesPassed: frozenset({Action.WRITE_IMAGES}),
    MaskKept: frozenset({Action.WRITE_IMAGES}),
    NormalizationBegun: frozenset({Action.WRITE_IMAGES}),
    NormalizationEnded: frozenset({Action.WRITE_IMAGES}),
    PhraseChanged: frozenset({Action.EDIT_PHRASES}),
    PhrasesChanged: frozenset({Action.EDIT_PHRASES}),
    PhrasesExported: frozenset({Action.READ_PHRASES}),
    TaskChanged: frozenset({Action.CURATE_LABELS}),
    BatchMade: frozenset({Action.CURATE_LABELS}),
    BatchAssigned: frozenset({Action.CURATE_LABELS}),
    BatchRemoved: frozenset({Action.CURATE_LABELS}),
    StudiesTaken: frozenset({Action.CONFIRM_STUDIES}),
    StudiesAnswered: frozenset({Action.CONFIRM_STUDIES}),
    FeedbackGiven: frozenset({Action.CONFIRM_STUDIES}),
    StudyCurated: frozenset({Action.CURATE_LABELS}),
    LabelSnapshotTaken: frozenset({Action.CURATE_LABELS}),
    DatasetTaken: frozenset({Action.TRAIN}),
    LabelsExported: frozenset({Action.READ_PHRASES}),
    ResultSubmitted: frozenset({Action.SUBMIT_RESULTS}),
    ResultReviewed: frozenset({Action.REVIEW_RESULTS}),
    ResultShown: _AIRLOCK,
    ResultRefused: _AIRLOCK,
    ResultWithdrawn: _AIRLOCK,
}
"""Event → the actions of which its person must be allowed one. `ProjectOpened` names its own, strata tags are given by who
confirms; `PublishedRead`, `ClusterRead` and `UseCaseAdded` are the site's."""


def is_right(event: Event, moment: datetime, settings: Settings, *, waited: bool) -> bool:
    """Whether `event`, which a session may write, can have happened at `moment`, by the roster of its project.

    Args:
        event: what a session says.
        moment: when; an aware time.
        settings: the site's.
        waited: whether the event waited for the daemon: then the roster of that moment counts, and else today's.

    Raises:
        CcdsError: settings or registry can't be read.
    """
    if event.is_denial:
        return True
    if isinstance(event, PublishedRead | ClusterRead):
        return reads_published(event.person, settings_now(settings))
    if isinstance(event, UseCaseAdded):
        return writes_use_cases(event.person, settings_now(settings))
    registry = registry_of(settings)
    return any(
        _allows(one, event, moment, registry) for one in _in_force(registry, event.project, moment, waited=waited)
    )


def end_of(project_id: str, settings: Settings) -> datetime | None:
    """The end of the application with that id, and an hour more in which its jobs are ended; None where there is none.

    Raises:
        CcdsError: the registry can't be read.
    """
    application = registry_of(settings).get(project_id) if project_id else None
    if application is None:
        return None
    try:
        return datetime.combine(application.expires + timedelta(days=1), time.min).astimezone() + _AFTER_THE_END
    except OverflowError:  # one that expires with the calendar
        return None


def _in_force(registry: Registry, project_id: str, moment: datetime, *, waited: bool) -> Iterator[IrbApplication]:
    """The applications by which something that happened at `moment` is judged."""
    newest = registry.get(project_id) if project_id else None
    if newest is None:
        return
    yield newest
    if waited:
        before = [version for version in registry.history(project_id) if version.applied <= moment]
        yield from (version.application for version in before[-1:])


def _allows(application: IrbApplication, event: Event, moment: datetime, registry: Registry) -> bool:
    actions = NEEDED.get(type(event), frozenset())
    if isinstance(event, ProjectOpened):
        entry = application.entry_of(event.person)
        if entry is None or event.role != entry.role:
            return False
        actions = frozenset(action for action in Action if action == event.action)
    if isinstance(event, StudyCurated) and event.kind == _STRATA:
        actions = frozenset({Action.CONFIRM_STUDIES})
    day = moment.astimezone().date()  # the hospital's calendar
    return any(why_not(application, event.person, action, day, registry.training_years) is None for action in actions)


def refused_by_roster() -> CcdsError:
    """What is told of an event that isn't right; it quotes nothing of it."""
    return CcdsError(
        expected="an event that its person's role allows",
        found="one that the roster doesn't",
        do="see 'ccds irb show' for what your role allows",
    )
