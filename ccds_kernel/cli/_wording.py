"""How the commands count things."""

from __future__ import annotations


def counted(number: int, noun: str, nouns: str = "") -> str:
    """`number` and `noun`, in the plural where it isn't one: `nouns`, or with an "s"."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"
