"""How often the intervals of screen 4 hold the true value: ours beside the textbook's and the bootstrap's, on made-up ratings.

    python benchmarks/agreement_intervals.py [--samples 500] [--resamples 400] [--seed 2026]

*Agreement.* Studies have a label with the given prevalence; each labeler says what is true with the given accuracy, by
themselves, and leaves out the given share of studies. True values are those of 400,000 such studies. Each sample gets three
95 % intervals: ours (`ccds_kernel.labeling.assessment.estimate`), the textbook's (± 1.96 standard errors) and the percentile
bootstrap over studies (a resample in which the coefficient isn't defined is left out; `--resamples 0` leaves the bootstrap
out, which takes nearly all of the time). Told is in how many of 100 samples each interval holds the true value. Samples
whose coefficient isn't defined don't count, and are counted behind it.

*Soft labels.* Phrases capture studies, each with its own share of wrong soft labels; some studies of each phrase, drawn at
random, are confirmed. Counted is how often the interval holds the number of wrong ones among the unconfirmed, and the share
of wrong ones among all, that are so.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ccds_kernel.labeling.assessment.coefficients import (
    Counts,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    raw_agreement,
    specific_agreement,
)
from ccds_kernel.labeling.assessment.estimate import Estimate, NotDefined
from ccds_kernel.labeling.assessment.rating import ABSENT, NOBODY, PRESENT, Codes, counted
from ccds_kernel.labeling.assessment.soft_label_error import PhraseCounts, soft_label_errors
from ccds_kernel.rate import Z

Setting = tuple[int, int, float, float, float]
Coefficient = Callable[[Codes], Estimate | NotDefined]

TRUE_STUDIES = 400_000

SETTINGS: list[Setting] = [
    # studies, labelers, prevalence, accuracy, share left out
    (50, 2, 0.04, 0.98, 0.0),
    (100, 2, 0.04, 0.98, 0.0),
    (300, 2, 0.04, 0.98, 0.0),
    (30, 2, 0.3, 0.95, 0.0),
    (100, 2, 0.5, 0.9, 0.0),
    (100, 3, 0.1, 0.95, 0.0),
    (100, 4, 0.04, 0.98, 0.3),
    (300, 5, 0.1, 0.97, 0.5),
]

PHRASES = [
    # captured by each phrase, confirmed of each, share of wrong ones of each
    ((2000,), (100,), (0.05,)),
    ((200,), (50,), (0.02,)),
    ((3000, 800, 300, 60, 20), (60, 60, 60, 30, 10), (0.02, 0.1, 0.3, 0.05, 0.5)),
    ((500,) * 20, (10,) * 20, (0.03,) * 20),
    ((1000, 1000), (1000, 100), (0.02, 0.3)),  # all of one, a tenth of the other
    ((1000, 1000, 400), (990, 40, 20), (0.01, 0.5, 0.1)),
]


def of_counts(coefficient: Callable[[Counts], Estimate | NotDefined]) -> Coefficient:
    """The coefficient as a function of codes."""
    return lambda codes: coefficient(counted(codes, 2))


COEFFICIENTS: dict[str, Coefficient] = {
    "raw": of_counts(raw_agreement),
    "Cohen": lambda codes: cohen_kappa(codes[:, 0], codes[:, 1], 2),
    "Fleiss": of_counts(fleiss_kappa),
    "AC1": of_counts(gwet_ac1),
    "alpha": of_counts(krippendorff_alpha),
    "positive": of_counts(lambda counts: specific_agreement(counts, PRESENT)),
    "negative": of_counts(lambda counts: specific_agreement(counts, ABSENT)),
}


def main() -> None:
    """Prints both tables."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--samples", type=int, default=500)
    arguments.add_argument("--resamples", type=int, default=400)
    arguments.add_argument("--seed", type=int, default=2026)
    given = arguments.parse_args()
    random = np.random.default_rng(given.seed)
    print(
        f"held the true value in … of 100 samples ({given.samples} each), seed {given.seed}: ours / textbook / bootstrap"
    )
    for setting in SETTINGS:
        print("{} studies, {} labelers, prevalence {}, accuracy {}, left out {}".format(*setting))
        for name, coefficient in COEFFICIENTS.items():
            if name != "Cohen" or setting[1] == 2:  # noqa: PLR2004 - a pair is two
                row = agreement_row(random, given.samples, given.resamples, setting, coefficient)
                print(f"  {name:9}{row}", flush=True)
    for phrases in PHRASES:
        print(f"{len(phrases[0])} phrases, {sum(phrases[1])} of {sum(phrases[0])} studies confirmed:", end=" ")
        print(soft_label_row(random, given.samples, *phrases), flush=True)


