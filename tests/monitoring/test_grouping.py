"""Small groups: not published, and not to be worked out from what is, nor from an earlier publication beside it."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.monitoring.aggregate import aggregate, not_counted
from ccds_kernel.monitoring.grouping import Scanner, divide
from ccds_kernel.monitoring.join import Joined, Outcome
from ccds_kernel.monitoring.publication import Numbers
from ccds_kernel.monitoring.rates import Counts, Metric
from ccds_kernel.months import Span
from ccds_kernel.small_groups import SMALLEST, periods

JANUARY = Span(first="2024-01", last="2024-01")


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, []),
        ({1: 9}, []),
        ({1: 10}, ["2024-01"]),
        ({1: 30, 2: 30}, ["2024-01", "2024-02"]),
        ({1: 4, 2: 30, 3: 30}, ["2024-01 to 2024-02", "2024-03"]),
        ({1: 30, 2: 4, 3: 30}, ["2024-01", "2024-02 to 2024-03"]),
        ({1: 30, 2: 30, 3: 9}, ["2024-01", "2024-02"]),
        ({1: 5, 2: 5, 3: 5}, ["2024-01 to 2024-02"]),
        ({1: 30, 2: 0, 3: 30}, ["2024-01", "2024-02 to 2024-03"]),
        ({1: 30, 6: 30}, ["2024-01", "2024-06"]),
    ],
)
def test_small_months_join_their_neighbours(sizes, expected):
    """Those after them; the last ones wait for more. Months without any study are no small months."""
    found = periods({f"2024-{month:02d}": size for month, size in sizes.items()})

    assert [str(period) for period in found] == expected


def test_a_small_scanner_takes_the_smallest_other_with_it():
    """Hidden alone it would be the month less the others."""
    scanners = {Scanner("A", "1"): Counts(tn=4), Scanner("B", "1"): Counts(tn=50), Scanner("C", "1"): Counts(tn=20)}

    found = divide(JANUARY, scanners)

    assert dict(found.shown) == {Scanner("B", "1"): Counts(tn=50)}
    assert found.hidden == {Scanner("A", "1"), Scanner("C", "1")}
    assert (found.rest, found.total) == (Counts(tn=24), Counts(tn=74))


def test_small_scanners_that_are_many_hide_each_other():
    """Together they are enough: nobody else is hidden with them."""
    scanners = {Scanner(name, "1"): Counts(tn=6) for name in "AB"} | {Scanner("C", "1"): Counts(tn=20)}

    found = divide(JANUARY, scanners)

    assert found.hidden == {Scanner("A", "1"), Scanner("B", "1")}


class Atom(NamedTuple):
    """The finest group of studies that anybody could ask for; `came` is 0 for what is loaded first, 1 for what comes later."""

    came: int
    predicted: str
    reported: str | None
    device: str
    version: str


Studies = dict[Atom, Counter[Outcome]]
"""Each atom's studies by what came of them."""

LABELLED = (Outcome.TP, Outcome.FP, Outcome.FN, Outcome.TN)
MONTHS = [f"2024-{month:02d}" for month in range(1, 5)]


def atoms(came: int) -> st.SearchStrategy[Atom]:
    """Predicted in one month, reported in that, a later one, or not yet."""
    return st.builds(
        lambda months, *scanner: Atom(came, min(months), max(months), *scanner),
        st.tuples(st.sampled_from(MONTHS), st.sampled_from(MONTHS)),
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from(["1", "2"]),
    ) | st.builds(Atom, st.just(came), st.sampled_from(MONTHS), st.none(), st.just("A"), st.just("1"))


FIRST = st.dictionaries(atoms(0), st.tuples(*[st.integers(0, 9)] * 4, st.integers(0, 3)), max_size=7)
LATER = st.dictionaries(atoms(1), st.tuples(*[st.integers(0, 3)] * 4, st.integers(0, 3)), max_size=3)


def studies_of(drawn) -> Studies:
    """What was drawn as counts of outcomes; without a report all of them are awaited."""
    return {
        atom: Counter(dict(zip((*LABELLED, Outcome.UNMATCHED), counts, strict=True)))
        if atom.reported
        else Counter({Outcome.AWAITING: sum(counts)})
        for atom, counts in drawn.items()
    }


