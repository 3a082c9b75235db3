"""How many of something, as the lines of this stage say it."""

from __future__ import annotations


def counted(number: int, noun: str, nouns: str = "") -> str:
    """As "1 label", "12,500 labels"; `nouns` is the plural where an "s" makes none."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def studies(number: int, which: str = "") -> str:
    """As "1 study", "2 gold studies"."""
    kind = f"{which} " if which else ""
    return counted(number, f"{kind}study", f"{kind}studies")
