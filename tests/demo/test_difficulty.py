"""How hard the demo's images are: the finding is in the voxels, and counting bright voxels doesn't find it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ccds_kernel.demo import hospital
from ccds_kernel.demo.volumes import imaged_cases, make_series
from support.difficulty import SERIES, found_by_counting


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


def test_counting_bright_voxels_does_not_find_the_finding():
    """No share of bright voxels reaches an AUROC of 0.7, whichever way round, window, region and part of the head.

    Other seeds than the demo's are for `tests/soak/soak_difficulty.py`.
    """
    found = found_by_counting(hospital.SEED)

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
