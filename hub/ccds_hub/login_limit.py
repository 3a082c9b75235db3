"""How fast somebody may try passwords: each further failure makes the next try wait longer.

Failures are counted three ways: for a person from one address, for a person from all addresses that they never logged in
from, and for an address whoever it tries. Each has a number of free failures; then the wait doubles, up to a limit. A try while
one has to wait isn't checked and doesn't count, so that nobody makes another's wait longer by hammering on.

Whoever has logged in from an address before is counted there by themselves alone: neither what strangers try with their name
elsewhere nor what others behind the same address do holds them up. What does is their own name tried from their own address,
as by somebody in the same ward behind one NAT: an address is all that is known of a browser that hasn't logged in. That wait is
a minute at most, and whoever tries first when it is over is checked.

A try counts as a failure from its begin until it succeeded, so that a hundred at once are no way around it. Unknown names wait
as known ones do. All of it is bounded. Counts are in memory: a restart of the hub forgets them, which costs an attacker a
restart. From where people came is kept (`known_places`), since to forget that would cost the people.

Decided against: locking an account after n failures (anybody could lock out everybody), and asking for a puzzle.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from ccds_hub.known_places import MOST_KEPT, KnownPlaces

_LONGEST_NAME = 65  # one more than a person's name may have


@dataclass(frozen=True)
class Pace:
    """So many failures are free; then the wait is `first` seconds and doubles up to `most`; `forget` quiet ones undo it all.

    Raises:
        ValueError: what is forgotten before its wait is over never makes anybody wait.
    """

    free: int
    first: float
    most: float
    forget: float = 900.0

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.most < self.forget:
            raise ValueError("a pace's waits grow from first to most, and are over before it is forgotten")

    def wait_after(self, failures: int) -> float:
        """Seconds to wait after so many failures."""
        over = failures - self.free
        return min(self.most, self.first * 2.0 ** min(over - 1, 30)) if over > 0 else 0.0


HERE = Pace(free=4, first=2, most=300)
"""One person from one address: somebody who mistypes their password."""
KNOWN = Pace(free=9, first=2, most=60)
"""One person from an address that is known to be theirs."""
PERSON = Pace(free=20, first=2, most=60)
"""One person from addresses that are not known to be theirs: a guess at one account from many machines."""
ADDRESS = Pace(free=40, first=2, most=300)
"""One address, whoever is tried: one password on many names. A hospital's outer proxy may stand for hundreds of people."""


@dataclass
class _Count:
    failures: int = 0
    last: float = 0.0


class LoginLimit:
    """Counts failures of a hub's logins. For one thread.

    Args:
        clock: monotonic, in seconds.
        kept: how many counts at most.
        theirs: from where people have logged in before.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, kept: int = MOST_KEPT, theirs: KnownPlaces | None = None
    ) -> None:
        self._clock = clock
        self._kept = kept
        self._counts: OrderedDict[Hashable, _Count] = OrderedDict()
        self._theirs = theirs if theirs is not None else KnownPlaces(kept=kept)

    def begin(self, person: str, address: str) -> float:
        """Seconds that this try has to wait; 0 where it may go on, and then it counts as failed until `succeeded`."""
        now = self._clock()
        keys = self._keys(person, address)
        wait = max(self._wait(key, pace, now) for key, pace in keys)
        if wait > 0:
            return wait
        for key, pace in keys:
            count = self._counts.pop(key, None)
            if count is None or now - count.last > pace.forget:
                count = _Count()
            count.failures += 1
            count.last = now
            self._counts[key] = count  # the newest last
        while len(self._counts) > self._kept:
            self._counts.popitem(last=False)
        return 0.0

    def succeeded(self, person: str, address: str) -> None:
        """A try that began came in: its person and this address belong together, and neither failed."""
        for key, _ in self._keys(person, address):
            count = self._counts.get(key)
            if count is None:
                continue
            # The address gets this one try back, no more: an attacker with one account of their own would start anew with it.
            count.failures = count.failures - 1 if key == ("address", network_of(address)) else 0
        if person:
            self._theirs.add(person[:_LONGEST_NAME], network_of(address))

    def was_no_try(self, person: str, address: str) -> None:
        """A try that began came to nothing by no fault of the person's: nothing was checked, nothing is counted."""
        for key, _ in self._keys(person, address):
            if count := self._counts.get(key):
                count.failures -= 1

    def _keys(self, person: str, address: str) -> list[tuple[Hashable, Pace]]:
        person, network = person[:_LONGEST_NAME], network_of(address)
        if person and (person, network) in self._theirs:
            return [(("known", person, network), KNOWN)]
        keys: list[tuple[Hashable, Pace]] = [(("address", network), ADDRESS)]
        if person:
            keys += [(("here", person, network), HERE), (("person", person), PERSON)]
        return keys

    def _wait(self, key: Hashable, pace: Pace, now: float) -> float:
        count = self._counts.get(key)
        if count is None or now - count.last > pace.forget:
            return 0.0
        return max(0.0, count.last + pace.wait_after(count.failures) - now)


def network_of(address: str) -> str:
    """The address as it is counted: of IPv6 the /64, which is one household's or one machine's; what is none stays as it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:_LONGEST_NAME]
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)
