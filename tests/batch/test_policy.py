"""Who comes first: compared whole for each case. Every sequence of what can happen is played in `test_policy_played`."""

from dataclasses import replace
from datetime import datetime

import pytest

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.batch.policy import Change, own_before, people_before, priority_for, reconcile
from ccds_kernel.errors import CcdsError
from support.nodes import node

FIRST, SECOND, BATCH, APP = PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH, PriorityClass.APP


def change(person: str, session: str, was: PriorityClass, to: PriorityClass) -> Change:
    """That node's way from one class to another."""
    return Change(job=JobId(f"{person}-{session}"), person=person, session=session, was=was, to=to)


def test_the_first_node_is_first_and_each_further_one_second():
    """Whatever the others have, and whether it runs, waits, or isn't handed over yet."""
    others = [node("bob", "lab", 1)]

    assert priority_for("ann", others) is FIRST
    assert priority_for("ann", [*others, node("ann", "lab", 2, None, job=None)]) is SECOND


def test_nothing_changes_where_all_is_right():
    """Two people, one with three nodes."""
    live = [node("ann", "a", 1), node("ann", "b", 2, SECOND), node("bob", "a", 3), node("ann", "c", 4, SECOND)]

    assert reconcile(live) == ()


def test_when_the_first_has_ended_the_oldest_that_waits_is_promoted():
    """One of two that wait."""
    live = [node("ann", "c", 4, SECOND), node("ann", "b", 2, SECOND)]

    assert reconcile(live) == (change("ann", "b", SECOND, FIRST),)


def test_when_the_first_has_ended_the_one_that_runs_is_first():
    """Its person has a node; the older one, that waits, doesn't go before people who have none."""
    live = [node("ann", "b", 2, SECOND), node("ann", "c", 4, SECOND, placed=True)]

    assert reconcile(live) == (change("ann", "c", SECOND, FIRST),)


def test_a_further_node_that_started_in_a_gap_is_the_first_one():
    """The large one that was asked for before it waits as a further one: down comes before up."""
    live = [node("ann", "large", 1, FIRST, gpus=4), node("ann", "small", 2, SECOND, placed=True)]

    assert reconcile(live) == (change("ann", "large", FIRST, SECOND), change("ann", "small", SECOND, FIRST))


@pytest.mark.parametrize("moved", [FIRST, BATCH])
def test_what_was_moved_by_hand_is_moved_back(moved):
    """To a better class or a worse one."""
    live = [node("ann", "a", 1), node("ann", "b", 2, moved)]

    assert reconcile(live) == (change("ann", "b", moved, SECOND),)


def test_a_node_of_which_nothing_is_known_keeps_its_place_and_is_left_alone():
    """The scheduler doesn't answer for the first: the further one isn't promoted over it."""
    live = [node("ann", "a", 1, None, placed=True), node("ann", "b", 2, SECOND)]

    assert reconcile(live) == ()


def test_nobody_else_s_nodes_are_touched():
    """One person's end is no other's promotion."""
    live = [node("ann", "b", 2, SECOND), node("bob", "a", 1), node("bob", "b", 3, SECOND)]

    assert reconcile(live) == (change("ann", "b", SECOND, FIRST),)


def test_who_waits_before_a_further_node():
    """People without a node, each once; not those who have one, nor the same person, nor who wants another model."""
    mine = node("ann", "b", 2, SECOND, gpu_model="a100")
    live = [
        node("ann", "a", 1, placed=True),
        mine,
        node("bob", "a", 3),
        node("bob", "b", 4, SECOND),
        node("cat", "a", 5, gpu_model="a100"),
        node("dan", "a", 6, placed=True),
        node("eve", "a", 7, gpu_model="v100"),
    ]

    assert people_before(mine, live) == 2
    assert people_before(mine, [one for one in live if one is not mine]) == 2


def test_nobody_comes_before_a_first_node_or_one_that_runs():
    """There the scheduler's fair share decides, or nothing any more."""
    first, running = node("ann", "a", 1), node("cat", "b", 3, SECOND, placed=True)
    live = [first, node("bob", "a", 2), node("cat", "a", 1, placed=True), running]

    assert [people_before(one, live) for one in (first, running)] == [0, 0]


def test_what_one_asked_for_earlier_comes_before_what_one_asked_for_later():
    """As far as it waits, and on GPUs that both could take; nobody else's counts, and nothing is before what runs."""
    runs, large = node("ann", "lab", 0, placed=True), node("ann", "lab-2", 1, SECOND)
    other, mine = node("ann", "lab-3", 2, SECOND, gpu_model="v100"), node("ann", "lab-4", 3, SECOND, gpu_model="a100")
    live = [mine, other, large, runs, node("ann", "lab-5", 4, SECOND), node("bob", "lab", 0)]

    assert own_before(mine, live) == (large,)
    assert own_before(runs, live) == ()


@pytest.mark.parametrize("wrong", [{"priority_class": APP}, {"asked": datetime(2026, 11, 26)}])  # noqa: DTZ001 - the case
def test_an_app_session_or_a_time_without_zone_is_no_node(wrong):
    """Said where it is made, not where it is sorted."""
    with pytest.raises(CcdsError, match="expected a node's class"):
        replace(node("ann", "a", 1), **wrong)
