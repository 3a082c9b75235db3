"""The synthetic reports: reproducible, varied, without anything like a person, and neither too easy nor hopeless to label."""

import csv
import re
from collections import Counter
from itertools import pairwise

import pytest

from ccds_kernel.demo.population import first_cases
from ccds_kernel.demo.reports import generate_reports, truth_table, write_reports_csv, write_truth_csv
from ccds_kernel.errors import CcdsError

SEED = 20240
BLOOD = (
    r"h(?:a)?em+or+h?a?g|h(?:a)?emat|\b(?:sdh|sah|ich|iph|ivh|edh)\b|contusion|subarachnoid blood|subdural|"
    r"layering density|blood (?:products )?(?:in|layer)|intraventricular blood"
)
DENIED = (
    rf"\b(?:no|without|negative for)\b(?! (?:significant |interval |significant interval )?change)[^.]*?(?:{BLOOD})"
)
HARMLESS = (
    r"exclude|favou?red|felt to be|versus|less likely|calcification|mineralization|artifact|resolved|resolution|no longer|"
    r"scalp|soft tissue|remote|chronic|changes from prior|sequela|hygroma"
)
FRESH = r"acute on chronic|mixed"


@pytest.fixture(scope="module")
def reports():
    """Enough reports for the demo grown up."""
    return generate_reports(SEED, 4000)


@pytest.fixture(scope="module")
def truth():
    """The labels of `reports`."""
    return truth_table(SEED, 4000)


def keyword_says(report):
    """What a search for one word would say."""
    return "hemorrhage" in f"{report.findings} {report.impression}".lower()


def careful_reader_says(report):
    """Reads sentence by sentence, an addendum first, then the impression, then the findings."""
    parts = [*reversed(report.impression.split("ADDENDUM:")), report.findings]
    verdicts = (verdict for part in parts if (verdict := part_says(part)) is not None)
    return next(verdicts, False)


def part_says(part):
    """Whether a part of a report tells of blood; None where it has no sentence about it."""
    part = re.sub(r"\b[A-Z][A-Z -]{4,}:", ".", part).lower()
    about_blood = [sentence for sentence in re.split(r"\.\s+", part) if re.search(BLOOD, sentence)]
    if not about_blood:
        return None
    return any(
        not re.search(DENIED, sentence) and (not re.search(HARMLESS, sentence) or re.search(FRESH, sentence))
        for sentence in about_blood
    )


def precision_and_recall(says, reports, truth):
    """How often `says` is right when it says yes, and how many of the positives it finds."""
    found = [truth[report.accession] for report in reports if says(report)]
    return sum(found) / len(found), sum(found) / sum(truth.values())


class TestReproducible:
    """The seed decides everything."""

    def test_same_seed_same_reports(self):
        """Two runs with one seed give the same reports, word for word."""
        once = generate_reports(SEED, 60)

        again = generate_reports(SEED, 60)

        assert once == again

    def test_more_reports_begin_with_the_same_ones(self, reports):
        """The first 300 reports are the same whether 300 or 4,000 are made."""
        few = generate_reports(SEED)

        assert few == reports[:300]

    def test_another_seed_gives_others(self):
        """Another seed gives another hospital."""
        once = generate_reports(SEED, 20)

        other = generate_reports(SEED + 1, 20)

        assert not {report.findings for report in once} & {report.findings for report in other}


class TestPopulation:
    """Who is scanned, when, and what they have."""

    def test_accessions_are_unique_and_synthetic(self, reports):
        """Every accession number occurs once and can't be taken for a real one."""
        accessions = [report.accession for report in reports]

        assert len(set(accessions)) == 4000
        assert all(re.fullmatch(r"DEMO-\d{6}", accession) for accession in accessions)

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_prevalence(self, seed):
        """About 15 % of the studies show acute or subacute intracranial hemorrhage."""
        truth = truth_table(seed, 3000)

        share = sum(truth.values()) / len(truth)

        assert 0.12 < share < 0.18

    def test_exam_codes_and_dates(self, reports):
        """Most exams are without contrast, and the dates cover one year, every month of it."""
        codes = Counter(report.exam_code for report in reports)
        months = {report.study_date.month for report in reports}

        assert set(codes) == {"CTHEAD", "CTHEADC"}
        assert codes["CTHEAD"] > 5 * codes["CTHEADC"] > 0
        assert {report.study_date.year for report in reports} == {2024}
        assert len(months) == 12

    def test_follow_ups_belong_to_the_patient_before(self):
        """A follow-up is of the same patient, later by the stated days, and a resolved hemorrhage is no finding."""
        cases = first_cases(SEED, 2000)
        pairs = [(before, case) for before, case in pairwise(cases) if case.follow_up]

        assert len(pairs) > 100
        assert all(before.patient == case.patient for before, case in pairs)
        assert all((case.study_date - before.study_date).days == case.follow_up.days for before, case in pairs)
        assert {case.positive for _, case in pairs if case.follow_up.change == "resolved"} == {False}

    def test_atrophy_comes_with_age(self):
        """The old have atrophy more often than the young."""
        cases = first_cases(SEED, 2000)

        old = [case.side_of("atrophy") is not None for case in cases if case.age > 75]
        young = [case.side_of("atrophy") is not None for case in cases if case.age < 45]

        assert sum(old) / len(old) > 0.6
        assert sum(young) == 0


