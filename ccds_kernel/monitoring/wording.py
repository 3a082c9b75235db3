"""Published numbers in plain words, the same on every face: what a rate is, how far it reaches, what it was before.

Only what was counted is said. Whether a change matters is for people to judge: there is no alarm in these words.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ccds_kernel.monitoring.publication import Numbers, Outcomes
from ccds_kernel.monitoring.rates import Counts, Metric
from ccds_kernel.months import Span, index
from ccds_kernel.rate import FEW, Rate
from ccds_kernel.small_groups import SMALLEST

NAMES = {
    Metric.SENSITIVITY: "Sensitivity",
    Metric.SPECIFICITY: "Specificity",
    Metric.PPV: "Positive predictive value",
    Metric.PREVALENCE: "Prevalence",
    Metric.ALERT_RATE: "Alert rate",
}
MEANINGS = {
    Metric.SENSITIVITY: "Of the studies whose report is positive, the share with an alert.",
    Metric.SPECIFICITY: "Of the studies whose report is negative, the share without an alert.",
    Metric.PPV: "Of the studies with an alert, the share whose report is positive.",
    Metric.PREVALENCE: "Of all studies, the share whose report is positive.",
    Metric.ALERT_RATE: "Of all studies, the share with an alert.",
}
WHOLES = {
    Metric.SENSITIVITY: "positive studies",
    Metric.SPECIFICITY: "negative studies",
    Metric.PPV: "alerts",
    Metric.PREVALENCE: "studies",
    Metric.ALERT_RATE: "studies",
}
FEWER = f"fewer than {SMALLEST}"
NOTHING_YET = f"{FEWER} studies with a labelled final report in months that are over: nothing to show yet"
NOT_STATED = "not stated"

_FIRST_MONTHS = 6
_WIDTHS = (0.05, 0.005)


@dataclass(frozen=True)
class Verdict:
    """How a metric stands in the newest period, and how it stood before.

    Attributes:
        metric: which one.
        newest: the period's name, and its rate; None where it is over no study.
        before: the name of the months before, as "the first six months", and their rate.
    """

    metric: Metric
    newest: tuple[str, Rate | None]
    before: tuple[str, Rate | None] | None

    @property
    def earlier(self) -> str:
        """As "was 91 % in the first six months", with as many digits as the newest rate; empty where there is nothing before."""
        newest = self.newest[1]
        if newest is None or self.before is None or self.before[1] is None:
            return ""
        return f"was {percent(self.before[1].value, digits_of(newest))} in {self.before[0]}"

    @property
    def sentence(self) -> str:
        """One line for a person."""
        when, newest = self.newest
        name = f"{NAMES[self.metric]} {when}"
        if newest is None:
            return f"{name}: no {WHOLES[self.metric]}."
        said = f"{name}: {with_interval(newest)}"
        if self.earlier:
            said += f", {self.earlier}"
        remark = few_remark(self.metric, newest)
        return f"{said}. {remark}" if remark else f"{said}."


def verdicts(numbers: Numbers) -> tuple[Verdict, ...]:
    """One verdict for each metric; none where nothing is published."""
    if not numbers.periods:
        return ()
    newest = numbers.periods[-1]
    name, before = _before(numbers.periods)
    counts = sum((outcomes.group.counts for outcomes in before), Counts())
    return tuple(
        Verdict(metric, (str(newest), newest.group.rates[metric]), (name, counts.rate(metric)) if before else None)
        for metric in Metric
    )


def software_sentences(numbers: Numbers, metric: Metric) -> tuple[str, ...]:
    """For each device whose software changed, how `metric` stands with each new version and stood with the one before."""
    found = []
    for device in numbers.devices:
        for before, after in pairwise(device.software):
            old, new = before.total.rates[metric], after.total.rates[metric]
            if old is None or new is None:
                continue
            said = (
                f"{NAMES[metric]} on {device.device or NOT_STATED} since software {after.version or NOT_STATED} "
                f"({after.since}): {with_interval(new)}, was {percent(old.value, digits_of(new))} "
                f"with {before.version or NOT_STATED}."
            )
            found.append(f"{said} {few_remark(metric, new)}".rstrip())
    return tuple(found)


def percent(share: float, digits: int) -> str:
    """0.8125 as "81 %"; `digits` are those after the point."""
    return f"{100 * share:.{digits}f} %"


def digits_of(rate: Rate) -> int:
    """How many digits after the point of a percentage the interval supports: 0, 1 or 2."""
    width = rate.high - rate.low
    return sum(width < wide for wide in _WIDTHS)


def interval(rate: Rate) -> str:
    """The 95 % interval as "70–89 %"."""
    digits = digits_of(rate)
    return f"{percent(rate.low, digits).removesuffix(' %')}–{percent(rate.high, digits)}"


def with_interval(rate: Rate) -> str:
    """As "81 % (95 % CI 70–89 %)"."""
    return f"{percent(rate.value, digits_of(rate))} (95 % CI {interval(rate)})"


def few_remark(metric: Metric, rate: Rate) -> str:
    """What is to be said of a rate over few studies; empty where there are enough."""
    return f"Only {rate.whole} {WHOLES[metric]}: too few to conclude from." if rate.whole < FEW else ""


def source_line(numbers: Numbers) -> str:
    """How many studies the numbers come from."""
    counted = f"{numbers.total.counts.reported:,}" if numbers.total else FEWER
    return f"computed from {counted} studies, their predictions and final reports"


def _before(periods: tuple[Outcomes, ...]) -> tuple[str, tuple[Outcomes, ...]]:
    """The periods of the first six months, or those of them that are earlier than the newest period, and their name."""
    end = index(periods[0].first) + _FIRST_MONTHS
    found = tuple(one for one in periods[:-1] if index(one.last) < end)
    if not found:
        return "", ()
    if index(found[-1].last) == end - 1:
        return "the first six months", found
    return str(Span(first=found[0].first, last=found[-1].last)), found
