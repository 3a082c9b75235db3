"""A session as its person sees it on the home page: one card, from what the hub knows about it. Pure.

Every word of a card is the scheduler's, translated, or the hub's own knowledge; what isn't known is said to be unknown. Times
are told in the time zone of `now`, which is the site's.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import UNKNOWN_REASON, Explanation, JobState
from ccds_kernel.cluster.record import HowEnded, SessionRecord
from ccds_kernel.errors import CcdsError
from ccds_spawners.card_words import HOW, before_words, duration_words, own_words
from ccds_spawners.options import LabOptions
from ccds_spawners.view import SessionView
from ccds_spawners.words import at_words, count_words

_EXTENSION = timedelta(hours=1)
_MINUTE_S = 60


class CardState(enum.StrEnum):
    """Where a session stands, in the word that its card shows; each has a colour of its own tone too."""

    STARTING = "starting"
    WAITING = "waiting"
    RUNNING = "running"
    SUSPENDED = "suspended"
    STOPPING = "stopping"
    UNKNOWN = "unknown"
    ENDED = "ended"


_ENDS = {CardState.STOPPING: "", CardState.WAITING: "Cancel", CardState.STARTING: "Cancel"}
"""The word of the button that ends a session; Stop for any other."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a card shows, in the order of reading.

    Attributes:
        session: the session's name.
        title: what it is, for people.
        state: where it stands.
        job: its job; empty while there is none.
        pills: what it has, or asks for, each a few words.
        facts: times and places: what, and its value.
        notes: whole sentences: why it waits, what is about to happen.
        said: the scheduler's own words; empty where it has none beside the notes.
        used: what share of its hours is over, 0 to 1; None while it isn't running.
        opens: the word of the link to it: it is opened, or its start followed; empty where there is neither.
        ends: the word of the button that ends it; empty where nothing is left to end.
        extend_minutes: by how much it may be extended now; 0 for not at all.
        again: the choices of one that ended, for the form; None for one that lives, or where the form has nothing to choose.
        restarts: whether it is over and its person may have it anew.
    """

    session: str
    title: str
    state: CardState
    job: str = ""
    pills: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    said: str = ""
    used: float | None = None
    opens: str = ""
    ends: str = ""
    extend_minutes: int = 0
    again: Mapping[str, int | str] | None = None
    restarts: bool = False
    key: str = field(init=False)

    def __post_init__(self) -> None:
        # Two runs of one session are two cards.
        object.__setattr__(self, "key", f"{self.session}/{self.job}")


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Nobody uses a session since `since`; at `ends` it is ended, None for never. Both aware."""

    since: datetime
    ends: datetime | None = None


def live_card(
    view: SessionView,
    now: datetime,
    *,
    title: str,
    options: LabOptions | None = None,
    cpus: int = 0,
    people_before: int = 0,
    nth: int = 2,
    own_before: Sequence[str] = (),
    idle: Idle | None = None,
) -> Card:
    """The card of a session that starts, runs, or is being ended.

    Args:
        view: what the hub knows.
        now: an aware time in the site's time zone.
        title: what the session is, for people.
        options: what was chosen for it; None for an app session.
        cpus: its cores; 0 where they aren't known.
        people_before: how many people's first nodes come before this further one.
        nth: which of its person's nodes it is.
        own_before: the titles of its person's nodes that wait, too, and were asked for earlier.
        idle: since when nobody uses it; None while somebody does, or where it isn't known.
    """
    state = _state(view)
    asked = options or LabOptions(gpus=0)
    gpus = len(view.gpus) or asked.gpus
    facts: list[tuple[str, str]] = []
    notes: list[str] = []
    if view.silent_since:
        at = at_words(view.silent_since, now)
        notes.append(f"The scheduler doesn’t answer. Last known: {state} at {at}; the session is left as it is.")
    if view.interrupted:
        notes.append("The hub was restarted meanwhile: the start is being taken up, and its job keeps its place.")
    elif state is CardState.WAITING:
        facts += _waiting_facts(view, now)
        notes += _waiting_notes(view.waits, people_before, nth, own_before)
    elif state is CardState.SUSPENDED:
        notes.append("The scheduler, or an administrator, has stopped it for now; it goes on where it was.")
    elif state is CardState.UNKNOWN:
        notes.append("The scheduler hasn’t said yet how it stands; the session is left as it is.")
    facts += _running_facts(view, now)
    extension = _extension(view, now) if options else None
    if extension == 0:
        notes.append("It can’t be extended any more: it has the most hours that this site allows.")
    if idle and state is CardState.RUNNING:
        notes.append(_idle_note(idle, now))
    return Card(
        session=view.session,
        title=title,
        state=state,
        job=str(view.job),
        pills=_pills(asked, node=view.node, gpus=gpus, priority_class=view.priority_class, cpus=cpus),
        facts=tuple(facts),
        notes=tuple(notes),
        said=(view.waits.said or "") if view.waits and state is CardState.WAITING else "",
        used=_used(view, now),
        opens="" if state is CardState.STOPPING or view.interrupted else "Open" if view.up else "Follow",
        ends="" if view.interrupted else _ENDS.get(state, "Stop"),
        extend_minutes=extension or 0,
    )


