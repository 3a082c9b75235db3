"""Cards in the order of their scores: a weighted mean that anybody can work out by hand. Pure.

A card's points are the sum of weight × score over the site's criteria; divided by the sum of the weights they are its score,
from 1 to 5. Cards with equal points share a place, and that is told: nothing decides between them without people's knowing.
Points are whole numbers, so that equal means equal.

Rejected: exam frequency as a criterion of its own. A rare exam may matter most; who scores the impact sees the frequency.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ccds_kernel.usecase.card import UseCaseCard


@dataclass(frozen=True)
class Ranked:
    """A card with its place, from 1; `tied` says whether others have the same one."""

    card: UseCaseCard
    place: int
    tied: bool
    points: int
    score: float


@dataclass(frozen=True)
class Ranking:
    """Cards by place, by id where they share it; and those that lack a score for one of the criteria, which have none."""

    weights: Mapping[str, int]
    ranked: tuple[Ranked, ...]
    unranked: tuple[UseCaseCard, ...]

    @property
    def ties(self) -> dict[int, tuple[str, ...]]:
        """Place → the ids of the cards that share it, for places that are shared."""
        shared: dict[int, tuple[str, ...]] = {}
        for one in self.ranked:
            if one.tied:
                shared[one.place] = (*shared.get(one.place, ()), one.card.id)
        return shared


def points_of(card: UseCaseCard, weights: Mapping[str, int]) -> int:
    """Σ weight × score of a card that has a score for each of `weights`."""
    return sum(weight * card.scores[criterion] for criterion, weight in weights.items())


def rank(cards: Iterable[UseCaseCard], weights: Mapping[str, int]) -> Ranking:
    """Ranks `cards` by the site's criteria and their weights, of which there is at least one."""
    cards = sorted(cards, key=lambda card: card.id)
    points = {card.id: points_of(card, weights) for card in cards if not card.lacks(weights)}
    shared = Counter(points.values())
    whole = sum(weights.values())
    ranked = [
        Ranked(
            card,
            1 + sum(others > points[card.id] for others in points.values()),
            shared[points[card.id]] > 1,
            points[card.id],
            points[card.id] / whole,
        )
        for card in cards
        if card.id in points
    ]
    return Ranking(
        weights,
        tuple(sorted(ranked, key=lambda one: one.place)),
        tuple(card for card in cards if card.id not in points),
    )
