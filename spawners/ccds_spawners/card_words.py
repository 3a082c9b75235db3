"""The words of the cards, and of the line above the button that starts a session. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.batch.states import Explanation
from ccds_kernel.cluster.record import HowEnded
from ccds_spawners.words import at_words

_AT_ONCE = timedelta(minutes=1)
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}

HOW: Mapping[HowEnded, str] = {
    HowEnded.BY_ITSELF: "It ended by itself.",
    HowEnded.NOT_STARTED: "It ended before it was up.",
    HowEnded.CANCELLED: "It was cancelled before it was up.",
    HowEnded.STOPPED: "It was stopped.",
    HowEnded.WALL_TIME: "Its hours were over.",
    HowEnded.IDLE: "It was ended because nobody used it.",
    HowEnded.PREEMPTED: "The scheduler took its node for somebody else.",
    HowEnded.NODE_LOST: "Its node went away.",
    HowEnded.REVOKED: "You may not have it any more: your right in the project ended.",
    HowEnded.UNKNOWN: "Nobody knows how it ended.",
}
"""How a session ended, to its person."""


def duration_words(span: timedelta) -> str:
    """A span of time as people say it, to the minute; nothing below zero."""
    minutes = max(0, int(span.total_seconds() // 60))
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else "less than a minute"


def before_words(people_before: int, nth: int) -> str:
    """That other people's first nodes come before a person's further one."""
    yours = f"your {_ORDINALS.get(nth, 'further one')}"
    if people_before == 1:
        return f"1 person is waiting for their first node before {yours}."
    return f"{people_before} people are waiting for their first node before {yours}."


def own_words(titles: Sequence[str]) -> str:
    """That nodes of a person's own, with these titles, were asked for before this one, and wait, too."""
    *but_last, last = titles
    names = f"{', '.join(but_last)} and {last}" if but_last else last
    return f"You asked for {names} earlier, and {'they wait' if but_last else 'it waits'}, too."


def node_words(priority_class: PriorityClass, nth: int, people_before: int, own_waiting: int = 0) -> str:
    """What a person reads before they ask for a node: which one it will be for them.

    Args:
        priority_class: FIRST or SECOND.
        nth: which of their nodes it will be.
        people_before: how many people's first nodes come before it.
        own_waiting: how many nodes of their own they wait for already.
    """
    if priority_class is PriorityClass.FIRST:
        return "This will be your first node: it comes before everybody’s further nodes and all batch work."
    this = f"This will be your {_ORDINALS.get(nth, 'next')} node: low priority."
    before = f" {before_words(people_before, nth)}" if people_before else ""
    own = f" You are waiting for {own_waiting} of your own already." if own_waiting else ""
    return f"{this} It starts only when nobody waits for a first node that would fit.{before}{own}"


def start_words(outlook: Explanation | None, now: datetime) -> str:
    """When it would start, as the scheduler says; `outlook` is None where that doesn't answer, `now` has the site's time zone."""
    if outlook is None:
        return "When it would start is unknown: the scheduler doesn’t answer."
    if outlook.estimated_start is None:
        return "When it would start is unknown: the scheduler doesn’t say."
    if outlook.estimated_start <= now + _AT_ONCE:
        return "By the scheduler’s word it would start at once."
    return f"Estimated start: {at_words(outlook.estimated_start, now)}."
