"""The simulated model: reproducible, good at first, and clearly worse on one scanner after its update."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

import pytest

from ccds_kernel.demo import hospital
from ccds_kernel.demo.population import first_cases
from ccds_kernel.demo.predictions import RELEASE, THRESHOLD, generate_predictions, report_times
from ccds_kernel.errors import CcdsError

UPDATE = date(2024, 9, 1)
UPDATED = "DEMOCT4"


@pytest.fixture(scope="module")
def cases():
    """The truth of the demo's studies."""
    return first_cases(hospital.SEED, hospital.REPORTS)


@pytest.fixture(scope="module")
def predictions():
    """What the model said about them."""
    return generate_predictions(hospital.SEED, hospital.REPORTS)


def right(cases, predictions, *, positive, where):
    """Of the studies that are `positive` or not, and for which `where(case, prediction)` holds: the share that is right."""
    verdicts = [
        (prediction.score >= THRESHOLD) == positive
        for case, prediction in zip(cases, predictions, strict=True)
        if case.positive == positive and where(case, prediction)
    ]
    return sum(verdicts) / len(verdicts)


class TestRows:
    """What a prediction says, and what it doesn't."""

    def test_the_first_ones_are_the_same_whatever_their_number(self, predictions):
        """The seed decides everything: 50 predictions are the first 50 of 4,000."""
        few = generate_predictions(hospital.SEED, 50)

        assert few == predictions[:50]
        assert few != generate_predictions(hospital.SEED + 1, 50)

    def test_one_for_each_study_in_its_order(self, cases, predictions):
        """Every study has one, of the same release, with a score from 0 to 1."""
        assert [one.accession for one in predictions] == [case.accession for case in cases]
        assert {one.release for one in predictions} == {RELEASE} == {"ich-detector 1.0.0"}
        assert all(0 <= one.score <= 1 for one in predictions)

    def test_it_comes_shortly_after_the_study(self, cases, predictions):
        """Within minutes, and in UTC."""
        for case, one in zip(cases, predictions, strict=True):
            taken = datetime.combine(case.study_date, case.study_time, UTC)
            assert one.time.tzinfo is UTC
            assert timedelta(0) < one.time - taken < timedelta(minutes=30)

    def test_the_software_of_one_scanner_changes_once(self, predictions):
        """DEMOCT4 says the new version from the day of the update on; the others keep theirs."""
        versions = {}
        for one in predictions:
            versions.setdefault((one.device, one.time.date() >= UPDATE), set()).add(one.software_version)

        assert versions[UPDATED, False] == {"20.4.SS"}
        assert versions[UPDATED, True] == {"21.0.SS"}
        others = {device for device, _ in versions} - {UPDATED}
        assert len(others) == 4
        assert all(versions[device, False] == versions[device, True] for device in others)

    def test_no_column_holds_the_truth(self):
        """What is written down is what a hospital knows."""
        assert [field.name for field in fields(generate_predictions(1, 1)[0])] == [
            "accession", "time", "release", "score", "device", "software_version",
        ]  # fmt: skip

    def test_negative_numbers_are_refused(self):
        """A negative count is answered in one line."""
        with pytest.raises(CcdsError, match="zero or more studies"):
            generate_predictions(1, -1)


class TestPerformance:
    """How often it is right, at the operating point."""

    def test_it_is_good_in_the_first_months(self, cases, predictions):
        """Before the update sensitivity and specificity are about 0.90 each."""

        def early(case, _prediction):
            return case.study_date < UPDATE

        assert 0.86 < right(cases, predictions, positive=True, where=early) < 0.94
        assert 0.88 < right(cases, predictions, positive=False, where=early) < 0.92

    def test_it_gets_worse_on_the_updated_scanner(self, cases, predictions):
        """From the update on it finds about 55 % of the hemorrhages there; before, and elsewhere, about 90 %."""

        def before(case, prediction):
            return prediction.device == UPDATED and case.study_date < UPDATE

        def after(case, prediction):
            return prediction.device == UPDATED and case.study_date >= UPDATE

        def elsewhere(case, prediction):
            return prediction.device != UPDATED and case.study_date >= UPDATE

        assert right(cases, predictions, positive=True, where=before) > 0.8
        assert 0.35 < right(cases, predictions, positive=True, where=after) < 0.7
        assert right(cases, predictions, positive=True, where=elsewhere) > 0.85
        assert right(cases, predictions, positive=False, where=after) > 0.85


class TestReportTimes:
    """When final reports come."""

    def test_most_come_within_hours_some_after_days_few_never(self, cases):
        """About 2 % have none; a small share takes days; the others take hours."""
        times = report_times(hospital.SEED, hospital.REPORTS)

        taken = {case.accession: datetime.combine(case.study_date, case.study_time, UTC) for case in cases}
        delays = [time - taken[accession] for accession, time in times.items()]
        late = sum(delay >= timedelta(days=1) for delay in delays) / len(delays)
        assert min(delays) > timedelta(minutes=20)
        assert max(delays) < timedelta(days=10)
        assert 0.02 < late < 0.06
        assert 0.01 < 1 - len(times) / len(cases) < 0.03

    def test_the_first_ones_are_the_same_whatever_their_number(self):
        """As with everything of the synthetic hospital."""
        few, many = report_times(hospital.SEED, 50), report_times(hospital.SEED, 300)

        assert few.items() <= many.items()