def joined(studies: Studies) -> list[Joined]:
    """These one by one."""
    return [
        Joined(_day(atom.predicted), _day(atom.reported), atom.device, atom.version, outcome)
        for atom, tally in studies.items()
        for outcome in tally.elements()
    ]


def _day(month: str | None) -> datetime | None:
    return month and datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def labelled(tally: Counter[Outcome]) -> int:
    """How many have a label."""
    return sum(tally[outcome] for outcome in LABELLED)


PARTS = {
    Metric.SENSITIVITY: ("tp", "tp fn"),
    Metric.SPECIFICITY: ("tn", "tn fp"),
    Metric.PPV: ("tp", "tp fp"),
    Metric.PREVALENCE: ("tp fn", "tp fp fn tn"),
    Metric.ALERT_RATE: ("tp fp", "tp fp fn tn"),
}
"""What a rate's part and whole count."""


class Told(NamedTuple):
    """What is published of one group of studies: which it says it covers, and every integer, by the outcomes that it counts."""

    spans: Sequence[Span]
    scanner: tuple[str, str] | None
    integers: list[tuple[str, int]]


def told(numbers: Numbers) -> list[Told]:
    """Every integer that is published."""
    groups = [(numbers.total, numbers.periods, None)] if numbers.total else []
    groups += [(one.group, [one], None) for one in numbers.periods]
    for device in numbers.devices:
        for software in device.software:
            scanner = (device.device, software.version)
            groups.append((software.total, software.periods, scanner))
            groups += [(one.group, [one], scanner) for one in software.periods]
    found = []
    for group, *of_whom in groups:
        values = [("tp fp fn tn", group.studies), *group.counts.model_dump().items()]
        for metric, rate in group.rates.items():
            if rate is not None:
                values += zip(PARTS[metric], (rate.part, rate.whole), strict=True)
        found.append(Told(*of_whom, values))
    known = sum(len(one.integers) for one in found)
    assert known == len(integers(numbers.model_dump())), "an integer is published that this test doesn't know"
    return found


def equations(numbers: Numbers, studies: Studies, *, came: int = 0, kept: str = "") -> np.ndarray:
    """Every published integer as the sum of studies that it is: a row of ones and zeros over atom × outcome.

    A group is over all studies of its months that `came` by then or, where that doesn't fit, over those without what came later
    than its months were published first (up to month `kept`). One that is neither fails.
    """
    truth = np.array([studies[atom][outcome] for atom in studies for outcome in Outcome])
    rows = []
    for one in told(numbers):
        every = [atom for atom in studies if atom.came <= came and _covers(one, atom)]
        first = [atom for atom in every if not (atom.came and atom.reported <= kept)]
        fitting = []
        for atoms in (every, first):
            told_of = [
                [atom in atoms and outcome.value in names.split() for atom in studies for outcome in Outcome]
                for names, _ in one.integers
            ]
            if (np.array(told_of) @ truth).tolist() == [value for _, value in one.integers]:
                fitting.append(told_of)
        assert fitting, "what is published of a group is no sum over its months"
        rows += fitting[0]
    return np.array(rows, dtype=float).reshape(len(rows), len(truth))


def _covers(one: Told, atom: Atom) -> bool:
    return (
        atom.reported is not None
        and one.scanner in {None, (atom.device, atom.version)}
        and any(atom.reported in span for span in one.spans)
    )


def integers(part: object) -> list[int]:
    """Every integer anywhere in a document."""
    if isinstance(part, dict):
        return [number for value in part.values() for number in integers(value)]
    if isinstance(part, list | tuple):
        return [number for value in part for number in integers(value)]
    return [part] if isinstance(part, int) else []