def agreement_row(
    random: np.random.Generator, samples: int, resamples: int, setting: Setting, coefficient: Coefficient
) -> str:
    """How often the three intervals hold the true value, and how often there is none."""
    true = coefficient(ratings(random, (TRUE_STUDIES, *setting[1:])))
    assert isinstance(true, Estimate)  # noqa: S101 - for mypy: 400,000 studies have both answers
    held, defined = np.zeros(3), 0
    for _ in range(samples):
        codes = ratings(random, setting)
        found = coefficient(codes)
        if isinstance(found, NotDefined):
            continue
        defined += 1
        half = Z * found.standard_error
        intervals = [(found.low, found.high), (found.value - half, found.value + half)]
        if resamples:
            intervals.append(bootstrap(random, resamples, codes, coefficient))
        for at, (low, high) in enumerate(intervals):
            held[at] += low - 1e-9 <= true.value <= high + 1e-9
    told = "".join(f"{100 * one / defined:5.0f}" for one in held[: 3 if resamples else 2])
    return f"{told}   not defined in {samples - defined}"


def ratings(random: np.random.Generator, setting: Setting) -> Codes:
    """What labelers say: codes of shape (studies, labelers)."""
    studies, labelers, prevalence, accuracy, left_out = setting
    true = random.random((studies, 1)) < prevalence
    said = np.where(random.random((studies, labelers)) < accuracy, true, ~true).astype(np.int16)
    said[random.random((studies, labelers)) < left_out] = NOBODY
    return said


def bootstrap(
    random: np.random.Generator, resamples: int, codes: Codes, coefficient: Coefficient
) -> tuple[float, float]:
    """The 2.5th and 97.5th percentile of the coefficient over resamples of studies."""
    drawn = random.integers(0, len(codes), (resamples, len(codes)))
    found = [coefficient(codes[rows]) for rows in drawn]
    low, high = np.quantile([one.value for one in found if isinstance(one, Estimate)] or [np.nan], (0.025, 0.975))
    return float(low), float(high)


def soft_label_row(
    random: np.random.Generator,
    samples: int,
    captured: tuple[int, ...],
    confirmed: tuple[int, ...],
    shares: tuple[float, ...],
) -> str:
    """How often the intervals of all phrases together hold the truth."""
    left_held, rate_held = 0, 0
    for _ in range(samples):
        wrong: npt.NDArray[np.int64] = random.binomial(captured, shares)
        seen = random.hypergeometric(wrong, np.array(captured) - wrong, confirmed)
        found = soft_label_errors(
            [
                PhraseCounts(captured=size, confirmed=looked_at, wrong=int(bad))
                for size, looked_at, bad in zip(captured, confirmed, seen, strict=True)
            ]
        )
        if found.left and found.rate:
            left_held += found.left.low <= int((wrong - seen).sum()) <= found.left.high
            rate_held += found.rate.low <= wrong.sum() / sum(captured) <= found.rate.high
    return f"wrong ones left {100 * left_held / samples:.0f}, rate {100 * rate_held / samples:.0f}"


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
