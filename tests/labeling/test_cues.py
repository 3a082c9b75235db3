"""The lists of cues as a value: through JSON, and what can't be."""

import json

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling.cues import LONGEST_CUE, MOST_CUES, RADIOLOGY, Cues

NOTHING: dict[str, list[str]] = {name: [] for name in RADIOLOGY.to_lists()}


def test_the_lists_go_through_json():
    """What is stored is read back as the same; a list that is missing is the default one."""
    cues = Cues(negation_before=["Kein ", "ohne"])

    assert Cues.from_lists(json.loads(json.dumps(cues.to_lists()))) == cues
    assert Cues.from_lists({}) == RADIOLOGY
    assert cues.negation_before == ("kein", "ohne")


@pytest.mark.parametrize(
    ("lists", "found"),
    [
        ({"negation_before": [" "]}, "a blank one, a longer one, or one in half characters"),
        ({"negation_before": ["x" * (LONGEST_CUE + 1)]}, "a blank one, a longer one, or one in half characters"),
        ({"scope_ends": ["\ud83d"]}, "a blank one, a longer one, or one in half characters"),
        ({"scope_ends": ["but", "BUT "]}, "'but' again (case and white space don't count)"),
        ({"uncertainty_before": ["no"]}, "'no' again (case and white space don't count)"),
        ({"scope_ends": ["is  excluded"]}, "'is excluded' again (case and white space don't count)"),
        (NOTHING | {"look_alikes": [f"cue {number}" for number in range(MOST_CUES + 1)]}, str(MOST_CUES + 1)),
        ({"scope_ends_backward": ["is excluded"]}, "'is excluded' again (case and white space don't count)"),
        ({"uncertainty_right_after": ["unlikely"]}, "'unlikely' again (case and white space don't count)"),
        (
            {"negation_before": ["can't"], "scope_ends": ["can\u2019t"]},
            "'can't' again (case and white space don't count)",
        ),
        ({"affirmation_right_after": ["possible"]}, "'possible' again (case and white space don't count)"),
        ({"cues": ["no"]}, "1 of another name"),
        ({"scope_ends": "but"}, "something else"),
        ({"scope_ends": [1]}, "something else"),
        ({"scope_ends": None}, "something else"),
    ],
)
def test_lists_that_cannot_be_are_refused(lists, found):
    """Blank, endless, twice, in two lists that can't both be meant, too many, of another name or kind."""
    with pytest.raises(CcdsError) as error:
        Cues.from_lists(lists)

    assert error.value.found == found
