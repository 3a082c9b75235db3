"""What the phrase index answers with: counts, places, previews, conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ccds_kernel.labeling.corpus import Posting
from ccds_kernel.labeling.negation import Assertion


class Counts(NamedTuple):
    """How many reports a phrase captures, matches (`raw`), and matches in vain (`shadowed`): captured + shadowed = raw.

    Of the raw ones it gives `uncertain` its uncertain label; `negated` more hold it without being matched, because it is
    negated at each place. Both are 0 for a phrase without these options.
    """

    captured: int
    raw: int
    shadowed: int
    uncertain: int = 0
    negated: int = 0


class Span(NamedTuple):
    """One place where a phrase stands: `sections[section][start:end]` in code points, `position` the phrase's.

    `assertion` is what the sentence says there; of a phrase that reads no cues every place is affirmed.
    """

    section: int
    start: int
    end: int
    position: int
    assertion: Assertion = Assertion.AFFIRMED


@dataclass(frozen=True)
class Preview:
    """What a phrase that isn't in the index would do.

    Attributes:
        raw: how many reports it matches.
        captured_if_last: how many it would capture with the lowest priority.
        captured_if_first: how many it would capture with the highest.
        takes_from: position of a phrase → how many of the reports that it captures the new one would take if it came first.
        uncertain: how many of the raw ones would get its uncertain label.
        negated: how many hold it at negated places only, and aren't matched therefore.
    """

    raw: int
    captured_if_last: int
    captured_if_first: int
    takes_from: Mapping[int, int]
    uncertain: int = 0
    negated: int = 0


class Conflict(NamedTuple):
    """`reports` reports that phrase `captured_by` captures and phrase `hidden` would give another label (both positions)."""

    captured_by: int
    hidden: int
    reports: int


@dataclass(frozen=True)
class SoftLabels:
    """One soft label per report, or none.

    Attributes:
        codes: shape (n_reports,), an index into `names` each; -1 where no phrase matches.
        names: the labels that the phrases may give, in the order in which the phrases bring them up.
    """

    codes: npt.NDArray[np.int32]
    names: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Label → how many reports have it, those without reports, too."""
        found = np.bincount(self.codes + 1, minlength=len(self.names) + 1)[1:]
        return dict(zip(self.names, found.tolist(), strict=True))

    def to_list(self) -> list[str | None]:
        """The labels themselves, None where there is none."""
        words: list[str | None] = [*self.names, None]  # None is at -1
        return [words[code] for code in self.codes.tolist()]


class Matching(NamedTuple):
    """The reports that hold a phrase, sorted out by its options.

    Attributes:
        counting: those that it matches.
        uncertain: those of them that get its uncertain label.
        negated: those that hold it and aren't matched, because it is negated at each place.
    """

    counting: Posting
    uncertain: Posting
    negated: Posting
