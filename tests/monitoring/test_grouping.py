"""Small groups: not published, and not to be worked out from what is."""

from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.monitoring.aggregate import aggregate
from ccds_kernel.monitoring.grouping import Period, Scanner, divide, periods
from ccds_kernel.monitoring.join import Joined, Outcome
from ccds_kernel.monitoring.publication import Numbers
from ccds_kernel.monitoring.rates import Counts

Atom = tuple[str, str, str]
"""Month, device and software version: the finest group that anybody could ask for."""


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, []),
        ({1: 9}, []),
        ({1: 10}, ["2024-01"]),
        ({1: 30, 2: 30}, ["2024-01", "2024-02"]),
        ({1: 4, 2: 30, 3: 30}, ["2024-01 to 2024-02", "2024-03"]),
        ({1: 30, 2: 4, 3: 30}, ["2024-01", "2024-02 to 2024-03"]),
        ({1: 30, 2: 30, 3: 9}, ["2024-01", "2024-02 to 2024-03"]),
        ({1: 5, 2: 5, 3: 5}, ["2024-01 to 2024-03"]),
        ({1: 30, 2: 0, 3: 30}, ["2024-01", "2024-02 to 2024-03"]),
        ({1: 30, 6: 30}, ["2024-01", "2024-06"]),
    ],
)
def test_small_months_join_their_neighbours(sizes, expected):
    """The next one, or for the last the one before; months without any study are no small months."""
    found = periods({(2024, month): size for month, size in sizes.items()})

    assert [str(period) for period in found] == expected


def test_a_small_scanner_takes_the_smallest_other_with_it():
    """Hidden alone it would be the month less the others."""
    scanners = {Scanner("A", "1"): Counts(tn=4), Scanner("B", "1"): Counts(tn=50), Scanner("C", "1"): Counts(tn=20)}

    found = divide(Period((2024, 1), (2024, 1)), scanners)

    assert dict(found.shown) == {Scanner("B", "1"): Counts(tn=50)}
    assert found.hidden == {Scanner("A", "1"), Scanner("C", "1")}
    assert (found.rest, found.total) == (Counts(tn=24), Counts(tn=74))


def test_small_scanners_that_are_many_hide_each_other():
    """Together they are enough: nobody else is hidden with them."""
    scanners = {Scanner(name, "1"): Counts(tn=6) for name in "AB"} | {Scanner("C", "1"): Counts(tn=20)}

    found = divide(Period((2024, 1), (2024, 1)), scanners)

    assert found.hidden == {Scanner("A", "1"), Scanner("B", "1")}


STUDIES = st.dictionaries(
    st.tuples(st.integers(1, 4), st.sampled_from(["A", "B", "C"]), st.sampled_from(["1", "2"])),
    st.tuples(st.integers(0, 25), st.integers(0, 3)),
    max_size=12,
)
"""(month, device, software) → how many negative studies, and how many whose report no phrase matches."""


def joined(studies) -> list[Joined]:
    """These as joined predictions, predicted on the day of the report."""
    found = []
    for (month, device, version), (labelled, unmatched) in studies.items():
        time = datetime(2024, month, 3, tzinfo=UTC)
        outcomes = [Outcome.TN] * labelled + [Outcome.UNMATCHED] * unmatched
        found += [Joined(time, time, device, version, outcome) for outcome in outcomes]
    return found


def published_groups(numbers: Numbers, atoms: list[Atom]) -> list[tuple[np.ndarray, int]]:
    """Every published group as anybody can tell it from the file: which atoms it covers, and its number of studies."""

    def covers(span=None, device=None, version=None) -> np.ndarray:
        return np.array(
            [
                (span is None or span.first <= month <= span.last)
                and device in {None, name}
                and version in {None, software}
                for month, name, software in atoms
            ],
            dtype=float,
        )

    found = [(covers(), numbers.total.studies)] if numbers.total else []
    found += [(covers(one), one.group.studies) for one in numbers.periods]
    for device in numbers.devices:
        for software in device.software:
            parts = [covers(one, device.device, software.version) for one in software.periods]
            found += [(part, one.group.studies) for part, one in zip(parts, software.periods, strict=True)]
            found.append((np.sum(parts, axis=0), software.total.studies))
    return found


@given(STUDIES)
def test_no_small_group_can_be_worked_out(studies):
    """Neither one small group nor several together are a sum or difference of published ones: linear algebra over all of them."""
    atoms = [(f"2024-{month:02d}", device, version) for month, device, version in studies]
    sizes = np.array([labelled for labelled, _ in studies.values()])

    numbers = aggregate(joined(studies))

    groups = published_groups(numbers, atoms)
    assert [size for covered, size in groups if covered @ sizes != size or size < 10] == []
    # Atoms without a labelled study are left out of the attack: nothing is told about nobody.
    filled = np.flatnonzero(sizes)
    known = np.array([covered[filled] for covered, _ in groups]) if groups else np.zeros((1, len(filled)))
    rank = np.linalg.matrix_rank(known)
    small = [
        np.isin(filled, chosen).astype(float)
        for count in range(1, len(filled) + 1)
        for chosen in combinations(filled.tolist(), count)
        if sizes[list(chosen)].sum() < 10
    ]
    assert [wanted for wanted in small if np.linalg.matrix_rank(np.vstack([known, wanted])) == rank] == []


@given(STUDIES)
def test_nothing_is_counted_twice_or_lost(studies):
    """All periods together are all studies, where there are enough for any."""
    numbers = aggregate(joined(studies))

    labelled = sum(count for count, _ in studies.values())
    if labelled < 10:
        assert numbers == Numbers(total=None, periods=(), volumes=(), devices=())
    else:
        assert numbers.total.studies == sum(one.group.studies for one in numbers.periods) == labelled
        assert sum(one.predictions for one in numbers.volumes) == len(joined(studies))


@given(STUDIES)
def test_hidden_and_shown_are_all_there_is(studies):
    """Each scanner that has studies in a period is shown there, or said not to be."""
    numbers = aggregate(joined(studies))

    told = {
        (device.device, span.first)
        for device in numbers.devices
        for span in (*device.hidden, *(one for software in device.software for one in software.periods))
    }
    there = {(device, f"2024-{month:02d}") for (month, device, _), counts in studies.items() if sum(counts)}
    expected = {
        (device, span.first) for device, month in there for span in numbers.periods if span.first <= month <= span.last
    }
    assert told == expected


@given(STUDIES, st.lists(st.tuples(st.integers(1, 5), st.integers(1, 20)), max_size=4))
def test_volumes_leave_no_small_group_either(studies, awaited):
    """Less those whose reports are awaited or unmatched, at least ten studies are left in each stretch of months."""
    waiting = [
        Joined(datetime(2024, month, 7, tzinfo=UTC), None, "A", "1", Outcome.AWAITING)
        for month, count in awaited
        for _ in range(count)
    ]

    numbers = aggregate([*joined(studies), *waiting])

    assert all(one.predictions - one.unmatched - one.awaiting >= 10 for one in numbers.volumes)
    assert bool(numbers.volumes) == bool(numbers.periods)
    if numbers.volumes:
        assert sum(one.awaiting for one in numbers.volumes) == len(waiting)
