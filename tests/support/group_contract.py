"""What every GroupDirectory that keeps groups must do: one class of tests, run on each implementation.

A subclass gives the fixture `place`: somewhere that knows people, keeps no group of ours, and is left so again.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.groups import GroupDirectory, UnknownPeopleError
from ccds_kernel.groups.directory import COUNTER
from support.processes import READY, at_once

PREFIX = f"ccds-ccdst{os.getpid()}-"
"""How the names of the tests' groups begin: not as those of projects, which a reconcile of this machine
would take away, nor as those of another run."""

KILLED_AT_A_STEP = """
import os, signal, sys
steps, limit = 0, int(sys.argv[1])
def count(frame, event, arg):
    global steps
    if event == "c_call" and (arg.__module__ == "posix" or arg.__name__ in {"send", "write", "flush"}):
        steps += 1
        if steps == limit:
            os.kill(os.getpid(), signal.SIGKILL)
sys.setprofile(count)
directory.apply(changes)
sys.setprofile(None)
print(steps)
"""
"""Applies `changes` to `directory`, and dies before the step of the operating system whose number is its argument."""


class Place(Protocol):
    """One place where groups are kept, and ways around the port to look at it."""

    people: tuple[str, str, str]
    """Three who exist."""
    script: str
    """Python statements that make `directory` in another process."""

    def connect(self) -> GroupDirectory:
        """A new client."""

    def members(self) -> Mapping[str, frozenset[str]]:
        """Every group of the tests' and whom the system takes for its members, as others than ourselves read it."""

    def gids(self) -> Mapping[str, int]:
        """The number of every group of the tests', as others than ourselves read it."""

    def state(self) -> object:
        """What differs once anything was written, be it the same."""


@pytest.fixture
def directory(place: Place) -> GroupDirectory:
    """A client of this place."""
    return place.connect()


@pytest.fixture
def ann(place: Place) -> str:
    """Somebody who exists."""
    return place.people[0]


@pytest.fixture
def ben(place: Place) -> str:
    """Somebody else."""
    return place.people[1]


@pytest.fixture
def eva(place: Place) -> str:
    """A third one."""
    return place.people[2]


def name(ending: str) -> str:
    """A group of the tests'."""
    return f"{PREFIX}{ending}"


