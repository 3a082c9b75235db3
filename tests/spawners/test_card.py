"""What a session's card says, from what the hub knows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ccds_kernel.batch import UNKNOWN_REASON, Explanation, JobId, JobState, PriorityClass
from ccds_kernel.cluster import HowEnded, SessionRecord
from ccds_spawners.card import Card, CardState, Idle, ended_card, live_card
from ccds_spawners.options import LabOptions
from ccds_spawners.view import SessionView

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LAB = "headct-2026-lab"
TWO_GPUS = LabOptions(2, 8, "a100", "torch")


def after(minutes: float) -> datetime:
    """That long after noon."""
    return NOON + timedelta(minutes=minutes)


def view(**changed: Any) -> SessionView:
    """What is known of a session that has run since noon and may until eight, `changed` at will."""
    values = {
        "session": LAB,
        "job": JobId("41"),
        "state": JobState.RUNNING,
        "up": True,
        "ending": False,
        "priority_class": PriorityClass.FIRST,
        "node": "n1",
        "gpus": ("0", "1"),
        "submitted": after(-10),
        "started": NOON,
        "wall_ends": after(480),
        "longest": after(72 * 60),
    }
    return SessionView(**(values | changed))


def waiting(**changed: Any) -> SessionView:
    """What is known of one that waits since ten minutes to noon."""
    return view(
        **(
            {"state": JobState.PENDING, "up": False, "node": None, "gpus": (), "started": None, "wall_ends": None}
            | changed
        )
    )


def card(seen: SessionView, now: datetime = NOON, **more: Any) -> Card:
    """Its card."""
    return live_card(seen, now, title="JupyterLab", **({"options": TWO_GPUS, "cpus": 4} | more))


def test_a_running_session() -> None:
    """Where it runs, what it has, the time used and left, and what can be done with it."""
    shown = card(view(), after(80))

    assert shown == Card(
        session=LAB,
        title="JupyterLab",
        state=CardState.RUNNING,
        job="41",
        pills=("first node", "on n1", "4 cores", "2 GPUs", "a100", "image torch"),
        facts=(("Used", "1 h 20 min"), ("Left", "6 h 40 min"), ("Ends", "20:00")),
        used=0.167,
        opens="Open",
        ends="Stop",
        extend_minutes=60,
    )


def test_a_session_whose_start_is_about_to_be_taken_up() -> None:
    """After the hub's death it is there, and keeps its place; nothing can be done with it for that moment."""
    shown = card(waiting(interrupted=True, state=JobState.UNKNOWN))

    assert (shown.state, shown.opens, shown.ends, shown.job) == (CardState.STARTING, "", "", "41")
    assert shown.notes == (
        "The hub was restarted meanwhile: the start is being taken up, and its job keeps its place.",
    )


def test_a_waiting_session() -> None:
    """Place, reason, estimate and the scheduler's own words; it can be cancelled."""
    waits = Explanation(
        reason="others come first by priority", said="(Priority)", position=3, estimated_start=after(26 * 60)
    )

    shown = card(waiting(priority_class=PriorityClass.SECOND, waits=waits), people_before=4)

    assert (shown.state, shown.ends, shown.opens, shown.said) == (CardState.WAITING, "Cancel", "Follow", "(Priority)")
    assert shown.pills[0] == "further node: low priority"
    assert shown.facts == (
        ("Waiting for", "10 min"),
        ("Place in the queue", "3"),
        ("Start expected", "14:00 on Thursday, 26 November"),
    )
    assert shown.notes == (
        "Others come first by priority.",
        "4 people are waiting for their first node before your second.",
    )
    assert (shown.used, shown.extend_minutes) == (None, 0)


@pytest.mark.parametrize("waits", [None, Explanation(reason=UNKNOWN_REASON)])
def test_what_the_scheduler_does_not_say_is_unknown(waits: Explanation | None) -> None:
    """Never a guess of ours."""
    shown = card(waiting(waits=waits))

    assert shown.notes == ("Why it waits is unknown: the scheduler doesn’t say.",)
    assert shown.facts[1:] == (("Place in the queue", "unknown"), ("Start expected", "unknown"))


@pytest.mark.parametrize(
    ("people", "nth", "said"),
    [
        (1, 2, "1 person is waiting for their first node before your second."),
        (4, 3, "4 people are waiting for their first node before your third."),
        (2, 9, "2 people are waiting for their first node before your further one."),
    ],
)
def test_people_before_a_further_node(people: int, nth: int, said: str) -> None:
    """How many, and before which of one's nodes."""
    assert card(waiting(), people_before=people, nth=nth).notes[1] == said


@pytest.mark.parametrize(
    ("seen", "state", "opens", "ends"),
    [
        (view(job=JobId(""), state=JobState.PENDING, up=False), CardState.STARTING, "Follow", "Cancel"),
        (waiting(), CardState.WAITING, "Follow", "Cancel"),
        (view(up=False), CardState.STARTING, "Follow", "Cancel"),
        (view(), CardState.RUNNING, "Open", "Stop"),
        (view(state=JobState.SUSPENDED), CardState.SUSPENDED, "Open", "Stop"),
        (view(state=JobState.UNKNOWN), CardState.UNKNOWN, "Open", "Stop"),
        (view(ending=True), CardState.STOPPING, "", ""),
        (view(state=JobState.FAILED), CardState.STOPPING, "", ""),
    ],
)
def test_each_state_has_its_word_and_its_buttons(seen: SessionView, state: CardState, opens: str, ends: str) -> None:
    """What is being ended can't be opened or ended once more."""
    shown = card(seen)

    assert (shown.state, shown.opens, shown.ends) == (state, opens, ends)


