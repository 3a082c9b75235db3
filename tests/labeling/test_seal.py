"""Whether reports are still what was loaded."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.seal import Seal, SealedReport, broken, sealed

REPORTS = [SealedReport(n, f"A{n}", f"key{n}", (("findings", f"text {n}"), ("impression", ""))) for n in range(1, 10)]
SEALS = [sealed(REPORTS[:4]), sealed(REPORTS[4:5]), sealed(REPORTS[5:])]


def test_what_was_loaded_holds_whatever_is_loaded_later():
    """Also with ids between two loads that nobody has."""
    later = [*REPORTS, SealedReport(20, "A20", "key20", ())]

    assert (broken(SEALS, REPORTS), broken([*SEALS, sealed(later[-1:])], later), sealed([])) == (0, 0, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"accession": "A0"}, {"study_key": "other"}, {"sections": (("findings", "x"), ("impression", ""))}, {"sections": ()},
        {"sections": (("impression", ""), ("findings", "text 1"))}, {"sections": (("findings", "text 1\nimpression"),)},
        {"id": 0},
    ],
)  # fmt: skip
def test_any_change_breaks_the_seal_of_its_load(changed):
    """Of a number, a text, the order or the cut of the sections; and of no other load."""
    assert broken(SEALS, [replace(REPORTS[0], **changed), *REPORTS[1:]]) == 1


@given(st.sampled_from(range(len(REPORTS))))
def test_a_report_that_is_gone_or_put_in_breaks_it(at):
    """Wherever it was; a seal that somebody made up makes up for none."""
    gone = REPORTS[:at] + REPORTS[at + 1 :]
    doubled = [*REPORTS[: at + 1], *REPORTS[at:]]

    assert broken(SEALS, gone) == broken(SEALS, doubled) == 1
    assert broken([*SEALS, sealed(gone)], gone) >= 1
    assert broken([*SEALS, Seal(1, 9, "0" * 64)], REPORTS) == 1
