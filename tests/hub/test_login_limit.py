"""How fast passwords can be tried, by a clock that the test turns."""

from pathlib import Path

import pytest

from ccds_hub.known_places import KnownPlaces
from ccds_hub.login_limit import ADDRESS, HERE, KNOWN, PERSON, LoginLimit, Pace, network_of

DAY_S = 86400.0
HOME, EVIL = "10.0.0.1", "203.0.113.9"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The limit's clock."""
    return Clock()


@pytest.fixture
def limit(clock: Clock) -> LoginLimit:
    """One that nobody has used."""
    return LoginLimit(clock)


def hammer(limit: LoginLimit, clock: Clock, address: str, seconds: float) -> int:
    """Fails with ann's name twice a second; how many tries got through."""
    through, end = 0, clock.now + seconds
    while clock.now < end:
        through += limit.begin("ann", address) == 0
        clock.now += 0.5
    return through


def test_the_first_mistakes_are_free(limit: LoginLimit) -> None:
    """Then each wait is twice the one before."""
    free = [limit.begin("ann", HOME) for _ in range(HERE.free + 1)]

    assert free == [0.0] * (HERE.free + 1)
    assert limit.begin("ann", HOME) == HERE.first


def test_waits_double_up_to_a_limit() -> None:
    """And no number of failures overflows."""
    waits = [HERE.wait_after(HERE.free + over) for over in (0, 1, 2, 3, 4, 20, 10**6)]

    assert waits == [0, 2, 4, 8, 16, HERE.most, HERE.most]


def test_a_day_of_guessing_is_a_few_hundred_guesses(limit: LoginLimit, clock: Clock) -> None:
    """From one address at one name: as many as there are longest waits in a day, and the few before these."""
    through = hammer(limit, clock, EVIL, DAY_S)

    assert through <= DAY_S / HERE.most + 20


def test_a_wait_is_not_made_longer_by_hammering(limit: LoginLimit, clock: Clock) -> None:
    """What isn't checked doesn't count."""
    for _ in range(HERE.free + 1):
        limit.begin("ann", HOME)
    for _ in range(1000):
        limit.begin("ann", HOME)

    clock.now += HERE.first

    assert limit.begin("ann", HOME) == 0


def test_nobody_is_locked_out_by_strangers(limit: LoginLimit) -> None:
    """Ann, who has logged in from home before, does so at any moment, whatever a thousand machines try with her name."""
    limit.begin("ann", HOME)
    limit.succeeded("ann", HOME)
    for number in range(1000):
        limit.begin("ann", f"198.51.{number // 250}.{number % 250}")

    home, elsewhere = limit.begin("ann", HOME), limit.begin("ann", EVIL)

    assert home == 0
    assert 0 < elsewhere <= PERSON.most


def test_nobody_is_locked_out_by_whoever_shares_their_address(limit: LoginLimit, clock: Clock) -> None:
    """A hospital is one address: somebody there who guesses at names, and goes on for hours, keeps no known person out."""
    limit.begin("ann", HOME)
    limit.succeeded("ann", HOME)
    for number in range(ADDRESS.free + 1):
        limit.begin(f"person{number}", HOME)

    waits = []
    for _ in range(6 * 3600):
        limit.begin("somebody", HOME)
        clock.now += 1
        waits.append(limit.begin("ann", HOME))
        limit.succeeded("ann", HOME)

    assert set(waits) == {0.0}


def test_their_own_name_from_their_own_address_waits_a_minute_at_most(limit: LoginLimit, clock: Clock) -> None:
    """That can't be told from themselves; a guesser there has as many guesses as minutes, and ann's turn comes."""
    limit.begin("ann", HOME)
    limit.succeeded("ann", HOME)

    through = hammer(limit, clock, HOME, DAY_S)

    assert limit.begin("ann", HOME) <= KNOWN.most
    assert through <= DAY_S / KNOWN.most + KNOWN.free + 10


def test_a_restart_locks_nobody_out(tmp_path: Path, clock: Clock) -> None:
    """From where people came is kept; a file that somebody spoiled is begun anew."""
    places = tmp_path / "places.json"
    before = LoginLimit(clock, theirs=KnownPlaces(places))
    before.begin("ann", HOME)
    before.succeeded("ann", HOME)

    after = LoginLimit(clock, theirs=KnownPlaces(places))
    for number in range(ADDRESS.free + 2):
        after.begin(f"person{number}", HOME)
    known, unknown = after.begin("ann", HOME), after.begin("bob", HOME)
    places.write_text('[["ann"')
    spoiled = KnownPlaces(places)
    spoiled.add("bob", HOME)

    assert (known, unknown) == (0, ADDRESS.first)
    assert ("ann", HOME) not in spoiled
    assert ("bob", HOME) in KnownPlaces(places)
    assert places.stat().st_mode & 0o777 == 0o600


