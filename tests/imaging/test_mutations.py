"""A sample of what tests/soak/soak_mutations.py does two hundred times: every way to spoil a series once, and some more."""

import pytest

from support.mutated import outcome
from support.mutations import PLAIN


@pytest.mark.parametrize("seed", range(len(PLAIN) + 12))
def test_a_spoiled_series_never_gives_a_silently_wrong_volume(tmp_path, seed) -> None:
    """The promise of its mutation is kept, whatever is accepted is what the files say, and nothing crashes."""
    result = outcome(seed, tmp_path)

    assert result.broken is None, str(result)


def test_the_sample_takes_every_mutation_of_a_plain_series() -> None:
    """The first seeds go through the list."""
    assert len(set(PLAIN)) == len(PLAIN)