class TestTexts:
    """How the reports read."""

    def test_hardly_any_report_twice(self, reports):
        """Of 4,000 reports at most 1 % repeat another one's texts, although short impressions recur as real ones do."""
        texts = Counter((report.indication, report.findings, report.impression) for report in reports)
        impressions = Counter(report.impression for report in reports)

        assert sum(texts.values()) - len(texts) <= 40
        assert impressions.most_common(1)[0][1] > 40

    def test_every_choice_is_made(self, reports):
        """No template's bracket, bar or field is left in a text, and none is empty."""
        for report in reports:
            for text in (report.indication, report.findings, report.impression):
                assert text
                assert not re.search(r"[\[\]|<>{}]|  | ,|\ban? [.,]", text), text

    @pytest.mark.parametrize(
        "pattern",
        [
            r"haemorrhage", r"hemorrhage", r"\bSDH\b", r"subdural hematoma", r"extradural", r"cannot be excluded", r"ADDENDUM",
            r"[Pp]ossible", r"hemorrage|hemmorhage|hemorhage|hemorrhgae", r"resol",
            r"lacunar infarct", r"scalp", r"Comparison", r"^BRAIN|BRAIN:",
        ],
    )  # fmt: skip
    def test_the_ways_of_writing_are_there(self, reports, pattern):
        """Spelling variants, abbreviations, hedging, addenda, typos, comparisons and incidental findings all occur."""
        seen = sum(bool(re.search(pattern, f"{report.findings} {report.impression}")) for report in reports)

        assert seen >= 5

    def test_nothing_like_a_person(self, reports):
        """No title with a name, no date, no long number, no address of any kind stands in a text."""
        forbidden = re.compile(
            r"\b(?:Dr|Mr|Mrs|Ms|Prof|MD|MRN|DOB)\b|\b[Bb]orn\b|\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d{2}-\d{2}|\b(?:19|20)\d{2}\b|\d{5,}|@|"
            r"\b[A-Z][a-z]+, [A-Z][a-z]+\b|[Hh]ospital"
        )

        for report in reports:
            for text in (report.indication, report.findings, report.impression):
                assert not forbidden.search(text), text

    def test_nobody_is_older_than_89(self):
        """Ages stay where they don't identify people."""
        ages = [case.age for case in first_cases(SEED, 3000)]

        assert min(ages) >= 18
        assert max(ages) <= 89


class TestTruth:
    """How hard the labels are to get."""

    def test_the_keyword_alone_is_a_poor_label(self, reports, truth):
        """Searching for "hemorrhage" finds most positives among many false ones: negation must be dealt with."""
        precision, recall = precision_and_recall(keyword_says, reports, truth)

        assert 0.1 < precision < 0.3
        assert 0.5 < recall < 0.98

    def test_a_careful_reader_recovers_the_truth(self, reports, truth):
        """Rules for negation, hedging, history and addenda, as a fellow would find them, get nearly all right."""
        precision, recall = precision_and_recall(careful_reader_says, reports, truth)

        assert precision > 0.95
        assert recall > 0.95

    def test_a_report_says_nothing_of_its_truth(self, reports):
        """What is written to the file is what a hospital knows: six columns, none of them the label."""
        assert type(reports[0]).__slots__ == (
            "accession", "exam_code", "study_date", "indication", "findings", "impression",
        )  # fmt: skip


class TestFiles:
    """What is written."""

    def test_reports_come_back_from_the_file(self, tmp_path):
        """The CSV holds every report under the promised columns, and nothing else lies beside it."""
        reports = generate_reports(SEED, 50)

        write_reports_csv(reports, tmp_path / "reports.csv")

        with (tmp_path / "reports.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == ["accession", "exam_code", "study_date", "indication", "findings", "impression"]
        assert [row["findings"] for row in rows] == [report.findings for report in reports]
        assert rows[0]["study_date"] == reports[0].study_date.isoformat()
        assert [path.name for path in tmp_path.iterdir()] == ["reports.csv"]

    def test_truth_goes_to_its_own_file(self, tmp_path):
        """The truth is written apart, as 1 or 0 by accession number."""
        truth = truth_table(SEED, 50)

        write_truth_csv(truth, tmp_path / "truth.csv")

        lines = (tmp_path / "truth.csv").read_text(encoding="utf-8").splitlines()
        assert lines[0] == "accession,hemorrhage"
        assert dict(line.split(",") for line in lines[1:]) == {key: str(int(value)) for key, value in truth.items()}

    @pytest.mark.parametrize(("seed", "n"), [(-1, 3), (1, -3)])
    def test_negative_numbers_are_refused(self, seed, n):
        """A negative seed or count is answered in one line."""
        with pytest.raises(CcdsError, match=r"expected .*; found .*-[13]; "):
            generate_reports(seed, n)
