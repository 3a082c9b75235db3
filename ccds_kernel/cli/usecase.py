"""`ccds usecase add | list | show | rank | counts`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ccds_kernel.usecase.card import StoredCard, UseCaseCard
    from ccds_kernel.usecase.frequency import CodeFrequency, Frequencies
    from ccds_kernel.usecase.ranking import Ranked

_READERS = "For those who write the cards, leadership and administrators."


def register(parser: argparse.ArgumentParser) -> None:
    """Adds the stage's verbs."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    summary = "add a use-case card, or a new version of one that is there; the older versions stay"
    add = verbs.add_parser(
        "add",
        help=summary,
        description=f"{summary}. For the fellows and champions whom the site names ([usecase] authors) and administrators; "
        "a card that is there is changed by its team.",
    )
    add.add_argument("file", metavar="CARD.yaml", type=Path, help="the card, whole")
    add.set_defaults(run=_add)

    summary = "print the use cases by place, with how often their exams are made"
    list_ = verbs.add_parser("list", help=summary, description=f"{summary}. {_READERS}")
    list_.add_argument("--json", action="store_true", help="print one JSON list")
    list_.set_defaults(run=_list)

    summary = "print a card: question, requirement, team, scores, exam frequency, who changed it when"
    show = verbs.add_parser("show", help=summary, description=f"{summary}. {_READERS}")
    show.add_argument("id", metavar="ID", help="the card's id")
    show.add_argument("--json", action="store_true", help="print one JSON document")
    show.set_defaults(run=_show)

    summary = "print how each card's place comes about: criteria, weights, points, ties"
    rank = verbs.add_parser("rank", help=summary, description=f"{summary}. {_READERS}")
    rank.add_argument("--json", action="store_true", help="print one JSON document")
    rank.set_defaults(run=_rank)

    summary = "publish how often exams are made, from counts by code and month that the RIS or VNA exports"
    counts = verbs.add_parser(
        "counts",
        help=summary,
        description=f"{summary}. Numbers below ten are put together with the months after them, or left out; the file isn't "
        "kept. It takes the place of what was published before. For administrators of the site.",
    )
    counts.add_argument("file", metavar="COUNTS.csv", type=Path, help="CSV file 'code,month,count', or JSON (.json)")
    counts.add_argument("--json", action="store_true", help="print what is published")
    counts.set_defaults(run=_counts)


def _add(options: argparse.Namespace) -> None:
    from ccds_kernel.usecase.card import read_card
    from ccds_kernel.usecase.cards import UseCases

    card = read_card(options.file)
    changed = UseCases().add(card)
    print(f"{card.id}: {'added' if changed else 'nothing changed'}")


def _list(options: argparse.Namespace) -> None:
    from ccds_kernel.usecase.cards import UseCases

    cases = UseCases()
    listed, frequencies = cases.listed(), cases.frequencies()
    ranking = listed.ranking
    if options.json:
        rows: list[dict[str, object]] = [
            {"id": one.card.id, "place": one.place, "tied": one.tied, "score": one.score}
            | _listed(one.card, frequencies)
            for one in ranking.ranked
        ]
        rows += [
            {"id": card.id, "place": None, "lacks": list(card.lacks(ranking.weights))} | _listed(card, frequencies)
            for card in ranking.unranked
        ]
        rows += [{"id": card_id, "damaged": True} for card_id in listed.damaged]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for one in ranking.ranked:
        print(f"{_place(one):>4}  {one.score:.2f}  {one.card.id:<20} {one.card.title}{_often(one.card, frequencies)}")
    for card in ranking.unranked:
        lacks = ", ".join(card.lacks(ranking.weights))
        print(f"{'-':>4}  {'-':>4}  {card.id:<20} {card.title}{_often(card, frequencies)}; no score for {lacks}")
    for card_id in listed.damaged:
        print(f"{'-':>4}  {'-':>4}  {card_id:<20} damaged: see 'ccds usecase show {card_id}'")
    print(f"{len(ranking.ranked) + len(ranking.unranked) + len(listed.damaged)} use case(s)")


def _listed(card: UseCaseCard, frequencies: Frequencies | None) -> dict[str, object]:
    often = frequencies.per_month(card.exam_codes) if frequencies else None
    return {"title": card.title, "exam_codes": list(card.exam_codes), "exams_per_month_at_least": often}


def _often(card: UseCaseCard, frequencies: Frequencies | None) -> str:
    return f", at least {frequencies.per_month(card.exam_codes):.1f} exams a month" if frequencies else ""