class GroupDirectoryContract:
    """The port's promises."""

    def test_a_group_has_the_people_it_was_given(self, directory: GroupDirectory, ann: str, ben: str) -> None:
        """Also when it has none; and it says that it keeps them."""
        wanted = {name("a"): frozenset({ann, ben}), name("b"): frozenset({ben}), name("c"): frozenset()}

        directory.apply(wanted)

        assert directory.groups(PREFIX) == wanted
        assert directory.keeps

    def test_only_groups_of_the_prefix_are_answered(self, directory: GroupDirectory, ann: str) -> None:
        """One project's id may be the beginning of another's."""
        directory.apply({name("a-images"): frozenset({ann}), name("ab-images"): frozenset({ann})})

        assert set(directory.groups(name("a-"))) == {name("a-images")}

    def test_members_are_replaced(self, directory: GroupDirectory, ann: str, ben: str, eva: str) -> None:
        """Whoever isn't named is out; the last one too."""
        directory.apply({name("a"): frozenset({ann, ben}), name("b"): frozenset({ann})})

        directory.apply({name("a"): frozenset({ben, eva}), name("b"): frozenset()})

        assert directory.groups(PREFIX) == {name("a"): {ben, eva}, name("b"): set()}

    def test_a_group_is_removed(self, directory: GroupDirectory, ann: str) -> None:
        """Removing what isn't there is fine; the others stay."""
        directory.apply({name("a"): frozenset({ann}), name("b"): frozenset({ann})})

        directory.apply({name("a"): None, name("never-made"): None})

        assert directory.groups(PREFIX) == {name("b"): {ann}}

    def test_what_is_so_already_is_not_written(self, place: Place, directory: GroupDirectory, ann: str) -> None:
        """A second run changes nothing."""
        wanted = {name("a"): frozenset({ann}), name("b"): frozenset(), name("c"): None}
        directory.apply(wanted)
        before = place.state()

        directory.apply(wanted)

        assert place.state() == before

    def test_somebody_unknown_is_refused_by_name(self, place: Place, directory: GroupDirectory, ann: str) -> None:
        """And nothing of the whole is done."""
        directory.apply({name("a"): frozenset({ann})})
        before = place.state()

        with pytest.raises(UnknownPeopleError, match=r"found nobody called no\.such-one; make their accounts"):
            directory.apply(
                {name("a"): frozenset(), name("b"): frozenset({ann, "no.such-one"}), name("c"): frozenset()}
            )

        assert place.state() == before

    @pytest.mark.parametrize(
        "foreign",
        [
            "sudo", "irb", "IRB-x", f"irb-{'x' * 29}", "irb-x:y", "irb-x,cn=y", "irb-x\ny", "irb-x*", "xirb-x", COUNTER,
        ],
    )  # fmt: skip
    def test_a_name_that_is_not_ours_is_refused(self, place: Place, directory: GroupDirectory, foreign: str) -> None:
        """Whether it is to be made or removed."""
        before = place.state()

        for people in (frozenset[str](), None):
            with pytest.raises(CcdsError, match="expected a group's name that begins with irb- or ccds-"):
                directory.apply({name("a"): frozenset(), foreign: people})

        assert place.state() == before

    def test_it_knows_who_exists(self, directory: GroupDirectory, ann: str, ben: str) -> None:
        """And takes no sign in a name for more than itself."""
        strangers = {"no.such-one", "*", f"{ann})(uid=*", ann.upper(), ""}

        assert directory.knows({ann, ben} | strangers) == {ann, ben}
        assert directory.knows(()) == set()

    def test_a_number_is_never_given_again(self, place: Place, directory: GroupDirectory, ann: str) -> None:
        """Files keep the number of a group that is gone: whoever got it would have them."""
        directory.apply({name(str(number)): frozenset({ann}) for number in range(5)})
        first = place.gids()
        directory.apply(dict.fromkeys(first))

        directory.apply({name("again"): frozenset({ann}), name("3"): frozenset({ann})})

        assert len(set(first.values())) == 5
        assert set(place.gids().values()).isdisjoint(first.values())

    def test_a_group_keeps_its_number(self, place: Place, directory: GroupDirectory, ann: str, ben: str) -> None:
        """Whoever comes or goes."""
        directory.apply({name("a"): frozenset({ann}), name("b"): frozenset({ann})})
        before = place.gids()

        directory.apply({name("a"): frozenset({ben}), name("b"): frozenset(), name("c"): frozenset({ben})})

        assert {ours: place.gids()[ours] for ours in before} == before

    def test_our_own_group_is_not_answered(self, directory: GroupDirectory) -> None:
        """The counter of numbers is nobody's to reconcile."""
        directory.apply({name("a"): frozenset()})

        assert COUNTER not in directory.groups("ccds-")

    def test_writers_at_the_same_time(self, place: Place, directory: GroupDirectory, ann: str, ben: str) -> None:
        """Every group of both is there, what both change is as one of them said, and no two have one number."""
        script = f"""{place.script}
shared = {{"{PREFIX}shared-%d" % number: frozenset({{sys.argv[2]}}) for number in range(5)}}
own = {{"{PREFIX}%s-%d" % (sys.argv[1], number): frozenset({{sys.argv[2]}}) for number in range(10)}}
{READY}
for _ in range(3):
    directory.apply(shared | own)
"""

        assert at_once(script, ("x", ann), ("y", ben), ("z", ann)) == [0, 0, 0]

        found = directory.groups(PREFIX)
        assert {found[name(f"shared-{number}")] for number in range(5)} <= {frozenset({ann}), frozenset({ben})}
        assert [found[name(f"{writer}-9")] for writer in "xyz"] == [{ann}, {ben}, {ann}]
        assert len(found) == 35
        assert len(set(place.gids().values())) == 35

    def test_threads_of_one_process(self, place: Place, directory: GroupDirectory, ann: str) -> None:
        """One client, many at once: each gets what it asked for, and no two groups have one number."""
        changes = [{name(f"{thread}-{number}"): frozenset({ann}) for number in range(3)} for thread in range(12)]

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(directory.apply, changes))

        assert set(directory.groups(PREFIX)) == {group for change in changes for group in change}
        assert len(set(place.gids().values())) == 36

    def test_kill_9_in_the_middle(self, place: Place, directory: GroupDirectory, ann: str, ben: str, eva: str) -> None:
        """At 20 points, its first step and its last among them, everybody is in or out as before or after.

        The next run, which changes what `groups` says differs, completes it.
        """
        before = {name(f"{n}"): frozenset({ann, eva} if n % 2 else {eva}) for n in range(4)}
        complete = {name(f"{n}"): frozenset({ben, eva}) for n in range(2, 6)}
        gone = dict.fromkeys(before.keys() - complete)
        again = {**dict.fromkeys(complete.keys() - before), **before}
        script = f"{place.script}\nchanges = {complete | gone!r}\n{KILLED_AT_A_STEP}"
        directory.apply(before)
        steps = int(self._run(script, 0).stdout)
        assert steps >= 20

        for limit in (1 + point * (steps - 1) // 19 for point in range(20)):
            directory.apply(again)
            assert self._run(script, limit).returncode == -signal.SIGKILL, limit
            seen = directory.groups(PREFIX)
            for group in before | complete:
                was, was_to_be = before.get(group, frozenset()), complete.get(group, frozenset())
                assert was & was_to_be <= seen.get(group, frozenset()) <= was | was_to_be, (limit, group)
            directory.apply({group: to_be for group, to_be in (complete | gone).items() if seen.get(group) != to_be})
            assert place.members() == complete, limit

        assert len(set(place.gids().values())) == len(complete)

    @staticmethod
    def _run(script: str, limit: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, str(limit)], capture_output=True, text=True, check=False, timeout=60
        )