def ended_card(
    record: SessionRecord, now: datetime, *, title: str, may_restart: bool, is_there_again: bool = False
) -> Card:
    """The card of a session that has ended.

    Args:
        record: how it went; it has ended.
        now: an aware time in the site's time zone.
        title: what the session was, for people.
        may_restart: whether its person may have it anew.
        is_there_again: whether a session of that name starts, runs, or is being ended: then it can't be had anew.
    """
    ended = record.ended or record.submitted
    facts = [("Ended", at_words(ended, now))]
    if record.started:
        facts.append(("Ran for", duration_words(ended - record.started)))
    else:
        facts.append(("Waited for", duration_words(ended - record.submitted)))
    if record.idle_s and record.idle_s >= _MINUTE_S:
        facts.append(("Of that unused", duration_words(timedelta(seconds=record.idle_s))))
    asked = options_of(record)
    app = record.priority_class is PriorityClass.APP
    if not app:
        facts.append(("Asked for", f"{asked.hours} h"))
    again = "" if not is_there_again else f"{title} is there again; its card is above."
    restarts = may_restart and not is_there_again
    return Card(
        session=record.session,
        title=title,
        state=CardState.ENDED,
        job=str(record.job),
        pills=_pills(asked, node=record.node, gpus=record.gpus, cpus=record.cores),
        facts=tuple(facts),
        notes=tuple(filter(None, (HOW[record.how or HowEnded.UNKNOWN], again))),
        said=record.said,
        again=asked.as_values() if restarts and not app else None,
        restarts=restarts,
    )


def options_of(record: SessionRecord) -> LabOptions:
    """What was chosen for a session of which there is a record; what a form begins with, where that makes no sense any more."""
    try:
        return LabOptions(record.gpus, max(1, round(record.hours)), record.gpu_model, record.image)
    except CcdsError:
        return LabOptions()


def _state(view: SessionView) -> CardState:
    if view.ending or view.state.ended:
        return CardState.STOPPING
    if view.interrupted or not view.job:
        return CardState.STARTING
    if view.state is JobState.RUNNING:
        return CardState.RUNNING if view.up else CardState.STARTING
    return {JobState.PENDING: CardState.WAITING, JobState.SUSPENDED: CardState.SUSPENDED}.get(
        view.state, CardState.UNKNOWN
    )


def _pills(
    options: LabOptions,
    *,
    node: str | None,
    gpus: int,
    priority_class: PriorityClass | None = None,
    cpus: int = 0,
) -> tuple[str, ...]:
    order = {PriorityClass.FIRST: "first node", PriorityClass.SECOND: "further node: low priority"}
    return tuple(
        pill
        for pill in (
            order.get(priority_class) if priority_class else None,
            f"on {node}" if node else None,
            count_words(cpus, "core"),
            count_words(gpus, "GPU"),
            options.gpu_model,
            f"image {options.image}" if options.image else None,
        )
        if pill
    )


def _waiting_facts(view: SessionView, now: datetime) -> list[tuple[str, str]]:
    waits = view.waits
    facts = []
    if view.submitted:
        facts.append(("Waiting for", duration_words(now - view.submitted)))
    facts.append(("Place in the queue", str(waits.position) if waits and waits.position else "unknown"))
    start = waits.estimated_start if waits else None
    facts.append(("Start expected", at_words(start, now) if start else "unknown"))
    return facts


def _waiting_notes(waits: Explanation | None, people_before: int, nth: int, own_before: Sequence[str]) -> list[str]:
    reason = waits.reason if waits else UNKNOWN_REASON
    known = f"{reason[:1].upper()}{reason[1:]}."
    notes = [known if reason != UNKNOWN_REASON else "Why it waits is unknown: the scheduler doesn’t say."]
    if people_before:
        notes.append(before_words(people_before, nth))
    if own_before:
        notes.append(own_words(own_before))
    return notes


def _running_facts(view: SessionView, now: datetime) -> list[tuple[str, str]]:
    if view.state not in {JobState.RUNNING, JobState.SUSPENDED} or not view.started:
        return []
    facts = [("Used", duration_words(now - view.started))]
    if view.wall_ends:
        facts += [("Left", duration_words(view.wall_ends - now)), ("Ends", at_words(view.wall_ends, now))]
    return facts


def _used(view: SessionView, now: datetime) -> float | None:
    if not (view.started and view.wall_ends) or view.state not in {JobState.RUNNING, JobState.SUSPENDED}:
        return None
    whole = (view.wall_ends - view.started).total_seconds()
    return round(min(1.0, max(0.0, (now - view.started).total_seconds() / whole)), 3) if whole > 0 else 1.0


def _idle_note(idle: Idle, now: datetime) -> str:
    note = f"Not used for {duration_words(now - idle.since)}"
    return f"{note}; it would be ended at {at_words(idle.ends, now)}." if idle.ends else f"{note}."


def _extension(view: SessionView, now: datetime) -> int | None:
    """Minutes: an hour, or what the site's most leaves, which may be nothing; None where it can't be said, or isn't up."""
    if not (view.up and view.wall_ends and view.longest) or view.ending or view.silent_since or view.wall_ends <= now:
        return None
    return max(0, int(min(_EXTENSION, view.longest - view.wall_ends).total_seconds() // 60))