def small_groups_told(known: np.ndarray, studies: Studies) -> list[tuple[Atom, ...]]:
    """The groups of fewer than ten labelled studies about which anything follows from the rows of `known` by linear algebra.

    Something follows where a combination of published numbers vanishes on all studies outside of the group, and not in it. Only
    groups that no further atom leaves small are tried: what follows about a part of one follows about it.
    """
    there = {atom: labelled(tally) for atom, tally in studies.items() if tally.total()}
    owners = [atom for atom in studies for _ in Outcome]
    # Which atoms there are is taken as known, how they came out isn't. Equal rows add nothing.
    known = np.unique(known[:, [atom in there for atom in owners]], axis=0)
    owners = [atom for atom in owners if atom in there]
    found = []
    for count in range(1, len(there) + 1):
        for group in combinations(there, count):
            size = sum(there[atom] for atom in group)
            largest = all(size + there[atom] >= SMALLEST for atom in there if atom not in group)
            if size >= SMALLEST or not largest:
                continue
            if _rank(known[:, [atom not in group for atom in owners]]) < _rank(known):
                found.append(group)
    return found


def _rank(rows: np.ndarray) -> int:
    return int(np.linalg.matrix_rank(rows)) if rows.size else 0


@given(FIRST)
def test_no_small_group_can_be_worked_out(drawn):
    """Neither from one published number nor from any sum or difference of all of them, by any outcome."""
    studies = studies_of(drawn)

    numbers = aggregate(joined(studies), until="2024-05")

    assert small_groups_told(equations(numbers, studies), studies) == []


@given(FIRST, LATER, st.sampled_from([*MONTHS, "2024-05"]), st.sampled_from([*MONTHS, "2024-05"]))
def test_nor_from_two_publications(drawn, later, one, other):
    """Between them a few studies were loaded, late ones, too, and months ended, or none did."""
    first, second = sorted([one, other])
    studies = studies_of(drawn)
    all_studies = studies | studies_of(later)

    before = aggregate(joined(studies), until=first)
    after = aggregate(joined(all_studies), until=second, before=before)

    kept = before.periods[-1].last if before.periods else ""
    known = [equations(before, all_studies), equations(after, all_studies, came=1, kept=kept)]
    assert small_groups_told(np.vstack(known), all_studies) == []


def test_the_attack_finds_what_a_difference_tells():
    """Without what was published before, one study that came late is the difference: this test could fail."""
    studies = {Atom(0, "2024-01", "2024-01", "A", "1"): Counter({Outcome.TN: 20})}
    late = Atom(1, "2024-01", "2024-01", "A", "1")
    more = studies | {late: Counter({Outcome.FN: 1})}

    before, after = (aggregate(joined(some), until="2024-02") for some in (studies, more))
    known = [equations(before, more), equations(after, more, came=1)]

    assert small_groups_told(np.vstack(known), more) == [(late,)]


@given(FIRST)
def test_no_day_is_published(drawn):
    """Months are the finest times in the numbers."""
    numbers = aggregate(joined(studies_of(drawn)), until="2024-05")

    assert not re.search(r"\d{4}-\d\d-\d\d|\d\d:\d\d", numbers.model_dump_json())


@given(FIRST)
def test_nothing_is_counted_twice_or_lost(drawn):
    """All periods together, and what waits, are all studies."""
    studies = joined(studies_of(drawn))

    numbers = aggregate(studies, until="2024-05")
    left = not_counted(studies, numbers)

    counted = [one.group.counts.reported for one in numbers.periods]
    assert sum(counted) + left.awaiting + left.waiting == len(studies)
    assert left.late == 0
    assert sum(counted) == (numbers.total.counts.reported if numbers.total else 0)


@given(FIRST)
def test_hidden_and_shown_are_all_there_is(drawn):
    """Each scanner that has studies in a period is shown there, or said not to be."""
    studies = studies_of(drawn)
    numbers = aggregate(joined(studies), until="2024-05")

    told = {
        (device.device, str(Span(first=span.first, last=span.last)))
        for device in numbers.devices
        for span in (*device.hidden, *(one for software in device.software for one in software.periods))
    }
    expected = {
        (atom.device, str(one))
        for atom, tally in studies.items()
        for one in numbers.periods
        if atom.reported and atom.reported in one and tally.total()
    }
    assert told == expected
