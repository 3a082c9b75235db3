"""Which versions of a file count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.incoming.survey import standing_reports, survey
from ccds_kernel.labeling.incoming.version import Entry, Standing, Unreadable, Version
from ccds_kernel.labeling.report import Report, Section

F, C, P, W = Standing.FINAL, Standing.CORRECTED, Standing.PRELIMINARY, Standing.WITHDRAWN


def version(standing: Standing, text: str, accession: str = "A1") -> Version:
    """A version of one section."""
    return Version(1, standing, Report(accession, (Section("text", text),)))


def counting(entries: list[Entry]) -> list[str]:
    """The texts that count."""
    return [report.sections[0].text for report in standing_reports(entries, survey(entries))]


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
    ]

    found = survey(entries)

    assert (found.entries, found.preliminary, found.withdrawn, found.repeated, found.signed) == (6, 1, 1, 1, 3)
    assert found.unreadable == (Unreadable(6, "x"),)


entries = st.lists(
    st.builds(version, st.sampled_from(Standing), st.sampled_from("ab"), st.sampled_from(["A1", "A2", "A3"]))
    | st.just(Unreadable(1, "x")),
    max_size=12,
)


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

    assert list(standing_reports(sent, survey(sent))) == expected
