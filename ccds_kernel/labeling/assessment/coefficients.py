"""Coefficients of agreement, each from the plain counts and with its interval: pure numpy.

`counts` is of shape (studies, categories): how many labelers gave each category to each study. r is a study's number of ratings,
r_k that of category k, p_k the mean over studies of r_k / r. There may be any number of labelers, another for each study;
studies that fewer than two rated count where a formula says so. Standard errors are by linearisation: each study's
influence on the coefficient, their sum of squares times n/(n-1). For two labelers and for complete data that is the
published large-sample variance but for that factor [Fleiss, Cohen and Everitt 1969, Psychol Bull 72:323–327; Gwet 2008].

One departure from Gwet's variance where ratings are missing: he lets a study with one rating count as one without agreement, so
that the standard error grows with the number of such studies, however much people agree. Here agreement is a mean over the
studies with two ratings in its variance too, as it is in its value.

No weights: labels have no order. How the intervals are made stands in `estimate`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ccds_kernel.labeling.assessment.estimate import (
    Estimate,
    NotDefined,
    Why,
    corrected,
    share,
    specific,
)
from ccds_kernel.labeling.assessment.rating import Codes

Counts = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]

_CERTAIN = 1e-9  # chance agreement nearer to 1 than this is 1


def raw_agreement(counts: Counts) -> Estimate | NotDefined:
    """How often two labelers of a study said the same: mean over studies of Σ r_k (r_k - 1) / (r (r - 1)) [Fleiss 1971]."""
    agreed = _agreed(counts[_rated_by_two(counts)])
    if not len(agreed):
        return NotDefined(why=Why.NO_OVERLAP, studies=0)
    value = float(agreed.mean())
    return share(value, _standard_error(agreed - value), len(agreed))


def cohen_kappa(first: Codes, second: Codes, categories: int) -> Estimate | NotDefined:
    """Cohen's kappa of two labelers, each with their own shares of the categories [Cohen 1960, Educ Psychol Meas 20:37–46].

    Chance is Σ p_k q_k, p and q the shares of each over the studies that both rated; variance of Fleiss, Cohen and Everitt
    [1969].

    Args:
        first: what one answered, by study; below 0 where they didn't.
        second: what the other answered about the same studies.
        categories: how many answers there are.
    """
    both = (first >= 0) & (second >= 0)
    first, second = first[both], second[both]
    studies = len(first)
    if studies < 2:  # noqa: PLR2004 - of one study there is no variance
        return _too_few(studies)
    p = np.bincount(first, minlength=categories) / studies
    q = np.bincount(second, minlength=categories) / studies
    chance = float(p @ q)
    if 1 - chance < _CERTAIN:
        return NotDefined(why=Why.ONE_CATEGORY, studies=studies)
    same = (first == second).astype(np.float64)
    observed = float(same.mean())
    influence = (same - observed) * (1 - chance) - (1 - observed) * (q[first] + p[second] - 2 * chance)
    return corrected(observed, chance, _standard_error(influence) / (1 - chance) ** 2, studies, capped=True)


def fleiss_kappa(counts: Counts) -> Estimate | NotDefined:
    """Fleiss' kappa for any number of labelers for each study [Fleiss 1971, Psychol Bull 76:378–382; Gwet 2014, Handbook of
    Inter-Rater Reliability, 4th edition, where the number differs].

    Chance is Σ p_k². With two labelers it is Scott's pi.
    """
    shares = _shares(counts)
    return _corrected_by(counts, shares @ shares.mean(axis=0), capped=True) if len(shares) else _too_few(0)


def gwet_ac1(counts: Counts) -> Estimate | NotDefined:
    """Gwet's AC1 [Gwet 2008, Br J Math Stat Psychol 61:29–48; 2014 for missing ratings].

    Chance is Σ p_k (1 - p_k) / (categories - 1): a rare label raises it little, so that near-perfect labelers of a rare finding
    aren't judged by how rare it is. It is defined where everybody always says the same.
    """
    shares, categories = _shares(counts), counts.shape[1]
    if categories == 1:
        return NotDefined(why=Why.ONE_CATEGORY, studies=int(_rated_by_two(counts).sum()))
    if not len(shares):
        return _too_few(0)
    return _corrected_by(counts, shares @ (1 - shares.mean(axis=0)) / (categories - 1), capped=False)


def krippendorff_alpha(counts: Counts) -> Estimate | NotDefined:
    """Krippendorff's alpha for nominal data, any number of labelers [Krippendorff 2011, Computing Krippendorff's
    Alpha-Reliability, University of Pennsylvania].

    1 - D_o / D_e, over the studies that two rated, each rating with the same weight: with N ratings, of category k N_k,
    D_o = Σ (r² - Σ r_k²) / (r - 1) / N and D_e = (N² - Σ N_k²) / (N (N - 1)).
    """
    counts = counts[_rated_by_two(counts)]
    studies = len(counts)
    if studies < 2:  # noqa: PLR2004 - of one study there is no variance
        return _too_few(studies)
    ratings, of_category = counts.sum(axis=1), counts.sum(axis=0)
    total = float(ratings.sum())
    apart = (ratings**2 - (counts**2).sum(axis=1)) / (ratings - 1)
    expected = total**2 - float(of_category @ of_category)
    if not expected:
        return NotDefined(why=Why.ONE_CATEGORY, studies=studies)
    disagreed = float(apart.sum())
    # The derivative of (N - 1) Σ apart / (N² - Σ N_k²) by each study's weight.
    influence = (ratings * disagreed + (total - 1) * apart) / expected
    influence -= (total - 1) * disagreed * 2 * (total * ratings - counts @ of_category) / expected**2
    chance = 1 - expected / (total * (total - 1))
    observed = 1 - disagreed / total
    error = _standard_error((influence - influence.mean()) * studies)
    return corrected(observed, chance, error, studies, capped=True)


def specific_agreement(counts: Counts, category: int) -> Estimate | NotDefined:
    """How often, where one labeler gave `category`, another one of the same study does too.

    Of two labelers 2a / (2a + b + c): positive agreement; of the category "absent" negative agreement [Cicchetti and Feinstein
    1990, J Clin Epidemiol 43:551–558]. Of more Σ r_k (r_k - 1) / Σ r_k (r - 1) [de Vet et al. 2017, J Clin Epidemiol 83:85–89].
    The studies it is taken from are those to which somebody gave the category.
    """
    counts = counts[_rated_by_two(counts)]
    of_category = counts[:, category]
    given = of_category > 0
    if not len(counts):
        return _too_few(0)
    if not given.any():
        return NotDefined(why=Why.NEVER_GIVEN, studies=len(counts))
    of_category, ratings = of_category[given], counts[given].sum(axis=1)
    possible = of_category * (ratings - 1)
    value = float((of_category * (of_category - 1)).sum() / possible.sum())
    influence = (of_category * (of_category - 1) - value * possible) / possible.mean()
    return specific(value, _standard_error(influence), len(ratings))


def _corrected_by(counts: Counts, by_chance: Vector, *, capped: bool) -> Estimate | NotDefined:
    """A coefficient whose chance is the mean of `by_chance` over the studies that anybody rated, quadratic in their shares."""
    rated = counts[counts.sum(axis=1) > 0]
    two = _rated_by_two(rated)
    studies = int(two.sum())
    if studies < 2:  # noqa: PLR2004 - of one study there is no variance
        return _too_few(studies)
    chance = float(by_chance.mean())
    if 1 - chance < _CERTAIN:
        return NotDefined(why=Why.ONE_CATEGORY, studies=studies)
    agreed = _agreed(rated[two])
    observed = float(agreed.mean())
    value = (observed - chance) / (1 - chance)
    influence = -2 * (1 - value) * (by_chance - chance)
    influence[two] += (agreed - observed) * len(rated) / studies
    return corrected(observed, chance, _standard_error(influence) / (1 - chance), studies, capped=capped)


def _rated_by_two(counts: Counts) -> npt.NDArray[np.bool_]:
    two: npt.NDArray[np.bool_] = counts.sum(axis=1) > 1
    return two


def _agreed(counts: Counts) -> Vector:
    ratings = counts.sum(axis=1)
    agreed: Vector = (counts * (counts - 1)).sum(axis=1) / (ratings * (ratings - 1))
    return agreed


def _shares(counts: Counts) -> Vector:
    rated = counts[counts.sum(axis=1) > 0]
    shares: Vector = rated / rated.sum(axis=1, keepdims=True)
    return shares


def _too_few(studies: int) -> NotDefined:
    return NotDefined(why=Why.ONE_STUDY if studies else Why.NO_OVERLAP, studies=studies)


def _standard_error(influence: Vector) -> float:
    """Of a mean, whose terms less the mean are `influence`; 0 for a single term."""
    terms = len(influence)
    return math.sqrt(float(influence @ influence) / (terms * max(terms - 1, 1)))
