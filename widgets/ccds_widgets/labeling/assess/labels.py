"""What a label snapshot would say now, how wrong soft labels are, and which snapshots there are, as the page shows it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ccds_kernel.labeling.assessment.soft_label_error import Left, PhraseError, SoftLabelErrors, StratifiedRate
from ccds_kernel.labeling.confirmation.snapshot import LabelSnapshot, phrase_errors, shares_present
from ccds_kernel.labeling.confirmation.snapshots import Taken
from ccds_kernel.labeling.confirmation.source import Source
from ccds_kernel.labeling.rows import StoredPhrase
from ccds_kernel.labeling.wording import counted, studies
from ccds_kernel.rate import Rate
from ccds_widgets.labeling.assess.words import Shown, moment, percent, rate

SOURCES: Mapping[Source, str] = {
    Source.ADJUDICATED: "decided by a fellow",
    Source.GOLD: "of the gold set",
    Source.CONFIRMED: "confirmed by labelers who agree",
    Source.SOFT: "soft: the phrase’s, which nobody confirmed",
    Source.DISPUTED: "disputed: no label until a fellow decides",
    Source.FLAGGED: "flagged: no label until a fellow decides",
    Source.NONE: "no phrase matches: no label",
}
"""Where a label comes from, or why there is none."""

_NOTHING = "nothing of it is confirmed yet"


@dataclass(frozen=True)
class Figures:
    """What a label snapshot comes to. Of a million studies that takes long to count, and little to keep.

    Attributes:
        studies: how many there are.
        sources: how many labels come from where.
        phrases: the phrases that decide about a study.
        errors: how often the soft labels of each of these, in that order, are wrong.
        present: phrase → where it is uncertain, the share that has its label.
    """

    studies: int
    sources: Mapping[Source, int]
    phrases: tuple[int, ...]
    errors: SoftLabelErrors
    present: Mapping[int, Rate]

    @classmethod
    def of(cls, now: LabelSnapshot) -> Figures:
        """Those of `now`."""
        kind, rows = now.basis.kind, now.rows
        return cls(now.studies, now.by_source, *phrase_errors(kind, rows), shares_present(kind, rows))


def labels_shown(now: Figures, phrases: Sequence[StoredPhrase]) -> Shown:
    """What is in a snapshot, and how often the soft labels of each phrase are wrong, in the order of the list.

    A phrase that captures nothing is left out; one that was taken off the list since `now` was worked out stands at the end.
    """
    errors = now.errors
    by_phrase = dict(zip(now.phrases, errors.phrases, strict=True))
    names = {stored.id: stored.phrase for stored in phrases}
    order = [*(one for one in names if one in by_phrase), *(one for one in now.phrases if one not in names)]
    return {
        "studies": labels_of(now.studies, now.sources),
        "sources": sources_shown(now.sources),
        "phrases": [
            {
                "text": names[one].text if one in names else "a phrase that was removed since",
                "label": names[one].label if one in names else "",
                **_error(by_phrase[one]),
            }
            for one in order
        ],
        "rate": _whole(errors.rate),
        "left": _left(errors.left),
        "uncertain": [
            f"where “{names[one].text if one in names else 'a phrase that was removed since'}” is uncertain: {_present(found)}"
            for one, found in now.present.items()
        ],
        "unknown": f"{studies(errors.unknown)} of phrases of which nothing is confirmed" if errors.unknown else "",
    }


def _present(found: Rate) -> str:
    """As "3 of 5 are present (60 %, 95 % CI 23 to 88 %)"."""
    interval = f"{percent(found.low).removesuffix(' %')} to {percent(found.high)}"
    return f"{found.part:,} of {found.whole:,} are present ({percent(found.value)}, 95 % CI {interval})"


def labels_of(count: int, sources: Mapping[Source, int]) -> str:
    """As "80 studies"; where each has several labels as "160 labels of 80 studies"."""
    labels = sum(sources.values())
    return studies(count) if labels == count else f"{counted(labels, 'label')} of {studies(count)}"


def sources_shown(counts: Mapping[Source, int]) -> list[Shown]:
    """How many labels come from where; those of which there are none are left out."""
    total = sum(counts.values()) or 1
    return [
        {"key": source.value, "name": SOURCES[source], "count": counts[source], "share": counts[source] / total}
        for source in Source
        if counts[source]
    ]


def snapshots_shown(taken: Iterable[Taken], task_id: int, project: str) -> list[Shown]:
    """The snapshots of a task, the newest first, each with the command that exports it."""
    return [
        {
            "id": one.id,
            "digest": one.digest,
            "studies": studies(one.studies),
            "when": f"by {one.created_by}, {moment(one.created_at)}",
            "command": f"ccds labeling export --project {project} --labels {one.id} --out labels-{one.id}.csv",
        }
        for one in reversed(tuple(taken))
        if one.task_id == task_id
    ]


def _error(found: PhraseError) -> Shown:
    return {
        "captured": f"{found.counts.captured:,}",
        "confirmed": f"{found.counts.confirmed:,}",
        "rate": rate(found.rate, _NOTHING),
        "left": _left(found.left),
    }


def _left(left: Left | None) -> str:
    if left is None:
        return "unknown"
    if not left.studies:
        return "none: somebody looked at all"
    return f"about {left.wrong:,.0f} ({left.low:,} to {left.high:,}) of {counted(left.studies, 'study', 'studies')}"


def _whole(found: StratifiedRate | None) -> str:
    """The rate over all phrases in words; empty where nothing is confirmed."""
    if found is None:
        return ""
    interval = f"{percent(found.low).removesuffix(' %')} to {percent(found.high)}"
    of = f"{studies(found.confirmed, 'confirmed')}, each phrase weighing as much as it captures"
    return f"{percent(found.value)} (95 % CI {interval}), from {of}"
