"""Waiting on a condition: the one place where tests poll."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

from support import side_by_side

Value = TypeVar("Value")

PATIENCE = 3 if side_by_side.is_so() else 1
"""By how much longer everything may take than said where other tests run beside it."""


def until(condition: Callable[[], Value], what: str, seconds: float = 20.0, *, longest_pause: float = 0.25) -> Value:
    """The first true answer of `condition`; fails the test when there is none in time, saying what was waited for.

    In time is within `seconds`, or `PATIENCE` times as many.

    What takes long is asked for less often, every `longest_pause` seconds in the end: a condition that asks the hub would
    otherwise keep it from what is waited for.
    """
    begin, most = time.monotonic(), seconds * PATIENCE
    while not (value := condition()):
        waited = time.monotonic() - begin
        if waited > most:
            pytest.fail(f"waited {most:.0f} s in vain for {what}; last answer: {value!r}")
        time.sleep(min(0.01 + waited / 20, longest_pause))
    return value