def test_that_a_place_can_not_be_kept_keeps_nobody_out(tmp_path: Path) -> None:
    """It is known until the hub is started again."""
    places = KnownPlaces(tmp_path / "nowhere" / "places.json")

    places.add("ann", HOME)

    assert ("ann", HOME) in places


def test_the_newest_places_are_kept(tmp_path: Path) -> None:
    """Also in the file, and by whoever reads one that is longer."""
    places = KnownPlaces(tmp_path / "places.json", kept=50)
    for number in range(120):
        places.add("ann", str(number))
        places.add("ann", "0")

    kept = KnownPlaces(tmp_path / "places.json", kept=10)

    assert (len(places), len(kept)) == (50, 10)
    assert ("ann", "0") in places
    assert ("ann", "119") in kept


def test_many_addresses_at_one_name_are_slowed_down(limit: LoginLimit, clock: Clock) -> None:
    """Each address once: after the free ones one guess a minute is what all of them have together."""
    through = 0
    for number in range(7200):
        through += limit.begin("ann", f"198.51.{number // 250}.{number % 250}") == 0
        clock.now += 0.5

    assert through <= 3600 / PERSON.most + PERSON.free + 10


def test_one_password_on_many_names_is_slowed_down(limit: LoginLimit) -> None:
    """From one address, each name once; known and unknown ones are told the same."""
    waits = [limit.begin(f"person{number}", EVIL) for number in range(ADDRESS.free + 1)]

    assert waits == [0.0] * (ADDRESS.free + 1)
    assert {limit.begin(name, EVIL) for name in ("ann", "nobody", "", "x" * 5000)} == {ADDRESS.first}


def test_a_hundred_tries_at_once_are_no_way_around(limit: LoginLimit) -> None:
    """A try counts when it begins, not when its password has been checked."""
    through = [limit.begin("ann", EVIL) for _ in range(100)].count(0.0)

    assert through == HERE.free + 1


def test_a_try_without_a_name_is_nobody_s(limit: LoginLimit) -> None:
    """That one succeeded makes no address known: it has its own free failures like any."""
    limit.begin("", EVIL)
    limit.succeeded("", EVIL)

    assert [limit.begin("", EVIL) for _ in range(ADDRESS.free + 1)] == [0.0] * (ADDRESS.free + 1)
    assert limit.begin("", EVIL) == ADDRESS.first


def test_an_account_of_ones_own_does_not_clear_the_address(limit: LoginLimit) -> None:
    """Eve logs in between her guesses: only her own try is taken back."""
    for number in range(ADDRESS.free + 1):
        assert limit.begin(f"person{number}", EVIL) == 0
        if number % 5 == 0 and limit.begin("eve", EVIL) == 0:
            limit.succeeded("eve", EVIL)

    assert limit.begin("ann", EVIL) > 0


def test_a_quiet_quarter_of_an_hour_undoes_it(limit: LoginLimit, clock: Clock) -> None:
    """Whoever comes back after lunch has all their free tries again."""
    hammer(limit, clock, HOME, 600)

    clock.now += HERE.forget + 1

    assert [limit.begin("ann", HOME) for _ in range(HERE.free + 1)] == [0.0] * (HERE.free + 1)


def test_a_directory_that_is_away_costs_nobody_a_try(limit: LoginLimit) -> None:
    """Nothing was checked: after a hundred tries in vain all free ones are there."""
    for _ in range(100):
        assert limit.begin("ann", HOME) == 0
        limit.was_no_try("ann", HOME)

    assert [limit.begin("ann", HOME) for _ in range(HERE.free + 1)] == [0.0] * (HERE.free + 1)


def test_its_memory_is_bounded(clock: Clock) -> None:
    """However many names and addresses come."""
    limit = LoginLimit(clock, kept=50)

    for number in range(1000):
        limit.begin(f"p{number}" * 100, f"2001:db8:{number:x}::1")
        limit.succeeded(f"p{number}", f"2001:db8:{number:x}::1")

    assert len(limit._counts) == 50
    assert len(limit._theirs) == 50
    assert all(len(str(part)) <= 65 for key in limit._counts for part in key)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unix:", "unix:"),
    ],
)
def test_an_address_counts_with_its_network(address: str, network: str) -> None:
    """A /64 of IPv6 is one client; IPv4 in IPv6's clothes is IPv4."""
    assert network_of(address) == network


@pytest.mark.parametrize(("first", "most", "forget"), [(0, 1, 2), (3, 2, 9), (1, 5, 5)])
def test_a_pace_that_slows_nobody_down_is_refused(first: float, most: float, forget: float) -> None:
    """It would be forgotten before its wait is over."""
    with pytest.raises(ValueError, match="waits grow"):
        Pace(1, first, most, forget)
