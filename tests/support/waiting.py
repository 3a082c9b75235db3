"""Waiting on a condition: the one place where tests poll."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

Value = TypeVar("Value")


def until(condition: Callable[[], Value], what: str, seconds: float = 20.0) -> Value:
    """The first true answer of `condition`; fails the test when there is none in time, saying what was waited for.

    What takes long is asked for less often: a condition that asks the hub would otherwise keep it from what is waited for.
    """
    begin = time.monotonic()
    while not (value := condition()):
        waited = time.monotonic() - begin
        if waited > seconds:
            pytest.fail(f"waited {seconds:.0f} s in vain for {what}; last answer: {value!r}")
        time.sleep(min(0.01 + waited / 20, 0.25))
    return value
