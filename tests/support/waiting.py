"""Waiting on a condition: the one place where tests poll."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

Value = TypeVar("Value")


def until(condition: Callable[[], Value], what: str, seconds: float = 20.0) -> Value:
    """The first true answer of `condition`; fails the test when there is none in time, saying what was waited for."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:.0f} s in vain for {what}; last answer: {value!r}")
        time.sleep(0.01)
    return value
