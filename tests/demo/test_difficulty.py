"""How hard the demo's images are: the finding is in the voxels, and counting bright voxels doesn't find it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ccds_kernel.demo import hospital
from ccds_kernel.demo.volumes import imaged_cases, make_series

SERIES = 120
SEEDS = (hospital.SEED, 11, 12)
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


def mirror_images(series):
    """The values where blood is, and those at the mirror places on the head's other side; only where both are soft tissue."""
    slices, rows, columns = np.nonzero(series.blood)
    row, column = np.array(series.row), np.array(series.column)
    normal, pixel = np.cross(row, column), series.scanner.pixel_mm
    points = series.positions[slices] + (rows[:, None] * column + columns[:, None] * row) * pixel
    mirrored = series.pose.to_patient(series.pose.to_head(points) * (-1, 1, 1)) - series.positions[0]
    step = (series.positions[1] - series.positions[0]) @ normal
    index = np.rint([mirrored @ normal / step, mirrored @ column / pixel, mirrored @ row / pixel]).astype(int)
    inside = np.all((index >= 0) & (index < np.array(series.hu.shape)[:, None]), axis=0)
    here, there = series.hu[series.blood][inside], series.hu[tuple(index[:, inside])]
    soft = (np.minimum(here, there) > -30) & (np.maximum(here, there) < 120)
    return here[soft], there[soft]


@pytest.mark.parametrize("seed", SEEDS)
def test_counting_bright_voxels_does_not_find_the_finding(seed):
    """No share of bright voxels reaches an AUROC of 0.7, whichever way round, window, region and part of the head."""
    cases = imaged_cases(seed, SERIES)

    with ThreadPoolExecutor() as threads:
        shares = list(threads.map(bright_shares, cases, [seed] * SERIES))

    positive = [case.positive for case in cases]
    found = {name: auroc([each[name] for each in shares], positive) for name in shares[0]}
    assert sum(positive) == 48
    assert len(found) == 24
    assert {name: value for name, value in found.items() if not 0.3 < value < 0.7} == {}


def test_the_finding_is_in_the_voxels():
    """In every positive series the hemorrhage is brighter than the mirror side: by 6 HU at least, mostly by over 20."""
    cases = [case for case in imaged_cases(hospital.SEED, SERIES) if case.positive]

    with ThreadPoolExecutor() as threads:
        pairs = list(threads.map(mirror_images, threads.map(make_series, cases, [hospital.SEED] * len(cases))))

    contrasts = [here.mean() - there.mean() for here, there in pairs]
    assert min(len(here) for here, _ in pairs) >= 5
    assert min(contrasts) > 6
    assert np.median(contrasts) > 20
