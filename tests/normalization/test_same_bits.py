"""Every step alone gives the same bits on every machine: in other processes, with other threads and vector instructions."""

import json
import os
import subprocess
import sys

import pytest

from ccds_kernel.normalization.steps import STEPS

EXPECTED = {
    "reorient": ({"to": "PIR"}, "e6208a4e1114b24e"),
    "resample": ({"spacing_mm": [0.9, 1.1, 1.3], "interpolation": "cubic"}, "578d3cdc2e3c8e8d"),
    "crop_pad": ({"shape": [30, 50, 32], "to": "center"}, "0377e09f569a037b"),
    "foreground": ({"method": "otsu", "keep": "largest"}, "d94b1fdf578d8fc3"),
    "window": ({"center": 40, "width": 80}, "929cd7f5b27b6604"),
    "clip": ({"percentiles": [1, 99]}, "8de2818bae657c3b"),
    "rescale": ({"range": [0, 1]}, "7ee4aa6f30a0411a"),
    "z_score": ({"mask": "otsu"}, "2a7126e4eec819e8"),
    "nyul": (
        {
            "mask": "otsu",
            "percentiles": [1, 25, 50, 75, 99],
            "range": [0, 100],
            "landmarks": [0, 20.5, 61, 80.25, 100],
            "volumes": 7,
            "volumes_sha256": "ab" * 32,
        },
        "3df03a01bb7677ae",
    ),
    "white_stripe": ({"mask": "otsu", "peak": "last", "width": 0.05}, "86fa269a59ceb038"),
    "n4": ({"mask": "none", "spacing_mm": 2}, "b6005b22578aa928"),
}
"""Step → parameters, and the first 16 digits of the result's hash. Change one only with a line in the changelog."""

PRINT_RESULTS = """
import json, sys
import numpy as np
from ccds_kernel.normalization.apply import apply
from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.steps import make_step
from ccds_kernel.normalization.volume import Volume
values = ((np.arange(40 * 36 * 32) * 733) % 1013).reshape(40, 36, 32)
values[8:32, 8:28, 6:26] += 2000
affine = np.array([[-0.7, 0.1, 0, 9], [0.1, -0.7, 0, 8], [0, 0, 2.5, 7], [0, 0, 0, 1]])
volume = Volume.of(values, affine)
steps = json.load(sys.stdin)
print(json.dumps({name: apply(Recipe("one", (make_step(name, steps[name]),)), volume).digest()[:16] for name in steps}))
"""


def results(machine) -> dict[str, str]:
    """The hash of what each step makes of the volume above, in a process of its own."""
    given = json.dumps({name: parameters for name, (parameters, _) in EXPECTED.items()})
    told = subprocess.run(
        [sys.executable, "-c", PRINT_RESULTS],
        input=given, env=os.environ | machine, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(told.stdout)


def test_every_step_is_here() -> None:
    """A new step is a new line above."""
    assert EXPECTED.keys() == STEPS.keys()


@pytest.mark.parametrize(
    "machine",
    [
        {"OMP_NUM_THREADS": "1", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"},
        {"OMP_NUM_THREADS": "7", "OPENBLAS_NUM_THREADS": "7", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "5"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"},
        {
            "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2_Usable,-AVX512F_Usable,-FMA_Usable,-FMA4_Usable,-AVX2,-AVX512F,-FMA,-FMA4",
        },
    ],
)
def test_a_step_gives_the_same_bits_everywhere(machine) -> None:
    """Whatever threads libraries may use, on processors without AVX-512, AVX2 and fused multiplication too."""
    assert results(machine) == {name: digest for name, (_, digest) in EXPECTED.items()}
