"""What is said about the numbers."""

import pytest

from ccds_kernel.monitoring.publication import Device, Group, Numbers, Outcomes, Software
from ccds_kernel.monitoring.rates import Counts, Metric
from ccds_kernel.monitoring.wording import digits_of, interval, software_sentences, source_line, verdicts, with_interval
from ccds_kernel.rate import rate


def group(counts: Counts) -> Group:
    """These studies with their rates."""
    return Group(studies=counts.studies, counts=counts, rates={metric: counts.rate(metric) for metric in Metric})


def outcomes(first: str, counts: Counts, last: str | None = None) -> Outcomes:
    """These studies in these months."""
    return Outcomes(first=first, last=last or first, group=group(counts))


def numbers(*periods: Outcomes, devices: tuple[Device, ...] = ()) -> Numbers:
    """Nothing but these."""
    return Numbers(total=None, periods=periods, devices=devices)


def sensitivity(*periods: Outcomes) -> str:
    """The first verdict of these periods."""
    return verdicts(numbers(*periods))[0].sentence


EARLY, LATE = Counts(tp=91, fn=9, tn=10), Counts(tp=81, fn=19, tn=10)


def test_the_newest_month_beside_the_first_six():
    """As a head of radiology would say it."""
    periods = [outcomes(f"2024-{month:02d}", EARLY) for month in range(1, 12)]

    said = sensitivity(*periods, outcomes("2024-12", LATE))

    assert said == "Sensitivity 2024-12: 81 % (95 % CI 72–87 %), was 91 % in the first six months."


@pytest.mark.parametrize(
    ("months", "said"),
    [
        (["2024-01"], "."),
        (["2024-01", "2024-02"], ", was 91 % in 2024-01."),
        (["2024-01", "2024-02", "2024-03"], ", was 91 % in 2024-01 to 2024-02."),
        (["2023-10", "2023-11", "2024-02"], ", was 91 % in 2023-10 to 2023-11."),
        (["2023-08", "2024-01", "2024-02"], ", was 91 % in the first six months."),
        (["2023-01", "2024-01"], ", was 91 % in 2023-01."),
    ],
)
def test_what_was_before_is_named_by_its_months(months, said):
    """The words "the first six months" only where they are over; the newest month is never compared with itself."""
    *early, newest = months

    found = sensitivity(*(outcomes(month, EARLY) for month in early), outcomes(newest, LATE))

    assert found == f"Sensitivity {newest}: 81 % (95 % CI 72–87 %){said}"


def test_few_studies_are_said_to_be_few():
    """And no study at all is said, too."""
    few = Counts(tp=20, fn=9, tn=200)

    assert sensitivity(outcomes("2024-01", few)).endswith("Only 29 positive studies: too few to conclude from.")
    assert sensitivity(outcomes("2024-01", EARLY), outcomes("2024-02", Counts(tn=10))) == (
        "Sensitivity 2024-02: no positive studies."
    )


def test_there_is_a_verdict_for_each_metric_or_none_at_all():
    """In one order."""
    assert [verdict.metric for verdict in verdicts(numbers(outcomes("2024-01", EARLY)))] == list(Metric)
    assert verdicts(numbers()) == ()


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (81, 100, "81 % (95 % CI 72–87 %)"),
        (970, 1000, "97.0 % (95 % CI 95.7–97.9 %)"),
        (10, 10, "100 % (95 % CI 72–100 %)"),
        (0, 10_000, "0.00 % (95 % CI 0.00–0.04 %)"),
    ],
)
def test_a_rate_has_the_digits_that_its_interval_supports(part, whole, said):
    """Digits after the point only where the interval is narrower than five points, or half a point."""
    assert with_interval(rate(part, whole)) == said
    assert f"(95 % CI {interval(rate(part, whole))})" in said
    assert digits_of(rate(part, whole)) == len(said.split(" ")[0].partition(".")[2])


def test_a_change_of_software_is_said_device_by_device():
    """Each new version beside the one before it; a version without a positive study is left out."""

    def software(version: str, month: str, counts: Counts) -> Software:
        return Software(version=version, total=group(counts), periods=(outcomes(month, counts),))

    devices = (
        Device(device="CT1", software=(software("1", "2024-01", EARLY),), hidden=()),
        Device(
            device="CT2",
            software=(software("1", "2024-01", EARLY), software("", "2024-09", LATE)),
            hidden=(),
        ),
        Device(
            device="",
            software=(software("1", "2024-01", EARLY), software("2", "2024-09", Counts(tn=10))),
            hidden=(),
        ),
    )

    found = software_sentences(numbers(devices=devices), Metric.SENSITIVITY)

    assert found == (
        "Sensitivity on CT2 since software not stated (2024-09): 81 % (95 % CI 72–87 %), was 91 % with 1.",
    )


def test_the_source_is_told_without_small_counts():
    """Fewer than ten studies aren't counted out; those that no phrase matches count."""
    many = Numbers(total=group(Counts(tn=3990, unmatched=10)), periods=(), devices=())

    assert source_line(many) == "computed from 4,000 studies, their predictions and final reports"
    assert source_line(numbers()) == "computed from fewer than 10 studies, their predictions and final reports"
