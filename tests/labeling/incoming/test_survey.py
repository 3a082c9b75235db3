"""Which versions of a file count."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ccds_kernel.labeling.incoming.survey import standing_versions, survey
from ccds_kernel.labeling.incoming.version import Entry, Odd, Sent, Standing, TakenBack, Unreadable, Version
from ccds_kernel.labeling.report import Report, Section

F, C, P, W = Standing.FINAL, Standing.CORRECTED, Standing.PRELIMINARY, Standing.WITHDRAWN


def version(standing: Standing, text: str, accession: str = "A1", minute: int | None = None) -> Version:
    """A version of one section, sent at some minute of an hour."""
    sent = None if minute is None else Sent("clock", datetime(2020, 5, 1, 10, minute, tzinfo=UTC))
    return Version(1, standing, Report(accession, (Section("text", text),)), sent)


def counting(entries: list[Entry]) -> list[str]:
    """The texts that count."""
    return [one.report.sections[0].text for one in standing_versions(entries, survey(entries))]


@pytest.mark.parametrize(
    ("sent", "counts"),
    [
        ([(F, "a")], ["a"]),
        ([(P, "a"), (F, "b")], ["b"]),
        ([(P, "a")], []),
        ([(F, "a"), (C, "b")], ["b"]),
        ([(F, "a"), (C, "b"), (C, "c")], ["c"]),
        ([(C, "a"), (F, "b")], ["a", "b"]),
        ([(F, "a"), (P, "b")], ["a"]),
        ([(F, "a"), (W, "")], []),
        ([(F, "a"), (W, ""), (F, "b")], ["b"]),
        ([(W, ""), (C, "a"), (F, "a")], ["a", "a"]),
        ([(F, "a"), (F, "b")], ["a", "b"]),
    ],
)
def test_the_last_correction_counts(sent, counts):
    """From it on, or from a withdrawal on; two final ones stay two, which is a conflict for whoever loads them."""
    assert counting([version(*one) for one in sent]) == counts


@pytest.mark.parametrize(
    ("sent", "counts"),
    [
        ([(C, "b", 2), (F, "a", 1)], ["b"]),
        ([(C, "c", 3), (C, "b", 2), (F, "a", 1)], ["c"]),
        ([(C, "b", 1), (C, "c", 2), (F, "a", None)], ["c", "a"]),
        ([(C, "b", 2), (C, "c", None)], ["c"]),
        ([(W, "", 2), (F, "a", 1)], []),
        ([(F, "b", 3), (W, "", 2), (F, "a", 1)], ["b"]),
        ([(F, "c", 3), (C, "b", 2), (F, "a", 1)], ["b", "c"]),
        ([(F, "a", 1), (C, "b", 1)], ["b"]),
        ([(F, "b", 2), (F, "a", 1)], ["b", "a"]),
    ],
)
def test_the_last_correction_is_the_one_that_was_sent_last(sent, counts):
    """Where the times say so; in a file with the newest first, too, the correction comes before a final one that follows it."""
    assert counting([version(standing, text, minute=minute) for standing, text, minute in sent]) == counts


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_cannot_be_read_takes_back_what_was_before_it(place):
    """By its own time, else by its place in the file; nothing of another accession number."""
    entries: list[Entry] = [version(F, "a", minute=1), version(F, "b", "A2", 1)]
    by_time = Unreadable(3, "x", (TakenBack("A1", version(C, "c", minute=2).sent),))
    by_place = Unreadable(3, "x", (TakenBack("A1", None),))

    assert counting([*entries[:place], by_time, *entries[place:]]) == ["b"]
    assert counting([*entries[:place], by_place, *entries[place:]]) == (["b"] if place else ["a", "b"])


def test_a_correction_has_a_text():
    """Nobody means that a report which was there says nothing."""
    with pytest.raises(Odd, match="without text"):
        version(C, " ")


def test_each_accession_number_is_by_itself():
    """A correction of one leaves the other."""
    assert counting([version(F, "a"), version(F, "b", "A2"), version(C, "c"), Unreadable(4, "x")]) == ["b", "c"]


def test_everything_is_counted():
    """What doesn't count, and what comes again."""
    entries = [
        version(F, "a"),
        version(P, "a"),
        version(W, ""),
        version(F, "a"),
        version(F, "a", "A2"),
        Unreadable(6, "x"),
        replace(version(C, "b", "A2"), commented=True),
        replace(version(P, "b"), commented=True),
    ]

    found = survey(entries)

    assert (found.entries, found.preliminary, found.withdrawn, found.repeated, found.signed) == (8, 2, 1, 1, 4)
    assert found.commented == 1
    assert found.unreadable == (Unreadable(6, "x"),)


entries = st.lists(
    st.builds(version, st.sampled_from(Standing), st.sampled_from("ab"), st.sampled_from(["A1", "A2", "A3"]))
    | st.just(Unreadable(1, "x")),
    max_size=12,
)


# the correction was withdrawn, "a" is a final one's
@example([0, 1, 3, 2, 4, 5], [(C, "a"), (W, "a"), (F, "a"), (F, "b")])
@given(st.permutations(range(6)), st.lists(st.tuples(st.sampled_from(Standing), st.sampled_from("ab")), max_size=6))
def test_the_order_of_the_file_does_not_count_where_times_do(order, sent):
    """Whatever the order, the same reports count, and a last correction, if nothing withdrew it, comes first."""
    versions = [version(standing, text, minute=minute) for minute, (standing, text) in enumerate(sent)]
    mixed = [versions[place] for place in order if place < len(versions)]

    assert sorted(counting(mixed)) == sorted(counting(versions))
    if [standing for standing, _ in sent if standing in {C, W}][-1:] == [C]:
        assert counting(mixed)[:1] == counting(versions)[:1]


@given(entries)
def test_it_is_as_if_each_report_was_followed_by_itself(sent):
    """The same as going through the file with a list for each accession number that corrections and withdrawals clear."""
    held: dict[str, list[tuple[int, Report]]] = {}
    for place, entry in enumerate(sent):
        if isinstance(entry, Unreadable) or entry.standing is P:
            continue
        mine = held.setdefault(entry.report.accession, [])
        if entry.standing in {C, W}:
            mine.clear()
        if entry.standing is not W:
            mine.append((place, entry.report))

    expected = [
        report for _, report in sorted((pair for mine in held.values() for pair in mine), key=lambda pair: pair[0])
    ]

    assert [one.report for one in standing_versions(sent, survey(sent))] == expected
