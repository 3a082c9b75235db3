"""Which events the roster allows a person to have caused."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ccds_kernel.audit.events import kinds
from ccds_kernel.audit.events.access import AccessDenied, ProjectOpened
from ccds_kernel.audit.events.cluster import ClusterRead
from ccds_kernel.audit.events.cohort import CohortKept
from ccds_kernel.audit.events.confirmation import BatchMade, FeedbackGiven, StudiesAnswered, StudyCurated
from ccds_kernel.audit.events.labeling import PhraseChanged, PhrasesChanged
from ccds_kernel.audit.events.monitoring import PublishedRead
from ccds_kernel.audit.events.usecase import UseCaseAdded
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.session.audit_rights import NEEDED, end_of, is_right
from ccds_kernel.settings import Settings
from support.site import ADMINISTRATOR, application, on_roster, site_settings

NOW = datetime.now(UTC)
ONE_EACH = dict.fromkeys(("confirmed", "corrected", "skipped", "flagged", "undone", "refused"), 1)


def _curated(person: str, kind: str) -> StudyCurated:
    return StudyCurated(person=person, project="CHEST-1", task_id=1, study_key="k1", kind=kind, change="said")


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A site where ann is a fellow in CHEST-1, and lea a labeler."""
    settings = site_settings(tmp_path)
    registry_of(settings).put(application(roster=on_roster(ann="fellow", lea="labeler")))
    return settings


def test_every_event_of_sessions_says_what_it_needs():
    """A new one that doesn't would be refused in every session."""
    asked_otherwise = {ProjectOpened, PublishedRead, ClusterRead, UseCaseAdded}
    of_sessions = {kind for kind in kinds().values() if kind.from_sessions and not kind.is_denial}

    assert of_sessions - asked_otherwise == NEEDED.keys()


@pytest.mark.parametrize(
    ("event", "right"),
    [
        (ProjectOpened(person="ann", project="CHEST-1", action="read reports", role="fellow"), True),
        (ProjectOpened(person="ann", project="CHEST-1", action="read reports", role="engineer"), False),
        (ProjectOpened(person="ann", project="CHEST-1", action="train a model", role="fellow"), False),
        (ProjectOpened(person="eve", project="CHEST-1", action="read reports", role="fellow"), False),
        (ProjectOpened(person="ann", project="OTHER-1", action="read reports", role="fellow"), False),
        (ProjectOpened(person="ann", action="read reports", role="fellow"), False),
        (PhraseChanged(person="ann", project="CHEST-1", change="edited", phrase_id=1), True),
        (PhraseChanged(person="eve", project="CHEST-1", change="edited", phrase_id=1), False),
        (
            PhrasesChanged(
                person="ann", project="CHEST-1", task_id=1, step=2, inserted=3, removed=0, moved=0, edited=0
            ),
            True,
        ),
        (AccessDenied(person="eve", project="CHEST-1", action="read reports", reason="not on the roster"), True),
        (PublishedRead(person=ADMINISTRATOR, release="m 1"), True),
        (PublishedRead(person="ann", release="m 1"), False),
        (ClusterRead(person=ADMINISTRATOR), True),
        (ClusterRead(person="ann"), False),
        (_curated("ann", "gold"), True),
        (_curated("lea", "gold"), False),
        (_curated("lea", "strata"), True),
        (_curated("eve", "strata"), False),
        (StudiesAnswered(person="lea", project="CHEST-1", batch_id=1, **ONE_EACH), True),
        (FeedbackGiven(person="lea", project="CHEST-1", batch_id=1, studies=1), True),
        (FeedbackGiven(person="eve", project="CHEST-1", batch_id=1, studies=1), False),
        (BatchMade(person="lea", project="CHEST-1", batch_id=1, task_id=1, studies=1, planted=0, overlap=1), False),
        (CohortKept(person="ann", project="CHEST-1", cohort_id=1), True),
        (CohortKept(person="eve", project="CHEST-1", cohort_id=1), False),
        (UseCaseAdded(person=ADMINISTRATOR, card="effusion", digest="0"), True),
        (UseCaseAdded(person="ann", card="effusion", digest="0"), False),
    ],
)
def test_the_roster_says_what_can_have_happened(settings, event, right):
    """Role, action and person; a denial needs no right."""
    assert is_right(event, NOW, settings, waited=False) is right


@pytest.mark.parametrize("changed", [{"withdrawn": str(date.today())}, {"expires": "2021-01-01"}])  # noqa: DTZ011 - the hospital's calendar
def test_nothing_happens_in_an_application_that_has_ended(settings, changed):
    """Its jobs' tokens may live on."""
    event = PhraseChanged(person="ann", project="CHEST-1", change="edited", phrase_id=1)

    registry_of(settings).put(application(**changed))

    assert not is_right(event, NOW, settings, waited=False)


def test_what_waited_is_judged_by_the_roster_of_its_moment(settings):
    """Before the amendment ann could; a moment at which nothing was applied yet is nobody's."""
    event, before = PhraseChanged(person="ann", project="CHEST-1", change="edited", phrase_id=1), datetime.now(UTC)
    registry_of(settings).put(application(roster=on_roster(bob="fellow")))

    assert is_right(event, before, settings, waited=True)
    assert not is_right(event, before, settings, waited=False)
    assert not is_right(event, datetime.now(UTC), settings, waited=True)
    assert not is_right(event, before - timedelta(days=1), settings, waited=True)


def test_an_application_s_end_is_an_hour_after_its_last_day(settings):
    """By the calendar of the place; none where there is no such application, or it ends with the calendar."""
    registry_of(settings).put(application(expires="2030-06-30"))
    registry_of(settings).put(application(id="EVER-1", expires="9999-12-31"))

    found = end_of("CHEST-1", settings)

    assert found is not None
    assert found.replace(tzinfo=None) == datetime(2030, 7, 1, 1)  # noqa: DTZ001 - the place's own
    assert (end_of("NONE-1", settings), end_of("", settings), end_of("EVER-1", settings)) == (None, None, None)
