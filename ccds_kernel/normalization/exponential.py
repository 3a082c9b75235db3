"""The exponential function, the same to the bit on every processor: NumPy's and the C library's have variants for some."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

_LN2 = math.log(2)
_LN2_HIGH = float(np.float32(_LN2))
_LN2_LOW = _LN2 - _LN2_HIGH
_SERIES = [1 / math.factorial(power) for power in range(13, -1, -1)]


def exponential(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The number e to the power of `values`, within 1e-15 of itself.

    Powers of two are split off; of what remains (at most ln 2 / 2) the Taylor series is summed up to its 13th power.
    """
    twos = np.rint(values * (1 / _LN2))
    rest = values - twos * _LN2_HIGH - twos * _LN2_LOW
    total = np.full_like(rest, _SERIES[0])
    for factor in _SERIES[1:]:
        total *= rest
        total += factor
    return np.ldexp(total, twos.astype(np.int32))