def _place(one: Ranked) -> str:
    return f"{one.place}{'=' if one.tied else ''}"


def _show(options: argparse.Namespace) -> None:
    from ccds_kernel.usecase.cards import UseCases

    cases = UseCases()
    versions, frequencies = cases.versions(options.id), cases.frequencies()
    card = versions[-1].card
    found = {code: frequencies.of(code) if frequencies else None for code in card.exam_codes}
    if options.json:
        document = card.model_dump(mode="json") | {
            "exams": {code: one.model_dump(mode="json")["periods"] if one else None for code, one in found.items()},
            "versions": [
                {"added_by": one.added_by, "added_at": one.added_at.isoformat(), "digest": one.card.digest}
                for one in versions
            ],
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    _print(card, versions)
    if frequencies is None:
        print("how often its exams are made isn't published yet: an administrator does so with 'ccds usecase counts'")
        return
    _print_exams(frequencies, found)


def _print(card: UseCaseCard, versions: Sequence[StoredCard]) -> None:
    wanted = ", ".join(f"{measure} {value:g}" for measure, value in card.requirement.at_least.items())
    print(f"{card.id}  {card.title}")
    for name, value in (
        ("question", card.question),
        ("requirement", f"at least {wanted}; set by {card.requirement.set_by}"),
        ("", card.requirement.why),
        ("exam codes", ", ".join(card.exam_codes)),
        ("scores", ", ".join(f"{criterion} {score}" for criterion, score in card.scores.items())),
    ):
        print(f"  {name:<12} {value}")
    print(f"team ({len(card.team)})")
    for member in card.team:
        print(f"  {member.person:<20} {member.role}")
    print(f"versions ({len(versions)})")
    for one in versions:
        print(f"  {one.added_at:%Y-%m-%d %H:%M:%S} UTC  {one.card.digest[:12]}  by {one.added_by}")


def _print_exams(frequencies: Frequencies, found: Mapping[str, CodeFrequency | None]) -> None:
    from ccds_kernel.cohort.wording import bars
    from ccds_kernel.small_groups import SMALLEST

    print(f"exams, {frequencies.months}: at least {frequencies.per_month(found):.1f} a month")
    for code, one in found.items():
        if one is None:
            print(f"{code}: not in the published counts")
        elif not one.periods:
            print(f"{code}: fewer than {SMALLEST}")
        else:
            print("\n".join(bars(code, {str(period): period.exams for period in one.periods}, "exams")))


def _rank(options: argparse.Namespace) -> None:
    from ccds_kernel.usecase.cards import UseCases

    ranking = UseCases().listed().ranking
    weights = ranking.weights
    if options.json:
        ranked = [
            {"id": one.card.id, "place": one.place, "tied": one.tied, "points": one.points, "score": one.score}
            | {"scores": {criterion: one.card.scores[criterion] for criterion in weights}}
            for one in ranking.ranked
        ]
        unranked = [{"id": card.id, "lacks": list(card.lacks(weights))} for card in ranking.unranked]
        document = {"weights": dict(weights), "ranked": ranked, "unranked": unranked}
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    parts = " + ".join(f"{weight} × {criterion}" for criterion, weight in weights.items())
    print(f"score = ({parts}) / {sum(weights.values())}")
    for one in ranking.ranked:
        sums = " + ".join(f"{weight} × {one.card.scores[criterion]}" for criterion, weight in weights.items())
        print(f"{_place(one):>4}  {one.score:.2f}  {one.card.id:<20} {sums} = {one.points}")
    for place, ids in ranking.ties.items():
        print(f"tied at place {place}: {', '.join(ids)}")
    for card in ranking.unranked:
        print(f"without a place: {card.id}, no score for {', '.join(card.lacks(weights))}")


def _counts(options: argparse.Namespace) -> None:
    from ccds_kernel.small_groups import SMALLEST
    from ccds_kernel.usecase.cards import UseCases
    from ccds_kernel.usecase.counts_file import read_counts

    cases = UseCases()
    path, published, left = cases.publish_counts(read_counts(options.file))
    if options.json:
        print(published.to_json(), end="")
        return
    print(f"{len(published.codes)} exam codes, {published.months}, written to {path}")
    if left.small:
        print(f"{len(left.small):>9}  exam code(s) with fewer than {SMALLEST} exams: not shown")
    if left.running:
        print(f"{left.running:>9}  exam(s) of months that aren't over: left out")
