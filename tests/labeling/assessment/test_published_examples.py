"""Coefficients of agreement against the worked examples that they are published with."""

import numpy as np
import pytest

from ccds_kernel.labeling.assessment.coefficients import (
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    raw_agreement,
    specific_agreement,
)
from ccds_kernel.labeling.assessment.rating import ABSENT, PRESENT, counted
from support.ratings import codes, codes_of_table

# Cohen 1960, Educ Psychol Meas 20:37-46, table 2: personality disorder, neurosis, psychosis by two judges.
COHEN = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]

# Feinstein and Cicchetti 1990, J Clin Epidemiol 43:543-549: the same raw agreement, another prevalence.
BALANCED, PARADOX = [[45, 6], [9, 40]], [[5, 5], [10, 80]]

# Gwet 2014, Handbook of Inter-Rater Reliability, 4th edition: 100 pregnancies by type and abstractor. Numbers as his own program
# irrCAC 1.0 prints them (data set cont3x3abstractors).
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]

# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, examples A, B and C. Gwet 2014 has C too: numbers of irrCAC 1.0
# (cac.raw4raters).
EXAMPLE_A = list(zip([0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0], strict=True))
EXAMPLE_B = list(zip([0, 0, 1, 1, 3, 2, 2, 2, 4, 3, 3, 0], [1, 0, 1, 1, 1, 2, 2, 2, 4, 3, 3, 3], strict=True))
EXAMPLE_C = list(
    zip(
        [0, 1, 2, 2, 1, 0, 3, 0, 1, None, None, None],
        [0, 1, 2, 2, 1, 1, 3, 0, 1, 4, None, 2],
        [None, 2, 2, 2, 1, 2, 3, 1, 1, 4, 0, None],
        [0, 1, 2, 2, 1, 3, 3, 0, 1, 4, 0, None],
        strict=True,
    )
)

# Fleiss 1971, Psychol Bull 76:378-382, table 1: of six psychiatrists how many gave 30 patients the diagnoses depression,
# personality disorder, schizophrenia, neurosis and another one.
PATIENTS = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)
FLEISS = np.array([[float(digit) for digit in patient] for patient in PATIENTS.split()])


def test_cohen_1960():
    """.70 observed, .41 by chance, kappa .492 of 200 patients."""
    two = codes_of_table(COHEN)

    found = cohen_kappa(two[:, 0], two[:, 1], 3)

    assert (found.value, found.studies) == (pytest.approx(0.492, abs=0.0005), 200)


@pytest.mark.parametrize(
    ("table", "kappa", "positive", "negative"), [(BALANCED, 0.70, 0.84, 0.86), (PARADOX, 0.32, 0.91, 0.40)]
)
def test_feinstein_and_cicchetti_1990(table, kappa, positive, negative):
    """Both have raw agreement .85; positive and negative agreement show why kappa differs."""
    two = codes_of_table(table)
    counts = counted(two, 2)

    assert raw_agreement(counts).value == pytest.approx(0.85)
    assert cohen_kappa(two[:, 0], two[:, 1], 2).value == pytest.approx(kappa, abs=0.005)
    assert specific_agreement(counts, PRESENT).value == pytest.approx(positive, abs=0.005)
    assert specific_agreement(counts, ABSENT).value == pytest.approx(negative, abs=0.005)


def test_fleiss_1971():
    """Kappa .430, and the kappas of the five diagnoses, which are (p - share) / (1 - share) of specific agreement p."""
    shares = FLEISS.sum(axis=0) / FLEISS.sum()

    specific = np.array([specific_agreement(FLEISS, diagnosis).value for diagnosis in range(5)])

    assert fleiss_kappa(FLEISS).value == pytest.approx(0.430245, abs=1e-6)
    assert shares == pytest.approx([0.144, 0.144, 0.167, 0.306, 0.239], abs=0.0005)
    assert (specific - shares) / (1 - shares) == pytest.approx([0.245, 0.245, 0.520, 0.471, 0.566], abs=0.0005)


@pytest.mark.parametrize(
    ("coefficient", "value", "error"),
    [
        (raw_agreement, 0.89, 0.03128898),
        (gwet_ac1, 0.8493305, 0.04321747),
        (fleiss_kappa, 0.7962397, 0.05905473),
        (krippendorff_alpha, 0.7972585, 0.05905473),
    ],
)
def test_gwet_2014_of_two_abstractors(coefficient, value, error):
    """Values and standard errors; his program has them for tables without our factor √(n/(n-1)), alpha's from Fleiss' kappa."""
    found = coefficient(counted(codes_of_table(ABSTRACTORS), 3))

    assert found.value == pytest.approx(value, abs=1e-6)
    assert found.standard_error * np.sqrt(99 / 100) == pytest.approx(error, rel=0.006)


def test_the_large_sample_variance_of_kappa():
    """Fleiss, Cohen and Everitt 1969, in Gwet's numbers for the two abstractors."""
    two = codes_of_table(ABSTRACTORS)

    found = cohen_kappa(two[:, 0], two[:, 1], 3)

    assert found.value == pytest.approx(0.7964094, abs=1e-6)
    assert found.standard_error * np.sqrt(99 / 100) == pytest.approx(0.05891072, abs=2e-6)


@pytest.mark.parametrize(
    ("coefficient", "value"),
    [
        (raw_agreement, 0.8181818),
        (gwet_ac1, 0.7754441),
        (fleiss_kappa, 0.7611693),
        (krippendorff_alpha, 0.7434211),
    ],
)
def test_gwet_2014_with_missing_ratings(coefficient, value):
    """Four observers of twelve studies, one of which a single one rated: it counts for chance only."""
    found = coefficient(counted(codes(EXAMPLE_C), 5))

    assert (found.value, found.studies) == (pytest.approx(value, abs=1e-6), 11)


@pytest.mark.parametrize(
    ("example", "categories", "alpha"), [(EXAMPLE_A, 2, 0.095), (EXAMPLE_B, 5, 0.692), (EXAMPLE_C, 5, 0.743)]
)
def test_krippendorff_2011(example, categories, alpha):
    """Binary data, nominal data, nominal data of several observers with missing values."""
    found = krippendorff_alpha(counted(codes(example), categories))

    assert found.value == pytest.approx(alpha, abs=0.0005)


def test_rare_label_and_good_labelers():
    """A label that 4 of 100 studies have, two labelers who are right in 98 of 100: kappa is low, the others are not."""
    studies, prevalence, right = 100_000, 0.04, 0.98
    both = prevalence * right**2 + (1 - prevalence) * (1 - right) ** 2
    apart = right * (1 - right)
    neither = 1 - both - 2 * apart
    two = codes_of_table(np.rint(studies * np.array([[neither, apart], [apart, both]])).astype(int).tolist())
    counts = counted(two, 2)

    found = [raw_agreement(counts), cohen_kappa(two[:, 0], two[:, 1], 2), gwet_ac1(counts)]

    assert [one.value for one in found] == pytest.approx([0.96, 0.65, 0.96], abs=0.01)