@pytest.mark.parametrize(
    ("titles", "said"),
    [
        (["JupyterLab 2"], "You asked for JupyterLab 2 earlier, and it waits, too."),
        (["JupyterLab", "JupyterLab 2"], "You asked for JupyterLab and JupyterLab 2 earlier, and they wait, too."),
    ],
)
def test_a_node_behind_one_of_one_s_own(titles: list[str], said: str) -> None:
    """Which of one's nodes come before it."""
    assert card(waiting(), own_before=titles).notes[1] == said


def test_one_that_has_all_the_hours_of_the_site_says_so() -> None:
    """Its button has gone, and it says why; an app has no such button."""
    line = "It can’t be extended any more: it has the most hours that this site allows."
    all_hours = view(longest=after(480))

    assert (card(all_hours).extend_minutes, card(all_hours).notes) == (0, (line,))
    assert card(all_hours, options=None).notes == ()


def test_a_scheduler_that_does_not_answer() -> None:
    """The last that it said, and when; nothing is offered that needs its word."""
    shown = card(view(silent_since=after(50)), after(80))

    assert shown.state is CardState.RUNNING
    assert shown.notes == ("The scheduler doesn’t answer. Last known: running at 12:50; the session is left as it is.",)
    assert shown.extend_minutes == 0


@pytest.mark.parametrize(
    ("seen", "now", "minutes"),
    [
        (view(), NOON, 60),
        (view(longest=after(505)), NOON, 25),
        (view(longest=after(480)), NOON, 0),
        (view(longest=after(400)), NOON, 0),
        (view(wall_ends=None), NOON, 0),
        (view(up=False), NOON, 0),
        (view(ending=True), NOON, 0),
        (view(), after(481), 0),
    ],
)
def test_a_session_is_extended_by_an_hour_or_what_is_left(seen: SessionView, now: datetime, minutes: int) -> None:
    """Up to the site's most, and only while there is something to extend."""
    assert card(seen, now).extend_minutes == minutes


def test_an_app_session_is_not_extended() -> None:
    """It has no options, and its card says nothing of GPUs."""
    shown = card(view(priority_class=PriorityClass.APP, gpus=()), options=None, cpus=0)

    assert (shown.pills, shown.extend_minutes) == (("on n1",), 0)


@pytest.mark.parametrize(
    ("idle", "said"),
    [
        (Idle(since=after(55)), "Not used for 25 min."),
        (Idle(since=after(55), ends=after(115)), "Not used for 25 min; it would be ended at 13:55."),
    ],
)
def test_the_idle_clock(idle: Idle, said: str) -> None:
    """Since when nobody uses it, and when it would be ended."""
    assert card(view(), after(80), idle=idle).notes == (said,)


def record(how: HowEnded | None = HowEnded.STOPPED, **changed: Any) -> SessionRecord:
    """A session of two hours that ended at two, `changed` at will."""
    values = {
        "person": "sam",
        "project": "HEADCT-2026",
        "session": LAB,
        "job": JobId("41"),
        "submitted": after(-10),
        "classes": ((after(-10), PriorityClass.FIRST),),
        "gpus": 2,
        "gpu_model": "a100",
        "cores": 8,
        "hours": 8.0,
        "started": NOON,
        "node": "n1",
        "ended": after(120),
        "how": how,
        "said": "",
        "idle_s": 1500.0,
    }
    return SessionRecord(**(values | changed))


def test_an_ended_session() -> None:
    """How and when it ended, how long it ran, and its choices for a new one."""
    shown = ended_card(record(), after(180), title="JupyterLab", may_restart=True)

    assert shown == Card(
        session=LAB,
        title="JupyterLab",
        state=CardState.ENDED,
        job="41",
        pills=("on n1", "8 cores", "2 GPUs", "a100"),
        facts=(("Ended", "14:00"), ("Ran for", "2 h 0 min"), ("Of that unused", "25 min"), ("Asked for", "8 h")),
        notes=("It was stopped.",),
        again={"gpus": 2, "gpu_model": "a100", "hours": 8, "image": ""},
        restarts=True,
    )


def test_cores_that_were_not_recorded_are_not_told() -> None:
    """Of a session from before they were."""
    assert ended_card(record(cores=0), NOON, title="JupyterLab", may_restart=True).pills == ("on n1", "2 GPUs", "a100")


def test_one_that_never_started_says_how_long_it_waited() -> None:
    """And what the scheduler said of it."""
    never = record(HowEnded.NOT_STARTED, started=None, node=None, idle_s=None, said="JobLaunchFailure")

    shown = ended_card(never, after(180), title="JupyterLab", may_restart=False)

    assert shown.facts == (("Ended", "14:00"), ("Waited for", "2 h 10 min"), ("Asked for", "8 h"))
    assert (shown.said, shown.again, shown.restarts) == ("JobLaunchFailure", None, False)


def test_an_app_session_starts_again_without_a_form() -> None:
    """It has no choices."""
    app = record(session="headct-2026-app", classes=((NOON, PriorityClass.APP),), gpus=0, gpu_model=None)

    shown = ended_card(app, after(180), title="Apps", may_restart=True)

    assert (shown.again, shown.restarts) == (None, True)
    assert "Asked for" not in dict(shown.facts)


def test_one_whose_name_is_in_use_again_says_so() -> None:
    """It can't be had anew beside it."""
    shown = ended_card(record(), after(180), title="JupyterLab", may_restart=True, is_there_again=True)

    assert shown.notes == ("It was stopped.", "JupyterLab is there again; its card is above.")
    assert (shown.again, shown.restarts) == (None, False)


def test_two_runs_of_a_session_are_two_cards() -> None:
    """A page that renews itself keeps them apart."""
    assert card(view()).key != card(view(job=JobId("42"))).key
