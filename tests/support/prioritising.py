"""Reports and phrases for the prioritise screen, and what its answers show."""

from typing import Any

TEXTS = ["Effusion left.", "No effusion.", "Left side clear.", "Effusion, heart big.", "Possible effusion."]
WORDS = {"effusion": "yes", "left": "side", "no effusion": "no", "heart": "heart"}


def counts(answer: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    """Phrase → captured, raw, shadowed."""
    return {one["text"]: (one["captured"], one["matched"], one["shadowed"]) for one in answer["overview"]["phrases"]}


def names_of(answer: dict[str, Any]) -> list[str]:
    """The labels, in their order."""
    return [label["name"] for label in answer["overview"]["labels"]]


def ids(answer: dict[str, Any]) -> dict[str, int]:
    """Phrase → its id, in their order."""
    return {one["text"]: one["id"] for one in answer["overview"]["phrases"]}
