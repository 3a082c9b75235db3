"""What counting bright voxels finds of the demo's findings: for the test of one seed, and the soak of others."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ccds_kernel.demo.volumes import imaged_cases, make_series

SERIES = 120
POSITIVE = 48
WINDOWS_HU = ((50, 90), (60, 90), (70, 100), (50, 300), (55, 300), (60, 300))
"""Fresh blood is at 50 to 90 HU; the others are what somebody would try next."""
MIDDLE_SLICES = 3


def within_skull(hu):
    """Voxels with bone on both sides along their row and along their column, themselves no bone."""
    bone = hu > 300
    both_ways = [
        np.maximum.accumulate(bone, axis) & np.flip(np.maximum.accumulate(np.flip(bone, axis), axis), axis)
        for axis in (1, 2)
    ]
    return both_ways[0] & both_ways[1] & ~bone


def bright_shares(case, seed):
    """For each window, region and part of a series the share of voxels within the window."""
    hu = make_series(case, seed).hu
    middle = slice(len(hu) // 2 - MIDDLE_SLICES // 2, len(hu) // 2 + MIDDLE_SLICES // 2 + 1)
    regions = {"brain": within_skull(hu), "body": (hu > -200) & (hu < 300)}
    shares = {}
    for name, region in regions.items():
        for part, slices in (("all", slice(None)), ("middle", middle)):
            values = hu[slices][region[slices]]
            for low, high in WINDOWS_HU:
                shares[name, part, low, high] = np.mean((values >= low) & (values <= high))
    return shares


def auroc(scores, positive):
    """Share of pairs of a positive and a negative in which the positive has the higher score; a tie counts half."""
    scores, positive = np.asarray(scores), np.asarray(positive)
    difference = scores[positive][:, None] - scores[~positive][None, :]
    return float(np.mean(difference > 0) + np.mean(difference == 0) / 2)


def found_by_counting(seed):
    """The AUROC of each share of bright voxels on the series of a demo of this seed: (region, part, from HU, to HU) → value."""
    cases = imaged_cases(seed, SERIES)
    with ThreadPoolExecutor() as threads:
        shares = list(threads.map(bright_shares, cases, [seed] * SERIES))
    positive = [case.positive for case in cases]
    assert sum(positive) == POSITIVE
    return {name: auroc([each[name] for each in shares], positive) for name in shares[0]}
